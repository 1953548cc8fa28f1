"""A whole agent against the keeper's socket in its sandbox, which is its badge: it is nobody else there, no person least of all, and nobody after its run."""

import json

from api import STDIN_END
from attack import attack, clean, detail, expect
from confined import PYTHON, project
from house import PASSWORD
from token_runs import VALUE, furnish, said

INSIDE = r'''
import http.client, json, os, socket, sys
SOCKET = "/run/tacit/keeper.sock"
SECRETS = "/v1/projects/default/environments/dev/secrets"

class Keeper(http.client.HTTPConnection):
    def __init__(self, place=SOCKET):
        super().__init__("keeper", timeout=60)
        self.place = place

    def connect(self):
        if isinstance(self.place, socket.socket):
            self.sock = self.place
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.place)

    def ask(self, method, path, body=None, type="application/json", **headers):
        data = body if isinstance(body, (bytes, bytearray)) else json.dumps(body).encode() if body is not None else None
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.request(method, path, data, {"Content-Type": type, **fields} if data is not None else fields)
        answer = self.getresponse()
        text = answer.read()
        try: told = json.loads(text)
        except ValueError: told = {}
        return answer.status, told.get("code", ""), told

def ask(*words, **more):
    """On a connection of its own."""
    keeper = Keeper()
    try: return keeper.ask(*words, **more)
    finally: keeper.close()

def me(keeper=None):
    told = (keeper or Keeper()).ask("GET", "/v1/status")[2].get("actor", {})
    return told.get("kind", ""), told.get("name", "")
'''


def start(house, text, name="claude"):
    """Python in the sandbox of a whole agent, on a connection of its own, which ends with it."""
    wish = {"agent": name, "sandbox": True, "scope": "default/dev", "cwd": str(project(house))}
    return house.person().run([PYTHON, "-c", INSIDE + text], [{"reference": "api/key", "variable": "TOKEN"}], **wish)


def told(run):
    """What it prints, as JSON."""
    run.wait()
    clean(run.output, VALUE)
    expect(run.exit == ("exited", 0), f"{run} {run.stderr[-800:]}")
    detail(run.stdout)
    return json.loads(run.stdout)


@attack("trap 22", "inside.person", "stopped", "no password and no other act of a person's goes by the socket in a sandbox, and a right password makes nobody a person")
def persons(context):
    house = context.house(furnish)
    answers = told(start(house, f'''
password = {PASSWORD.encode()!r}
octets = "application/octet-stream"
tries = [("POST", path, password, octets) for path in ["/v1/unlock", "/v1/unlock?for=8h", "/v1/step-up", "/v1/step-up?grace=reveal", "/v1/vault",
    "/v1/rollback/acceptance", "/v1/slots/password", "/v1/slots/recovery", "/v1/rotations/root", "/v1/recovery", "/v1/password"]]
tries += [("POST", path, b"", octets) for path in ["/v1/lock", "/v1/panic", "/v1/clock/acceptance", "/v1/totp"]]
tries += [(method, path, body, "application/json") for method, path, body in [
    ("PUT", "/v1/policy", {{"document": "{{}}"}}), ("GET", "/v1/policy", None), ("GET", "/v1/agents", None), ("POST", "/v1/agents", {{"name": "x"}}),
    ("DELETE", "/v1/agents/other", None), ("DELETE", "/v1/panic", None), ("GET", "/v1/audit", None), ("GET", "/v1/audit/export", None),
    ("POST", "/v1/audit/proofs", {{"index": 0}}), ("POST", "/v1/audit/prunings", {{"before": "2100-01-01T00:00:00Z", "cut": 1}}), ("GET", "/v1/slots", None), ("GET", "/v1/tokens", None), ("POST", "/v1/tokens", {{}}), ("POST", "/v1/tokens/revocation", {{}}),
    ("POST", "/v1/rotations", {{"kind": "reseal"}}), ("POST", "/v1/rotations/portions", None),
    ("POST", "/v1/rotations/organization", None), ("GET", "/v1/rotations", None),
    ("POST", "/v1/backups", b"x"), ("POST", "/v1/backups/checks", b"x"), ("POST", "/v1/backups/drills", b"x"), ("POST", "/v1/backups/grants", {{}}),
    ("POST", "/v1/backups/scheduled", {{"recipients": [], "expires_at": 1, "code": "00"}}),
    ("GET", "/v1/traffic", None), ("GET", "/v1/doctor", None), ("GET", "/v1/approvals", None), ("POST", "/v1/approvals/1", {{}}),
    ("GET", SECRETS + "/api%2Fkey/value", None), ("POST", SECRETS + "/api%2Fkey/reveal", {{"purpose": "x"}}), ("DELETE", SECRETS + "/api%2Fkey", None),
    ("GET", SECRETS.replace("secrets", "exports"), None), ("POST", SECRETS.replace("secrets", "exports"), {{"items": [{{"name": "api/key", "version": 1}}]}}),
    ("POST", SECRETS + "/api%2Fkey/purge", {{}}), ("GET", "/v1/projects", None), ("POST", "/v1/agent-tokens", {{}}), ("POST", "/v1/sessions/files", {{}}),
    ("POST", "/v1/runs", b"\\0\\0\\0\\2{{}}"),
]]
print(json.dumps([[" ".join(each[:2]), ask(*each[:3], type=each[3])[:2], me()] for each in tries]))
'''))
    expect(len(answers) > 35, answers)
    for what, (status, code), actor in answers:
        expect((status, code, actor) == (403, "unavailable", ["agent", "claude"]), f"{what}: {status} {code} {actor}")
    with house.person() as person:
        expect(person.request("GET", "/v1/status").json["state"] == "unlocked" and person.reveal("api/key").status == 200, "something came of it")
    # What was tried is in the log, as tried from there.
    with house.person() as person:
        items = person.request("GET", "/v1/audit?limit=1000").json["items"]
    expect(any(item["action"] == "step-up.failed" and "[sandbox]" in json.dumps(item) for item in items), "nothing was written down")


