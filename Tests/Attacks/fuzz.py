"""Good requests with a few bytes changed: bodies, frames and heads. Nothing may crash the keeper, be answered as its own failure, or half happen."""

import json
import os
import random
import struct

from api import SECRETS, multipart, secret_path
from attack import attack, clean, detail, expect
from house import canary, wait_until

VALUE = canary()
SEED = int(os.environ.get("ATTACKS_SEED", random.SystemRandom().randrange(1 << 32)))
ROUNDS = int(os.environ.get("ATTACKS_ROUNDS", "400"))
# What parsers stumble over; the rest of the changes are any bytes.
PIECES = [b"", b"\0", b"\r\n", b"\n", b'"', b"{", b"}", b"[", b"]", b"--", b":", b",", b"-1", b"1e309", b"99999999999999999999", b"null", b"\xff", b"\xc3", b"\\u0000", b"\\ud800", b"%00", b"../", b"\xef\xbb\xbf"]


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


def bare(house):
    """A connection that nothing was given on: this program is no person by where it stands."""
    return house.connect(headers={"Tacit-Source": "cli"})


def changed(draws, data):
    """One to three places of `data` cut, doubled, flipped or replaced."""
    data = bytearray(data)
    for _ in range(draws.choice((1, 1, 2, 3))):
        at = draws.randrange(len(data) + 1)
        length = draws.choice((0, 1, 1, 2, 8, 60))
        kind = draws.randrange(5)
        if kind == 0:
            del data[at : at + length]
        elif kind == 1:
            data[at:at] = data[at : at + length]
        elif kind == 2 and at < len(data):
            data[at] ^= 1 << draws.randrange(8)
        elif kind == 3:
            data[at : at + length] = draws.choice(PIECES)
        else:
            data[at : at + length] = draws.randbytes(length)
    return bytes(data)


def rounds(name):
    draws = random.Random(f"{SEED}/{name}")
    for number in range(ROUNDS):
        yield draws, f"ATTACKS_SEED={SEED}, {name}, round {number}"


def judged(house, connection, ask, where):
    """Asks; a connection that the keeper hung up is replaced. Gives the answer (None when there was none) and the connection for the next."""
    try:
        answer = ask(connection)
    except (OSError, ValueError):
        answer = None
    if answer is None or answer.status == 0:
        connection.close()
        return None, house.person()
    expect(answer.status < 500, f"{where}: {answer}")
    if answer.headers.get("connection") == "close":
        connection.close()
        connection = house.person()
    return answer, connection


def alive(house, process):
    expect(house.status["keeper_process"] == process, f"the keeper ended (ATTACKS_SEED={SEED})")


@attack("fuzz", "keeper.fuzz-forms", "stopped", "changed forms are taken or refused, and what is refused stores nothing")
def forms(context):
    house = context.fresh().init()
    furnish(house)
    process, connection, taken = house.keeper, house.person(), 0
    head = json.dumps({"fields": [{"name": "user", "kind": "plain"}, {"name": "value", "kind": "secret"}], "tags": ["a"], "note": "n", "expires": "30d"}).encode()
    good, kind = multipart([("secret", head), ("field-0", b"me"), ("field-1", canary("form").encode())])
    expect(connection.request("PUT", secret_path("unchanged"), good, kind).status == 201, "the form without a change")
    for number, (draws, where) in enumerate(rounds("forms")):
        name = f"fuzz/{number}"
        answer, connection = judged(house, connection, lambda c: c.request("PUT", secret_path(name), changed(draws, good), kind), where)
        there, connection = judged(house, connection, lambda c: c.request("GET", secret_path(name)), where)
        expect(there is not None and (there.status == 200) == (answer is not None and answer.status == 201), f"{where}: {answer}, and then {there}")
        taken += there.status == 200
    detail(f"{taken} of {ROUNDS} changed forms were good forms still")
    expect(0 < taken < ROUNDS, f"{taken} of {ROUNDS} were taken")
    alive(house, process)
    with house.person() as person:
        expect(person.reveal("api/key").body == VALUE.encode(), "what was there before")
        expect(person.json("POST", "/v1/audit/verification", {"trusted_notes": []}).json["intact"], "the log")


