"""The people of the tests, a run that goes on, and everything that a process can look into."""

import contextlib
import ctypes
import os
import pathlib
import pwd

from attack import expect
from house import canary, is_alive, wait_until
from machine import LIBC, OwnHouse, installed
from somebody import as_user

VALUE = canary()
# A program that has a value and stays.
HOLDING = ["sh", "-c", "echo started; exec sleep 1000"]


class Scene:
    """Two people with keepers that are users of their own, the first's unlocked, with one secret."""

    def __init__(self, base, house=OwnHouse):
        self.base, self.house_of = base, house

    def __enter__(self):
        self.person, self.neighbour = pwd.getpwnam("person"), pwd.getpwnam("neighbour")
        installed(self.person)
        self.house = self.house_of(self.person, self.base)
        self.units = self.house.units
        self.keeper = self.house.begin()
        with self.house.person() as connection:
            furnish(self.house, connection)
        return self

    def __exit__(self, *_):
        self.house.close()

    def run(self, *words, **options):
        return self.house.tacit("run", "-k", "api/key", "--", *words, password=self.house.password, **options)


def furnish(house, connection):
    expect(connection.set("api/key", VALUE.encode()).status == 201, "set")
    furnish_policy(connection)
    house.badges = {name: connection.json("POST", "/v1/agents", {"name": name}).json["badge"] for name in ("free", "confined", "lodger")}


def agent_run(scene, who, argv, **wish):
    wish.setdefault("cwd", str(scene.house.root / "work"))
    with scene.house.connect(headers={"Tacit-Agent-Badge": scene.house.badges[who], "Tacit-Source": "mcp"}) as agent:
        return agent.run(argv, ["api/key"], **wish).wait()


def users(process):
    """The users of a process: real, effective, saved, and for files."""
    line = next(line for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("Uid:"))
    return {int(number) for number in line.split()[1:]}


def parent(process):
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid:"))


def processes_of(user):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if users(entry) == {user.pw_uid}:
                    found.append(int(entry))
            except OSError:
                pass
    return found


def named(processes, name):
    found = []
    for process in processes:
        # One may have ended meanwhile.
        with contextlib.suppress(OSError):
            if pathlib.Path(f"/proc/{process}/comm").read_text().strip() == name:
                found.append(process)
    return found


class Held:
    """A run that goes on until it is let go: its runner and its program, as this namespace numbers them."""

    def __init__(self, scene):
        self.scene = scene

    def __enter__(self):
        self.connection = self.scene.house.person()
        environment = {"PATH": "/usr/bin:/bin"}
        self.run = self.connection.run(HOLDING, ["api/key"], cwd=str(self.scene.house.root / "work"), environment=environment).until_started()
        user = self.scene.units.run_user
        self.program = wait_until(lambda: named(processes_of(user), "sleep"), "the program runs")[0]
        self.runner = wait_until(lambda: named(processes_of(user), "tacit-runner"), "the runner runs")[0]
        self.helper = parent(self.runner)
        return self

    def __exit__(self, *_):
        self.connection.close()
        wait_until(lambda: not is_alive(self.program) and not is_alive(self.runner), "the run has ended with its connection")


def looks(process):
    """Everything of a process that the caller can look into or take, by name."""
    found = []

    def attempt(what, act):
        try:
            if act():
                found.append(what)
        except OSError:
            pass

    def reads(part):
        with open(f"/proc/{process}/{part}", "rb") as file:
            if part != "mem":
                return file.read(64) != b""
            file.seek(int(open(f"/proc/{process}/maps").read().split("-")[0], 16))
            return len(file.read(16)) == 16

    for part in ("environ", "mem", "maps", "smaps", "auxv", "syscall", "io", "pagemap"):
        attempt(part, lambda part=part: reads(part))
    for part in ("fd", "map_files"):
        attempt(part, lambda part=part: os.listdir(f"/proc/{process}/{part}") is not None)
    for part in ("exe", "cwd", "root"):
        attempt(part, lambda part=part: os.readlink(f"/proc/{process}/{part}"))
    for part in ("mnt", "pid", "net", "ipc", "uts", "user", "cgroup"):
        attempt(f"ns/{part}", lambda part=part: os.readlink(f"/proc/{process}/ns/{part}"))
    attempt("nsenter", lambda: LIBC.setns(os.pidfd_open(process), 0x10000000 | 0x20000) == 0)
    attempt("pidfd_getfd", lambda: LIBC.syscall(438, os.pidfd_open(process), 0, 0) >= 0)
    attempt("process_vm_readv", lambda: reads_memory(process))
    attempt("ptrace", lambda: LIBC.ptrace(0x4206, process, 0, 0) == 0)
    attempt("signal", lambda: os.kill(process, 0) is None)
    return found


class IOVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def reads_memory(process):
    address = int(open(f"/proc/{process}/maps").read().split("-")[0], 16)
    buffer = ctypes.create_string_buffer(16)
    local, remote = IOVec(ctypes.addressof(buffer), 16), IOVec(address, 16)
    return LIBC.process_vm_readv(process, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) == 16


def furnish_policy(person):
    common = {"allowed_keys": ["**"], "capabilities": ["env_inject"]}
    policies = [{"name": name, "agent_id": name, **common, **more} for name, more in (("free", {"unsandboxed": "allow"}), ("confined", {}))]
    lodger = {"name": "lodger", "agent_id": "lodger", "allowed_keys": ["**"], "capabilities": ["broker"]}
    rule = {"name": "listed", "agent_id": "lodger", "keys": ["**"], "hosts": ["api.example.com"], "paths": ["/listed"]}
    expect(person.apply_policy(*policies, lodger, request_rules=[rule]).status == 200, "policy")


EVERYTHING = [
    "environ", "mem", "maps", "smaps", "auxv", "syscall", "io", "pagemap", "fd", "map_files", "exe", "cwd", "root", "ns/mnt", "ns/pid", "ns/net",
    "ns/ipc", "ns/uts", "ns/user", "ns/cgroup", "nsenter", "pidfd_getfd", "process_vm_readv", "ptrace", "signal",
]
