"""The cells of the promise table (README.md of the project), and how a place is made for each."""

import json

from .adapters import Command, Foreign, OwnTacit, Tacit

PINNED = ["/usr/bin/curl", "/usr/bin/cat", "/usr/bin/printenv", "/usr/bin/sleep", "/usr/bin/wc", "/usr/bin/true"]
SLEEPS = ["/usr/bin/sleep", "120"]


class Cell:
    """What an agent is given and where it runs. `confined` decides only what it sees of processes from outside; `adapter` is how a run is had."""

    def __init__(self, id, title, who=None, confined=False, adapter=Tacit):
        self.id, self.title, self.who, self.confined, self.adapter = id, title, who, confined, adapter

    def place(self, value, house, context):
        user = context.other if self.confined else context.owner
        return self.adapter(value, house, user, self.who, SLEEPS) if self.who else Command(value, house, user)


CELLS = [
    Cell("none", "a variable, no Tacit"),
    Cell("pinned-confined", "a pinned program, sandboxed; agent confined", "pinned", confined=True),
    Cell("pinned-free", "a pinned program, sandboxed; agent free", "pinned"),
    Cell("pinned-open", "a pinned program, no sandbox; agent free", "pinned-open"),
    Cell("chosen-confined", "its own choice, sandboxed; agent confined", "chosen", confined=True),
    Cell("chosen-free", "its own choice, sandboxed; agent free", "chosen"),
    Cell("chosen-open", "its own choice, no sandbox; agent free", "chosen-open"),
]
OWN_CELLS = [
    Cell("pinned-own", "a pinned program, sandboxed; keeper a user of its own", "pinned", adapter=OwnTacit),
    Cell("pinned-own-open", "a pinned program, no sandbox; keeper a user of its own", "pinned-open", adapter=OwnTacit),
    Cell("chosen-own", "its own choice, sandboxed; keeper a user of its own", "chosen", adapter=OwnTacit),
    Cell("chosen-own-open", "its own choice, no sandbox; keeper a user of its own", "chosen-open", adapter=OwnTacit),
]


class ToolCell(Cell):
    """Another tool's: the agent is free under the user of the tool."""

    def __init__(self, words, prepare=""):
        super().__init__("other", "another tool")
        self.words, self.prepare = words, prepare

    def place(self, value, house, context):
        return Foreign(value, house, context.owner, self.words, self.prepare)


def furnish(house, value):
    """A vault with one secret, and an agent for each kind of run."""
    def policy(who):
        chosen = {"capabilities": ["env_inject", "file_inject"], "unlisted_programs": "allow"} if who.startswith("chosen") else {}
        return {"name": who, "agent_id": who, "allowed_keys": ["**"], "capabilities": ["env_inject"], **({"unsandboxed": "allow"} if who.endswith("open") else {}), **chosen}

    policies = [policy(who) for who in {cell.who for cell in CELLS if cell.who}]
    rules = [{"name": f"programs of {who}", "agent_id": who, "keys": ["**"], "programs": PINNED} for who in ("pinned", "pinned-open")]
    house.badges = {}
    with house.person() as person:
        assert person.set("api/key", value).status == 201
        answer = person.json("PUT", "/v1/policy", {"document": json.dumps({"policies": policies, "command_rules": rules})})
        assert answer.status == 200, answer
        for policy in policies:
            house.badges[policy["agent_id"]] = person.json("POST", "/v1/agents", {"name": policy["agent_id"]}).json["badge"]
