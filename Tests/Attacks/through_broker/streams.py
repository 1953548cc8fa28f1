"""HTTP/2 as a program speaks it that means no good: heads that become something else as lines, frames that belong nowhere, and more of them than anybody needs."""

import contextlib

from .frames import (
    CONTINUATION, DATA, END, END_HEAD, GOAWAY, HEADERS, PADDED, PING, PREFACE, PRIORITY, PUSH, RESET, SETTINGS, WINDOW, ACK, Frames, block, field, frame, head, number, settings,
)
from .loads import answered, loaded
from .place import LONG
from .reflections import CHUNKED
from .technique import Attempt

G = "h2"
LISTED, OTHER = "/v1/public/x", "/v1/admin"
# Of each kind of frame. The limits are 200 in half a minute, or lower.
MANY = 2000
# How long somebody waits for an answer to what should have none.
PATIENCE = 2


def request(place, *more, **pseudo):
    """The fields of a request with a token: other pseudo-fields than it has, left out where they are None, and fields behind them."""
    first = {"method": "GET", "scheme": "https", "authority": "<authority>", "path": LISTED} | pseudo
    fields = [(f":{name}", value) for name, value in first.items() if value is not None] + [("authorization", "Bearer <TOKEN>"), *more]
    return [(name.encode("latin-1"), place.filled(value)) for name, value in fields]


class Speech:
    """A tunnel in which HTTP/2 is spoken."""

    def __init__(self, place, **tunnel):
        self.stream, said = place.connect(protocols=["h2"], **tunnel)
        if not self.stream or self.stream.selected_alpn_protocol() != "h2":
            raise AssertionError(f"nobody speaks HTTP/2: {said!r}")
        self.frames = Frames(self.stream)

    def __enter__(self):
        self.say(PREFACE, settings())
        return self

    def __exit__(self, *_):
        self.stream.close()

    def say(self, *pieces):
        """Whether it was taken."""
        try:
            for piece in pieces:
                self.stream.sendall(piece)
        except OSError:
            return False
        return True

    def hear(self, streams=1, patience=LONG):
        """What comes up to the end of so many streams, or of the connection."""
        got, ended = b"", set()
        self.stream.settimeout(patience)
        with contextlib.suppress(OSError):
            for kind, flags, stream, payload in self.frames:
                if kind in (HEADERS, PUSH):
                    got += b"".join(b"%s: %s\n" % pair for pair in payload)
                elif kind in (DATA, GOAWAY):
                    got += payload
                if kind == RESET or kind in (HEADERS, DATA) and flags & END:
                    ended.add(stream)
                if len(ended) >= streams:
                    break
        return got

    def has_ended(self):
        """Whether the other side ends the connection."""
        self.stream.settimeout(LONG)
        try:
            while self.stream.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True


def asked(name, what, *more, body=b"", trailers=None, own=False, **pseudo):
    """One request."""

    def act(place):
        with Speech(place) as speech:
            pieces = [head(1, request(place, *more, **pseudo), 0 if body or trailers else END)]
            pieces += [frame(DATA, place.filled(body), 0 if trailers else END, 1)] if body else []
            pieces += [head(1, [(name.encode(), place.filled(value)) for name, value in trailers])] if trailers else []
            speech.say(*pieces)
            return speech.hear(patience=PATIENCE)

    Attempt(G, name, what, act, own=own)


HIDDEN = "GET /v1/admin HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\n\r\n"
BARE = "GET /v1/admin HTTP/1.1\r\nHost: <authority>\r\nX: y\r\n\r\n"

