"""HTTP/2 by hand: frames, right or wrong, and heads packed without tables; and what comes, read (RFC 9113, RFC 7541)."""

import collections

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END, ACK, END_HEAD, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 32
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# The entries of the table that every connection has from its beginning.
STATIC = [tuple(entry.partition("=")[::2]) for entry in (
    ":authority :method=GET :method=POST :path=/ :path=/index.html :scheme=http :scheme=https :status=200 :status=204 :status=206 :status=304 :status=400 :status=404 :status=500 "
    "accept-charset accept-encoding=gzip,deflate accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control content-disposition "
    "content-encoding content-language content-length content-location content-range content-type cookie date etag expect expires from host if-match if-modified-since "
    "if-none-match if-range if-unmodified-since last-modified link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after server "
    "set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate").split()]
# How many bits each character's code has, "A" for five; by them the codes are known, for they are given out in order.
BITS = ("ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTS"
        "SSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ")


def codes():
    """What each code stands for, by its length and its number."""
    found, code, length = {}, 0, 0
    for bits, character in sorted((ord(letter) - 60, character) for character, letter in enumerate(BITS)):
        code, length = code << bits - length, bits
        found[bits, code] = character
        code += 1
    return found


CODES = codes()


def frame(kind, payload=b"", flags=0, stream=0, length=None):
    return (len(payload) if length is None else length).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def settings(*pairs):
    return frame(SETTINGS, b"".join(key.to_bytes(2, "big") + value.to_bytes(4, "big") for key, value in pairs))


def number(value, bits, first=0):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    value, out = value - most, [first | most]
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(name, value, first=0):
    return bytes([first]) + b"".join(number(len(text), 7) + text for text in (name, value))


def block(fields):
    """A head, in which every name and value is written out."""
    return b"".join(field(*(text.encode("latin-1") if isinstance(text, str) else text for text in pair)) for pair in fields)


def head(stream, fields, flags=END):
    return frame(HEADERS, block(fields), flags | END_HEAD, stream)


def lines(fields, body=b""):
    """A request as HTTP/1.1 has it, of fields and pseudo-fields as they came; of two of a kind the last counts."""
    pseudo = dict(fields)
    rest = [pair for pair in fields if not pair[0].startswith(b":")]
    if body and not {b"content-length", b"transfer-encoding"} & {name.lower() for name, _ in rest}:
        rest.append((b"content-length", b"%d" % len(body)))
    first = b" ".join([pseudo.get(b":method", b""), pseudo.get(b":path", b""), b"HTTP/1.1"])
    hosts = [b"host: " + pseudo[b":authority"]] if b":authority" in pseudo else []
    return b"\r\n".join([first, *hosts, *(name + b": " + value for name, value in rest), b"", body])


class Heads:
    """Unpacks the heads of one direction of a connection."""

    def __init__(self):
        self.table = collections.deque()

    def unpack(self, data):
        found, at = [], 0

        def integer(bits):
            nonlocal at
            most = (1 << bits) - 1
            value, shift = data[at] & most, 0
            at += 1
            if value < most:
                return value
            while True:
                value, shift, more = value + ((data[at] & 127) << shift), shift + 7, data[at] & 128
                at += 1
                if not more:
                    return value

        def text():
            nonlocal at
            is_coded = data[at] & 128
            length = integer(7)
            at += length
            return decoded(data[at - length : at]) if is_coded else data[at - length : at]

        while at < len(data):
            first = data[at]
            if first & 0x80:
                found.append(self.entry(integer(7)))
            elif first & 0xE0 == 0x20:
                integer(5)
            else:
                index = integer(6 if first & 0x40 else 4)
                pair = (self.entry(index)[0] if index else text(), text())
                found.append(pair)
                if first & 0x40:
                    self.table.appendleft(pair)
        return found

    def entry(self, index):
        if index <= len(STATIC):
            return tuple(text.encode() for text in STATIC[index - 1])
        return self.table[index - len(STATIC) - 1]


def decoded(data):
    out, code, length = [], 0, 0
    for byte in data:
        for shift in range(7, -1, -1):
            code, length = code << 1 | byte >> shift & 1, length + 1
            if (length, code) in CODES:
                out.append(CODES[length, code])
                code, length = 0, 0
    return bytes(out)


class Frames:
    """What comes over a connection: each frame as kind, flags, stream and payload; of a head the fields in its payload's place, once it is whole."""

    def __init__(self, connection, first=b""):
        self.connection, self.raw, self.heads, self.pending = connection, first, Heads(), b""

    def __iter__(self):
        """Until the other side ends the connection, or nothing comes of it for as long as its timeout says."""
        while (begin := self.take(9)) and (payload := self.take(int.from_bytes(begin[:3], "big"))) is not None:
            kind, flags, stream = begin[3], begin[4], int.from_bytes(begin[5:], "big") & 0x7FFFFFFF
            if kind in (HEADERS, PUSH, CONTINUATION):
                self.pending += stripped(kind, flags, payload)
                if kind != CONTINUATION:
                    self.begun = kind, flags
                if not flags & END_HEAD:
                    continue
                kind, flags = self.begun
                payload, self.pending = self.heads.unpack(self.pending), b""
            yield kind, flags, stream, payload

    def take(self, count):
        while len(self.raw) < count:
            piece = self.connection.recv(65536)
            if not piece:
                return None
            self.raw += piece
        piece, self.raw = self.raw[:count], self.raw[count:]
        return piece


def stripped(kind, flags, payload):
    """The packed head in a frame."""
    end = len(payload)
    if kind != CONTINUATION and flags & PADDED:
        end, payload = end - payload[0] - 1, payload[1:]
    start = 5 if kind == HEADERS and flags & WITH_PRIORITY else 4 if kind == PUSH else 0
    return payload[start:end]
