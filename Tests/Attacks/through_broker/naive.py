"""The control: a proxy that swaps tokens as text, as a small script does it. What succeeds against it is what a broker has to stop."""

import collections
import contextlib
import re
import select
import socket
import ssl
import threading
import urllib.parse

from .frames import DATA, END, HEADERS, PREFACE, Frames, frame, head, lines, settings
from .place import OTHER_PROVIDER, PROVIDER, read


class Naive:
    """It knows no hosts, looks whether a listed path stands in the first request's line, swaps whatever then goes to the service, and sends replies as they come."""

    def __init__(self, upstream, tokens, listed):
        self.upstream, self.tokens, self.listed = upstream, tokens, listed
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(upstream.folder / "main.pem", upstream.folder / "main.key")
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.context.sni_callback = lambda connection, name, _: setattr(connection, "asked_for", name)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            stream, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, client):
        client.settimeout(20)
        with contextlib.suppress(OSError, ValueError, IndexError), contextlib.ExitStack() as stack:
            stack.enter_context(client)
            head = self.head(client)
            method, target = head.split(b" ")[:2]
            if target.startswith(b"/via/"):
                return self.address(client, head, target, stack)
            if method != b"CONNECT":
                url = urllib.parse.urlsplit(target.decode())
                service = stack.enter_context(socket.create_connection((url.hostname, url.port), 5))
                return self.pass_on(client, service, head.replace(target, (url.path or "/").encode(), 1))
            host, _, port = target.decode().rpartition(":")
            host = host.rpartition("@")[2].strip("[]")
            service = stack.enter_context(socket.create_connection((host, int(port)), 5))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            client = stack.enter_context(self.context.wrap_socket(client, server_side=True))
            try:
                service = stack.enter_context(self.encrypted(service, getattr(client, "asked_for", None) or host))
            except ValueError:
                return
            if client.selected_alpn_protocol() == "h2":
                return self.translate(client, service)
            self.pass_on(client, service, self.head(client))

    def encrypted(self, service, name):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(service, server_hostname=name)

    def address(self, client, head, target, stack):
        """An address of its own that leads to a provider: what stands behind its name is the path there."""
        _, _, name, *rest = target.split(b"/", 3)
        host = {b"openai": PROVIDER, b"anthropic": OTHER_PROVIDER}.get(name, name.decode())
        service = stack.enter_context(self.encrypted(socket.create_connection((host, 443), 5), host))
        self.pass_on(client, service, head.replace(target, b"/" + b"/".join(rest), 1).replace(b"Host: 127.0.0.1:%d" % self.port, b"Host: " + host.encode(), 1))

    def head(self, client):
        raw = b""
        while b"\n\r\n" not in raw and b"\n\n" not in raw:
            piece = client.recv(65536)
            if not piece:
                break
            raw += piece
        return raw

    def pass_on(self, client, service, first):
        if not self.lists(first):
            return client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        service.sendall(self.swapped(self.lengthened(first, client)))
        while True:
            ready = [each for each in (client, service) if getattr(each, "pending", int)()] or select.select([client, service], [], [], 20)[0]
            for source in ready:
                piece = source.recv(65536)
                if not piece:
                    return
                if source is client:
                    service.sendall(self.swapped(piece))
                else:
                    client.sendall(piece)

    def translate(self, client, service):
        """HTTP/2 into lines of HTTP/1.1, as what stands before older services does it. Where the first request is listed, all are passed on."""
        client.sendall(settings())
        frames, fields, bodies, is_listed = Frames(client), collections.defaultdict(list), collections.defaultdict(bytes), False
        frames.take(len(PREFACE))
        for kind, flags, stream, payload in frames:
            if kind not in (HEADERS, DATA):
                continue
            if kind == HEADERS:
                fields[stream] += payload
            else:
                bodies[stream] += payload
            if flags & END:
                # Of two fields of a kind it looks at the first, and means the last.
                request, is_listed = lines(fields[stream], bodies[stream]), is_listed or self.lists(lines(fields[stream][::-1]))
                if not is_listed:
                    return client.sendall(head(stream, [(":status", "403")]))
                service.sendall(self.swapped(request))
                client.sendall(head(stream, [(":status", "200")], 0) + frame(DATA, read(service), END, stream))

    def lists(self, request):
        line = request.split(b"\n")[0]
        return line.split(b" ")[0] in (b"GET", b"POST") and any(path in line for path in self.listed)

    def lengthened(self, first, client):
        """A request whose body has the length that it says, with the length that it will have."""
        head, blank, body = first.partition(b"\r\n\r\n")
        lengths = re.findall(rb"\nContent-Length: (\d+)", head)
        if len(lengths) != 1 or b"oding" in head.replace(b"Content-Encoding", b""):
            return first
        while len(body) < int(lengths[0]) and (piece := client.recv(65536)):
            body += piece
        length = int(lengths[0]) + len(self.swapped(body)) - len(body)
        return re.sub(rb"\nContent-Length: \d+", b"\nContent-Length: %d" % length, head) + blank + body

    def swapped(self, data):
        for token, value in self.tokens.items():
            data = data.replace(token, value)
        return data
