"""WebSockets: frames that carry a value or a token either way, handshakes that are none, and what is hidden behind them."""

import base64
import contextlib
import hashlib
import re
import zlib

from .place import SHORT, read
from .technique import Attempt

G = "socket"
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
HIDDEN = b"GET /v1/admin HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\n\r\n"


def handshake(path, *fields):
    lines = [f"GET {path} HTTP/1.1", "Host: <authority>", "Authorization: Bearer <TOKEN>", "Connection: Upgrade", "Upgrade: websocket",
             f"Sec-WebSocket-Key: {KEY.decode()}", "Sec-WebSocket-Version: 13", *fields, "", ""]
    return "\r\n".join(lines).encode()


def agreement(*fields, key=KEY):
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    return "\r\n".join(["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}", *fields, "", ""]).encode()


def frame(kind, data, last=True, bits=0, mask=None, length=None):
    """`mask` is four bytes; a `length` is written in so many bytes."""
    size = len(data)
    first = (0x80 if last else 0) | bits | kind
    width = length or (0 if size < 126 else 2 if size < 65536 else 8)
    second = {0: size, 2: 126, 8: 127}[width] | (0x80 if mask else 0)
    head = bytes([first, second]) + (size.to_bytes(width, "big") if width else b"")
    if mask is None:
        return head + data
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


def payloads(raw):
    """What is in the frames behind a head, joined, as somebody reads them who is strict in nothing."""
    raw, found = raw.partition(b"\r\n\r\n")[2], b""
    while len(raw) >= 2:
        size, at = raw[1] & 0x7F, 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(raw[2 : 2 + width], "big"), 2 + width
        mask = b"\0\0\0\0"
        if raw[1] & 0x80:
            mask, at = raw[at : at + 4], at + 4
        if len(mask) < 4:
            break
        data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(raw[at : at + size]))
        found, raw = found + data, raw[at + size :]
        if data[:1] == b"\x03":
            # The code before a reason.
            found += data[2:]
    return found


def told(name, what, make, read=payloads, answer=agreement, asking=handshake, own=False, spends=False):
    """A service that sends the value: `make` gives its frames."""
    path = f"/v1/public/socket-{name}"

    def act(place):
        place.upstream.replies[path] = lambda request: [answer(), *make(request.credential), None]
        got = place.send(asking(path), patience=5)
        return got + read(got)

    Attempt(G, name, what, act, own=own, spends=spends)


def said(name, what, make, wait=True, answer=agreement, of_token=False, own=False):
    """A program that sends frames, or what it says are some: `make` gives them for the value, which it has from elsewhere, or for its token."""
    path = f"/v1/public/socket-{name}"

    def act(place):
        place.upstream.replies[path] = lambda _: [answer()] if answer else []
        stream, got = place.connect()
        if stream is None:
            return got
        with stream, contextlib.suppress(OSError):
            pieces = [place.filled(piece) for piece in make(place.filled("<TOKEN>") if of_token else place.values[0])]
            asking = place.filled(handshake(path))
            if wait:
                stream.sendall(asking)
                stream.settimeout(5)
                while b"\r\n\r\n" not in got and (piece := stream.recv(65536)):
                    got += piece
                for piece in pieces:
                    stream.sendall(piece)
            else:
                stream.sendall(asking + b"".join(pieces))
            got += read(stream, 1000, SHORT * 2)
        place.upstream.settle()
        for connection in place.upstream.connections:
            behind = connection.raw.partition(b"\r\n\r\n")[2]
            if any(value in behind or value in payloads(connection.raw) for value in place.values):
                place.faults.add("frames")
        return got

    Attempt(G, name, what, act, own=own)


def unlisted(name, what, path, behind=b""):
    """A WebSocket to a service that opens it, where no rule says that one may be opened."""

    def act(place):
        place.upstream.replies[path] = lambda _: [agreement(), frame(TEXT, b"uid=0")]
        got = place.send(handshake(path) + behind, patience=5)
        if b" 101 " in got[:20] or any(connection.raw for connection in place.upstream.connections):
            place.faults.add("opened")
        return got

    Attempt(G, name, what, act)


def split(value, *edges):
    return [value[start:end] for start, end in zip((0, *edges), (*edges, len(value)))]


def fragments(kind, pieces, between=b""):
    return [frame(kind if index == 0 else 0, piece, last=index == len(pieces) - 1) + (between if index < len(pieces) - 1 else b"") for index, piece in enumerate(pieces)]


