"""An agent with a badge against everything that governs it."""

import json

from api import SECRETS, multipart, secret_path
from attack import attack, check, clean, expect
from house import canary

VALUE = canary()
BADGES = {}
GOVERNED = ("claude", "claude-two", "claude-three")
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
ALLOW_ALL = {
    "name": "all", "agent_id": "claude*", "environments": ["default/dev"], "allowed_keys": ["api/*"],
    "capabilities": ["reference_only", "masked_return", "env_inject"], "unsandboxed": "allow",
}


def furnish(house):
    with house.person() as person:
        for name in ("api/key", "hidden/key"):
            expect(person.set(name, VALUE.encode()).status == 201, name)
        expect(person.apply_policy(ALLOW_ALL).status == 200, "policy")
        for name in GOVERNED:
            BADGES[name] = person.json("POST", "/v1/agents", {"name": name}).json["badge"]


def agent(house, name="claude"):
    return house.connect(headers={"Tacit-Agent-Badge": BADGES[name], "Tacit-Source": "mcp"})


def form(**parts):
    return multipart([(name.replace("_", "-"), data) for name, data in parts.items()])


def governed(connection):
    """Every request by which an agent would widen its own rights or reach a value, as (name, request)."""
    slot, request = "/v1/slots/" + "0" * 32, "/v1/approvals/" + "0" * 32
    document = json.dumps({"policies": [dict(ALLOW_ALL, allowed_keys=["**"], capabilities=["reveal"])]})
    stored = multipart([("secret", json.dumps({"fields": [{"name": "value", "kind": "plain"}]}).encode()), ("field-0", b"mine")])
    imported = multipart([("import", json.dumps({"entries": [{"name": "api/key", "field": "value", "kind": "plain"}], "conflict": "overwrite",
                                                 "dry_run": False}).encode()), ("value-0", b"mine")])
    key = secret_path("api/key")
    return {
        "policy.apply": lambda: connection.json("PUT", "/v1/policy", {"document": document}),
        "policy.show": lambda: connection.request("GET", "/v1/policy"),
        "policy.explain": lambda: connection.json(
            "POST", "/v1/policy/explain", {"agent": "claude", "scope": "default/dev", "name": "hidden/key", "capability": "reveal"}),
        "agent.add": lambda: connection.json("POST", "/v1/agents", {"name": "second"}),
        "agent.list": lambda: connection.request("GET", "/v1/agents"),
        "agent.revoke": lambda: connection.request("DELETE", "/v1/agents/claude"),
        "agent.reset-output": lambda: connection.request("POST", "/v1/agents/claude/output-reset"),
        "token.issue": lambda: connection.json("POST", "/v1/tokens", {"agent": "claude", "scope": "default/dev", "secret": "api/key"}),
        "token.list": lambda: connection.request("GET", "/v1/tokens"),
        "token.revoke": lambda: connection.json("POST", "/v1/tokens/revocation", {"all": True}),
        "agents.freeze": lambda: connection.request("POST", "/v1/panic"),
        "agents.thaw": lambda: connection.request("DELETE", "/v1/panic"),
        "slot.list": lambda: connection.request("GET", "/v1/slots"),
        "slot.add": lambda: connection.request("POST", "/v1/slots/password", b"a new password"),
        "slot.replace-recovery": lambda: connection.request("POST", "/v1/slots/recovery"),
        "slot.remove": lambda: connection.request("DELETE", slot),
        "audit.read": lambda: connection.request("GET", "/v1/audit"),
        "audit.read of traffic": lambda: connection.request("GET", "/v1/traffic"),
        "audit.verify": lambda: connection.json("POST", "/v1/audit/verification", {"trusted_notes": []}),
        "audit.export": lambda: connection.request("GET", "/v1/audit/export"),
        "audit.prove": lambda: connection.json("POST", "/v1/audit/proofs", {"index": 0}),
        "audit.prune": lambda: connection.json("POST", "/v1/audit/prunings", {"before": "2100-01-01T00:00:00Z", "cut": 1}),
        "audit.checkpoint": lambda: connection.request("POST", "/v1/audit/checkpoints"),
        "audit.read of checkpoints": lambda: connection.request("GET", "/v1/audit/checkpoints"),
        "secret.reveal": lambda: connection.reveal("api/key"),
        "secret.reveal of an old version": lambda: connection.request("GET", key + "/value?version=1"),
        "secret.set": lambda: connection.request("PUT", key, *stored),
        "secret.import": lambda: connection.request("POST", SECRETS.replace("secrets", "imports"), *imported),
        "secret.export": lambda: connection.json("POST", SECRETS.replace("secrets", "exports"), {"items": [{"name": "api/key", "version": 1}]}),
        "secret.export of what there is": lambda: connection.request("GET", SECRETS.replace("secrets", "exports")),
        "secret.rename": lambda: connection.json("PATCH", key, {"name": "api/other"}),
        "secret.delete": lambda: connection.request("DELETE", key),
        "secret.undelete": lambda: connection.request("POST", key + "/undelete"),
        "secret.purge": lambda: connection.request("POST", key + "/purge"),
        "secret.rollback": lambda: connection.json("POST", key + "/rollback", {"version": 1}),
        "secret.compare": lambda: connection.json("POST", "/v1/comparisons", {"from": {"scope": "default/dev"}, "to": {"scope": "default/prod"}}),
        "backup.make": lambda: connection.request("POST", "/v1/backups", *form(password=b"a password of mine")),
        "backup.make by a grant": lambda: connection.json(
            "POST", "/v1/backups/scheduled", {"recipients": [RECIPIENT], "expires_at": 2**62, "code": "00" * 32}),
        "backup.check": lambda: connection.request("POST", "/v1/backups/checks", b"\0\0\0\1xtacit-backup"),
        "backup.drill": lambda: connection.request("POST", "/v1/backups/drills", b"\0\0\0\1xtacit-backup"),
        "backup.schedule": lambda: connection.json("POST", "/v1/backups/grants", {"recipients": [RECIPIENT]}),
        "health.check": lambda: connection.request("GET", "/v1/health"),
        "approval.list": lambda: connection.request("GET", "/v1/approvals"),
        "approval.grant": lambda: connection.json("POST", request, {"verdict": "approve", "code": "00000"}),
        "approval.grant by an authenticator": lambda: connection.json("POST", request, {"verdict": "approve", "code": "00000", "timed_code": "000000"}),
        "totp.show": lambda: connection.request("GET", "/v1/totp"),
        "totp.enroll": lambda: connection.request("POST", "/v1/totp"),
        "totp.confirm": lambda: connection.json("POST", "/v1/totp/confirmation", {"code": "000000"}),
        "totp.remove": lambda: connection.request("DELETE", "/v1/totp"),
        "rotation.begin": lambda: connection.json("POST", "/v1/rotations", {"kind": "project", "project": "default"}),
        "rotation.begin of the organization": lambda: connection.request("POST", "/v1/rotations/organization"),
        "rotation.step": lambda: connection.request("POST", "/v1/rotations/portions"),
        "rotation.show": lambda: connection.request("GET", "/v1/rotations"),
        "clock.accepted": lambda: connection.request("POST", "/v1/clock/acceptance"),
        "project.create": lambda: connection.json("POST", "/v1/projects", {"name": "mine"}),
        "project.rename": lambda: connection.json("PATCH", "/v1/projects/default", {"name": "mine"}),
        "project.delete": lambda: connection.request("DELETE", "/v1/projects/default"),
        "environment.create": lambda: connection.json("POST", "/v1/projects/default/environments", {"name": "mine"}),
        "environment.rename": lambda: connection.json("PATCH", "/v1/projects/default/environments/dev", {"name": "mine"}),
        "environment.delete": lambda: connection.request("DELETE", "/v1/projects/default/environments/dev"),
        "environment.history": lambda: connection.request("GET", "/v1/projects/default/environments/dev/history"),
        "environment.copy": lambda: connection.json("POST", "/v1/copies", {"from": "default/prod", "to": "default/dev"}),
        "environment.restore": lambda: connection.json("POST", "/v1/copies", {"from": "default/dev", "to": "default/dev", "as_of": "2026-01-01T00:00:00Z"}),
        "run.all": lambda: run_all(connection),
    }


