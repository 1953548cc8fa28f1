"""A service on this machine over TLS, under an authority of its own: it shows what reached it, and sends back what it was sent."""

import base64
import gzip
import queue

from tls_service import QuietHandler, TLSService


class Service(TLSService):
    def __init__(self, folder, files=None):
        """`files` is a folder that is served below `/files/` to whoever shows a credential."""
        super().__init__(folder)
        self.received = []
        # What `/v1/later` waits for: the credential of another request.
        self.shown = queue.Queue()
        service = self

        class Handler(QuietHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                service.received.append((self.command, self.path, {name.title(): value for name, value in self.headers.items()}, body))
                credential = self.headers.get("Authorization") or ""
                if self.path.startswith("/files/"):
                    return self.file(files, credential)
                if self.path == "/events":
                    return self.chunks([f"data: {credential}\n\n", "data: last\n\n"], "text/event-stream")
                if self.path == "/v1/up":
                    return self.send(f"{len(body)}".encode())
                if self.path == "/v1/later":
                    return self.chunks(["begun\n", service.shown.get], "text/plain")
                if self.path == "/v1/show":
                    service.shown.put(credential)
                text = credential.encode() + body
                if self.path == "/v1/packed":
                    return self.send(gzip.compress(text), {"Content-Encoding": "gzip"})
                if self.path == "/v1/base64":
                    return self.send(base64.b64encode(text))
                self.send(text, {"X-Echo": credential})

            def file(self, files, credential):
                if not credential:
                    return self.send(b"", {"WWW-Authenticate": 'Basic realm="files"'}, 401)
                place = files / self.path.partition("?")[0].removeprefix("/files/")
                self.send(place.read_bytes() if place.is_file() else b"", status=200 if place.is_file() else 404)

            def chunks(self, chunks, kind):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in [*chunks, ""]:
                    text = chunk(timeout=20) if callable(chunk) else chunk
                    self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())
                    self.wfile.flush()

            def send(self, body, headers=None, status=200):
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

        self.serve(Handler)
