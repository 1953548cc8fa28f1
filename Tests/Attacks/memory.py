"""The canary hunt in memory: keeper, spawner, runner, MCP process, command line; while they work, after use, and after lock."""

import json
import os
import pathlib
import signal
import subprocess
import time

import hunt
from api import SECRETS, Answer, multipart
from attack import attack, check, clean, detail, expect
from house import PASSWORD, AtTerminal, canary, children, wait_until

NEEDS_ROOT = True
VALUES = {f"value{i}": canary(f"v{i}") for i in range(4)}
BADGE = []


def furnish(house):
    with house.person() as person:
        for i, value in enumerate(VALUES.values()):
            expect(person.set(f"api/key{i}", value.encode()).status == 201, "set")
        policy = {"name": "all", "agent_id": "*", "allowed_keys": ["**"], "capabilities": ["reference_only", "masked_return", "env_inject", "file_inject"], "unsandboxed": "allow"}
        expect(person.apply_policy(policy).status == 200, "policy")
        house.badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]
        BADGE.append(house.badge)


def use(house):
    """A bit of everything: set, reveal, mask, run, import, export, wrong and right passwords, a new recovery key."""
    with house.person() as person:
        for _ in range(5):
            for i, value in enumerate(VALUES.values()):
                expect(person.reveal(f"api/key{i}").body == value.encode(), "reveal")
                person.masked(f"api/key{i}")
        wish = json.dumps({"entries": [{"name": f"im/{i}", "field": "value", "kind": "secret"} for i in range(4)], "conflict": "overwrite", "dry_run": False})
        form = multipart([("import", wish.encode())] + [(f"value-{i}", value.encode()) for i, value in enumerate(VALUES.values())])
        expect(person.request("POST", "/v1/projects/default/environments/dev/imports", *form).status == 200, "import")
        wish = {"items": [{"name": f"api/key{i}", "version": 1} for i in range(len(VALUES))]}
        exported = person.json("POST", "/v1/projects/default/environments/dev/exports", wish)
        expect(exported.status == 200 and all(value.encode() in exported.body for value in VALUES.values()), "export")
        recovery = person.request("POST", "/v1/slots/recovery")
        expect(recovery.status == 200, recovery)
    with house.person() as person:
        run = person.run(["sh", "-c", "echo $API_KEY0; cat; exit 3"], ["api/key0", {"reference": "api/key1", "stdin": True}]).wait()
        expect(run.exit == ("exited", 3), f"{run}")
        clean(run.output, *VALUES.values())
    # A keeper that is a user of its own has none.
    house.is_apart or session_files(house)
    return recovery.body.decode()


def session_files(house):
    """An agent's session files, in both formats, and a pipe that is read; then they are gone."""
    with house.connect(headers={"Tacit-Agent-Badge": house.badge, "Tacit-Source": "mcp"}) as agent:
        wish = {"scope": "default/dev", "purpose": "hunt", "content": "values", "secrets": [{"reference": f"api/key{i}"} for i in range(4)]}
        for more in ({"format": "dotenv"}, {"format": "json"}, {"reads": 1}):
            made = agent.json("POST", "/v1/sessions/files", wish | more)
            expect(made.status == 201, made)
            with house.as_owner():
                expect(VALUES["value0"] in pathlib.Path(made.json["path"]).read_text(), "the values are in the file")
        agent.json("POST", "/v1/sessions/sleep", {})
    expect(not list((house.root / "run" / "tacit").glob("files-*/*")), "a file is left")


def parts_of(recovery):
    """The recovery key as text and without its separators."""
    text = recovery.strip()
    return {"recovery-head": text[:24], "recovery-tail": text[-24:]}


@check("hunt", "the hunt finds a value that is planted: in a process that holds it, raw and encoded, in halves, and in a file")
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


@attack("hunt", "memory.keeper", "stopped", "one second after it was used, and after lock, the keeper holds no value, no password and no recovery key any more", rarely=True)
def keeper(context):
    house = context.fresh().init()
    furnish(house)
    process = house.keeper
    recovery = use(house)
    # One that stays connected, after a write and a reveal.
    person = house.person()
    expect(person.set("api/key0", VALUES["value0"].encode()).status == 200 and person.reveal("api/key0").status == 200, "a connection that stays")
    wanted = VALUES | {"password": PASSWORD} | parts_of(recovery)
    time.sleep(1)
    expect(hunt.where(process, str(house.vault_as_known).encode()), "the hunt does not even find the vault's path in the keeper")
    unlocked = hunt.in_memory(process, wanted)
    detail(f"keeper, one second after use, unlocked: {sum(unlocked.values())} copies {dict(unlocked)}")
    house.lock()
    time.sleep(1)
    locked = hunt.in_memory(process, wanted)
    detail(f"keeper, one second after lock: {sum(locked.values())} copies {dict(locked)}")
    for form in locked:
        name, spelling = form.split(":")
        for place in hunt.where(process, hunt.spellings(wanted[name])[spelling])[:3]:
            detail(f"  {form} at {place}")
    expect(not locked, f"one second after lock {sum(locked.values())} copies are left: {dict(locked)}")
    expect(not unlocked, f"one second after use {sum(unlocked.values())} copies are left: {dict(unlocked)}")


