"""A service that shows everything that reached it, byte by byte, and where; and answers as it is told."""

import contextlib
import pathlib
import re
import socket
import ssl
import threading
import time

from secluded import METADATA

from .frames import GOAWAY, HEADERS, PREFACE, Frames, frame, head, lines, settings
from .readings import requests

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Connection:
    def __init__(self, door):
        self.door, self.server_name, self.raw = door, None, b""


class Upstream:
    """Doors: `main`, another port `other`, `streams` of HTTP/2, `plain` without TLS, `provider` where it plays others; and under certificates that prove nothing: `stranger`'s own, one for another `name`, an `expired` one."""

    def __init__(self, folder, certificates, names, provider):
        self.folder = pathlib.Path(folder)
        certificates.authority(self.folder, "ca")
        certificates.authority(self.folder, "stranger-ca")
        certificates.leaf(self.folder, "ca", "main", names)
        certificates.leaf(self.folder, "stranger-ca", "stranger", names)
        certificates.leaf(self.folder, "ca", "name", ["elsewhere.example"])
        self.authority = (self.folder / "ca.pem").read_text()
        self.replies, self.connections, self.threads, self.ports = {}, [], [], {}
        self.lock = threading.Lock()
        for door, leaf in [("main", "main"), ("other", "main"), ("streams", "main"), ("plain", None), ("stranger", "stranger"), ("name", "name")]:
            self.listen(door, leaf and self.context(leaf))
        self.begin(provider, "provider", self.context("main"))

    def context(self, leaf):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{leaf}.pem", self.folder / f"{leaf}.key")
        context.sni_callback = lambda connection, name, _: setattr(connection, "asked_for", name)
        return context

    def listen(self, door, context):
        if door == "streams":
            context.set_alpn_protocols(["h2"])
        port = 0
        # Addresses of this machine, as far as it has them.
        for family, address in [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.5"), (socket.AF_INET6, "::1"), (socket.AF_INET, METADATA[0]), (socket.AF_INET6, METADATA[1])]:
            listener = socket.socket(family)
            with contextlib.suppress(OSError):
                listener.bind((address, port))
                listener.listen(256)
                port = listener.getsockname()[1]
                self.begin(listener, door, context)

    def begin(self, listener, door, context):
        self.ports[door] = listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(listener, door, context), daemon=True).start()

    def accept(self, listener, door, context):
        while True:
            stream, _ = listener.accept()
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(door)
            thread = threading.Thread(target=self.serve, args=(stream, connection, context), daemon=True)
            with self.lock:
                self.connections.append(connection)
                self.threads.append(thread)
            thread.start()

    def serve(self, stream, connection, context):
        stream.settimeout(30)
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            stack.enter_context(stream)
            if context:
                stream = stack.enter_context(context.wrap_socket(stream, server_side=True))
                connection.server_name = getattr(stream, "asked_for", None)
                if stream.selected_alpn_protocol() == "h2":
                    return self.converse(stream, connection)
            answered = 0
            while piece := stream.recv(65536):
                connection.raw += piece
                for request in requests(connection.raw, "coding")[answered:]:
                    answered += 1
                    self.answer(stream, request)

    def answer(self, stream, request):
        """Bytes are sent, a pause is made for a number; None ends the connection."""
        reply = self.replies.get(request.target.partition(b"?")[0].decode("latin-1"))
        for piece in reply(request) if reply else [OK]:
            # That nobody uses the connection again makes it known when all of it has come.
            is_bytes = isinstance(piece, bytes)
            self.write(stream, re.sub(rb"^(HTTP/1\.1 [2-5]\d\d[^\r\n]*\r\n)", rb"\1Connection: close\r\n", piece, flags=re.M) if is_bytes else piece)

    def converse(self, stream, connection):
        """The same over HTTP/2: of what comes the heads are kept, as lines, and a reply is told for a request and its stream. Nothing begins behind it on the connection."""
        stream.sendall(settings())
        frames = Frames(stream)
        frames.take(len(PREFACE))
        for kind, _, number, fields in frames:
            if kind != HEADERS:
                continue
            connection.raw += lines(fields)
            [request] = requests(lines(fields), "bodies")
            reply = self.replies.get(request.target.decode("latin-1"))
            for piece in reply(request, number) if reply else [head(number, [(":status", "200")])]:
                self.write(stream, piece)
            self.write(stream, frame(GOAWAY, number.to_bytes(4, "big") + bytes(4)))

    def write(self, stream, piece):
        if piece is None:
            stream.settimeout(2)
            stream.unwrap()
            raise OSError("it ends here")
        if isinstance(piece, float):
            time.sleep(piece)
        else:
            stream.sendall(piece)

    def forget(self):
        with self.lock:
            self.connections, self.threads = [], []

    def settle(self):
        """Waits until whoever connected has gone, so that all that they sent is here."""
        with self.lock:
            threads = list(self.threads)
        for thread in threads:
            thread.join(30)
