"""A host that speaks MCP over stdio byte by byte, and holds every message against the official schemas."""

import json
import select
import subprocess
import time

import schemas
from schemas import HANDSHAKE, META, STATELESS, VERSIONS, validated  # noqa: F401 (VERSIONS and validated are for the tests)


class Host:
    """One server process and the messages that go to and fro. With a version it is ready for calls in that version."""

    def __init__(self, command, version=None, env=None, stderr=subprocess.DEVNULL, capabilities=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=env, bufsize=0)
        self.version = version or HANDSHAKE[-1]
        self.capabilities = capabilities or {}
        # What each id asks, and in which version: both eras may be on one pipe.
        self.sent = {}
        self.pending = b""
        self.heard = b""
        self.number = 0
        if version in HANDSHAKE:
            self.initialize(version)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def write(self, data):
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) :]

    def send(self, message, version=None):
        """Sends anything, good or bad."""
        version = version or self.version
        for part in message if isinstance(message, list) else [message]:
            if isinstance(part, dict) and isinstance(part.get("id"), (str, int)) and "method" in part:
                self.sent[json.dumps(part["id"])] = (part["method"], version)
        self.write(json.dumps(message).encode() + b"\n")

    def line(self, seconds=10.0):
        """The next line of the server, or None when there is none in time or ever."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                return None
            data = self.process.stdout.read(1 << 16)
            if not data:
                return None
            self.heard += data
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return line

    def receive(self, seconds=10.0):
        """The next message, checked."""
        line = self.line(seconds)
        assert line is not None, "the server did not answer"
        # A host may read lines with a reader that knows more ends of lines than the newline.
        assert len(line.decode().splitlines()) == 1, line
        message = json.loads(line)
        method, version = (None, self.version)
        if isinstance(message, dict) and "method" not in message:
            method, version = self.sent.get(json.dumps(message.get("id")), (None, self._era(message)))
        schemas.validate(message, version, method)
        return message

    def _era(self, message):
        """The version of an answer to a line that was damaged on purpose: only the answer says what the line was taken for."""
        if "resultType" in message.get("result", {}) or message.get("error", {}).get("code") in (-32021, -32022):
            return STATELESS
        return self.version if self.version in HANDSHAKE else HANDSHAKE[-1]

    def silence(self, seconds=0.3):
        """Checks that nothing comes."""
        line = self.line(seconds)
        assert line is None, line

    def meta(self, **more):
        return {
            META + "protocolVersion": STATELESS, META + "clientInfo": {"name": "probe", "version": "1.0"},
            META + "clientCapabilities": self.capabilities, **more,
        }  # fmt: skip

    def request(self, method, params=None, id=None, version=None, is_valid=True):
        """Sends a request in a version; one of the stateless version gets its metadata."""
        version = version or self.version
        self.number += 1
        message = {"jsonrpc": "2.0", "id": f"r{self.number}" if id is None else id, "method": method}
        if version == STATELESS:
            message["params"] = {**(params or {}), "_meta": self.meta(**(params or {}).get("_meta", {}))}
        elif params is not None:
            message["params"] = params
        if is_valid:
            schemas.validate_request(message, version)
        self.send(message, version)
        return message["id"]

    def answer_to(self, id):
        """The answer to a request, passing over notifications."""
        while True:
            message = self.receive()
            if "method" not in message:
                assert message["id"] == id, message
                return message

    def ask(self, method, params=None, id=None, version=None, is_valid=True):
        """Sends a request and gives its answer, passing over notifications."""
        return self.answer_to(self.request(method, params, id, version, is_valid))

    @staticmethod
    def call_params(name, arguments=None, meta=None, **more):
        params = {"name": name, **more}
        if arguments is not None:
            params["arguments"] = arguments
        if meta:
            params["_meta"] = meta
        return params

    def call(self, name, arguments=None, version=None, meta=None, **more):
        return self.ask("tools/call", self.call_params(name, arguments, meta, **more), version=version)

    def start(self, name, arguments=None, version=None, meta=None, **more):
        """Sends a call and does not wait for its answer."""
        return self.request("tools/call", self.call_params(name, arguments, meta, **more), version=version)

    def respond(self, request, result):
        """Answers a request of the server's."""
        schemas.validate_result(result, self.version, request["method"])
        self.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode() + b"\n")

    def notify(self, method, params=None):
        message = {"jsonrpc": "2.0", "method": method} | ({"params": params} if params else {})
        schemas.validate_request(message, self.version)
        self.send(message)

    def initialize(self, version, expect=None):
        self.version = expect or version
        client = {"name": "probe", "version": "1.0"}
        answer = self.ask("initialize", {"protocolVersion": version, "capabilities": self.capabilities, "clientInfo": client})
        assert answer["result"]["protocolVersion"] == self.version, answer
        self.notify("notifications/initialized")
        return answer

    def check_alive(self):
        """Asks for what both eras have in some form, and nothing else may come before the answer."""
        if self.version == STATELESS:
            assert self.ask("server/discover")["result"]["supportedVersions"] == VERSIONS[::-1]
        else:
            assert self.ask("ping")["result"] == {}

    def end(self, seconds=5.0):
        """Closes the server's input and waits for it to end by itself; gives what it still said."""
        self.process.stdin.close()
        rest = []
        while (line := self.line(seconds)) is not None:
            rest.append(json.loads(line))
        assert self.process.wait(seconds) == 0
        return rest


def error_code(answer):
    return answer["error"]["code"]


def text(answer):
    return answer["result"]["content"][0]["text"]


def run(tests):
    """Runs functions and says how long each took; the first failure ends the program."""
    for test in tests:
        began = time.monotonic()
        test()
        print(f"ok   {test.__doc__.strip().rstrip('.')} ({time.monotonic() - began:.2f} s)", flush=True)
    print(f"     messages validated against the official schemas: {dict(sorted(validated.items()))}")
