"""A vault whose value one agent may have outside of a sandbox and another only inside, and what their programs tell."""

import json

from attack import detail, expect
from house import canary

VALUE = canary()
PYTHON = "/usr/bin/python3"


def furnish(house):
    common = {"allowed_keys": ["**"], "capabilities": ["env_inject"]}
    house.badges = {}
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")
        policies = [{"name": "free", "agent_id": "free", "unsandboxed": "allow", **common}, {"name": "confined", "agent_id": "confined", **common}]
        expect(person.apply_policy(*policies).status == 200, "policy")
        for name in ("free", "confined"):
            house.badges[name] = person.json("POST", "/v1/agents", {"name": name}).json["badge"]
    project(house)


def project(house):
    """The working directory of the attacks."""
    path = house.root / "work" / "project"
    path.mkdir(exist_ok=True)
    return path


def run(house, who, argv, **wish):
    wish.setdefault("cwd", str(project(house)))
    with house.connect(headers={"Tacit-Agent-Badge": house.badges[who], "Tacit-Source": "mcp"}) as agent:
        return agent.run(argv, ["api/key"], **wish).wait()


HEAD = """
import ctypes, errno, json, os, socket, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    return result if result >= 0 else -ctypes.get_errno()
def attempt(body):
    try: return bool(body())
    except (OSError, KeyError, IndexError, subprocess.SubprocessError): return False
"""


def inside(house, who, text, **wish):
    """What a program in Python prints as JSON."""
    done = run(house, who, [PYTHON, "-c", HEAD + text], **wish)
    expect(done.exit == ("exited", 0), f"{who}: {done} {done.stderr[-600:]}")
    return json.loads(done.stdout)


def freely(house, text):
    """The same of a program in no sandbox: of a run or, where each run is another user's and shut off for that, of the person's own."""
    if not house.is_apart:
        return inside(house, "free", text)
    done = house.popen([PYTHON, "-c", HEAD + text], cwd=project(house), env=house.environment | {"API_KEY": VALUE})
    out, err = done.communicate(timeout=60)
    expect(done.returncode == 0, err)
    return json.loads(out)


def only_free(house, text):
    """The attempts that a program prints, by name, all succeed outside and none of them in the sandbox."""
    free, confined = freely(house, text), inside(house, "confined", text)
    detail(f"free {free}, confined {confined}")
    expect(free and all(free.values()), f"the control fails outside: {free}")
    expect(not any(confined.values()), f"possible in the sandbox: {[name for name, done in confined.items() if done]}")
