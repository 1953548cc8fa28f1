"""The password: where it may not come from, how it is guessed, what a token of it is worth, and to whom."""

import json
import os
import subprocess
import time

from api import SECRETS, multipart, secret_path
from attack import attack, check, clean, expect
from house import PASSWORD, TACIT, canary, elsewhere, wait_until

# Where the keeper is a user of its own, root alone comes near its files.
NEEDS_ROOT_APART = True
VALUE = canary()


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


@attack("trap 20", "password.variable", "stopped", "no variable and no file of an agent's configuration takes the password")
def no_password_variable(context):
    house = context.house(furnish)
    names = ("TACIT_PASSWORD", "TACIT_PASSPHRASE", "TACIT_MASTER_PASSWORD", "TACIT_UNLOCK", "TACIT_STEP_UP", "TACIT_PASSWORD_FD", "PASSWORD")
    environment = house.environment | {name: PASSWORD for name in names}
    with house.as_owner():
        (house.root / "work" / ".tacit.yaml").write_text(f"password: {PASSWORD}\n")
    try:
        for words in (["get", "api/key"], ["get", "api/key", "--json"], ["unlock"], ["get", "api/key", "--password", PASSWORD]):
            done = house.tacit(*words, env=environment, start_new_session=True)
            expect(done.returncode != 0, f"{words} took a password from the environment or a file")
            clean(done.out + done.err, VALUE, PASSWORD)
    finally:
        (house.root / "work" / ".tacit.yaml").unlink()


@attack("step-up", "password.token", "stopped", "a token is worth nothing on another connection, in another spelling, cut, or after lock")
def tokens(context):
    house = context.fresh().init()
    furnish(house)
    person = house.person()
    token = person.headers["Tacit-Step-Up"]
    expect(person.reveal("api/key").body == VALUE.encode(), "the token is of no use where it was given")
    for wrong in (token, token.upper(), token[:-1], token + "0", "", "0" * len(token), token[::-1]):
        answer = elsewhere(lambda: ask(house, wrong))
        expect(answer[0] in (401, 403, 404) and answer[1] == "unidentified", f"the token {'itself' if wrong == token else 'altered'}: {answer}")
        person2 = house.connect(headers={"Tacit-Step-Up": wrong, "Tacit-Source": "cli"})
        answer = person2.reveal("api/key")
        expect(answer.status in (401, 403), f"in the same session, on another connection: {answer}")
    house.lock()
    expect(person.reveal("api/key").status == 423, "locked")
    other = house.person()
    answer = person.reveal("api/key")
    expect(answer.status in (401, 403, 404), f"a token from before the lock: {answer}")
    expect(other.reveal("api/key").status == 200, "the new token")


def ask(house, token):
    with house.connect(headers={"Tacit-Step-Up": token, "Tacit-Source": "cli"}) as connection:
        answer = connection.reveal("api/key")
        return [answer.status, connection.request("GET", "/v1/status").json["actor"]["kind"], answer.body.decode("latin-1")]


@attack("trap 3", "password.purpose", "stopped", "a badge is no step-up token, a token no badge, a recovery key no password, and the other way round")
def one_purpose(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as person:
        token, badge = person.headers["Tacit-Step-Up"], person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]
        recovery = person.request("POST", "/v1/slots/recovery").body
        person.headers |= {"Tacit-Step-Up": badge}
        expect(person.reveal("api/key").status in (401, 403, 404), "a badge as step-up token")
    for badge_or_so in (token, recovery.decode(), PASSWORD):
        with house.connect(headers={"Tacit-Agent-Badge": badge_or_so, "Tacit-Source": "mcp"}) as agent:
            expect(agent.request("GET", SECRETS).status == 403, "a token, key or password as badge")
    for body in (recovery, badge.encode(), token.encode()):
        with house.connect() as connection:
            expect(connection.request("POST", "/v1/step-up", body).status == 401, "a key, badge or token as password")
    with house.connect() as connection:
        form = multipart([("recovery-key", PASSWORD.encode()), ("password", b"my own password")])
        expect(connection.request("POST", "/v1/recovery", *form).status in (400, 401), "a password as recovery key")


