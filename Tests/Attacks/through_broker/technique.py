"""A technique against the broker, and what counts as its success: what the service saw, and what the program holds afterwards. No message does."""

import base64
import urllib.parse

from techniques.technique import Technique, holds

GROUPS = {}


class Attempt(Technique):
    """`act` plays it through a door and gives all that the program read, decoded as it likes."""

    registry = GROUPS

    def __init__(self, *parts, spends=False, **more):
        """One that `spends` has the broker answer a guess: what it hides tells that it was right. An agent gets three such answers, so each of these is played by another one."""
        super().__init__(*parts, **more)
        self.spends = spends

    def play(self, place):
        # Not above: who only wants to know which techniques there are has no program to hunt in.
        from hunt import in_bytes

        place.upstream.forget()
        if self.spends:
            place.renew()
        got = self.act(place) or b""
        place.upstream.settle()
        if place.misplaced() or any(holds(view, value) or in_bytes(view, {"": value}) for view in views(got) for value in place.values):
            return "possible"
        if self.group not in ("reflect", "seal", "socket", "via"):
            return "stopped"
        is_shown = any(token in got for token in place.tokens) or b"[REDACTED" in got
        # A WebSocket ends with its connection, so that an end tells nothing.
        if place.is_withheld and not (self.group == "socket" and is_shown):
            return "detected"
        return "redacted" if is_shown else "stopped"


def views(got):
    """What was read as it is, and as somebody sees it who knows how it may be written."""
    yield got
    yield got.replace(b"\0", b"")
    yield urllib.parse.unquote_to_bytes(got)
    for word in got.split():
        try:
            yield base64.b64decode(word + b"==", validate=False)
        except ValueError:
            continue


def sent(group, name, what, *requests, own=False, **tunnel):
    """A technique that writes bytes into a tunnel, and how the tunnel is asked for; `{…}` is filled in by the place."""
    Attempt(group, name, what, lambda place: place.send(*requests, **tunnel), own=own)
