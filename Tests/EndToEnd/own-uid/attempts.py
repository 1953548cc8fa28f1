"""What each user of the machine tries, and finds."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

from api import Connection
from attack import attack, check, clean, expect
from house import PASSWORD, TACIT, AtTerminal, House, is_alive, wait_until
from machine import UNITS, installed
from scene import EVERYTHING, HOLDING, VALUE, Held, as_user, looks, named, parent, processes_of, users


# The run


@check("own uid", "a run executes under the third user, in no group of anybody's, and has its value")
def third_user(scene):
    done = scene.run("sh", "-c", "id -u; id -G; echo ${#API_KEY}; pwd; echo $API_KEY")
    lines = done.out.decode().split("\n")
    expect(done.returncode == 0, done.err)
    expect(lines[:4] == [str(scene.units.run_user.pw_uid), str(scene.units.run_user.pw_gid), str(len(VALUE)), str(scene.house.root / "work")], done.out)
    clean(done.out + done.err, VALUE)


@check("own uid", "the units are such that systemd takes every line of them, and an installation is repeated and taken away")
def units(scene):
    paths = sorted(str(path) for path in UNITS.glob("tacit-*"))
    expect(len(paths) == 4, paths)
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True)
        expect(done.returncode == 0 and done.stderr == "", done.stderr)
    before = {path: pathlib.Path(path).read_text() for path in paths}
    installed(scene.person)
    expect({path: pathlib.Path(path).read_text() for path in paths} == before, "a second installation is another")
    installed(scene.neighbour)
    tacit = lambda *words: subprocess.run([TACIT, "keeper", *words], capture_output=True, text=True)  # noqa: E731
    expect("rm /etc" in tacit("uninstall", "--for", "neighbour", "--dry-run").stdout and len(list(UNITS.glob("tacit-*"))) == 8, "a dry run did something")
    expect(tacit("uninstall", "--for", "neighbour").returncode == 0, "uninstall")
    expect(sorted(str(path) for path in UNITS.glob("tacit-*")) == paths, "units are left, or another's were taken")
    done = as_user(scene.person, lambda: [tacit("install", "--system-user", "--for", "person").stderr])
    expect("only root can do this" in done[0], done)


@attack("own uid", "helper.loose-program", "stopped", "root executes no program that others can change", left="no helper")
def loose_program(scene):
    place = scene.base / "loose"
    place.mkdir()
    os.chmod(place, 0o777)
    copy = shutil.copy(TACIT, place / "tacit")
    done = subprocess.run([copy, "keeper", "install", "--system-user", "--for", "person"], capture_output=True, text=True)
    expect(done.returncode != 0 and "can be changed by others than root" in done.stderr, done.stderr)


@check("own uid", "doctor tells the strength that is in force, and that the helper is there")
def doctor(scene):
    found = {finding["code"]: finding for finding in json.loads(scene.house.tacit("doctor", "--json").out)["findings"]}
    expect(found["strength.own-uid"]["level"] == "good" and "in force" in found["strength.own-uid"]["title"], found)
    expect(found["strength.helper"]["level"] == "good", found["strength.helper"])
    expect([code for code, finding in found.items() if finding["level"] == "bad"] == [], found)


@check("own uid", "keeper, helper, runner and program are four users' processes, with no capability but the helper's three")
def identities(scene):
    def capabilities(process):
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        return {name: int(facts[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")}, int(facts["NoNewPrivs"])

    with Held(scene) as held:
        expect(users(scene.keeper.pid) == {scene.units.keeper_user.pw_uid}, "the keeper is another user")
        expect(users(held.helper) == {0}, "the helper is not root")
        three = 1 << 6 | 1 << 7 | 1 << 21
        expect(capabilities(held.helper) == ({"CapPrm": three, "CapEff": three, "CapInh": 0, "CapAmb": 0}, 1), capabilities(held.helper))
        for process in (scene.keeper.pid, held.runner, held.program):
            expect(capabilities(process) == (dict.fromkeys(("CapPrm", "CapEff", "CapInh", "CapAmb"), 0), 1), capabilities(process))


@check("own uid", "under one's own user every one of the attempts below succeeds on a run (or they would prove nothing)")
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


@attack("own uid", "process.run", "stopped", "a program of the person's reads the environment of what a run executes, with the value, and traces it")
def program(scene):
    with Held(scene) as held:
        out_of_reach(scene, {"program": held.program})


@attack("own uid", "process.helpers", "stopped", "memory, environment, maps and descriptors of keeper, spawner and runner are closed to the person's other programs")
def helpers(scene):
    with Held(scene) as held:
        out_of_reach(scene, {"runner": held.runner, "keeper": scene.keeper.pid, "helper": held.helper})


@attack("own uid", "process.kill", "stopped", "a program of the person's ends a run's program, its runner, the spawner and the keeper")
def killed(scene):
    with Held(scene) as held:
        for process in (held.program, held.runner, scene.keeper.pid, held.helper):
            answer = as_user(scene.person, lambda process=process: [str(os.kill(process, signal.SIGKILL))])
            expect("PermissionError" in answer[0] and is_alive(process), f"{process}: {answer}")


def out_of_reach(scene, processes):
    """Fails when the person or a neighbour in the person's group reaches anything of the processes: environment, memory, namespaces, ptrace, signals."""
    for user in (scene.person, scene.neighbour):
        for name, process in processes.items():
            found = as_user(user, lambda process=process: looks(process), [scene.person.pw_gid])
            expect(found == [], f"{user.pw_name} reaches of the {name}: {found}")


@attack("own uid", "process.sandboxed-run", "stopped", "what is run in the sandbox is out of the reach of the person's programs, with each of the processes around it", left="one user")
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


