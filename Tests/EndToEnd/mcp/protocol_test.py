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
from wire import VERSIONS, Host, error_code

FIXTURE = [sys.argv[1]]


def every_version():
    """every tool answers in every version, within its official schema."""
    for version in VERSIONS:
        with Host(FIXTURE, version) as host:
            tools = {tool["name"]: tool for tool in host.ask("tools/list")["result"]["tools"]}
            for name, tool in tools.items():
                jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
                assert ("annotations" in tool) == (version >= "2025-03-26")
                assert ("title" in tool) == (version >= "2025-06-18")
                arguments = {"test_structured_output": {"name": "a"}, "test_echo": {"text": "x"}, "test_wait": {"milliseconds": 1}}.get(name, {})
                result = host.call(name, arguments)["result"]
                assert result["isError"] == (name == "test_error_handling"), result
                structured = result.get("structuredContent")
                assert (structured is not None) == (name == "test_structured_output" and version >= "2025-06-18")
                if structured is not None:
                    jsonschema.validate(structured, tool["outputSchema"])
                    assert json.loads(result["content"][0]["text"]) == structured
            assert host.ask("ping")["result"] == {}
            assert host.end() == []


def version_negotiation():
    """an unknown version is answered with the latest that has a handshake."""
    for asked in ["1.0", "2024-10-07", "2026-07-28", "2099-01-01", "", "2025-06-18 "]:
        with Host(FIXTURE) as host:
            host.initialize(asked, expect="2025-11-25")


def early_requests():
    """requests before the handshake get errors, and the handshake still works."""
    with Host(FIXTURE) as host:
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
        assert error_code(host.ask("server/discover", {"_meta": meta})) == -32601
        assert error_code(host.ask("tools/list")) == -32600
        assert error_code(host.ask("tools/call", {"name": "test_simple_text"})) == -32600
        assert host.ask("ping")["result"] == {}
        host.initialize("2025-06-18")
        assert error_code(host.ask("initialize", {"protocolVersion": "2025-06-18"})) == -32600
        assert error_code(host.ask("server/discover")) == -32601
        assert "result" in host.call("test_simple_text")


def malformed():
    """malformed lines get the right error under a null id, and the server goes on."""
    cases = [
        (b"{", -32700), (b"\x00", -32700), (b"\xff\xfe", -32700), (b'{"a":"\\ud800"}', -32700), (b"[" * 5000, -32700), (b'{"a":NaN}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700), (b"5", -32600), (b"null", -32600), (b"[]", -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600), (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":false,"method":"ping"}', -32600), (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
    ]  # fmt: skip
    with Host(FIXTURE, "2025-11-25") as host:
        for line, code in cases:
            host.write(line + b"\n")
            answer = host.receive()
            assert (answer["id"], error_code(answer)) == (None, code), (line, answer)
            assert host.ask("ping")["result"] == {}
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
    for version in set(VERSIONS) - {"2025-03-26"}:
        with Host(FIXTURE, version) as host:
            host.send([{"jsonrpc": "2.0", "id": 1, "method": "ping"}])
            assert error_code(host.receive()) == -32600


def concurrent_calls():
    """calls run side by side, and each answer carries its own id."""
    with Host(FIXTURE, "2025-11-25") as host:
        began = time.monotonic()
        ids = [host.request("tools/call", {"name": "test_wait", "arguments": {"milliseconds": 400}}) for _ in range(20)]
        echoes = {host.request("tools/call", {"name": "test_echo", "arguments": {"text": str(n)}}): str(n) for n in range(200)}
        answers = {answer["id"]: answer for answer in (host.receive() for _ in range(220))}
        assert all(answers[id]["result"]["content"][0]["text"] == text for id, text in echoes.items())
        assert set(ids) < set(answers)
        assert time.monotonic() - began < 4


def progress():
    """progress comes only when asked for, grows, and precedes the answer."""
    for version in VERSIONS:
        with Host(FIXTURE, version) as host:
            id = host.request("tools/call", {"name": "test_tool_with_progress", "_meta": {"progressToken": "token"}})
            notes = [host.receive() for _ in range(3)]
            assert [note["params"]["progress"] for note in notes] == [0, 50, 100]
            assert all(note["params"]["progressToken"] == "token" for note in notes)
            assert all(("message" in note["params"]) == (version >= "2025-03-26") for note in notes)
            assert host.receive()["id"] == id
            host.request("tools/call", {"name": "test_tool_with_progress"})
            assert "result" in host.receive()


def cancellation():
    """a cancelled call stops and is never answered."""
    with Host(FIXTURE, "2025-11-25") as host:
        id = host.request("tools/call", {"name": "test_wait"})
        host.notify("notifications/cancelled", {"requestId": id, "reason": "enough"})
        host.notify("notifications/cancelled", {"requestId": id})
        host.notify("notifications/cancelled", {"requestId": "never-sent"})
        host.silence()
        assert host.ask("ping")["result"] == {}
        assert host.end() == []


def end_of_input():
    """the server ends with its input: what is nearly done is answered, what takes long is dropped within two seconds."""
    with Host(FIXTURE, "2025-11-25") as host:
        short = host.request("tools/call", {"name": "test_wait", "arguments": {"milliseconds": 100}})
        host.request("tools/call", {"name": "test_wait"})
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
        text = "long " * 2000
        with concurrent.futures.ThreadPoolExecutor() as pool:
            sent = pool.submit(lambda: [host.request("tools/call", {"name": "test_echo", "arguments": {"text": text}}) for _ in range(500)])
            ids = sent.result(timeout=60)
        assert {host.receive()["id"] for _ in ids} == set(ids)


def unusual_text():
    """texts with every kind of line end stay on one line and come back whole."""
    text = "a\r\nb\u2028c\u2029d\x85e\x0b\x0c\x1c\x00\x7f é 😀 \"\\"
    with Host(FIXTURE, "2025-11-25") as host:
        assert host.call("test_echo", {"text": text})["result"]["content"][0]["text"] == text


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
            for _ in range(300):
                line = bytearray(json.dumps(chance.choice(samples)).encode())
                for _ in range(chance.randrange(1, 4)):
                    place = chance.randrange(len(line))
                    line[place : place + chance.randrange(3)] = bytes(chance.choices(b'{}[]",:\\0e-' + bytes([0, 255, 0x80]), k=chance.randrange(3)))
                host.write(bytes(line) + b"\n")
            last = host.request("ping")
            while (message := host.receive()) and (isinstance(message, list) or message.get("id") != last):
                pass
            host.end()


wire.run(
    [
        every_version, version_negotiation, early_requests, malformed, oversize, batches, concurrent_calls, progress, cancellation, end_of_input,
        stray_output, slow_reader, unusual_text, fuzz,
    ]
)  # fmt: skip
print(f"     messages validated against the official schemas: {dict(sorted(wire.validated.items()))}")
