"""The keeper and its helpers seen by another process of the same user, and by another user."""

import ctypes
import os
import pathlib
import resource
import signal
import subprocess

from attack import Skipped, attack, check, clean, expect
from house import PASSWORD, TACIT, AtTerminal, canary, is_alive, wait_until

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
    # One that waits for the next run may just have been started: it has nothing yet, and closes itself first of all.
    for process in helpers["__runner"]:
        wait_until(lambda process=process: is_program(process, "tacit-runner"), "a runner has closed itself")
    return {"keeper": house.keeper, "spawner": helpers["__spawner"][0], **{f"runner{i}": process for i, process in enumerate(helpers["__runner"])}}


def opens(path):
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16) or b"-"
    except OSError:
        return None


def is_program(process, name):
    """Whether a process executes the program of that name by now."""
    return (opens(f"/proc/{process}/comm") or b"").strip() == name.encode()


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


def closed(name, process):
    """Fails when a program of the same user can look into a process."""
    for part in ("environ", "mem", "maps", "smaps", "auxv", "stack", "syscall", "io", "pagemap"):
        expect(opens(f"/proc/{process}/{part}") is None, f"/proc/{name}/{part} can be read")
    for part in ("fd", "map_files", "ns"):
        try:
            found = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{process}/{part}")]
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


@check("process", "the tools of the attacks below work on a process that does not protect itself")
def control(context):
    if os.geteuid() == 0:
        raise Skipped("root may read everything")
    victim = subprocess.Popen(["sleep", "1000"])
    wait_until(lambda: is_program(victim.pid, "sleep"), "it sleeps")
    try:
        expect(opens(f"/proc/{victim.pid}/environ") and opens(f"/proc/{victim.pid}/maps"), "files of /proc")
        address = int(opens(f"/proc/{victim.pid}/maps").split(b"-")[0], 16)
        expect(reads_memory(victim.pid, address) and takes_descriptor(victim.pid) and attach(victim.pid), "ptrace")
    finally:
        victim.kill()
        victim.wait()


@attack("process", "process.helpers", "stopped", "memory, environment, maps and descriptors of keeper, spawner and runner are closed to the person's other programs", left="own text")
def same_user(context):
    if os.geteuid() == 0:
        raise Skipped("root may read everything")
    house = context.house(furnish)
    for name, process in everybody(house).items():
        closed(name, process)


@attack("process", "process.core", "stopped", "keeper, spawner and runner write no core when they are made to crash, and their limits say so")
def no_core(context):
    house = context.fresh().init()
    furnish(house)
    for name, process in sorted(everybody(house).items(), reverse=True):
        limits = opens(f"/proc/{process}/limits")
        if limits is not None:
            line = next(line for line in limits.decode().splitlines() if line.startswith("Max core file size"))
            expect(line.split()[4:6] == ["0", "0"], f"{name}: {line}")
        if house.is_apart and name.startswith("runner"):
            # The first of a process namespace is ended by nothing that is sent to it but SIGKILL.
            continue
        house.strike(process, signal.SIGSEGV)
        wait_until(lambda: not is_alive(process), f"{name} has ended")
    left = [str(path) for path in house.root.rglob("*core*")] + [str(path) for path in pathlib.Path("/").glob("core*")] + [str(path) for path in pathlib.Path("/tmp").glob("core*")]
    expect(not left, f"core files: {left}")


@attack("process", "process.backtrace", "stopped", "a crashing keeper prints no registers and no memory")
def no_backtrace(context):
    house = context.fresh().init()
    house.kill_keeper()
    process = house.start()
    house.strike(process.pid, signal.SIGILL)
    process.wait(20)
    text = process.stderr.read()
    expect(len(text) < 300 and b"Thread" not in text and b"0x" not in text, f"it printed {text[:500]!r}")


@attack("trap 20", "process.clients", "stopped", "`tacit` while a password is typed into it, while it stands for a run, and `tacit mcp`, cannot be traced or read by programs of the same user")
def clients(context):
    if os.geteuid() == 0:
        raise Skipped("root may read everything")
    house = context.house(furnish)
    typing = AtTerminal(house, [TACIT, "get", "api/key"]).until(b"Password").type(PASSWORD[:10])
    run = house.popen([TACIT, "run", "-k", "api/key", "--password-fd", "{password}", "--", "sh", "-c", "echo begun; exec sleep 1000"], password=PASSWORD)
    expect(run.stdout.readline() == b"begun\n", "the run")
    mcp = house.popen([TACIT, "mcp"], stdin=subprocess.PIPE)
    mcp.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
    mcp.stdin.flush()
    mcp.stdout.readline()
    try:
        for name, process in {"tacit get": typing.process, "tacit run": run.pid, "tacit mcp": mcp.pid}.items():
            closed(name, process)
    finally:
        typing.end()
        for process in (run, mcp):
            process.kill()
            process.wait()


