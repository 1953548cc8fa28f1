"""Requests that mean two things, or nothing: paths, framing, bodies, keys, and how many of them."""

import json
import os
import struct

from api import SECRETS, multipart, secret_path
from attack import attack, check, clean, expect
from house import canary, wait_until

VALUE = canary()


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


def raw(house, data, wait=3):
    """Sends bytes and takes everything that comes back until the keeper hangs up or says nothing for a while."""
    with house.connect(timeout=wait) as connection:
        answer = b""
        try:
            connection.send(data)
            while part := connection.socket.recv(65536):
                answer += part
        except OSError:
            pass
        return answer


def statuses(answer):
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def alive(house, process):
    expect(house.status["keeper_process"] == process, "the keeper is another one than before")


@attack("trap 21", "keeper.path", "stopped", "only the canonical encoding of a path reaches a secret")
def paths(context):
    house = context.house(furnish)
    good = secret_path("api/key") + "/value"
    with house.person() as person:
        expect(person.request("GET", good).body == VALUE.encode(), "the canonical path")
        wrong = (
            good.replace("%2F", "%2f"), good.replace("%2F", "/"), good.replace("%2F", "%252F"), good.replace("%2F", "%2F%2F"), good.replace("api", "%61pi"),
            good.replace("api", "./api"), good.replace("secrets/", "secrets/x/../"), good.replace("secrets/", "secrets/%2E%2E/secrets/"),
            good.replace("secrets/", "secrets//"), "/" + good, good.replace("/v1/", "/v1//"), good.replace("/v1/", "/v1/./"), good + "/", good + "/.",
            good.replace("%2F", "%5C"), good.replace("%2F", "%C0%AF"), good.replace("key", "key%00"), good.replace("key", "key%0A"), good + ";a=b",
            good + "#frag", good.replace("key", "KEY"), good.replace("v1", "V1"), good.replace("key", "ke%79"), good.replace("%2F", "%EF%BC%8F"),
            good + "?", good + "?field", good + "?field=value&field=value", good + "?Field=value", good + "?field=value&x=1", good + "?version=01",
            good + "?version=%31", good + "?field=%76alue", good + "?version=+1", good + "?version=1&", good + "?version=99999999999999999999",
            "http://evil/x" + good, "*", good.replace("default", "%64efault"), good.replace("api", "x" * 5000), "/" + "a/" * 3000,
        )
        for path in wrong + tuple("http://keeper" + path for path in (good, *wrong) if path.startswith("/")):
            try:
                answer = person.request("GET", path)
            except (OSError, ValueError):
                answer = None
            if answer is None or answer.status == 0:
                person = house.person()
                continue
            expect(VALUE.encode() not in answer.body, f"{path[:120]} reached the value")
            if answer.headers.get("connection") == "close":
                person = house.person()


@attack("trap 21", "keeper.framing", "stopped", "two lengths, length and chunks, and other double framing are refused; nothing rides behind them")
def smuggling(context):
    house = context.house(furnish)
    process = house.keeper
    inner = b"GET /v1/status HTTP/1.1\r\nHost: k\r\n\r\n"
    heads = (
        b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: 5, 6\r\n", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"Transfer-Encoding:\x0bchunked\r\n", b"Transfer-Encoding : chunked\r\n", b"Content-Length: +5\r\n",
        b"Content-Length: -1\r\n", b"Content-Length: 0x5\r\n", b"Content-Length: 99999999999999999999\r\n", b"Content-Length: 5\r\n Transfer-Encoding: chunked\r\n",
        b"X: a\rContent-Length: 5\r\n", b"X: a\nTransfer-Encoding: chunked\n", b"X\x00Y: a\r\n", b"X: a\x00b\r\n", b": nothing\r\n", b"Host: other\r\nHost: k\r\n",
    )
    for head in heads:
        answer = raw(house, b"POST /v1/exists HTTP/1.1\r\nHost: k\r\n" + head + b"\r\n0\r\n\r\n" + inner, wait=20)
        expect(statuses(answer).count(200) == 0, f"behind {head!r} a request was answered: {answer[:400]!r}")
    alive(house, process)


