"""An agent's host that sends messages over MCP which are not as they should be: forged names, results of nothing, wrong ids, too much at once."""

import json
import subprocess

from attack import attack, clean, expect
from house import TACIT, canary

VALUE = canary()
POLICY = {"name": "all", "agent_id": "claude", "environments": ["default/dev"], "allowed_keys": ["api/*"], "capabilities": ["masked_return"]}
RULES = [{"name": "asked", "kind": "require_confirmation", "by": "person", "tags": ["asked"]}]


def furnish(house):
    house.unlock()
    with house.person() as person:
        for name in ("api/key", "api/asked", "hidden/key"):
            expect(person.set(name, VALUE.encode()).status == 201, name)
        expect(person.json("PATCH", "/v1/projects/default/environments/dev/secrets/api%2Fasked", {"add_tags": ["asked"]}).status == 200, "tag")
        document = json.dumps({"policies": [POLICY], "tag_rules": RULES})
        expect(person.json("PUT", "/v1/policy", {"document": document}).status == 200, "policy")
    for name in ("claude", "thief"):
        added = house.tacit("agent", "add", name, password=house.password)
        expect(added.returncode == 0, added.err)


def message(method, id=None, **params):
    return {"jsonrpc": "2.0", "method": method, "params": params} | ({} if id is None else {"id": id})


def hello(id=0, name="host", **more):
    return message("initialize", id, protocolVersion="2025-06-18", capabilities={"elicitation": {}, "sampling": {}}, clientInfo={"name": name, "version": "1"}, **more)


def call(id, tool="secret_get_masked", **arguments):
    return message("tools/call", id, name=tool, arguments=arguments or {"secret_name": "api/key"})


def say(house, *messages):
    """What `tacit mcp` answers to messages, or to bytes in the place of some, until its input ends."""
    data = b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in messages)
    host = house.popen([TACIT, "mcp", "--agent", "claude"], stdin=subprocess.PIPE)
    out, err = host.communicate(data, timeout=120)
    clean(out + err, VALUE)
    return [json.loads(line) for line in out.decode().splitlines()]


def answered(answers, id):
    """The answers to an id of its own kind: `1` is neither `true` nor `1.0`."""
    return [answer for answer in answers if answer.get("id") == id and type(answer.get("id")) is type(id)]


def is_served(answers, id):
    return [answer.get("result", {}).get("isError") for answer in answered(answers, id)] == [False]


def used(house):
    """What the log has of uses by a tool, in the order of their beginnings."""
    with house.person() as person:
        items = person.request("GET", "/v1/audit?limit=1000").json["items"]
    return [item for item in items if item["source"] == "mcp"]


@attack("trap 11", "mcp.names", "stopped", "whoever a client says it is, in a greeting, in what goes with a call or among its arguments, it is the agent of its badge")
def names(context):
    house = context.house(furnish)
    claims = {"agent": "thief", "agent_id": "thief", "actor": "person", "badge": "x", "model": "m\u001b[2J" + "y" * 5000, "source": "cli", "reported_model": "keeper"}
    before = len(used(house))
    answers = say(
        house, hello(name="person \u001b[31m" + "z" * 5000, agent="thief", _meta=claims), message("notifications/initialized"), call(1),
        message("tools/call", 2, name="secret_get_masked", arguments={"secret_name": "api/key"}, _meta=claims, agent="thief"),
        *(call(3 + at, secret_name="api/key", **{key: value}) for at, (key, value) in enumerate(claims.items())),
        call(20, secret_name="hidden/key"))
    expect(is_served(answers, 1) and is_served(answers, 2), "the control: it is served at all")
    for id in (*range(3, 3 + len(claims)), 20):
        [answer] = answered(answers, id)
        expect("error" in answer or answer["result"]["isError"], f"an argument that no tool has was taken: {answer}")
    found = used(house)[before:]
    expect(found and {item["actor"] for item in found} == {"agent claude"}, f"{found}")
    models = [item["details"].get("reported-model", "") for item in found]
    expect(all(len(model) <= 120 and model.isprintable() for model in models), f"{models}")


