"""An agent against the log: by being refused more often than anybody reads."""

import json
import subprocess
import time

from api import secret_path
from attack import attack, expect
from house import TACIT, canary

VALUE = canary()
POLICY = {"name": "all", "agent_id": "*", "environments": ["default/dev"], "allowed_keys": ["api/*"], "capabilities": ["masked_return"]}
# In a window of a minute the log has thirty kinds of denial of one actor, a count of each, and one of all others.
WINDOW, MOST = 60, 61


def furnish(house):
    house.unlock()
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")
        expect(person.json("PUT", "/v1/policy", {"document": json.dumps({"policies": [POLICY]})}).status == 200, "policy")
        house.badges = {"quiet": person.json("POST", "/v1/agents", {"name": "quiet"}).json["badge"]}
    added = house.tacit("agent", "add", "claude", password=house.password)
    expect(added.returncode == 0, added.err)
    [path] = (house.state / "agents").glob("claude")
    with house.as_owner():
        house.badges["claude"] = path.read_text().strip()


def agent(house, name):
    return house.connect(headers={"Tacit-Agent-Badge": house.badges[name], "Tacit-Source": "mcp"})


def entries(person):
    """Every entry of the log."""
    items, place = [], "/v1/audit?limit=1000"
    while place:
        page = person.request("GET", place).json
        items += page["items"]
        place = page.get("next") and f"/v1/audit?limit=1000&before={page['next']}"
    return items


def refused(connection, name):
    expect(connection.request("GET", secret_path(name) + "/masked").status == 404, name)


def refused_by_tool(house, names):
    """The same by `tacit mcp`, as an agent's host starts it."""
    asked = [{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}]
    asked += [{"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": "secret_get_masked", "arguments": {"secret_name": name}}}
              for number, name in enumerate(names, 1)]
    host = house.popen([TACIT, "mcp", "--agent", "claude"], stdin=subprocess.PIPE)
    out, _ = host.communicate("".join(json.dumps(message) + "\n" for message in asked).encode(), timeout=120)
    # What is asked while much else is under way is put off, and nobody was denied anything.
    answers = out.decode().splitlines()[1:]
    expect(len(answers) == len(names) and all("not_found" in answer or "rate_limited" in answer for answer in answers), f"{answers[:3]}")
    return sum("not_found" in answer for answer in answers)


@attack("trap 7", "log.flood", "stopped", "denials without end fill a count and no log: none is lost from it, and nobody else's are left out for them")
def flood(context):
    house = context.fresh().init()
    furnish(house)
    begun = time.monotonic()
    with agent(house, "claude") as claude, agent(house, "quiet") as quiet:
        for number in range(600):
            refused(claude, f"hidden/key-{number}")
            refused(claude, "hidden/key")
        by_tool = refused_by_tool(house, [f"hidden/tool-{number}" for number in range(200)])
        # Whoever else is refused, or served, or reads, is as they were.
        refused(quiet, "hidden/quiet")
        expect(quiet.request("GET", secret_path("api/key") + "/masked").status == 200, "another agent is shut out")
    with house.person() as person:
        expect(person.reveal("api/key").body == VALUE.encode(), "a person is shut out")
    # What is counted is written by now.
    house.lock()
    house.unlock()
    with house.person() as person:
        items = entries(person)
    denied = {name: [item for item in items if item["decision"] == "deny" and item["actor"] == f"agent {name}"] for name in ("claude", "quiet")}
    count = sum(item.get("repeated") or 1 for item in denied["claude"])
    expect(by_tool and count == 1200 + by_tool, f"{1200 + by_tool} denials are {count} in the log")
    expect(len(denied["claude"]) <= MOST * (1 + (time.monotonic() - begun) // WINDOW), f"the log has {len(denied['claude'])} entries of them")
    expect([item["subjects"] for item in denied["quiet"]] == [["default/dev/hidden/quiet"]], f"the other agent's denial: {denied['quiet']}")
