"""A denied program under every name that leads to it. It is a guard against accidents: what really holds is that the output is redacted."""

import os
import shutil

from attack import Skipped, attack, check, clean, expect
from house import canary
from trap_01_lists import open_to_runs

VALUE = canary()
BADGE = []


def furnish(house):
    open_to_runs(house)
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")
        policy = {"name": "all", "agent_id": "*", "allowed_keys": ["**"], "capabilities": ["env_inject"], "unsandboxed": "allow"}
        expect(person.apply_policy(policy).status == 200, "policy")
        BADGE.append(person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"])


def run(house, *argv, **wish):
    with house.connect(headers={"Tacit-Agent-Badge": BADGE[0], "Tacit-Source": "mcp"}) as agent:
        return agent.run(list(argv), ["api/key"], **wish).wait()


def refused(house, *argv, **wish):
    done = run(house, *argv, **wish)
    expect(done.code == "run.accident-guard", f"{argv} was not refused: {done}")


@check("trap 1", "an allowed program runs (or the refusals below would prove nothing)")
def control(context):
    expect(run(context.house(furnish), "echo", "hello").stdout == b"hello\n", run(context.house(furnish), "echo", "hello"))


@attack("trap 1", "program.env-path", "stopped", "`env` is refused by name, by path, by a path with dots, by links of both kinds and by a copy under another name")
def by_path(context):
    house = context.house(furnish)
    work = house.root / "work"
    os.symlink("/usr/bin/env", work / "harmless")
    os.symlink(work / "harmless", work / "harmless2")
    shutil.copy("/usr/bin/env", work / "copied")
    try:
        os.link("/usr/bin/env", work / "linked")
    except OSError:
        # The kernel lets nobody link to what is not his; a link to a copy has two names, too.
        os.link(work / "copied", work / "linked")
    for argv in (["env"], ["printenv"], ["/usr/bin/env"], ["/usr/bin/../bin/./env"], ["//usr//bin//env"], [str(work / "harmless")], [str(work / "harmless2")],
                 [str(work / "copied")], ["./copied"], ["./linked"], ["env", "-0"], ["printenv", "API_KEY"]):
        refused(house, *argv, cwd=str(work))


@attack("trap 1", "program.env-behind", "stopped", "`env` is refused behind a shell, a wrapper, a script's first line and a program of many programs")
def behind(context):
    house = context.house(furnish)
    work = house.root / "work"
    (work / "hashbang").write_text("#!/usr/bin/env\n")
    (work / "hashbang").chmod(0o755)
    argvs = [["sh", "-c", "env"], ["sh", "-c", " exec  env "], ["bash", "-c", "printenv API_KEY"], ["bash", "-lc", "env"], ["dash", "-c", "'env'"],
             ["sh", "-c", "A=1 env"], ["nice", "env"], ["timeout", "5", "env"], ["xargs", "env"], ["nohup", "/usr/bin/env"], ["sh", "-c", "set"],
             ["bash", "-c", "export -p"], ["bash", "-c", "declare -p API_KEY"], ["sh", "-c", "export"], [str(work / "hashbang")],
             ["cat", "/proc/self/environ"], ["cat", "/proc/1/../self/environ"], ["sh", "-c", "cat /proc/$$/environ"]]
    for argv in argvs:
        refused(house, *argv)
    refused(house, "cat", "environ", cwd="/proc/self")
    refused(house, "cat", "self/environ", cwd="/proc")


@attack("trap 1", "program.env-applet", "stopped", "`env` is refused as an applet of busybox, whatever the file is called and whatever stands before it")
def applets(context):
    busybox = shutil.which("busybox")
    if not busybox:
        raise Skipped("there is no busybox")
    house = context.house(furnish)
    work = house.root / "work"
    names = [work / name for name in ("env", "printenv", "busybox-linked", "busybox-copied", "bb", "busybox-hard")]
    for name in names[:3] + names[4:5]:
        os.symlink(busybox, name)
    shutil.copy(busybox, names[3])
    os.link(names[3], names[5])
    for argv in ([busybox, "env"], ["busybox", "env"], [busybox, "printenv", "API_KEY"], [busybox, "sh", "-c", "env"], [busybox, "ash", "-c", " exec env"], [busybox, "busybox", "env"],
                 [busybox, "nice", "env"], [busybox, "timeout", "5", "env"], [busybox, "xargs", "env"], [names[0]], [names[1], "API_KEY"], [names[2], "env"], [names[3], "env"], [names[5], "printenv"],
                 ["sh", "-c", "busybox env"], ["sh", "-c", "/usr/bin/busybox printenv API_KEY"], ["bash", "-c", "exec busybox sh -c env"]):
        refused(house, *map(str, argv), cwd=str(work))
    # By a name that is no applet it does nothing.
    clean(run(house, str(names[4]), "env", cwd=str(work)).output, VALUE)


@attack("trap 1", "program.env-unknown", "redacted", "what the guard does not know prints nothing in clear either: an interpreter, a shell behind a shell, a program of one's own")
def what_holds(context):
    house, busybox = context.house(furnish), shutil.which("busybox")
    applets = [[busybox, "sh", "-c", "true; env"], [busybox, "awk", "BEGIN{print ENVIRON[\"API_KEY\"]}"]] if busybox else []
    for argv in (*applets, ["/usr/bin/python3", "-c", "import os; print(dict(os.environ))"], ["sh", "-c", "true; env"], ["sh", "-c", "e=en; ${e}v"], ["awk", "BEGIN{print ENVIRON[\"API_KEY\"]}"],
                 ["perl", "-e", "print %ENV"], ["sh", "-c", "eval $(echo ZW52 | base64 -d)"], ["sh", "-c", "echo $API_KEY | rev | rev"]):
        done = run(house, *argv)
        clean(done.output, VALUE)
        expect(b"REDACTED" in done.output, f"{argv}: {done}")


@attack("trap 1", "program.variables", "stopped", "dangerous variables are refused as targets, however they are written")
def dangerous(context):
    house = context.house(furnish)
    with house.person() as person:
        for variable in ("LD_PRELOAD", "BASH_ENV", "NODE_OPTIONS", "PATH", "ld_preload", "GIT_SSH_COMMAND", "PYTHONSTARTUP", "IFS", "A=B", "A B", "", "A\x00B", "1A", "BASH_FUNC_ls%%"):
            done = person.run(["true"], [{"reference": "api/key", "variable": variable}]).wait()
            person = house.person() if done.problem is None else person
            expect(done.exit is None or done.exit[0] == "failed", f"{variable!r} was taken: {done}")
