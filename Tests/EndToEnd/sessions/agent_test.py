"""What an agent's host sees of sessions, rules and session files: `agent_test.py PATH-TO-TACIT`, under the client that this Python has."""

import asyncio
import contextlib
import json
import os
import pathlib
import signal
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "mcp"))
import sdk
from person import Person

PROGRAM = sys.argv[1]
VALUE = "CANARY-" + os.urandom(16).hex() + ' with "quotes" and $dollars'
WHY = {"purpose": "a test of sessions"}
POLICY = """\
policies:
  - name: claude
    agent_id: claude
    allowed_keys: ["app/*"]
    capabilities: [masked_return, env_inject, file_inject]
    unsandboxed: allow
  - name: other
    agent_id: other
    allowed_keys: ["app/*"]
    capabilities: [masked_return]
tag_rules:
  - {name: awake, kind: require_session, tags: [live]}
  - {name: careful, kind: require_confirmation, by: agent, tags: [careful]}
"""
READ_KEY = ["python3", "-c", "import os; print(len(os.environ['APP_KEY']), os.environ['APP_KEY'])"]


class Host:
    """An agent's host: its client, and everything that the agent got to read."""

    def __init__(self, client):
        self.client = client
        self.read = ""

    async def call(self, tool, code=None, **arguments):
        result = await self.client.call(tool, arguments)
        text = result["content"][0]["text"]
        self.read += text
        answer = json.loads(text)
        if code:
            assert result["isError"] and answer["error"]["code"] == code, (tool, answer)
            return answer["error"]
        assert not result.get("isError"), (tool, answer)
        return answer


@contextlib.asynccontextmanager
async def host(person, agent):
    async with sdk.connect([PROGRAM, "mcp", "--agent", agent], env=person.environment, cwd=str(person.home)) as client:
        yield Host(client)


def run_key():
    return {"argv": READ_KEY, "secrets": [{"name": "app/key"}], **WHY}


async def sessions(person, claude, other):
    """A session is woken, used, seen and ended by its agent and by nobody else."""
    listed = (await claude.call("secret_list"))["secrets"]
    assert [(item["name"], item["requires"]) for item in listed] == [("app/careful", ["acknowledgement"]), ("app/key", ["session"])], listed
    assert listed[1]["usable_with"] == ["secret_get_masked", "secret_run", "secret_inject"]
    assert "session_wake" in (await claude.call("secret_run", "session_required", **run_key()))["next_step"]
    rules = (await claude.call("rule_list", secret_name="app/key"))["rules"]
    assert [(rule["rule_id"], rule["met"], rule["meet_by"], rule["strength"]) for rule in rules] == [("awake", False, "session_wake", "ceremony")], rules
    hidden = await claude.call("session_wake", "not_found", covers=["hidden/key"], **WHY)
    assert hidden == await claude.call("session_wake", "not_found", covers=["absent/key"], **WHY)
    woken = await claude.call("session_wake", covers=["app/key"], ttl_seconds=120, **WHY)
    assert woken["covers"] == ["app/key"] and woken["audit_id"].isdigit()
    ran = await claude.call("secret_run", **run_key())
    assert ran["exit_code"] == 0 and ran["stdout"].startswith(f"{len(VALUE)} [REDACTED:app/key]"), ran
    assert (await claude.call("secret_list"))["secrets"][1]["requires"] == []
    status = await claude.call("secret_status")
    assert status["session"]["active"] and status["agent"]["capabilities"] == ["reference_only", "masked_return", "env_inject", "file_inject"], status
    # Another agent has nothing of it.
    assert not (await other.call("secret_status"))["session"]["active"]
    await other.call("secret_get_masked", "session_required", secret_name="app/key")
    assert (await other.call("session_sleep", ids=[woken["session_id"]]))["sessions_ended"] == 0
    shown = person.tacit("session", "list").out.decode()
    assert woken["session_id"] in shown and "“a test of sessions”" in shown, shown
    assert (await claude.call("session_sleep"))["ended_session"]
    await claude.call("secret_run", "session_required", **run_key())
    # A person wakes one, and ends it.
    person.tacit("session", "wake", "claude", "tag:live", "--for", "2m", "--purpose", "the person says so")
    assert (await claude.call("secret_run", **run_key()))["exit_code"] == 0
    assert person.tacit("session", "sleep").out == b"Ended 1 session and removed 0 files.\n"
    await claude.call("secret_run", "session_required", **run_key())


async def acknowledgements(claude):
    """An acknowledgement is a ceremony, for one secret."""
    refused = await claude.call("secret_get_masked", "acknowledgement_required", secret_name="app/careful")
    rule = refused["details"]["rule_id"]
    assert rule == "careful" and "rule_acknowledge" in refused["next_step"]
    await claude.call("rule_acknowledge", "session_required", rule_id="awake", secret_name="app/key", **WHY)
    await claude.call("rule_acknowledge", "invalid_arguments", rule_id="careful", secret_name="app/key", **WHY)
    taken = await claude.call("rule_acknowledge", rule_id=rule, secret_name="app/careful", **WHY)
    assert taken["confirmed_by"] == "agent" and taken["strength"] == "ceremony"
    await claude.call("secret_get_masked", secret_name="app/careful")


