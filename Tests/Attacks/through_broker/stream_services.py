"""A service of HTTP/2 that means no good: replies that are none, that become something else as lines, or that have no end; and a value where nobody looks for one."""

from .frames import CONTINUATION, DATA, END, END_HEAD, GOAWAY, HEADERS, PADDED, PING, PRIORITY, PUSH, RESET, WINDOW, block, field, frame, head, settings
from .loads import loaded
from .streams import G, MANY, bomb, many

AT = "<host>:<streams>"
OK = (":status", "200")
SPLIT = "\r\nx-split: yes"


def served(name, what, make, most=3, is_told=True, spends=False, **options):
    """`make` gives the frames of a reply, for its stream and the value that came. More than `most` requests for one are a success, too, and so is a program that `is_told` nothing."""
    path = f"/v1/public/h2-{name}"

    def act(place):
        place.upstream.replies[path] = lambda request, stream: make(stream, request.credential)
        got = place.ask(path, to=AT, host=AT, **options)
        if SPLIT.encode() in got.lower() or is_told and not got or sum(connection.raw.count(path.encode()) for connection in place.upstream.connections) > most:
            place.faults.add("reply")
        return got

    loaded(f"service-{name}", what, act, G, spends, to=AT, host=AT)


def reply(stream, *fields, body=b"ok"):
    return head(stream, [OK, *fields], 0) + frame(DATA, body, END, stream)


def text(value):
    return value.decode("latin-1")


# A value
served("field", "the value in a field", lambda stream, value: [reply(stream, ("x-echo", text(value)))])
served("indexed", "the value in the table, and from there in a field", lambda stream, value: [
    frame(HEADERS, block([OK]) + field(b"x-echo", value, 0x40) + b"\xbe", END_HEAD, stream) + frame(DATA, b"ok", END, stream)])
served("continued", "the value over two frames of a head", lambda stream, value: [
    frame(HEADERS, block([OK, ("x-echo", text(value))])[:-20], 0, stream) + frame(CONTINUATION, block([("x-echo", text(value))])[-20:], END_HEAD, stream) + frame(DATA, b"ok", END, stream)])
served("body", "the value in two frames of a body", lambda stream, value: [
    head(stream, [OK], 0) + frame(DATA, value[:20], 0, stream), 0.1, frame(DATA, value[20:], END, stream)], spends=True)
