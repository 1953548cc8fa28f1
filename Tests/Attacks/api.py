"""The keeper's API spoken byte by byte over its Unix socket, so that an attack can say what no client of ours would."""

import json
import os
import socket
import struct
import threading

STDIN, STDIN_END, TERMINAL_INPUT, WINDOW_SIZE, SIGNAL, RESUME = 1, 2, 3, 4, 5, 6
STARTED, STDOUT, STDERR, STDIN_CREDIT, TERMINAL_CREDIT, STOPPED, TIMED_OUT, REPORT, EXIT = range(32, 41)
SECRETS = "/v1/projects/default/environments/dev/secrets"


def secret_path(name, environment="dev"):
    return f"/v1/projects/default/environments/{environment}/secrets/{name.replace('/', '%2F')}"


def multipart(parts, boundary="attack-attack-attack"):
    """A form of (name, bytes) parts and its content type."""
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + data + b"\r\n" for name, data in parts
    )
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The code of a problem; empty for anything else."""
        try:
            return self.json.get("code", "")
        except (ValueError, AttributeError):
            return ""

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Connection:
    """One connection. `headers` go with every request of it."""

    def __init__(self, path, headers=None, timeout=120):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.headers = dict(headers or {})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def head(self, method, path, extra):
        lines = [f"{method} {path} HTTP/1.1", "Host: keeper"] + [f"{k}: {v}" for k, v in {**self.headers, **extra}.items()]
        return ("\r\n".join(lines) + "\r\n").encode()

    def request(self, method, path, body=b"", type=None, **headers):
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        if type:
            extra["Content-Type"] = type
        self.send(self.head(method, path, extra) + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return self.answer()

    def json(self, method, path, value=None, **headers):
        if value is None:
            return self.request(method, path, **headers)
        return self.request(method, path, json.dumps(value).encode(), "application/json", **headers)

    def answer_head(self):
        """Status and headers; status 0 when the other side has hung up."""
        line = self.file.readline().decode("latin-1")
        if not line:
            return 0, {}
        headers = {}
        while True:
            text = self.file.readline().decode("latin-1").strip()
            if not text:
                return int(line.split()[1]), headers
            name, value = text.split(":", 1)
            headers[name.lower()] = value.strip()

    def chunks(self):
        while True:
            size = int(self.file.readline() or b"0", 16)
            data = self.file.read(size)
            self.file.readline()
            if size == 0:
                return
            yield data

    def answer(self):
        status, headers = self.answer_head()
        if status in (0, 204):
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, b"".join(self.chunks()))
        return Answer(status, headers, self.file.read(int(headers.get("content-length", 0))))

    # What a person or an agent asks for

    def step_up(self, password, grace=False):
        answer = self.request("POST", "/v1/step-up" + ("?grace=reveal" if grace else ""), password.encode())
        if answer.status == 200:
            self.headers["Tacit-Step-Up"] = answer.json["token"]
        return answer

    def set(self, name, value, fields=None, **headers):
        fields = fields or [("value", "secret", value)]
        described = {"fields": [{"name": field, "kind": kind} for field, kind, _ in fields]}
        parts = [("secret", json.dumps(described).encode())] + [(f"field-{i}", data) for i, (_, _, data) in enumerate(fields)]
        body, type = multipart(parts)
        return self.request("PUT", secret_path(name), body, type, **headers)

    def reveal(self, name, environment="dev"):
        return self.request("GET", secret_path(name, environment) + "/value")

    def masked(self, name):
        return self.request("GET", secret_path(name) + "/masked")

    def run(self, argv, secrets=(), **wish):
        return Run(self, argv, secrets, **wish)

    def apply_policy(self, *policies, **more):
        """Policies, and other sections of the document by their names."""
        return self.json("PUT", "/v1/policy", {"document": json.dumps({"policies": list(policies), **more})})


class Run:
    """A run in progress: starts it, and collects its frames."""

    def __init__(self, connection, argv, secrets=(), stdin=None, **wish):
        self.connection = connection
        self.stdout, self.stderr, self.report, self.exit, self.started = b"", b"", None, None, None
        self.problem, self.kinds, self.frames = None, [], []
        wish = {"argv": argv, "secrets": [{"reference": s} if isinstance(s, str) else s for s in secrets], **wish}
        if "environment" not in wish:
            wish["environment"] = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        opening = json.dumps(wish).encode()
        head = connection.head("POST", "/v1/runs", {"Transfer-Encoding": "chunked"})
        connection.send(head + b"\r\n")
        self.raw(struct.pack(">I", len(opening)) + opening)
        if stdin is not None:
            self.frame(STDIN, stdin)
            self.frame(STDIN_END)
        status, self.headers = connection.answer_head()
        if status != 200:
            length = int(self.headers.get("content-length", 0))
            self.problem = Answer(status, self.headers, connection.file.read(length))

    def raw(self, data):
        self.connection.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def frame(self, kind, payload=b""):
        self.raw(bytes([kind]) + struct.pack(">I", len(payload)) + payload)

    def each(self):
        """Frames as they come, each (kind, payload)."""
        if self.problem is not None:
            return
        buffer = b""
        for chunk in self.connection.chunks():
            buffer += chunk
            while len(buffer) >= 5:
                length = struct.unpack(">I", buffer[1:5])[0]
                if len(buffer) < 5 + length:
                    break
                kind, payload, buffer = buffer[0], buffer[5 : 5 + length], buffer[5 + length :]
                self.note(kind, payload)
                yield kind, payload

    def note(self, kind, payload):
        self.kinds.append(kind)
        if kind == STARTED:
            self.started = struct.unpack(">I", payload)[0]
        elif kind == STDOUT:
            self.stdout += payload
        elif kind == STDERR:
            self.stderr += payload
        elif kind == REPORT:
            self.report = json.loads(payload)
        elif kind == EXIT:
            tag, number = payload[0], struct.unpack(">i", payload[1:5])[0]
            texts = [text.decode() for text in payload[5:].split(b"\0")] if tag == 2 else []
            self.exit = {0: ("exited", number), 1: ("signaled", number), 2: ("failed", number, *texts)}[tag]

    def wait(self):
        for _ in self.each():
            pass
        return self

    def until_started(self):
        for kind, _ in self.each():
            if kind == STARTED:
                return self
        raise AssertionError(f"the run did not start: {self.problem or self.exit}")

    @property
    def output(self):
        return self.stdout + self.stderr

    @property
    def code(self):
        """Why it was refused, wherever that was said."""
        if self.problem is not None:
            return self.problem.code
        return self.exit[2] if self.exit and self.exit[0] == "failed" else ""

    def __repr__(self):
        return f"run(problem={self.problem!r} exit={self.exit} out={self.stdout[:300]!r} err={self.stderr[:300]!r} report={self.report})"


class Relay:
    """A Unix socket that passes everything on to another one and keeps a copy."""

    def __init__(self, listen, target):
        self.recorded, self.target = bytearray(), target
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(listen)
        os.chmod(listen, 0o600)
        self.server.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            keeper = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            keeper.connect(self.target)
            for source, sink in ((client, keeper), (keeper, client)):
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    def carry(self, source, sink):
        try:
            while data := source.recv(65536):
                self.recorded += data
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