# To another place, another path, another method
asked("authority", "another host in `:authority`", authority="evil.example")
asked("authority-port", "another port in `:authority`", authority="<host>:<other>")
asked("authority-user", "the listed host as a user in `:authority`", authority="<host>@evil.example")
asked("authority-none", "no `:authority`, and another host in Host", ("host", "evil.example"), authority=None)
asked("authority-twice", "two of `:authority`", (":authority", "evil.example"))
asked("host", "another host in Host than in `:authority`", ("host", "evil.example"))
asked("path-twice", "two of `:path`", (":path", OTHER))
asked("path-absolute", "a whole URL of another host as `:path`", path="https://evil.example/v1/public/x")
asked("path-nul", "NUL in `:path`", path="/v1/admin\0/v1/public")
asked("path-blank", "a blank in `:path`", path="/v1/admin /v1/public")
asked("path-none", "no `:path`", path=None, own=True)
asked("method-twice", "two of `:method`", (":method", "DELETE"))
asked("method-path", "another path in `:method`", method="GET /v1/admin?")
asked("scheme-path", "another host in `:scheme`", scheme="https://evil.example/?", own=True)
asked("pseudo-unknown", "a pseudo-field that nobody knows", (":rewrite-url", OTHER), own=True)
asked("connect", "CONNECT to another host", method="CONNECT", authority="evil.example:443", path=None, scheme=None, own=True)
asked("protocol", "CONNECT that begins a WebSocket", (":protocol", "websocket"), method="CONNECT", own=True)

# Two requests in the fields of one, where they are written as lines
asked("value-lines", "CR LF and another field in a value", ("x-note", f"y\r\nX-Rewrite-URL: {OTHER}"))
asked("value-line-feed", "LF and another field in a value", ("x-note", f"y\nX-Rewrite-URL: {OTHER}"))
asked("value-request", "another request in a value", ("x-note", "y\r\n\r\n" + HIDDEN))
asked("name-lines", "CR LF and another field in a name", (f"x: y\r\nx-rewrite-url: {OTHER}\r\nx-note", "z"))
asked("name-colon", "a colon in a name", (f"x-rewrite-url: {OTHER}", "z"))
asked("name-upper", "a name in capitals that is refused in small letters", ("X-Rewrite-URL", OTHER))
asked("path-lines", "another request in `:path`", path=f"{LISTED} HTTP/1.1\r\nHost: <authority>\r\n\r\n{HIDDEN[:-2]}X: ")
asked("method-lines", "another request in `:method`", method=f"GET {LISTED} HTTP/1.1\r\nHost: <authority>\r\n\r\nGET /v1/admin HTTP/1.1\r\nX: ")
asked("authority-lines", "another field in `:authority`", authority=f"<authority>\r\nX-Rewrite-URL: {OTHER}")
asked("coding", "a coding of chunks", ("transfer-encoding", "chunked"), body="0\r\n\r\n" + BARE, method="POST")
asked("coding-name", "a coding behind the lines of a name", ("x: y\r\ntransfer-encoding", "chunked"), body="0\r\n\r\n" + BARE, method="POST")
asked("length", "a length of nothing for a body that hides a request", ("content-length", "0"), body=BARE, method="POST")
asked("length-twice", "two lengths", ("content-length", str(len(BARE))), ("content-length", "0"), body=BARE, method="POST")
asked("length-short", "a length that is shorter than the body", ("content-length", "4"), body="body" + BARE, method="POST")
asked("connection", "a field that the connection is to drop", ("connection", "content-length"), ("content-length", "4"), body="body" + BARE, method="POST")
asked("te", "TE with more than trailers", ("te", "trailers, chunked"), ("transfer-encoding", "chunked"), body="0\r\n\r\n" + BARE, method="POST")
asked("upgrade", "an upgrade inside", ("connection", "upgrade"), ("upgrade", "websocket"), own=True)
asked("trailer-path", "another `:path` in a trailer", body="body", trailers=[(":path", OTHER)], method="POST")
asked("trailer-token", "a token in a trailer", body="body", trailers=[("x-note", "<TOKEN>")], method="POST")
asked("trailer-field", "another path in a trailer", body="body", trailers=[("x-rewrite-url", OTHER)], method="POST")


def late(place):
    """The library of a service may take the last."""
    with Speech(place) as speech:
        speech.say(head(1, [*request(place), (b"x-note", b"y"), (b":path", OTHER.encode())]))
        return speech.hear(patience=PATIENCE)


def second(place):
    """A stream behind one that is listed."""
    with Speech(place) as speech:
        speech.say(head(1, request(place)) + head(3, request(place, path=OTHER)))
        return speech.hear(2, patience=PATIENCE)


