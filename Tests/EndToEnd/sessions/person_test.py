"""A person's templates: `person_test.py PATH-TO-TACIT`."""

import os
import pathlib
import pty
import signal
import stat
import sys
import time

sys.dont_write_bytecode = True
from person import PASSWORD, Person

PROGRAM = sys.argv[1]
BINARY = b"CANARY-" + os.urandom(8).hex().encode() + bytes(range(256))
TEXT = "CANARY-" + os.urandom(16).hex()


def files(person):
    """A file is whole, 0600, and never written over what is there; a link is not followed."""
    template = person.home / "app.tpl"
    template.write_bytes(b"\xff{{ tacit://default/dev/bin }}|{{tacit://default/dev/text}}|{{ other }}\n")
    output = person.home / "app.out"
    person.tacit("inject", "-i", str(template), "-o", str(output))
    wanted = b"\xff" + BINARY + b"|" + TEXT.encode() + b"|{{ other }}\n"
    assert output.read_bytes() == wanted and stat.S_IMODE(output.stat().st_mode) == 0o600
    assert person.tacit("inject", input=b"{{ tacit://default/dev/bin }}").out == BINARY
    before = output.stat().st_ino
    refused = person.tacit("inject", "-i", str(template), "-o", str(output), code=None)
    assert refused.returncode != 0 and b"--force" in refused.err and output.stat().st_ino == before
    link, target = person.home / "link", person.home / "target"
    target.write_text("kept")
    link.symlink_to(target)
    person.tacit("inject", "-i", str(template), "-o", str(link), "--force")
    assert target.read_text() == "kept" and not link.is_symlink() and link.read_bytes() == wanted
    # What fails writes nothing, and names what it misses.
    template.write_text("{{ tacit://default/dev/text }} {{ tacit://default/dev/none#x }} {{ tacit://no/where/else }}")
    missing = person.tacit("inject", "-i", str(template), "-o", str(person.home / "new"), code=3)
    assert b"tacit://default/dev/none#x, tacit://no/where/else" in missing.err and TEXT.encode() not in missing.err
    assert not (person.home / "new").exists()
    assert sorted(path.name for path in person.home.glob("*.tacit-*")) == []


def pipes(person):
    """A pipe is read as often as it may be; then, and at a signal, it is gone."""
    template, path = person.home / "p.tpl", person.home / "pipe"
    template.write_text("{{ tacit://default/dev/text }}")
    process = person.start("inject", "-i", str(template), "-o", str(path), "--fifo", "--max-reads", "2")
    for _ in range(2):
        assert read(path) == TEXT
    assert process.wait(60) == 0 and not path.exists()
    process = person.start("inject", "-i", str(template), "-o", str(path), "--fifo")
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM and not path.exists()


def slow_reader(person):
    """A reader that stands still keeps nobody from ending the command, which takes the pipe away."""
    template, path = person.home / "s.tpl", person.home / "slow"
    template.write_text("{{ tacit://default/dev/large }}")
    process = person.start("inject", "-i", str(template), "-o", str(path), "--fifo")
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    with open(path, "rb", buffering=0) as reader:
        # It has the first byte, and the pipe is full: the command waits for room.
        assert len(reader.read(1)) == 1
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 128 + signal.SIGINT, process.communicate()
    assert not path.exists()


def shown(person):
    """A person at a terminal sees what an agent's template or file of references would use, before a password is typed."""
    template, refs = person.home / "agent.tpl", person.home / "agent.env"
    template.write_text("{{ tacit://default/dev/text }}\n")
    refs.write_text('A="tacit://default/dev/text"\n')
    for words in (["inject", "-i", str(template)], ["run", "--no-mask", "--env-file", str(refs), "--", "true"]):
        status, screen = at_terminal(person, words)
        assert status == 0, (words, screen)
        before, _, _ = screen.partition("Password: ")
        assert "It uses:\r\n  \u201ctacit://default/dev/text\u201d\r\n" in before, (words, screen)


def at_terminal(person, words):
    """Runs a command in a terminal of its own and types the password where it is asked for; its status and the screen."""
    process, main = pty.fork()
    if process == 0:
        os.chdir(person.home)
        os.execve(person.program, [person.program, *words], person.environment)
    screen, typed = b"", False
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:
            break
        if not piece:
            break
        screen += piece
        if not typed and b"Password: " in screen:
            os.write(main, f"{PASSWORD}\n".encode())
            typed = True
    os.close(main)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), screen.decode()


def read(path):
    """What a reader gets; it waits until the pipe is there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if text := path.read_text():
                return text
        except FileNotFoundError:
            time.sleep(0.01)
    raise AssertionError("nothing was offered")


person = Person(PROGRAM)
try:
    person.tacit("set", "bin", input=BINARY)
    person.set("text", TEXT)
    files(person)
    pipes(person)
    person.set("large", "CANARY-" + "x" * 400_000)
    slow_reader(person)
    shown(person)
    assert len(person.log("secret.reveal")) >= 8, "each value that was put somewhere is in the log"
finally:
    person.close()
