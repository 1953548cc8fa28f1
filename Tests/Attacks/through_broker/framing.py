"""Two requests in the bytes of one: where the body ends is said so that the broker and some service behind it could read it differently."""

from .place import SHORT
from .technique import Attempt, sent

G = "frame"
HIDDEN = "GET /v1/admin HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\n\r\n"
# A token may not stand in a body, so what is hidden there is tried without one, too.
BARE = "GET /v1/admin HTTP/1.1\r\nHost: <authority>\r\nX: y\r\n\r\n"
LAST = "GET /v1/public/last HTTP/1.1\r\nHost: <authority>\r\nConnection: close\r\n\r\n"


def post(*fields, token=True):
    shown = ["Authorization: Bearer <TOKEN>"] if token else []
    return "\r\n".join(["POST /v1/public/x HTTP/1.1", "Host: <authority>", *shown, "Content-Type: text/plain", *fields, "", ""])


def smuggled(name, what, *fields, body, bare_is_own=False, **options):
    """A request with fields that say two things, a body in which another request hides, and one behind it; then the same without a token."""
    options = {"replies": 2, "patience": SHORT} | options
    Attempt(G, name, what, lambda place: place.send(*(piece.replace("<LENGTH>", str(len(place.filled(body)))) for piece in (post(*fields) + body + LAST,)), **options))
    Attempt(G, f"{name}-bare", f"{what}; without a token", lambda place: place.send(
        *(piece.replace("<LENGTH>", str(len(place.filled(body.replace(HIDDEN, BARE))))) for piece in (post(*fields, token=False) + body.replace(HIDDEN, BARE) + LAST,)), **options), own=bare_is_own)


def chunked(coding, name, what, body="0\r\n\r\n" + HIDDEN):
    smuggled(name, what, coding, "Content-Length: <LENGTH>", body=body)