@attack("fuzz", "keeper.fuzz-documents", "stopped", "changed documents of every route that takes one are answered as good ones or refused")
def documents(context):
    house = context.fresh().init()
    furnish(house)
    process, connection = house.keeper, house.person()
    policy = json.dumps({"policies": [{"name": "a", "agent_id": "claude*", "environments": ["default/*"], "allowed_keys": ["x/**"], "capabilities": ["env_inject"]}]})
    documents = [
        ("POST", "/v1/exists", {"scope": "default/dev", "names": ["api/key", "b"]}), ("PATCH", secret_path("api/key"), {"add_tags": ["x"], "remove_tags": ["y"]}),
        ("POST", "/v1/projects", {"name": "p"}), ("POST", "/v1/projects/default/environments", {"name": "e"}), ("POST", secret_path("api/key") + "/rollback", {"version": 7}),
        ("PUT", "/v1/policy", {"document": policy}), ("POST", "/v1/policy/explain", {"agent": "claude", "scope": "default/dev", "name": "x/y", "capability": "env_inject"}),
        ("POST", "/v1/agents", {"name": "a"}), ("POST", "/v1/audit/verification", {"trusted_notes": ["tacit.local/x\n1\nAAAA\n\n\u2014 x AAAA\n"]}),
    ]
    taken = 0
    for number, (draws, where) in enumerate(rounds("documents")):
        method, path, value = documents[number % len(documents)]
        body = changed(draws, json.dumps(value).encode())
        answer, connection = judged(house, connection, lambda c: c.request(method, path, body, "application/json"), f"{where}: {body!r}")
        clean(answer.body if answer else b"", VALUE)
        taken += answer is not None and answer.status < 300
    detail(f"{taken} of {ROUNDS} changed documents were good ones still")
    expect(0 < taken < ROUNDS, f"{taken} of {ROUNDS} were taken")
    alive(house, process)


@attack("fuzz", "keeper.fuzz-heads", "stopped", "changed heads and paths reach nothing that the unchanged path does not")
def heads(context):
    house = context.fresh().init()
    furnish(house)
    process = house.keeper
    good = f"GET {SECRETS}?limit=5&tag=none HTTP/1.1\r\nHost: keeper\r\nTacit-Source: cli\r\nContent-Length: 0\r\n\r\n".encode()
    for draws, where in rounds("heads"):
        data = changed(draws, good)
        with bare(house) as connection:
            connection.socket.settimeout(120)
            try:
                # The end of what is sent: a head that is not whole by then never will be.
                connection.send(data + b"\r\n\r\nGET /v1/status HTTP/1.1\r\nHost: keeper\r\nConnection: close\r\n\r\n")
                connection.socket.shutdown(1)
                answer = b""
                while part := connection.socket.recv(65536):
                    answer += part
            except OSError:
                continue
        expect(b"HTTP/1.1 5" not in answer, f"{where}: {data!r} was answered with {answer[:300]!r}")
        clean(answer, VALUE)
    alive(house, process)


@attack("fuzz", "keeper.fuzz-runs", "stopped", "changed openings and frames of a run end with an answer, and leave no process and no file behind", rarely=True)
def runs(context):
    house = context.fresh().init()
    furnish(house)
    process, begun = house.keeper, 0
    wish = {"argv": ["cat"], "cwd": str(house.root / "work"), "scope": "default/dev", "environment": {"PATH": "/usr/bin:/bin"}, "secrets": [{"reference": "api/key", "variable": "KEY"}], "timeout_seconds": 5}
    opening = json.dumps(wish).encode()
    frame = lambda kind, payload=b"": bytes([kind]) + struct.pack(">I", len(payload)) + payload
    start, frames = struct.pack(">I", len(opening)) + opening, frame(1, b"hello\n") + frame(4, struct.pack(">HH", 24, 80)) + frame(1, b"bye\n") + frame(2)
    for number, (draws, where) in enumerate(rounds("runs")):
        # Each is a process: an eighth of them, in turn unchanged at the beginning, changed there, and changed behind it.
        if number % 8:
            continue
        data = (start + frames, changed(draws, start) + frames, start + changed(draws, frames))[number // 8 % 3]
        with house.person() as connection:
            connection.send(connection.head("POST", "/v1/runs", {"Transfer-Encoding": "chunked"}) + b"\r\n" + f"{len(data):x}\r\n".encode() + data + b"\r\n0\r\n\r\n")
            try:
                status, headers = connection.answer_head()
                body = b"".join(connection.chunks()) if headers.get("transfer-encoding") == "chunked" else connection.file.read(int(headers.get("content-length", 0)))
            except (OSError, ValueError):
                continue
        begun += status == 200
        expect(status < 500, f"{where}: {status} {body[:300]!r}")
        clean(body, VALUE)
    detail(f"{begun} of {ROUNDS // 8} changed runs began")
    expect(begun > ROUNDS // 8 // 2, f"{begun} of {ROUNDS // 8} runs began")
    wait_until(lambda: house.status["runs"] == [], "status lists no run")
    alive(house, process)
