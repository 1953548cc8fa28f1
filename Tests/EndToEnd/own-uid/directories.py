"""What a run finds in its working directory and beside it, and whose its files are."""

import json
import os
import pathlib
import shutil

from api import STDIN_END
from attack import attack, check, clean, detail, expect
from house import wait_until
from machine import LIBC
from scene import VALUE, Held, agent_run, as_user, furnish_policy, looks, named, processes_of

# How deep the directory lies that is exchanged: the longer the way, the more is exchanged while the helper is on it.
DEPTH = 600


@check("own uid", "what a run writes in the working directory is the person's, and what is the person's alone a run can read there")
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


@check("own uid", "files with the value stay inside; one without it leaves")
def searched(scene):
    done = agent_run(scene, "confined", ["sh", "-c", "echo $API_KEY > stolen; echo fine > fine"])
    work = scene.house.root / "work"
    expect((work / "fine").read_text() == "fine\n" and not (work / "stolen").exists(), done)
    expect("sandbox" in done.report and done.report["sandbox"]["files"] == "checked", done.report)


@attack("own uid", "run.elsewhere", "stopped", "of the person's other files a run sees nothing, and of those beside its working directory neither", left="one user")
def elsewhere(scene):
    with scene.house.as_owner():
        (scene.house.root / "home" / "diary").write_text("private\n")
        (scene.house.root / "beside").write_text("private\n")
    done = scene.run("sh", "-c", 'cat ../home/diary ../beside; ls ..; echo "$HOME"; touch "$HOME/own" && echo homely')
    lines = done.out.decode().split()
    expect(lines[0] == "work" and len(lines) == 3 and lines[2] == "homely" and not lines[1].startswith(str(scene.house.root)), done.out + done.err)


@attack("own uid", "run.closed-directory", "stopped", "a directory that the person cannot enter is refused; in one that is not the person's a run works as anybody could", left="one user")
def refused_directories(scene):
    closed = scene.base / "closed"
    closed.mkdir(mode=0o700)
    done = agent_run(scene, "free", ["true"], cwd=str(closed))
    expect(done.code == "run.no-directory", done)
    expect(agent_run(scene, "free", ["true"], cwd="/proc/self/cwd").code == "run.no-directory", "a way through /proc is followed")
    done = agent_run(scene, "free", ["sh", "-c", "id -u; pwd"], cwd="/usr/share")
    expect(done.stdout.decode().split() == [str(scene.units.run_user.pw_uid), "/usr/share"], done)


def overlaid(scene, name):
    """A directory of the person's, with files, on a file system that cannot be idmapped."""
    odd = pathlib.Path("/var/lib", name)
    odd.mkdir()
    os.chown(odd, scene.person.pw_uid, scene.person.pw_gid)

    def fill():
        for file in ("changed", "gone", "private", "same"):
            (odd / file).write_text(f"{file}\n")
        (odd / "private").chmod(0o600)
        return []

    as_user(scene.person, fill)
    return odd


@check("own uid", "where files cannot be shown as the run's, it works in a copy, and what it changed is the person's in the end")
def copied(scene):
    for who in ("person", "free", "confined"):
        odd = overlaid(scene, f"of-the-person-{who}")
        script = """cat private; echo new > changed; rm gone; mkdir -p d; echo deep > d/f; chmod 640 d/f; ln -s f d/link; ln -s /etc/passwd out; mkfifo pipe "$API_KEY"
            stat -c %u private; pwd; echo $API_KEY > stolen"""
        if who == "person":
            words = ("run", "--json", "-k", "api/key", "--", "sh", "-c", script)
            done = scene.house.tacit(*words, password=scene.house.password, cwd=odd)
            output, report = done.out, json.loads(done.err.splitlines()[-1])["run"]
        else:
            done = agent_run(scene, who, ["sh", "-c", script], cwd=str(odd))
            output, report = done.stdout, done.report
        expect(output.decode().split() == ["private", str(scene.units.run_user.pw_uid), str(odd)], f"{who}: {done}")
        left = {"changed", "d", "private", "same"} | ({"stolen"} if who != "confined" else set())
        expect({path.name for path in odd.iterdir()} == left, f"{who}: {sorted(odd.iterdir())} {done}")
        expect((odd / "changed").read_text() == "new\n" and (odd / "d/link").read_text() == "deep\n", done)
        for path in (odd / "changed", odd / "d", odd / "d/f", odd / "d/link"):
            facts = os.lstat(path)
            expect((facts.st_uid, facts.st_gid) == (scene.person.pw_uid, scene.person.pw_gid), f"{path} belongs to {facts.st_uid}:{facts.st_gid}")
        expect(os.stat(odd / "d/f").st_mode & 0o777 == 0o640 and os.stat(odd / "private").st_mode & 0o777 == 0o600, "modes")
        told = {file["path"] for file in report["files"]["withheld"]}
        clean(json.dumps(report).encode(), VALUE)
        expect(told == {"out", "pipe", "[REDACTED:api/key]"} | ({"stolen"} if who == "confined" else set()) and report["files"]["deleted"] == 1, report)
        if who == "confined":
            expect(report["sandbox"]["files"] == "checked, in a copy", report)