@attack("trap 20", "password.agents-door", "stopped", "the agent's own door takes no password: neither an option nor a variable nor a tool, and a locked vault stays locked")
def agents_door(context):
    house = context.fresh().init()
    furnish(house)
    house.lock()
    done = house.tacit("mcp", password=PASSWORD)
    expect(done.returncode == 2, f"`tacit mcp` takes --password-fd: {done.returncode}")
    names = ("TACIT_PASSWORD", "TACIT_MASTER_PASSWORD", "TACIT_STEP_UP", "PASSWORD")
    mcp = house.popen([TACIT, "mcp"], stdin=subprocess.PIPE, env=house.environment | {name: PASSWORD for name in names}, start_new_session=True)
    requests = [("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "attack", "version": "1"}}), ("tools/list", {}),
                ("tools/call", {"name": "secret_list", "arguments": {}}), ("tools/call", {"name": "secret_list", "arguments": {"password": PASSWORD}})]
    lines = [json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) for number, (method, params) in enumerate(requests)]
    lines.insert(1, '{"jsonrpc":"2.0","method":"notifications/initialized"}')
    out, _ = mcp.communicate("\n".join(lines).encode() + b"\n", timeout=120)
    answers = {answer["id"]: answer for answer in map(json.loads, out.splitlines()) if "id" in answer}
    taken = {name for tool in answers[1]["result"]["tools"] for name in tool["inputSchema"].get("properties", {})}
    expect(taken and not [name for name in taken if "pass" in name or "value" in name or "key" in name], f"the tools take {sorted(taken)}")
    for number in (2, 3):
        expect(answers[number].get("error") or answers[number]["result"].get("isError"), f"{answers[number]}")
    clean(out, VALUE, PASSWORD)
    expect(house.status["state"] == "locked", "the vault was opened")


@check("step-up", "a token is drawn anew each time and is not predictable from others")
def token_entropy(context):
    house = context.house(furnish)
    found = []
    for _ in range(3):
        with house.person() as person:
            found.append(person.headers["Tacit-Step-Up"])
    expect(len(set(found)) == 3 and all(len(token) >= 32 for token in found), found)


@attack("guessing", "password.guess", "stopped", "after five wrong passwords even the right one must wait, on every door and every connection; the tries are in the log")
def backoff(context):
    house = context.fresh().init()
    person = house.person()
    for _ in range(5):
        with house.connect() as connection:
            expect(connection.request("POST", "/v1/step-up", b"a wrong password").status == 401, "a wrong password")
    for path in ("/v1/step-up", "/v1/unlock", "/v1/rotations/root"):
        for body in (b"another wrong one", PASSWORD.encode()):
            with house.connect() as connection:
                answer = connection.request("POST", path, body)
                expect(answer.status == 429 and int(answer.headers["retry-after"]) <= 31, f"{path}: {answer}")
    failed = [item for item in person.request("GET", "/v1/audit").json["items"] if item["action"] in ("unlock.failed", "step-up.failed")]
    expect(sum(item.get("repeated") or 1 for item in failed) >= 5, f"{len(failed)} entries of wrong passwords")
    house.lock()
    with house.connect() as connection:
        expect(connection.request("POST", "/v1/unlock", PASSWORD.encode()).status == 429, "locking makes the tries forgotten")


@attack("guessing", "password.guess-restart", "stopped", "a keeper that is killed forgets neither the tries nor the wait", limit=120)
def backoff_bypass(context):
    house = context.fresh().init()
    house.lock()
    for tried in range(6):
        with house.connect() as connection:
            answer = connection.request("POST", "/v1/unlock", b"a wrong password")
            expect(answer.status == (401 if tried < 5 else 429), f"try {tried}: {answer}")
        house.kill_keeper()
        house.start()
    with house.connect() as connection:
        answer = connection.request("POST", "/v1/unlock", PASSWORD.encode())
        expect((answer.status, answer.code) == (429, "unlock.backed-off"), f"the right password: {answer}")
    file = next(house.remembered.glob("backoff-*"))
    expect(file.stat().st_mode & 0o7777 == 0o600, f"{file.stat().st_mode:o}")
    # What cannot be read counts as many tries, not as none.
    file.write_bytes(file.read_bytes()[:-1])
    house.kill_keeper()
    house.start()
    with house.connect() as connection:
        answer = connection.request("POST", "/v1/unlock", PASSWORD.encode())
        expect(answer.status == 429 and 1700 < int(answer.headers["retry-after"]) <= 1801, f"a cut file: {answer}")