@attack("hunt", "memory.refused", "stopped", "wrong passwords and refused values leave nothing in the keeper either, and stand in no answer and in none of its messages", rarely=True)
def refused(context):
    house = context.fresh().init()
    furnish(house)
    house.lock()
    house.kill_keeper(signal.SIGTERM)
    process = house.start()
    wrong = {"wrong-password": canary("wrong"), "refused-value": canary("refused")}
    value, answers = wrong["refused-value"], []
    with house.connect() as connection:
        answers.append(connection.request("POST", "/v1/step-up", wrong["wrong-password"].encode()))
    with house.person() as person:
        body, type = multipart([("secret", b"{}"), ("field-0", value.encode())])
        answers += [
            person.set("api//broken", value.encode()), person.request("PUT", f"{SECRETS}/a", body[:-9], type), person.request("POST", "/v1/exists", value.encode(), "application/json"),
            person.json("POST", "/v1/exists", {"scope": value, "names": [value]}), person.json("POST", "/v1/exists", {"nams": value}), person.request("GET", f"{SECRETS}?{value}={value}"),
            person.request("GET", f"/v1/{value}"), person.json("PUT", "/v1/policy", {"document": value}), person.apply_policy({"name": value, "agent": value}), person.json("POST", "/v1/audit/verification", {"trusted_notes": [value]}),
            person.set("a", value.encode(), If_Match=value), person.json("POST", f"{SECRETS}/api%2Fkey0/rollback", {"version": value}),
        ]
        for wish in ({"cwd": f"/{value}"}, {"environment": {f"{value}=": value}}, {"scope": value}, {"argument": value}):
            with house.connect(headers={"Tacit-Source": "cli"}) as connection:
                run = connection.run(["true"], ["api/key0", {"reference": f"{value}//", "variable": value}], **wish).wait()
            answers.append(run.problem or Answer(400, {}, repr(run.exit).encode()))
    expect(all(answer.status >= 400 for answer in answers), f"one was no refusal: {[answer.status for answer in answers]}")
    # What may be repeated is the name of a field that nobody knows: it is how a wrong one is found.
    said = [answer for answer in answers if hunt.in_bytes(answer.body, wrong)]
    expect(not said, f"in the answers: {said}")
    for words in (["get", value], ["get", f"{value}//"], ["get", "a", "--field", f"{value}/"], ["set", f"{value}//"], ["run", "-k", value, "--", "true"], ["run", "-k", f"{value}=1{value}", "--", "true"],
                  ["import", value], ["list", "--tag", f"{value}\n"], ["unlock", "--for", value], [value], ["tag", "api/key0", "--add", f"{value}\t"], ["policy", "apply", "wrong.yaml"], ["import", "wrong.env"]):
        for name, text in (("wrong.yaml", f"policies:\n  - {value}: {value}\n"), ("wrong.env", f"A={value}\n{value}\n")):
            with house.as_owner():
                (house.root / "work" / name).write_text(text)
        done = house.tacit(*words, password=PASSWORD if words[0] in ("get", "set", "import") else None, input=value.encode())
        text = done.out + done.err
        # A name or file that was asked for may be repeated to the person who typed it; a value's place holds only what may be one.
        expect(done.returncode != 0, f"{words} was no refusal: {text}")
        expect(value.encode() not in text or value in words, f"{words}: {text}")
    house.lock()
    time.sleep(1)
    left = hunt.in_memory(process.pid, wrong | {"password": PASSWORD})
    detail(f"keeper, one second after refusals and lock: {sum(left.values())} copies")
    for form in left:
        name, spelling = form.split(":")
        for place in hunt.where(process.pid, hunt.spellings(wrong[name])[spelling])[:3]:
            detail(f"  {form} at {place}")
    expect(not left, f"{dict(left)}")
    house.strike(process.pid, signal.SIGTERM)
    process.wait(120)
    messages = process.stderr.read()
    expect(b"listens" in messages and not hunt.in_bytes(messages, wrong | VALUES | {"password": PASSWORD}), f"it printed {messages[:500]}")


