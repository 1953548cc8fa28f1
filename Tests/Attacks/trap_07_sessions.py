"""An agent against the sessions, acknowledgements and session files of another, and against where those files lie."""

import contextlib
import json
import os
import pathlib
import signal
import stat
import subprocess
import threading

from api import secret_path
from attack import attack, clean, expect
from house import canary, is_alive, wait_until

VALUE = canary()
WHY = {"scope": "default/dev", "purpose": "attack"}
POLICY = {
    "name": "all", "agent_id": "*", "environments": ["default/dev"], "allowed_keys": ["api/*"], "capabilities": ["masked_return", "file_inject"],
    "unsandboxed": "allow",
}
RULES = [
    {"name": "awake", "kind": "require_session", "tags": ["live"]}, {"name": "careful", "kind": "require_confirmation", "by": "agent", "tags": ["careful"]},
]


def furnish(house):
    with house.person() as person:
        for name, tag in (("api/key", "live"), ("api/careful", "careful"), ("api/free", "free"), ("hidden/key", "live")):
            expect(person.set(name, VALUE.encode()).status == 201, name)
            expect(person.json("PATCH", secret_path(name), {"add_tags": [tag]}).status == 200, name)
        document = json.dumps({"policies": [POLICY], "tag_rules": RULES})
        expect(person.json("PUT", "/v1/policy", {"document": document}).status == 200, "policy")
        house.badges = {}
        for name in ("claude", "thief"):
            house.badges[name] = person.json("POST", "/v1/agents", {"name": name}).json["badge"]


def agent(house, name="claude"):
    return house.connect(headers={"Tacit-Agent-Badge": house.badges[name], "Tacit-Source": "mcp"})


def masked(connection, name="api/key"):
    answer = connection.request("GET", secret_path(name) + "/masked")
    return answer.code if answer.status != 200 else None


def inject(connection, name="api/free", **more):
    answer = connection.json("POST", "/v1/sessions/files", {"secrets": [{"reference": name}], "content": "values", **WHY, **more})
    expect(answer.status == 201, answer)
    return answer.json


@attack("trap 7", "session.foreign", "stopped", "another agent neither uses nor sees nor ends a session, and wakes none in another's name")
def foreign_session(context):
    house = context.house(furnish)
    with agent(house) as claude, agent(house, "thief") as thief, house.connect(headers={"Tacit-Source": "mcp"}) as nobody:
        woken = claude.json("POST", "/v1/sessions", {"covers": ["api/key"], **WHY}).json
        expect(masked(claude) is None, "the session covers what it says")
        for connection in (thief, nobody):
            expect(masked(connection) in ("session_required", "secret.not-found"), "a session of another was used")
            expect(connection.request("GET", "/v1/sessions").json.get("items") == [], "a session of another was seen")
            for wish in ({}, {"ids": [woken["id"]]}, {"what": "all", "ids": [woken["id"]]}):
                expect(connection.json("POST", "/v1/sessions/sleep", wish).json == {"files": 0, "sessions": 0, "tokens": 0}, "a session of another was ended")
            for path, wish in (("/v1/sessions", {"covers": ["api/key"], **WHY}), ("/v1/sessions/sleep", {})):
                expect(connection.json("POST", path, {**wish, "agent": "claude"}).status in (403, 404), "an agent spoke for another")
        expect(masked(claude) is None, "the session is awake")
        # A badge that is sent twice, or beside another's, is no badge.
        with house.connect(headers={"Tacit-Agent-Badge": f"{house.badges['claude']}, {house.badges['thief']}"}) as both:
            expect(both.request("GET", "/v1/sessions").status == 403, "two badges were one")
        claude.json("POST", "/v1/sessions/sleep", {})
        expect(masked(claude) == "session_required", "it sleeps")


