"""Out of the sandbox: what a program that an agent chose reaches from inside.

Each attack is carried out twice, by a run that the policy lets go without a sandbox and by one that it does not. The first has to succeed, or the failure of
the second would prove nothing.
"""

import contextlib
import json
import os
import pathlib
import resource
import socket
import subprocess
import threading

from attack import attack, check, detail, expect
from confined import freely, furnish, inside, only_free, project, run
from house import wait_until


@check("sandbox", "a run says what confines it; one that is not confined says nothing")
def told(context):
    house = context.house(furnish)
    report = run(house, "confined", ["true"]).report["sandbox"]
    expect(report["namespaces"] == "on" and report["seccomp"] == "on" and report["landlock"].startswith("on"), report)
    expect((report["network"], report["files"]) == ("none", "checked"), report)
    expect(report["cgroup"].startswith(("on, ", "none: ")), report)
    expect("sandbox" not in run(house, "free", ["true"]).report, "an unconfined run claims a sandbox")
    entries = json.loads(house.tacit("audit", "list", "--json", password=house.password).out)
    expect("sandbox" in json.dumps(entries), "the log does not say so")


@check("sandbox", "an agent hears beforehand that it can run a program with a secret, and that it gets no file of it")
def listed(context):
    house = context.house(furnish)
    for who, uses in (("confined", {"env_inject"}), ("free", {"env_inject"})):
        with house.connect(headers={"Tacit-Agent-Badge": house.badges[who], "Tacit-Source": "mcp"}) as agent:
            answer = agent.json("GET", "/v1/projects/default/environments/dev/secrets").json
        [secret] = answer["items"]
        expect(uses <= set(secret["usable_with"]), f"{who}: {secret}")


@attack("sandbox", "sandbox.network", "stopped", "there is no network: IPv4, IPv6, datagrams, a name server; and no other kind of socket")
def network(context):
    house = context.house(furnish)
    listeners = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            listener = socket.socket(family, kind)
            listener.bind((address, 0))
            if kind == socket.SOCK_STREAM:
                listener.listen()
                threading.Thread(target=answer_all, args=(listener,), daemon=True).start()
            else:
                threading.Thread(target=echo_all, args=(listener,), daemon=True).start()
            listeners.append((int(family), int(kind), address, listener.getsockname()[1]))
    text = f"""
def reach(family, kind, address, port):
    with socket.socket(family, kind) as s:
        s.settimeout(5)
        s.connect((address, port))
        s.send(b"x")
        return s.recv(1)
found = {{f"{{f}} {{k}}": attempt(lambda: reach(f, k, a, p)) for f, k, a, p in {listeners!r}}}
found["lookup"] = attempt(lambda: len(open("/etc/resolv.conf").read()) >= 0)
found["netlink"] = attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
found["interfaces"] = len(os.listdir("/sys/class/net")) > 0 if os.path.isdir("/sys/class/net") else False
print(json.dumps(found))"""
    only_free(house, text)


def answer_all(listener):
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            # Read first: what is closed with something unread takes the answer back.
            connection.recv(1)
            connection.sendall(b"y")


def echo_all(listener):
    while True:
        data, sender = listener.recvfrom(16)
        listener.sendto(data, sender)


@attack("sandbox", "sandbox.ports", "stopped", "no TCP port is bound or reached even among its own processes")
def ports(context):
    text = """
def bound():
    with socket.socket() as s: s.bind(("0.0.0.0", 0)); s.listen(); return True
print(json.dumps({"bind": attempt(bound)}))"""
    only_free(context.house(furnish), text)


@attack("trap 23", "sandbox.unix", "stopped", "no Unix socket is reached: abstract, in /tmp, in the runtime directory, in the working directory, nor the keeper's")
def unix_sockets(context):
    house = context.house(furnish)
    paths = [f"/tmp/tacit-attack-{os.getpid()}.sock", str(house.root / "run" / "bus"), str(project(house) / "agent.sock")]
    for address in [*paths, f"\0tacit-attack-{os.getpid()}"]:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen()
        threading.Thread(target=answer_all, args=(listener,), daemon=True).start()
    try:
        text = f"""
def reach(address):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(address)
        return True
print(json.dumps({{a.replace(chr(0), "@"): attempt(lambda: reach(a)) for a in {[*paths, chr(0) + f"tacit-attack-{os.getpid()}", house.socket]!r}}}))"""
        only_free(house, text)
    finally:
        for path in paths:
            os.unlink(path)


