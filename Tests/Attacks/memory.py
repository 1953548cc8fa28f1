"""The canary hunt in memory: keeper, spawner, runner, MCP process, command line; while they work, after use, and after lock."""

import json
import os
import pathlib
import subprocess
import time

import hunt
from api import Relay, multipart
from attack import attack, clean, detail, expect
from house import PASSWORD, canary, children, wait_until

NEEDS_ROOT = True
VALUES = {f"value{i}": canary(f"v{i}") for i in range(4)}
BADGE = []


def furnish(house):
    with house.person() as person:
        for i, value in enumerate(VALUES.values()):
            expect(person.set(f"api/key{i}", value.encode()).status == 201, "set")
        policy = {"name": "all", "agent_id": "*", "allowed_keys": ["**"], "capabilities": ["reference_only", "masked_return", "env_inject"], "unsandboxed": "allow"}
        expect(person.apply_policy(policy).status == 200, "policy")
        BADGE.append(person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"])


def use(house):
    """A bit of everything: set, reveal, mask, run, import, export-like reveals, wrong and right passwords, a new recovery key."""
    with house.person() as person:
        for _ in range(5):
            for i, value in enumerate(VALUES.values()):
                expect(person.reveal(f"api/key{i}").body == value.encode(), "reveal")
                person.masked(f"api/key{i}")
        wish = json.dumps({"entries": [{"name": f"im/{i}", "field": "value", "kind": "secret"} for i in range(4)], "conflict": "overwrite", "dry_run": False})
        form = multipart([("import", wish.encode())] + [(f"value-{i}", value.encode()) for i, value in enumerate(VALUES.values())])
        expect(person.request("POST", "/v1/projects/default/environments/dev/imports", *form).status == 200, "import")
        recovery = person.request("POST", "/v1/slots/recovery")
        expect(recovery.status == 200, recovery)
    with house.person() as person:
        run = person.run(["sh", "-c", "echo $API_KEY0; cat; exit 3"], ["api/key0", {"reference": "api/key1", "stdin": True}]).wait()
        expect(run.exit == ("exited", 3), f"{run}")
        clean(run.output, *VALUES.values())
    return recovery.body.decode()


def parts_of(recovery):
    """The recovery key as text and without its separators."""
    text = recovery.strip()
    return {"recovery-head": text[:24], "recovery-tail": text[-24:]}


@attack("hunt", "the hunt finds a value that is planted: in a process that holds it, raw and encoded, in halves, and in a file")
def control(context):
    house = context.house(furnish)
    for form in ("v", "base64.b64encode(b'x' + v)", "v.hex().encode()", "v[-32:-16]"):
        process = house.popen(["/usr/bin/python3", "-c", f"import base64, sys, time; v = sys.stdin.buffer.read(); kept = bytearray({form}); v = None; print(1, flush=True); time.sleep(1000)"], stdin=subprocess.PIPE)
        process.stdin.write(VALUES["value0"].encode())
        process.stdin.close()
        process.stdout.readline()
        expect(hunt.in_memory(process.pid, VALUES), f"not found as {form}")
        process.kill()
        process.wait()


@attack("hunt", "while it works the keeper holds what it must, and one second after a use little of it; after lock none", limit=180)
def keeper(context):
    house = context.fresh().init()
    furnish(house)
    process = house.keeper
    recovery = use(house)
    wanted = VALUES | {"password": PASSWORD} | parts_of(recovery)
    time.sleep(1)
    expect(hunt.where(process, str(house.vault).encode()), "the hunt does not even find the vault's path in the keeper")
    unlocked = hunt.in_memory(process, wanted)
    detail(f"one second after use, unlocked: {sum(unlocked.values())} copies {dict(unlocked)}")
    house.lock()
    time.sleep(1)
    locked = hunt.in_memory(process, wanted)
    detail(f"one second after lock: {sum(locked.values())} copies {dict(locked)}")
    for form in locked:
        name, spelling = form.split(":")
        for place in hunt.where(process, hunt.spellings(wanted[name])[spelling])[:3]:
            detail(f"  {form} at {place}")
    expect(not locked, f"one second after lock {sum(locked.values())} copies are left: {dict(locked)}")
    expect(not unlocked, f"one second after use {sum(unlocked.values())} copies are left: {dict(unlocked)}")


@attack("hunt", "wrong passwords and refused values leave nothing in the keeper either")
def refused(context):
    house = context.fresh().init()
    furnish(house)
    process = house.keeper
    wrong = {"wrong-password": canary("wrong"), "refused-value": canary("refused")}
    with house.connect() as connection:
        expect(connection.request("POST", "/v1/step-up", wrong["wrong-password"].encode()).status == 401, "a wrong password")
    with house.person() as person:
        expect(person.set("api//broken", wrong["refused-value"].encode()).status >= 400, "a refused name")
        body, type = multipart([("secret", b"{}"), ("field-0", wrong["refused-value"].encode())])
        expect(person.request("PUT", "/v1/projects/default/environments/dev/secrets/a", body[:-9], type).status == 400, "a cut form")
        person.request("POST", "/v1/exists", wrong["refused-value"].encode(), "application/json")
    house.lock()
    time.sleep(1)
    left = hunt.in_memory(process, wrong | {"password": PASSWORD})
    expect(not left, f"{dict(left)}")


@attack("hunt", "the spawner never holds a value; a runner holds those of its own run and no password, and is gone with it")
def helpers(context):
    house = context.house(furnish)
    with house.person() as person:
        run = person.run(["sleep", "1000"], ["api/key0"]).until_started()
        time.sleep(1)
        helpers = house.helpers()
        wanted = VALUES | {"password": PASSWORD}
        for process in helpers["__spawner"]:
            expect(not hunt.in_memory(process, wanted), "the spawner holds something")
        for process in helpers["__runner"]:
            found = hunt.in_memory(process, wanted)
            detail(f"runner {process}: {dict(found)}")
            mine = run.started in children(process)
            expect(all(mine and form.startswith("value0:") for form in found), f"a runner holds {dict(found)}")
            for part in ("environ", "cmdline"):
                expect(not hunt.in_bytes(pathlib.Path(f"/proc/{process}/{part}").read_bytes(), wanted), f"in its {part}")


@attack("hunt", "neither the MCP process nor what it says to the keeper and hears from it ever has a value", limit=120)
def mcp(context):
    house = context.house(furnish)
    badge = house.state / "agents" / "claude"
    with house.as_owner():
        badge.parent.mkdir(exist_ok=True)
        badge.parent.chmod(0o700)
        badge.touch(mode=0o600)
        badge.write_text(BADGE[0])
    relayed = house.root / "relayed" / "tacit"
    with house.as_owner():
        relayed.mkdir(mode=0o700, parents=True)
        relayed.parent.chmod(0o700)
        relay = Relay(str(relayed / pathlib.Path(house.socket).name), house.socket)
    process = house.popen([os.environ["TACIT"], "mcp", "--agent", "claude"], stdin=subprocess.PIPE, env=house.environment | {"XDG_RUNTIME_DIR": str(relayed.parent)})
    heard = bytearray()

    def call(number, method, params):
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n")
        process.stdin.flush()
        while True:
            line = process.stdout.readline()
            expect(line, f"the server ended: {process.stderr.read() if process.poll() is not None else ''}")
            heard.extend(line)
            answer = json.loads(line)
            if answer.get("id") == number:
                return answer

    call(1, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "attack", "version": "1"}})
    process.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    tools = call(2, "tools/list", {})["result"]["tools"]
    expect({tool["name"] for tool in tools} >= {"secret_list", "secret_run", "secret_get_masked"}, tools)
    text = "import os, base64, sys; v = os.environb[b'API_KEY0']; sys.stdout.buffer.write(v + b'\\n' + base64.b64encode(v) + b'\\n' + v.hex().encode())"
    answers = [call(3, "tools/call", {"name": "secret_list", "arguments": {}}), call(4, "tools/call", {"name": "secret_get_masked", "arguments": {"secret_name": "api/key0"}}),
               call(5, "tools/call", {"name": "secret_run", "arguments": {"argv": ["/usr/bin/python3", "-c", text], "secrets": [{"name": "api/key0"}], "purpose": "an attack"}})]
    said = json.dumps(answers)
    detail(said[-600:])
    expect("REDACTED" in said, f"the run did not run: {said[-800:]}")
    wanted = VALUES | {"password": PASSWORD}
    in_process, on_wire, in_answers = hunt.in_memory(process.pid, wanted), hunt.in_bytes(bytes(relay.recorded), wanted), hunt.in_bytes(bytes(heard), wanted)
    process.kill()
    process.wait()
    expect(len(relay.recorded) > 1000, "the relay heard nothing")
    expect(not (in_process or on_wire or in_answers), f"process {dict(in_process)}, wire {dict(on_wire)}, answers {dict(in_answers)}")