served("trailer", "the value in a trailer", lambda stream, value: [head(stream, [OK], 0) + frame(DATA, b"ok", 0, stream) + head(stream, [("x-echo", text(value))])])
served("padding", "the value as padding", lambda stream, value: [head(stream, [OK], 0) + frame(DATA, bytes([len(value)]) + b"ok" + value, END | PADDED, stream)])
served("goodbye-words", "the value in the words of a goodbye", lambda stream, value: [reply(stream) + frame(GOAWAY, bytes(8) + value)])
served("ping-words", "the value in a ping", lambda stream, value: [b"".join(frame(PING, value[at : at + 8].ljust(8)) for at in range(0, 40, 8)) + reply(stream)])
served("unknown", "the value in a frame that nobody knows", lambda stream, value: [frame(0x42, value, stream=stream) + reply(stream)])
served("promise", "the value in a promise", lambda stream, value: [
    frame(PUSH, (2).to_bytes(4, "big") + block([(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/" + text(value))]), END_HEAD, stream) + reply(stream)])
served("stream-other", "the value on a stream that nobody opened", lambda stream, value: [head(stream + 2, [OK, ("x-echo", text(value))]) + reply(stream)])
served("stream-pushed", "the value on a stream that was not promised", lambda stream, value: [head(2, [OK, ("x-echo", text(value))]) + reply(stream)])
served("heads", "the value in a second head", lambda stream, value: [head(stream, [OK], 0) + head(stream, [OK, ("x-echo", text(value))], 0) + frame(DATA, b"ok", END, stream)])
served("hints", "the value in early hints", lambda stream, value: [head(stream, [(":status", "103"), ("link", f"</{text(value)}>")], 0) + reply(stream)])

# Lines
served("value-lines", "CR LF and another field in a value", lambda stream, _: [reply(stream, ("x-note", "y" + SPLIT))])
served("name-lines", "CR LF and another field in a name", lambda stream, _: [reply(stream, ("x-note: y" + SPLIT, "z"))])
served("status-lines", "CR LF and another field in the status", lambda stream, _: [head(stream, [(":status", "200 OK" + SPLIT)])])
served("trailer-lines", "CR LF and another field in a trailer", lambda stream, _: [head(stream, [OK], 0) + frame(DATA, b"ok", 0, stream) + head(stream, [("x-note", "y" + SPLIT)])])
served("length", "a body that is longer than it says", lambda stream, value: [
    reply(stream, ("content-length", "2"), body=f"okHTTP/1.1 200 OK{SPLIT}\r\n\r\n".encode())], replies=2, patience=1)
served("coding", "a coding of chunks", lambda stream, value: [reply(stream, ("transfer-encoding", "chunked"), body=f"0\r\n\r\nHTTP/1.1 200 OK{SPLIT}\r\n\r\n".encode())], replies=2, patience=1)

# Replies that are none
served("body-first", "a body before its head", lambda stream, _: [frame(DATA, b"ok", 0, stream) + reply(stream)])
served("status-none", "a head without a status", lambda stream, _: [head(stream, [("x-note", "y")])])
served("status-twice", "two of `:status`", lambda stream, _: [head(stream, [OK, (":status", "500")])])
served("refused", "a request that is refused each time", lambda stream, _: [frame(RESET, bytes(3) + b"\x07", stream=stream)])
served("goodbye", "a goodbye to each request", lambda stream, _: [frame(GOAWAY, bytes(8)), None])
served("goodbyes", "one goodbye after the other", lambda stream, _: many(frame(GOAWAY, bytes(8))))
served("silent", "no reply, and a goodbye", lambda stream, _: [frame(GOAWAY, stream.to_bytes(4, "big") + bytes(4)), None])

# More than anybody needs
served("hints-endless", "early hints without an end", lambda stream, _: many(head(stream, [(":status", "103"), ("x-note", "y")], 0)))
served("resets", "a stream that is taken back again and again", lambda stream, _: many(frame(RESET, bytes(3) + b"\x08", stream=stream)))
served("continuation", "a head that goes on and on", lambda stream, _: [frame(HEADERS, block([OK]), 0, stream), *[frame(CONTINUATION, field(b"x", b"y" * 16_000), stream=stream)] * 100])
served("continuation-small", "a head that goes on by nothing", lambda stream, _: [frame(HEADERS, block([OK]), 0, stream), *many(frame(CONTINUATION, stream=stream))])
served("settings", "settings after settings", lambda stream, _: many(settings((4, 65_535))))
served("pings", "pings", lambda stream, _: many(frame(PING, b"12345678")))
served("priorities", "priorities", lambda stream, _: many(frame(PRIORITY, bytes(4) + b"\x10", stream=stream)))
served("promises", "promises", lambda stream, _: [frame(PUSH, (2 * number).to_bytes(4, "big") + block([(":method", "GET")]), END_HEAD, stream) for number in range(1, MANY)])
served("data-empty", "a body of frames of nothing", lambda stream, _: [head(stream, [OK], 0), *many(frame(DATA, stream=stream))])
served("windows", "windows that open by a byte", lambda stream, _: [*many(frame(WINDOW, bytes(3) + b"\x01"), 20_000), reply(stream)])
served("window-overflow", "a window that opens beyond what a number has", lambda stream, _: [frame(WINDOW, b"\x7f\xff\xff\xff") * 2])
served("bomb", "a head that unpacks to 48 MB", lambda stream, _: [frame(HEADERS, block([OK]) + bomb(), END | END_HEAD, stream)])
served("head", "a head of 80 KiB", lambda stream, _: [
    frame(HEADERS, block([OK]), 0, stream), *[frame(CONTINUATION, field(b"x", b"y" * 16_000), stream=stream)] * 4, frame(CONTINUATION, field(b"x", b"y" * 16_000), END_HEAD, stream)])
served("window-closed", "no window for a body that is sent", lambda stream, _: [settings((4, 0)), 0.5], method="POST", body=b"y" * 300_000, patience=2, is_told=False)
