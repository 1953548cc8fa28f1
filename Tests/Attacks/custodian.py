"""Root's part where the keeper is a user of its own: it makes the machine, and starts and ends the keeper and the helper of each house as the service manager would."""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import sys

# A number for each house below it: what its keeper has as /run/tacit and /var/lib/tacit.
HOUSES = pathlib.Path("/run/houses")
DOOR = HOUSES / "door"
PROGRAM = "/srv/tacit"
# Others than those of Tests/EndToEnd/own-uid and of catalogue_own_uid.py, which end what belongs to their users.
RUN_USERS = 64000
LIBC = ctypes.CDLL(None, use_errno=True)
DETACHED, BOUND = 2, 4096


def ask(door, act, **words):
    """What whoever listens at a door of root's answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(door))
        connection.sendall(json.dumps({"act": act, **words}).encode() + b"\n")
        answer = json.loads(connection.makefile().readline() or '{"error": "it ended"}')
    assert "error" not in answer, answer["error"]
    return answer["ok"]


def listen(door, person):
    """A door that the person's programs, and nobody else's, may knock at."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(door))
    os.chown(door, person.pw_uid, person.pw_gid)
    os.chmod(door, 0o600)
    listener.listen(16)
    return listener


def answer(listener, acts):
    """Answers one who knocks."""
    connection, _ = listener.accept()
    with connection:
        wish = json.loads(connection.makefile().readline() or "{}")
        try:
            text = {"ok": acts[wish.pop("act")](**wish)}
        except Exception as error:
            text = {"error": f"{type(error).__name__}: {error}"}
        with contextlib.suppress(OSError):
            connection.sendall(json.dumps(text).encode() + b"\n")


def bind(source, target):
    from machine import mount

    mount(str(source), target, "none", BOUND)


def make_machine(place, owner):
    """A machine that this process and those below it see: users, units, and the program where root alone can write. Gives the place for homes."""
    program, os.environ["TACIT"] = os.environ["TACIT"], PROGRAM
    import machine

    homes = place / "homes"
    for path in (place, place / "machine"):
        path.mkdir()
    machine.unshare_mounts(homes)
    homes.chmod(0o1777)
    machine.seclude(place / "machine", RUN_USERS)
    # What the keeper knows of a person's home it has from the user database.
    users = pathlib.Path("/etc/passwd")
    users.write_text(re.sub(f"(?m)^({owner.pw_name}:.*:)[^:]*(:[^:]*)$", rf"\1{homes}\2", users.read_text()))
    machine.mount("tmpfs", "/srv", "tmpfs", 0, "mode=0755")
    shutil.copy(program, PROGRAM)
    machine.installed(owner)
    pathlib.Path("/run/tacit").mkdir(exist_ok=True)
    HOUSES.mkdir(mode=0o711)
    return homes


class Warden:
    """The one keeper of a house and root's helper for it, with /run/tacit and /var/lib/tacit that are theirs alone; in a process of its own."""

    def __init__(self, place, person):
        import machine

        class Units(machine.Units):
            def helpers(self):
                """Those of this house: of the same person there are others."""
                from house import children

                return [process for process in super().helpers() if process in children(os.getpid())]

        # It ends with the custodian, and with it what it started.
        LIBC.prctl(1, signal.SIGTERM, 0, 0, 0)
        self.place, self.keeper = place, None
        machine.call(LIBC.unshare(0x20000))
        bind(place / "tacit", "/run/tacit")
        bind(place / "lib", "/var/lib/tacit")
        self.units = Units(person)
        self.units.listen()
        self.acts = {"start": self.start, "kill": self.kill, "signal": self.strike, "process": os.getpid, "mount": self.mount}

    def start(self):
        """The keeper's process, which is started where there is none."""
        if self.keeper is None or self.keeper.poll() is not None:
            runtime, kept = pathlib.Path(self.units.socket).parent, pathlib.Path(f"/var/lib/tacit/{self.units.person.pw_uid}")
            # As the service manager takes it away with the service.
            for path in runtime.iterdir() if runtime.exists() else []:
                path.unlink()
            # What root put back for an attack is the keeper's again.
            user = self.units.keeper_user
            for path in kept.rglob("*"):
                if path.lstat().st_uid == 0:
                    os.lchown(path, user.pw_uid, user.pw_gid)
            with told_in(self.place / "told"):
                self.keeper = self.units.start_keeper()
        return self.keeper.pid

    def kill(self, number):
        self.keeper.send_signal(number)
        return self.keeper.wait(60)

    def strike(self, process, number):
        from house import below

        assert process in below(os.getpid()), "it is no process of this house"
        os.kill(process, number)

    def mount(self, kind, target, options):
        """Puts a file system there that keeper and helper see, and nobody else."""
        import machine

        machine.mount(kind, target, kind, 0, options)

    def stay(self, listener):
        ended = []
        signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        while not ended:
            ready, _, _ = select.select([listener, reading], [], [])
            if listener in ready:
                answer(listener, self.acts)
        self.units.stop()


@contextlib.contextmanager
def told_in(file):
    """What is started within it says its errors there, as it would in the journal."""
    kept, told = os.dup(2), os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(told, 2)
    os.close(told)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class Custodian:
    """Makes the houses that the attacks of a file ask for, while these are carried out in a child."""

    def __init__(self, person):
        self.person, self.wardens = person, []
        self.listener = listen(DOOR, person)
        self.is_covered = False

    def make(self):
        """A house's number."""
        number = len(self.wardens)
        place = HOUSES / str(number)
        for path in (place, place / "tacit", place / "lib"):
            path.mkdir(mode=0o755)
        listener = listen(place / "door", self.person)
        child = os.fork()
        if child == 0:
            try:
                Warden(place, self.person).stay(listener)
            except BaseException as error:
                print(f"a warden ended: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(0)
        listener.close()
        self.wardens.append(child)
        return number

    def front(self, place):
        """Shows a house's keeper where every command of the person's looks for it."""
        if self.is_covered:
            LIBC.umount2(b"/run/tacit", DETACHED)
        bind(place, "/run/tacit")
        self.is_covered = True

    def end(self, number):
        if self.wardens[number]:
            os.kill(self.wardens[number], signal.SIGTERM)
            os.waitpid(self.wardens[number], 0)
            self.wardens[number] = 0

    def stay(self, child):
        """Serves until the child has ended; its wait status."""
        ended = os.pidfd_open(child)
        acts = {"make": self.make, "front": self.front, "end": self.end}
        try:
            while True:
                ready, _, _ = select.select([self.listener, ended], [], [])
                if self.listener in ready:
                    answer(self.listener, acts)
                elif ended in ready:
                    return os.waitpid(child, 0)[1]
        finally:
            for number in range(len(self.wardens)):
                self.end(number)
