"""A program that is not on the list, under every name and path that could make it look like one that is."""

import json
import os
import shutil
import threading

from attack import attack, check, expect
from house import canary

VALUE = canary()
BADGE = []


def put(person, **rules):
    """Puts a policy in force: `claude` may use what lies under `api/`."""
    policy = {"name": "api", "agent_id": "claude", "allowed_keys": ["api/*"], "capabilities": ["env_inject", "masked_return"], "unsandboxed": "allow"}
    answer = person.json("PUT", "/v1/policy", {"document": json.dumps({"policies": [policy], **rules})})
    expect(answer.status == 200, answer)


def listed(**members):
    return [{"name": "list", "agent_id": "claude", "keys": ["api/*"], **members}]


def furnish(house):
    open_to_runs(house)
    with house.person() as person:
        for name in ("api/key", "api/tagged", "hidden/key"):
            expect(person.set(name, VALUE.encode()).status == 201, "set")
        put(person, command_rules=listed(programs=["/usr/bin/cat", "/usr/bin/echo"]))
        BADGE.append(person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"])


def agent(house):
    return house.connect(headers={"Tacit-Agent-Badge": BADGE[-1], "Tacit-Source": "mcp"})


def run(house, *argv, name="api/key", **wish):
    with agent(house) as connection:
        return connection.run(list(argv), [name], **wish).wait()


def refused(house, *argv, **wish):
    done = run(house, *argv, **wish)
    expect(done.code == "command_blocked", f"{argv} was not refused: {done}")
    expect(done.started is None, f"{argv} was started")


def open_to_runs(house):
    """What is executed is another user's to open where the keeper is: a home that lets others pass."""
    if house.is_apart:
        for path in (house.root, house.root / "work"):
            path.chmod(0o711)


def own(house, name, source):
    """A copy of a program in a directory of the agent's own user."""
    path = house.root / "work" / name
    shutil.copy(source, path)
    if house.owner:
        os.chown(path, house.owner.pw_uid, house.owner.pw_gid)
    return str(path)


@check("trap 1", "a listed program runs, by name, by path and by a link of anybody's (or the refusals below would prove nothing)")
def control(context):
    house = context.house(furnish)
    link = house.root / "work" / "link-to-echo"
    os.symlink("/usr/bin/echo", link)
    for word in ("echo", "/usr/bin/echo", "/bin/echo", "/usr/bin/../bin/echo", str(link), f"/proc/self/root/{link}"):
        done = run(house, word, "hello")
        expect(done.stdout == b"hello\n", f"{word}: {done}")


@attack("trap 1", "program.not-listed", "stopped", "another program is refused: not listed, a copy, a hard link, a script of that name, an interpreter, a name in the agent's own PATH")
def not_listed(context):
    house = context.house(furnish)
    work = house.root / "work"
    copy = own(house, "cat", "/usr/bin/cat")
    (work / "echo").write_text("#!/usr/bin/cat\n")
    (work / "echo").chmod(0o755)
    for argv in (["ls"], ["/usr/bin/id"], [copy, "/dev/null"], ["./cat", "/dev/null"], [str(work / "echo")], ["sh", "-c", "echo"], ["python3", "-c", "0"],
                 ["busybox", "cat"] if shutil.which("busybox") else ["dash"], ["/proc/self/exe"]):
        refused(house, *argv, cwd=str(work))
    try:
        os.link("/usr/bin/cat", work / "hard")
        refused(house, str(work / "hard"), "/dev/null")
    except OSError:
        pass  # another file system, or links to files of others are forbidden
    done = run(house, "cat", "/dev/null", environment={"PATH": str(work)})
    expect(done.exit == ("exited", 0), f"an agent chooses no PATH: {done}")


@attack("trap 1", "program.executors", "stopped", "a list of everything is still no list of what executes others: loaders, launchers, interpreters, shells, links to them")
def executors(context):
    house = context.house(furnish)
    with house.person() as person:
        put(person, command_rules=listed(programs=["/**"]))
    work = house.root / "work"
    tool = own(house, "evil", "/usr/bin/id")
    os.symlink("/lib64/ld-linux-x86-64.so.2" if os.path.exists("/lib64/ld-linux-x86-64.so.2") else "/bin/sh", work / "innocent")
    for argv in (["/usr/bin/ld.so", tool], ["/lib64/ld-linux-x86-64.so.2", tool], [str(work / "innocent"), tool], ["sh", "-c", tool], ["python3", "-c", "0"],
                 ["perl", "-e", "0"], ["flock", "/dev/null", tool], ["taskset", "1", tool], ["setarch", "-R", tool], ["time", tool], ["find", "/dev/null", "-exec", tool, ";"],
                 ["busybox", "sh"], ["ssh", "-o", f"ProxyCommand={tool}", "x"], ["openssl", "version"], ["tar", "--version"], ["gdb", "--version"]):
        if shutil.which(argv[0]):
            refused(house, *argv)
    expect(run(house, "echo", "x").stdout == b"x\n", "a plain program runs")
    with house.person() as person:
        put(person, command_rules=listed(programs=["/usr/bin/cat", "/usr/bin/echo"]))


@attack("trap 1", "program.writable-path", "stopped", "a listed path below a directory of the agent's is not what was listed")
def writable_path(context):
    house = context.house(furnish)
    path = own(house, "tool", "/usr/bin/echo")
    with house.person() as person:
        put(person, command_rules=listed(programs=[path, "/**"]))
    done = run(house, path, "x")
    expect(done.code == "command_blocked" and b"could change it" in done.problem.body, done)
    with house.person() as person:
        put(person, command_rules=listed(programs=["/usr/bin/cat", "/usr/bin/echo"]))


@attack("trap 1", "program.swapped", "stopped", "a pinned program that is written to while it is judged runs as it was pinned, or not at all", rarely=True)
def swapped(context):
    import hashlib

    house = context.house(furnish)
    path = own(house, "pinned", "/usr/bin/echo")
    good, bad = (open(source, "rb").read() for source in ("/usr/bin/echo", "/usr/bin/seq"))
    with house.person() as person:
        put(person, command_rules=listed(sha256=[hashlib.sha256(good).hexdigest()]))
    stop = threading.Event()

    def swap():
        turn = 0
        while not stop.is_set():
            turn += 1
            content = (bad, good)[turn % 2]
            if turn % 4 < 2:
                with open(path, "r+b") as file:
                    file.write(content)
                    file.truncate(len(content))
            else:
                with open(path + ".new", "wb") as file:
                    file.write(content)
                os.chmod(path + ".new", 0o755)
                os.rename(path + ".new", path)

    thread = threading.Thread(target=swap)
    thread.start()
    ran = 0
    try:
        for _ in range(60):
            done = run(house, path, "7")
            if done.problem is None:
                # Half a write may be neither program; what is executed had the pinned content.
                expect(done.stdout == b"7\n" and done.exit == ("exited", 0), f"another program than the pinned one ran: {done}")
                ran += 1
            else:
                expect(done.code in ("command_blocked", "run.program-not-executable", "run.program-not-found"), done)
    finally:
        stop.set()
        thread.join()
    with open(path, "wb") as file:
        file.write(good)
    expect(run(house, path, "7").stdout == b"7\n", "the pinned program itself runs")
    with house.person() as person:
        put(person, command_rules=listed(programs=["/usr/bin/cat", "/usr/bin/echo"]))


@attack("trap 7", "program.hidden-name", "stopped", "names that are hidden and names that are absent are refused byte for byte alike, whatever rules are about them")
def alike(context):
    house = context.house(furnish)
    with house.person() as person:
        for name in ("api/tagged", "hidden/key"):
            expect(person.json("PATCH", f"/v1/projects/default/environments/dev/secrets/{name.replace('/', '%2F')}", {"add_tags": ["no"]}).status == 200, name)
        put(person, command_rules=listed(programs=["/usr/bin/cat"]), tag_rules=[{"name": "never", "kind": "block_always", "tags": ["no"]}])
    answers = set()
    for name in ("hidden/key", "hidden/none", "api/none", "none"):
        with agent(house) as connection:
            masked = connection.masked(name)
            done = connection.run(["ls"], [name])
        headers = tuple(sorted((key, value) for key, value in masked.headers.items() if key != "date"))
        answers.add((masked.status, masked.body, headers, done.problem.status, done.problem.body))
    expect(len(answers) == 1, answers)
    with agent(house) as connection:
        told = connection.masked("api/tagged")
    expect(told.code == "blocked_by_rule" and told.json["rule"] == "never", told)
    with house.person() as person:
        put(person, command_rules=listed(programs=["/usr/bin/cat", "/usr/bin/echo"]))
