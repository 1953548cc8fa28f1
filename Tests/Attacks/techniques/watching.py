"""While a program runs with the value, the agent looks at it from outside."""

import ctypes
import os
import pathlib
import resource
import select
import signal
import subprocess

from api import Connection

from .technique import Technique

G = "watch"


def watched(name, what, look, needs=(), of="program", own=False, as_file=False):
    """`look` gets the process id of the program, or of one of the secrets manager's own; it is called as the agent's user."""

    def act(place):
        with place.begin(as_file) as processes:
            found = b""
            for process in processes.get(of, []):
                found += place.as_agent(lambda process=process: look(process))
            return found

    Technique(G, name, what, act, needs, own)


def quietly(body):
    try:
        return body() or b""
    except (OSError, ValueError, subprocess.SubprocessError):
        return b""


def environment(process):
    return quietly(lambda: pathlib.Path(f"/proc/{process}/environ").read_bytes())


def regions(process):
    """The writable parts of a process's memory, as /proc says."""
    for line in pathlib.Path(f"/proc/{process}/maps").read_text().splitlines():
        span, mode = line.split()[:2]
        start, end = (int(number, 16) for number in span.split("-"))
        if mode.startswith("rw") and end - start <= 1 << 26:
            yield start, end


def memory(process):
    def read():
        found = b""
        with open(f"/proc/{process}/mem", "rb", 0) as file:
            for start, end in regions(process):
                file.seek(start)
                found += quietly(lambda: file.read(end - start))
        return found

    return quietly(read)


def vector(process):
    """process_vm_readv over the stack, where the environment lies."""

    class Vec(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    def read():
        found, libc = b"", ctypes.CDLL(None, use_errno=True)
        for start, end in regions(process):
            buffer = ctypes.create_string_buffer(end - start)
            local, remote = Vec(ctypes.addressof(buffer), end - start), Vec(start, end - start)
            if libc.process_vm_readv(process, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0:
                found += buffer.raw
        return found

    return quietly(read)


def traced(process):
    """Attaches, and reads while it is stopped."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, process, 0, 0) != 0:
        return b""
    os.waitpid(process, 0x40000000)
    try:
        return memory(process)
    finally:
        libc.ptrace(17, process, 0, 0)


def tool(*words):
    def look(process):
        argv = [word.replace("PID", str(process)) for word in words]
        return quietly(lambda: subprocess.run(argv, capture_output=True, timeout=60, stdin=subprocess.DEVNULL).stdout)

    return look


def descriptors(process):
    """All that its descriptors lead to: files in memory, pipes, deleted files."""

    def read():
        found = b""
        for number in os.listdir(f"/proc/{process}/fd"):
            def one(number=number):
                descriptor = os.open(f"/proc/{process}/fd/{number}", os.O_RDONLY | os.O_NONBLOCK)
                try:
                    return os.read(descriptor, 65536)
                finally:
                    os.close(descriptor)

            found += quietly(one)
        return found

    return quietly(read)


def through_root(process):
    return quietly(lambda: b"".join(path.read_bytes() for path in pathlib.Path(f"/proc/{process}/root/proc").glob("[0-9]*/environ") if os.access(path, os.R_OK)))


def grabbed(process):
    """pidfd_getfd of the first descriptors."""
    libc, found = ctypes.CDLL(None, use_errno=True), b""
    pidfd = libc.syscall(434, process, 0)
    for number in range(3, 12):
        descriptor = libc.syscall(438, pidfd, number, 0)
        if descriptor >= 0:
            found += quietly(lambda: os.pread(descriptor, 65536, 0))
            os.close(descriptor)
    if pidfd >= 0:
        os.close(pidfd)
    return found


def namespaces(process):
    return tool("nsenter", "-t", "PID", "-U", "-m", "-p", "--preserve-credentials", "cat", "/proc/1/environ", "/proc/2/environ", "/proc/3/environ")(process)


def dumped(process):
    """Lets the program leave a core file, ends it so, and reads that."""

    def read():
        place, ending = os.open(f"/proc/{process}/cwd", os.O_DIRECTORY), os.pidfd_open(process)
        resource.prlimit(process, resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
        os.kill(process, signal.SIGABRT)
        select.select([ending], [], [], 30)
        return b"".join(pathlib.Path(f"/proc/self/fd/{place}/{name}").read_bytes() for name in os.listdir(place) if name.startswith("core"))

    return quietly(read)


def beside(name, what, look, own=False):
    """`look` gets the place, while a program runs there with the value; it is called as the agent's user."""

    def act(place):
        with place.begin():
            return place.as_agent(lambda: quietly(lambda: look(place)))

    Technique(G, name, what, act, own=own)


def kept(place):
    """The files of vault, state and runtime directory."""
    found = b""
    for directory in place.house.kept:
        for path in pathlib.Path(directory).rglob("*"):
            found += quietly(path.read_bytes) if path.is_file() else b""
    return found


def asked(place):
    """The keeper's answers to one who is nobody there."""
    with Connection(place.house.socket) as keeper:
        return b"".join(answer.body for answer in (keeper.reveal("api/key"), keeper.request("GET", "/v1/status")))


def session_file(place):
    """A file with values, made for a program that reads its configuration."""
    with place.session_file() as path:
        return place.as_agent(lambda: quietly(lambda: pathlib.Path(path).read_bytes())) if path else b""


Technique(G, "session-file", "a file with the value, made for a program that reads its configuration", session_file)
beside("kept", "the files of the vault and the keeper's directories", kept, own=True)
beside("socket", "the keeper's socket, without a badge or a password", asked, own=True)
watched("core", "a core file, by raising its limit and a signal", dumped)
watched("environ", "/proc/PID/environ of the program", environment)
watched("mem", "/proc/PID/mem of the program", memory)
watched("vm-readv", "process_vm_readv of the program", vector)
watched("ptrace", "ptrace of the program", traced)
watched("fd", "what the program's descriptors lead to, a file in memory among them", descriptors, as_file=True)
watched("root", "/proc/PID/root of the program", through_root)
watched("pidfd", "pidfd_getfd of the file in memory that the program has", grabbed, as_file=True)
watched("nsenter", "`nsenter` into the program's namespaces", namespaces, ("nsenter",))
watched("gdb", "`gdb -p` of the program", tool("gdb", "-p", "PID", "-batch", "-ex", "x/200s *((char **)environ)"), ("gdb",))
watched("ps", "the environment in a list of processes", lambda process: quietly(lambda: b"".join(environment(name) for name in os.listdir("/proc") if name.isdigit())))
watched("cmdline", "the arguments in a list of processes", lambda process: quietly(lambda: b"".join(
    quietly(lambda name=name: pathlib.Path(f"/proc/{name}/cmdline").read_bytes()) for name in os.listdir("/proc") if name.isdigit())), own=True)
for of in ("runner", "keeper", "spawner"):
    watched(f"{of}-environ", f"/proc/PID/environ of the {of}", environment, of=of, own=True)
    watched(f"{of}-mem", f"/proc/PID/mem of the {of}", memory, of=of, own=True)
    watched(f"{of}-vm-readv", f"process_vm_readv of the {of}", vector, of=of, own=True)
    watched(f"{of}-ptrace", f"ptrace of the {of}", traced, of=of, own=True)
    watched(f"{of}-fd", f"what descriptors of the {of} lead to", descriptors, of=of, own=True)
