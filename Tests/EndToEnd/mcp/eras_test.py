"""Both eras on one pipe, and what a server asks: `eras_test.py PATH-TO-MCP-FIXTURE`."""

import itertools
import json
import pathlib
import random
import sys
import time

import jsonschema
import schemas
import wire
from wire import HANDSHAKE, META, STATELESS, VERSIONS, Host, error_code, text

FIXTURE = [sys.argv[1]]
TRANSCRIPTS = pathlib.Path(__file__).resolve().parents[3] / "vectors" / "mcp" / "transcripts"
EVERYTHING = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
SAMPLE = {"role": "assistant", "content": {"type": "text", "text": "Paris"}, "model": "m"}
ROOTS = {"roots": [{"uri": "file:///a"}, {"uri": "file:///b"}]}


def accept(**content):
    return {"action": "accept", "content": content}


def named_version(message, handshake):
    """The version that a message of a client is to be served in."""
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    if not isinstance(meta, dict):
        return handshake
    named = meta.get(META + "protocolVersion", STATELESS if meta.keys() & {META + "clientInfo", META + "clientCapabilities"} else handshake)
    return named if named in HANDSHAKE else STATELESS


def transcripts():
    """every message in the transcripts is valid in its version."""
    messages = 0
    for file in sorted(TRANSCRIPTS.glob("*.jsonl")):
        version, asked = "2025-11-25", {}
        for step in map(json.loads, file.read_text().splitlines()):
            received = step.get("receive", [])
            for part in received if isinstance(received, list) else [received]:
                # A second request under an id in flight does not change what the first one is owed.
                if isinstance(part, dict) and "id" in part and "still under way" not in json.dumps(step["expect"]):
                    asked[json.dumps(part["id"])] = (part.get("method"), named_version(part, version))
            for message in (action["send"] for action in step.get("expect", []) if "send" in action):
                if isinstance(message, dict) and "protocolVersion" in message.get("result", {}):
                    version = message["result"]["protocolVersion"]
                    asked[json.dumps(message["id"])] = ("initialize", version)
                id = json.dumps(message.get("id")) if isinstance(message, dict) and "method" not in message else None
                method, spoken = asked.get(id, (None, version))
                schemas.validate(message, spoken, method)
                messages += 1
    assert messages > 250, messages


def discovery():
    """discovery says every version, newest first, and the same each time."""
    with Host(FIXTURE, STATELESS) as host:
        result = host.ask("server/discover")["result"]
        assert result["supportedVersions"] == VERSIONS[::-1]
        assert result["capabilities"] == {"tools": {"listChanged": False}} and result["instructions"]
        assert result["cacheScope"] == "private" and 0 <= result["ttlMs"] <= 60000
        assert host.ask("server/discover")["result"] == result
        assert host.ask("tools/list")["result"] == host.ask("tools/list")["result"]
        host.capabilities = EVERYTHING
        assert host.ask("server/discover")["result"] == result


def metadata():
    """a stateless request that does not say what it must is refused with the code of its fault."""
    version, capabilities = META + "protocolVersion", META + "clientCapabilities"
    cases = [
        ({capabilities: {}}, -32602), ({version: STATELESS}, -32602), ({version: STATELESS, capabilities: []}, -32602),
        ({version: 3, capabilities: {}}, -32602),
        ({version: STATELESS, capabilities: {"elicitation": 1}}, -32602),
        ({version: STATELESS, capabilities: {}, META + "logLevel": "loud"}, -32602),
        ({version: STATELESS, capabilities: {}, META + "clientInfo": {}}, -32602), ({version: "2099-01-01", capabilities: {}}, -32022),
        ({version: "2099-01-01"}, -32022),
    ]  # fmt: skip
    for handshake in [None, "2025-11-25"]:
        with Host(FIXTURE, handshake) as host:
            for number, (meta, code) in enumerate(cases):
                if handshake and version not in meta:
                    continue
                message = {"jsonrpc": "2.0", "id": number, "method": "tools/list", "params": {"_meta": meta}}
                host.send(message, STATELESS)
                error = host.answer_to(number)["error"]
                assert error["code"] == code, (meta, error)
                if code == -32022:
                    assert error["data"] == {"supported": VERSIONS[::-1], "requested": "2099-01-01"}
            assert "result" in host.ask("tools/list", version=STATELESS)


def removed():
    """what the stateless version has no more, or this server not at all, is answered politely."""
    with Host(FIXTURE, STATELESS) as host:
        for method in ["ping", "initialize", "logging/setLevel", "resources/subscribe", "subscriptions/listen", "prompts/list", "resources/list", "x"]:
            assert error_code(host.ask(method, is_valid=False)) == -32601
        assert error_code(host.ask("tools/call", {"name": "no_such_tool"})) == -32602
        assert error_code(host.ask("tools/list", {"cursor": "x"})) == -32602
        host.check_alive()


