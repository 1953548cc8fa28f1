"""Canonical encoding (docs/SPEC.md §1.1), and what is random in the vectors."""
import hashlib
import struct


class Refused(Exception):
    """Bytes that a reader must refuse. The text is the class that the SPEC gives, or what is wrong."""


def stream(label: str, count: int) -> bytes:
    """Bytes that stand for random ones and are the same at every run."""
    return hashlib.shake_128(label.encode()).digest(count)


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def integer(number: int) -> bytes:
    return struct.pack(">q", number)


def data(content: bytes) -> bytes:
    return u32(len(content)) + content


def text(content: str) -> bytes:
    return data(content.encode())


def optional(value, part) -> bytes:
    return b"\0" if value is None else b"\1" + part(value)


def listed(values, part) -> bytes:
    return integer(len(values)) + b"".join(map(part, values))


def raw(hexadecimal: str) -> bytes:
    """An id, from the hexadecimal in which vectors give it."""
    return bytes.fromhex(hexadecimal)


class Reader:
    """Reads parts from the front; `end` refuses what is left over."""

    def __init__(self, content: bytes):
        self.rest = content

    def take(self, count: int) -> bytes:
        if count > len(self.rest):
            raise Refused("cut")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def flag(self) -> bool:
        value = self.byte()
        if value > 1:
            raise Refused("flag")
        return bool(value)

    def integer(self) -> int:
        return struct.unpack(">q", self.take(8))[0]

    def data(self) -> bytes:
        return self.take(struct.unpack(">I", self.take(4))[0])

    def text(self) -> str:
        try:
            return self.data().decode()
        except UnicodeDecodeError:
            raise Refused("no UTF-8") from None

    def id(self) -> str:
        return self.take(16).hex()

    def optional(self, part):
        flag = self.byte()
        if flag > 1:
            raise Refused("flag")
        return part() if flag else None

    def listed(self, part) -> list:
        count = self.integer()
        if not 0 <= count <= len(self.rest):
            raise Refused("cut")
        return [part() for _ in range(count)]

    def version(self, known: int = 1) -> None:
        if self.byte() != known:
            raise Refused("version")

    def end(self) -> None:
        if self.rest:
            raise Refused("left over")
