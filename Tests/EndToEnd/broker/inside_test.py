"""Whole agents ask the keeper from within their sandbox, where the socket is their badge. `inside_test.py PATH-TO-TACIT`."""

import json
import os
import pathlib
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "sessions"), str(here.parent / "mcp")]
from broker_test import PROGRAM
from confined_test import Confined


def needed():
    """What a sandbox has to show so that this build and this Python run in it: they may lie outside of the system."""
    linked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    places = {os.path.dirname(line.split(" => ")[1].split(" (")[0]) for line in linked.splitlines() if " => /" in line}
    places |= {os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix), str(here.parent)}
    return [word for place in sorted(places) if not place.startswith(("/usr", "/lib")) for word in ("--read", place)]


def commands_ask_as_the_agent(scene):
    """Without a badge, and as nobody else; no password makes it a person's."""
    printed = scene.agent('stat -c "%a %F" /run/tacit/keeper.sock; tacit list; tacit status --json; echo "$PATH"', *needed())
    first, rest = printed.split("\n", 1)
    assert first == "600 socket" and "app/key" in rest and rest.endswith(":/run/tacit/bin\n"), printed
    actor = json.loads(rest[rest.index("{"):rest.rindex("}") + 1])["actor"]
    assert (actor["kind"], actor["name"]) == ("agent", "claude"), actor
    for words in ["get app/key", "unlock", "lock", "slot list", "run -k app/key -- true", "agent list", "panic"]:
        printed = scene.agent(f"echo CANARY-guess | tacit {words} --password-fd 0 2>&1" if words != "panic" else "tacit panic 2>&1", *needed(), code=None)
        assert "not to be had from within a whole agent's sandbox" in printed, (words, printed)
    assert b"unlocked" in scene.person.tacit("status").out
    printed = scene.agent("tacit doctor; tacit keeper 2>&1; tacit list", *needed())
    assert "this is a whole agent's sandbox" in printed and "whose keeper is outside" in printed and "app/key" in printed, printed


TOOLS = '''
import asyncio, json, os, subprocess, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import sdk

WHY = {"purpose": "a test from within"}
URL = sys.argv[2]

async def main(mode):
    told = {"version": None, "tools": None}
    async with sdk.connect(["tacit", "mcp", *sys.argv[3:]], mode) as client:
        told["version"], told["tools"] = client.protocol_version, [tool["name"] for tool in await client.tools()]

        async def call(key, name, arguments):
            result = await client.call(name, arguments)
            told[key] = json.loads(result["content"][0]["text"])
            return told[key]

        await call("status", "secret_status", {})
        await call("list", "secret_list", {})
        await call("exists", "secret_exists", {"names": ["app/key", "absent"]})
        await call("masked", "secret_get_masked", {"secret_name": "app/key"})
        await call("request", "secret_request", {"secret_name": "app/key", "url": URL + "/v1/echo", **WHY})
        await call("elsewhere", "secret_request", {"secret_name": "app/key", "url": URL + "/admin", **WHY})
        await call("rules", "rule_list", {})
        await call("wake", "session_wake", {"covers": ["app/key"], **WHY})
        asked = await call("access", "access_request", {"names": ["app/other"], "reason": "a test from within"})
        await call("check", "access_check", {"request_id": asked["request_id"], "wait_seconds": 0})
        await call("run", "secret_run", {"argv": ["true"], "cwd": os.getcwd(), "secrets": [{"name": "app/key"}], **WHY})
        await call("inject", "secret_inject", {"secrets": [{"name": "app/key"}], **WHY})
        await call("token", "secret_token", {"secret_name": "app/key", **WHY})
        await call("sleep", "session_sleep", {})
        await call("again", "secret_request", {"secret_name": "app/key", "url": URL + "/v1/echo", **WHY})
    # Its own way out stayed.
    told["curl"] = subprocess.run(
        ["curl", "-sS", "-H", "Authorization: Bearer " + os.environ["TOKEN"], URL + "/v1/echo"], capture_output=True, text=True).stdout
    return told

print(json.dumps([asyncio.run(main(mode)) for mode in sdk.MODES]))
'''


def tools_work_inside(scene):
    """The tools of `tacit mcp`, by the SDK that hosts are built on, which hands its servers hardly a variable; named or not, it is this agent."""
    (scene.person.directory / "tools.py").write_text(TOOLS)
    for name in [[], ["--agent", "claude"], ["--agent", "other"]]:
        words = [sys.executable, "tools.py", str(here.parent / "mcp"), scene.url, *name]
        for told in json.loads(scene.agent(shlex.join(words), *needed())):
            assert {"secret_list", "secret_request", "session_sleep"} <= set(told["tools"]) and told["version"], told
            assert told["status"]["agent"]["id"] == "claude" and "broker" in told["status"]["agent"]["capabilities"], told
            assert [secret["name"] for secret in told["list"]["secrets"]] == ["app/key"], told
            assert told["masked"]["masked"].startswith("********"), told
            for key in ["request", "again"]:
                assert told[key]["status"] == 200 and "[REDACTED:app/key]" in told[key]["body"], told[key]
            assert told["elsewhere"]["error"]["code"] == "destination_not_allowed", told
            assert told["wake"]["session_id"] and told["check"]["status"] == "pending", told
            for key in ["run", "inject", "token"]:
                assert told[key]["error"]["code"] == "unavailable" and "secret_request" in told[key]["error"]["next_step"], told[key]
            assert told["sleep"]["ended_session"] is True and told["curl"].startswith("Bearer ghp_"), told
        assert {path for _, path, _, _ in scene.taken()} == {"/v1/echo"}
    assert any("[sandbox]" in json.dumps(entry) for entry in scene.person.log("request")), scene.person.log("request")[:2]


def revoked_it_ends(scene):
    """An agent that asks from within is stopped when it is revoked."""
    process = scene.person.start("run", "--sandbox", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", *needed(), "--", "sh", "-c", "tacit list; cat", stdin=subprocess.PIPE)
    while "app/key" not in process.stdout.readline().decode():
        assert process.poll() is None, process.stderr.read()
    scene.person.tacit("agent", "revoke", "claude")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 125 and b"stopped" in told, (process.returncode, told)
    scene.person.tacit("agent", "add", "claude")


if __name__ == "__main__":
    Confined.play(commands_ask_as_the_agent, tools_work_inside, revoked_it_ends)