def run_all(connection):
    run = connection.run(["true"], all=True).wait()
    expect(run.problem is not None, f"a run of every secret began: {run}")
    return run.problem


@attack("trap 7", "govern.routes", "stopped", "an agent with a badge is refused by every route that governs it, and each refusal is in the log")
def governed_routes(context):
    house = context.house(furnish)
    # By three agents in turn: of one, only so many different denials a minute are written one by one.
    for part, badge in enumerate(GOVERNED):
        with agent(house, badge) as connection:
            acts = governed(connection)
            for name, ask in list(acts.items())[part::len(GOVERNED)]:
                answer = ask()
                expect(answer.status in (403, 404, 409), f"{name} was answered with {answer}")
                clean(answer.body, VALUE)
    with house.person() as person:
        items = person.request("GET", "/v1/audit?limit=1000").json["items"]
        denied = {item["action"] for item in items if item["decision"] == "deny" and item["actor"].startswith("agent claude")}
        missing = {name.split(" ")[0] for name in acts if name != "run.all"} - denied
        expect(not missing, f"no entry says that {sorted(missing)} were denied; there are {sorted(denied)}")
        expect(person.reveal("api/key").body == VALUE.encode(), "the value was changed")
        expect(json.loads(person.request("GET", "/v1/policy").json["document"])["policies"][0]["allowed_keys"] == ["api/*"], "the policy changed")


