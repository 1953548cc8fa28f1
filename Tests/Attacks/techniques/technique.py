"""A technique: one way in which an agent tries to get a value out of a run, and what it got by it."""

import contextlib
import os
import pathlib
import shutil
import socket
import threading
import time

GROUPS = {}
# That many bytes in a row of a value's random part are more than a guess.
TELLING = 12
ENDS = ("stopped", "redacted", "detected", "possible")


class Technique:
    """Its id is `group.name`; `act` plays it in a place and returns all that the agent holds in the end, decoded."""

    # Where those of its kind are listed, by group.
    registry = GROUPS

    def __init__(self, group, name, what, act, needs=(), own=False, races=False):
        """`needs` are programs, families of sockets (`AF_…`), addresses and files that have to be there, and `ping`. `own` is one against what only Tacit has: nothing shows elsewhere that it would succeed. One that
        `races` with a limit may be cut before or after it was redacted."""
        self.id, self.group, self.what, self.act, self.needs, self.own = f"{group}.{name}", group, what, act, needs, own
        self.races = races
        if any(other.id == self.id for other in self.registry.setdefault(group, [])):
            raise ValueError(f"two techniques are called {self.id}")
        self.registry[group].append(self)

    @property
    def missing(self):
        """What it needs and this machine has not."""
        return [need for need in self.needs if not is_there(need)]

    def ends_as(self, end, known):
        """Whether an end is the one that is written down."""
        return end == known or (self.races and "possible" not in (end, known))

    def play(self, place):
        """How it ends in a place: one of `ENDS`."""
        got = self.act(place)
        if holds(got, place.value):
            return "possible"
        if place.withheld_whole:
            return "detected"
        return "redacted" if place.redactions else "stopped"


def is_there(need):
    if need.startswith("AF_"):
        return has_family(need)
    if need == "ping":
        return can_bind(socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1", socket.IPPROTO_ICMP)
    if need[0].isdigit() or ":" in need:
        return can_bind(socket.AF_INET6 if ":" in need else socket.AF_INET, socket.SOCK_STREAM, need)
    return shutil.which(need) or need[0] == "/" and os.path.exists(need)


def can_bind(family, kind, address, protocol=0):
    """Whether there is such a socket, and the address is this machine's."""
    try:
        with socket.socket(family, kind, protocol) as own:
            own.bind((address, 0))
        return True
    except OSError:
        return False


def has_family(name):
    """Whether the kernel has such sockets."""
    try:
        socket.socket(getattr(socket, name, -1), socket.SOCK_STREAM if name == "AF_VSOCK" else socket.SOCK_DGRAM).close()
        return True
    except OSError:
        return False


def holds(got, value):
    """Whether the value, or a telling piece of what is random in it, is in the bytes that an agent got."""
    secret = value.rsplit(b"-", 1)[-1]
    return any(secret[at : at + TELLING] in got for at in range(len(secret) - TELLING + 1))


class Seen:
    """What an agent sees of a run."""

    def __init__(self, stdout=b"", stderr=b"", code=None, seconds=0.0, refused=""):
        self.stdout, self.stderr, self.code, self.seconds, self.refused = stdout, stderr, code, seconds, refused

    @property
    def output(self):
        return self.stdout + self.stderr


class Place:
    """Where a technique is played: how programs are run with the value, a directory of the agent's, and an ear on the network.

    An adapter gives it `start` and `begin`, and counts what was taken out of the output.
    """

    def __init__(self, value, directory):
        self.value, self.directory = value, pathlib.Path(directory)
        self.redactions, self.withheld_whole = 0, False
        self.name = "API_KEY"

    # An adapter's part

    def start(self, argv, as_input=False, seconds=60, caps=None, environment=None):
        raise NotImplementedError

    def begin(self, as_file=False):
        """Starts a program that goes on running, with the value in its environment or in a file in memory; a context that gives process ids by role."""
        raise NotImplementedError

    # A technique's tools

    def run(self, argv, **wish):
        """Runs a program with the value in the variable `API_KEY`, or as its input."""
        begun = time.monotonic()
        seen = self.start(argv, **wish)
        seen.seconds = time.monotonic() - begun
        return seen

    def python(self, text, **wish):
        return self.run(["/usr/bin/python3", "-c", PRELUDE + text], **wish)

    def shell(self, text, **wish):
        return self.run(["/bin/sh", "-c", text], **wish)

    def left(self):
        """The names and contents of what lies in the working directory."""
        found = b""
        for path in sorted(self.directory.rglob("*")):
            found += os.fsencode(path.name) + b"\n"
            with contextlib.suppress(OSError):
                found += os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
                found += b"".join(os.getxattr(path, name) for name in os.listxattr(path, follow_symlinks=False))
        return found

    def empty(self):
        for path in self.directory.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    @contextlib.contextmanager
    def ear(self, address, kind=socket.SOCK_STREAM, family=socket.AF_INET):
        """Listens as the agent does outside; gives the port, or the address itself, and what is heard."""
        heard = Heard()
        with socket.socket(family, kind) as listener:
            listener.bind((address, 0) if family in (socket.AF_INET, socket.AF_INET6) else address)
            if family == socket.AF_UNIX and not address.startswith("\0"):
                os.chmod(address, 0o777)
            if kind == socket.SOCK_STREAM:
                listener.listen()
            heard.port = listener.getsockname()[1] if family != socket.AF_UNIX else address
            thread = threading.Thread(target=heard.listen, args=(listener, kind), daemon=True)
            thread.start()
            yield heard
            heard.stop(listener, kind, family)
            thread.join(10)
        if family == socket.AF_UNIX and not address.startswith("\0"):
            os.unlink(address)


class Heard:
    """What arrived at an ear."""

    END = b"that was all"

    def __init__(self):
        self.port, self.data = None, b""

    def listen(self, listener, kind):
        with contextlib.suppress(OSError):
            while self.END not in self.data:
                if kind == socket.SOCK_DGRAM:
                    self.data += listener.recv(65536)
                    continue
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    self.hear(connection)

    def hear(self, connection):
        """Hears one who called until nothing more comes; who asked by HTTP gets an answer."""
        connection.settimeout(0.2)
        try:
            while piece := connection.recv(65536):
                self.data += piece
        except TimeoutError:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def stop(self, listener, kind, family):
        """Says the last word itself, behind all that is on its way."""
        with contextlib.suppress(OSError), socket.socket(family, kind) as own:
            own.connect(listener.getsockname())
            own.sendall(self.END)


PRELUDE = "import os, sys, time, base64\nv = os.environb[b'API_KEY']\no = sys.stdout.buffer\n"


def printed(group, name, what, code, read=lambda seen: seen.output, races=False):
    """A technique that is a program in Python which prints, and how its output is read."""
    Technique(group, name, what, lambda place: read(place.python(code)), races=races)


def typed(group, name, what, argv, read=lambda seen: seen.output, needs=(), **wish):
    """A technique that is a command line, and how its output is read."""
    Technique(group, name, what, lambda place: read(place.run(argv, **wish)), needs)
