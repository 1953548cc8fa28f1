"""An agent that would approve its own request: by its own form, at a terminal, in a person's pane, over the socket, or by guessing."""

import concurrent.futures
import contextlib
import itertools
import json
import os
import subprocess

from api import secret_path
from attack import attack, clean, expect
from house import TACIT, AtTerminal, canary, wait_until
from pane import Multiplexer, Pane

VALUE = canary()
STATELESS = "2026-07-28"
META = "io.modelcontextprotocol/"


def add(house, name):
    """A secret that a person has to approve."""
    with house.person() as person:
        expect(person.set(name, VALUE.encode()).status == 201, "set")
    tagged = house.tacit("tag", name, "--add", "live", password=house.password)
    expect(tagged.returncode == 0, tagged.err)


def furnish(house):
    add(house, "api/key")
    policy = """
policies:
  - {name: all, agent_id: "*", allowed_keys: ["api/*"], capabilities: [masked_return, env_inject], unsandboxed: allow}
  - {name: nobody, agent_id: unidentified, allowed_keys: ["api/*"], capabilities: [masked_return], unsandboxed: allow}
tag_rules:
  - {name: live, kind: require_confirmation, by: person, tags: [live]}
"""
    applied = house.tacit("policy", "apply", "-", password=house.password, input=policy.encode())
    expect(applied.returncode == 0, applied.err)
    added = house.tacit("agent", "add", "claude", password=house.password)
    expect(added.returncode == 0, added.err)
    # Agents go on while no person is here.
    expect(house.tacit("unlock", "--for", "1h", password=house.password).returncode == 0, "a lease")
    house.badge = (house.state / "agents" / "claude").read_text().strip()


def agent(house):
    return house.connect(headers={"Tacit-Agent-Badge": house.badge, "Tacit-Source": "mcp"})


def requests(house):
    with house.person() as person:
        return person.request("GET", "/v1/approvals").json["items"]


def pending(house, known=()):
    """The first request that waits and is none of these."""
    return wait_until(
        lambda: next((item for item in requests(house) if item["standing"] == "pending" and item["id"] not in known), None), "a request waits")


NUMBERS = itertools.count()


def asked(house):
    """A request of the agent's that waits, for a secret that was never asked for. The call is left: its request stays."""
    name = f"api/asked-{next(NUMBERS)}"
    add(house, name)
    with agent(house) as connection:
        connection.send(connection.head("GET", f"{secret_path(name)}/masked", {}) + b"\r\n")
        return pending(house)


def standing(house, request):
    return next(item["standing"] for item in requests(house) if item["id"] == request["id"])


def refuse(house, request):
    """A person's own decision: the control that the request could be decided all the time."""
    expect(standing(house, request) == "pending", f"it is {standing(house, request)}")
    denied = house.tacit("approvals", "deny", request["code"], password=house.password)
    expect(denied.returncode == 0 and standing(house, request) == "denied", denied.err)