def deflated(value):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(value) + packer.flush(zlib.Z_SYNC_FLUSH)[:-4]


def inflated(got):
    found = payloads(got)
    with contextlib.suppress(zlib.error):
        found += zlib.decompressobj(wbits=-15).decompress(found + b"\0\0\xff\xff")
    return found


def unpacked_text(got):
    """What is in base64 in the frames."""
    found = b""
    for word in re.findall(rb"[A-Za-z0-9+/]{16,}={0,2}", payloads(got)):
        with contextlib.suppress(ValueError):
            found += base64.b64decode(word)
    return found


# What services send
told("text", "the value in a message", lambda value: [frame(TEXT, b"you are " + value)])
told("binary", "the value in a binary message", lambda value: [frame(BINARY, b"\0\1" + value)])
told("base64", "in base64, in a message", lambda value: [frame(TEXT, base64.b64encode(value))], read=unpacked_text)
told("fragments", "over fragments", lambda value: fragments(TEXT, split(value, 5, 21)), spends=True)
told("fragments-bytes", "a byte in each fragment", lambda value: fragments(BINARY, split(value, *range(1, len(value)))), spends=True)
told("fragments-pings", "over fragments, with pings between them", lambda value: fragments(TEXT, split(value, 9, 20), frame(PING, b"?")),
     read=lambda got: payloads(got).replace(b"?", b""), spends=True)
told("messages", "over two messages", lambda value: [frame(TEXT, value[:12]), frame(TEXT, value[12:])], spends=True)
told("messages-long", "over two messages, most of it in the first", lambda value: [frame(TEXT, value[:-12]), frame(TEXT, value[-12:])], spends=True)
told("unfinished", "in a message that never ends", lambda value: [frame(TEXT, value, last=False), 0.2], spends=True)
told("cut", "in a frame that is cut", lambda value: [frame(BINARY, value + bytes(100))[:-90], 0.2], spends=True)
told("ping", "in a ping", lambda value: [frame(PING, value)])
told("pong", "in a pong that nobody asked for", lambda value: [frame(PONG, value)])
told("pings", "over pings", lambda value: [frame(PING, piece) for piece in split(value, 10, 30)])
told("close", "in the reason of a close frame", lambda value: [frame(CLOSE, b"\x03\xe8" + value)])
told("close-odd", "in a close frame with half a code", lambda value: [frame(CLOSE, value)])
told("behind-close", "in a message behind the close frame", lambda value: [frame(CLOSE, b"\x03\xe8"), frame(TEXT, value)])
told("masked", "under a mask, which no service has", lambda value: [frame(TEXT, value, mask=b"abcd")])
told("extension", "packed, by an extension that was offered", lambda value: [frame(TEXT, deflated(value), bits=0x40)], read=inflated,
     answer=lambda: agreement("Sec-WebSocket-Extensions: permessage-deflate"), asking=lambda path: handshake(path, "Sec-WebSocket-Extensions: permessage-deflate"))
told("extension-unsaid", "packed, by an extension that nobody named", lambda value: [frame(BINARY, deflated(value), bits=0x40)], read=inflated)
told("opcode", "in a frame of an unknown kind", lambda value: [frame(3, value), frame(11, value[:100])])
told("control-long", "in a ping that is too long", lambda value: [frame(PING, value.rjust(200), length=2)])
told("control-fragment", "in a ping in fragments", lambda value: [frame(PING, value[:20], last=False), frame(0, value[20:])])
told("length", "in a frame whose length is written too long", lambda value: [frame(TEXT, value, length=8)])
told("continuation", "in a fragment of no message", lambda value: [frame(0, value)])
told("inside", "in a message inside another", lambda value: [frame(TEXT, b"a", last=False), frame(TEXT, value)])
told("field", "in a field of the agreement", lambda value: [frame(TEXT, b"a")], answer=lambda: agreement("X-Note: nothing"), own=True)
told("no-frames", "behind the agreement, in no frame", lambda value: [b"\r\n\r\n" + value], read=lambda got: got)
told("wrong-accept", "behind the answer to another key", lambda value: [frame(TEXT, value)], answer=lambda: agreement(key=b"AAAAAAAAAAAAAAAAAAAAAA=="))
told("unasked", "behind an agreement that nobody asked for", lambda value: [frame(TEXT, value)],
     asking=lambda path: f"GET {path} HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\n\r\n".encode())