@attack("sandbox", "sandbox.processes", "stopped", "no other process is seen, signalled or read")
def processes(context):
    house = context.house(furnish)
    victim = subprocess.Popen(["sleep", "300"], env={"HELD": "elsewhere"})
    try:
        text = f"""
pid = {victim.pid}
proc = "/pr" + "oc"
print(json.dumps({{
    "listed": str(pid) in os.listdir(proc),
    "variables": attempt(lambda: b"elsewhere" in open(f"{{proc}}/{{pid}}/envi" + "ron", "rb").read()),
    "signal": attempt(lambda: os.kill(pid, 0) is None),
    "more than ten": len([n for n in os.listdir(proc) if n.isdigit()]) > 10,
}}))"""
        only_free(house, text)
        expect(victim.poll() is None, "the victim was ended")
    finally:
        victim.kill()
        victim.wait()


@attack("sandbox", "sandbox.files", "stopped", "of the user's files none is read: home, keys, other projects, Tacit's own; nor what others left in /tmp, /dev/shm and /run")
def files(context):
    house = context.house(furnish)
    places = [house.root / "home" / ".ssh" / "id", house.root / "work" / "other" / "file", pathlib.Path(f"/dev/shm/tacit-attack-{os.getpid()}"),
              pathlib.Path(f"/tmp/tacit-attack-{os.getpid()}.txt"), house.root / "run" / "token"]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("host")
    # That of another user is closed to the person, too.
    paths = [str(place) for place in places] + ([] if house.is_apart else [str(house.vault / "vault.db")])
    os.symlink(places[0], project(house) / "way-out")
    text = f"""
print(json.dumps({{p: attempt(lambda: open(p, "rb").read(1)) for p in {[*paths, str(project(house) / "way-out")]!r}}}
    | {{"home": os.path.isdir("/home") and attempt(lambda: os.stat("/etc/shadow")), "root of 1": attempt(lambda: os.listdir("/etc/pam.d"))}}))"""
    try:
        only_free(house, text)
    finally:
        os.unlink(project(house) / "way-out")
        for place in places[2:4]:
            place.unlink()


@attack("sandbox", "sandbox.writes", "stopped", "what it writes outside of the working directory is nowhere afterwards")
def writes(context):
    house = context.house(furnish)
    for who in ("free", "confined"):
        places = [f"/tmp/tacit-{who}-{os.getpid()}", f"/dev/shm/tacit-{who}-{os.getpid()}", str(house.root / "home" / who)]
        text = f"print(json.dumps({{p: attempt(lambda: open(p, 'w').write('x')) for p in {places!r}}}))"
        freely(house, text) if who == "free" else inside(house, who, text)
        left = [place for place in places if os.path.exists(place)]
        for place in left:
            os.unlink(place)
        expect(left == (places if who == "free" else []), f"{who}: {left}")


# Calls that reach into other processes or the kernel, with arguments that a kernel without the filter refuses for another reason, or takes.
CALLS = """
import platform
x86 = platform.machine() == "x86_64"
numbers = {"ptrace": (101 if x86 else 117, 99, os.getpid(), 0, 0), "process_vm_readv": (310 if x86 else 270, os.getpid(), 0, 0, 0, 0, 0),
    "process_vm_writev": (311 if x86 else 271, os.getpid(), 0, 0, 0, 0, 0), "kcmp": (312 if x86 else 272, os.getpid(), os.getpid(), 1, 0, 0),
    "add_key": (248 if x86 else 217, 0, 0, 0, 0, 0), "request_key": (249 if x86 else 218, 0, 0, 0, 0), "keyctl": (250 if x86 else 219, 0, -3, 0),
    "perf_event_open": (298 if x86 else 241, 0, 0, 0, 0, 0), "io_uring_setup": (425, 0, 0), "io_uring_enter": (426, -1, 0, 0, 0, 0, 0),
    "pidfd_getfd": (438, -1, 0, 0), "open_by_handle_at": (304 if x86 else 265, -1, 0, 0), "unshare": (272 if x86 else 97, 0x10000000),
    "clone": (56 if x86 else 220, 0x10000000 | 0x40000000 | 0x00010000, 0, 0, 0, 0), "clone3": (435, 0, 0), "setns": (308 if x86 else 268, -1, 0),
    "vsock": (41 if x86 else 198, 40, 1, 0), "packet": (41 if x86 else 198, 17, 99, 0), "alg": (41 if x86 else 198, 38, 5, 0),
    "type into a terminal": (16 if x86 else 29, 0, 0x5412, 0), "type, with more bits": (16 if x86 else 29, 0, 0x5412 | 1 << 40, 0),
    "paste into a console": (16 if x86 else 29, 0, 0x541C, 0), "mount": (165 if x86 else 40, 0, 0, 0, 0, 0), "fsopen": (430, 0, 0),
    "open_tree": (428, -1, 0, 0), "move_mount": (429, -1, 0, -1, 0, 0), "mount_setattr": (442, -1, 0, 0, 0, 0)}
"""


