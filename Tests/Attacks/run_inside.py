"""From inside a run: what a program that was given one value can reach of the rest."""

import json
import os

from attack import attack, check, clean, expect
from house import PASSWORD, canary

VALUE, OTHER = canary(), canary("other")
HERE = os.path.dirname(os.path.abspath(__file__))


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")
        expect(person.set("other/key", OTHER.encode()).status == 201, "set")
        policy = {"name": "all", "agent_id": "*", "allowed_keys": ["api/*"], "capabilities": ["env_inject"], "unsandboxed": "allow"}
        expect(person.apply_policy(policy).status == 200, "policy")
        house.badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]


def agent(house):
    return house.connect(headers={"Tacit-Agent-Badge": house.badge, "Tacit-Source": "mcp"})


def inside(connection, text, **wish):
    run = connection.run(["/usr/bin/python3", "-c", f"import os, sys, json\n{text}"], ["api/key"], **wish).wait()
    expect(run.exit == ("exited", 0), f"{run}")
    return run.stdout.decode()


@attack("run", "run.descriptors", "stopped", "it has its three streams and no other descriptor, no value but its own, and no file of the runner's to read")
def descriptors(context):
    house = context.house(furnish)
    # In pieces, as the accident guard reads a program's words too.
    text = """
proc = "/pr" + "oc"
found = {}
for name in os.listdir(f"{proc}/self/fd"):
    try: found[int(name)] = os.readlink(f"{proc}/self/fd/{name}")
    except OSError: pass
opened = []
for part in ("environ", "mem", "maps", "fd/3"):
    try:
        with open(f"{proc}/{os.getppid()}/{part}", "rb") as file: opened.append([part, len(file.read(16))])
    except OSError: pass
print(json.dumps([sorted(found), opened, dict(os.environ)]))"""
    for connection in (house.person(), agent(house)):
        found, opened, environment = json.loads(inside(connection, text))
        expect(found == [0, 1, 2], f"descriptors {found}")
        expect(opened == [], f"the runner's {opened}")
        clean(json.dumps(environment).encode(), OTHER, PASSWORD, house.badge)


@attack("run", "run.environment", "stopped", "an agent's environment is the clean one, whatever the request says of it")
def clean_environment(context):
    house = context.house(furnish)
    wished = {"LD_PRELOAD": "/tmp/evil.so", "BASH_ENV": "/tmp/evil", "HOME": "/root", "PATH": "/tmp", "MINE": "1", "PYTHONPATH": "/tmp"}
    with agent(house) as connection:
        environment = json.loads(inside(connection, "print(json.dumps(dict(os.environ)))", environment=wished, preserve_environment=True))
    expect(set(environment) <= {"PATH", "USER", "LANG", "TERM", "TZ", "HOME", "API_KEY", "LC_CTYPE"}, f"{environment}")
    expect(environment["PATH"] != "/tmp" and environment["HOME"].startswith("/tmp/tacit-run-"), f"{environment}")
    with agent(house) as connection:
        run = connection.run(["true"], ["api/key"], mask_output=False).wait()
        expect(run.problem is not None, f"an unmasked run of an agent: {run}")
    with agent(house) as connection:
        run = connection.run(["/bin/sh", "-c", "test -t 0 || test -t 1 || test -t 2 || echo none; tty"], ["api/key"],
                             terminal={"rows": 24, "columns": 80, "input": True, "output": True, "error": True}).wait()
        expect(b"none" in run.stdout, f"an agent got a terminal: {run}")


@attack("run", "run.person", "stopped", "a program that a person runs is no person: it reaches the keeper as a stranger")
def not_a_person(context):
    house = context.house(furnish)
    text = f"""
sys.path.insert(0, {HERE!r})
sys.dont_write_bytecode = True
from api import Connection, SECRETS, secret_path
try: c = Connection({house.socket!r}, headers={{"Tacit-Source": "cli"}})
except PermissionError:
    print("[]")
    sys.exit()
answers = [c.request("GET", "/v1/status").json["actor"]["doubt"]["code"], c.reveal("other/key").status, c.request("GET", "/v1/policy").status]
print(json.dumps(answers))"""
    expect(json.loads(house.tacit("status", "--json").out)["actor"]["kind"] == "person", "this session is not a person's")
    terminal = {"rows": 24, "columns": 80, "input": True, "output": True, "error": True}
    for wish in ({}, {"terminal": terminal}):
        with house.person() as one:
            answers = json.loads(inside(one, text, **wish))
        if house.is_apart:
            # A third user's does not even reach it.
            expect(answers == [], f"{answers}")
            continue
        doubt, reveal, policy = answers
        # Where it stands is enough, whichever program it is.
        expect(doubt == "asker.other-session" and reveal in (403, 404) and policy == 403, f"{doubt} {reveal} {policy}")


@attack("run", "run.search-path", "stopped", "names without a path are looked for in the system's places, not in the directory an agent names")
def search_path(context):
    house = context.house(furnish)
    fake = house.root / "work" / "uname"
    fake.write_text("#!/bin/sh\necho fake\n")
    fake.chmod(0o755)
    with agent(house) as connection:
        run = connection.run(["uname"], ["api/key"], cwd=str(house.root / "work"), environment={"PATH": str(house.root / "work")}).wait()
    fake.unlink()
    expect(run.stdout == b"Linux\n", f"{run}")


@attack("run", "run.set-uid", "stopped", "an agent's run of a set-uid program gains nothing")
def set_uid(context):
    house = context.house(furnish)
    with agent(house) as connection:
        run = connection.run(["/bin/sh", "-c", "grep NoNewPrivs /proc/self/status"], ["api/key"]).wait()
    expect(run.stdout.split() == [b"NoNewPrivs:", b"1"], f"{run}")


@check("run", "a value that does not fit into a variable, or two for one variable, start nothing")
def refused_values(context):
    house = context.house(furnish)
    with house.person() as person:
        expect(person.set("api/nul", b"a\0b").status == 201 and person.set("api/long", b"x" * (128 << 10)).status == 201 and person.set("api_key", b"x").status == 201, "set")
    for secrets, word in ((["api/nul"], "stdin"), (["api/long"], "stdin"), (["api/key", "api_key"], "API_KEY")):
        with house.person() as person:
            run = person.run(["/usr/bin/touch", str(house.root / "work" / "started")], secrets).wait()
            expect((run.problem is not None or run.exit[0] == "failed") and word in str(run), f"{secrets}: {run}")
            expect(not (house.root / "work" / "started").exists(), f"{secrets}: it started")
