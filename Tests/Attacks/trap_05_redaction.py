"""Output by which a value would slip past redaction: forms, chunks, streams, ends."""

import gzip
import io
import json
import time
import urllib.parse
import zipfile
import zlib

from attack import attack, check, clean, expect
from house import canary

VALUE = canary("redact")
BADGE = []
SECRET = ["api/key"]
PYTHON = "/usr/bin/python3"


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")
        expect(person.set("odd/key", b'CANARY-odd-"q\\u/\xc3\xa9&=+ 7f3a9c1e55d0').status == 201, "set")
        expect(person.set("pem/key", b"-----BEGIN PRIVATE KEY-----\n" + VALUE.encode()).status == 201, "set")
        policy = {"name": "all", "agent_id": "*", "allowed_keys": ["**"], "capabilities": ["env_inject", "masked_return"], "unsandboxed": "allow"}
        expect(person.apply_policy(policy).status == 200, "policy")
        BADGE.append(person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"])


def run(context, argv, secrets=SECRET, **wish):
    with context.house(furnish).connect(headers={"Tacit-Agent-Badge": BADGE[0], "Tacit-Source": "mcp"}) as agent:
        return agent.run(argv, secrets, **wish).wait()


def script(context, text, **wish):
    """A program of the agent's choice, which has the value as `v`."""
    done = run(context, [PYTHON, "-c", f"import os, sys, time, base64\nv = os.environb[b'API_KEY']\no = sys.stdout.buffer\n{text}"], **wish)
    expect(done.exit == ("exited", 0), f"the program did not run: {done}")
    return done


def hidden(context, text, form="raw"):
    done = script(context, text)
    clean(done.output, VALUE)
    expect(b"[REDACTED:api/key" in done.output, f"nothing was redacted: {done}")
    counts = {item["view"]: item["count"] for item in done.report["redactions"]}
    expect(sum(counts.values()) >= 1, f"the report counts nothing: {done.report}")
    return done


@check("trap 5", "what is looked for is there: without a needle the same program prints the value in all its forms")
def control(context):
    with context.house(furnish).person() as person:
        done = person.run([PYTHON, "-c", f"import base64; v = {VALUE.encode()!r}; print(v, base64.b64encode(v), v.hex())"]).wait()
    try:
        clean(done.output, VALUE)
    except AssertionError:
        return
    raise AssertionError(f"the check finds nothing where everything is: {done}")


@attack("trap 5", "redact.raw", "redacted", "raw, in binary, in ANSI colours, between other bytes, at the very end")
def raw(context):
    for text in (
        "o.write(v)", "o.write(b'\\x00\\xff\\xfe' + v + b'\\x00\\x01')", "o.write(b'\\x1b[31m' + v + b'\\x1b[0m')", "o.write(b'x' * 70000 + v)",
        "o.write(v * 3)", "o.write(bytes(range(256)) * 40 + v + bytes(range(256)))", "sys.stderr.buffer.write(v)", "o.write(b'\\n' * 9 + v + b'\\n')",
        "o.write(b'CANARY-' + v)", "o.write(v[:8] + v)", "o.write(b'\\x1f\\x8b' + v)",
    ):
        hidden(context, text)
    # A piece is no known value; the whole one behind it is found nevertheless.
    expect(VALUE.encode() not in script(context, "o.write(v[:-1] + v)").output, "a value behind a piece of it")


@attack("trap 5", "redact.base64", "redacted", "base64 in both alphabets, padded and not, at three offsets, wrapped at 76 and 64 columns with either line end")
def base64_forms(context):
    for text in (
        "o.write(base64.b64encode(v))", "o.write(base64.urlsafe_b64encode(v))", "o.write(base64.b64encode(v).rstrip(b'='))",
        "o.write(base64.b64encode(b'a' + v + b'b'))", "o.write(base64.b64encode(b'ab' + v + b'cd'))", "o.write(base64.b64encode(b'abc' + v))",
        "o.write(base64.encodebytes(b'y' * 40 + v + b'z' * 90))", "o.write(base64.encodebytes(b'y' * 41 + v + b'z' * 90).replace(b'\\n', b'\\r\\n'))",
        "import re; o.write(re.sub(b'(.{64})', b'\\\\1\\n', base64.b64encode(b'y' * 35 + v + b'z' * 50)))",
        "o.write(b'Authorization: Basic ' + base64.b64encode(b'user:' + v) + b'\\r\\n')",
    ):
        hidden(context, text)


@attack("trap 5", "redact.hex", "redacted", "hex in both cases, with separators, as a dump; percent-encoding; JSON escapes")
def other_forms(context):
    for text in (
        "o.write(v.hex().encode())", "o.write(v.hex().upper().encode())", "o.write(v.hex(':').encode())", "o.write(v.hex(' ').encode())",
        "import urllib.parse as u; o.write(u.quote(v).encode())", "o.write(b''.join(b'%%%02x' % c for c in v))", "o.write(b''.join(b'%%%02X' % c for c in v))",
        "import json; o.write(json.dumps({'a': v.decode()}).encode())", "o.write(b''.join(b'\\\\u%04x' % c for c in v))",
    ):
        hidden(context, text)


@attack("trap 5", "redact.wrapped", "redacted", "one character a line, wrapped at any column, with colours and carriage returns inside")
def wrapped(context):
    for text in (
        "o.write(b'\\n'.join(bytes([c]) for c in v))", "o.write(b'\\r\\n'.join(v[i:i+7] for i in range(0, len(v), 7)))",
        "o.write(b'\\x1b[1m'.join(v[i:i+3] for i in range(0, len(v), 3)))", "o.write(b'\\x1b[0m\\r'.join(bytes([c]) for c in v))",
        "import textwrap; o.write(textwrap.indent('\\n'.join(textwrap.wrap(v.decode(), 9)), '    ').encode())",
        "o.write(b'\\\\\\n'.join(v[i:i+5] for i in range(0, len(v), 5)))",
    ):
        hidden(context, text)


@attack("trap 5", "redact.notations", "redacted", "escapes of C, shells, HTML and quoted-printable mail; UTF-16; dumps with addresses and text")
def notations(context):
    for text in (
        "o.write(b''.join(b'\\\\x%02x' % c for c in v))", "o.write(b''.join(b'\\\\%03o' % c for c in v))", "o.write(b''.join(b'&#%d;' % c for c in v))",
        "o.write(b''.join(b'&#x%X;' % c for c in v))", "o.write(b''.join(b'=%02X' % c for c in v))", "import quopri; o.write(quopri.encodestring(v * 3))",
        "o.write(v.decode().encode('utf-16-le'))", "o.write(v.decode().encode('utf-16-be'))", "o.write(v.decode().encode('utf-16'))",
        "o.write(b''.join(b'%08x  %s  |%s|\\n' % (i, v[i:i+16].hex(' ').encode(), b'.' * 16) for i in range(0, len(v), 16)))",
        "o.write(b''.join(b'%08x: %s  %s\\n' % (i, v[i:i+16].hex(' ', -2).encode(), b'.' * 16) for i in range(0, len(v), 16)))",
        "import subprocess; o.write(subprocess.run(['od', '-x'], input=v, stdout=subprocess.PIPE).stdout)",
        "import subprocess; o.write(subprocess.run(['od', '-An', '-x'], input=b'x' + v + b'y', stdout=subprocess.PIPE).stdout)",
    ):
        hidden(context, text)


@attack("trap 5", "redact.layers", "redacted", "one encoding in another")
def layers(context):
    for text in (
        "o.write(base64.b64encode(base64.b64encode(v)))", "o.write(base64.b64encode(b'a' + base64.b64encode(b'b' + v)))", "o.write(base64.b64encode(v.hex().encode()))",
        "o.write(base64.b64encode(v).hex().encode())", "o.write(v.hex().encode().hex().encode())", "o.write(base64.encodebytes(b'x' * 31 + base64.b64encode(v)))",
        "import json; o.write(base64.b64encode(json.dumps({'k': [v.decode()]}).encode()))", "o.write(base64.b64encode(v.decode().encode('utf-16-le')))",
        "import json; o.write(json.dumps(json.dumps({'k': v.decode()})).encode())",
        "import urllib.parse as u; o.write(u.quote(u.quote(v, safe=''), safe='').encode())",
        "import html, json; o.write(html.escape(json.dumps(base64.b64encode(v).decode() + '/+')).encode())",
    ):
        hidden(context, text)


@attack("trap 5", "redact.odd-value", "redacted", "a value of quotes, slashes and letters beyond ASCII, as JSON and in a URL")
def odd_value(context):
    value = b'CANARY-odd-"q\\u/\xc3\xa9&=+ 7f3a9c1e55d0'
    text = "import os, sys, json, urllib.parse as u; v = os.environb[b'ODD_KEY']; t = v.decode()\n"
    for form in ("v", "json.dumps(t).encode()", "json.dumps(t, ensure_ascii=False).encode()", "u.quote(v, safe='').encode()", "u.quote_plus(v).encode()"):
        done = run(context, [PYTHON, "-c", text + f"sys.stdout.buffer.write({form})"], ["odd/key"])
        expect(b"7f3a9c1e55d0" not in done.output and b"REDACTED" in done.output, f"{form}: {done}")
    for form in (value, json.dumps(value.decode()).encode(), urllib.parse.quote(value).encode()):
        expect(b"7f3a9c1e55d0" in form, "the control finds nothing")


@attack("trap 5", "redact.chunks", "redacted", "byte by byte, over every write, and in a chunk that comes late")
def chunks(context):
    hidden(context, "for c in v: os.write(1, bytes([c]))")
    hidden(context, "for c in base64.b64encode(v): os.write(1, bytes([c]))")
    hidden(context, "os.write(1, v[:30]); os.write(2, b'warning: '); os.write(1, v[30:]); os.write(2, v)")
    hidden(context, "i = 0\nwhile i < len(v): os.write(1, v[i:i+7]); i += 7; os.write(2, b'.')")


@attack("trap 5", "redact.pause", "redacted", "the beginning of a value that a pause cuts off is not handed to an agent, nor is the rest behind it")
def pauses(context):
    done = with_pause(context, "v[:30]", "v[30:]", shown=b"[REDACTED:api/key]")
    expect(VALUE[:30].encode() not in done.output, f"{done}")
    expect(VALUE[-24:].encode() not in done.output, f"the rest of a value after a pause: {done}")


@attack("trap 5", "redact.late", "redacted", "a value that comes late, after a pause, is redacted")
def late_chunk(context):
    done = with_pause(context, "b'start'", "v", shown=b"start")
    clean(done.output, VALUE)
    expect(done.stdout == b"start[REDACTED:api/key]", f"{done}")


def with_pause(context, first, second, shown):
    """A program that prints, waits until it was seen, and prints more."""
    text = f"import os, sys; v = os.environb[b'API_KEY']; os.write(1, {first}); sys.stdin.readline(); os.write(1, {second})"
    with context.house(furnish).connect(headers={"Tacit-Agent-Badge": BADGE[0], "Tacit-Source": "mcp"}) as agent:
        run = agent.run([PYTHON, "-c", text], SECRET)
        for _ in run.each():
            if shown in run.stdout and 1 not in run.kinds:
                run.frame(1, b"\n")
                run.kinds.append(1)
        return run


@attack("trap 5", "redact.last-bytes", "redacted", "the last 64 KiB are not lost when the child ends first, nor is the value in them")
def last_bytes(context):
    done = hidden(context, "o.write(b'x' * 65536 + v + b'END')")
    expect(done.stdout.endswith(b"END") and done.stdout.count(b"x") >= 65536, f"{len(done.stdout)} bytes came")
    done = script(context, "import fcntl; fcntl.fcntl(1, 1031, 1048576); os.write(1, b'w' * 900000 + v + b'END')")
    expect(done.stdout.endswith(b"END") and done.stdout.count(b"w") == 900000, f"{len(done.stdout)} bytes came")
    clean(done.output, VALUE)


@attack("trap 5", "redact.grandchild", "redacted", "a grandchild that goes on writing after its parent ended is redacted or cut, never passed")
def grandchild(context):
    done = script(context, "parent = os.getpid()\nif os.fork() == 0:\n  while os.getppid() == parent: pass\n  os.write(1, v + b' late'); os._exit(0)")
    clean(done.output, VALUE)


@attack("trap 5", "redact.large", "redacted", "5 MB with the value in a thousand places come whole and clean")
def large(context):
    done = script(context, "for _ in range(1000): o.write(b'z' * 5000 + v)")
    clean(done.output, VALUE)
    expect(done.stdout.count(b"z") == 5_000_000, f"{done.stdout.count(b'z')} bytes of 5,000,000")
    expect(done.stdout.count(b"[REDACTED:api/key]") == 1000, done.report)
    expect(sum(item["count"] for item in done.report["redactions"]) == 1000, done.report)


@attack("trap 4", "redact.unscanned", "detected", "what could not be scanned is withheld and said, and counts are counts")
def unscanned(context):
    text = "import bz2; o.write(b'before '); o.write(bz2.compress(v * 50)); o.write(b' after')"
    done = script(context, text)
    expect(done.stdout == b"before ", f"bzip2 passed: {done}")
    (withheld,) = done.report["output"]["withheld"]
    expect((withheld["stream"], withheld["reason"]) == ("stdout", "compressed") and withheld["bytes"] > 30, f"it is not said: {done.report}")
    expect(done.report["scanned_bytes"] > 0, done.report)
    with context.house(furnish).person() as person:
        done = person.run([PYTHON, "-c", f"import os, sys; v = os.environb[b'API_KEY']; o = sys.stdout.buffer\n{text}"], SECRET).wait()
        expect(done.stdout.endswith(b" after") and done.report["unscanned"], f"the control, a person's: {done}")
    expect(script(context, "o.write(b'nothing')").report["redactions"] == [], "redactions where there are none")


@attack("trap 4", "redact.compressed", "detected", "compressed data is opened: without a value it passes byte by byte, with one the output ends before it and names it")
def opened(context):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("file", b"nothing here\n" * 500)
    clean = gzip.compress(b"nothing of interest\n" * 500) + zlib.compress(b"nor here", 1) + archive.getvalue()
    clean += gzip.compress(b"a file: " + gzip.compress(clean) + b" and a mark alone: \x1f\x8b\x08 of a program")
    done = script(context, f"o.write(b'before ' + {clean!r} + b' after ' + v)")
    expect(done.stdout.startswith(b"before " + clean + b" after [REDACTED:"), f"what holds no value was not passed: {done}")
    for packer in ("gzip.compress(v * 50)", "zlib.compress(v[:30])", "zlib.compress(v * 50)[:-4]", "gzip.compress(base64.b64encode(v))", "gzip.compress(b'a file: ' + gzip.compress(zlib.compress(v * 2)))"):
        done = script(context, f"import base64, gzip, zlib; o.write(b'before ' + {packer} + b' after')")
        (withheld,) = done.report["output"]["withheld"]
        expect(done.stdout == b"before " and withheld["secret"].startswith("api/key"), f"{packer} passed, or is not named: {done} {withheld}")


@check("trap 6", "binary output that holds no value comes back byte for byte")
def binary(context):
    done = script(context, "o.write(bytes(range(256)) * 300 + b'\\xc3\\x28\\xff\\xfe')")
    expect(done.stdout == bytes(range(256)) * 300 + b"\xc3\x28\xff\xfe", f"{len(done.stdout)} bytes came back changed")


@check("trap 19", "a person's prompt is not held back, even one that could begin a value")
def prompt(context):
    with context.house(furnish).person() as person:
        text = "import sys; sys.stdout.write('CANARY'); sys.stdout.flush(); print(sys.stdin.readline())"
        run = person.run([PYTHON, "-c", text], SECRET)
        for _, payload in run.each():
            if b"CANARY" in run.stdout and run.exit is None and not any(kind == 3 for kind in run.kinds):
                run.frame(1, b"answer\n")
                run.kinds.append(3)
        expect(b"answer" in run.stdout, f"{run}")


@attack("trap 19", "redact.events", "redacted", "events that a program sends one by one arrive one by one, at an agent too, and the value in them does not")
def events(context):
    text = """import os, sys; v = os.environb[b'API_KEY']
for number in range(5):
    os.write(1, b'data: ' + str(number).encode() + b' ' + v + b'\\n\\n')
    sys.stdin.readline()"""
    with context.house(furnish).connect(headers={"Tacit-Agent-Badge": BADGE[0], "Tacit-Source": "mcp"}) as agent:
        run, seen = agent.run([PYTHON, "-c", text], SECRET), 0
        for _ in run.each():
            # The next event is sent when this one was read: one that is held back would never come.
            while seen < run.stdout.count(b"\n\n"):
                seen += 1
                run.frame(1, b"\n")
        expect(run.stdout == b"".join(b"data: %d [REDACTED:api/key]\n\n" % number for number in range(5)), f"{run}")


@attack("trap 19", "oracle.edge", "stopped", "the edge of an agent's stream is no oracle: a right beginning is shown as a wrong one is")
def oracle(context):
    for length in (1, 4, 8, 12, 15):
        right, wrong = VALUE[:length], VALUE[: length - 1] + "!"
        outputs = [run(context, ["/usr/bin/printf", "%s", guess]).stdout.decode() for guess in (right, wrong)]
        expect(outputs == [right, wrong], f"{length} bytes: {outputs}")


@attack("trap 19", "oracle.known-head", "stopped", "the edge is no oracle for a value with a well-known head either, whose next letter could be guessed one by one")
def oracle_behind_a_known_head(context):
    head = "-----BEGIN PRIVATE KEY-----\n"
    for known in (0, 1, 7, 14):
        guesses = [head + VALUE[:known] + letter for letter in (VALUE[known], "!")]
        outputs = [run(context, ["/usr/bin/printf", "%s", guess], ["pem/key"]).stdout.decode() for guess in guesses]
        expect(outputs == guesses, f"{known + 1} letters: a right guess gives {outputs[0]!r}, a wrong one {outputs[1]!r}")


def frames(context, text):
    """How the output of a program that echoes an agent's text, and goes on running, comes: the bytes of each frame."""
    with context.house(furnish).connect(headers={"Tacit-Agent-Badge": BADGE[0], "Tacit-Source": "mcp"}) as agent:
        run, sizes = agent.run(["/usr/bin/cat"], SECRET), []
        run.frame(1, text)
        for kind, payload in run.each():
            if kind == 33:
                sizes.append(len(payload))
                if sum(sizes) == len(text):
                    run.frame(2)
        return sizes


@attack("trap 19", "oracle.frames", "stopped", "how output is cut into frames is no oracle either: what is held back does not show where it begins")
def oracle_of_frames(context):
    for encode in (lambda text: text.encode(), lambda text: text.encode("utf-16-be")):
        for length in (1, 4, 9, 14):
            right, wrong = VALUE[:length], VALUE[: length - 1] + "!"
            sizes = [frames(context, b";;;;" + encode(guess)) for guess in (right, wrong)]
            expect(sizes[0] == sizes[1], f"{length} bytes: {sizes}")


@attack("trap 5", "redact.stalled", "stopped", "a program that prints nothing but line breaks behind a value's public beginning does not keep its runner from the time limit")
def stalled(context):
    head = "-----BEGIN PRIVATE KEY-----"
    text = f"import os, time; os.write(1, {head!r}.encode() + b'\\n' * 60000); time.sleep(60)"
    begun = time.monotonic()
    done = run(context, [PYTHON, "-c", text], ["pem/key"], timeout_seconds=2)
    expect(time.monotonic() - begun < 20 and 32 + 6 in done.kinds, f"it went on for {time.monotonic() - begun:.0f} s: {done}")


@attack("trap 10", "redact.mask", "redacted", "a mask shows eight stars, and the last four of long values only; never the length")
def masks(context):
    house = context.house(furnish)
    with house.person() as person:
        for value, mask in ((b"short", "********"), (b"fifteen-bytes-x", "********"), (b"sixteen-bytes-xy", "********s-xy"), (b"l" * 5000 + b"tail", "********tail")):
            expect(person.set("mask/me", value).status in (200, 201), "set")
            expect(person.masked("mask/me").json["masked"] == mask, person.masked("mask/me"))
        for value in (b"\xff\xfe" * 20, "ééééééééé".encode(), b"x" * 20 + b"\n\x1b[2J"):
            expect(person.set("mask/me", value).status in (200, 201), "set")
            text = person.masked("mask/me").json["masked"]
            expect(text.startswith("********") and len(text) <= 12 and text.isprintable(), repr(text))
