"""Services that real clients know, as far as they use them here: a code host, package indexes, two model providers. All over TLS, on this machine."""

import base64
import functools
import gzip
import hashlib
import io
import json
import os
import pathlib
import random
import subprocess
import tarfile
import zipfile

import frames
from tls_service import QuietHandler, TLSService

WORDS = ["one", "two", "three"]
# What no packing makes shorter, and text that becomes as long as it was before it was written so; both longer than what the broker holds of a reply.
NOISE = random.Random(1).randbytes(2_500_000)
TABLE = base64.encodebytes(random.Random(2).randbytes(11 << 19))


class StandIn(TLSService):
    def __init__(self, folder, values, hosts=("localhost",), at=("127.0.0.1", 0)):
        """Whoever shows one of the values is served, and is sent it back where a service might show it."""
        super().__init__(folder, hosts)
        self.values, self.received = values, []
        service = self

        class Handler(QuietHandler):
            def answer(self):
                service.answer(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = answer

        self.serve(Handler, at)
        self.url = f"https://localhost:{self.port}"

    def taken(self):
        """What came since this was last asked: method, path, fields, body."""
        received, self.received[:] = list(self.received), []
        return received

    # What it answers

    def answer(self, request):
        body = self.body(request)
        path, _, query = request.path.partition("?")
        self.received.append((request.command, path, request.headers, body))
        kind = self.kind(request, path)
        shown = self.credential(request.headers)
        if shown not in self.values:
            return self.send(request, b"", {"WWW-Authenticate": 'Basic realm="here"'}, 401)
        request.shown = shown
        getattr(self, f"answer_{kind}")(request, path, query, body)

    def kind(self, request, path):
        """Which of the services it is for."""
        return path.split("/")[1]

    @staticmethod
    def body(request):
        if request.headers.get("Transfer-Encoding") != "chunked":
            return request.rfile.read(int(request.headers.get("Content-Length") or 0))
        body = b""
        while size := int(request.rfile.readline(), 16):
            body += request.rfile.read(size)
            request.rfile.readline()
        request.rfile.readline()
        return body

    @staticmethod
    def credential(headers):
        scheme, _, text = (headers.get("Authorization") or "").partition(" ")
        if scheme == "Basic":
            return base64.b64decode(text).decode().partition(":")[2]
        return text or headers.get("x-api-key")

    def send(self, request, body, fields=None, status=200):
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(fields or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    def json(self, request, thing, status=200, fields=None):
        self.send(request, json.dumps(thing).encode(), {"Content-Type": "application/json", **(fields or {})}, status)

    def events(self, request, events):
        """Each event by a write of its own."""
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for event in [*events, ""]:
            request.wfile.write(f"{len(event.encode()):x}\r\n{event}\r\n".encode())
            request.wfile.flush()

    def answer_echo(self, request, path, query, body):
        self.json(request, {"authorization": request.headers.get("Authorization"), "size": len(body)}, fields={"X-Echo": request.shown})

    def answer_socket(self, request, path, query, body):
        """A WebSocket that says who one is, over fragments, and then what it hears."""
        request.send_response(101)
        for name, value in {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": frames.accept(request.headers["Sec-WebSocket-Key"])}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(b"".join(frames.fragments(f"you are {request.shown}".encode(), 10)))
        for kind, heard in frames.messages(request.rfile, request.wfile):
            self.received.append(("", path + "/heard", {}, heard))
            request.wfile.write(frames.frame(kind, heard))
        request.close_connection = True

    def answer_git(self, request, path, query, body):
        """Git's own program for it, by CGI (RFC 3875)."""
        environment = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.folder), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": "x", "PATH_INFO": path, "QUERY_STRING": query,
            "REQUEST_METHOD": request.command, "CONTENT_TYPE": request.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""), "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""), "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send(request, content, fields, int(fields.pop("Status", "200").split()[0]))

    def answer_simple(self, request, path, query, body):
        """An index of PEP 503 with two packages, one of its source, the other built."""
        name, file, content = ("parting", "parting-1.0-py3-none-any.whl", WHEEL) if "parting" in path else ("greeting", "greeting-1.0.tar.gz", source())
        if path.endswith(file):
            return self.send(request, content, {"Content-Type": "application/octet-stream"})
        link = f'<a href="/simple/{name}/{file}#sha256={hashlib.sha256(content).hexdigest()}">{file}</a>'
        self.send(request, f"<!DOCTYPE html><html><body>{link}</body></html>".encode(), {"Content-Type": "text/html"})

    def answer_npm(self, request, path, query, body):
        """A registry of npm with one package."""
        if path.endswith(".tgz"):
            return self.send(request, tarball(), {"Content-Type": "application/octet-stream"})
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball()).digest()).decode()
        dist = {"tarball": f"{self.url}/npm/greeting/-/greeting-1.0.0.tgz", "integrity": integrity}
        self.json(request, {"name": "greeting", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"name": "greeting", "version": "1.0.0", "dist": dist}}})

    def answer_openai(self, request, path, query, body):
        asked = json.loads(body)
        if not asked.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": f"your key is {request.shown}"}, "finish_reason": "stop"}
            return self.json(request, {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked["model"], "choices": [choice]})
        chunks = [{"role": "assistant", "content": ""}, *({"content": word + " "} for word in WORDS), {"content": request.shown}]
        events = [{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
                   "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in chunks]
        self.events(request, [f"data: {json.dumps(event)}\n\n" for event in events] + ["data: [DONE]\n\n"])

    def answer_anthropic(self, request, path, query, body):
        asked = json.loads(body)
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "content": [], "stop_reason": None, "stop_sequence": None,
                   "usage": {"input_tokens": 1, "output_tokens": 1}}
        if not asked.get("stream"):
            return self.json(request, {**message, "content": [{"type": "text", "text": f"your key is {request.shown}"}], "stop_reason": "end_turn"})
        texts = [*(word + " " for word in WORDS), request.shown]
        events = [
            ("message_start", {"message": message}), ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}), ("ping", {}),
            *(("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}}) for text in texts), ("content_block_stop", {"index": 0}),
            ("message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 5}}), ("message_stop", {})]
        self.events(request, [f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in events])


# What makes a package of its source (PEP 517), without anything that would have to be fetched.
BACKEND = """
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/greeting-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("greeting.py", "word = 'hello'")
        archive.writestr("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0\\n")
        archive.writestr("greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: a test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr("greeting-1.0.dist-info/RECORD", "")
    return "greeting-1.0-py3-none-any.whl"
"""


def packed(files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=6) as archive:
        for name, text in files:
            info = tarfile.TarInfo(name)
            info.size = len(text.encode() if isinstance(text, str) else text)
            archive.addfile(info, io.BytesIO(text.encode() if isinstance(text, str) else text))
    # Without the time at which it was made: each is the same.
    return data.getvalue()[:4] + bytes(4) + data.getvalue()[8:]


@functools.cache
def source():
    """A source archive of more than 2 MiB, with packed files in it."""
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "greeting"\nversion = "1.0"\n'
    metadata = "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"
    return packed([("greeting-1.0/PKG-INFO", metadata), ("greeting-1.0/pyproject.toml", project), ("greeting-1.0/backend.py", BACKEND),
                   ("greeting-1.0/table.txt.gz", gzip.compress(TABLE[: 3 << 20], 6, mtime=0)), ("greeting-1.0/tests/parting.whl", WHEEL)])


class Pipe(io.BytesIO):
    """Where nobody can go back: sizes stand behind an entry's bytes."""

    def seek(self, *place):
        raise io.UnsupportedOperation


def wheel(out):
    """A built package: entries that are packed and that are not, as tools write them, one of noise that no packing makes shorter."""
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("parting/__init__.py", "word = 'bye'\n" * 100, zipfile.ZIP_DEFLATED)
        archive.writestr("parting/noise.bin", NOISE, zipfile.ZIP_DEFLATED)
        archive.writestr("parting/table.txt", "not packed", zipfile.ZIP_STORED)
        archive.writestr("parting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: parting\nVersion: 1.0\n", zipfile.ZIP_DEFLATED)
        archive.writestr("parting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n", zipfile.ZIP_DEFLATED)
        archive.writestr("parting-1.0.dist-info/RECORD", "", zipfile.ZIP_DEFLATED)
    return out


WHEEL = wheel(Pipe()).getvalue()


@functools.cache
def tarball():
    """A package of more than 5 MiB."""
    return packed([
        ("package/package.json", json.dumps({"name": "greeting", "version": "1.0.0", "main": "index.js"})), ("package/index.js", "module.exports = 'hello'\n"),
        ("package/table.txt", TABLE.decode())])