@attack("trap 7", "session.no-badge", "stopped", "a program without a badge has no session of another one's, however alike they are")
def nobody_is_somebody(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as person:
        document = json.dumps({"policies": [{**POLICY, "agent_id": "unidentified"}], "tag_rules": RULES})
        expect(person.json("PUT", "/v1/policy", {"document": document}).status == 200, "policy")
    from house import elsewhere

    def wake():
        with house.connect(headers={"Tacit-Source": "mcp"}) as one, house.connect(headers={"Tacit-Source": "mcp"}) as two:
            woken = one.json("POST", "/v1/sessions", {"covers": ["api/key"], **WHY})
            return [woken.status, masked(one), masked(two)]

    def use():
        with house.connect(headers={"Tacit-Source": "mcp"}) as connection:
            return masked(connection)

    expect(elsewhere(wake) == [201, None, None], "a process has its own session on each of its connections")
    expect(elsewhere(use) == "session_required", "another process had it")


@attack("trap 7", "session.acknowledgement", "stopped", "an acknowledgement is one agent's, for one secret, and opens no rule of another kind")
def foreign_acknowledgement(context):
    house = context.house(furnish)
    with agent(house) as claude, agent(house, "thief") as thief:
        wish = {"name": "api/careful", "rule": "careful", **WHY}
        expect(claude.json("POST", "/v1/rules/acknowledgements", wish).status == 201, "acknowledged")
        expect(masked(claude, "api/careful") is None, "it is good")
        expect(masked(thief, "api/careful") == "acknowledgement_required", "another agent had it")
        for name, rule in (("api/key", "awake"), ("api/key", "careful"), ("hidden/key", "awake"), ("absent", "awake")):
            expect(claude.json("POST", "/v1/rules/acknowledgements", {**wish, "name": name, "rule": rule}).status in (403, 404, 422), f"{name} {rule}")
        expect(masked(claude) == "session_required", "an acknowledgement is no session")


@attack("trap 1", "session.hidden", "stopped", "sessions, rules and files answer a hidden name exactly as one that does not exist")
def hidden_names(context):
    house = context.house(furnish)
    with agent(house) as claude:
        for ask in (
            lambda name: claude.json("POST", "/v1/sessions", {"covers": [name], **WHY}),
            lambda name: claude.json("POST", "/v1/sessions", {"covers": ["api/key", name], **WHY}),
            lambda name: claude.request("GET", f"/v1/rules?scope=default%2Fdev&name={name.replace('/', '%2F')}"),
            lambda name: claude.json("POST", "/v1/rules/acknowledgements", {"name": name, "rule": "awake", **WHY}),
            lambda name: claude.json("POST", "/v1/sessions/files", {"secrets": [{"reference": name}], **WHY}),
            lambda name: claude.json("POST", "/v1/sessions/files", {"secrets": [{"reference": name}], "content": "values", **WHY}),
        ):
            hidden, absent = ask("hidden/key"), ask("hidden/nil")
            expect(hidden.status == absent.status == 404 and hidden.body == absent.body, (hidden, absent))
        rules = claude.request("GET", "/v1/rules?scope=default%2Fdev").json["items"]
        expect([rule["rule"] for rule in rules] == ["awake", "careful"], rules)


@attack("trap 8", "session.reveal", "stopped", "a value for an agent takes a person's approval, whatever the policy says, and never goes through a tool", rarely=True)
def reveal(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as person:
        document = json.dumps({"policies": [{**POLICY, "capabilities": ["reveal"]}]})
        expect(person.json("PUT", "/v1/policy", {"document": document}).status == 200, "policy")
    for source, codes in (("api", ("approval_required",)), ("mcp", ("not_permitted",))):
        with house.connect(headers={"Tacit-Agent-Badge": house.badges["claude"], "Tacit-Source": source}) as claude:
            for name, code in (("api/free", codes), ("hidden/key", ("secret.not-found", "not_permitted")), ("hidden/nil", ("secret.not-found", "not_permitted"))):
                answer = claude.json("POST", secret_path(name) + "/reveal", {"purpose": "attack"})
                expect(answer.code in code, answer)
                clean(answer.body, VALUE)
            expect(claude.request("GET", secret_path("api/free") + "/value").status == 403, "the person's way")
    with house.connect(headers={"Tacit-Agent-Badge": house.badges["thief"], "Tacit-Source": "api"}) as thief:
        codes = [thief.json("POST", secret_path("hidden/key") + "/reveal", {"purpose": "attack"}).code for _ in range(12)]
        expect(codes[-1] == "reveal.too-often" and codes[0] != codes[-1], codes)


@attack("trap 7", "session.file", "stopped", "a session file is its user's alone and in no place of the agent's choice; another agent does not remove it", left="no session files")
def file(context):
    house = context.house(furnish)
    with agent(house) as claude, agent(house, "thief") as thief:
        made = inject(claude)
        path = pathlib.Path(made["path"])
        with house.as_owner():
            facts = path.lstat()
            expect(stat.S_ISREG(facts.st_mode) and stat.S_IMODE(facts.st_mode) == 0o600, oct(facts.st_mode))
            expect(stat.S_IMODE(path.parent.stat().st_mode) == 0o700, "the directory")
            expect(VALUE in path.read_text(), "the value is there")
        expect(path.parent.parent == house.root / "run" / "tacit", path)
        expect(thief.json("POST", "/v1/sessions/sleep", {"ids": [made["id"]]}).json["files"] == 0, "another agent removed it")
        for more in ({"path": "/tmp/x"}, {"id": "../x"}, {"directory": "/tmp"}):
            expect(claude.json("POST", "/v1/sessions/files", {"secrets": [{"reference": "api/free"}], **WHY, **more}).status == 400, more)
        for variable in ("LD_PRELOAD", "PATH", "A=B", "A\nB", "../x", ""):
            wish = {"secrets": [{"reference": "api/free", "variable": variable}], "content": "values", **WHY}
            expect(claude.json("POST", "/v1/sessions/files", wish).status == 422, variable)
        expect(claude.json("POST", "/v1/sessions/sleep", {}).json["files"] == 1, "its agent removes it")
        expect(not path.exists(), "it is gone")


@attack("trap 7", "session.file-token", "stopped", "where requests with a secret are listed, no session file holds its value, whatever stands beside it in the file", left="no session files")
def tokens(context):
    def listed(house):
        furnish(house)
        with house.person() as person:
            policy = {**POLICY, "capabilities": ["masked_return", "file_inject", "broker"]}
            rule = {"name": "api", "agent_id": "claude", "keys": ["api/key"], "hosts": ["api.example.com"], "paths": ["/**"]}
            document = json.dumps({"policies": [policy], "request_rules": [rule]})
            expect(person.json("PUT", "/v1/policy", {"document": document}).status == 200, "policy")

    house = context.house(listed)
    with agent(house) as claude:
        made = inject(claude, "api/key")
        expect(made["content"] == "tokens", made)
        for more in ({}, {"format": "json"}, {"reads": 1}):
            path = inject(claude, "api/key", **more)["path"]
            with house.as_owner():
                expect(VALUE.encode() not in pathlib.Path(path).read_bytes(), "a value was written")
        both = {"secrets": [{"reference": "api/key"}, {"reference": "api/free"}], "content": "values", **WHY}
        expect(claude.json("POST", "/v1/sessions/files", both).status == 422, "a value beside a token")
        for reference in ("api/key?version=1", "api/key#value?version=1", "tacit://default/dev/api/key?version=1"):
            wish = {"secrets": [{"reference": reference}], "content": "values", **WHY}
            expect(claude.json("POST", "/v1/sessions/files", wish).status == 422, reference)
        # Another agent, about which no such rule is, has its own right to the value.
        with agent(house, "thief") as thief:
            expect(inject(thief, "api/key")["content"] == "values", "another agent")
        token = json.loads(pathlib.Path(inject(claude, "api/key", format="json")["path"]).read_text())["API_KEY"]
        expect(token not in ("", VALUE), token)


@attack("trap 7", "session.link", "stopped", "a link that is put in the place of the files' directory leads nowhere, and a keeper does not start on one", left="no session files")
def links(context):
    house = context.fresh().init()
    furnish(house)
    with house.as_owner():
        [directory] = (house.root / "run" / "tacit").glob("files-*")
        moved, bait = house.root / "work" / "moved", house.root / "work" / "bait"
        bait.mkdir(mode=0o700)
        directory.rename(moved)
        directory.symlink_to(bait)
    with agent(house) as claude:
        made = inject(claude)
        with house.as_owner():
            expect(list(bait.iterdir()) == [], "a value went through the link")
            expect([path.name for path in moved.iterdir()] == [pathlib.Path(made["path"]).name], "it lies in the directory that was opened")
    house.kill_keeper()
    started = house.tacit("status")
    expect(started.returncode != 0, "a keeper started on a link")
    with house.as_owner():
        expect(list(bait.iterdir()) == [], "a file was made through the link")
        directory.unlink()


@attack("trap 7", "session.race", "stopped", "hard links beside a file and in its place, put there while it comes and goes, keep no value and cost nobody a file of theirs", left="no session files")
def race(context):
    house = context.fresh().init()
    furnish(house)
    [directory] = (house.root / "run" / "tacit").glob("files-*")
    stash, theirs = house.root / "work" / "stash", house.root / "work" / "theirs"
    stash.mkdir()
    theirs.write_text("of the person's own")
    seen, is_over = {"linked": 0, "held": 0, "swapped": 0}, threading.Event()

    def link():
        """Gives a file another name as soon as it is there."""
        while not is_over.is_set():
            for path in directory.iterdir():
                with contextlib.suppress(OSError):
                    os.link(path, stash / path.name, follow_symlinks=False)
                    seen["linked"] += 1
                    seen["held"] += VALUE in (stash / path.name).read_text()

    def swap():
        """Puts the person's own file in the place of every other one."""
        while not is_over.is_set():
            for path in list(directory.iterdir())[::2]:
                with contextlib.suppress(OSError):
                    if path.stat().st_ino != theirs.stat().st_ino:
                        os.link(theirs, stash / "next")
                        os.rename(stash / "next", path)
                        seen["swapped"] += 1

    with agent(house) as claude:
        for attempt in (link, swap):
            racer = threading.Thread(target=attempt)
            racer.start()
            for _ in range(150):
                inject(claude)
                claude.json("POST", "/v1/sessions/sleep", {})
            is_over.set()
            racer.join(60)
            is_over.clear()
    expect(min(seen.values()) > 0, f"no race was won, which proves nothing: {seen}")
    for path in (*stash.iterdir(), *directory.iterdir()):
        clean(path.read_bytes(), VALUE)
    expect(theirs.read_text() == "of the person's own", "a file of the person's was overwritten")


@attack("trap 7", "session.pipe", "stopped", "what a pipe offers once is never had twice, however its readers race", left="no session files")
def pipe(context):
    house = context.house(furnish)
    with agent(house) as claude:
        for _ in range(20):
            path = inject(claude, reads=1)["path"]
            got = []

            def read():
                try:
                    with house_open(path) as stream:
                        got.append(stream.read())
                except FileNotFoundError:
                    got.append(b"")

            readers = [threading.Thread(target=read) for _ in range(2)]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join(60)
            whole = [text for text in got if VALUE.encode() in text]
            expect(len(whole) <= 1 and not os.path.exists(path), got)
        # One that nobody reads is taken away, and whoever waits for it gets nothing.
        path = inject(claude, reads=1)["path"]
        claude.json("POST", "/v1/sessions/sleep", {})
        expect(not os.path.exists(path), "it is gone")


def house_open(path):
    return open(path, "rb")


@attack("trap 7", "session.first-reader", "possible", "a session file, and a pipe that is read once, are read by another program of their user before the one that they were made for", why="same user", left="no session files")
def first_reader(context):
    with agent(context.house(furnish)) as claude:
        for more in ({}, {"reads": 1}):
            done = subprocess.run(["cat", inject(claude, **more)["path"]], capture_output=True, timeout=60)
            expect(VALUE.encode() in done.stdout, f"{more}: {done}")


@attack("trap 9", "session.crash", "stopped", "a killed keeper's files are gone once another has started, and a lock leaves none", left="no session files")
def crash(context):
    house = context.fresh().init()
    furnish(house)
    with agent(house) as claude:
        path = pathlib.Path(inject(claude)["path"])
    keeper = house.keeper
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: not is_alive(keeper), "the keeper is gone")
    expect(path.exists(), "nobody was there to remove it")
    house.tacit("status", password=house.password)
    expect(not path.exists(), "the next keeper removes it")
    house.unlock()
    with agent(house) as claude:
        path = pathlib.Path(inject(claude)["path"])
        fifo = pathlib.Path(inject(claude, reads=5)["path"])
        house.lock()
        expect(not path.exists() and not fifo.exists(), "a lock leaves a file")
        expect(masked(claude) is not None, "the vault is locked")
    with house.as_owner():
        for file in house.files():
            clean(file.read_bytes(), VALUE)