def kept(place):
    """Fields that the first stream put into the table."""
    with Speech(place) as speech:
        parts = b"".join(field(name, value, 0x40) for name, value in request(place))
        # Of five fields the last is the newest; the path stands behind it.
        again = bytes([0x80 | 62 + 4, 0x80 | 62 + 3, 0x80 | 62 + 2]) + field(b":path", OTHER.encode()) + bytes([0x80 | 62])
        speech.say(frame(HEADERS, parts, END | END_HEAD, 1), frame(HEADERS, again, END | END_HEAD, 3))
        return speech.hear(2, patience=PATIENCE)


def crumbs(place):
    """A token that only the joined pieces of a cookie have."""
    token = place.filled("<TOKEN>")
    with Speech(place) as speech:
        speech.say(head(1, [*request(place), (b"cookie", b"a=" + token[:9]), (b"cookie", token[9:])]))
        return speech.hear(patience=PATIENCE)


Attempt(G, "pseudo-late", "another `:path` behind an ordinary field", late)
Attempt(G, "second", "another path on a stream beside a listed one", second)
Attempt(G, "table", "another path beside fields of the table", kept)
Attempt(G, "cookie", "a token in two pieces of a cookie", crumbs, own=True)


def flooded(name, what, make, ends=True):
    """Frames behind a request that was answered: `make` gives them. The connection `ends` by them, or nobody minds."""

    def act(place):
        with Speech(place) as speech:
            speech.say(head(1, request(place)))
            got = speech.hear()
            if b":status: 200" not in got:
                raise AssertionError(f"a request over HTTP/2 is not answered: {got!r}")
            for piece in make(place):
                if not speech.say(piece):
                    break
            if ends and not speech.has_ended():
                place.faults.add("flood")

    loaded(name, what, act, G)


def posted(place, stream=3):
    """A request whose body is still to come."""
    return head(stream, request(place, method="POST"), 0)


def headless(place):
    """A head that goes on."""
    return frame(HEADERS, block(request(place)), END, 3)


def each(place, make, count=MANY):
    """What is made for stream after stream, in few writes."""
    streams = range(3, 3 + 2 * count, 2)
    return [b"".join(make(stream) for stream in streams[at : at + 50]) for at in range(0, count, 50)]


