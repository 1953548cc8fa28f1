"""Runs over pipes: exit codes, streams, redaction, injection."""

import base64
import hashlib
import os
import pathlib
import random
import signal
import subprocess

from house import until

API = "CANARY-api-6f1d2c9a77"
STRIPE = "CANARY-stripe-8842aa01b3"
SECRETS = {"api": API.encode(), "stripe/api-key": STRIPE.encode()}


def run(house, *command, options=("-k", "api"), **more):
    return house.tacit("run", *options, "--", *command, **more)


def exit_codes(house):
    table = [
        (("true",), 0),
        (("sh", "-c", "exit 3"), 3),
        (("sh", "-c", "exit 255"), 255),
        (("sh", "-c", "kill -TERM $$"), 143),
        (("sh", "-c", "kill -KILL $$"), 137),
        (("no-such-program-here",), 127),
        (("/etc/passwd",), 126),
        (("/",), 126),
    ]
    for command, code in table:
        result = run(house, *command)
        assert result.returncode == code, (command, result)
        assert (code in (126, 127)) == (b"tacit: error:" in result.stderr), result
    timed = run(house, "sleep", "30", options=("-k", "api", "--timeout", "1s"))
    assert timed.returncode == 124 and b"time limit" in timed.stderr, timed


def own_failures(house):
    for options, code, words in [
        ((), 2, b"no secret is named"),
        (("-k", "api=1X"), 2, b"no environment variable"),
        (("-k", "with space"), 2, b"no name of a secret"),
        (("--timeout", "soon", "-k", "api"), 2, b"no span of time"),
        (("--no-such-option",), 2, b"option"),
        (("--env-prefix", "1-", "-k", "api"), 2, b"--env-prefix"),
        (("-k", "absent"), 125, b"no such secret"),
        (("-k", "api=LD_PRELOAD"), 125, b"LD_PRELOAD"),
        (("-k", "api=NODE_OPTIONS"), 125, b"NODE_OPTIONS"),
        (("-k", "api=PATH"), 125, b"PATH"),
        (("-k", "api=ONE", "-k", "stripe/api-key=ONE"), 125, b"ONE"),
    ]:
        result = run(house, "true", options=options)
        assert result.returncode == code and words in result.stderr and b"tacit: error:" in result.stderr, (options, result)
    empty = house.tacit("run", "-k", "api", "--")
    assert empty.returncode == 2 and b"tacit run -k" in empty.stderr, empty
    typed = run(house, "true", options=("-k", "CANARY value typed by mistake"))
    assert b"CANARY" not in typed.stderr, typed


def project_file(house):
    place = house.home / "shop" / "deep"
    place.mkdir(parents=True)
    (house.home / "shop" / ".tacit.yaml").write_text("keys:\n  FIRST: api\n  SECOND: stripe/api-key\n")
    result = run(house, "sh", "-c", 'echo ${#FIRST} ${#SECOND}; pwd', options=(), cwd=place)
    assert result.stdout.decode() == f"{len(API)} {len(STRIPE)}\n{place}\n", result
    # What is named wins over the file.
    named = run(house, "sh", "-c", 'echo ${#API} ${#FIRST}', cwd=place)
    assert named.stdout.decode() == f"{len(API)} 0\n", named


def environment(house):
    inherited = {"API": "mine", "OTHER": "kept", "TACIT_PROJECT": "default"}
    result = run(house, "sh", "-c", 'echo ${#API} $OTHER [$TACIT_PROJECT]', env=inherited)
    assert result.stdout.decode() == f"{len(API)} kept []\n", result
    assert result.stderr.decode().count("the secret wins over the inherited variable API") == 1, result
    kept = run(house, "sh", "-c", "echo $API", options=("-k", "api", "--preserve-env"), env=inherited)
    assert kept.stdout == b"mine\n" and b"inherited variable API is kept" in kept.stderr, kept
    for options, value in [(("--no-mask",), API), (("--no-mask", "--preserve-env"), "mine")]:
        bare = run(house, "sh", "-c", "echo $API", options=("-k", "api", *options), env=inherited)
        assert bare.stdout.decode() == f"{value}\n" and b"inherited variable API" in bare.stderr, bare
    prefixed = run(house, "sh", "-c", 'echo ${#APP_STRIPE_API_KEY}', options=("-k", "stripe/api-key", "--env-prefix", "APP_"))
    assert prefixed.stdout.decode() == f"{len(STRIPE)}\n", prefixed
    everything = run(house, "sh", "-c", 'echo ${#API} ${#STRIPE_API_KEY}', options=("--all",))
    assert everything.stdout.decode() == f"{len(API)} {len(STRIPE)}\n", everything
    asked = house.tacit("run", "--all", "--", "sh", "-c", "echo ran", password=False)
    assert asked.returncode == 125 and b"password" in asked.stderr and asked.stdout == b"", asked
    masked = subprocess.run(["sh", "-c", f'umask 027; exec "$@"', "sh", *words_of(house, "umask; pwd")[0]], **words_of(house, "")[1])
    assert masked.stdout.decode() == f"0027\n{house.home}\n", masked