def one_pipe():
    """both eras go on side by side on one pipe, in every version of the handshake."""
    for version in HANDSHAKE:
        with Host(FIXTURE) as host:
            assert "result" in host.ask("tools/list", version=STATELESS)
            assert error_code(host.ask("tools/list")) == -32600
            host.initialize(version)
            for number in range(20):
                era = [version, STATELESS][number % 2]
                assert text(host.call("test_echo", {"text": str(number)}, version=era)) == str(number)
                assert len(host.ask("tools/list", version=era)["result"]["tools"]) > 20
            waiting = host.start("test_wait", version=STATELESS)
            assert error_code(host.ask("ping", id=waiting)) == -32600
            host.notify("notifications/cancelled", {"requestId": waiting})
            host.sent.clear()
            host.check_alive()
            assert host.end() == []


def rounds(host, name, answers, arguments=None):
    """Drives a stateless call through its rounds; gives the last answer and what was asked."""
    asked, more = [], {}
    while True:
        answer = host.call(name, arguments, **more)
        result = answer.get("result", {})
        if result.get("resultType") != "input_required":
            return answer, asked
        requests = result["inputRequests"]
        for request in requests.values():
            schemas.validate_request({"jsonrpc": "2.0", "id": 1, **request}, STATELESS)
        asked.append(sorted(requests))
        more = {"inputResponses": {key: answers[key] for key in requests if key in answers}, "requestState": result["requestState"]}
        assert len(asked) < 5


NAME, COLOR = accept(name="Ann"), accept(color="blue")
ROUNDS = [
    ("test_input_required_result_elicitation", {"user_name": NAME}, "Hello, Ann!"),
    ("test_input_required_result_sampling", {"sample_request": SAMPLE}, "Sampling result: Paris"),
    ("test_input_required_result_list_roots", {"roots_request": ROOTS}, "Found 2 root(s)"),
    ("test_input_required_result_request_state", {"confirm": accept(ok=True)}, "state-ok: requestState validated"),
    ("test_input_required_result_tampered_state", {"confirm": accept(ok=True)}, "integrity-ok: state verified"),
    ("test_input_required_result_tampered_state", {"confirm": accept(ok=False)}, "not confirmed"),
    ("test_input_required_result_multiple_inputs", {"user_name": NAME, "greeting": SAMPLE, "client_roots": ROOTS}, "Name: Ann; Greeting: Paris; Roots: 2"),
    ("test_input_required_result_multi_round", {"step1": NAME, "step2": COLOR}, "Multi-round complete for Ann who likes blue"),
    (
        "test_input_required_result_capabilities", {"elicit_input": accept(value="x"), "sample_input": SAMPLE},
        "capabilities-ok: received elicit_input,sample_input",
    ),
    ("test_missing_capability", {}, "Success"),
    ("test_consent", {"consent": accept(approve=True)}, "done"),
    ("test_consent", {"consent": accept(approve=False)}, "left alone"),
    ("test_consent", {"consent": {"action": "accept"}}, "left alone"),
    ("test_consent", {"consent": {"action": "decline"}}, "left alone"),
    ("test_consent", {"consent": {"action": "cancel"}}, "left alone"),
    ("test_page", {"page": {"action": "accept"}}, "Page: action=accept"),
    ("test_input_required_result_elicitation", {"user_name": {"action": "decline"}}, "not answered: decline"),
]  # fmt: skip


def several_rounds():
    """every tool of several rounds comes to its end in the stateless version."""
    with Host(FIXTURE, STATELESS, capabilities=EVERYTHING) as host:
        for name, answers, expected in ROUNDS:
            answer, _ = rounds(host, name, answers)
            assert text(answer) == expected, answer
        answer, asked = rounds(host, "test_input_required_result_multi_round", {"step1": NAME, "step2": COLOR})
        assert asked == [["step1"], ["step2"]]
        answer, _ = rounds(host, "test_elicitation", {"answer": accept(response="x")}, {"message": "?"})
        assert text(answer) == 'User response: action=accept, content={"response":"x"}'
        for name in ["test_elicitation_sep1034_defaults", "test_elicitation_sep1330_enums"]:
            assert "action=cancel" in text(rounds(host, name, {"answer": {"action": "cancel"}})[0])


