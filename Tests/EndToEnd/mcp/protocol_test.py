"""The protocol library, over real pipes: `protocol_test.py PATH-TO-MCP-FIXTURE`."""

import concurrent.futures
import json
import random
import subprocess
import sys
import tempfile
import time

import jsonschema
import wire
from wire import HANDSHAKE, STATELESS, VERSIONS, Host, error_code, text

FIXTURE = [sys.argv[1]]
ARGUMENTS = {
    "test_structured_output": {"name": "a"}, "test_echo": {"text": "x"}, "test_wait": {"milliseconds": 1}, "test_sampling": {"prompt": "x"},
    "json_schema_2020_12_tool": {"contactMethod": "phone", "phone": "1"}, "test_elicitation": {"message": "x"},
}  # fmt: skip
# What cannot go on with a client that declares nothing.
ASKS = [
    "test_elicitation", "test_elicitation_sep1034_defaults", "test_elicitation_sep1330_enums", "test_page", "test_sampling", "test_missing_capability",
    "test_input_required_result_elicitation", "test_input_required_result_sampling", "test_input_required_result_list_roots",
    "test_input_required_result_request_state", "test_input_required_result_tampered_state", "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
]  # fmt: skip


def every_version():
    """every tool answers in every version, within its official schema."""
    for version in VERSIONS:
        with Host(FIXTURE, version) as host:
            tools = {tool["name"]: tool for tool in host.ask("tools/list")["result"]["tools"]}
            for name, tool in tools.items():
                jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
                assert ("annotations" in tool) == (version >= "2025-03-26")
                assert ("title" in tool) == (version >= "2025-06-18")
                answer = host.call(name, ARGUMENTS.get(name, {}))
                if name in ASKS:
                    assert error_code(answer) == -32021 if version == STATELESS else answer["result"]["isError"], answer
                    continue
                result = answer["result"]
                assert result["isError"] == (name in ("test_error_handling", "test_consent")), result
                structured = result.get("structuredContent")
                assert (structured is not None) == (name == "test_structured_output" and version >= "2025-06-18")
                if structured is not None:
                    jsonschema.validate(structured, tool["outputSchema"])
                    assert json.loads(result["content"][0]["text"]) == structured
            host.check_alive()
            assert host.end() == []


def version_negotiation():
    """an unknown version is answered with the latest that has a handshake."""
    for asked in ["1.0", "2024-10-07", "2026-07-28", "2099-01-01", "", "2025-06-18 "]:
        with Host(FIXTURE) as host:
            host.initialize(asked, expect="2025-11-25")


def early_requests():
    """requests before the handshake get errors that name both ways, and the handshake still works."""
    with Host(FIXTURE) as host:
        for answer in [host.ask("tools/list"), host.call("test_simple_text")]:
            assert error_code(answer) == -32600
            assert "`initialize`" in answer["error"]["message"] and STATELESS in answer["error"]["message"]
        assert host.ask("ping")["result"] == {}
        host.initialize("2025-06-18")
        assert error_code(host.ask("initialize", {"protocolVersion": "2025-06-18"}, is_valid=False)) == -32600
        assert error_code(host.ask("server/discover", is_valid=False)) == -32601
        assert "result" in host.call("test_simple_text")