def words_of(house, script):
    """The words of a run that inherits everything from its caller, in the session that the password was given for."""
    reading, writing = os.pipe()
    from house import PASSWORD, TACIT

    os.write(writing, f"{PASSWORD}\n".encode())
    os.close(writing)
    os.dup2(reading, 99)
    os.close(reading)
    words = [TACIT, "run", "-k", "api", "--password-fd", "99", "--", "sh", "-c", script]
    return words, dict(env=house.environment, cwd=house.home, pass_fds=[99], capture_output=True, stdin=subprocess.DEVNULL)


def streams(house):
    data = random.Random(7).randbytes(5_000_000)
    digest = hashlib.sha256(data).hexdigest()
    file = house.home / "five.bin"
    file.write_bytes(data)
    out = run(house, "cat", str(file))
    assert hashlib.sha256(out.stdout).hexdigest() == digest, "5 MB of output were changed"
    both = run(house, "sh", "-c", f"cat {file} & cat {file} >&2; wait")
    assert hashlib.sha256(both.stdout).hexdigest() == digest and hashlib.sha256(both.stderr[: len(data)]).hexdigest() == digest
    fed = run(house, "sha256sum", input=data)
    assert fed.stdout.decode().split()[0] == digest, fed
    echoed = run(house, "cat", input=data)
    assert hashlib.sha256(echoed.stdout).hexdigest() == digest
    # A command that reads nothing does not wait for its input, and the last bytes before the end are there.
    unread = run(house, "sh", "-c", "exec <&-; printf last", input=data)
    assert unread.stdout == b"last" and unread.returncode == 0, unread
    with open(house.home / "out.bin", "wb") as target, open(file, "rb") as source:
        process = house.start("run", "-k", "api", "--", "cat", stdin=source, stdout=target)
        assert process.wait(60) == 0
    assert hashlib.sha256((house.home / "out.bin").read_bytes()).hexdigest() == digest


def broken_pipe(house):
    """Who reads no more ends the command, as a pipe would."""
    reading, writing = os.pipe()
    process = house.start("run", "-k", "api", "--", "yes", stdout=writing)
    os.close(writing)
    assert os.read(reading, 2) == b"y\n"
    os.close(reading)
    assert process.wait(20) == 128 + signal.SIGPIPE
    full = open("/dev/full", "wb")
    process = house.start("run", "-k", "api", "--", "yes", stdout=full, stderr=subprocess.PIPE)
    _, errors = process.communicate(timeout=20)
    assert process.returncode != 0 and b"cannot be written" in errors, (process.returncode, errors)


def closed_streams(house):
    """What a caller has closed stays unused: above all, it is not the connection to the keeper."""
    said = house.home / "said"
    for closed, out, code in [("<&-", "end of input", 0), (">&-", "", 0), ("2>&-", "end of input", 0), ("<&- >&- 2>&-", "", 0)]:
        said.write_bytes(b"")
        words, usual = words_of(house, "cat; echo 'end of input'; echo error >&2")
        with said.open("wb") as output:
            streams = {"capture_output": False, "stdout": output, "stderr": subprocess.DEVNULL}
            run = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *words], timeout=30, **(usual | streams))
        assert run.returncode == code and said.read_text().strip() == out, (closed, run, said.read_text())


    # An answer that nobody can read is none; what a command prints is its own affair.
    for options in (("list",), ("list", "--json"), ("--help",), ("get", "api"), ("export",)):
        words, usual = words_of(house, "")
        opened = [] if options[0] == "--help" else ["--password-fd", "99"]
        run = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", words[0], *options, *opened], timeout=30, **usual)
        assert run.returncode == 1 and b"the output is closed" in run.stderr, (options, run)


def redaction(house):
    script = """
import base64, os, sys
value = os.environ["API"].encode()
out = sys.argv[1]
pieces = {"raw": value, "base64": base64.b64encode(b"user:" + value), "hex": value.hex().encode(), "percent": b"".join(b"%%%02X" % b for b in value)}
for byte in b"<" + pieces[out] + b">": os.write(1, bytes([byte]))
"""
    for form in ("raw", "base64", "hex", "percent"):
        result = run(house, "python3", "-c", script, form)
        assert API.encode() not in result.stdout and b"[REDACTED:api" in result.stdout, (form, result)
        for hidden in (API.encode().hex().encode(), base64.b64encode(b"user:" + API.encode())[8:-4]):
            assert hidden not in result.stdout, (form, result)
    errors = run(house, "sh", "-c", "echo $API >&2")
    assert errors.stderr == b"[REDACTED:api]\n", errors


