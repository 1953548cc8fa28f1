"""Tokens after their time; and what is left of values in files, in the log and in answers about what went wrong."""

from .addresses import MODELS, OWN, SHOWN, request, said
from .doors import ASK, swapped
from .technique import Attempt

G = "end"


def after(name, what, change, door="first"):
    """A request after something has changed."""

    def act(place):
        place.changes[change]()
        return swapped(place, place.send(ASK, door=place.doors[door], patience=5))

    Attempt(G, name, what, act)


def rated(place):
    """More requests than a rule lets go in its time."""
    got = b"".join(place.ask("/v1/rated") for _ in range(4))
    place.upstream.settle()
    if sum(b"/v1/rated" in connection.raw for connection in place.upstream.connections) > 2:
        place.faults.add("rate")
    return got


Attempt(G, "rate", "more often than the rule says", rated)
Attempt(G, "untrusted", "what the broker says of a service that proves nothing", lambda place: place.ask(
    "/v1/public/x", to=f"api.shop.example:{place.upstream.ports['stranger']}", host=f"api.shop.example:{place.upstream.ports['stranger']}"))
Attempt(G, "unreachable", "what the broker says of a service that is not there", lambda place: place.ask("/v1/public/x", to="<host>:1", host="<host>:1"), own=True)
Attempt(G, "refused", "what the broker says of a path with a token in it", lambda place: place.ask("/v1/admin/<TOKEN>?key=<TOKEN>"), own=True)
Attempt(G, "log", "what the log says of all these requests", lambda place: place.log(), own=True)
Attempt(G, "files", "what lies in every file below the vault's home", lambda place: place.files(), own=True)
after("policy", "after the rule was taken away", "policy")
after("run", "after the run's end", "run", "ended")
after("agent", "after the agent was revoked", "agent", "leaver")
Attempt(G, "agent-address", "the same, by an address of the door", lambda place: swapped(place, said(place, request(MODELS, OWN, SHOWN), door=place.doors["leaver"])))
after("lock", "after the vault was locked", "lock")
