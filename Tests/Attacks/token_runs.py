"""Programs of runs that hold fake tokens, for the attacks on these."""

import json

from api import STDIN_END
from attack import clean, expect
from house import canary

VALUE = canary()
# Nothing listens there: what is let go ends at once, and says otherwise.
WHERE = "https://localhost:9/v1/orders"
POLICY = {"name": "all", "agent_id": "*", "environments": ["default/dev"], "allowed_keys": ["api/*"], "capabilities": ["broker", "masked_return"]}
RULE = {"name": "shop", "agent_id": "*", "keys": ["api/*"], "hosts": ["localhost"], "ports": ["9"], "own_network": "allow", "paths": ["/v1/**"]}


def furnish(house, rule=RULE):
    """A secret, a policy whose requests one rule lists, and two agents."""
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "a secret")
        apply(person, rule)
        house.badges = {name: person.json("POST", "/v1/agents", {"name": name}).json["badge"] for name in ("claude", "other")}


def apply(person, rule, **policy):
    answer = person.json("PUT", "/v1/policy", {"document": json.dumps({"policies": [POLICY | policy], "request_rules": [rule]})})
    expect(answer.status == 200, f"policy: {answer}")


def start(house, *lines, agent="claude", **more):
    """A run of a person's for an agent, on a connection of its own, which ends with it."""
    # This machine is not asked for by way of a proxy otherwise.
    script = "\n".join(["unset NO_PROXY no_proxy", *lines])
    return house.person().run(["sh", "-c", script], [{"reference": "api/key", "variable": "TOKEN"}], agent=agent, scope="default/dev", **more)


def said(run, meanwhile=None, stopped=False):
    """What a run's commands printed; `meanwhile` is done after the first, and the program waits for it. With `stopped` the keeper ends it."""
    frames = run.each()
    if meanwhile:
        for _ in frames:
            if b"\n" in run.stdout:
                break
        meanwhile()
        run.frame(STDIN_END)
    for _ in frames:
        pass
    clean(run.output, VALUE)
    ended = run.exit[2] == "run.stopped" if stopped and run.exit and run.exit[0] == "failed" else not stopped and run.exit and run.exit[0] == "exited"
    expect(run.problem is None and ended, f"the run was not made: {run}, {run.output!r}")
    return run.stdout.decode().split()


def made(person):
    """How many requests were let go."""
    items = person.request("GET", "/v1/audit?limit=1000").json["items"]
    return sum(item["action"] == "request" and item.get("phase") == "intent" for item in items)