@attack("trap 11", "mcp.early", "stopped", "before it is greeted no tool does anything, whatever is announced or answered first")
def early(context):
    house = context.house(furnish)
    before = len(used(house))
    answers = say(
        house, message("notifications/initialized"), message("notifications/cancelled", requestId=1), call(1), message("notifications/initialized", id=2),
        {"jsonrpc": "2.0", "id": 0, "result": {"protocolVersion": "2025-06-18"}}, call(3), hello(name="") | {"id": None}, call(4))
    expect(not any(is_served(answers, id) for id in (1, 2, 3, 4)) and len(used(house)) == before, f"a tool was carried out: {answers}")
    expect(is_served(say(house, call(1), hello(2), call(3)), 3), "the control: behind a greeting it is")


@attack("trap 11", "mcp.results", "stopped", "results that nobody asked for, replayed ones and answers in a person's name approve nothing, and each call has one answer")
def results(context):
    house = context.house(furnish)
    consent = {"action": "accept", "content": {"approve": True, "approved": "yes", "password": "x"}}
    said = [{"jsonrpc": "2.0", "id": id, "result": result} for id in (*range(40), "0", "1", "server-1", None, -1) for result in (consent, {"content": [], "isError": False})]
    said += [{"jsonrpc": "2.0", "id": 5, "error": {"code": -1, "message": "x"}}, message("notifications/elicitation/complete", elicitationId="1")]
    answers = say(house, hello(), message("notifications/initialized"), *said, call(100, secret_name="api/asked"), *said, call(101, secret_name="api/asked"), call(102))
    expect(is_served(answers, 102), "the control: what needs nobody is served")
    # A call that a person has to approve waits for that, and its host has gone by then.
    again = answered(answers, 102)
    replayed = say(house, hello(), message("notifications/initialized"), *again, call(102, secret_name="api/asked"), *again, call(103))
    expect(is_served(replayed, 103) and not is_served(replayed, 102), f"a replayed result answered a call: {replayed}")
    asked = [item for item in used(house) if "default/dev/api/asked@1" in item["subjects"]]
    expect({item["action"] for item in asked} == {"approval.request"}, f"it was approved: {asked}")
    with house.person() as person:
        waiting = person.request("GET", "/v1/approvals").json["items"]
    expect([request["standing"] for request in waiting] == ["pending"], f"{waiting}")
    expect(not any(is_served(answers, id) for id in (100, 101)), f"{answers}")


@attack("trap 11", "mcp.malformed", "stopped", "messages with wrong ids, in batches, too large, too deep or cut carry out no tool, and the next one is served")
def malformed(context):
    house = context.house(furnish)
    # A use of this secret stands in no other message.
    bad = call(1, secret_name="hidden/key")
    text = json.dumps(bad)
    wrong = [
        bad | {"id": None}, bad | {"id": 1.5}, bad | {"id": True}, bad | {"id": {}}, bad | {"id": [1]}, bad | {"jsonrpc": "1.0"}, {key: value for key, value in bad.items() if key != "jsonrpc"},
        [bad, bad], [], [[bad]], bad | {"params": [bad["params"]]}, bad | {"params": {"name": "secret_get_masked", "arguments": {"secret_name": "hidden/key", "x": "y" * (5 << 20)}}},
        text[:-1].encode(), text.encode() + b"}", b'{"x":' + text.encode(), b"[" * 100_000, text.replace('"id"', '"id": 3, "id"').encode(),
        text.replace("hidden", "hid\\ud800den").encode(), text.encode().replace(b"hidden", b"hid\xffden"), text.encode("utf-16"), b"\0" * 1000, b"Content-Length: 10\r\n\r\n" + text.encode(),
        bad | {"method": "tools/CALL"}, bad | {"method": "secrets/reveal"}, message("resources/read", 1, uri="tacit://default/dev/api/key"), message("completion/complete", 1, ref={"type": "ref/prompt", "name": "x"}),
    ]
    before = len(used(house))
    for each in wrong:
        answers = say(house, hello(), message("notifications/initialized"), each, call(2))
        shown = each[:80] if isinstance(each, bytes) else json.dumps(each)[:200]
        expect(not any(answer.get("result", {}).get("structuredContent") for answer in answers if answer.get("id") != 2), f"{shown} was served: {answers}")
        expect(is_served(answers, 2), f"behind {shown} nobody is served: {answers}")
    found = used(house)[before:]
    expect(found and not any("hidden/key" in subject for item in found for subject in item["subjects"]), f"one carried a tool out: {found}")
