"""What each user of the machine tries, and finds."""

import array
import ctypes
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import struct
import subprocess

import house as houses
from api import Connection
from attack import attack, clean, expect
from house import PASSWORD, TACIT, AtTerminal, House, canary, is_alive, wait_until
from machine import LIBC, OwnHouse, installed

VALUE = canary()
# Environment of a run, as the command line passes a person's: its own, and the value.
HOLDING = ["sh", "-c", "echo started; exec sleep 1000"]


class Scene:
    """Two people with keepers that are users of their own, the first's unlocked, with one secret."""

    def __init__(self, base):
        self.base = base

    def __enter__(self):
        self.person, self.neighbour = pwd.getpwnam("person"), pwd.getpwnam("neighbour")
        installed(self.person)
        self.house = OwnHouse(self.person, self.base)
        self.units = self.house.units
        self.units.listen()
        self.keeper = self.units.start_keeper()
        self.house.init()
        self.house.unlock()
        with self.house.person() as connection:
            furnish(self.house, connection)
        return self

    def __exit__(self, *_):
        self.house.close()

    @property
    def starter(self):
        return self.units.starter

    def run(self, *words, **options):
        return self.house.tacit("run", "-k", "api/key", "--", *words, password=self.house.password, **options)

    def as_user(self, user, body, groups=()):
        """What `body` returns, a list of texts, in a process of a user."""
        return as_user(user, body, groups)


def furnish(house, connection):
    expect(connection.set("api/key", VALUE.encode()).status == 201, "set")
    common = {"allowed_keys": ["**"], "capabilities": ["env_inject"]}
    policies = [{"name": name, "agent_id": name, **common, **more} for name, more in (("free", {"unsandboxed": "allow"}), ("confined", {}))]
    expect(connection.apply_policy(*policies).status == 200, "policy")
    house.badges = {name: connection.json("POST", "/v1/agents", {"name": name}).json["badge"] for name in ("free", "confined")}


def agent_run(scene, who, argv, **wish):
    wish.setdefault("cwd", str(scene.house.root / "work"))
    with scene.house.connect(headers={"Tacit-Agent-Badge": scene.house.badges[who], "Tacit-Source": "mcp"}) as agent:
        return agent.run(argv, ["api/key"], **wish).wait()


def as_user(user, body, groups=()):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(list(groups))
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os.setsid()
            # What an ordinary program of this user is: one that may be looked at.
            LIBC.prctl(4, 1, 0, 0, 0)
            text = json.dumps(body())
        except BaseException as error:
            text = json.dumps([f"{type(error).__name__}: {error}"])
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    return answer


def users(process):
    """The users of a process: real, effective, saved, and for files."""
    line = next(line for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("Uid:"))
    return {int(number) for number in line.split()[1:]}


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
    return [process for process in processes if pathlib.Path(f"/proc/{process}/comm").read_text().strip() == name]


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


# The run


@attack("own uid", "a run executes under the third user, in no group of anybody's, and has its value")
def third_user(scene):
    done = scene.run("sh", "-c", "id -u; id -G; echo ${#API_KEY}; pwd; echo $API_KEY")
    lines = done.out.decode().split("\n")
    expect(done.returncode == 0, done.err)
    expect(lines[:4] == [str(scene.units.run_user.pw_uid), str(scene.units.run_user.pw_gid), str(len(VALUE)), str(scene.house.root / "work")], done.out)
    clean(done.out + done.err, VALUE)


