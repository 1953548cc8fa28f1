"""The control: a proxy that swaps tokens as text, as a script of thirty lines does it. What succeeds against it is what a broker has to stop."""

import contextlib
import re
import select
import socket
import ssl
import threading
import urllib.parse


class Naive:
    """It knows no hosts, looks whether a listed path stands in the first request's line, swaps whatever then goes to the service, and sends replies as they come."""

    def __init__(self, upstream, tokens, listed):
        self.upstream, self.tokens, self.listed = upstream, tokens, listed
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(upstream.folder / "main.pem", upstream.folder / "main.key")
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
            if method != b"CONNECT":
                url = urllib.parse.urlsplit(target.decode())
                service = stack.enter_context(socket.create_connection((url.hostname, url.port), 5))
                return self.pass_on(client, service, head.replace(target, (url.path or "/").encode(), 1))
            host, _, port = target.decode().rpartition(":")
            host = host.rpartition("@")[2].strip("[]")
            service = stack.enter_context(socket.create_connection((host, int(port)), 5))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            client = stack.enter_context(self.context.wrap_socket(client, server_side=True))
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            try:
                service = stack.enter_context(context.wrap_socket(service, server_hostname=getattr(client, "asked_for", None) or host))
            except ValueError:
                return
            self.pass_on(client, service, self.head(client))

    def head(self, client):
        raw = b""
        while b"\n\r\n" not in raw and b"\n\n" not in raw:
            piece = client.recv(65536)
            if not piece:
                break
            raw += piece
        return raw

    def pass_on(self, client, service, first):
        line = first.split(b"\n")[0]
        if line.split(b" ")[0] not in (b"GET", b"POST") or not any(path in line for path in self.listed):
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