def standard_input(house):
    result = run(house, "sh", "-c", "wc -c; env | grep -c CANARY", options=("--stdin", "api"), input=b"not this")
    assert result.stdout.decode().split() == [str(len(API)), "0"], result
    shown = run(house, "cat", options=("--stdin", "stripe/api-key"))
    assert shown.stdout == b"[REDACTED:stripe/api-key]", shown
    huge = "x" * (200 << 10)
    house.tacit("set", "huge", input=huge.encode(), check=True)
    house.tacit("set", "zero", input=b"CANARY-zero\0byte", check=True)
    for name in ("huge", "zero"):
        refused = run(house, "true", options=("-k", name))
        assert refused.returncode == 125 and b"--stdin KEY" in refused.stderr, refused
        refused = run(house, "true", options=("-k", name, "--no-mask"))
        assert refused.returncode == 125 and b"--stdin KEY" in refused.stderr, refused
    assert run(house, "wc", "-c", options=("--stdin", "huge")).stdout.decode().strip() == str(len(huge))
    assert run(house, "wc", "-c", options=("--stdin", "huge", "--no-mask")).stdout.decode().strip() == str(len(huge))


def unmasked(house):
    plain = run(house, "sh", "-c", "echo $API; echo $$", options=("-k", "api", "--no-mask"))
    assert plain.stdout.decode().split("\n")[0] == API, plain
    process = house.start("run", "-k", "api", "--no-mask", "--", "sh", "-c", "echo $$; exit 9", stdout=subprocess.PIPE)
    printed, _ = process.communicate(timeout=20)
    assert int(printed) == process.pid and process.returncode == 9, "the command is the process itself"
    fed = run(house, "cat", options=("--stdin", "api", "--no-mask"))
    assert fed.stdout.decode() == API, fed
    for options, command, code, words in [
        (("-k", "api=LD_PRELOAD"), "true", 125, b"LD_PRELOAD"),
        (("-k", "api=ONE", "-k", "stripe/api-key=ONE"), "true", 125, b"ONE"),
        (("-k", "api"), "no-such-program-here", 127, b"no program"),
        (("-k", "api"), "/etc/passwd", 126, b"cannot be executed"),
        (("-k", "absent"), "true", 125, b"no such secret"),
        (("-k", "api", "--timeout", "3s"), "true", 2, b"--timeout"),
    ]:
        result = run(house, command, options=(*options, "--no-mask"))
        assert result.returncode == code and words in result.stderr, (options, result)
    everything = run(house, "sh", "-c", "echo $API $STRIPE_API_KEY", options=("-k", "api", "-k", "stripe/api-key", "--no-mask"))
    assert everything.stdout.decode().split() == [API, STRIPE], everything
    asked = house.tacit("run", "--no-mask", "-k", "api", "--", "sh", "-c", "echo $API", password=False)
    assert asked.returncode == 125 and API.encode() not in asked.stdout + asked.stderr, asked


def signals(house):
    for number, code in [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)]:
        process = house.start("run", "-k", "api", "--", "sh", "-c", "echo up; exec sleep 30", stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"up\n"
        process.send_signal(number)
        assert process.wait(20) == code, (number, process.returncode)
    process = house.start("run", "-k", "api", "--", "sh", "-c", "trap 'echo trapped; exit 7' TERM; echo up; while :; do sleep 0.1; done", stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20)[0] == b"trapped\n" and process.returncode == 7
    # What the caller ignores is not passed on.
    process = house.start(
        "run", "-k", "api", "--", "sh", "-c", "echo up; sleep 1; echo done", stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=20)[0] == b"done\n" and process.returncode == 0


def endings(house):
    """A lock, or the end of the keeper or of the command line, ends what holds a value."""
    process = house.start("run", "-k", "api", "--", "sh", "-c", "echo $$; exec sleep 1000", stdout=subprocess.PIPE)
    command = int(process.stdout.readline())
    process.kill()
    process.communicate()
    until(lambda: not pathlib.Path(f"/proc/{command}").exists(), "the command has ended")
    script = "echo $$; while :; do sleep 0.05; done"
    for end in (lambda: house.tacit("lock"), house.kill_keeper):
        process = house.start("run", "-k", "api", "--", "sh", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        command = int(process.stdout.readline())
        end()
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 125 and b"tacit: error:" in errors, (process.returncode, errors)
        until(lambda: not pathlib.Path(f"/proc/{command}").exists(), "the command has ended")
        house.tacit("unlock", check=True)


TESTS = [exit_codes, own_failures, project_file, environment, streams, closed_streams, broken_pipe, redaction, standard_input, unmasked, signals, endings]
