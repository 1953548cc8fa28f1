"""More than a broker can be given: what would fill its memory or keep it from serving others. It counts as a success that it then serves nobody, or has grown beyond a bound."""

import base64
import contextlib
import gzip
import socket
import time

from .reflections import CHUNKED
from .technique import Attempt

G = "load"
# Far above what it needs here, far below what is sent.
MOST_MEMORY = 160 << 20


def loaded(name, what, act, group=G, spends=False, **where):
    """`where` says which tunnel is asked for afterwards, if it is another than the usual one."""

    def play(place):
        got = act(place) or b""
        if b" 200 " not in place.ask("/v1/public/x", **where)[:20] or place.memory() > MOST_MEMORY:
            place.faults.add("load")
        return got[:1 << 16]

    Attempt(group, name, what, play, own=True, spends=spends)


def answered(place, reply):
    place.upstream.replies["/v1/public/load"] = reply
    return "/v1/public/load"


def bomb(size, levels=1):
    data = gzip.compress(bytes(1 << 20), 1) * (size >> 20)
    for _ in range(levels - 1):
        data = gzip.compress(data)
    return data


# As many zeros, by brotli.
BROTLI_BOMB = base64.b64decode("y///PwAkAOKxQHLv//j//weABEAcFoDu/V/+//8BkACIwwLQvf8D")


def packed(place, data, coding="gzip"):
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    return place.ask(answered(place, lambda _: [head + data]))


def unread(place):
    """A reply without an end that nobody reads."""
    path = answered(place, lambda _: [CHUNKED, *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 3000])
    stream, _ = place.connect()
    with stream:
        stream.sendall(place.filled(f"GET {path} HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\n\r\n"))
        seen, still = -1, 0
        while still < 3:
            time.sleep(0.1)
            memory = place.memory()
            still, seen = (still + 1, seen) if memory == seen else (0, memory)
    return b""


def crowd(place, count, say):
    """Connections that say something and then nothing, while another one asks."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stream = stack.enter_context(socket.create_connection(("127.0.0.1", place.door.port)))
            stream.sendall(place.filled(say))
        return place.ask("/v1/public/x")


def tunnels(place):
    """Tunnels that are opened and say nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            stream, _ = place.connect()
            stack.enter_context(stream)
        return place.ask("/v1/public/x")


def trickled(place):
    """A head that comes a byte at a time and never ends."""
    stream, _ = place.connect()
    with stream:
        for byte in b"GET /v1/public/x HTTP/1.1\r\nX: " + b"y" * 200:
            stream.sendall(bytes([byte]))
        return place.ask("/v1/public/x")


def headed(place, *fields, before=""):
    return place.send(f"GET /v1/public/x{before} HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\nConnection: close\r\n" + "".join(fields) + "\r\n", patience=5)


loaded("bomb", "a small reply that unpacks to 24 MiB", lambda place: packed(place, bomb(24 << 20)))
loaded("bomb-nested", "the same, packed once more", lambda place: packed(place, bomb(24 << 20, 2)))
loaded("bomb-brotli", "forty bytes of brotli that unpack to as much", lambda place: packed(place, BROTLI_BOMB, "br"))
loaded("unread", "a reply without an end that its asker does not read", unread)
loaded("reply-head", "a reply with a head of a megabyte", lambda place: place.ask(answered(
    place, lambda _: [b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * (1 << 20) + b"\r\nContent-Length: 0\r\n\r\n"])))
loaded("reply-fields", "a reply of ten thousand fields", lambda place: place.ask(answered(
    place, lambda _: [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"Content-Length: 0\r\n\r\n"])))
loaded("reply-hints", "ten thousand early hints before a reply", lambda place: place.ask(answered(
    place, lambda _: [b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 10_000 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"])))
loaded("reply-chunks", "a reply of chunks of a byte", lambda place: place.ask(answered(place, lambda _: [CHUNKED + b"1\r\nx\r\n" * 5_000 + b"0\r\n\r\n"])))
loaded("reply-extension", "a chunk with an extension of a megabyte", lambda place: place.ask(answered(
    place, lambda _: [CHUNKED + b"1;" + b"x" * (1 << 20) + b"\r\nx\r\n0\r\n\r\n"])))
loaded("head", "a request with a head of a megabyte", lambda place: headed(place, "X: " + "y" * (1 << 20) + "\r\n"))
loaded("head-fields", "a request of ten thousand fields", lambda place: headed(place, "X: y\r\n" * 10_000))
loaded("target", "a request with a query of a megabyte", lambda place: headed(place, before="?" + "y" * (1 << 20)))
loaded("greeting", "a megabyte before the credential", lambda place: place.knock("CONNECT <authority> HTTP/1.1\r\nX: " + "y" * (1 << 20) + "\r\n\r\n")[1])
loaded("body", "a form of 2 MiB that is read whole", lambda place: place.ask(
    "/v1/form", "Content-Type: application/x-www-form-urlencoded", method="POST", body=b"a=" + b"y" * (2 << 20)))
loaded("body-bomb", "a small body that unpacks to 64 MiB", lambda place: place.ask(
    "/v1/public/x", "Content-Type: application/octet-stream", "Content-Encoding: gzip", method="POST", body=gzip.compress(bytes(64 << 20))))
loaded("slow", "two hundred connections that say half a word", lambda place: crowd(place, 200, "CONN"))
loaded("silent", "two hundred connections that say nothing", lambda place: crowd(place, 200, ""))
loaded("tunnels", "thirty tunnels that say nothing", tunnels)
loaded("trickle", "a head a byte at a time, without an end", trickled)
