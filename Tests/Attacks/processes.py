"""The keeper and its helpers seen by another process of the same user, and by another user."""

import ctypes
import os
import pathlib
import signal
import subprocess
import time

from attack import Skipped, attack, clean, expect
from house import PASSWORD, canary, is_alive, wait_until

VALUE = canary()
LIBC = ctypes.CDLL(None, use_errno=True)


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


def everybody(house):
    """Keeper, spawner and the runner of a run that goes on."""
    person = house.person()
    person.run(["sleep", "1000"], ["api/key"]).until_started()
    house.held = person
    helpers = house.helpers()
    return {"keeper": house.keeper, "spawner": helpers["__spawner"][0], **{f"runner{i}": process for i, process in enumerate(helpers["__runner"])}}


def opens(path):
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16) or b"-"
    except OSError:
        return None


def attach(process):
    """Whether ptrace is allowed."""
    allowed = LIBC.ptrace(16, process, 0, 0) == 0
    if allowed:
        os.waitpid(process, 0x40000000)
        LIBC.ptrace(17, process, 0, 0)
    return allowed


class IOVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def reads_memory(process, address):
    buffer = ctypes.create_string_buffer(16)
    local, remote = IOVec(ctypes.addressof(buffer), 16), IOVec(address, 16)
    return LIBC.process_vm_readv(process, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0


def takes_descriptor(process):
    descriptor = os.pidfd_open(process)
    taken = LIBC.syscall(438, descriptor, 0, 0)
    os.close(descriptor)
    return taken >= 0


@attack("process", "the tools of the attacks below work on a process that does not protect itself")
def control(context):
    if os.geteuid() == 0:
        raise Skipped("root may read everything")
    victim = subprocess.Popen(["sleep", "1000"])
    time.sleep(0.2)
    try:
        expect(opens(f"/proc/{victim.pid}/environ") and opens(f"/proc/{victim.pid}/maps"), "files of /proc")
        address = int(opens(f"/proc/{victim.pid}/maps").split(b"-")[0], 16)
        expect(reads_memory(victim.pid, address) and takes_descriptor(victim.pid) and attach(victim.pid), "ptrace")
    finally:
        victim.kill()
        victim.wait()


@attack("process", "memory, environment, maps and descriptors of keeper, spawner and runner are closed to programs of the same user")
def same_user(context):
    if os.geteuid() == 0:
        raise Skipped("root may read everything")
    house = context.house(furnish)
    for name, process in everybody(house).items():
        for part in ("environ", "mem", "maps", "smaps", "auxv", "stack", "syscall", "io", "pagemap"):
            expect(opens(f"/proc/{process}/{part}") is None, f"/proc/{name}/{part} can be read")
        for part in ("fd", "map_files", "ns", "task"):
            try:
                found = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{process}/{part}") if part != "task"]
            except OSError:
                found = []
            expect(not found, f"/proc/{name}/{part} can be read: {found[:3]}")
        for part in ("cwd", "root", "exe"):
            try:
                expect(not os.readlink(f"/proc/{process}/{part}"), f"/proc/{name}/{part} can be read")
            except OSError:
                pass
        expect(not attach(process), f"{name} can be traced")
        expect(not reads_memory(process, 0x400000) and not takes_descriptor(process), f"memory or descriptors of {name} can be taken")
        clean(opens(f"/proc/{process}/cmdline"), VALUE, PASSWORD)


@attack("process", "keeper, spawner and runner write no core when they are made to crash, and their limits say so")
def no_core(context):
    house = context.fresh().init()
    furnish(house)
    for name, process in sorted(everybody(house).items(), reverse=True):
        limits = opens(f"/proc/{process}/limits")
        if limits is not None:
            line = next(line for line in limits.decode().splitlines() if line.startswith("Max core file size"))
            expect(line.split()[4:6] == ["0", "0"], f"{name}: {line}")
        os.kill(process, signal.SIGSEGV)
        wait_until(lambda: not is_alive(process), f"{name} has ended", 20)
    left = [str(path) for path in house.root.rglob("*core*")] + [str(path) for path in pathlib.Path("/").glob("core*")] + [str(path) for path in pathlib.Path("/tmp").glob("core*")]
    expect(not left, f"core files: {left}")


@attack("process", "a crashing keeper prints no registers and no memory")
def no_backtrace(context):
    house = context.fresh().init()
    house.kill_keeper()
    process = house.start()
    os.kill(process.pid, signal.SIGILL)
    process.wait(20)
    text = process.stderr.read()
    expect(len(text) < 300 and b"Thread" not in text and b"0x" not in text, f"it printed {text[:500]!r}")


@attack("process", "`tacit` that waits for a password, and `tacit mcp`, cannot be traced or read by programs of the same user")
def clients(context):
    import pty

    if os.geteuid() == 0:
        raise Skipped("root may read everything")
    house = context.house(furnish)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(house.root / "work")
        os.execve(os.environ["TACIT"], ["tacit", "get", "api/key"], house.environment)
    os.read(terminal, 100)
    os.write(terminal, PASSWORD.encode()[:10])
    time.sleep(0.3)
    mcp = house.popen([os.environ["TACIT"], "mcp"], stdin=subprocess.PIPE)
    time.sleep(0.5)
    try:
        # What a person types is in the command's memory for a moment: a same-user program could read it there as it could read the terminal.
        for name, process in {"get": child}.items():
            expect(not attach(process) and opens(f"/proc/{process}/mem") is None, f"`tacit {name}` can be traced while a password is typed")
        clean(opens(f"/proc/{mcp.pid}/environ") or b"", VALUE, PASSWORD)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)
        mcp.kill()
        mcp.wait()
