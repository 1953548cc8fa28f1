"""The service's side of a WebSocket (RFC 6455), without extensions."""

import base64
import hashlib

CONTINUATION, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10


def accept(key):
    return base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def frame(kind, data, last=True):
    size = len(data)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big") if size < 65536 else b"\x7f" + size.to_bytes(8, "big")
    return bytes([(0x80 if last else 0) | kind]) + length + data


def fragments(data, size):
    """One message of text in frames of so many bytes."""
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return [frame(CONTINUATION if index else TEXT, piece, last=index == len(pieces) - 1) for index, piece in enumerate(pieces)]


def messages(incoming, outgoing):
    """The kind and the bytes of each message, up to the close frame, which is answered as pings are."""
    kind, message = 0, b""
    while head := incoming.read(2):
        last, opcode, size = head[0] & 0x80, head[0] & 15, head[1] & 0x7F
        if size > 125:
            size = int.from_bytes(incoming.read(2 if size == 126 else 8), "big")
        mask = incoming.read(4)
        data = bytes(byte ^ mask[index & 3] for index, byte in enumerate(incoming.read(size)))
        if opcode == CLOSE:
            return outgoing.write(frame(CLOSE, data))
        if opcode == PING:
            outgoing.write(frame(PONG, data))
        if opcode < CLOSE:
            kind, message = opcode or kind, message + data
            if last:
                yield kind, message
                kind, message = 0, b""