@attack("trap 21", "keeper.garbage", "stopped", "what is no HTTP is answered with an error or hung up on")
def garbage(context):
    house = context.house(furnish)
    process = house.keeper
    for data in (
        b"\x00" * 100, b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /v1/status\r\n\r\n", b"get /v1/status HTTP/1.1\r\n\r\n", b"GET /v1/status HTTP/9.9\r\n\r\n",
        b"CONNECT keeper:443 HTTP/1.1\r\nHost: k\r\n\r\n", b"TRACE /v1/status HTTP/1.1\r\nHost: k\r\n\r\n", b"GET  /v1/status HTTP/1.1\r\n\r\n", os.urandom(4096),
        b"GET /v1/status HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nHost: k\r\n\r\n",
        b"POST /v1/exists HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx", b"POST /v1/exists HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx",
        b"POST /v1/exists HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"e" * 200000 + b"\r\nhello\r\n0\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\n" + b"A: b\r\n" * 50000 + b"\r\n", b"GET /v1/status HTTP/1.1\r\nA: " + b"b" * (2 << 20) + b"\r\n\r\n", b"GET /" + b"a" * (2 << 20) + b" HTTP/1.1\r\n\r\n",
        b"POST /v1/exists HTTP/1.1\r\nHost: k\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n",
    ):
        answer = raw(house, data, wait=1)
        expect(len(answer) < 100_000, "an endless answer")
        clean(answer, VALUE)
    alive(house, process)


@check("keeper", "two hundred requests sent at once are answered in their order")
def pipelining(context):
    house = context.house(furnish)
    with house.connect() as connection:
        connection.send(b"".join(b"GET " + (b"/v1/status" if i % 2 else b"/v1/nothing") + b" HTTP/1.1\r\nHost: k\r\n\r\n" for i in range(200)))
        found = [connection.answer().status for _ in range(200)]
    expect(found == [404, 200] * 100, found)


@attack("keeper", "keeper.slow", "stopped", "a hundred clients that never finish a request keep nobody out")
def slow_clients(context):
    house = context.house(furnish)
    process = house.keeper
    slow = []
    for number in range(100):
        connection = house.connect()
        connection.send([b"GET /v1/st", b"POST /v1/exists HTTP/1.1\r\nHost: k\r\nContent-Length: 100\r\n\r\n{", b"POST /v1/runs HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: k\r\n\r\n", b""][number % 4])
        slow.append(connection)
    with house.person() as person:
        expect(person.reveal("api/key").body == VALUE.encode(), "a reveal among slow clients")
    for connection in slow:
        connection.close()
    alive(house, process)
    descriptors = lambda: sum(1 for _ in os.scandir(f"/proc/{process}/fd")) if os.access(f"/proc/{process}/fd", os.R_OK) else 0
    expect(descriptors() < 90, f"{descriptors()} descriptors stay open")


@attack("keeper", "keeper.oversize", "stopped", "bodies beyond their limits are refused and nothing of them is stored")
def oversize(context):
    house = context.house(furnish)
    process = house.keeper

    def person():
        return house.person()

    for name, ask in {
        "a password of 5,000 bytes": lambda c: c.request("POST", "/v1/step-up", b"p" * 5000),
        "a document of 2 MiB": lambda c: c.json("POST", "/v1/exists", {"scope": "default/dev", "names": ["a" * (2 << 20)]}),
        "a field of 1 MiB and a byte": lambda c: c.set("big/one", b"v" * ((1 << 20) + 1)),
        "five fields of 1 MiB": lambda c: c.set("big/one", b"", fields=[(f"f{i}", "secret", b"v" * (1 << 20)) for i in range(5)]),
        "a thousand and one names": lambda c: c.json("POST", "/v1/exists", {"scope": "default/dev", "names": ["a"] * 1001}),
        "twenty thousand and one of a list": lambda c: c.request("GET", SECRETS + "?limit=20001"),
    }.items():
        with person() as connection:
            try:
                answer = ask(connection)
                expect(400 <= answer.status < 500, f"{name}: {answer}")
            except OSError:
                pass
    with person() as connection:
        expect(connection.request("GET", secret_path("big/one")).status == 404, "something of it was stored")
        expect(connection.set("exact/one", b"v" * (1 << 20)).status == 201, "a field of exactly 1 MiB")
    alive(house, process)


