"""A person's templates: `person_test.py PATH-TO-TACIT`."""

import os
import pathlib
import signal
import stat
import sys
import time

sys.dont_write_bytecode = True
from person import Person

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
    assert len(person.log("secret.reveal")) >= 8, "each value that was put somewhere is in the log"
finally:
    person.close()