@attack("own uid", "sandbox.whole-agent", "stopped", "a whole agent has the broker, which is the keeper's, as its only way out, and a home that is gone with it; the keeper knows it by its socket", left="one user")
def lodger(scene):
    script = (
        'echo "$API_KEY" | cut -c 1-60; curl -sS -o /dev/null -w "%{http_code} %{http_connect}\\n" https://api.example.com/elsewhere; '
        "curl -sS -m 5 --noproxy '*' -o /dev/null https://192.0.2.1/ || echo nowhere; id -u; ls -A ~; touch ~/own && echo homely; "
        "curl -sS --noproxy '*' --unix-socket /run/tacit/keeper.sock http://keeper/v1/status | tr -d ' ' | grep -o '\"name\":\"[a-z]*\"'"
    )
    for _ in range(2):
        done = scene.house.tacit("run", "--sandbox", "--agent", "lodger", "-k", "api/key", "--", "sh", "-c", script, password=scene.house.password)
        lines = done.out.decode().splitlines()
        expect(done.returncode == 0 and lines[1:] == ["403 200", "nowhere", str(scene.units.run_user.pw_uid), "homely", '"name":"lodger"'], (done.out, done.err))
        clean(done.out + done.err, VALUE)
        expect(lines[0] and lines[0] != VALUE, lines)


@check("own uid", "each run has a helper of its own and, as a service, a control group of its own within that of all runs; both end with it")
def groups(scene):
    with Held(scene) as held:
        with scene.house.connect(headers={"Tacit-Agent-Badge": scene.house.badges["confined"], "Tacit-Source": "mcp"}) as agent:
            agent.run(["sleep", "1001"], ["api/key"], cwd=str(scene.house.root / "work")).until_started()
            user = scene.units.run_user
            wait_until(lambda: len(named(processes_of(user), "sleep")) == 2, "the other program runs")
            runners = named(processes_of(user), "tacit-runner")
            helpers = {parent(runner) for runner in runners}
            expect(len(runners) == 2 and helpers == set(scene.units.helpers()) and held.helper in helpers, f"{runners} {helpers} {scene.units.helpers()}")
            if scene.units.are_services:
                of = {process: group(process) for process in processes_of(user)}
                own = f"/tacit-runs-{scene.person.pw_uid}.slice/tacit-starter-{scene.person.pw_uid}@"
                expect(len(set(of.values())) == 2 and all(own in path and path.endswith(".service") for path in of.values()), of)
                expect(of[held.runner] == of[held.program] == group(held.helper), of)
        wait_until(lambda: scene.units.helpers() == [held.helper], "the helper has ended with its run")
    wait_until(lambda: not scene.units.helpers(), "the helper has ended with its run")


def group(process):
    """The control group of a process, in the hierarchy of the second version."""
    lines = pathlib.Path(f"/proc/{process}/cgroup").read_text().splitlines()
    return next(line.removeprefix("0::") for line in lines if line.startswith("0::"))


@attack("own uid", "database.files", "stopped", "the person, a neighbour and the user of runs neither list, read nor write the keeper's files", left="one user")
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


@attack("own uid", "run.reach", "stopped", "a run sees no process but its own, and neither connects to the keeper nor to the helper", left="one user")
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


@attack("own uid", "user.socket", "stopped", "another user does not reach the keeper's socket, and is no person where it does", left="one user")
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


# Ends


@attack("own uid", "run.left", "stopped", "a run ends with its keeper, and one whose runner is killed leaves nothing behind", left="no helper")
def ends(scene):
    user = scene.units.run_user
    with Held(scene) as held:
        os.kill(held.runner, signal.SIGKILL)
        wait_until(lambda: not processes_of(user), "everything of the run has ended")
    left = private_directories(user)
    expect(left, "a killed runner leaves no private directory: that the next run takes it away proves nothing")
    with Held(scene) as held:
        expect(len(private_directories(user)) == 1 and not left[0].exists(), "the private directory of a killed run is still there")
        scene.keeper.kill()
        scene.keeper.wait()
        wait_until(lambda: not processes_of(user), "everything of the run has ended")
    pathlib.Path(scene.units.socket).unlink(missing_ok=True)
    scene.keeper = scene.units.start_keeper()
    scene.house.unlock()
    expect(scene.run("true").returncode == 0, "nothing runs after a restart")
    expect(not private_directories(user), "a run's private directory is still there")


def private_directories(user):
    return [path for path in pathlib.Path("/tmp").glob("tacit-run-*") if path.lstat().st_uid == user.pw_uid]


@attack("own uid", "helper.no-service", "stopped", "without its keeper's service a command starts no other keeper in its place", left="no helper")
def no_service(scene):
    scene.keeper.terminate()
    scene.keeper.wait()
    done = scene.house.tacit("list", password=scene.house.password)
    expect(done.returncode != 0 and b"a user of its own, is not running" in done.err, done.err)
    expect(not list((scene.house.root / "run").rglob("*.sock")), "another keeper was started")
    scene.keeper = scene.units.start_keeper()
    scene.house.unlock()


@check("own uid", "at a terminal a person is known by the unlock, and what runs there has a terminal of its own")
def terminal(scene):
    text = f'{TACIT} unlock && {TACIT} status && {TACIT} run -k api/key -- sh -c "tty && echo \\$((6 * 7)) && id -u"; echo over'
    at = AtTerminal(scene.house, ["/bin/sh", "-c", text], scene.house.environment).until(b"Password: ")
    at.type(PASSWORD + "\n").until(b"you").until(b"a person").until(b"42").until(b"over")
    expect(b"/dev/pts/" in at.shown and str(scene.units.run_user.pw_uid).encode() in at.shown, at.shown)
    at.end()
