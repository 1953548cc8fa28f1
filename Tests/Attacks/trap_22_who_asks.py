"""Programs that would pass for the person at the terminal."""

import json
import os
import subprocess
import sys

from api import SECRETS
from attack import attack, clean, expect
from house import canary, elsewhere

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
        actor = connection.request("GET", "/v1/status").json["actor"]["kind"]
        answer = connection.request("GET", SECRETS)
        return [actor, answer.status, answer.body.decode()]
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
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        return [connection.request("GET", "/v1/status").json["actor"]["kind"], connection.request("GET", SECRETS).status]


@attack("trap 22", "the leader of the unlocked session is the person (or the attacks below would prove nothing)")
def control(context):
    house = context.house(furnish)
    expect(ask(house) == ["person", 200], ask(house))


@attack("trap 22", "a program between the session's leader and the asker makes the asker unidentified")
def between(context):
    actor, status, text = program(context.house(furnish), "child")
    expect((actor, json.loads(text).get("items", [])) == ("unidentified", []), f"{actor} {status} {text}")


@attack("trap 22", "an asker that gets itself adopted by another parent is unidentified")
def double_fork(context):
    actor, status, text = program(context.house(furnish), "double")
    expect((actor, json.loads(text).get("items", [])) == ("unidentified", []), f"{actor} {status} {text}")


@attack("trap 22", "a new kernel session is not the unlocked one, whoever its ancestors are")
def new_session(context):
    house = context.house(furnish)
    expect(elsewhere(lambda: ask(house))[0] == "unidentified", "setsid in a fork of the leader")
    expect(program(house, "setsid")[0] == "unidentified", "setsid in a program's fork")
    expect(program(house, "own", start_new_session=True)[0] == "unidentified", "a program with a session of its own")


@attack("trap 22", "a terminal of its own makes no person: `script` and pty forks are sessions that nobody unlocked")
def own_terminal(context):
    import pty

    house = context.house(furnish)
    reading, writing = os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        os.write(writing, json.dumps(ask(house)).encode())
        os._exit(0)
    os.close(writing)
    answer = json.loads(os.fdopen(reading).read())
    os.waitpid(child, 0)
    os.close(terminal)
    expect(answer[0] == "unidentified", answer)
    if os.path.exists("/usr/bin/script"):
        text = PROGRAM.format(here=os.path.dirname(__file__))
        (house.root / "work" / "ask.py").write_text(text)
        done = subprocess.run(["/usr/bin/script", "-qec", f"{sys.executable} {house.root}/work/ask.py own {house.socket}", "/dev/null"], capture_output=True, timeout=120)
        expect(b"unidentified" in done.stdout and b"person" not in done.stdout, done.stdout)


@attack("trap 22", "an unlock in one session leaves every other session where it was")
def unlock_is_of_one_session(context):
    house = context.house(furnish)

    def first():
        house.unlock()
        return ask(house)

    expect(elsewhere(first) == ["person", 200], "the session that unlocked")
    expect(elsewhere(lambda: ask(house))[0] == "unidentified", "another session")


@attack("trap 22", "the agent's door never opens as a person's, whatever stands around it")
def door_of_agents(context):
    house = context.house(furnish)
    with house.connect(headers={"Tacit-Source": "mcp"}) as connection:
        expect(connection.request("GET", "/v1/status").json["actor"]["kind"] == "unidentified", "a person by way of mcp")
        expect(connection.reveal("api/key").status in (403, 404), "a value by way of mcp")


@attack("trap 22", "a badge in the leader's own hands still makes an agent")
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


@attack("trap 22", "being in the unlocked session is not enough for a step-up act")
def step_up_acts(context):
    house = context.house(furnish)
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        asked = {
            "reveal": connection.reveal("api/key"),
            "policy": connection.apply_policy(),
            "agents": connection.json("POST", "/v1/agents", {"name": "other"}),
            "slots": connection.request("POST", "/v1/slots/password", b"another password"),
            "recovery": connection.request("POST", "/v1/slots/recovery"),
            "purge": connection.request("POST", SECRETS + "/api%2Fkey/purge"),
        }
        for name, answer in asked.items():
            expect((answer.status, answer.code) == (401, "step-up.required"), f"{name}: {answer}")
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        run = connection.run(["true"], all=True).wait()
        expect(run.code == "step-up.required", f"run --all: {run}")