async def files(person, claude, other):
    """Session files hold what they may, lie where nobody else looks, and end."""
    secrets = [{"name": "app/key"}]
    references = await claude.call("secret_inject", secrets=secrets, **WHY)
    path = pathlib.Path(references["path"])
    assert path.read_text() == 'APP_KEY="tacit://default/dev/app/key"\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    ran = person.tacit("run", "--env-file", str(path), "--", *READ_KEY)
    assert ran.out.startswith(f"{len(VALUE)} [REDACTED:app/key]".encode()), ran.out
    await claude.call("secret_inject", "session_required", secrets=secrets, content="values", **WHY)
    await other.call("secret_inject", "not_permitted", secrets=[{"name": "app/careful"}], content="values", **WHY)
    await claude.call("session_wake", covers=["app/key"], **WHY)
    values = await claude.call("secret_inject", secrets=secrets, content="values", format="json", **WHY)
    assert json.loads(pathlib.Path(values["path"]).read_text()) == {"APP_KEY": VALUE}
    shell = await claude.call("secret_inject", secrets=secrets, content="values", **WHY)
    import subprocess

    seen = subprocess.run(["sh", "-c", f'. "{shell["path"]}"; printf %s "$APP_KEY"'], capture_output=True, text=True)
    assert seen.stdout == VALUE, "a shell reads the file as it was meant"
    pipe = await claude.call("secret_inject", secrets=secrets, content="values", format="json", reads=1, **WHY)
    assert stat.S_ISFIFO(os.stat(pipe["path"]).st_mode)
    assert json.loads(await asyncio.to_thread(pathlib.Path(pipe["path"]).read_text)) == {"APP_KEY": VALUE}
    await gone(pipe["path"])
    assert (await other.call("session_sleep", ids=[values["file_id"]]))["files_removed"] == 0
    assert (await claude.call("session_sleep", what="files", ids=[values["file_id"]]))["files_removed"] == 1
    assert not os.path.exists(values["path"])
    assert (await claude.call("session_sleep"))["files_removed"] == 2
    assert person.files() == []


async def gone(path):
    while os.path.exists(path):
        await asyncio.sleep(0.01)


async def ends(person, claude):
    """A lock removes every file, and a keeper removes what a killed one left."""
    def wanted():
        return {"secrets": [{"name": "app/key"}], "content": "values", **WHY}

    await claude.call("session_wake", covers=["app/key"], **WHY)
    file = await claude.call("secret_inject", **wanted())
    person.tacit("lock")
    assert not os.path.exists(file["path"])
    person.tacit("unlock", "--for", "10m")
    # What is deleted is in no file any more.
    await claude.call("session_wake", covers=["app/key"], **WHY)
    file = await claude.call("secret_inject", **wanted())
    person.tacit("delete", "app/key")
    assert not os.path.exists(file["path"])
    person.tacit("undelete", "app/key")
    await claude.call("session_sleep")
    await claude.call("secret_inject", "session_required", **wanted())
    await claude.call("session_wake", covers=["app/key"], **WHY)
    file = await claude.call("secret_inject", **wanted())
    # A file of the user's that somebody gave one of our names, too.
    kept = person.home / "kept"
    kept.write_text("mine")
    linked = pathlib.Path(file["path"]).with_name("f" + "0" * 24 + ".env")
    os.link(kept, linked)
    with open(file["path"], "rb") as held:
        os.kill(person.keeper(), signal.SIGKILL)
        assert os.path.exists(file["path"]), "nobody is there to remove it"
        person.tacit("unlock", "--for", "10m")
        assert not os.path.exists(file["path"]) and held.read() == b"", "overwritten before it went"
    assert not linked.exists() and kept.read_text() == "mine"
    await claude.call("secret_run", "session_required", **run_key())


async def main():
    person = Person(PROGRAM)
    try:
        person.set("app/key", VALUE, "live")
        person.set("app/careful", "CANARY-" + os.urandom(16).hex(), "careful")
        person.set("hidden/key", "CANARY-" + os.urandom(16).hex(), "live")
        (person.home / "policy.yaml").write_text(POLICY)
        for agent in ("claude", "other"):
            person.tacit("agent", "add", agent)
        person.tacit("policy", "apply", "policy.yaml")
        person.tacit("unlock", "--for", "10m")
        async with host(person, "claude") as claude, host(person, "other") as other:
            await sessions(person, claude, other)
            await acknowledgements(claude)
            await files(person, claude, other)
            await ends(person, claude)
            for read in (claude.read, other.read):
                assert "CANARY" not in read, "a value reached the agent"
        for action, least in (("session.wake", 4), ("session.sleep", 3), ("rule.acknowledge", 3), ("secret.inject", 8), ("rule.list", 2), ("file.remove", 1)):
            assert len(person.log(action)) >= least, (action, person.log(action))
        verified = person.tacit("audit", "verify")
        assert b"chain intact" in verified.out, verified.out
    finally:
        person.close()


asyncio.run(main())
