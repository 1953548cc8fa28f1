"""Where the session's leader is process 1, orphans become its children: in a container, being adopted must make no person."""

import json
import os
import subprocess
import sys

from attack import Skipped, attack, expect
from house import TACIT, elsewhere
from somebody import LIBC

NEEDS_ROOT = True
VALUE = b"CANARY-hidden-value"

# Runs as process 1 of a process namespace: makes a vault, then asks by way of a program whose parent has ended.
FIRST = """
import json, os, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from house import House
os.setsid() if os.getsid(0) != os.getpid() else None
house = House().init().unlock()
ask = f'''
import os, time
if os.fork(): os._exit(0)
while os.getppid() != 1: time.sleep(0.01)
os.execve({os.environ["TACIT"]!r}, ["tacit", "status", "--json"], {house.environment!r})
'''
between = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', sys.argv[1]], capture_output=True, text=True).stdout)"
adopted = subprocess.run([sys.executable, "-c", between, ask], capture_output=True, text=True).stdout
own = house.status["actor"]["doubt"]["code"]
print(json.dumps([os.getpid(), own, json.loads(adopted or "{}").get("actor")]), flush=True)
house.close()
"""


@attack("trap 22", "who.first-process", "stopped", "in a container whose first process is the leader, a program that got itself adopted by it is no person")
def adopted(context):
    if context.is_apart:
        return adopted_before_keeper(context)
    if not os.path.exists("/usr/bin/unshare"):
        raise Skipped("there is no unshare")
    done = subprocess.run(["/usr/bin/unshare", "--pid", "--fork", "--mount", "--mount-proc", sys.executable, "-c", FIRST, sys.path[0]], capture_output=True, text=True, timeout=120)
    if "unshare" in done.stderr:
        raise Skipped(done.stderr.strip())
    expect(done.returncode == 0 and done.stdout, done.stderr[-600:])
    leader, own, answer = json.loads(done.stdout)
    expect((leader, own) == (1, "asker.other-program"), f"the leader itself, in a session that is unlocked: {leader} {own}")
    expect((answer or {}).get("doubt", {}).get("code") == "asker.below-first-process", f"an adopted command is taken for {answer}")


# Runs where /proc shows nobody what it may not trace; the vault is an ordinary user's.
HIDDEN = """
import json, os, pwd, shutil, subprocess, sys
subprocess.run(["mount", "-o", "remount,hidepid=2", "/proc"], check=True)
owner = pwd.getpwnam(sys.argv[2])
os.setgroups([]); os.setgid(owner.pw_gid); os.setuid(owner.pw_uid)
os.setsid() if os.getsid(0) != os.getpid() else None
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from house import House, PASSWORD
house = House().init()
stored = house.tacit("set", "api/key", password=PASSWORD, input=b"CANARY-hidden-value").returncode
revealed = house.tacit("get", "api/key", password=PASSWORD).out.decode()
listed = house.tacit("list", start_new_session=True)
with house.person() as person:
    policy = {"name": "p", "agent_id": "*", "allowed_keys": ["api/*"], "capabilities": ["masked_return"]}
    person.apply_policy(policy)
    badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]
(house.state / "agents").mkdir(mode=0o700, exist_ok=True)
(house.state / "agents/claude").touch(mode=0o600)
(house.state / "agents/claude").write_text(badge)
house.tacit("unlock", "--for", "8h", password=PASSWORD)
lines = [{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}},
         {"jsonrpc": "2.0", "method": "notifications/initialized"}, {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "secret_list", "arguments": {}}}]
mcp = house.tacit("mcp", "--agent", "claude", input="".join(json.dumps(line) + chr(10) for line in lines).encode())
print(json.dumps([stored, revealed, listed.returncode, (listed.out + listed.err).decode(), mcp.out.decode()]), flush=True)
# The keeper ends with the first process, which is this one.
shutil.rmtree(house.root, ignore_errors=True)
os._exit(0)
"""