@attack("hunt", "memory.helpers", "stopped", "the spawner never holds a value; a runner holds those of its run in secret memory alone; lock ends them")
def helpers(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as person:
        # It has printed its value, in several forms and in part, and waits: the redactor has had them all.
        text = "import base64, os, sys, time; v = os.environb[b'API_KEY0']; os.write(1, v + b' ' + base64.b64encode(v) + b' ' + v.hex().encode() + b' ' + v[:20]); time.sleep(1000)"
        run = person.run(["/usr/bin/python3", "-c", text], ["api/key0", {"reference": "api/key1", "stdin": True}])
        next(run for _ in run.each() if b"hex]" in run.stdout)
        time.sleep(1)
        helpers = house.helpers()
        wanted = VALUES | {"password": PASSWORD}
        for process in helpers["__spawner"]:
            expect(not hunt.in_memory(process, wanted), "the spawner holds something")
        for process in helpers["__runner"]:
            found = hunt.in_memory(process, wanted)
            mine = bool(children(process))
            detail(f"{'runner of a run with one value' if mine else 'runner that waits'}, one second after its start: {sum(found.values())} copies {dict(found)}")
            # Where the kernel has no secret memory, what the arena holds can be seen: the value of its own run, and no other.
            has_secret_memory = any("secretmem" in name for _, _, name in hunt.regions(process))
            own = {form for form in found if form.startswith("value0:") and mine and not has_secret_memory}
            expect(not set(found) - own, f"a runner holds {dict(found)}")
        house.lock()
        wait_until(lambda: not any(os.path.exists(f"/proc/{process}") for found in helpers.values() for process in found), "runner and spawner are gone after lock")
        detail("runner and spawner, one second after lock: gone")


@attack("hunt", "memory.mcp", "stopped", "neither the MCP process nor what it says to the keeper and hears from it ever has a value")
def mcp(context):
    house = context.house(furnish)
    badge = house.state / "agents" / "claude"
    with house.as_owner():
        badge.parent.mkdir(exist_ok=True, parents=True)
        badge.parent.chmod(0o700)
        badge.touch(mode=0o600)
        badge.write_text(BADGE[0])
    with house.relayed() as relay:
        process = house.popen([os.environ["TACIT"], "mcp", "--agent", "claude"], stdin=subprocess.PIPE)
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
    for what, found in {"MCP process, memory, environment and arguments": in_process, f"its socket, {len(relay.recorded)} bytes": on_wire, f"its standard output, {len(heard)} bytes": in_answers}.items():
        detail(f"{what}: {sum(found.values())} copies")
    process.kill()
    process.wait()
    expect(len(relay.recorded) > 1000, "the relay heard nothing")
    expect(not (in_process or on_wire or in_answers), f"process {dict(in_process)}, wire {dict(on_wire)}, answers {dict(in_answers)}")


@attack("hunt", "memory.command-line", "stopped", "command line programs that wait hold no value in environment or arguments, and end without a trace in files")
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
    detail(f"command line of a run that goes on, password by a descriptor: {sum(left.values())} copies {dict(left)}")
    process.kill()
    process.wait()
    wait_until(lambda: not os.path.exists(f"/proc/{runner[0]}"), "the run has ended")
    expect(not left, f"the client of a run that goes on holds {dict(left)}")
    for words in (["get", "nothing"], ["get", "api/key0", "--field", "nothing"], ["set", "a//b"], ["get", "api/key0", "--password-fd", "9"], ["import", "nothing.env"]):
        done = house.tacit(*words, input=VALUES["value1"].encode(), start_new_session=True)
        clean(done.out + done.err, *VALUES.values(), PASSWORD)


@attack("hunt", "memory.password", "stopped", "a password that was typed at the terminal is gone from the command line's memory while its run goes on, also when it unlocked the vault")
def typed_password(context):
    house = context.fresh().init()
    furnish(house)
    for is_locked in (True, False):
        house.lock() if is_locked else None
        client = AtTerminal(house, [os.environ["TACIT"], "run", *([] if is_locked else ["--all"]), *(["-k", "api/key0"] if is_locked else []), "--", "sh", "-c", "echo begun; exec sleep 1000"])
        client.until(b"Password").type(PASSWORD + "\n").until(b"begun")
        left = hunt.in_memory(client.process, VALUES | {"password": PASSWORD})
        detail(f"command line of a run that goes on, password typed{' to unlock' if is_locked else ''}: {sum(left.values())} copies {dict(left)}")
        client.end()
        expect(not left, f"{dict(left)}")


@attack("hunt", "memory.files", "stopped", "files, logs, temporary directories and core files hold no value after all of it")
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
        detail(f"{len(paths)} files, {sum(path.stat().st_size for path in paths)} bytes, {round}: {sum(left.values())} copies")
        expect(not left, f"{round}: {dict(left)}")
        expect(any(path.name == "vault.db-wal" for path in paths) or round == "locked", "the write-ahead log was not among the files")
        house.lock()