def missing_answers():
    """what is missing is asked again, what was not asked is not looked at, and answers without their state count for nothing."""
    with Host(FIXTURE, STATELESS, capabilities=EVERYTHING) as host:
        first = host.call("test_consent")["result"]
        yes = {"consent": accept(approve=True)}
        wrong = {"other": accept(approve=True)}
        again = host.call("test_consent", requestState=first["requestState"], inputResponses=wrong)["result"]
        assert again["resultType"] == "input_required" and again["requestState"] != first["requestState"]
        assert host.call("test_consent", requestState=first["requestState"])["result"]["resultType"] == "input_required"
        assert host.call("test_consent", inputResponses=yes)["result"]["resultType"] == "input_required"
        assert text(host.call("test_consent", requestState=again["requestState"], inputResponses=yes | wrong)) == "done"


def tampered_state():
    """state that was changed, or is shown to another tool, other arguments or another server, is refused."""
    with Host(FIXTURE, STATELESS, capabilities=EVERYTHING) as host, Host(FIXTURE, STATELESS, capabilities=EVERYTHING) as other:
        name = "test_input_required_result_tampered_state"
        state = host.call(name)["result"]["requestState"]
        answers = {"confirm": accept(ok=True)}
        for place in [0, len(state) // 2, len(state) - 1]:
            changed = state[:place] + chr(ord(state[place]) ^ 1) + state[place + 1 :]
            assert error_code(host.call(name, requestState=changed, inputResponses=answers)) == -32602
        for changed in ["", "x", state[:-1], state + "0", state * 2]:
            assert error_code(host.call(name, requestState=changed, inputResponses=answers)) == -32602
        malformed = [{"requestState": 5}, {"requestState": None}]
        malformed += [{"requestState": state, "inputResponses": []}, {"requestState": state, "inputResponses": {"a": 1}}]
        for wrong in malformed:
            assert error_code(host.ask("tools/call", {"name": name, **wrong}, is_valid=False)) == -32602
        assert error_code(host.call("test_input_required_result_request_state", requestState=state, inputResponses=answers)) == -32602
        assert error_code(other.call(name, requestState=state, inputResponses=answers)) == -32602
        asked = host.call("test_elicitation", {"message": "a"})["result"]["requestState"]
        other_arguments = host.call("test_elicitation", {"message": "b"}, requestState=asked, inputResponses={"answer": accept(response="x")})
        assert error_code(other_arguments) == -32602
        assert text(host.call(name, requestState=state, inputResponses=answers)) == "integrity-ok: state verified"


def undeclared():
    """a client is asked only for what it declared, in either era."""
    sets = [{}, {"elicitation": {}}, {"elicitation": {"url": {}}}, {"sampling": {}}, {"roots": {}}, EVERYTHING]
    needs = {
        "test_elicitation": ["elicitation", "form"], "test_page": ["elicitation", "url"], "test_sampling": ["sampling"],
        "test_input_required_result_list_roots": ["roots"],
    }  # fmt: skip
    arguments = {"test_elicitation": {"message": "?"}, "test_sampling": {"prompt": "?"}}
    for version, declared in itertools.product(["2024-11-05", "2025-06-18", "2025-11-25", STATELESS], sets):
        with Host(FIXTURE, version, capabilities=declared) as host:
            for name, need in needs.items():
                has = need[0] in declared and (len(need) == 1 or need[1] in declared[need[0]] or (need[1] == "form" and not declared[need[0]]))
                has = has and not (version < "2025-06-18" and need[0] == "elicitation") and not (version == "2025-06-18" and need[-1] == "url")
                id = host.start(name, arguments.get(name))
                message = host.receive()
                if version == STATELESS:
                    assert (message.get("result", {}).get("resultType") == "input_required") == has, message
                    if not has:
                        assert error_code(message) == -32021
                        assert message["error"]["data"]["requiredCapabilities"] == {need[0]: {need[1]: {}} if len(need) > 1 else {}}
                    continue
                assert ("method" in message) == has, (version, declared, name, message)
                if has:
                    host.notify("notifications/cancelled", {"requestId": id})
                    assert host.receive()["params"]["requestId"] == message["id"]
                else:
                    assert message["result"]["isError"]
            fallback = host.start("test_consent")
            message = host.receive()
            if "elicitation" not in declared or "form" not in declared["elicitation"] and declared["elicitation"] or version < "2025-06-18":
                assert message["id"] == fallback and message["result"]["isError"] and text(message) == "nobody could be asked"


def asked_by_requests():
    """a client with a handshake answers the server's requests, and the same tools come to the same end."""
    for version in HANDSHAKE[2:]:
        with Host(FIXTURE, version, capabilities=EVERYTHING) as host:
            for name, answers, expected in ROUNDS:
                if name == "test_page" and version < "2025-11-25":
                    continue
                id = host.start(name, {}, meta={"progressToken": 1})
                open = dict(answers)
                keys = {"elicitation/create": [key for key in answers if "action" in answers[key]]}
                while "method" in (message := host.receive()):
                    kinds = {"sampling/createMessage": SAMPLE, "roots/list": ROOTS}
                    answer = kinds.get(message["method"]) or open[keys["elicitation/create"].pop(0)]
                    assert ("mode" in message.get("params", {})) == (message["method"] == "elicitation/create" and version >= "2025-11-25")
                    host.respond(message, answer)
                assert message["id"] == id and text(message) == expected, (name, message)
            host.check_alive()


def unanswered():
    """a client that does not answer gets the fallback after a while, one that cannot at once, and nothing outlives the input."""
    with Host([*FIXTURE, "--impatient"], "2025-11-25", capabilities=EVERYTHING) as host:
        id = host.start("test_consent")
        asked = host.receive()
        taken = host.receive()
        assert (taken["method"], taken["params"]["requestId"]) == ("notifications/cancelled", asked["id"])
        assert text(host.answer_to(id)) == "nobody could be asked"
        host.respond(asked, accept(approve=True))
        host.check_alive()
    with Host(FIXTURE, "2025-11-25", capabilities=EVERYTHING) as host:
        id = host.start("test_consent")
        asked = host.receive()
        host.send({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32603, "message": "no dialog here"}})
        assert text(host.answer_to(id)) == "nobody could be asked"
        id = host.start("test_consent")
        host.receive()
        began = time.monotonic()
        (last,) = host.end()
        assert last["id"] == id and last["result"]["isError"] and time.monotonic() - began < 2