@attack("own uid", "run.meanwhile", "stopped", "what the person changed meanwhile is not overwritten, and of a run that is broken off nothing comes back", left="no helper")
def copied_meanwhile(scene):
    odd = overlaid(scene, "of-the-person-meanwhile")
    for broken in (False, True):
        with scene.house.person() as connection:
            environment = {"PATH": "/usr/bin:/bin"}
            run = connection.run(["sh", "-c", "cat; echo ours > changed; echo ours > same"], ["api/key"], cwd=str(odd), environment=environment).until_started()
            as_user(scene.person, lambda: [(odd / "changed").write_text("theirs\n")])
            bearers = lambda: named(processes_of(scene.person), "tacit-bearer")  # noqa: E731
            wait_until(lambda: len(bearers()) == 1, "there is one who bears, for this run")
            [bearer] = bearers()
            found = as_user(scene.person, lambda bearer=bearer: looks(bearer))
            # The person's own process, which holds nothing but the person's files.
            expect(set(found) <= {"signal"}, f"the person's programs reach of the bearer: {found}")
            if not broken:
                run.frame(STDIN_END)
                run.wait()
                expect([file["path"] for file in run.report["files"]["kept"]] == ["changed"] and (odd / "same").read_text() == "ours\n", run)
                kept = odd / run.report["files"]["kept"][0]["copy"]
                expect(kept.read_text() == "ours\n" and os.lstat(kept).st_uid == scene.person.pw_uid, run)
                as_user(scene.person, lambda: [(odd / "same").write_text("same\n")])
        wait_until(lambda: not named(processes_of(scene.person), "tacit-bearer"), "whoever bears has ended")
        expect((odd / "changed").read_text() == "theirs\n", "the person's file was overwritten")
    expect((odd / "same").read_text() == "same\n", "a run that was broken off changed a file")


@check("own uid", "a directory that cannot be copied whole is refused with the reason")
def not_copied(scene):
    odd = overlaid(scene, "of-the-person-closed")
    expect(agent_run(scene, "free", ["true"], cwd=str(odd)).exit == ("exited", 0), "it is refused before anything is closed in it")
    (odd / "closed").touch(mode=0o600)
    done = agent_run(scene, "free", ["true"], cwd=str(odd))
    expect(done.code == "run.directory-not-copied" and "! -readable" in repr(done.problem or done.exit), done)


@attack("own uid", "run.linked", "stopped", "a working directory that is named through a link is the one behind it, and nothing is shown anywhere else", left="no helper")
def linked(scene):
    work = scene.house.root / "work"
    with scene.house.as_owner():
        (work / "real").mkdir()
        (work / "linked").symlink_to("real")
        (work / "system").symlink_to("/etc")
    for who in ("free", "confined"):
        done = agent_run(scene, who, ["sh", "-c", f"pwd -P; echo made > {who}"], cwd=str(work / "linked"))
        expect(done.stdout.decode().strip() == str(work / "real") and (work / "real" / who).read_text() == "made\n", done)
    text = "stat -c '%u %d' /etc; touch /etc/made 2>/dev/null && echo written"
    found = agent_run(scene, "free", ["sh", "-c", text], cwd=str(work / "system")).stdout.decode().split("\n")
    expect(found == [f"0 {os.stat('/etc').st_dev}", ""], found)


@attack("own uid", "run.exchanged", "stopped", "while its owner puts others in the place of a directory and of those above it, no run shows it anywhere but there", left="no helper")
def exchanged(scene):
    # One that the run may pass: what lies above it is not covered.
    work, system, way = scene.base / "passable", scene.base / "system", pathlib.Path(*["d"] * DEPTH)
    (system / way).mkdir(parents=True)
    work.mkdir()
    os.chown(work, scene.person.pw_uid, scene.person.pw_gid)
    with scene.house.as_owner():
        (work / "a" / way).mkdir(parents=True)
        (work / "trap").symlink_to(system)
    stop, child = scene.house.root / "work" / "stop", os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(scene.person.pw_gid)
        os.setuid(scene.person.pw_uid)
        while not stop.exists():
            # At once, so that there is always one: RENAME_EXCHANGE.
            for _ in range(100):
                LIBC.renameat2(-100, str(work / "a").encode(), -100, str(work / "trap").encode(), 2)
        os._exit(0)
    try:
        outcomes = set()
        for _ in range(60):
            text = f"stat -c %u {system / way}; cd {system / way} && touch made && echo written; true"
            done = agent_run(scene, "free", ["sh", "-c", text], cwd=str(work / "a" / way))
            if done.exit == ("exited", 0):
                expect(done.stdout == b"0\n", f"the person's directory is shown in the place of one of the system's: {done.stdout}")
            else:
                expect(done.code in ("run.no-directory", "run.directory-not-shown"), done)
            outcomes.add(done.code)
        detail(outcomes)
        expect("" in outcomes, outcomes)
    finally:
        stop.touch()
        os.waitpid(child, 0)


@check("own uid", "mounts of a run are nobody else's, and its directory is open to it alone")
def own_view(scene):
    before = pathlib.Path("/proc/self/mountinfo").read_text()
    with Held(scene):
        expect(pathlib.Path("/proc/self/mountinfo").read_text() == before, "a mount of a run is seen outside")


@attack("own uid", "program.own-writable", "stopped", "what a person can write is no listed program, whoever executes it", left="one user")
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
