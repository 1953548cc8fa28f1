"""A throw-away home with a vault of its own: the place an attack happens in."""

import base64
import contextlib
import json
import os
import pathlib
import pty
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from api import Connection, Relay

PASSWORD = "CANARY-password-" + secrets.token_hex(12)
TACIT = os.environ.get("TACIT", "")


def canary(label="value"):
    return f"CANARY-{label}-{secrets.token_hex(16)}"


def spellings(value):
    """The forms in which a value may lie somewhere, by name: raw, its halves, hex, and base64 at every offset."""
    data = value if isinstance(value, bytes) else value.encode()
    tail = data[-32:]
    forms = {"raw": tail, "first-half": tail[:16], "second-half": tail[16:], "hex": tail.hex().encode(), "HEX": tail.hex().upper().encode()}
    for offset in range(3):
        inner = tail[offset:]
        forms[f"base64+{offset}"] = base64.b64encode(inner[: len(inner) // 3 * 3])
    forms["utf-16"] = tail.decode("latin-1").encode("utf-16-le")
    return forms


class AtTerminal:
    """A program in a kernel session and at a terminal of its own, as a person has it; the owner's, when root starts it."""

    def __init__(self, house, words, environment=None, prepare=lambda: None):
        self.shown = b""
        house.at_hand()
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            try:
                prepare()
                os.chdir(house.root / "work")
                if house.owner and os.getuid() == 0:
                    os.setgroups([])
                    os.setgid(house.owner.pw_gid)
                    os.setuid(house.owner.pw_uid)
                os.execve(words[0], words, environment or house.environment)
            finally:
                os._exit(127)

    def until(self, text, seconds=60):
        """Reads until something is shown."""
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"waited in vain for {text!r}; shown is {self.shown!r}"
            try:
                self.shown += os.read(self.terminal, 4096)
            except OSError:
                raise AssertionError(f"it ended before {text!r}; shown is {self.shown!r}") from None
        return self

    def type(self, text):
        os.write(self.terminal, text.encode())
        return self

    def end(self, number=signal.SIGKILL):
        """Signals it and gives its wait status."""
        os.kill(self.process, number)
        _, status = os.waitpid(self.process, 0)
        os.close(self.terminal)
        return status


class Gone(Exception):
    """There is no keeper to talk to."""


class House:
    """HOME, vault, state and sockets of one test, owned by `owner` (a pwd entry) when that is another user."""

    # Whether the keeper is a user of its own.
    is_apart = False

    def __init__(self, owner=None, password=PASSWORD, base=None):
        self.owner, self.password = owner, password
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tacit-attack-", dir=base))
        self.keepers = set()
        for name in ("home", "run", "data", "state", "work"):
            (self.root / name).mkdir(mode=0o700)
        if owner:
            for path in (self.root, *self.root.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self.environment = {
            "HOME": str(self.root / "home"), "XDG_RUNTIME_DIR": str(self.root / "run"), "XDG_DATA_HOME": str(self.root / "data"),
            "XDG_STATE_HOME": str(self.root / "state"), "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "TERM": "xterm",
        }
        # The keeper's own: the vault, what it remembers outside of it, and where its sockets and session files lie. The person's: badges.
        self.vault = self.root / "data" / "tacit"
        self.state = self.remembered = self.root / "state" / "tacit"
        self.runtime = self.root / "run" / "tacit"
        # What a thief of the files takes.
        self.folders = {"data": self.vault, "state": self.state}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Processes

    def popen(self, words, password=None, pass_fds=(), **options):
        """Starts a program as the owner; a password arrives on the descriptor that `{password}` among the words stands for."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("env", self.environment)
        options.setdefault("cwd", self.root / "work")
        self.at_hand()
        if self.owner and os.getuid() == 0:
            options |= {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
        reading = None
        if password is not None:
            reading, writing = os.pipe()
            os.write(writing, password.encode())
            os.close(writing)
            words = [word.replace("{password}", str(reading)) for word in words]
            pass_fds = (*pass_fds, reading)
        try:
            return subprocess.Popen(words, pass_fds=pass_fds, **options)
        finally:
            if reading is not None:
                os.close(reading)

    def tacit(self, *words, password=None, input=None, timeout=120, **options):
        """Runs the command and waits; with a password, it is given by `--password-fd`."""
        if password is not None:
            at = next((i for i, word in enumerate(words) if word == "--"), len(words))
            words = (*words[:at], "--password-fd", "{password}", *words[at:])
        process = self.popen(
            [TACIT, *words], password=password, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL, **options)
        out, err = process.communicate(input, timeout=timeout)
        process.out, process.err = out, err
        return process

    # The keeper

    def at_hand(self):
        """Commands that are started now find this house's keeper: their environment says where it is."""

    @property
    def socket(self):
        found = list(self.runtime.glob("keeper-*.sock"))
        if not found:
            raise Gone("no socket")
        return str(found[0])

    def connect(self, **options):
        with self.as_owner():
            return Connection(self.socket, **options)

    def person(self, password=None):
        """A connection on which the password was given."""
        connection = self.connect(headers={"Tacit-Source": "cli"})
        answer = connection.step_up(password or self.password)
        assert answer.status == 200, f"step-up: {answer}"
        return connection

    @contextlib.contextmanager
    def as_owner(self):
        """Within it, root connects and writes files as the owner."""
        if not (self.owner and os.geteuid() == 0):
            yield
            return
        os.setegid(self.owner.pw_gid)
        os.seteuid(self.owner.pw_uid)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)

    def init(self, *words):
        result = self.tacit("init", *(words or ("--no-recovery",)), password=self.password)
        assert result.returncode == 0, result.err
        self.keeper  # noqa: B018  (remembered, to be stopped)
        return self

    def start(self, *before):
        """Starts a keeper in the foreground, with a process of ours as its parent; waits until it answers."""
        process = self.popen([*before, TACIT, "keeper"], start_new_session=True, stdout=subprocess.DEVNULL)
        self.keepers.add(process.pid)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with self.connect() as connection:
                    if connection.request("GET", "/v1/status").status == 200:
                        return process
            except (Gone, OSError):
                time.sleep(0.01)
        raise Gone(process.stderr.read() if process.poll() is not None else "the keeper does not answer")

    def unlock(self):
        """Unlocks for the session of this process."""
        with self.connect() as connection:
            answer = connection.request("POST", "/v1/unlock", self.password.encode())
            assert answer.status == 200, answer
        return self

    def lock(self):
        with self.connect() as connection:
            return connection.request("POST", "/v1/lock")

    @property
    def status(self):
        with self.connect() as connection:
            return connection.request("GET", "/v1/status").json

    @property
    def keeper(self):
        process = self.status["keeper_process"]
        self.keepers.add(process)
        return process

    def kill_keeper(self, number=signal.SIGKILL):
        """Ends the keeper that answers now and waits until it is gone."""
        process = self.keeper
        os.kill(process, number)
        wait_until(lambda: not is_alive(process), "the keeper is gone")
        return process

    @property
    def above_helpers(self):
        """The process below which all others of the keeper's are."""
        return self.keeper

    @property
    def vault_as_known(self):
        """The vault's path, as the keeper has it."""
        return self.vault

    @contextlib.contextmanager
    def relayed(self):
        """Commands that are started within it reach the keeper by a relay, which hears what they say."""
        place, usual = self.root / "relayed" / "tacit", self.environment
        with self.as_owner():
            place.mkdir(mode=0o700, parents=True)
            place.parent.chmod(0o700)
            relay = Relay(str(place / pathlib.Path(self.socket).name), self.socket)
        self.environment = usual | {"XDG_RUNTIME_DIR": str(place.parent)}
        try:
            yield relay
        finally:
            self.environment = usual

    def strike(self, process, number):
        """Sends one of the keeper's processes a signal, as something in it might."""
        os.kill(process, number)

    def helpers(self):
        """Spawner and runners of the keeper, by name."""
        found = {}
        for process in below(self.above_helpers):
            found.setdefault(process_name(process), []).append(process)
        return found

    def programs(self):
        """What runs execute, and all below it."""
        return [process for runner in self.helpers().get("__runner", []) for process in below(runner)]

    @property
    def kept(self):
        """The directories in which the keeper's files lie."""
        return [self.vault, self.remembered, self.root / "run"]

    def files(self):
        """Every file below the house."""
        return [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]

    def close(self):
        with contextlib.suppress(Gone, OSError, AssertionError, ValueError):
            self.keeper  # noqa: B018
        for process in self.keepers:
            with contextlib.suppress(OSError):
                if b"keeper" in pathlib.Path(f"/proc/{process}/cmdline").read_bytes():
                    os.kill(process, signal.SIGKILL)
        for process in self.keepers:
            with contextlib.suppress(OSError):
                os.waitpid(process, 0)
        shutil.rmtree(self.root, ignore_errors=True)


def wait_until(condition, what, seconds=60):
    """Waits for something that happens soon; the limit is for what never does."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        time.sleep(0.01)
    return result


def is_alive(process):
    """Whether any thread of a process runs; a zombie of ours is collected and counts as gone.

    The first thread of a process that was killed may be a zombie while another still holds its sockets: whoever connects then is heard by nobody.
    """
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(process, os.WNOHANG)[0] == process:
            return False
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{process}/task/{thread}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
                    return True
    return False


def process_name(process):
    with contextlib.suppress(OSError):
        words = pathlib.Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        return words[1].decode() if len(words) > 2 and words[1].startswith(b"__") else words[0].decode()
    return ""


def families():
    """The children of every process that has some."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int(pathlib.Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()[1])
                found.setdefault(parent, []).append(int(entry))
    return found


def children(process):
    return families().get(process, [])


def below(process):
    """All processes below one, each behind its parent."""
    of, found = families(), [process]
    for each in found:
        found += of.get(each, [])
    return found[1:]


def elsewhere(body, *, new_session=True):
    """What `body` returns (JSON) in a process of its own; in a kernel session of its own unless told otherwise."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if new_session:
                os.setsid()
            text = json.dumps({"ok": body()})
        except BaseException as error:
            text = json.dumps({"error": f"{type(error).__name__}: {error}"})
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = json.loads(pipe.read() or '{"error": "the process ended"}')
    os.waitpid(child, 0)
    assert "error" not in answer, answer["error"]
    return answer["ok"]


if not TACIT:
    sys.exit("TACIT names no program: TACIT=.build/debug/tacit Tests/Attacks/run")
