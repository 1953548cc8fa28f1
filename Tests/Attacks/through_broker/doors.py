"""The door itself, for who has not its credential; and tokens at another door than their own run's."""

import base64
import os
import pathlib
import socket

from .place import HOST, Door, read
from .technique import Attempt

G = "door"
ASK = "GET /v1/public/x HTTP/1.1\r\nHost: <authority>\r\nAuthorization: Bearer <TOKEN>\r\nConnection: close\r\n\r\n"


def swapped(place, got):
    """Counts as a success that a value reached the service at all."""
    place.upstream.settle()
    if any(value in connection.raw for connection in place.upstream.connections for value in place.values):
        place.faults.add("door")
    return got


def knocked(name, what, *fields, own=False, **options):
    """A tunnel that is asked for with these fields."""
    Attempt(G, name, what, lambda place: swapped(place, place.send(
        ASK, fields=[field.replace("<CREDENTIAL>", place.door.credential) for field in fields], patience=5, **options)), own=own)


def pair(text):
    return base64.b64encode(text.encode()).decode()


def secret(place):
    return base64.b64decode(place.door.credential).decode().partition(":")[2]


knocked("nobody", "without a credential")
knocked("wrong", "with another credential of the same length", f"Proxy-Authorization: Basic {pair('tacit:' + 'A' * 43)}")
knocked("empty", "with an empty credential", f"Proxy-Authorization: Basic {pair(':')}")
knocked("bearer", "with the credential as a bearer's", "Proxy-Authorization: Bearer <CREDENTIAL>")
knocked("authorization", "with the credential in Authorization", "Authorization: Basic <CREDENTIAL>")
knocked("twice", "with a wrong credential before the right one", f"Proxy-Authorization: Basic {pair('x:y')}", "Proxy-Authorization: Basic <CREDENTIAL>")
knocked("page", "from a page of a browser, by its Origin", "Origin: https://evil.example", "Proxy-Authorization: Basic <CREDENTIAL>")
knocked("page-null", "from a page that has no origin", "Origin: null", "Proxy-Authorization: Basic <CREDENTIAL>")
knocked("page-site", "from a page of a browser, by its Sec-Fetch-Site", "Sec-Fetch-Site: cross-site", "Proxy-Authorization: Basic <CREDENTIAL>")
knocked("page-same", "from a page that says it is the door's own", "sec-fetch-site: same-origin", "Proxy-Authorization: Basic <CREDENTIAL>")
Attempt(G, "half", "with half of the credential", lambda place: swapped(place, place.send(
    ASK, fields=[f"Proxy-Authorization: Basic {pair('tacit:' + secret(place)[: len(secret(place)) // 2])}"], patience=5)))
Attempt(G, "other-run", "with the credential of another run", lambda place: swapped(place, place.send(
    ASK, fields=[f"Proxy-Authorization: Basic {place.doors['second'].credential}"], patience=5)))
Attempt(G, "own-host", "as a service of its own", lambda place: swapped(place, place.knock(
    f"GET /v1/public/x HTTP/1.1\r\nHost: 127.0.0.1:{place.door.port}\r\nProxy-Authorization: Basic {place.door.credential}\r\nAuthorization: Bearer <TOKEN>\r\n\r\n")[1]), own=True)


def at_door(name, what, at, of, own=False):
    """The token of one run at the door of another."""

    def act(place):
        door = place.doors[at]
        return swapped(place, place.send(ASK, door=Door(door.port, door.credential, place.doors[of].tokens)))

    Attempt("token", name, what, act, own=own)


at_door("second", "of a second run of the same agent", "first", "second")
at_door("second-door", "at the door of a second run of the same agent", "second", "first")
at_door("agent", "of another agent's run", "first", "other")
at_door("agent-door", "at the door of another agent's run", "other", "first")
at_door("ended", "of a run that has ended", "first", "ended")


def direct(place):
    """To the service, without the proxy."""
    door = Door(place.upstream.ports["main"], "", place.door.tokens)
    with place.encrypted(socket.create_connection(("127.0.0.1", door.port)), HOST) as stream:
        stream.sendall(place.filled(ASK, door))
        got = read(stream)
    return swapped(place, got)


def guessed(place):
    """Tokens that differ from the right one in a character."""
    token = place.door.tokens["TOKEN"]
    for changed in (token[:-1], token + "x", token[:-1] + ("a" if token[-1] != "a" else "b"), token.upper(), token.lower() + " "):
        if changed != token:
            place.send(ASK.replace("<TOKEN>", changed))
    return swapped(place, b"")


def environment(place):
    """What stands in the environment of the run's program."""
    return place.environment()


def memory(place):
    """What lies in the memory of the run's program, which root reads here."""
    return b"".join(pathlib.Path(f"/proc/{process}/environ").read_bytes() + pathlib.Path(f"/proc/{process}/cmdline").read_bytes() for process in place.processes()) or os.urandom(1)


Attempt("token", "direct", "to the service, past the proxy", direct, own=True)
Attempt("token", "near", "nearly the right one", guessed, own=True)
Attempt("token", "environment", "what the run's program has in its environment", environment, own=True)
Attempt("token", "processes", "environments and command lines of every process of the run", memory, own=True)
