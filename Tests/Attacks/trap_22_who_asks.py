"""Programs that would pass for the person at the terminal."""

import json
import os
import shutil
import subprocess
import sys

from api import SECRETS
from attack import attack, check, clean, expect
from house import TACIT, canary, elsewhere

VALUE = canary()

# A program of its own (another process image), which does what it is told on a connection that it opens itself or lets a child open.
PROGRAM = """
import json, os, sys
sys.path.insert(0, {here!r})
from house import *
from api import Connection, SECRETS
how, path = sys.argv[1:3]
def ask():
    with Connection(path, headers={{"Tacit-Source": "cli"}}) as connection:
        actor = connection.request("GET", "/v1/status").json["actor"]
        answer = connection.request("GET", SECRETS)
        return [actor.get("doubt", actor).get("code"), answer.status, answer.body.decode()]
def forked(depth):
    reading, writing = os.pipe()
    if os.fork() == 0:
        if depth > 1 and os.fork() != 0:
            os._exit(0)
        if depth > 1:
            while os.getppid() == grandparent: pass
        os.write(writing, json.dumps(ask()).encode())
        os._exit(0)
    os.close(writing)
    return json.loads(os.fdopen(reading).read())
grandparent = os.getpid()
if how == "setsid":
    if os.fork() == 0:
        os.setsid()
        print(json.dumps(ask()), flush=True)
        os._exit(0)
    os.wait()
else:
    print(json.dumps({{"child": lambda: forked(1), "double": lambda: forked(2), "own": ask}}[how]()))
"""


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


def program(house, how, **options):
    """What a program that is started beside us is taken for."""
    text = PROGRAM.format(here=os.path.dirname(__file__))
    process = subprocess.run([sys.executable, "-c", text, how, house.socket], capture_output=True, timeout=120, **options)
    expect(process.returncode == 0 and process.stdout, process.stderr)
    return json.loads(process.stdout)


def ask(house):
    """What the command is taken for that this process starts, and how its list ends."""
    actor = json.loads(house.tacit("status", "--json").out)["actor"]
    return [actor.get("doubt", {}).get("code", actor["kind"]), house.tacit("list").returncode]


def ask_alone(house):
    """What this process is taken for when it asks on a connection of its own."""
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        return connection.request("GET", "/v1/status").json["actor"]["doubt"]["code"]


@check("trap 22", "a command that the leader of the unlocked session starts is the person's (or the attacks below would prove nothing)")
def control(context):
    house = context.house(furnish)
    expect(ask(house) == ["person", 0], ask(house))


@attack("trap 22", "who.direct", "stopped", "a program that opens the socket itself, and hides nothing of itself, is no person, though nothing but the leader stands behind it")
def other_program(context):
    house = context.house(furnish)
    expect(ask_alone(house) == "asker.other-program", "the leader itself")
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        answer = connection.reveal("api/key")
        expect(answer.status in (403, 404), answer)
        expect(json.loads(connection.request("GET", SECRETS).body).get("items", []) == [], "its list")
    # Nor a copy: the file is what counts. Ours hides which file it executes, so that an ordinary user's keeper goes by its name (docs/THREAT-MODEL.md).
    for path in (house.root / "work" / "another", house.root / "work" / "tacit (deleted)", *([house.root / "work" / "tacit"] if os.geteuid() == 0 else [])):
        shutil.copy(TACIT, path)
        seen = json.loads(house.popen([str(path), "status", "--json"]).communicate()[0])["actor"]
        expect(seen.get("doubt", {}).get("code") == "asker.other-program", seen)


@attack("trap 22", "who.child", "stopped", "a program between the session's leader and the asker makes the asker unidentified")
def between(context):
    doubt, status, text = program(context.house(furnish), "child")
    expect((doubt, json.loads(text).get("items", [])) == ("asker.behind-program", []), f"{doubt} {status} {text}")


@attack("trap 22", "who.adopted", "stopped", "an asker that gets itself adopted by another parent is unidentified")
def double_fork(context):
    doubt, status, text = program(context.house(furnish), "double")
    expect(doubt in ("asker.adopted", "asker.behind-program") and json.loads(text).get("items", []) == [], f"{doubt} {status} {text}")


