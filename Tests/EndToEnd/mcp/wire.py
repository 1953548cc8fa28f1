"""A host that speaks MCP over stdio byte by byte, and holds every message against the official schemas."""

import collections
import json
import pathlib
import select
import subprocess
import time
import warnings

import jsonschema

warnings.simplefilter("ignore", DeprecationWarning)

VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
_SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "vectors" / "mcp-schemas"
_RESULTS = {"initialize": "InitializeResult", "tools/list": "ListToolsResult", "tools/call": "CallToolResult", "ping": "EmptyResult"}
_validators = {}
validated = collections.Counter()


def _validator(version, definition):
    key = (version, definition)
    if key not in _validators:
        schema = json.loads((_SCHEMAS / f"{version}.schema.json").read_text())
        place = "definitions" if "definitions" in schema else "$defs"
        if definition not in schema[place]:
            raise KeyError(definition)
        root = dict(schema, **{"$ref": f"#/{place}/{definition}"})
        root.pop("anyOf", None)
        _validators[key] = jsonschema.validators.validator_for(schema)(root)
    return _validators[key]


def validate(message, version, method):
    """Holds one message of the server against the schema of the version; `method` is what it answers."""
    if isinstance(message, list):
        assert version == "2025-03-26", "a batch outside its version"
        return [validate(part, version, method) for part in message]
    validated[version] += 1
    if "method" in message:
        assert message["method"] == "notifications/progress", message
        return _validator(version, "ProgressNotification").validate(message)
    if "error" in message:
        name = "JSONRPCErrorResponse" if version == "2025-11-25" else "JSONRPCError"
        # JSON-RPC says null where no id could be read; the schemas know only texts and integers there.
        known = dict(message, id=0) if message["id"] is None else message
        return _validator(version, name).validate(known)
    name = "JSONRPCResultResponse" if version == "2025-11-25" else "JSONRPCResponse"
    _validator(version, name).validate(message)
    if method in _RESULTS:
        _validator(version, _RESULTS[method]).validate(message["result"])


class Host:
    """One server process and the messages that go to and fro."""

    def __init__(self, command, version=None, env=None, stderr=subprocess.DEVNULL):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=env, bufsize=0)
        self.version = version or VERSIONS[-1]
        self.methods = {}
        self.pending = b""
        self.heard = b""
        self.number = 0
        if version:
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

    def send(self, message):
        for part in message if isinstance(message, list) else [message]:
            if isinstance(part, dict) and isinstance(part.get("id"), (str, int)) and "method" in part:
                self.methods[json.dumps(part["id"])] = part["method"]
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
        method = None if isinstance(message, list) else self.methods.get(json.dumps(message.get("id")))
        validate(message, self.version, method)
        return message

    def silence(self, seconds=0.3):
        """Checks that nothing comes."""
        line = self.line(seconds)
        assert line is None, line

    def request(self, method, params=None, id=None):
        self.number += 1
        message = {"jsonrpc": "2.0", "id": f"r{self.number}" if id is None else id, "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)
        return message["id"]

    def ask(self, method, params=None, id=None):
        """Sends a request and gives its answer, passing over notifications."""
        id = self.request(method, params, id)
        while True:
            message = self.receive()
            if "method" not in message:
                assert message["id"] == id, message
                return message

    def call(self, name, arguments=None, **meta):
        params = {"name": name}
        if arguments is not None:
            params["arguments"] = arguments
        if meta:
            params["_meta"] = meta
        return self.ask("tools/call", params)

    def notify(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method} | ({"params": params} if params else {}))

    def initialize(self, version, expect=None):
        self.version = expect or version
        client = {"name": "probe", "version": "1.0"}
        answer = self.ask("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client})
        assert answer["result"]["protocolVersion"] == self.version, answer
        self.notify("notifications/initialized")
        return answer

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


def run(tests):
    """Runs functions and says how long each took; the first failure ends the program."""
    for test in tests:
        began = time.monotonic()
        test()
        print(f"ok   {test.__doc__.strip().rstrip('.')} ({time.monotonic() - began:.2f} s)", flush=True)