@attack("own uid", "keeper, helper, runner and program are four users' processes, with no capability but the helper's three")
def identities(scene):
    def capabilities(process):
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        return {name: int(facts[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")}, int(facts["NoNewPrivs"])

    with Held(scene) as held:
        expect(users(scene.keeper.pid) == {scene.units.keeper_user.pw_uid}, "the keeper is another user")
        expect(users(scene.starter.pid) == {0}, "the helper is not root")
        three = 1 << 6 | 1 << 7 | 1 << 21
        expect(capabilities(scene.starter.pid) == ({"CapPrm": three, "CapEff": three, "CapInh": 0, "CapAmb": 0}, 1), capabilities(scene.starter.pid))
        for process in (scene.keeper.pid, held.runner, held.program):
            expect(capabilities(process) == (dict.fromkeys(("CapPrm", "CapEff", "CapInh", "CapAmb"), 0), 1), capabilities(process))


@attack("own uid", "under one's own user every one of the attempts below succeeds on a run (or they would prove nothing)")
def control(scene):
    with House(scene.person, base=scene.base) as house:
        house.environment["TACIT_VAULT"] = str(house.vault)
        house.init()
        with house.person() as person:
            expect(person.set("api/key", VALUE.encode()).status == 201, "set")
            run = person.run(HOLDING, ["api/key"], environment={"PATH": "/usr/bin:/bin"}).until_started()
            wait_until(lambda: named([run.started], "sleep"), "the program runs")
            found = as_user(scene.person, lambda: looks(run.started))
            # Its own namespaces are the machine's, and to enter the machine's own is root's alone; all else is open.
            missing = set(EVERYTHING) - set(found)
            expect(missing <= {"nsenter", "map_files"}, f"the attempts do not work: {missing} of {found}")
            read = as_user(scene.person, lambda: [str(VALUE.encode() in open(f"/proc/{run.started}/environ", "rb").read())])
            expect(read == ["True"], "the environment of a run of one's own user does not show the value")


EVERYTHING = [
    "environ", "mem", "maps", "smaps", "auxv", "syscall", "io", "pagemap", "fd", "map_files", "exe", "cwd", "root", "ns/mnt", "ns/pid", "ns/net",
    "ns/ipc", "ns/uts", "ns/user", "ns/cgroup", "nsenter", "pidfd_getfd", "process_vm_readv", "ptrace", "signal",
]


@attack("own uid", "the person's processes reach nothing of a run, its runner, the keeper or the helper: environment, memory, namespaces, ptrace, signals")
def person_looks(scene):
    with Held(scene) as held:
        processes = {"program": held.program, "runner": held.runner, "keeper": scene.keeper.pid, "helper": scene.starter.pid}
        for user in (scene.person, scene.neighbour):
            for name, process in processes.items():
                found = as_user(user, lambda process=process: looks(process), [scene.person.pw_gid])
                expect(found == [], f"{user.pw_name} reaches of the {name}: {found}")


@attack("own uid", "a confined agent's run is out of reach too, with each of the processes around it")
def sandboxed_looks(scene):
    with scene.house.connect(headers={"Tacit-Agent-Badge": scene.house.badges["confined"], "Tacit-Source": "mcp"}) as agent:
        agent.run(["sleep", "1000"], ["api/key"], cwd=str(scene.house.root / "work")).until_started()
        user = scene.units.run_user
        wait_until(lambda: named(processes_of(user), "sleep"), "the program runs")
        names = {}
        for process in processes_of(user):
            found = as_user(scene.person, lambda process=process: looks(process))
            names[pathlib.Path(f"/proc/{process}/comm").read_text().strip()] = found
        expect(set(names) >= {"sleep", "tacit-runner", "tacit-sandbox"} and not any(names.values()), names)
    wait_until(lambda: not processes_of(user), "the run has ended")


@attack("own uid", "the person, a neighbour and the user of runs neither list, read nor write the keeper's files")
def files(scene):
    kept = pathlib.Path(f"/var/lib/tacit/{scene.person.pw_uid}")
    inside = [str(path) for path in kept.rglob("*") if path.is_file()]
    expect(any(path.endswith("vault.db") for path in inside), inside)

    def body():
        found = []
        for path in (kept, kept / "vault", kept / "state", pathlib.Path(scene.units.socket).parent):
            for what, act in (("listed", lambda path=path: os.listdir(path)), ("wrote in", lambda path=path: open(path / "new", "w"))):
                try:
                    act()
                    found.append(f"{what} {path}")
                except OSError:
                    pass
        for path in inside:
            try:
                open(path, "rb")
                found.append(f"read {path}")
            except OSError:
                pass
        return found

    for user in (scene.person, scene.neighbour, scene.units.run_user):
        found = as_user(user, body, [scene.person.pw_gid])
        expect(found == [], f"{user.pw_name}: {found}")
    expect(len(as_user(scene.units.keeper_user, body)) > len(inside), "the same attempts fail for the keeper itself: they prove nothing")


@attack("own uid", "a run sees no process but its own, and neither connects to the keeper nor to the helper")
def inside(scene):
    text = f"""
import json, os, socket
found = {{"processes": len([p for p in os.listdir("/proc") if p.isdigit()])}}
for name, path, kind in (("keeper", {scene.units.socket!r}, socket.SOCK_STREAM), ("helper", {scene.units.starter_socket!r}, socket.SOCK_SEQPACKET)):
    try:
        socket.socket(socket.AF_UNIX, kind).connect(path); found[name] = "connected"
    except OSError as error: found[name] = type(error).__name__
try:
    os.setuid(0); found["root"] = True
except OSError: found["root"] = False
print(json.dumps(found))"""
    done = scene.run("/usr/bin/python3", "-c", text)
    found = json.loads(done.out)
    expect(found == {"processes": 2, "keeper": "PermissionError", "helper": "PermissionError", "root": False}, (found, done.err))


@attack("own uid", "another user does not reach the keeper's socket, and is no person where it does")
def other_user(scene):
    def connects():
        Connection(scene.units.socket).close()
        return ["connected"]

    expect("PermissionError" in as_user(scene.neighbour, connects)[0], "another user connects")
    expect("PermissionError" in as_user(scene.units.run_user, connects)[0], "the user of runs connects")
    expect(as_user(scene.person, connects) == ["connected"], "the person does not connect")

    def asks():
        with Connection(scene.units.socket) as connection:
            return [connection.request("GET", "/v1/status").json["actor"]["kind"], str(connection.reveal("api/key").status)]

    # In the person's group: then the socket's mode lets it through.
    expect(as_user(scene.neighbour, asks, [scene.person.pw_gid])[0] == "unidentified", "a member of the group is a person")


# The working directory


@attack("own uid", "what a run writes in the working directory is the person's, and what is the person's alone a run can read there")
def owners(scene):
    work = scene.house.root / "work"
    with scene.house.as_owner():
        (work / "private").write_text("for the person\n")
        os.chmod(work / "private", 0o600)
    for who in ("person", "free", "confined"):
        argv = ["sh", "-c", f"cat private && mkdir -p {who}/deep && echo made > {who}/deep/file && ln -s file {who}/deep/link && stat -c %u private"]
        if who == "person":
            done = scene.run(*argv)
            output = done.out + done.err
        else:
            output = agent_run(scene, who, argv).output
        expect(b"for the person" in output and str(scene.units.run_user.pw_uid).encode() in output, output)
        for path in (work / who, work / who / "deep", work / who / "deep/file", work / who / "deep/link"):
            facts = os.lstat(path)
            expect((facts.st_uid, facts.st_gid) == (scene.person.pw_uid, scene.person.pw_gid), f"{path} belongs to {facts.st_uid}:{facts.st_gid}")
        expect((work / who / "deep/file").read_text() == "made\n", "the file is not what was written")


@attack("own uid", "a confined run's changes are searched before they leave")
def searched(scene):
    done = agent_run(scene, "confined", ["sh", "-c", "echo $API_KEY > stolen; echo fine > fine"])
    work = scene.house.root / "work"
    expect((work / "fine").read_text() == "fine\n" and not (work / "stolen").exists(), done)
    expect("sandbox" in done.report and done.report["sandbox"]["files"] == "checked", done.report)


@attack("own uid", "of the person's other files a run sees nothing, and of those beside its working directory neither")
def elsewhere(scene):
    with scene.house.as_owner():
        (scene.house.root / "home" / "diary").write_text("private\n")
        (scene.house.root / "beside").write_text("private\n")
    done = scene.run("sh", "-c", 'cat ../home/diary ../beside; ls ..; echo "$HOME"; touch "$HOME/own" && echo homely')
    lines = done.out.decode().split()
    expect(lines[0] == "work" and len(lines) == 3 and lines[2] == "homely" and not lines[1].startswith(str(scene.house.root)), done.out + done.err)


@attack("own uid", "a directory that the person cannot enter, or whose files cannot be shown as the run's, is refused with the reason")
def refused_directories(scene):
    closed = scene.base / "closed"
    closed.mkdir(mode=0o700)
    done = agent_run(scene, "free", ["true"], cwd=str(closed))
    expect(done.code == "run.no-directory", done)
    expect(agent_run(scene, "free", ["true"], cwd="/proc/self/cwd").code == "run.no-directory", "a way through /proc is followed")
    # An overlay cannot be idmapped.
    odd = pathlib.Path("/etc/of-the-person")
    odd.mkdir()
    os.chown(odd, scene.person.pw_uid, scene.person.pw_gid)
    done = agent_run(scene, "free", ["true"], cwd=str(odd))
    expect(done.code == "run.directory-not-shown" and b"idmapped" in repr(done.problem or done.exit).encode(), done)
    done = agent_run(scene, "free", ["sh", "-c", "id -u; pwd"], cwd="/usr/share")
    expect(done.stdout.decode().split() == [str(scene.units.run_user.pw_uid), "/usr/share"], done)


@attack("own uid", "mounts of a run are nobody else's, and its directory is open to it alone")
def own_view(scene):
    before = pathlib.Path("/proc/self/mountinfo").read_text()
    with Held(scene):
        expect(pathlib.Path("/proc/self/mountinfo").read_text() == before, "a mount of a run is seen outside")


# Ends


@attack("own uid", "a run ends with its keeper, and one whose runner is killed leaves nothing behind")
def ends(scene):
    user = scene.units.run_user
    with Held(scene) as held:
        os.kill(held.runner, signal.SIGKILL)
        wait_until(lambda: not processes_of(user), "everything of the run has ended")
    with Held(scene) as held:
        scene.keeper.kill()
        scene.keeper.wait()
        wait_until(lambda: not processes_of(user), "everything of the run has ended")
    os.unlink(scene.units.socket)
    scene.keeper = scene.units.start_keeper()
    scene.house.unlock()
    expect(scene.run("true").returncode == 0, "nothing runs after a restart")


@attack("own uid", "without its keeper's service a command starts no other keeper in its place")
def no_service(scene):
    scene.keeper.terminate()
    scene.keeper.wait()
    done = scene.house.tacit("list", password=scene.house.password)
    expect(done.returncode != 0 and b"a user of its own, is not running" in done.err, done.err)
    expect(not list((scene.house.root / "run").rglob("*.sock")), "another keeper was started")
    scene.keeper = scene.units.start_keeper()
    scene.house.unlock()


@attack("own uid", "at a terminal a person is known by the unlock, and what runs there has a terminal of its own")
def terminal(scene):
    text = f'{TACIT} unlock && {TACIT} status && {TACIT} run -k api/key -- sh -c "tty && echo \\$((6 * 7)) && id -u"; echo over'
    at = AtTerminal(scene.house, ["/bin/sh", "-c", text], scene.house.environment).until(b"Password: ")
    at.type(PASSWORD + "\n").until(b"you").until(b"a person").until(b"42").until(b"over")
    expect(b"/dev/pts/" in at.shown and str(scene.units.run_user.pw_uid).encode() in at.shown, at.shown)
    at.end()


@attack("own uid", "what a person can write is no listed program, whoever executes it")
def listed_programs(scene):
    work = scene.house.root / "work"
    with scene.house.as_owner():
        shutil.copy("/usr/bin/true", work / "mine")
    opened = scene.base / "open"
    opened.mkdir()
    os.chmod(opened, 0o757)
    shutil.copy("/usr/bin/true", opened / "theirs")
    programs = ["/usr/bin/true", str(work / "mine"), str(opened / "theirs")]
    rules = [{"name": "listed", "agent_id": "free", "keys": ["**"], "programs": programs}]
    with scene.house.person() as person:
        policy = {"policies": [{"name": "free", "agent_id": "free", "allowed_keys": ["**"], "capabilities": ["env_inject"], "unsandboxed": "allow"}], "command_rules": rules}
        expect(person.json("PUT", "/v1/policy", {"document": json.dumps(policy)}).status == 200, "policy")
    try:
        expect(agent_run(scene, "free", ["/usr/bin/true"]).exit == ("exited", 0), "a program of the system's is not taken")
        for program in programs[1:]:
            done = agent_run(scene, "free", [program])
            expect(done.exit != ("exited", 0), f"{program} is taken for a listed one: {done}")
    finally:
        with scene.house.person() as person:
            furnish_policy(person)


def furnish_policy(person):
    common = {"allowed_keys": ["**"], "capabilities": ["env_inject"]}
    policies = [{"name": name, "agent_id": name, **common, **more} for name, more in (("free", {"unsandboxed": "allow"}), ("confined", {}))]
    expect(person.apply_policy(*policies).status == 200, "policy")