@attack("trap 22", "who.session", "stopped", "a new kernel session is not the unlocked one, whoever its ancestors are")
def new_session(context):
    house = context.house(furnish)
    expect(elsewhere(lambda: ask(house))[0] == "asker.other-session", "setsid in a fork of the leader")
    expect(program(house, "setsid")[0] == "asker.other-session", "setsid in a program's fork")
    expect(program(house, "own", start_new_session=True)[0] == "asker.other-session", "a program with a session of its own")


@attack("trap 22", "who.terminal", "stopped", "a terminal of its own makes no person: `script` and pty forks are sessions that nobody unlocked")
def own_terminal(context):
    import pty

    house = context.house(furnish)
    reading, writing = os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        os.write(writing, json.dumps(ask_alone(house)).encode())
        os._exit(0)
    os.close(writing)
    answer = json.loads(os.fdopen(reading).read())
    os.waitpid(child, 0)
    os.close(terminal)
    expect(answer == "asker.other-session", answer)
    if os.path.exists("/usr/bin/script"):
        text = PROGRAM.format(here=os.path.dirname(__file__))
        (house.root / "work" / "ask.py").write_text(text)
        done = subprocess.run(["/usr/bin/script", "-qec", f"{sys.executable} {house.root}/work/ask.py own {house.socket}", "/dev/null"], capture_output=True, timeout=120)
        expect(b"asker.other-session" in done.stdout, done.stdout)


@attack("trap 22", "who.other-session", "stopped", "an unlock in one session leaves every other session where it was")
def unlock_is_of_one_session(context):
    house = context.house(furnish)

    def first():
        house.unlock()
        return ask(house)

    expect(elsewhere(first) == ["person", 0], "the session that unlocked")
    expect(elsewhere(lambda: ask(house))[0] == "asker.other-session", "another session")


@attack("trap 22", "who.agents-door", "stopped", "the agent's door never opens as a person's, whatever stands around it")
def door_of_agents(context):
    house = context.house(furnish)
    with house.connect(headers={"Tacit-Source": "mcp"}) as connection:
        expect(connection.request("GET", "/v1/status").json["actor"]["kind"] == "unidentified", "a person by way of mcp")
        expect(connection.reveal("api/key").status in (403, 404), "a value by way of mcp")


@attack("trap 22", "who.badge", "stopped", "a badge in the leader's own hands still makes an agent")
def badge_never_a_person(context):
    house = context.house(furnish)
    with house.person() as person:
        badge = person.json("POST", "/v1/agents", {"name": "narrow"}).json["badge"]
    token = {}
    with house.connect(headers={"Tacit-Agent-Badge": badge, "Tacit-Source": "cli"}) as connection:
        expect(connection.request("GET", "/v1/status").json["actor"] == {"kind": "agent", "name": "narrow"}, "the badge was not looked at")
        answer = connection.reveal("api/key")
        expect(answer.status in (403, 404), answer)
        # Not even with a password given on the same connection: the badge narrows what comes with it.
        token = connection.step_up(house.password)
        expect(token.status == 200, token)
        answer = connection.reveal("api/key")
        expect(answer.status in (403, 404), f"badge and step-up together: {answer}")
        clean(answer.body, VALUE)


@attack("trap 22", "who.step-up", "stopped", "being in the unlocked session is not enough for a step-up act")
def step_up_acts(context):
    house = context.house(furnish)
    policy = house.root / "work" / "policy.yaml"
    policy.write_text("policies: []\n")
    expect(house.tacit("set", "api/key", input=b"another value").returncode == 0, "what does not ask again")
    for words in (["get", "api/key"], ["policy", "apply", str(policy)], ["agent", "add", "other"], ["agent", "revoke", "other"], ["purge", "api/key"],
                  ["export"], ["run", "--all", "--", "true"], ["run", "--no-mask", "-k", "api/key", "--", "true"]):
        done = house.tacit(*words)
        expect(done.returncode in (4, 125) and b"asks for the password again" in done.err, f"{words}: {done.returncode} {done.out} {done.err}")
