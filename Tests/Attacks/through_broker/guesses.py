"""A service that sends back what a field of the request says, and a value that could be guessed: the program sends a dictionary, and looks where its answer ends."""

import json

from .reflections import CHUNKED, chunks, reply
from .technique import Attempt

G = "guess"
WORDS = [f"{season}-{year}" for season in ("spring", "summer", "autumn", "winter") for year in range(1980, 1990)]
WORD = "autumn-1987"


def guessed(name, what, act):
    """`act` gives what came back of the words; that the first which did not is the right one, and no other, is the success."""

    def play(place):
        got = act(place, f"/v1/public/guess-{name}")
        missing = [word for word in WORDS if word.encode() not in got]
        if WORD.encode() in got or missing and missing[0] == WORD:
            place.faults.add("guess")
        return got

    Attempt(G, name, what, play, own=True, spends=True)


def plain(words):
    return [reply(b"\n".join(words))]


def echoing(place, path, make, *words):
    """The answer to words, of which the service makes a reply."""
    place.upstream.replies[path] = lambda request: make(request.values(b"x-words")[0].split())
    return place.ask(path, f"X-Words: {' '.join(words)}", token="<WORD>")


def echoed(name, what, make):
    guessed(name, what, lambda place, path: echoing(place, path, make, *WORDS))


def one_by_one(place, path):
    """A word in each request, up to the first that is not answered as the others are."""
    got = b""
    for word in WORDS:
        answer = echoing(place, path, plain, word)
        got += answer
        if word.encode() not in answer:
            break
    return got


def again(place):
    """Right and wrong guesses of an agent that was answered nothing yet: the fourth right one is answered as a wrong one is."""
    place.door, path = place.doors["guesser"], "/v1/public/guess-again"

    def is_answered(word):
        return word.encode() in echoing(place, path, plain, word)

    first = [is_answered(word) for word in (WORDS[0], WORD, WORD, WORDS[0], WORD)]
    if first != [True, False, False, True, False]:
        raise AssertionError(f"three right guesses are answered otherwise than wrong ones: {first}")
    if is_answered(WORDS[0]) or is_answered(WORD):
        place.faults.add("guess")
    return b""


echoed("body", "in a body that comes back", plain)
echoed("chunks", "in a body that comes back word by word", lambda words: [CHUNKED, *chunks(*(word + b"\n" for word in words))])
echoed("pauses", "in a body that comes back word by word, with pauses", lambda words: [CHUNKED, *(part for word in words for part in (chunks(word + b"\n")[0], 0.06)), b"0\r\n\r\n"])
echoed("json", "in JSON", lambda words: [reply(json.dumps({"words": [word.decode() for word in words]}).encode(), kind="application/json")])
echoed("fields", "in fields", lambda words: [reply(b"ok", *(f"X-{number}: {word.decode()}" for number, word in enumerate(words)))])
guessed("requests", "in a request for each word", one_by_one)
Attempt(G, "again", "in more requests than three, when three were answered", again, own=True)