@check("trap 7", "the list of attacked routes is as long as the server's list of routes")
def no_route_is_forgotten(context):
    # The others are open to agents or take a password of their own; a new route makes this fail until somebody decides where it belongs.
    with agent(context.house(furnish)) as connection:
        attacked = len(governed(connection)) - len(["an old version", "run.all", "by an authenticator", "environment.restore"])
    open_to_agents = ["status", "doctor", "list", "show", "history", "masked", "exists", "runs", "projects", "environments", "lock"]
    # What an agent does for itself, in trap_07_sessions.py: sessions (list, wake, sleep), files, rules, acknowledgements, and a value with an approval.
    open_to_agents += ["sessions", "wake", "sleep", "files", "rules", "acknowledgements", "reveal"]
    # A request through the broker, in broker_door.py.
    open_to_agents += ["requests", "agent-tokens"]
    # What an agent asks a person for, in approvals.py: a request, and what became of it.
    open_to_agents += ["access-request", "access-check"]
    with_password = ["create", "restore", "unlock", "recovery", "step-up", "password", "rotation", "rollback-acceptance"]
    expect(context.routes == attacked + len(open_to_agents) + len(with_password), f"{context.routes} routes, {attacked} of them attacked here")


@attack("trap 7", "govern.password", "stopped", "password, recovery and rotation routes give an agent nothing without the person's password")
def password_routes(context):
    # On a vault of its own: so many wrong passwords make everybody wait.
    house = context.fresh().init()
    with house.person() as person:
        badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]
    with house.connect(headers={"Tacit-Agent-Badge": badge, "Tacit-Source": "mcp"}) as connection:
        for path in ("/v1/unlock", "/v1/step-up", "/v1/rollback/acceptance"):
            answer = connection.request("POST", path, b"a wrong password")
            expect(answer.status == 401, f"{path}: {answer}")
        answer = connection.request("POST", "/v1/vault", b"a vault of my own")
        expect(answer.status == 409, f"a second vault: {answer}")
        expect(connection.request("GET", "/v1/policy").status == 403, "a failed password gave a badge the standing of a person")
    house = context.fresh().init()
    with house.person() as person:
        badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]
    with house.connect(headers={"Tacit-Agent-Badge": badge, "Tacit-Source": "mcp"}) as connection:
        answer = connection.request("POST", "/v1/rotations/root", b"a wrong password")
        expect(answer.status == 401, f"rotation: {answer}")
        answer = connection.request("POST", "/v1/password", *form(current=b"a wrong password", new=b"my own password"))
        expect(answer.status == 401, f"password: {answer}")
        answer = connection.request("POST", "/v1/recovery", *form(recovery_key=b"wrong", password=b"my own password"))
        expect(answer.status in (400, 401), f"recovery: {answer}")


@attack("trap 7", "govern.hidden", "stopped", "a name that an agent may not list is answered exactly as one that does not exist")
def absent_and_hidden(context):
    house = context.house(furnish)
    with agent(house) as connection:
        for suffix in ("", "/masked", "/value", "/versions"):
            hidden = connection.request("GET", secret_path("hidden/key") + suffix)
            absent = connection.request("GET", secret_path("hidden/kex") + suffix)
            expect((hidden.status, hidden.body) == (absent.status, absent.body), f"{suffix}: {hidden} and {absent}")
        runs = [connection_run(house, name) for name in ("hidden/key", "hidden/kex")]
        expect(runs[0] == runs[1], f"{runs[0]} and {runs[1]}")
        answer = connection.json("POST", "/v1/exists", {"scope": "default/dev", "names": ["hidden/key", "hidden/kex", "api/key"]})
        known = {item["name"]: item["exists"] for item in answer.json["items"]}
        expect(known == {"hidden/key": False, "hidden/kex": False, "api/key": True}, answer)
        listed = connection.request("GET", SECRETS).json["items"]
        expect([item["name"] for item in listed] == ["api/key"], listed)


def connection_run(house, name):
    with agent(house) as connection:
        answer = connection.run(["true"], [name]).wait().problem
        return (answer.status, answer.body) if answer else "it ran"


@attack("trap 7", "govern.badge", "stopped", "a revoked badge, a guessed one and a cut one open nothing")
def badges(context):
    house = context.house(furnish)
    with house.person() as person:
        badge = person.json("POST", "/v1/agents", {"name": "shortlived"}).json["badge"]
        with house.connect(headers={"Tacit-Agent-Badge": badge}) as connection:
            expect(connection.request("GET", "/v1/status").json["actor"]["name"] == "shortlived", "the badge is not known")
            expect(person.request("DELETE", "/v1/agents/shortlived").status == 204, "revoking")
            expect(connection.request("GET", "/v1/status").status == 403, "a revoked badge is served on an open connection")
    for wrong in (badge, BADGES["claude"][:-1], BADGES["claude"] + "0", BADGES["claude"].swapcase(), "claude", "*"):
        with house.connect(headers={"Tacit-Agent-Badge": wrong}) as connection:
            answer = connection.request("GET", SECRETS)
            expect(answer.status == 403, f"the badge {wrong!r} was answered with {answer}")
