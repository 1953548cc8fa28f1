"""The door's own addresses, `/via/PROVIDER/…`, for programs that take a key and an address: a token at another provider's, by a page, with paths that lead elsewhere."""

import base64
import contextlib
import socket

from .doors import ASK
from .framing import HIDDEN
from .place import OTHER_PROVIDER, PROVIDER, SHORT, Door, read
from .reflections import reply
from .technique import Attempt

G = "via"
OWN = "Host: 127.0.0.1:<door>"
SHOWN = "Authorization: Bearer <MODEL>"
MODELS = "/via/openai/v1/models"


def said(place, *requests, door=None, replies=1, patience=5):
    """Requests to the door's own address, over one connection, and what comes of them."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", (door or place.door).port), patience) as stream:
        stream.sendall(place.filled("".join(requests), door))
        return read(stream, replies, patience)
    return b""


def request(target, *fields, method="GET", body=""):
    return "\r\n".join([f"{method} {target} HTTP/1.1", *fields, "Connection: close", "", body])


def asked(name, what, target, *fields, own=False, method="GET", body="", host=OWN, shown=SHOWN):
    fields = [*([host] if host else []), *([shown] if shown else []), *([f"Content-Length: {len(body)}"] if body and "<" not in body else []), *fields]
    Attempt(G, name, what, lambda place: said(place, request(target, *fields, method=method, body=body)), own=own)


def reflected(place):
    """As it is meant: the value is there once, in its place, and in no reply."""
    place.upstream.replies["/v1/models"] = lambda request: [reply(b"you are " + request.credential)]
    got = said(place, request(MODELS, OWN, SHOWN))
    count = sum(connection.raw.count(place.secrets["MODEL"].encode()) for connection in place.upstream.connections)
    if count != 1:
        raise AssertionError(f"the value is there {count} times: {got!r}")
    return got


Attempt(G, "reply", "the value in the reply of a service that is asked as it may be", reflected)

# Another provider, another host
asked("provider", "the token at another provider's address", "/via/anthropic/v1/models")
asked("provider-key", "the token as another provider's key", "/via/anthropic/v1/models", "X-Api-Key: <MODEL>", shown="")
asked("provider-host", "a host in the provider's place", f"/via/{OTHER_PROVIDER}/v1/models")
asked("provider-user", "the provider as a user of another", f"/via/openai@{OTHER_PROVIDER}/v1/models", own=True)
asked("provider-case", "the provider in capitals", "/via/OPENAI/v1/models", own=True)
asked("provider-none", "no provider", "/via/", own=True)
asked("provider-dots", "another provider by dots", "/via/openai/../anthropic/v1/models")
asked("provider-dots-encoded", "another provider by dots that are encoded", "/via/openai/%2e%2e/anthropic/v1/models")
asked("provider-slash", "another provider behind a slash that is encoded", "/via/openai%2f..%2fanthropic/v1/models", own=True)
asked("slashes", "a host behind two slashes", f"/via/openai//{OTHER_PROVIDER}/v1/models")
asked("absolute", "a whole URL of another host", f"https://{OTHER_PROVIDER}{MODELS}", own=True)
asked("absolute-inside", "a whole URL behind the provider", f"/via/openai/https://{OTHER_PROVIDER}/v1/models")
asked("forwarded-host", "another host in X-Forwarded-Host", MODELS, f"X-Forwarded-Host: {OTHER_PROVIDER}")

# Another path
asked("path", "a path that no rule lists", "/via/openai/v1/files?v1/models")
asked("dots", "a listed path, and dots that lead out of it", "/via/openai/v1/chat/../files")
asked("dots-encoded", "the same dots, encoded", "/via/openai/v1/chat/%2e%2e/files")
asked("minting", "a path at which the provider gives out credentials", "/via/openai/v1/realtime/sessions", method="POST", body="{}")
asked("method", "another method", MODELS, "X-HTTP-Method-Override: DELETE", method="POST")
asked("line", "another request in the target", f"{MODELS}\nX-Rewrite-URL:/v1/files")


def rebound(name, what, *fields, own=False, shown=SHOWN):
    """A request that could be from a page, or from somewhere else: that it is served is the success."""

    def act(place):
        got = said(place, request(MODELS, *fields, *([shown] if shown else [])))
        place.upstream.settle()
        if any(connection.raw for connection in place.upstream.connections) or b"\naccess-control-" in got.lower():
            place.faults.add("page")
        return got

    Attempt(G, name, what, act, own=own)


# From a page in a browser
rebound("host", "a name of another's that leads here", "Host: evil.example:<door>")
rebound("host-local", "this machine by its name", "Host: localhost:<door>")
rebound("host-port", "another port", "Host: 127.0.0.1:1")
rebound("host-none", "no host")
rebound("host-twice", "two hosts", OWN, "Host: evil.example")
rebound("host-provider", "the provider's own name", f"Host: {PROVIDER}")
rebound("page", "a page, by its Origin", OWN, "Origin: https://evil.example")
rebound("page-null", "a page that has no origin", OWN, "Origin: null")
rebound("page-site", "a page, by its Sec-Fetch-Site", OWN, "Sec-Fetch-Site: cross-site")
rebound("page-image", "an image of a page of the same site", OWN, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")


def questioned(place):
    """What a browser asks before it lets a page send a token."""
    got = said(place, request(MODELS, OWN, "Origin: https://evil.example", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization", method="OPTIONS"))
    if b"\naccess-control-" in got.lower():
        place.faults.add("page")
    return got


Attempt(G, "page-question", "a page's question whether it may send a token", questioned, own=True)

# Another token, and another place for it
rebound("token-proxy", "the proxy's credential and no token", OWN, "Proxy-Authorization: Basic <credential>", shown="", own=True)
asked("token-none", "no token", MODELS, shown="Authorization: Bearer nothing", own=True)
asked("token-other", "the token of another service", MODELS, shown="Authorization: Bearer <TOKEN>")
asked("token-both", "tokens of both", MODELS, "X-Note: <TOKEN>")
asked("query", "the token in the query", f"{MODELS}?key=<MODEL>", shown="")
asked("query-beside", "the token in the query, and where it may stand", f"{MODELS}?key=<MODEL>")
asked("segment", "the token in the path", "/via/openai/v1/chat/<MODEL>")
asked("field", "the token in another field", MODELS, "X-Note: <MODEL>", shown="")
asked("body", "the token in a body", "/via/openai/v1/chat/x", "Content-Type: text/plain", "Transfer-Encoding: chunked", method="POST", body="4\r\nkey=\r\n0\r\nX-Note: <MODEL>\r\n\r\n")


def shown_at(name, what, at, of):
    """The token of one run at the door of another."""

    def act(place):
        door = Door(place.doors[at].port, place.doors[at].credential, place.doors[of].tokens)
        got = said(place, request(MODELS, OWN, SHOWN), door=door)
        place.upstream.settle()
        if any(connection.raw for connection in place.upstream.connections):
            place.faults.add("door")
        return got

    Attempt(G, name, what, act)


def pair(place):
    """In a name and a password."""
    token = place.filled("<MODEL>").decode()
    return said(place, request(MODELS, OWN, f"Authorization: Basic {base64.b64encode(f'{token}:{token}'.encode()).decode()}"))


shown_at("run", "of another run of the same agent", "first", "second")
shown_at("agent", "of another agent's run", "first", "other")
Attempt(G, "pair", "the token twice in a pair", pair, own=True)

# Behind a request that is served
KEPT = request(MODELS, OWN, SHOWN).replace("Connection: close\r\n", "")


def behind(name, what, second, own=False):
    Attempt(G, name, what, lambda place: said(place, KEPT + second, replies=2, patience=SHORT * 2), own=own)


behind("second-provider", "another provider behind it", request("/via/anthropic/v1/models", OWN, SHOWN))
behind("second-path", "another path behind it", request("/via/openai/v1/files", OWN, SHOWN))
behind("second-tunnel", "a tunnel behind it, without the proxy's credential", "CONNECT <authority> HTTP/1.1\r\nHost: <authority>\r\n\r\n" + ASK, own=True)
behind("second-bare", "a request without a token behind it", request("/via/openai/v1/files", OWN))
Attempt(G, "smuggled", "a request inside its body", lambda place: said(place, request(
    "/via/openai/v1/chat/x", OWN, SHOWN, "Content-Length: 5", "Transfer-Encoding: chunked", method="POST", body="0\r\n\r\n" + HIDDEN.replace("<TOKEN>", "<MODEL>")), replies=2, patience=SHORT * 2))