@attack("trap 20", "process.client-core", "stopped", "`tacit` that crashes while a password is typed leaves no core, although its limits would allow one")
def no_core_of_clients(context):
    def unlimited():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)

    house = context.house(furnish)
    plain = AtTerminal(house, ["/bin/sh", "-c", "echo here; exec sleep 1000"], prepare=unlimited).until(b"here")
    wait_until(lambda: is_program(plain.process, "sleep"), "it sleeps")
    if not os.WCOREDUMP(plain.end(signal.SIGSEGV)):
        raise Skipped("no program leaves a core file on this machine")
    typing = AtTerminal(house, [TACIT, "get", "api/key"], prepare=unlimited).until(b"Password").type(PASSWORD[:10])
    status = typing.end(signal.SIGSEGV)
    expect(os.WTERMSIG(status) == signal.SIGSEGV and not os.WCOREDUMP(status), f"it left a core: {status:x}")


@attack("process", "process.run", "possible", "a program of the person's reads the environment of what a run executes, with the value, and traces it", why="same user", left="own text")
def children_are_ordinary(context):
    house = context.house(furnish)
    limits = lambda process: next(line for line in opens(f"/proc/{process}/limits").splitlines() if line.startswith(b"Max core"))
    masked = house.popen([TACIT, "run", "-k", "api/key", "--password-fd", "{password}", "--", "sh", "-c", "echo $$; exec sleep 1000"], password=PASSWORD)
    unmasked = house.popen([TACIT, "run", "--no-mask", "-k", "api/key", "--password-fd", "{password}", "--", "sh", "-c", "echo $$; exec sleep 1000"], password=PASSWORD)
    try:
        for name, process in {"a run's child": int(masked.stdout.readline()), "an unmasked command": int(unmasked.stdout.readline())}.items():
            wait_until(lambda: is_program(process, "sleep"), "it sleeps")
            expect(VALUE.encode() in (opens(f"/proc/{process}/environ") or b""), f"the environment of {name} cannot be read")
            expect(attach(process), f"{name} cannot be traced")
        expect(limits(unmasked.pid) == limits("self"), f"{limits(unmasked.pid)} instead of {limits('self')}")
    finally:
        for process in (masked, unmasked):
            process.kill()
            process.wait()


@check("process", "being closed to others, `tacit` still reads what the caller names under /dev/fd, and the log says which program asked")
def own_descriptors(context):
    house = context.house(furnish)
    value = canary()
    reading, writing = os.pipe()
    os.write(writing, value.encode())
    os.close(writing)
    done = house.tacit("set", "from/descriptor", "--file", f"/dev/fd/{reading}", password=PASSWORD, pass_fds=(reading,))
    os.close(reading)
    expect(done.returncode == 0, f"--file /dev/fd/N: {done.err}")
    done = house.tacit("import", "/dev/stdin", password=PASSWORD, input=f"FROM_STDIN={value}\n".encode())
    expect(done.returncode == 0, f"import /dev/stdin: {done.err}")
    with house.person() as person:
        for name in ("from/descriptor", "FROM_STDIN"):
            expect(person.reveal(name).body == value.encode(), name)
        entries = [item for item in person.request("GET", "/v1/audit?limit=1000").json["items"] if item["action"] == "secret.set"]
    expect(entries and any(item["details"]["process"].split(" ", 1)[1] in (TACIT, "[tacit]") for item in entries), f"{entries[-1:]}")


@attack("process", "process.runner", "stopped", "a runner whose program runs is under a filter of calls and gains no privileges; the person's program beside it is as it was")
def runner_confined(context):
    house = context.house(furnish)
    with house.person() as person:
        person.run(["sleep", "1000"], ["api/key"]).until_started()

        def facts(process):
            lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
            return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

        process = wait_until(lambda: [process for process in house.programs() if is_program(process, "sleep")], "the program runs")[0]
        program = facts(process)
        runner = facts(program["PPid"])
        expect((runner["Seccomp"], runner["NoNewPrivs"]) == ("2", "1"), f"the runner is not confined: {runner}")
        # Root's helper has given up the gain of privileges for all that is below it.
        gains_none = "1" if house.is_apart else facts(os.getpid())["NoNewPrivs"]
        expect((program["Seccomp"], program["NoNewPrivs"]) == (facts(os.getpid())["Seccomp"], gains_none), f"the program inherited it: {program}")
