"""systemd itself, started as the first process of namespaces of its own, with no unit but those of the tests: nothing of the machine's is started or seen."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time
import traceback

from house import is_alive, wait_until
from machine import LIBC, OwnHouse, Units, call, mount, seclude

SYSTEMD = "/lib/systemd/systemd"
KEPT = ("sysinit", "basic", "sockets", "multi-user", "shutdown", "umount", "local-fs", "local-fs-pre", "swap", "timers", "paths", "slices", "final")
# mount, process, control group, IPC, host name, network
NAMESPACES = {"mnt": 0x20000, "cgroup": 0x2000000, "ipc": 0x8000000, "uts": 0x4000000, "net": 0x40000000, "pid": 0x20000000}


class Missing(Exception):
    """This machine lets no systemd of ours run, and why."""


class Groups:
    """A control group of the tests' own, in each hierarchy that systemd uses."""

    def __init__(self):
        is_unified = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
        self.roots = [pathlib.Path("/sys/fs/cgroup")] if is_unified else [pathlib.Path("/sys/fs/cgroup", name) for name in ("systemd", "unified")]
        self.kinds = [("cgroup2", "")] if is_unified else [("cgroup", "none,name=systemd"), ("cgroup2", "")]
        self.name = f"tacit-own-uid-{os.getpid()}"

    def enter(self):
        for root in self.roots:
            (root / self.name).mkdir()
            (root / self.name / "cgroup.procs").write_text(str(os.getpid()))

    def show(self):
        """Mounts the hierarchies anew, which a namespace of groups shows from its own root."""
        if len(self.roots) > 1:
            mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, "mode=0755")
        for root, (kind, options) in zip(self.roots, self.kinds):
            root.mkdir(exist_ok=True)
            mount(kind, root, kind, 0, options)

    def remove(self):
        for root in self.roots:
            for path in sorted((root / self.name).rglob("*/"), key=lambda path: -len(path.parts)):
                if path.is_dir():
                    with contextlib.suppress(OSError):
                        path.rmdir()
            with contextlib.suppress(OSError):
                (root / self.name).rmdir()


class Machine:
    """Boots, and takes the calling process's children there."""

    def __init__(self, place, prepare):
        if not os.path.exists(SYSTEMD):
            raise Missing("there is no systemd")
        self.groups = Groups()
        reading, writing = os.pipe()
        self.outer = os.fork()
        if self.outer == 0:
            os.close(reading)
            try:
                self.begin(place, prepare, writing)
            except OSError as error:
                os.write(writing, f"! {error}".encode())
            os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        if not answer.isdigit():
            self.end()
            raise Missing(answer)
        self.first = int(answer)

    def begin(self, place, prepare, writing):
        LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)
        self.groups.enter()
        call(LIBC.unshare(sum(NAMESPACES.values())))
        ready, told = os.pipe()
        first = os.fork()
        if first == 0:
            os.close(ready)
            try:
                LIBC.prctl(1, signal.SIGKILL, 0, 0, 0)
                self.furnish(place, prepare)
                os.set_inheritable(told, False)
                os.set_inheritable(writing, False)
                words = ["systemd", "--system", "--log-target=null", "--show-status=no", "--unit=multi-user.target"]
                os.execve(SYSTEMD, words, {"container": "tests", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
            except OSError as error:
                os.write(told, str(error).encode())
            os._exit(1)
        os.close(told)
        with os.fdopen(ready) as pipe:
            failure = pipe.read()
        os.write(writing, f"! {failure}".encode() if failure else str(first).encode())
        os.close(writing)
        os.waitpid(first, 0)

    def furnish(self, place, prepare):
        mount("none", "/", "none", 1 << 14 | 1 << 18)
        mount("proc", "/proc", "proc")
        targets = {f"{name}.target": pathlib.Path(f"/lib/systemd/system/{name}.target").read_text() for name in KEPT}
        seclude(place)
        for path in ("/usr/lib/systemd/system", "/usr/lib/systemd/system-generators", "/etc/init.d", "/etc/systemd/system"):
            if os.path.isdir(path):
                mount("tmpfs", path, "tmpfs", 0, "mode=0755")
        for name, text in targets.items():
            pathlib.Path("/usr/lib/systemd/system", name).write_text(text)
        self.groups.show()
        prepare()

    def carry_out(self, body):
        """What `body` returns, a small number, in a child inside."""
        child = os.fork()
        if child == 0:
            failed = 1
            try:
                failed = self.enter(body)
            finally:
                os._exit(failed)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def enter(self, body):
        opened = [(os.open(f"/proc/{self.first}/ns/{name}", os.O_RDONLY), kind) for name, kind in NAMESPACES.items()]
        for descriptor, kind in opened:
            call(LIBC.setns(descriptor, kind))
            os.close(descriptor)
        inner = os.fork()
        if inner == 0:
            failed = 1
            os.setsid()
            os.chdir("/")
            try:
                wait_until(lambda: systemctl("is-system-running").stdout.strip() in ("running", "degraded"), "systemd is up")
                failed = body()
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(min(failed, 100))
        return abs(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))

    def end(self):
        if hasattr(self, "first"):
            os.kill(self.first, signal.SIGKILL)
        os.waitpid(self.outer, 0)
        deadline = time.monotonic() + 30
        while any((root / self.groups.name).exists() for root in self.groups.roots) and time.monotonic() < deadline:
            self.groups.remove()


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True)


def main_process(unit):
    return int(systemctl("show", "--property=MainPID", "--value", unit).stdout or 0)


class Service:
    """A unit's process, as far as the tests use one."""

    def __init__(self, unit):
        self.unit, self.pid = unit, main_process(unit)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self):
        systemctl("stop", self.unit)

    def wait(self):
        wait_until(lambda: not is_alive(self.pid), f"{self.unit} has ended")


class BootedUnits(Units):
    """Keeper and helper of one person, started by systemd, by whatever their units say."""

    are_services = True

    def listen(self):
        """The installation did it."""

    def start_keeper(self):
        unit = f"tacit-keeper-{self.person.pw_uid}.service"
        systemctl("reset-failed", unit)
        started = systemctl("start", unit)
        assert started.returncode == 0, started.stderr
        wait_until(lambda: os.path.exists(self.socket), "the keeper listens")
        return Service(unit)

    def stop(self):
        systemctl("stop", *(f"tacit-{name}" for name in (f"keeper-{self.person.pw_uid}.service", f"starter-{self.person.pw_uid}.socket")))


class BootedHouse(OwnHouse):
    units_of = BootedUnits