def malformed():
    """malformed lines get the right error under a null id, and the server goes on."""
    cases = [
        (b"{", -32700), (b"\x00", -32700), (b"\xff\xfe", -32700), (b'{"a":"\\ud800"}', -32700), (b"[" * 5000, -32700), (b'{"a":NaN}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700), (b"5", -32600), (b"null", -32600), (b"[]", -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600), (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":false,"method":"ping"}', -32600), (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
    ]  # fmt: skip
    for version in ["2025-11-25", STATELESS]:
        with Host(FIXTURE, version) as host:
            for line, code in cases:
                host.write(line + b"\n")
                answer = host.receive()
                assert (answer["id"], error_code(answer)) == (None, code), (line, answer)
                host.check_alive()
    with Host(FIXTURE, "2025-11-25") as host:
        host.write(b"\n  \r\n")
        host.silence()
        host.write(b'{"jsonrpc":"2.0","id":7,"method":"ping"}\r\n')
        assert host.receive() == {"jsonrpc": "2.0", "id": 7, "result": {}}


def oversize():
    """a line beyond 4 MiB is refused once and drained; one at the bound is served."""
    with Host(FIXTURE, "2025-11-25") as host:
        frame = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_echo","arguments":{"text":"%s"}}}'
        room = (4 << 20) - len(frame) + 2
        host.write(frame % (b"x" * room) + b"\n")
        assert len(host.receive(30)["result"]["content"][0]["text"]) == room
        host.write(frame % (b"x" * (room + 1)) + b"\n")
        assert error_code(host.receive(30)) == -32600
        host.write(b"y" * (9 << 20) + b"\n")
        assert error_code(host.receive(30)) == -32600
        assert host.ask("ping")["result"] == {}
        host.silence()


def batches():
    """a batch is answered in one array in 2025-03-26 and refused elsewhere."""
    with Host(FIXTURE, "2025-03-26") as host:
        wait = {"name": "test_wait", "arguments": {"milliseconds": 50}}
        host.send([{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": wait}, {"jsonrpc": "2.0", "id": 2, "method": "ping"}, 3])
        answers = host.receive()
        assert sorted(str(answer["id"]) for answer in answers) == ["1", "2", "None"], answers
    for version in set(HANDSHAKE) - {"2025-03-26"}:
        with Host(FIXTURE, version) as host:
            host.send([{"jsonrpc": "2.0", "id": 1, "method": "ping"}])
            assert error_code(host.receive()) == -32600


def concurrent_calls():
    """calls run side by side, and each answer carries its own id."""
    with Host(FIXTURE, "2025-11-25") as host:
        began = time.monotonic()
        # Every other call is stateless.
        eras = ["2025-11-25", STATELESS]
        ids = [host.start("test_wait", {"milliseconds": 400}, version=eras[n % 2]) for n in range(20)]
        echoes = {host.start("test_echo", {"text": str(n)}, version=eras[n % 2]): str(n) for n in range(200)}
        answers = {answer["id"]: answer for answer in (host.receive() for _ in range(220))}
        assert all(answers[id]["result"]["content"][0]["text"] == text for id, text in echoes.items())
        assert set(ids) < set(answers)
        assert time.monotonic() - began < 4


def progress():
    """progress comes only when asked for, grows, and precedes the answer."""
    for version in VERSIONS:
        with Host(FIXTURE, version) as host:
            id = host.start("test_tool_with_progress", meta={"progressToken": "token"})
            notes = [host.receive() for _ in range(3)]
            assert [note["params"]["progress"] for note in notes] == [0, 50, 100]
            assert all(note["params"]["progressToken"] == "token" for note in notes)
            assert all(("message" in note["params"]) == (version >= "2025-03-26") for note in notes)
            assert host.receive()["id"] == id
            host.start("test_tool_with_progress")
            assert "result" in host.receive()


def cancellation():
    """a cancelled call stops and is never answered."""
    for version in VERSIONS:
        with Host(FIXTURE, version) as host:
            id = host.start("test_wait")
            host.notify("notifications/cancelled", {"requestId": id, "reason": "enough"})
            host.notify("notifications/cancelled", {"requestId": id})
            host.notify("notifications/cancelled", {"requestId": "never-sent"})
            host.silence()
            host.check_alive()
            assert host.end() == []


def end_of_input():
    """the server ends with its input: what is nearly done is answered, what takes long is dropped within two seconds."""
    for version in ["2025-11-25", STATELESS]:
        with Host(FIXTURE, version) as host:
            short = host.start("test_wait", {"milliseconds": 100})
            host.start("test_wait")
            began = time.monotonic()
            assert [answer["id"] for answer in host.end()] == [short]
            assert time.monotonic() - began < 2
    script = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n{"jsonrpc":"2.0","id":2,"method":"ping"}'
    done = subprocess.run(FIXTURE, input=script, stdout=subprocess.PIPE, timeout=5)
    assert done.returncode == 0 and [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, 2]


def stray_output():
    """what a library prints lands on standard error, never between the messages."""
    with tempfile.TemporaryFile() as stderr, Host(FIXTURE, "2025-11-25", stderr=stderr) as host:
        assert "result" in host.call("test_stray_output")
        host.end()
        assert b"must not reach" not in host.heard
        stderr.seek(0)
        assert b"must not reach" in stderr.read()
    done = subprocess.run(["sh", "-c", 'exec "$0" 2>&-', *FIXTURE], input=b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', stdout=subprocess.PIPE)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1


def slow_reader():
    """a host that writes everything before it reads anything gets everything."""
    with Host(FIXTURE, "2025-11-25") as host:
        long = "long " * 2000
        with concurrent.futures.ThreadPoolExecutor() as pool:
            sent = pool.submit(lambda: [host.start("test_echo", {"text": long}) for _ in range(500)])
            ids = sent.result(timeout=60)
        assert {host.receive()["id"] for _ in ids} == set(ids)


def unusual_text():
    """texts with every kind of line end stay on one line and come back whole."""
    unusual = "a\r\nb\u2028c\u2029d\x85e\x0b\x0c\x1c\x00\x7f é 😀 \"\\"
    with Host(FIXTURE, "2025-11-25") as host:
        assert text(host.call("test_echo", {"text": unusual})) == unusual


def fuzz():
    """damaged messages never end or block the server."""
    seed = random.randrange(1 << 32)
    print(f"     seed {seed}")
    chance = random.Random(seed)
    samples = [
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": "x", "method": "tools/call", "params": {"name": "test_echo", "arguments": {"text": "é\n"}}},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "test_structured_output", "arguments": {"name": "a", "count": 2}}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}},
        [{"jsonrpc": "2.0", "id": 4, "method": "tools/list"}, {"jsonrpc": "2.0", "id": 5, "method": "initialize"}],
    ]
    for version in VERSIONS:
        with Host(FIXTURE, version) as host:
            stateless = {"name": "test_consent", "requestState": "{}.0", "inputResponses": {}, "_meta": host.meta()}
            samples += [{"jsonrpc": "2.0", "id": 6, "method": "tools/call", "params": stateless}]
            for _ in range(300):
                line = bytearray(json.dumps(chance.choice(samples)).encode())
                for _ in range(chance.randrange(1, 4)):
                    place = chance.randrange(len(line))
                    line[place : place + chance.randrange(3)] = bytes(chance.choices(b'{}[]",:\\0e-' + bytes([0, 255, 0x80]), k=chance.randrange(3)))
                host.write(bytes(line) + b"\n")
            last = host.request("tools/list")
            while (message := host.receive()) and (isinstance(message, list) or message.get("id") != last):
                pass
            host.end()


wire.run(
    [
        every_version, version_negotiation, early_requests, malformed, oversize, batches, concurrent_calls, progress, cancellation, end_of_input,
        stray_output, slow_reader, unusual_text, fuzz,
    ]
)  # fmt: skip