@attack("trap 11", "inside.badge", "stopped", "an agent in its sandbox is nobody else by another one's badge, a person's token, or what it says of itself")
def badges(context):
    house = context.house(furnish)
    with house.person() as person:
        token = person.headers["Tacit-Step-Up"]
        shown = [{"Tacit-Agent-Badge": house.badges["other"]}, {"Tacit-Agent-Badge": house.badges["claude"]}, {"Tacit-Step-Up": token},
                 {"Tacit-Agent-Badge": f"{house.badges['claude']}, {house.badges['other']}"}, {"Tacit-Agent-Badge": ""}]
        answers = told(start(house, f'''
keeper, answers = Keeper(), []
for fields in {shown!r}:
    named = {{name.replace("-", "_"): value for name, value in fields.items()}}
    answers.append([ask("GET", "/v1/status", **named)[:2], keeper.ask("GET", SECRETS, **named)[:2], me(keeper)])
for claimed in [{{"Tacit_Source": "cli"}}, {{"Tacit_Source": "keeper"}}, {{"Tacit_Source": "broker"}}, {{"Tacit_Reported_Model": "person"}}]:
    answers.append([[403, "badge.unknown"], [403, "badge.unknown"], list(me()) if keeper.ask("GET", "/v1/status", **claimed)[2]["actor"]["name"] == "claude" else "?"])
print(json.dumps(answers))
'''))
    for answer in answers:
        expect(answer == [[403, "badge.unknown"], [403, "badge.unknown"], ["agent", "claude"]], answer)


@attack("trap 7", "inside.ended", "stopped", "the socket in a sandbox is nothing once its agent is revoked or frozen, or the vault is locked")
def ended(context):
    loop = '''
print(me()[1], flush=True)
sys.stdin.read()
'''
    for act in ("revoke", "panic", "lock"):
        house = context.fresh().init()
        furnish(house)
        run = start(house, loop)

        def meanwhile(house=house, act=act):
            with house.person() as person:
                answer = {"revoke": lambda: person.request("DELETE", "/v1/agents/claude"), "panic": lambda: person.request("POST", "/v1/panic"),
                          "lock": lambda: person.request("POST", "/v1/lock")}[act]()
                expect(answer.status in (200, 204), f"{act}: {answer}")

        expect(said(run, meanwhile, stopped=True) == ["claude"], act)
        house.close()


@attack("trap 22", "inside.flood", "stopped", "thousands of connections at the socket in a sandbox, silent or begun, hold up neither the person, nor another agent, nor it")
def flood(context):
    house = context.house(furnish)
    run = start(house, '''
import errno
held, made = [], 0
while made < 2000:
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try: one.connect(SOCKET)
    except OSError as error:
        one.close()
        # Its own queue is full: that of nobody else.
        if error.errno != errno.EAGAIN: raise
        os.sched_yield()
        continue
    made += 1
    if made % 2:
        try: one.send(b"GET /v1/status HTTP/1.1\\r\\nHost: k\\r\\nX: ")
        except OSError: pass
    held.append(one)
    if len(held) > 500: held.pop(0).close()
def patiently():
    """What it held itself, it waits for itself."""
    while True:
        try: return me()[1]
        except BlockingIOError: pass
print(made, patiently(), flush=True)
sys.stdin.read()
print(patiently())
''')
    frames = run.each()
    for _ in frames:
        if b"\n" in run.stdout:
            break
    # All that it holds is held while these are asked.
    for _ in range(3):
        with house.person() as person, house.connect(headers={"Tacit-Agent-Badge": house.badges["other"], "Tacit-Source": "mcp"}) as other:
            expect(person.reveal("api/key").status == 200 and other.masked("api/key").status == 200, "somebody was held up")
    run.frame(STDIN_END)
    for _ in frames:
        pass
    expect(run.exit == ("exited", 0) and run.stdout.split() == [b"2000", b"claude", b"claude"], f"{run} {run.stderr[-600:]}")


