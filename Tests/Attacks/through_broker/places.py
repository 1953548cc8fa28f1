"""A token somewhere else than the rules say: where the service shows it, keeps it, or hands it on."""

import gzip
import urllib.parse

from .technique import Attempt, sent

G = "place"
START = "Host: <authority>\r\nConnection: close\r\n"


def standing(name, what, *fields, target="/v1/public/x", method="GET", body="", **options):
    """A request in which the token stands only where the technique puts it."""

    def act(place):
        data = place.filled(body)
        length = f"Content-Length: {len(data)}\r\n" if data and "chunked" not in "".join(fields) else ""
        return place.send(f"{method} {target} HTTP/1.1\r\n{START}{length}" + "".join(f"{field}\r\n" for field in fields) + "\r\n", *([data] if data else []), **options)

    Attempt(G, name, what, act)


SHOWN = "Authorization: Bearer <TOKEN>"
standing("field", "in another field", "X-Note: <TOKEN>")
standing("field-beside", "in another field, and where it may stand", SHOWN, "X-Note: <TOKEN>")
standing("twice", "twice in one field", "Authorization: Bearer <TOKEN><TOKEN>")
standing("twice-fields", "in two fields of one name", SHOWN, SHOWN)
standing("name", "as a field's name", SHOWN, "<TOKEN>: x")
standing("user-agent", "in User-Agent, which is in every log", SHOWN, "User-Agent: <TOKEN>")
standing("referer", "in Referer", SHOWN, "Referer: https://evil.example/<TOKEN>")
standing("cookie", "in a cookie", "Cookie: a=<TOKEN>")
standing("scheme", "before the scheme", "Authorization: <TOKEN> Bearer")
standing("word", "inside a longer word", "Authorization: Bearer x<TOKEN>y")
standing("digest", "in a parameter of another scheme", 'Authorization: Digest username="<TOKEN>", nonce="x"')
standing("trailer", "in a trailer", SHOWN, "Transfer-Encoding: chunked", "Trailer: X-Note", method="POST", body="1\r\nx\r\n0\r\nX-Note: <TOKEN>\r\n\r\n")
standing("extension", "in the extension of a chunk", SHOWN, "Transfer-Encoding: chunked", method="POST", body="1;x=<TOKEN>\r\nx\r\n0\r\n\r\n")
standing("query", "in the query", SHOWN, target="/v1/public/x?token=<TOKEN>")
standing("query-name", "as a parameter's name", SHOWN, target="/v1/public/x?<TOKEN>=x")
standing("segment", "in the path", SHOWN, target="/v1/public/<TOKEN>")
standing("fragment", "in a fragment", SHOWN, target="/v1/public/x#<TOKEN>")
standing("target-user", "as a user in the target", target="https://<TOKEN>@<authority>/v1/public/x")
standing("host", "in the Host field", SHOWN, "X-Forwarded-Host: <TOKEN>.evil.example")
standing("body", "in a body", SHOWN, "Content-Type: text/plain", method="POST", body="keep this: <TOKEN>")
standing("body-alone", "in a body, and nowhere else", "Content-Type: text/plain", method="POST", body="keep this: <TOKEN>")
standing("body-json", "in JSON", SHOWN, "Content-Type: application/json", method="POST", body='{"note": "<TOKEN>"}')
standing("body-form", "in a form", SHOWN, "Content-Type: application/x-www-form-urlencoded", method="POST", body="note=<TOKEN>")
standing("body-get", "in the body of a GET", SHOWN, "Content-Type: text/plain", body="keep this: <TOKEN>")
standing("body-coded", "in a body that says it is packed", SHOWN, "Content-Type: text/plain", "Content-Encoding: gzip", method="POST", body="keep this: <TOKEN>")
standing("form-other", "in another field of a form that may have one", "Content-Type: application/x-www-form-urlencoded", method="POST", target="/v1/form", body="note=<FORM>")
standing("form-twice", "twice in a form that may have it once", "Content-Type: application/x-www-form-urlencoded", method="POST", target="/v1/form", body="key=<FORM>&key=<FORM>")
standing("form-both", "in a form, and in a field besides", "Content-Type: application/x-www-form-urlencoded", "X-Note: <FORM>", method="POST", target="/v1/form", body="key=<FORM>")
standing("form-type", "in a form that says it is text", "Content-Type: text/plain", method="POST", target="/v1/form", body="note=<FORM>")
standing("form-elsewhere", "in a form for another path", "Content-Type: application/x-www-form-urlencoded", method="POST", target="/v1/one", body="key=<FORM>", )


def in_two(place):
    """In two chunks of a body."""
    token = place.tokens[0].decode()
    first, second = token[:9], token[9:]
    head = f"POST /v1/public/x HTTP/1.1\r\n{START}{SHOWN}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    return place.send(f"{head}{len(first):x}\r\n{first}\r\n", 0.05, f"{len(second):x}\r\n{second}\r\n0\r\n\r\n")


def in_writes(place):
    """In two writes of a body with a pause between them."""
    token = place.tokens[0].decode()
    head = f"POST /v1/public/x HTTP/1.1\r\n{START}{SHOWN}\r\nContent-Type: text/plain\r\nContent-Length: {len(token)}\r\n\r\n"
    return place.send(head + token[:9], 0.05, token[9:])


Attempt(G, "body-chunks", "in two chunks of a body", in_two, own=True)
Attempt(G, "body-writes", "in two writes of a body, a pause between them", in_writes, own=True)
Attempt(G, "body-packed", "in a body that is packed", lambda place: place.ask(
    "/v1/public/x", "Content-Type: application/octet-stream", "Content-Encoding: gzip", method="POST", body=gzip.compress(b"keep this: " + place.tokens[0])), own=True)
Attempt(G, "method-packed", "in the head, and another method in a form that is packed", lambda place: place.ask(
    "/v1/public/x", "Content-Type: application/x-www-form-urlencoded", "Content-Encoding: gzip", method="POST", body=gzip.compress(b"_method=DELETE")), own=True)
Attempt(G, "query-encoded", "in the query, every character encoded", lambda place: place.send(
    f"GET /v1/public/x?t={''.join(f'%{byte:02x}' for byte in place.tokens[0])} HTTP/1.1\r\n{START}\r\n"), own=True)
Attempt(G, "pair-encoded", "in the query, encoded once by a program", lambda place: place.send(
    f"GET /v1/public/x?t={urllib.parse.quote(place.tokens[0])}&u=<TOKEN> HTTP/1.1\r\n{START}\r\n"))