@attack("trap 22", "who.hidden-processes", "stopped", "where /proc hides processes nobody is a person by where he stands; a password and a badge still work")
def hidden_processes(context):
    if context.is_apart:
        return hidden_from_keeper(context)
    if not os.path.exists("/usr/bin/unshare"):
        raise Skipped("there is no unshare")
    done = subprocess.run(["/usr/bin/unshare", "--pid", "--fork", "--mount", "--mount-proc", sys.executable, "-c", HIDDEN, sys.path[0], context.owner.pw_name], capture_output=True, text=True, timeout=120)
    if "unshare" in done.stderr or "mount" in done.stderr:
        raise Skipped(done.stderr.strip()[-200:])
    expect(done.returncode == 0 and done.stdout, done.stderr[-600:])
    stored, revealed, code, listed, mcp = json.loads(done.stdout)
    expect((stored, revealed) == (0, "CANARY-hidden-value"), f"with a password: {stored} {revealed}")
    expect(code != 0 and "api/key" not in listed, f"without one: {code} {listed}")
    expect("api/key" in mcp and "isError" not in mcp.replace('"isError":false', ""), f"with a badge: {mcp[-600:]}")


def hidden_from_keeper(context):
    """The same for a keeper that is another user: it is its /proc that hides the person's."""
    house = context.fresh()
    try:
        house.warden("mount", kind="proc", target="/proc", options="hidepid=2")
    except AssertionError as why:
        raise Skipped(str(why)) from None
    house.init()
    expect(house.tacit("set", "api/key", password=house.password, input=VALUE).returncode == 0, "with a password")
    expect(house.tacit("get", "api/key", password=house.password).out == VALUE, "with a password")
    expect(house.tacit("unlock", "--for", "8h", password=house.password).returncode == 0, "a lease")
    listed = house.tacit("list")
    expect(listed.returncode != 0 and b"api/key" not in listed.out, f"without one: {listed.out} {listed.err}")
    with house.person() as person:
        expect(person.apply_policy({"name": "p", "agent_id": "*", "allowed_keys": ["api/*"], "capabilities": ["masked_return"]}).status == 200, "policy")
        badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]
    with house.connect(headers={"Tacit-Agent-Badge": badge, "Tacit-Source": "mcp"}) as agent:
        answer = agent.masked("api/key")
        expect(answer.status == 200, f"with a badge: {answer}")


def adopted_before_keeper(context):
    """The same for a keeper outside of the container: to it the leader has another number."""
    house = context.fresh().init()

    def first():
        house.unlock()
        between = f"""
import os, subprocess, sys, time
if os.fork(): os._exit(0)
while os.getppid() != 1: time.sleep(0.01)
os.execve({TACIT!r}, ["tacit", "status", "--json"], {house.environment!r})"""
        by_shell = ["/bin/sh", "-c", 'python3 -c "$1" & wait', "sh", between]
        return [os.getpid(), house.status["actor"]["doubt"]["code"], json.loads(subprocess.run(by_shell, capture_output=True).stdout)["actor"]]

    leader, own, answer = in_container(context.owner, first)
    expect((leader, own) == (1, "asker.other-program"), f"the leader itself, in a session that is unlocked: {leader} {own}")
    expect(answer.get("doubt", {}).get("code") == "asker.below-first-process", f"an adopted command is taken for {answer}")


def in_container(user, body):
    """What `body` returns as the first process, and the leader of a session, of a process namespace."""
    def outer():
        if LIBC.unshare(0x20000000 | 0x20000) != 0:
            return ["no namespace"]
        return as_first(user, body)

    found = elsewhere(outer)
    if found == ["no namespace"]:
        raise Skipped("root may make no process namespace here")
    return found


def as_first(user, body):
    def inner():
        LIBC.mount(b"none", b"/", b"none", 1 << 14 | 1 << 18, None)
        if LIBC.mount(b"proc", b"/proc", b"proc", 0, None) != 0:
            return ["no namespace"]
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        return body()

    return elsewhere(inner)