chunked("Transfer-Encoding: chunked", "both", "a length and chunks")
smuggled("both-other", "chunks and a length, the other way round", "Content-Length: 4", "Transfer-Encoding: chunked", body="1d\r\n" + "x" * 29 + "\r\n0\r\n\r\n" + HIDDEN)
chunked("Transfer-Encoding : chunked", "coding-blank", "a blank before the colon of the coding")
chunked("Transfer-Encoding:\tchunked", "coding-tab", "a tab before the coding")
chunked("Transfer-Encoding: xchunked", "coding-x", "a coding that nearly is one")
chunked("Transfer-Encoding: chunked, identity", "coding-list", "two codings")
chunked("Transfer-Encoding: identity, chunked", "coding-list-other", "two codings, the other way round")
chunked("Transfer-Encoding: cHuNkEd", "coding-case", "a coding in both cases")
chunked('Transfer-Encoding: "chunked"', "coding-quoted", "a coding in quotes")
chunked("Transfer-Encoding: \x0bchunked", "coding-control", "a control character before the coding")
chunked("Transfer-Encoding: chunked\x00", "coding-nul", "NUL behind the coding")
chunked("Transfer-Encoding: chunked;q=1", "coding-parameter", "a coding with a parameter")
chunked("Transfer_Encoding: chunked", "coding-underscore", "the coding under `_`")
chunked("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "coding-twice", "two fields of codings")
chunked(" Transfer-Encoding: chunked", "coding-folded", "the coding on a folded line")
chunked("Transfer-Encoding:\r\n chunked", "coding-value-folded", "the coding's value on a folded line")
chunked("X: y\nTransfer-Encoding: chunked", "coding-line-feed", "the coding behind a bare line feed")
chunked("X: y\rTransfer-Encoding: chunked", "coding-return", "the coding behind a bare carriage return")
chunked("Connection: Content-Length\r\nTransfer-Encoding: chunked", "coding-connection", "a length that the connection is to drop")
smuggled("lengths", "two lengths", "Content-Length: 0", "Content-Length: <LENGTH>", body=HIDDEN)
smuggled("lengths-other", "two lengths, the other way round", "Content-Length: <LENGTH>", "Content-Length: 0", body=HIDDEN)
smuggled("lengths-list", "two lengths in one field", "Content-Length: <LENGTH>, 0", body=HIDDEN)
smuggled("length-sign", "a length with a sign", "Content-Length: +<LENGTH>", body=HIDDEN)
smuggled("length-zero", "a length that is octal to some", "Content-Length: 0<LENGTH>", body=HIDDEN, bare_is_own=True)
smuggled("length-hexadecimal", "a length in hexadecimal digits", "Content-Length: 0x10", body=HIDDEN)
smuggled("length-blank", "a blank before the colon of the length", "Content-Length : <LENGTH>", body=HIDDEN)
smuggled("length-underscore", "a second length under `_`", "Content-Length: 0", "Content_Length: <LENGTH>", body=HIDDEN)
smuggled("length-none", "a body that nothing announces", body=HIDDEN)
for _name, _size, _what in [
    ("size-sign", "+0", "a size with a sign"), ("size-prefix", "0x0", "a size with `0x`"), ("size-empty", "", "a size of nothing"),
    ("size-negative", "-1", "a size below nothing"), ("size-huge", "10000000000000000", "a size of more bits than a number has"), ("size-blank", "0 ", "a size and a blank"),
    ("size-extension", "0;x=y", "a size with an extension"), ("size-extension-line", "0;x=y\nz", "an extension with a line feed in it"),
]:
    smuggled(_name, f"in chunks, {_what}", "Transfer-Encoding: chunked", body=f"{_size}\r\n\r\n" + HIDDEN, bare_is_own=_size == "-1")
smuggled("chunk-line-feed", "chunks with bare line feeds", "Transfer-Encoding: chunked", body="0\n\n" + HIDDEN)
smuggled("chunk-return", "chunks with bare carriage returns", "Transfer-Encoding: chunked", body="0\r\r" + HIDDEN)
smuggled("chunk-longer", "a chunk that is longer than it says", "Transfer-Encoding: chunked", body="1\r\nxy\r\n0\r\n\r\n" + HIDDEN)
smuggled("chunk-trailers", "a request in the place of trailers", "Transfer-Encoding: chunked", body="0\r\n" + HIDDEN)
sent(G, "head-line-feeds", "a head with bare line feeds, and a path that only they show",
     "GET /v1/public/x HTTP/1.1\nHost: <authority>\nAuthorization: Bearer <TOKEN>\nX: y\r\n\nGET /v1/admin HTTP/1.1\r\nHost: <authority>\r\n\r\n", patience=SHORT)
sent(G, "head-begins-empty", "empty lines before the request", "\r\n\r\n\nGET /v1/admin?/v1/public HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\nConnection: close\r\n\r\n", own=True)
sent(G, "line-blanks", "blanks in the request line", "GET  /v1/admin  /v1/public/x HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\nConnection: close\r\n\r\n", patience=SHORT)
sent(G, "line-tab", "a tab in the request line", "GET\t/v1/admin\t/v1/public/x HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\nConnection: close\r\n\r\n", patience=SHORT, own=True)
sent(G, "line-old", "a request without a version", "GET /v1/admin /v1/public\r\n\r\n", patience=SHORT)
sent(G, "line-version", "another version", "GET /v1/admin?/v1/public HTTP/1.0\r\nAuthorization: Bearer <TOKEN>\r\n\r\n", patience=SHORT)
sent(G, "second", "a second request in the same write", LAST.replace("Connection: close", "X: y") + HIDDEN, replies=2, patience=SHORT)
sent(G, "expect", "a body before it was asked for", post("Content-Length: 4", "Expect: 100-continue") + "body" + HIDDEN, replies=2, patience=SHORT)
sent(G, "upgrade", "HTTP/2 inside the connection", "GET /v1/public/x HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\n"
     "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN, replies=2, patience=SHORT)
sent(G, "websocket", "a WebSocket that is none", "GET /v1/public/x HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
     "Sec-WebSocket-Version: 777\r\nSec-WebSocket-Key: x\r\n\r\n" + HIDDEN, replies=2, patience=SHORT)
sent(G, "preface", "HTTP/2 from its first byte", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN, patience=SHORT, own=True)
