"""Where the techniques are played: the doors of runs, or of the control, and a client that says whatever it is told."""

import contextlib
import re
import socket
import ssl
import time

from . import readings

HOST = "api.shop.example"
# How long a client waits for a reply that comes, and for one that does not.
LONG, SHORT = 20, 0.2
# Of a reply that is longer nobody looks for the end again and again.
LOOKED_AT = 1 << 18
# A host of the catalogue of providers, and another, both of which the service plays.
PROVIDER, OTHER_PROVIDER = "api.openai.com", "api.anthropic.com"
# What the rules list: the service's doors, the host of each, and its paths, in every reading of a path.
LISTED = re.compile(rb"/v1/(public/.*|seal/.*|minted|one|files/.+/raw|form|json|parts|rated)")
LISTED_AT = {"main": (HOST, LISTED), "streams": (HOST, LISTED), "provider": (PROVIDER, re.compile(rb"/v1/(models|chat/.*)"))}


class Door:
    """A proxy, its credential, and the fake tokens that were given with it."""

    def __init__(self, port, credential, tokens):
        self.port, self.credential, self.tokens = port, credential, tokens


class Place:
    """`door` is the run's own; `doors` has those of other runs by name. `secrets` are the values by the names of their tokens."""

    def __init__(self, upstream, door, secrets, doors):
        self.upstream, self.door, self.secrets, self.doors = upstream, door, secrets, doors
        # A value that could be guessed is in many a text that has it from nobody.
        self.values, self.tokens = [value.encode() for name, value in secrets.items() if name != "WORD"], [token.encode() for token in door.tokens.values()]
        self.faults = set()
        # Whether the service was asked, and its answer was kept back or cut.
        self.is_withheld = False

    # What a hostile program does

    def filled(self, text, door=None):
        """Bytes, with what stands in angle brackets filled in: a token by its name, `host`, `port`, `authority`."""
        data = text if isinstance(text, bytes) else text.encode()
        door, ports = door or self.door, {name: str(port) for name, port in self.upstream.ports.items()}
        words = {**ports, "host": HOST, "port": ports["main"], "authority": f"{HOST}:{ports['main']}", "door": str(door.port), "credential": door.credential, **door.tokens}
        return re.sub(rb"<(\w+)>", lambda word: words[word[1].decode()].encode() if word[1].decode() in words else word[0], data)

    def knock(self, first, door=None):
        """A connection to a door, or None, and what it says to this."""
        door, stream, said = door or self.door, None, b""
        with contextlib.suppress(OSError):
            stream = socket.create_connection(("127.0.0.1", door.port), LONG)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream.sendall(self.filled(first, door))
            while b"\r\n\r\n" not in said and (piece := stream.recv(65536)):
                said += piece
        return stream, said

    def connect(self, to="<authority>", sni=HOST, fields=None, door=None, protocols=()):
        """A tunnel, or None, and what the door said."""
        fields = [f"Proxy-Authorization: Basic {(door or self.door).credential}"] if fields is None else fields
        stream, said = self.knock("\r\n".join([f"CONNECT {to} HTTP/1.1", f"Host: {to}", *fields, "", ""]), door)
        if b" 200 " not in said[:20]:
            return None, said
        # What it is shown is no matter of an attacker's.
        return self.encrypted(stream, sni, protocols), said

    def encrypted(self, stream, name, protocols=()):
        context = ssl.create_default_context()
        if protocols:
            context.set_alpn_protocols(protocols)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            return context.wrap_socket(stream, server_hostname=name)
        except (OSError, ValueError):
            return None

    def send(self, *pieces, replies=1, patience=LONG, **tunnel):
        """Writes into a tunnel, with pauses where a number stands, and reads up to the last reply, or until nothing comes."""
        stream, got = self.connect(**tunnel)
        if stream is None:
            return got
        with stream:
            with contextlib.suppress(OSError):
                for piece in pieces:
                    if isinstance(piece, float):
                        time.sleep(piece)
                    else:
                        stream.sendall(self.filled(piece, tunnel.get("door")))
            got = read(stream, replies, patience)
        was_asked = any(connection.raw for connection in self.upstream.connections)
        self.is_withheld |= was_asked and (b"Tacit-Denied: broker.reply" in got or not is_whole(got))
        return got

    def ask(self, path, *fields, method="GET", token="<TOKEN>", body=b"", host="<authority>", **options):
        """An ordinary request with a token."""
        length = [f"Content-Length: {len(self.filled(body, options.get('door')))}"] if body else []
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}", *length, *fields, "Connection: close", "", ""]
        data = body if isinstance(body, bytes) else body.encode()
        return self.send("\r\n".join(lines).encode("latin-1") + data, **options)

    # What came of it

    def misplaced(self):
        """Why what reached the service should not have; empty where all is as the rules say."""
        found, self.faults = self.faults, set()
        for connection in self.upstream.connections:
            for reading in readings.READINGS:
                for request in readings.requests(connection.raw, reading):
                    held = [value for value in self.values if value in request.bytes or readings.places(request, value)]
                    # Who reads no bodies finds requests in them that say nothing which anybody could not say.
                    if held or reading != "bodies":
                        found |= self.faults_of(connection, request, held)
        return found

    def faults_of(self, connection, request, held):
        found = set()
        host, listed = LISTED_AT.get(connection.door, ("", LISTED))
        allowed = {host.encode(), f"{host}:{self.upstream.ports[connection.door]}".encode()}
        if not host or not readings.hosts(request) <= allowed or (connection.server_name or host) != host:
            found.add("host")
        targets = [re.sub(rb"^[^:/]*://[^/?#]*", b"", request.target), *(value for name in readings.ROUTING for value in request.values(name))]
        if not all(listed.fullmatch(path) for target in targets for path in readings.paths(target)):
            found.add("path")
        if not readings.methods(request) <= {b"GET", b"POST", b""}:
            found.add("method")
        for value in held:
            if value == self.secrets["FORM"].encode():
                is_placed = (request.target, request.body) == (b"/v1/form", b"key=" + value) and readings.places(request, value) == ["body"]
            else:
                is_placed = readings.places(request, value) == ["authorization"]
            if not is_placed or (value == self.secrets["MODEL"].encode()) != (connection.door == "provider"):
                found.add("place")
        return found

    def empty(self):
        """Nothing is left of a technique."""


def is_whole(raw, count=1):
    """Whether so many replies are there to their ends."""
    while count:
        head, blank, raw = raw.partition(b"\r\n\r\n")
        if not blank:
            return False
        if re.match(rb"HTTP/1\.1 1\d\d", head):
            continue
        count -= 1
        length = re.search(rb"\ncontent-length: *(\d+)", head, re.I)
        if length:
            if len(raw) < int(length[1]):
                return False
            raw = raw[int(length[1]):]
        elif re.search(rb"\ntransfer-encoding:.*chunked", head, re.I):
            _, raw = readings.chunks(raw)
            if raw is None:
                return False
        elif b" 204 " not in head[:14] and b" 304 " not in head[:14]:
            return False
    return True


def read(stream, replies=1, patience=LONG):
    """What comes, up to the end of so many replies; of a long one up to the end of the connection."""
    got = bytearray()
    stream.settimeout(patience)
    with contextlib.suppress(OSError):
        while (len(got) > LOOKED_AT or not is_whole(bytes(got), replies)) and (piece := stream.recv(65536)):
            got += piece
    return bytes(got)


def unframed(raw):
    """The bodies of what was read, without their chunks."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return readings.chunks(body)[0] if b"chunked" in head.lower() else body