@attack("sandbox", "sandbox.calls", "stopped", "calls into other processes and the kernel are refused before the kernel looks at them")
def calls(context):
    house = context.house(furnish)
    text = CALLS + "print(json.dumps({name: call(*words) for name, words in numbers.items()}))"
    free, confined = inside(house, "free", text), inside(house, "confined", text)
    expected = {name: -1 for name in confined} | {"clone3": -38} | dict.fromkeys(("vsock", "packet", "alg"), -97)
    expect(confined == expected, f"{ {name: (confined[name], expected[name]) for name in confined if confined[name] != expected[name]} }")
    # Some of them are forbidden to an ordinary user everywhere: those prove nothing.
    telling = [name for name in free if free[name] != confined[name]]
    detail(f"{len(telling)} of {len(free)} tell; the same outside: {sorted(set(free) - set(telling))}")
    expect({"ptrace", "process_vm_readv", "kcmp", "keyctl", "unshare", "clone3", "type into a terminal", "pidfd_getfd", "setns"} <= set(telling), f"{free}")


@attack("sandbox", "sandbox.power", "stopped", "it traces not even its own child, and makes no namespace to be root in")
def power(context):
    text = """
def traced():
    child = os.fork()
    if child == 0:
        os._exit(0 if libc.ptrace(0, 0, 0, 0) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0
def root():
    child = os.fork()
    if child == 0:
        os._exit(0 if libc.unshare(0x10020000) == 0 and libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0
print(json.dumps({"trace": traced(), "mount": root()}))"""
    only_free(context.house(furnish), text)


@attack("sandbox", "sandbox.fork-bomb", "stopped", "a fork bomb ends at a limit, and everything of it with the run")
def bomb(context):
    house = context.house(furnish)
    text = """
children = []
try:
    while len(children) < 3000:
        child = os.fork()
        if child == 0:
            import signal
            os.setsid()
            signal.pause()
        children.append(child)
except BlockingIOError: pass
print(json.dumps(len(children)))"""
    expect(resource.getrlimit(resource.RLIMIT_NPROC)[0] in (resource.RLIM_INFINITY, *range(4000, 10_000_000)), "this machine limits processes itself")
    free, confined = inside(house, "free", text, timeout_seconds=120), inside(house, "confined", text, timeout_seconds=120)
    expect(free == 3000 and 0 < confined < 1100, f"free {free}, confined {confined}")
    wait_until(lambda: sum(1 for entry in os.listdir("/proc") if entry.isdigit() and owner(entry) == os.getuid()) < 200, "the bomb is gone")


def owner(process):
    try:
        return os.stat(f"/proc/{process}").st_uid
    except OSError:
        return None


@attack("sandbox", "sandbox.readable-socket", "stopped", "no socket is reached that lies where a policy lets files be read")
def sockets_among_files(context):
    house = context.house(furnish)
    # Where the user of runs can pass, if that is another.
    tools = (context.homes if house.is_apart else house.root / "work") / "tools"
    tools.mkdir(mode=0o755)
    (tools / "data").write_text("data")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tools / "socket"))
    os.chmod(tools / "socket", 0o777)
    listener.listen()
    threading.Thread(target=answer_all, args=(listener,), daemon=True).start()
    with house.person() as person:
        common = {"allowed_keys": ["**"], "capabilities": ["env_inject"]}
        policies = [{"name": "free", "agent_id": "free", "unsandboxed": "allow", **common}]
        policies.append({"name": "confined", "agent_id": "confined", "reads": [str(tools)], **common})
        expect(person.apply_policy(*policies).status == 200, "policy")
    text = f"""
def reach():
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect({str(tools / "socket")!r})
        s.send(b"x")
        return s.recv(1)
expected = open({str(tools / "data")!r}).read() == "data"
print(json.dumps({{"socket": attempt(reach) if expected else True}}))"""
    only_free(house, text)