@attack("locked", "password.locked", "stopped", "a locked vault tells nothing to anybody, and writes down who came")
def locked(context):
    house = context.fresh().init()
    furnish(house)
    house.lock()
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        for ask in (lambda: connection.reveal("api/key"), lambda: connection.request("GET", SECRETS), lambda: connection.masked("api/key"),
                    lambda: connection.request("GET", secret_path("nothing")), lambda: connection.request("GET", "/v1/audit"), lambda: connection.set("a", b"b")):
            answer = ask()
            expect((answer.status, answer.code) == (423, "vault.locked"), answer)
    with house.connect() as connection:
        run = connection.run(["true"], ["api/key"]).wait()
        expect(run.code == "vault.locked", run)
    with house.person() as person:
        items = person.request("GET", "/v1/audit").json["items"]
        came = [item for item in items if item["details"].get("recorded") == "while locked"]
        expect(sum(item.get("repeated") or 1 for item in came) >= 7, f"{came}")


@attack("locked", "password.lock-race", "stopped", "runs that race with the lock end with it or never begin")
def lock_race(context):
    house = context.fresh().init()
    furnish(house)
    for round in range(3):
        people = [house.person() for _ in range(4)]
        runs = []
        from threading import Thread

        def begin(person):
            try:
                run = person.run(["sleep", "1000"], ["api/key"])
                runs.append(run)
                run.wait()
            except (OSError, ValueError):
                pass

        threads = [Thread(target=begin, args=(person,), daemon=True) for person in people]
        for thread in threads:
            thread.start()
            if thread is threads[len(threads) // 2]:
                time.sleep(0.01 * round)
        house.lock()
        wait_until(lambda: not sleepers(house), "no run goes on after lock")
        expect(house.status["runs"] == [], house.status)
        for person in people:
            try:
                person.socket.shutdown(2)
            except OSError:
                pass


def sleepers(house):
    return [process for name, processes in house.helpers().items() if "sleep" in name or "runner" in name for process in processes]


@attack("locked", "password.grace", "stopped", "grace and lease end with the lock; a grace is of one terminal")
def grace(context):
    house = context.fresh().init()
    furnish(house)
    asks = lambda: b"asks for the password again" in house.tacit("get", "api/key").err
    # A grace spares the commands of its terminal the question; a program that asks by itself has none.
    expect(asks(), "a reveal without grace")
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        expect(connection.step_up(PASSWORD, grace=True).status == 200, "step-up")
    with house.connect(headers={"Tacit-Source": "cli"}) as connection:
        expect(connection.reveal("api/key").status in (403, 404), "a program of its own under the grace of its terminal")
    expect(house.tacit("get", "api/key").out == VALUE.encode(), "the grace of this terminal")
    expect(b"asks for the password again" in house.tacit("agent", "add", "other").err, "a grace for reveals opened more")
    expect(elsewhere(lambda: house.tacit("get", "api/key").returncode) in (3, 4), "the grace of another terminal")
    house.lock()
    house.unlock()
    expect(asks(), "a grace outlived the lock")


@attack("locked", "password.visitor", "stopped", "a password given with one command opens the vault for that command alone")
def visitor(context):
    house = context.fresh().init()
    furnish(house)
    house.lock()
    connection = elsewhere(lambda: visit(house))
    expect(connection == ["unidentified", 200], connection)
    wait_until(lambda: house.status["state"] == "locked", "the vault is locked when the visitor has gone")


def visit(house):
    with house.person() as person:
        other = house.connect(headers={"Tacit-Source": "cli"})
        kind = other.request("GET", "/v1/status").json["actor"]["kind"]
        return [kind, person.reveal("api/key").status]