class Host:
    """An agent's host that answers forms by itself."""

    def __init__(self, house, version):
        self.version = version
        self.process = house.popen([TACIT, "mcp", "--agent", "claude"], stdin=subprocess.PIPE)
        if version != STATELESS:
            capabilities = {"elicitation": {"form": {}, "url": {}}}
            self.send(1, "initialize", {"protocolVersion": version, "capabilities": capabilities, "clientInfo": {"name": "h", "version": "1"}})
            expect("result" in self.receive(), "initialize")

    def write(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def send(self, id, method, params):
        if self.version == STATELESS:
            capabilities = {"elicitation": {"form": {}, "url": {}}}
            meta = {"protocolVersion": STATELESS, "clientInfo": {"name": "h", "version": "1"}, "clientCapabilities": capabilities}
            params = params | {"_meta": {META + key: value for key, value in meta.items()}}
        self.write({"id": id, "method": method, "params": params})

    def receive(self):
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()
        self.process.stderr.close()


@attack("approval", "approve.form", "stopped", "a host that accepts every form decides nothing: none is asked, and what it answers all the same is no decision", rarely=True)
def forms(context):
    house = context.house(furnish)
    # What was denied once is not asked for again: each host wants a secret of its own.
    add(house, "api/second")
    for version, name in (("2025-11-25", "api/key"), (STATELESS, "api/second")):
        host = Host(house, version)
        accepted = {"action": "accept", "content": {"approve": True, "confirm": True}}
        more = {"inputResponses": {key: accepted for key in ("approve", "approval", "confirm")}, "requestState": "e30"} if version == STATELESS else {}
        host.send(7, "tools/call", {"name": "secret_get_masked", "arguments": {"secret_name": name}})
        request = pending(house)
        for id in (0, 1, 7, "elicit-1", request["id"], request["code"]):
            host.write({"id": id, "result": accepted})
        host.write({"method": "notifications/elicitation/complete", "params": {"elicitationId": request["id"]}})
        host.send(8, "tools/call", {"name": "secret_get_masked", "arguments": {"secret_name": name}} | more)
        host.send(9, "tools/call", {"name": "access_check", "arguments": {"request_id": request["id"], "wait_seconds": 0}})
        answers = {}
        while 9 not in answers:
            message = host.receive()
            expect("method" not in message or message["method"].startswith("notifications/"), f"the host was asked: {message}")
            answers[message.get("id")] = message
        expect("pending" in json.dumps(answers[9]), f"{answers[9]}")
        refuse(house, request)
        while 7 not in answers:
            message = host.receive()
            answers[message.get("id")] = message
        expect(answers[7]["result"]["isError"] and "not_permitted" in json.dumps(answers[7]), f"{answers[7]}")
        host.close()


@attack("approval", "approve.own-terminal", "stopped", "at a terminal of its own the agent is asked for the password, and what it has is none")
def own_terminal(context):
    house = context.house(furnish)
    request = asked(house)
    for typed in (house.badge, request["id"]):
        terminal = AtTerminal(house, [TACIT, "approvals", "approve", request["code"]])
        terminal.until(b"Password: ").type(typed + "\n").until(b"The password is wrong.")
        terminal.end()
    refuse(house, request)


@attack("approval", "approve.pane", "stopped", "keys typed into a person's unlocked pane approve nothing, by command or in a view that waits")
def pane(context):
    house = context.house(furnish)
    request = asked(house)
    typed = Pane(house)
    typed.refused("approvals", "approve", request["code"])
    typed.start(TACIT, "approvals", "watch").until(b"Type the code to approve once")
    typed.terminal.type(request["code"] + "\n").until(b"Password: ").type("yes\n").until(b"The password is wrong.")
    typed.answer("", end="\x03")
    expect(standing(house, request) == "pending", "it was decided")
    typed.terminal.end()
    refuse(house, request)


@attack("approval", "approve.looking", "stopped", "keys typed into a pane that was unlocked for looking only change nothing and run nothing")
def looking(context):
    house = context.house(furnish)
    typed = Pane(house, "--read-only")
    expect(b"api/key" in typed.run(TACIT, "list"), "the list")
    for words in ("delete api/key", "tag api/key --remove live", "run -k api/key -- true"):
        typed.refused(words)
    typed.terminal.end()
    listed = house.tacit("list", "--json", password=house.password)
    expect(b"api/key" in listed.out and b"live" in listed.out, listed.out)


@attack("approval", "approve.tmux", "stopped", "keys that tmux sends into an unlocked pane approve nothing")
def multiplexer(context):
    house = context.house(furnish)
    request = asked(house)
    with Multiplexer(house) as pane:
        pane.unlock()
        pane.send(f"{TACIT} approvals approve {request['code']}", "Enter")
        pane.until("is needed to approve")
        pane.send("yes", "Enter")
        pane.until("The password is wrong.")
    refuse(house, request)


@attack("approval", "approve.socket", "stopped", "the socket decides for nobody without a step-up: no badge, no session, no token of another connection, no request code")
def socket(context):
    house = context.house(furnish)
    request = asked(house)
    path, decision = f"/v1/approvals/{request['id']}", {"verdict": "approve", "code": request["code"]}
    with contextlib.ExitStack() as stack:
        person = stack.enter_context(house.person())
        token = person.headers["Tacit-Step-Up"]
        badge, plain = stack.enter_context(agent(house)), stack.enter_context(house.connect(headers={"Tacit-Source": "cli"}))
        stolen = stack.enter_context(house.connect(headers={"Tacit-Source": "cli", "Tacit-Step-Up": token}))
        both = stack.enter_context(house.connect(headers={"Tacit-Agent-Badge": house.badge, "Tacit-Step-Up": token}))
        for connection in (badge, plain, stolen, both):
            for body in (decision, decision | {"timed_code": "000000"}, decision | {"uses": 100, "seconds": 28800}):
                answer = connection.json("POST", path, body)
                expect(answer.status in (403, 404), f"{answer}")
            expect(connection.request("GET", "/v1/approvals").status == 403, "the list of requests")
            expect(connection.request("POST", "/v1/totp").status == 403, "an authenticator of its own")
            expect(connection.json("POST", "/v1/totp/confirmation", {"code": "000000"}).status == 403, "confirming one")
        wrong = person.json("POST", path, decision | {"code": "AAAAAA"})
        expect(wrong.status == 409, f"a person with another request's code: {wrong}")
    refuse(house, request)


@attack("approval", "approve.neighbour", "stopped", "what a person allows to one program without badge is not had by another, and no request is asked again that was denied")
def neighbours(context):
    house = context.house(furnish)
    path = f"{secret_path('api/key')}/masked"

    def neighbour():
        words = ["curl", "-s", "-m", "60", "--unix-socket", str(house.socket), "-H", "Tacit-Source: cli", f"http://k{path}"]
        return house.popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    with house.connect(headers={"Tacit-Source": "cli"}) as own:
        own.send(own.head("GET", path, {}) + b"\r\n")
        first = pending(house)
        other = neighbour()
        second = pending(house, [first["id"]])
        expect((first["agent"], second["agent"]) == ("unidentified", "unidentified"), f"{first} {second}")
        expect((first["process"], second["process"]) == (os.getpid(), other.pid), f"{first} {second}")
        approved = house.tacit("approvals", "approve", first["code"], "--uses", "5", password=house.password)
        expect(approved.returncode == 0 and own.answer().status == 200, approved.err)
        expect(standing(house, second) == "pending", "the neighbour's call went through")
        refuse(house, second)
        expect(b"not_permitted" in other.communicate(timeout=60)[0], "the neighbour")
        third = neighbour()
        refuse(house, pending(house))
        expect(b"not_permitted" in third.communicate(timeout=60)[0], "its successor")
    request = asked(house)
    refuse(house, request)
    name = request["secrets"][0]["name"].removeprefix("default/dev/").split("@")[0]
    with agent(house) as connection:
        for _ in range(12):
            answer = connection.request("GET", f"{secret_path(name)}/masked")
            expect((answer.status, answer.json["request"]) == (403, request["id"]), f"{answer}")
    expect(not [item for item in requests(house) if item["standing"] == "pending"], "the person is asked again")


@attack("approval", "approve.text-around", "stopped", "what was approved with one text around the value is not had with another: moved, cut, longer, or none at all", rarely=True)
def text_around(context):
    house = context.house(furnish)
    name = "api/header"
    add(house, name)

    def run(text):
        with agent(house) as connection:
            return connection.run(["/usr/bin/cat"], [{"reference": name, "stdin": True, **text}]).wait()

    with concurrent.futures.ThreadPoolExecutor() as pool:
        own = {"before": "ab", "after": "c"}
        first = pool.submit(run, own)
        request = pending(house)
        shown = house.tacit("approvals", password=house.password).out.decode()
        expect('@1 \u2192 stdin, after "ab" and before "c"\n' in shown, shown)
        approved = house.tacit("approvals", "approve", request["code"], "--uses", "9", password=house.password)
        expect(approved.returncode == 0, approved.err)
        expect(first.result(60).stdout == b"ab[REDACTED:api/header]c", f"{first.result()}")
        others = [{"before": "a", "after": "bc"}, {"before": "abc"}, {"after": "abc"}, {"before": "ab"}, {"after": "c"}, {}, own | {"after": "c\n"}]
        for text in others:
            other = pool.submit(run, text)
            waits = pending(house)
            expect(waits["id"] != request["id"], f"{text}")
            refuse(house, waits)
            answer = other.result(60)
            expect(answer.problem is not None and answer.problem.status == 403 and answer.stdout == b"", f"{text}: {answer}")
        expect(pool.submit(run, own).result(60).stdout == b"ab[REDACTED:api/header]c", "its own use")
    left = next(item["uses"] for item in requests(house) if item["id"] == request["id"])
    expect(left == 7, f"{left} uses are left")


@attack("approval", "approve.code", "stopped", "an authenticator's code is not guessed: after five tries none opens anything, and each is in the log")
def guessing(context):
    house = context.house(furnish)
    terminal = AtTerminal(house, [TACIT, "totp", "enroll"])
    terminal.until(b"Password: ").type(house.password + "\n").until(b"The six digits it shows: ")
    lines = [line.strip().replace(b" ", b"") for line in terminal.shown.splitlines()]
    key = next(line for line in lines if len(line) == 32 and line.isupper())
    import base64
    import hashlib
    import hmac
    import time

    def code(steps):
        digest = hmac.new(base64.b32decode(key), (int(time.time()) // 30 + steps).to_bytes(8, "big"), hashlib.sha1).digest()
        offset = digest[-1] & 15
        return f"{(int.from_bytes(digest[offset:offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"

    terminal.type(code(0) + "\n").until(b"is enrolled: ")
    os.waitpid(terminal.process, 0)
    request = asked(house)
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        def guess(text):
            return connection.json("POST", f"/v1/approvals/{request['id']}", {"verdict": "approve", "code": request["code"], "timed_code": text})

        codes = [guess(text).code for text in ("", "12345", "1234567", "abcdef", "000000", "000001")]
        expect(codes == ["totp.wrong-code"] * 4 + ["totp.closed"] * 2, f"{codes}")
        expect(guess(code(1)).code == "totp.closed", "the right code opened something")
    clean(json.dumps(requests(house)).encode(), key)
    entries = json.loads(house.tacit("audit", "list", "--limit", "200", "--json", password=house.password).out)["items"]
    expect(sum(entry["action"] == "step-up.failed" for entry in entries) >= 5, "the tries are not in the log")
    refuse(house, request)
    expect(house.tacit("totp", "remove", password=house.password).returncode == 0, "removal")
