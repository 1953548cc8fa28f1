"""A machine of its own for the tests of a keeper that is a user of its own: users, units and directories that only these processes see.

Nothing of it is there outside: /etc and /var/lib lie under overlays in memory, /run and /var/lib/tacit are empty. systemd does not run here. What its units say is
read out of them, and done: users, groups, capabilities, no new privileges, limits, directories and the helper's socket. The rest of what they say (Protect…,
Private…, Restrict…, MemoryDenyWriteExecute, SystemCallFilter) is systemd's to do: see booted.py.
"""

import configparser
import ctypes
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import threading

from attack import expect
from house import House, wait_until

TACIT = os.environ["TACIT"]
UNITS = pathlib.Path("/etc/systemd/system")
PEOPLE = {"person": 61001, "neighbour": 61002}
LIBC = ctypes.CDLL(None, use_errno=True)


def call(result):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def mount(source, target, kind, flags=0, options=""):
    call(LIBC.mount(source.encode(), str(target).encode(), kind.encode(), flags, options.encode()))


def unshare_mounts(homes):
    """Gives this process a mount namespace of its own, as the root that it is or as one of its own making, and a directory for homes in it."""
    homes.mkdir(mode=0o711)
    is_own = LIBC.unshare(0x20000) != 0
    if is_own:
        become_own_root()
    mount("none", "/", "none", 1 << 14 | 1 << 18)
    if is_own:
        # Of file systems that others mounted it may show nothing otherwise.
        mount("tmpfs", homes, "tmpfs", 0, "mode=0711")


def become_own_root():
    """Becomes the root of a user namespace with the users that there are. Many a container's root may do no more."""
    gate, gate_end = os.pipe()
    process, child = os.getpid(), os.fork()
    if child == 0:
        failed = 1
        try:
            os.close(gate_end)
            os.read(gate, 1)
            for name in ("uid_map", "gid_map"):
                ranges = [line.split() for line in pathlib.Path("/proc/self", name).read_text().splitlines()]
                pathlib.Path(f"/proc/{process}", name).write_text("".join(f"{first} {first} {count}\n" for first, _, count in ranges))
            failed = 0
        finally:
            os._exit(failed)
    try:
        call(LIBC.unshare(0x10000000 | 0x20000))
    finally:
        os.close(gate)
        os.close(gate_end)
        failed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if failed:
        raise PermissionError("root may make no users of its own")


def seclude(place, run_users=62000):
    """Makes /etc, /run and /var/lib this mount namespace's own, and makes the people there. The users of runs get numbers from `run_users` on."""
    mount("tmpfs", place, "tmpfs", 0, "mode=0755")
    for path in ("/etc", "/var/lib"):
        upper, work = (place / f"{kind}-{pathlib.Path(path).name}" for kind in ("upper", "work"))
        upper.mkdir()
        work.mkdir()
        mount("overlay", path, "overlay", 0, f"lowerdir={path},upperdir={upper},workdir={work},userxattr")
    for lock in pathlib.Path("/etc").glob("*.lock"):
        # Outside somebody is just about to make a user. Here nobody is.
        lock.unlink()
    mount("tmpfs", "/run", "tmpfs", 0, "mode=0755")
    pathlib.Path("/var/lib/tacit").mkdir(exist_ok=True)
    mount("tmpfs", "/var/lib/tacit", "tmpfs", 0, "mode=0755")
    UNITS.mkdir(parents=True, exist_ok=True)
    # Numbers that nobody else's processes have: other suites end what belongs to their users.
    settings = pathlib.Path("/etc/login.defs")
    kept = [line for line in settings.read_text().splitlines() if not line.startswith(("SYS_UID", "SYS_GID"))]
    numbers = [f"SYS_{kind}_{end} {run_users + 999 * (end == 'MAX')}" for kind in ("UID", "GID") for end in ("MIN", "MAX")]
    settings.write_text("\n".join(kept + numbers) + "\n")
    for name, number in PEOPLE.items():
        done = subprocess.run(["useradd", "-u", str(number), "-U", "-M", "-d", f"/home/{name}", "-s", "/bin/sh", name], capture_output=True)
        expect(done.returncode == 0, done.stderr)


def read(name):
    """A unit as sections of options; an option that stands twice is not expected."""
    parser = configparser.RawConfigParser(comment_prefixes=("#",), delimiters=("=",), strict=True)
    parser.optionxform = str
    parser.read_string((UNITS / name).read_text())
    return parser