@attack("keeper", "keeper.forms", "stopped", "forms that are cut, doubled, misnamed or dressed up are refused and store nothing")
def forms(context):
    house = context.house(furnish)
    head = json.dumps({"fields": [{"name": "value", "kind": "secret"}]}).encode()
    good, type = multipart([("secret", head), ("field-0", b"v")])
    cut = [(good[:length], type) for length in (0, 10, 40, len(good) // 2, len(good) - 6)]
    wrong = [
        (good, "multipart/form-data"), (good, "multipart/form-data; boundary=x"), (good, "application/json"), (good, type + "; boundary=other-other-other-other"), (good, type.replace("attack-", 'at"ack-')),
        (b"preamble\r\n" + good, type), (good + b"epilogue", type), (good.replace(b"field-0", b"secret"), type), (good.replace(b"field-0", b"field-1"), type),
        (good.replace(b"\r\n", b"\n"), type), (good.replace(b'name="field-0"', b"name=field-0"), type), (good.replace(b'name="field-0"', b'name="field-0"; filename="x"'), type),
        (good.replace(b"form-data", b"attachment"), type), multipart([("secret", head), ("field-0", b"v"), ("field-1", b"w")]), multipart([("secret", head)]),
        multipart([("field-0", b"v")]), multipart([("secret", head), ("secret", head), ("field-0", b"v")]), multipart([("secret", head[:-1]), ("field-0", b"v")]),
        multipart([(f"part-{i}", b"") for i in range(2000)]), multipart([("secret", head.replace(b"value", b"../x")), ("field-0", b"v")]),
        multipart([("secret", head.replace(b"secret", b"Secret")), ("field-0", b"v")]),
        multipart([("secret", json.dumps({"fields": [{"name": "a", "kind": "secret"}, {"name": "a", "kind": "plain"}]}).encode()), ("field-0", b"v"), ("field-1", b"w")]),
    ]
    with house.person() as person:
        for body, kind in cut + wrong:
            answer = person.request("PUT", secret_path("form/one"), body, kind)
            expect(400 <= answer.status < 500, f"{body[:200]!r} {kind}: {answer}")
        expect(person.request("GET", secret_path("form/one")).status == 404, "one of them was stored")
        expect(person.request("PUT", secret_path("form/one"), good, type).status == 201, "the good one")


@check("trap 14", "a key that is not known is an error with its name, in JSON, in queries, in policies and in `.tacit.yaml`")
def unknown_keys(context):
    house = context.house(furnish)
    with house.person() as person:
        for method, path, body in (
            ("POST", "/v1/exists", {"scope": "default/dev", "names": [], "nams": []}), ("POST", "/v1/projects", {"name": "a", "Name": "b"}), ("POST", "/v1/agents", {"name": "a", "admin": True}),
            ("PATCH", secret_path("api/key"), {"addtags": ["a"]}), ("PUT", "/v1/policy", {"document": "{}", "force": True}), ("POST", "/v1/audit/verification", {"trusted_notes": [], "skip": 1}),
        ):
            answer = person.json(method, path, body)
            expect(answer.status == 400 and "field" in answer.json["title"], f"{path} {body}: {answer}")
        for query in ("?tags=a", "?TAG=a", "?limit=1&limit=2", "?limit=x", "?limit=-1", "?limit=0", "?deleted=true&x"):
            answer = person.request("GET", SECRETS + query)
            expect(answer.status == 400, f"{query}: {answer}")
        policy = {"name": "a", "agent_id": "*", "allowed_keys": ["**"], "capabilities": ["env_inject"]}
        for wrong in (dict(policy, allowed_key=["x"]), dict(policy, capabilities=["env_injct"]), dict(policy, unsandboxed="yes"), dict(policy, unsandboxed=True), dict(policy, agent_id=5), dict(policy, denied_keys=None)):
            answer = person.apply_policy(wrong)
            expect(400 <= answer.status < 500, f"{wrong}: {answer}")
        doubled = '{"policies": [{"name": "a", "agent_id": "*", "allowed_keys": ["x"], "allowed_keys": ["**"], "capabilities": ["env_inject"]}]}'
        answer = person.json("PUT", "/v1/policy", {"document": doubled})
        expect(400 <= answer.status < 500, f"a key twice: {answer}")
        expect(person.request("GET", "/v1/policy").json["version"] == 0, "one of them is in force")
    for name, text in {"policy": "policies:\n  - name: a\n    agent_id: '*'\n    allowed_keys: ['**']\n    capabilites: [env_inject]\n"}.items():
        (house.root / "work" / "policy.yaml").write_text(text)
        done = house.tacit("policy", "apply", "policy.yaml", password=house.password)
        expect(done.returncode == 2 and b"capabilities" in done.err and b"5" in done.err, f"{name}: {done.returncode} {done.err}")
    (house.root / "work" / ".tacit.yaml").write_text("project: default\nenviroment: dev\n")
    done = house.tacit("list")
    (house.root / "work" / ".tacit.yaml").unlink()
    expect(done.returncode == 2 and b"environment" in done.err, f".tacit.yaml: {done.returncode} {done.err}")


@attack("keeper", "keeper.json", "stopped", "JSON that is deep, broken, doubled or of the wrong shape is refused without harm")
def json_shapes(context):
    house = context.house(furnish)
    process = house.keeper
    with house.person() as person:
        for text in (
            b"", b"null", b"[]", b'"x"', b"{", b'{"names":', b"[" * 200000, b'{"a":' * 100000, b'{"scope":"default/dev","names":[]}x', b'{"scope":"default/dev","scope":"default/dev","names":[]}',
            b'{"scope":1,"names":[]}', b'{"scope":"default/dev","names":[1e999]}', b'{"scope":"default/dev","names":["\xff"]}', b'{"scope":"default/dev","names":["\\ud800"]}', b"\xef\xbb\xbf{}",
            b'{"scope":"a/b/c","names":[]}', b'{"scope":"","names":[]}', b'{"scope":"../dev","names":[]}', b'{"scope":"default/dev","names":["../x"]}', b'{"scope":"default/dev","names":["a//b"]}',
            json.dumps({"scope": "default/dev", "names": ["n" * 257]}).encode(), json.dumps({"scope": "default/dev", "names": ["é"]}).encode(), json.dumps({"scope": "default/dev", "names": ["a\n"]}).encode(),
        ):
            answer = person.request("POST", "/v1/exists", text, "application/json")
            expect(400 <= answer.status < 500, f"{text[:80]!r}: {answer}")
        for depth in (b"[" * 100000, b'{"policies":' * 50000):
            answer = person.json("PUT", "/v1/policy", {"document": depth.decode()})
            expect(400 <= answer.status < 500, f"a deep policy: {answer}")
        for note in ("", "x", "\n\n\n", "tacit.local/x\n1\nAAAA\n\n— tacit.local/x AAAA\n", "—" * 5000):
            answer = person.json("POST", "/v1/audit/verification", {"trusted_notes": [note]})
            expect(400 <= answer.status < 500 or (answer.status == 200 and not answer.json["intact"]), f"the note {note[:40]!r}: {answer}")
    alive(house, process)


@attack("runs", "keeper.frames", "stopped", "frames that no client of ours would send end the run and nothing else")
def frames(context):
    house = context.house(furnish)
    process = house.keeper
    number = struct.pack

    def frame(kind, payload, length=None):
        return bytes([kind]) + number(">I", len(payload) if length is None else length) + payload

    for data in (
        frame(99, b""), frame(0, b""), frame(33, b"fake output"), frame(40, b"\0\0\0\0\0"), frame(39, b"{}"), frame(1, b"", 0xFFFFFFFF), frame(1, b"x" * 65537), frame(4, b"abc"), frame(5, number(">I", 0)),
        frame(5, number(">I", 65)), frame(5, number(">i", -9)), frame(2, b"x"), frame(6, b"x"), b"".join(frame(1, b"x" * 65536) for _ in range(40)), os.urandom(1000),
    ):
        with unlocked(house) as person:
            run = person.run(["/bin/sleep", "1000"], ["api/key"]).until_started()
            try:
                run.raw(data)
                run.wait()
            except (OSError, ValueError):
                pass
        wait_until(lambda: not house.programs(), f"the child has ended after the frame {data[:20]!r}")
        expect(run.exit is None or run.exit[0] != "exited" or run.exit[1] != 0, f"{data[:20]!r} looks like success: {run}")
    alive(house, process)
    expect(house.status["runs"] == [], house.status)


@attack("runs", "keeper.openings", "stopped", "a run's opening that is cut, too long, or wrong in a detail starts nothing", rarely=True)
def openings(context):
    house = context.house(furnish)
    process = house.keeper
    good = {"argv": ["touch", str(house.root / "work" / "started")], "secrets": [{"reference": "api/key"}], "environment": {"PATH": "/usr/bin:/bin"}}
    wishes = [dict(good, argv=[]), dict(good, argv=[""]), dict(good, argv=["a\0b"]), dict(good, sudo=True), dict(good, secrets=[{"reference": "api/key", "x": 1}]), dict(good, timeout_seconds=0),
              dict(good, timeout_seconds=-5), dict(good, cwd="relative"), dict(good, cwd="/nonexistent"),
              dict(good, secrets=[{"reference": "api/key"}, {"reference": "api/key#value", "variable": "API_KEY"}]), dict(good, secrets=[{"reference": "../key"}]), dict(good, scope="default"),
              dict(good, terminal={"rows": -1, "columns": 80, "input": True, "output": True, "error": True}), dict(good, mask_output=False), dict(good, file_mask=-1)]
    for wish in wishes:
        data = json.dumps(wish).encode()
        send_opening(house, struct.pack(">I", len(data)) + data, wish)
        expect(not (house.root / "work" / "started").exists(), f"it started: {wish}")
    data = json.dumps(good).encode()
    for opening in (struct.pack(">I", 0xFFFFFFFF) + data, struct.pack(">I", 5 << 20), struct.pack(">I", len(data) - 1) + data[:-1], b"\0\0", b"", struct.pack(">I", 0)):
        send_opening(house, opening, opening[:20], cut=True)
        expect(not (house.root / "work" / "started").exists(), f"it started: {opening[:20]!r}")
    alive(house, process)


def unlocked(house):
    """A connection of a person's: where the suite itself stands makes nobody one."""
    return house.person()


def send_opening(house, opening, what, cut=False):
    with unlocked(house) as person:
        person.send(person.head("POST", "/v1/runs", {"Transfer-Encoding": "chunked"}) + b"\r\n")
        if opening:
            person.send(f"{len(opening):x}\r\n".encode() + opening + b"\r\n")
        if cut:
            person.send(b"0\r\n\r\n")
        status, _ = person.answer_head()
        if status == 200:
            list(person.chunks())