told("other-protocol", "behind an agreement to something else", lambda value: [b"\0" + value], read=lambda got: got,
     answer=lambda: agreement().replace(b"Upgrade: websocket", b"Upgrade: raw"))
told("length-field", "behind an agreement that has a length", lambda value: [frame(TEXT, value)], answer=lambda: agreement("Content-Length: 1000"))

# What programs send
ZERO, MASK = b"\0\0\0\0", b"\x17\x2b\xc3\x51"
said("send-value", "the value, which it has from elsewhere", lambda value: [frame(TEXT, b"key=" + value, mask=MASK)])
said("send-fragments", "the value over fragments, with pings between them", lambda value: [
    frame(TEXT, value[:7], last=False, mask=MASK), frame(PING, b"", mask=MASK), frame(0, value[7:30], last=False, mask=ZERO), frame(0, value[30:], mask=MASK)])
said("send-fragments-slow", "the value over fragments that come one by one", lambda value: [
    frame(TEXT if index == 0 else 0, value[index : index + 1], last=False, mask=MASK) for index in range(len(value))])
said("send-base64", "the value in base64", lambda value: [frame(TEXT, base64.b64encode(value), mask=MASK)], own=True)
said("send-ping", "the value in a ping", lambda value: [frame(PING, value, mask=MASK)])
said("send-pong", "the value in a pong", lambda value: [frame(PONG, value, mask=MASK)])
said("send-close", "the value as the reason of its end", lambda value: [frame(CLOSE, b"\x03\xe8" + value, mask=MASK)])
said("send-large", "the value in a message of 200 KiB", lambda value: [frame(BINARY, bytes(100 << 10) + value + bytes(100 << 10), mask=MASK)])
said("send-unmasked", "the value in a frame without a mask", lambda value: [frame(TEXT, value)])
said("send-reserved", "the value in a frame of an unknown kind", lambda value: [frame(3, value, mask=MASK)])
said("send-packed", "the value in a frame that says it is packed", lambda value: [frame(TEXT, value, bits=0x40, mask=MASK)])
said("send-control", "the value in a ping that is too long", lambda value: [frame(PING, value.rjust(200), length=2, mask=MASK)])
said("send-behind", "the value behind its close frame", lambda value: [frame(CLOSE, b"", mask=MASK), frame(TEXT, value, mask=MASK)])
said("send-raw", "the value in no frame", lambda value: [value])
said("token", "a token in a message", lambda token: [frame(TEXT, b"use " + token, mask=ZERO)], of_token=True)
said("token-close", "a token as the reason of its end", lambda token: [frame(CLOSE, b"\x03\xe8" + token, mask=ZERO)], of_token=True)
said("request", "a request in the place of frames", lambda value: [HIDDEN])
said("request-frame", "a request in a frame without a mask", lambda value: [frame(TEXT, b"\r\n\r\n") + HIDDEN])
said("early", "a request right behind the one for a WebSocket", lambda value: [HIDDEN], wait=False)
said("early-silent", "the same to a service that does not answer", lambda value: [HIDDEN], wait=False, answer=None)
said("early-frame", "the value in a frame before the service agreed", lambda value: [frame(TEXT, value, mask=MASK)], wait=False)
said("refused", "a request behind a WebSocket that the service refused", lambda value: [HIDDEN], answer=lambda: b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
said("wrong-answer", "a request behind a WebSocket that nobody agreed to", lambda value: [HIDDEN], answer=lambda: agreement(key=b"AAAAAAAAAAAAAAAAAAAAAA=="))
Attempt(G, "path", "a WebSocket at a path that no rule lists", lambda place: place.send(handshake("/v1/admin"), patience=5), own=True)
unlisted("broad", "a WebSocket at a path that a rule lists for GET, and says nothing of WebSockets", "/v1/public/pods/exec")
unlisted("broad-early", "the same, with a frame behind it", "/v1/public/pods/exec", frame(TEXT, b"id", mask=MASK))
Attempt(G, "version", "a WebSocket of another version", lambda place: place.send(handshake("/v1/public/x").replace(b"Version: 13", b"Version: 8") + HIDDEN, patience=SHORT))
Attempt(G, "two-keys", "a WebSocket with two keys", lambda place: place.send(handshake("/v1/public/x", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==") + HIDDEN, patience=SHORT))