@attack("hunt", "command line programs that wait hold no value in environment or arguments, and end without a trace in files")
def command_line(context):
    house = context.house(furnish)
    done = house.tacit("get", "api/key0", password=PASSWORD)
    expect(done.out == VALUES["value0"].encode(), done.err)
    process = house.popen([os.environ["TACIT"], "run", "-k", "api/key0", "--password-fd", "{password}", "--", "sleep", "1000"], password=PASSWORD)
    runner = wait_until(lambda: [p for name, found in house.helpers().items() if name == "sleep" for p in found], "the run has begun")
    wanted = VALUES | {"password": PASSWORD}
    for part in ("environ", "cmdline"):
        expect(not hunt.in_bytes(pathlib.Path(f"/proc/{process.pid}/{part}").read_bytes(), wanted), part)
    left = hunt.in_memory(process.pid, wanted)
    detail(f"a masked run's client: {dict(left)}")
    process.kill()
    process.wait()
    wait_until(lambda: not os.path.exists(f"/proc/{runner[0]}"), "the run has ended")
    expect(not left, f"the client of a run that goes on holds {dict(left)}")
    for words in (["get", "nothing"], ["get", "api/key0", "--field", "nothing"], ["set", "a//b"], ["get", "api/key0", "--password-fd", "9"], ["import", "nothing.env"]):
        done = house.tacit(*words, input=VALUES["value1"].encode(), start_new_session=True)
        clean(done.out + done.err, *VALUES.values(), PASSWORD)


@attack("hunt", "files, logs, temporary directories and core files hold no value after all of it")
def files(context):
    house = context.house(furnish)
    recovery = use(house)
    wanted = VALUES | {"password": PASSWORD} | parts_of(recovery)
    for round in ("unlocked", "locked"):
        paths = [path for path in house.files()]
        for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run"):
            for path in pathlib.Path(folder).glob("*"):
                try:
                    if path.is_file() and path.stat().st_uid == context.owner.pw_uid and path.stat().st_size < 64 << 20:
                        paths.append(path)
                except OSError:
                    pass
        paths += [path for path in pathlib.Path("/").glob("core*") if path.is_file()] + [path for path in house.root.rglob("core*") if path.is_file()]
        left = hunt.in_files(paths, wanted)
        expect(not left, f"{round}: {dict(left)}")
        expect(any(path.name == "vault.db-wal" for path in paths) or round == "locked", "the write-ahead log was not among the files")
        house.lock()