def until_said(run, text):
    """The frames of a run that has said something, from there on."""
    frames = run.each()
    for _ in frames:
        if text in run.stdout:
            return frames
    raise AssertionError(f"it never said {text}: {run} {run.stderr[-600:]}")


def finish(run, frames):
    for _ in frames:
        pass
    expect(run.exit == ("exited", 0), f"{run} {run.stderr[-600:]}")


@attack("trap 23", "inside.sibling", "stopped", "a sibling's sandbox has a socket of its own; what is linked, moved or bound into the project leads nowhere else")
def sibling(context):
    house = context.house(furnish)
    leaving = start(house, '''
import shutil
for body in [lambda: os.link(SOCKET, "link.sock"), lambda: os.rename(SOCKET, "rename.sock"), lambda: os.symlink(SOCKET, "symlink.sock"),
             lambda: shutil.copy(SOCKET, "copy.sock"), lambda: os.symlink(f"/proc/{os.getpid()}/root{SOCKET}", "proc.sock")]:
    try: body()
    except OSError: pass
print("ready", flush=True)
sys.stdin.read()
''')
    frames = until_said(leaving, b"ready")
    found = told(start(house, '''
found = {}
for name in ["link", "rename", "symlink", "copy", "proc"]:
    try: found[name] = me(Keeper(name + ".sock"))[1]
    except OSError: found[name] = ""
found["own"] = me()[1]
print(json.dumps(found))
''', "other"))
    leaving.frame(STDIN_END)
    finish(leaving, frames)
    # A link to the path leads to the one that the reader has there.
    expect(found == {"link": "", "rename": "", "symlink": "other", "copy": "", "proc": found["proc"], "own": "other"} and found["proc"] in ("", "other"), found)


@attack("trap 23", "inside.given", "possible", "a connection that an agent in its sandbox hands to another's program is the giver's there, until the giver's run ends", why="given away")
def given(context):
    house = context.house(furnish)
    giving = start(house, '''
door = socket.socket(socket.AF_UNIX)
door.bind("door.sock")
door.listen()
print("ready", flush=True)
taker, _ = door.accept()
given = socket.socket(socket.AF_UNIX)
given.connect(SOCKET)
socket.send_fds(taker, [b"x"], [given.fileno()])
taker.recv(1)
print(me()[1])
''')
    frames = until_said(giving, b"ready")
    taking = start(house, '''
near = socket.socket(socket.AF_UNIX)
near.connect("door.sock")
_, [given], _, _ = socket.recv_fds(near, 1, 1)
keeper = Keeper(socket.socket(fileno=given))
print(json.dumps([me(keeper)[1], me()[1]]), flush=True)
near.send(b"y")
sys.stdin.read()
try: print(json.dumps(me(keeper)))
except (OSError, http.client.HTTPException): print("[]")
''', "other")
    others = until_said(taking, b"\n")
    finish(giving, frames)
    expect(giving.stdout.split() == [b"ready", b"claude"], f"{giving}")
    taking.frame(STDIN_END)
    finish(taking, others)
    expect([json.loads(line) for line in taking.stdout.splitlines()] == [["claude", "other"], []], taking.stdout)


@attack("trap 24", "inside.sizes", "stopped", "requests that never end, and heads and bodies without bounds, are cut at the socket in a sandbox as at the keeper's own")
def sizes(context):
    house = context.house(furnish)
    answers = told(start(house, '''
def raw(data):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(60)
    one.connect(SOCKET)
    try:
        one.sendall(data)
        return one.recv(4096).decode("latin-1").split(" ")[1:2]
    except (BrokenPipeError, ConnectionResetError): return []
    finally: one.close()
print(json.dumps([
    raw(b"GET /v1/status HTTP/1.1\\r\\nHost: k\\r\\nX: " + b"x" * 150000), raw(b"GET /v1/" + b"x" * 150000),
    raw(b"GET http://k/v1/status HTTP/1.1\\r\\nHost: k\\r\\n\\r\\n"), raw(b"GET /v1/../v1/status HTTP/1.1\\r\\nHost: k\\r\\n\\r\\n"),
    [str(ask("POST", "/v1/exists", {"scope": "default/dev", "names": ["x" * (4 << 20)]})[0])], [me()[1]]]))
'''))
    expect(answers[-1] == ["claude"] and all(status in ([], ["400"], ["403"], ["404"], ["413"], ["431"]) for status in answers[:-1]), answers)