def many(piece, count=MANY):
    return [piece * 50] * (count // 50)


def bomb():
    """A field of 4000 bytes in the table, and then a byte for each time that it is meant."""
    return field(b"x", b"y" * 4000, 0x40) + b"\xbe" * 12_000


# More than anybody needs
flooded("reset", "streams that are taken back as soon as they are asked", lambda place: each(
    place, lambda stream: head(stream, request(place)) + frame(RESET, bytes(3) + b"\x08", stream=stream)))
flooded("reset-made", "streams that the broker has to take back, by a window of nothing", lambda place: each(
    place, lambda stream: posted(place, stream) + frame(WINDOW, bytes(4), stream=stream)))
flooded("continuation", "a head that goes on and on", lambda place: [headless(place), *[frame(CONTINUATION, field(b"x", b"y" * 16_000), stream=3)] * 100])
flooded("continuation-small", "a head that goes on by a byte", lambda place: [headless(place), *many(frame(CONTINUATION, b"\x82", stream=3))])
flooded("continuation-empty", "a head that goes on by nothing", lambda place: [headless(place), *many(frame(CONTINUATION, stream=3))])
flooded("settings", "settings after settings", lambda place: many(settings((4, 65_535))))
flooded("settings-table", "a table that is made large and small", lambda place: many(settings((1, 4096)) + settings((1, 0))))
flooded("settings-acknowledged", "settings that are acknowledged and nobody made", lambda place: many(frame(SETTINGS, flags=ACK)))
flooded("ping", "pings", lambda place: many(frame(PING, b"12345678")))
flooded("ping-answers", "answers to pings that nobody sent", lambda place: many(frame(PING, b"12345678", ACK)))
flooded("priority", "priorities", lambda place: many(frame(PRIORITY, bytes(4) + b"\x10", stream=3)))
flooded("data-empty", "a body of frames of nothing", lambda place: [posted(place), *many(frame(DATA, stream=3))])
flooded("data-padded", "a body of frames of padding alone", lambda place: [posted(place), *many(frame(DATA, b"\x09" + bytes(9), PADDED, 3))])
flooded("bomb", "a head that unpacks to 48 MB", lambda place: [frame(HEADERS, block(request(place)) + bomb(), END | END_HEAD, 3)])
flooded("head", "a head of 80 KiB", lambda place: [headless(place), *[frame(CONTINUATION, field(b"x", b"y" * 16_000), stream=3)] * 4,
                                                     frame(CONTINUATION, field(b"x", b"y" * 16_000), END_HEAD, 3)])
flooded("table-size", "a table that is larger than may be", lambda place: [frame(HEADERS, number(1 << 20, 5, 0x20) + block(request(place)), END | END_HEAD, 3)])
flooded("table-sizes", "a head of sizes of its table", lambda place: [frame(HEADERS, b"\x20" * 16_000, END | END_HEAD, 3)])
flooded("window", "windows that open by a byte", lambda place: many(frame(WINDOW, bytes(3) + b"\x01"), 20_000), ends=False)
flooded("unknown", "frames that nobody knows", lambda place: many(frame(0x42, b"12345678"), 20_000), ends=False)
flooded("goodbye", "one goodbye after the other", lambda place: many(frame(GOAWAY, bytes(8))), ends=False)

# Frames that belong nowhere
flooded("window-overflow", "a window that opens beyond what a number has", lambda place: [frame(WINDOW, b"\x7f\xff\xff\xff")] * 2)
flooded("window-nothing", "a window that opens by nothing", lambda place: [frame(WINDOW, bytes(4))])
flooded("push", "a promise by a program", lambda place: [frame(PUSH, (2).to_bytes(4, "big") + block(request(place)), END_HEAD, 1)])
flooded("data-idle", "a body on a stream that nobody opened", lambda place: [frame(DATA, b"x", END, 9)])
flooded("data-closed", "bodies on a stream that is over", lambda place: [head(3, request(place)), *many(frame(DATA, b"x", 0, 3))])
flooded("stream-even", "a stream that only the broker may open", lambda place: [head(2, request(place))])
flooded("stream-lower", "a stream below one that was there", lambda place: [head(9, request(place)), head(5, request(place))])
flooded("stream-nobody", "a head on the stream of the connection itself", lambda place: [head(0, request(place))])
flooded("between", "another stream's head inside a head", lambda place: [headless(place), head(5, request(place))])
flooded("frame-large", "a frame of more than may be", lambda place: [frame(DATA, bytes(20_000), 0, 1)])
flooded("frame-short", "a head that is shorter than its padding", lambda place: [frame(HEADERS, b"\xff", END | END_HEAD | PADDED, 3)])
flooded("settings-illegal", "a largest frame of nothing", lambda place: [settings((5, 0))])
flooded("index", "a field that no table has", lambda place: [frame(HEADERS, b"\xff\x80\x80\x04", END | END_HEAD, 3)])


def crowd(place):
    """More streams than may be open."""
    with Speech(place) as speech:
        for stream in range(1, 301, 2):
            speech.say(posted(place, stream))
        got = speech.hear(150, patience=PATIENCE)
        if len(place.upstream.connections) > 100 or not speech.has_ended():
            place.faults.add("streams")
        return got + place.ask(LISTED)


def unread(place):
    """Replies for which the program opens no window."""
    path = answered(place, lambda _: [CHUNKED, *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 200])
    with Speech(place) as speech:
        speech.say(settings((4, 0)), *(head(stream, request(place, path=path)) for stream in range(1, 41, 2)))
        speech.hear(20, patience=0.5)
        if b" 200 " not in place.ask(LISTED)[:20]:
            place.faults.add("load")


loaded("streams", "a hundred and fifty streams that are open", crowd, G)
loaded("window-closed", "twenty replies without an end, and no window for them", unread, G)
