"""What an attack is, and how a file of them is carried out: in a process of its own, as an ordinary user, in a kernel session of its own."""

import json
import os
import pwd
import signal
import subprocess
import time
import traceback
from typing import NamedTuple

# What a file carries out, in order.
LISTED = []
# Whose the keeper is that is attacked, as docs/ATTACKS.md calls its columns: the person's own process, or a user of its own.
CELLS = SAME, OWN = "same-uid", "own-uid"
CELL = SAME
# What Scripts/attack-report reads. It is opened by who starts the suite: those who carry it out are other users.
RECORD = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT) if "RECORD" in os.environ else None
# Only what hangs comes near it, on a machine that does much else too.
LIMIT = 240


class Skipped(Exception):
    """The attack cannot be carried out on this machine."""


class Listed(NamedTuple):
    """What is carried out: an attack, which has an id and a row in docs/ATTACKS.md, or a check, which has neither."""

    trap: str
    title: str
    body: object
    limit: int
    left: str
    is_rare: bool = False
    id: str = ""
    end: str = ""


def attack(trap, id, end, title, why="", limit=LIMIT, left="", rarely=False):
    """Marks a function as an attack on one of the traps (README.md), or on a promise. It fails by raising, and passes where the attack ends as `end` says.

    The id is `door.name`; docs/ATTACKS.md has the doors and the ends. What is `possible` says `why` in a word that stands there. It is carried out once more where
    the keeper is a user of its own, and ends alike there; or `left` is why it is left out in the other cell than its folder's, in words that stand on that page too.
    What takes long and hardly has to do with whose the keeper is, is carried out there `rarely`: when Scripts/attack-report records it.
    """

    def mark(body):
        LISTED.append(Listed(trap, title, body, limit, left, rarely, id, end))
        return body

    return mark


def check(trap, title, limit=LIMIT, left=""):
    """Marks a function that is carried out beside the attacks and is none: a control, what has to go on working, or a group of the catalogue, whose techniques have rows."""

    def mark(body):
        LISTED.append(Listed(trap, title, body, limit, left))
        return body

    return mark


def record(**facts):
    """Adds a line to what Scripts/attack-report reads, if it does."""
    if RECORD is not None:
        os.write(RECORD, json.dumps(facts).encode() + b"\n")


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def clean(data, *values):
    """Refuses output in which a value stands."""
    from hunt import in_bytes

    found = in_bytes(data, {str(i): value for i, value in enumerate(values)})
    expect(not found, f"a value is in the output as {sorted(found)}: {data[:400]!r}")


class Users:
    """Two ordinary users for as long as the suite runs, when it is started by root."""

    def __init__(self):
        self.names = [f"tacit-{role}-{os.getpid()}" for role in ("owner", "other")] if os.geteuid() == 0 else []

    def __enter__(self):
        for name in self.names:
            for _ in range(20):
                if subprocess.run(["useradd", "-r", "-M", "-d", "/nonexistent", "-s", "/bin/sh", name], capture_output=True).returncode == 0:
                    break
                time.sleep(0.5)
        return [pwd.getpwnam(name) for name in self.names] or [None, None]

    def __exit__(self, *_):
        users = {pwd.getpwnam(name).pw_uid for name in self.names}
        for process in self.processes(users):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + 30
        while any(self.processes(users)) and time.monotonic() < deadline:
            time.sleep(0.01)
        for name in self.names:
            subprocess.run(["userdel", name], capture_output=True)

    @staticmethod
    def processes(users):
        """The processes of users that exist only here."""
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.stat(f"/proc/{entry}").st_uid in users:
                    yield int(entry)
                elif entry.isdigit() and users:
                    # A process that is not dumpable lies under root in /proc.
                    with open(f"/proc/{entry}/status") as status:
                        if any(line.startswith("Uid:") and int(line.split()[1]) in users for line in status):
                            yield int(entry)
            except OSError:
                continue


def say(result, trap, title, seconds, more=""):
    print(f"{result:<7} {trap:<8} {title} ({seconds:.1f} s){more}", flush=True)


def timed_out(*_):
    raise TimeoutError("the attack took too long: something hangs")


def detail(text):
    """What an attack saw, for who asks for it with ATTACKS_DETAIL=1."""
    if os.environ.get("ATTACKS_DETAIL"):
        print(f"        {text}", flush=True)


def carry_out(listed, context):
    """Carries attacks and checks out in order; how many failed."""
    failed = 0
    signal.signal(signal.SIGALRM, timed_out)
    for trap, title, body, limit, _, _, id, end in listed:
        start = time.monotonic()
        signal.alarm(limit)
        try:
            body(context)
            say("ok", trap, title, time.monotonic() - start)
            record(id=id, cell=CELL, end=end)
        except Skipped as why:
            say("skipped", trap, title, time.monotonic() - start, f" [{why}]")
            record(id=id, cell=CELL, missing=str(why))
        except Exception as error:
            failed += 1
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name not in ("expect", "clean")]
            place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
            say("FAILED", trap, title, time.monotonic() - start, f"\n        {place}: {type(error).__name__}: {str(error)[:1500]}")
        finally:
            signal.alarm(0)
    return failed