def many_keywords():
    """a schema of many keywords is shown as it is, and the server's verdict on arguments is the schema's."""
    with Host(FIXTURE, STATELESS) as host:
        (schema,) = [tool["inputSchema"] for tool in host.ask("tools/list")["result"]["tools"] if tool["name"] == "json_schema_2020_12_tool"]
        assert {"$schema", "$defs", "allOf", "if", "then", "else", "additionalProperties"} < set(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema" and "$anchor" in schema["$defs"]["address"]
        validator = jsonschema.Draft202012Validator(schema)
        members = {"name": "a", "address": {"street": "b", "city": "c"}, "contactMethod": "phone", "phone": "1", "email": "d"}
        offers = [dict(some) for count in range(6) for some in itertools.combinations(members.items(), count)]
        offers += [dict(offer, contactMethod="email") for offer in offers if "contactMethod" in offer]
        offers += [{"name": 1}, {"name": "a", "address": 1}, {"name": "a", "address": {"street": 1}}, {"name": "a", "more": 1}]
        offers += [{"contactMethod": "fax", "phone": "1"}]
        for offer in offers:
            assert host.call("json_schema_2020_12_tool", offer)["result"]["isError"] != validator.is_valid(offer), offer


def disorder():
    """whatever order, number and length lines come in, each readable request is answered once and the server goes on."""
    seed = random.randrange(1 << 32)
    print(f"     seed {seed}")
    chance = random.Random(seed)
    for _ in range(6):
        with Host(FIXTURE, chance.choice([None, "2025-11-25"]), capabilities=EVERYTHING) as host:
            lines = []
            for number in range(60):
                name = chance.choice(["test_simple_text", "test_consent", "test_wait", "test_input_required_result_multi_round", "no_such_tool"])
                params = {"name": name, "arguments": {}} | ({"_meta": host.meta()} if chance.random() < 0.6 else {})
                lines.append({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
                lines.append({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": chance.randrange(60)}})
                if chance.random() < 0.2:
                    lines.append({"jsonrpc": "2.0", "id": f"server-{chance.randrange(1, 9)}", "result": accept(approve=True)})
            lines += chance.sample(lines, 30)
            chance.shuffle(lines)
            owed = {}
            for line in lines:
                data = json.dumps(line).encode()
                if chance.random() < 0.2:
                    host.write(data[: chance.randrange(1, len(data))] + b"\n")
                    owed[None] = owed.get(None, 0) + 1
                    continue
                if "method" in line and "id" in line:
                    owed[line["id"]] = owed.get(line["id"], 0) + 1
                host.write(data + b"\n")
            for number in range(60):
                host.write(json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}).encode() + b"\n")
            last = host.request("server/discover", version=STATELESS)
            while (message := host.receive()).get("id") != last:
                if "method" not in message:
                    owed[message["id"]] -= 1
            assert min(owed.values()) >= 0 and owed.get(None, 0) == 0, owed
            host.end()


wire.run(
    [
        transcripts, discovery, metadata, removed, one_pipe, several_rounds, missing_answers, tampered_state, undeclared, asked_by_requests, unanswered,
        many_keywords, disorder,
    ]
)  # fmt: skip