class Units:
    """Keeper and helper of one person, started as their units say."""

    are_services = False

    def __init__(self, person):
        self.person = person
        self.keeper_unit = read(f"tacit-keeper-{person.pw_uid}.service")["Service"]
        self.starter_unit = read(f"tacit-starter-{person.pw_uid}@.service")["Service"]
        self.socket_unit = read(f"tacit-starter-{person.pw_uid}.socket")["Socket"]
        self.processes = []

    @property
    def keeper_user(self):
        return pwd.getpwnam(self.keeper_unit["User"])

    @property
    def run_user(self):
        return pwd.getpwnam(f"tacit-run-{self.person.pw_uid}")

    @property
    def socket(self):
        return f"/run/tacit/{self.person.pw_uid}/keeper.sock"

    @property
    def starter_socket(self):
        return self.socket_unit["ListenSequentialPacket"]

    def directory(self, path, mode):
        path = pathlib.Path(path)
        path.parent.mkdir(exist_ok=True, mode=0o755)
        os.chmod(path.parent, 0o755)
        path.mkdir(exist_ok=True)
        os.chown(path, self.keeper_user.pw_uid, self.keeper_user.pw_gid)
        os.chmod(path, int(mode, 8))

    def confined(self, unit, words, capabilities):
        """The words of a program that has what a unit says."""
        bounds = ",".join(["-all"] + [f"+{name.removeprefix('CAP_').lower()}" for name in capabilities.split()])
        expect(unit["NoNewPrivileges"] == "yes" and unit["LimitCORE"] == "0", "a unit lets more privileges in")
        return ["setpriv", "--no-new-privs", "--inh-caps=-all", f"--bounding-set={bounds}", "prlimit", "--core=0", *words]

    def listen(self):
        """The helper's socket: whoever connects has a helper started."""
        expect(self.socket_unit["Accept"] == "yes", "the helper is one for all")
        path = pathlib.Path(self.starter_socket)
        path.parent.mkdir(exist_ok=True, mode=0o755)
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(path))
        os.chown(path, pwd.getpwnam(self.socket_unit["SocketUser"]).pw_uid, self.keeper_user.pw_gid)
        os.chmod(path, int(self.socket_unit["SocketMode"], 8))
        listener.listen(16)
        threading.Thread(target=self.activate, args=(listener,), daemon=True).start()

    def activate(self, listener):
        while True:
            connection, _ = listener.accept()
            process = self.start_starter(connection)
            connection.close()
            threading.Thread(target=process.wait, daemon=True).start()

    def start_starter(self, connection):
        words = self.confined(self.starter_unit, self.starter_unit["ExecStart"].split(), self.starter_unit["CapabilityBoundingSet"])

        def prepare():
            os.setsid()
            os.dup2(connection.fileno(), 3)
            os.umask(int(self.starter_unit["UMask"], 8))

        shell = ["sh", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"', "sh", *words]
        return subprocess.Popen(shell, preexec_fn=prepare, pass_fds=(3,), env=self.variables(self.starter_unit), cwd="/", stdin=subprocess.DEVNULL)

    def variables(self, unit):
        name, value = unit["Environment"].split("=", 1)
        return {name: value, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}

    def start_keeper(self):
        unit, user = self.keeper_unit, self.keeper_user
        self.directory(f"/var/lib/{unit['StateDirectory']}", unit["StateDirectoryMode"])
        self.directory(f"/run/{unit['RuntimeDirectory']}", unit["RuntimeDirectoryMode"])
        identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", f"--groups={unit['SupplementaryGroups']}"]
        words = self.confined(unit, unit["ExecStart"].split(), unit["CapabilityBoundingSet"])
        words[1:1] = identity
        process = subprocess.Popen(
            words, env=self.variables(unit), cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
            umask=int(unit["UMask"], 8))
        self.processes.append(process)
        wait_until(lambda: process.poll() is not None or os.path.exists(self.socket), "the keeper listens")
        expect(process.poll() is None, "the keeper ended")
        return process

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        wait_until(lambda: not self.helpers(), "the helpers have ended with their runs")

    def helpers(self):
        """Root's helpers of this person's, each of one run."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                words = pathlib.Path("/proc", entry, "cmdline").read_bytes().split(b"\0") if entry.isdigit() else []
            except OSError:
                continue
            if words[1:3] == [b"__starter", str(self.person.pw_uid).encode()]:
                found.append(int(entry))
        return found


class OwnHouse(House):
    """The home of a person whose keeper is a user of its own."""

    units_of = Units

    def __init__(self, person, base):
        super().__init__(person, base=base)
        self.units = self.units_of(person)
        self.environment["HOME"] = str(self.root / "home")

    def begin(self):
        """Helper's socket, keeper, and a vault that is unlocked; the keeper's process."""
        self.units.listen()
        process = self.units.start_keeper()
        self.init()
        self.unlock()
        return process

    @property
    def socket(self):
        return self.units.socket

    @property
    def kept(self):
        return [f"/var/lib/tacit/{self.owner.pw_uid}", pathlib.Path(self.socket).parent]

    def close(self):
        self.keepers.clear()
        self.units.stop()
        super().close()


def installed(person, *words):
    """Installs a person's keeper with the program's own command."""
    done = subprocess.run([TACIT, "keeper", "install", "--system-user", "--for", person.pw_name, *words], capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr)
    return done.stdout
