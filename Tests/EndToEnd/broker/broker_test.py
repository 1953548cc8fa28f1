"""Fake tokens, end to end: programs of a person's run and an agent's tool use a value that neither of them holds. `broker_test.py PATH-TO-TACIT`."""

import asyncio
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import textwrap
import time

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "sessions"), str(here.parent / "mcp")]
import sdk
from person import Person
from service import Service

PROGRAM = sys.argv[1]
VALUE = "ghp_" + "CANARY" + os.urandom(15).hex()
WHY = {"purpose": "a test of the broker"}
# The service is on this machine, which proxies are not asked for otherwise.
THROUGH = ["env", "-u", "NO_PROXY", "-u", "no_proxy"]


def rule(service):
    """What every request rule says of this service, as the lines below its name."""
    text = f"""\
        environments: [default/dev]
        keys: ["app/*"]
        hosts: [localhost]
        ports: [{service.port}]
        own_network: allow
        authorities: |
    """
    return textwrap.indent(textwrap.dedent(text) + textwrap.indent(service.authority, "  "), "    ")


def policy(service, tunnel=None):
    return f"""\
policies:
  - name: claude
    agent_id: claude
    allowed_keys: ["app/*"]
    capabilities: [masked_return, broker]
request_rules:
  - name: api
    agent_id: claude
{rule(service)}
    methods: [GET, POST]
    paths: ["/v1/**", "/events"]
  - name: files
    agent_id: claude
{rule(service)}
    methods: [GET, HEAD]
    paths: ["/files/**"]
""" + (f"""\
  - {{name: tunnel, agent_id: claude, hosts: [localhost], ports: [{tunnel.port}], own_network: allow, tunnel: allow}}
""" if tunnel else "")


class Scene:
    def __init__(self):
        self.person = Person(PROGRAM)
        self.files = self.person.home / "served"
        self.files.mkdir()
        self.service = Service(self.person.home / "service", self.files)
        self.url = f"https://localhost:{self.service.port}"
        self.tunnelled = Service(self.person.home / "tunnelled", self.files)
        (self.person.home / "policy.yaml").write_text(policy(self.service, self.tunnelled))
        self.person.set("app/key", VALUE)
        self.person.tacit("agent", "add", "claude")
        self.person.tacit("policy", "apply", "policy.yaml")
        self.person.tacit("unlock")

    def run(self, *words, code=0):
        """A program of a run for the agent."""
        done = self.person.tacit("run", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", *words, code=code)
        assert VALUE.encode() not in done.out + done.err, done.out
        return done.out.decode()

    def shell(self, script, code=0):
        return self.run(*THROUGH, "sh", "-c", script, code=code)

    def taken(self):
        """What reached the service since this was last asked."""
        received, self.service.received[:] = list(self.service.received), []
        return received

    def hunt(self):
        """No file of the person's holds the value, but those that the service hands out."""
        for path in self.person.home.rglob("*"):
            if path.is_file() and not path.is_relative_to(self.files):
                assert VALUE.encode() not in path.read_bytes(), path

    @classmethod
    def play(cls, *tests):
        """Takes the tests through a scene of their own, and looks for its value when they are done."""
        scene = cls()
        try:
            for test in tests:
                test(scene)
                print("ok   ", test.__name__)
            scene.hunt()
        finally:
            scene.close()

    def close(self):
        self.service.close()
        self.tunnelled.close()
        self.person.close()


def programs_hold_tokens(scene):
    """What a program finds in its environment is worth nothing without the broker."""
    environment = dict(line.split("=", 1) for line in scene.run("env").splitlines() if "=" in line)
    token = environment["TOKEN"]
    assert token.startswith("ghp_") and token != VALUE and len(token) == 40, token
    bundle = environment["SSL_CERT_FILE"]
    for name in ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "PIP_CERT", "CARGO_HTTP_CAINFO",
                 "NPM_CONFIG_CAFILE", "DENO_CERT", "NIX_SSL_CERT_FILE"]:
        assert environment[name] == bundle, name
    assert len({environment[name] for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "WSS_PROXY", "wss_proxy"]}) == 1 and "HTTP_PROXY" not in environment
    assert environment["NO_PROXY"] == environment["no_proxy"] == "localhost,127.0.0.1,::1" and environment["NODE_USE_ENV_PROXY"] == "1"
    assert not pathlib.Path(bundle).exists(), "the bundle is gone with its run"
    assert scene.run("env").count(token) == 0, "each run has tokens of its own"
    port = int(environment["HTTPS_PROXY"].rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the door is closed with its run"


def curl_uses_the_value(scene):
    printed = scene.shell(f'echo "$TOKEN"; curl -sS -i -H "Authorization: Bearer $TOKEN" --data "{{}}" {scene.url}/v1/echo')
    token = printed.splitlines()[0]
    [(method, path, headers, body)] = scene.taken()
    assert (method, path, body, headers["Authorization"]) == ("POST", "/v1/echo", b"{}", f"Bearer {VALUE}"), headers
    assert f"x-echo: Bearer {token}" in printed.replace("X-Echo", "x-echo") and printed.endswith(f"Bearer {token}{{}}"), printed
    for path in ["packed", "base64"]:
        printed = scene.shell(f'echo "$TOKEN"; curl -sS -H "Authorization: Bearer $TOKEN" {scene.url}/v1/{path}')
        assert printed.splitlines()[0] in printed.splitlines()[1] or "[REDACTED:app/key:base64" in printed, printed
    large = scene.person.home / "large"
    large.write_bytes(os.urandom(3 << 20))
    scene.taken()
    printed = scene.shell(f'curl -sS -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/octet-stream" --data-binary @{large} {scene.url}/v1/up')
    assert printed == f"{3 << 20}" and scene.taken()[0][3] == large.read_bytes()


def tokens_are_redacted(scene):
    """Tokens of a run are looked for in its output as values are, in every form, unless the person wants to see them."""
    script = 'printf "%s\\n" "$TOKEN"; printf %s "$TOKEN" | base64 -w 0; echo; echo "$TOKEN" >&2'
    done = scene.person.tacit("run", "--agent", "claude", "-k", "app/key=TOKEN", "--", "sh", "-c", script)
    assert (done.out, done.err) == (b"[REDACTED:app/key]\n[REDACTED:app/key:base64]\n", b"[REDACTED:app/key]\n"), (done.out, done.err)
    refused = scene.person.tacit("run", "--show-tokens", "-k", "app/key=TOKEN", "--", "true", code=None)
    assert refused.returncode == 2 and b"--agent NAME" in refused.err, refused.err


def tunnels_are_not_looked_into(scene):
    """A host that a rule has a tunnel for proves itself by its own certificate, and gets what the program says; another name in the handshake ends it."""
    url = f"https://localhost:{scene.tunnelled.port}"
    ask = f'curl -sS -o /dev/null -w "%{{http_code}}\n" --cacert {scene.tunnelled.folder}/ca.pem -H "Authorization: Bearer $TOKEN"'
    printed = scene.shell(f'echo "$TOKEN"; {ask} {url}/v1/echo; {ask} https://other.example:1/ --connect-to other.example:1:localhost:{scene.tunnelled.port} || echo ended; {ask} {url}/v1/echo')
    token, status, *rest = printed.splitlines()
    # The last is asked about once it is told how the one before it ended.
    assert status == "200" and rest[-2:] == ["ended", "200"], printed
    assert [headers["Authorization"] for _, _, headers, _ in scene.tunnelled.received] == [f"Bearer {token}"] * 2, scene.tunnelled.received
    for _ in range(50):
        entries = [json.dumps(entry) for entry in scene.person.log("request")]
        if any("broker.tunnel-name" in entry for entry in entries):
            break
    assert any(f"localhost:{scene.tunnelled.port}" in entry and "CONNECT" in entry for entry in entries), entries[:3]
    assert any("bytes-sent" in entry for entry in entries) and any("broker.tunnel-name" in entry for entry in entries), entries[:3]


def the_socket_leads_to_the_broker(scene):
    """A program that takes the path of a socket reaches the same broker: with a token at a base address, with the run's credential for a tunnel."""
    script = scene.person.home / "over_socket.py"
    script.write_text(textwrap.dedent(f"""\
        import base64, os, socket, stat, urllib.parse
        path = os.environ["TACIT_PROXY_SOCKET"]
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path
        credential = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"]).password
        def ask(text):
            with socket.socket(socket.AF_UNIX) as there:
                there.settimeout(20)
                there.connect(path)
                there.sendall(text.replace("\\n", "\\r\\n").encode())
                return there.recv(400).decode().split(" ")[1]
        shown = base64.b64encode(f"tacit:{{credential}}".encode()).decode()
        print(ask(f"CONNECT localhost:{scene.service.port} HTTP/1.1\\nHost: localhost:{scene.service.port}\\nProxy-Authorization: Basic {{shown}}\\n\\n"))
        print(ask(f"CONNECT localhost:{scene.service.port} HTTP/1.1\\nHost: localhost:{scene.service.port}\\n\\n"))
        print(ask(f"GET /via/github/user HTTP/1.1\\nHost: localhost\\nAuthorization: Bearer {{os.environ['TOKEN']}}\\n\\n"))
        print(ask("GET /via/github/user HTTP/1.1\\nHost: localhost\\nAuthorization: Bearer x\\n\\n"))
        print(ask(f"GET /via/github/user HTTP/1.1\\nHost: evil.example\\nAuthorization: Bearer {{os.environ['TOKEN']}}\\n\\n"))
        print(path)
        """))
    *statuses, path = scene.run(sys.executable, str(script)).splitlines()
    assert statuses == ["200", "407", "403", "401", "400"], statuses
    deadline = time.monotonic() + 20
    while os.path.exists(path):
        assert time.monotonic() < deadline, "it is gone with its run"
        time.sleep(0.01)


def requests_outside_the_rules_go_nowhere(scene):
    for request, code in [
        (f"-X DELETE {scene.url}/v1/echo", "destination_not_allowed"), (f"{scene.url}/admin", "destination_not_allowed"),
        (f"https://127.0.0.1:{scene.service.port}/v1/echo", "destination_not_allowed"), (f"--path-as-is {scene.url}/v1/../admin", "broker.path-dot-segment"),
        (f"-H 'X-Api-Key: '\"$TOKEN\" {scene.url}/v1/echo", "broker.token-misplaced|destination_not_allowed"),
    ]:
        printed = scene.shell(f'curl -sS -i -H "Authorization: Bearer $TOKEN" {request}')
        denied = [line.split(": ")[1].strip() for line in printed.splitlines() if line.lower().startswith("tacit-denied")]
        assert denied and denied[0] in code.split("|"), (request, printed)
        assert scene.taken() == [], request
        if code == "destination_not_allowed":
            problem = json.loads(printed.splitlines()[-1])
            assert problem["status"] == 403 and problem["code"] == code and problem["next_step"], problem
    refused = scene.person.tacit("run", "--agent", "nobody", "-k", "app/key", "--", "true", code=None)
    assert refused.returncode == 125 and b"agent" in refused.err, refused.err


def python_and_node(scene, python):
    script = scene.person.home / "client.py"
    script.write_text(textwrap.dedent(f"""\
        import httpx, os
        with httpx.Client() as client:
            for n in range(3):
                reply = client.post("{scene.url}/v1/echo", headers={{"Authorization": "Bearer " + os.environ["TOKEN"]}}, json={{"n": n}})
                assert reply.status_code == 200 and os.environ["TOKEN"] in reply.text, reply.text
            with client.stream("GET", "{scene.url}/events", headers={{"Authorization": "Bearer " + os.environ["TOKEN"]}}) as events:
                lines = [line for line in events.iter_lines() if line]
            assert lines == ["data: Bearer " + os.environ["TOKEN"], "data: last"], lines
        print("used")
        """))
    assert scene.run(*THROUGH, python, str(script)) == "used\n"
    assert [headers["Authorization"] for _, _, headers, _ in scene.taken()] == [f"Bearer {VALUE}"] * 4


def replies_know_values_that_come_later(scene):
    """A reply that began before the value was released to the broker is searched for it all the same."""
    printed = scene.shell(
        f'curl -sSN {scene.url}/v1/later | (read line; curl -sS -o /dev/null -H "Authorization: Bearer $TOKEN" {scene.url}/v1/show; cat; echo; echo "$TOKEN")')
    late, token = printed.splitlines()
    assert late == f"Bearer {token}", printed
    scene.taken()


def revoking_the_agent_ends_it(scene):
    """A run that holds an agent's tokens is stopped when the agent is revoked."""
    scene.person.tacit("agent", "add", "other")
    text = (scene.person.home / "policy.yaml").read_text().replace("claude", "other")
    (scene.person.home / "other.yaml").write_text(text)
    scene.person.tacit("policy", "apply", "other.yaml")
    script = f'curl -sS -o /dev/null -w "%{{http_code}}\n" -H "Authorization: Bearer $TOKEN" {scene.url}/v1/echo; read line; echo on'
    process = scene.person.start("run", "--agent", "other", "--show-tokens", "-k", "app/key=TOKEN", "--", *THROUGH, "sh", "-c", script, stdin=subprocess.PIPE)
    assert process.stdout.readline() == b"200\n"
    scene.person.tacit("agent", "revoke", "other")
    stopped(process)
    scene.taken()
    scene.person.tacit("policy", "apply", "policy.yaml")


def stopped(process):
    """A run ends, whatever its program still waits for, and is told to have been stopped."""
    out, messages = process.communicate(timeout=60)
    assert out == b"" and process.returncode != 0 and b"stopped" in messages, (out, process.returncode, messages)


def issued_tokens_go_by_their_agents_runs(scene):
    """A token that a person issues is good in a run until it is revoked, also while the run goes on."""
    issued = json.loads(scene.person.tacit("token", "issue", "--agent", "claude", "-k", "app/key", "--ttl", "1h", "--json").out)
    token, id = issued["token"], issued["summary"]["id"]
    listed = json.loads(scene.person.tacit("token", "list", "--json").out)["items"]
    assert [(item["id"], item["masked"], item["state"]) for item in listed] == [(id, "********" + token[-4:], "live")], listed
    ask = f'curl -sS --http1.1 -o /dev/null -D - -H "Authorization: Bearer {token}" {scene.url}/v1/echo | tr -d "\\r" | sed -n "s/^Tacit-Denied: //p;s/^HTTP.1.1 //p" | tail -1'
    scene.taken()
    process = scene.person.start("run", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", *THROUGH, "sh", "-c", f"{ask}; read line; {ask}", stdin=subprocess.PIPE)
    assert process.stdout.readline().startswith(b"200"), process.stderr.read()
    [(_, _, headers, _)] = scene.taken()
    assert headers["Authorization"] == f"Bearer {VALUE}", headers
    assert b"Revoked 1" in scene.person.tacit("token", "revoke", id).out
    out, _ = process.communicate(b"\n", timeout=60)
    assert out == b"token.revoked\n" and scene.taken() == [], out
    assert scene.person.log("token.misuse"), "a token that is over is a misuse"
    assert b"No fake token is live" in scene.person.tacit("token", "list").out, "a run's token ends with it"


def a_freeze_ends_everything(scene):
    """No password is asked for; a run that holds tokens is stopped, and no other begins until a person lifts it."""
    script = f'curl -sS -o /dev/null -w "%{{http_code}}\n" -H "Authorization: Bearer $TOKEN" {scene.url}/v1/echo; read line; echo on'
    process = scene.person.start("run", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", *THROUGH, "sh", "-c", script, stdin=subprocess.PIPE)
    assert process.stdout.readline() == b"200\n"
    panic = subprocess.run([PROGRAM, "panic"], env=scene.person.environment, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True)
    assert panic.returncode == 0 and b"Every agent is frozen" in panic.stdout and b"1 broker" in panic.stdout and b"1 run" in panic.stdout, panic
    stopped(process)
    refused = scene.person.tacit("run", "--agent", "claude", "--show-tokens", "-k", "app/key", "--", "true", code=None)
    assert refused.returncode == 125 and b"frozen" in refused.err, refused.err
    assert b"agents are frozen" in scene.person.tacit("status").err
    scene.person.tacit("panic", "--thaw")
    scene.taken()
    curl_uses_the_value(scene)


def git_clones(scene):
    """Git asks first without a credential, and comes again with Basic."""
    source = scene.person.home / "source"
    environment = {**scene.person.environment, "GIT_CONFIG_GLOBAL": "/dev/null"}
    git = lambda *words, cwd: subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, env=environment)
    source.mkdir()
    git("init", "-q", "-b", "main", cwd=source)
    (source / "README").write_text("a repository\n" * 50)
    git("add", "README", cwd=source)
    git("-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "one", cwd=source)
    git("clone", "-q", "--bare", str(source), str(scene.files / "repo.git"), cwd=scene.person.home)
    git("update-server-info", cwd=scene.files / "repo.git")
    scene.taken()
    scene.shell(f'git -c credential.helper= clone -q "https://x:$TOKEN@localhost:{scene.service.port}/files/repo.git" clone')
    assert (scene.person.home / "clone" / "README").read_text() == "a repository\n" * 50
    shown = {headers.get("Authorization") for _, _, headers, _ in scene.taken()} - {None}
    import base64
    assert shown == {"Basic " + base64.b64encode(f"x:{VALUE}".encode()).decode()}, shown


async def tool_uses_the_value(scene):
    """`secret_request`: the agent has not even a token."""
    async with sdk.connect([PROGRAM, "mcp", "--agent", "claude"], env=scene.person.environment, cwd=str(scene.person.home)) as client:
        async def call(**arguments):
            result = await client.call("secret_request", {"secret_name": "app/key", **WHY, **arguments})
            assert VALUE not in json.dumps(result)
            return json.loads(result["content"][0]["text"])
        answer = await call(url=f"{scene.url}/v1/echo", method="POST", body="{}")
        assert answer["status"] == 200 and answer["body"] == "Bearer [REDACTED:app/key]{}", answer
        [(_, _, headers, body)] = scene.taken()
        assert headers["Authorization"] == f"Bearer {VALUE}" and body == b"{}"
        answer = await call(url=f"{scene.url}/admin")
        assert answer["error"]["code"] == "destination_not_allowed" and scene.taken() == [], answer


async def a_session_file_holds_a_token(scene):
    """What an agent has written for a program of nobody's run: a token, a proxy that knows it and whose certificates it names. `session_sleep` ends it."""
    async with sdk.connect([PROGRAM, "mcp", "--agent", "claude"], env=scene.person.environment, cwd=str(scene.person.home)) as client:
        async def call(tool, **arguments):
            return json.loads((await client.call(tool, arguments))["content"][0]["text"])
        made = await call("secret_inject", secrets=[{"name": "app/key", "var": "TOKEN"}], content="values", **WHY)
        assert made.get("content") == "tokens" and {"TOKEN", "HTTPS_PROXY", "CURL_CA_BUNDLE"} <= set(made["variables"]), made
        files = [path for path in scene.person.files()]
        assert len(files) == 2 and all(VALUE.encode() not in path.read_bytes() for path in files), files
        script = f'set -a; . {made["path"]}; set +a; unset NO_PROXY no_proxy; curl -sS -o /dev/null -w "%{{http_code}}" -H "Authorization: Bearer $TOKEN" {scene.url}'
        ask = lambda path: subprocess.run(["sh", "-c", script + path], capture_output=True, text=True, timeout=60)
        scene.taken()
        assert ask("/v1/echo").stdout == "200", ask("/v1/echo")
        assert scene.taken()[0][2]["Authorization"] == f"Bearer {VALUE}"
        assert ask("/admin").stdout == "403" and scene.taken() == []
        slept = await call("session_sleep")
        assert slept["tokens_revoked"] == 1 and slept["files_removed"] == 2 and scene.person.files() == [], slept
        # What read the file before still has what it said.
        script = script.replace(f'. {made["path"]}', f"TOKEN=x HTTPS_PROXY=http://tacit:x@127.0.0.1:1")
        assert ask("/v1/echo").returncode != 0 and scene.taken() == []


def log_says_what_left(scene):
    """Each request is an entry with what was asked and how it ended, and no value."""
    entries = scene.person.log("request")
    text = json.dumps(entries)
    assert VALUE not in text and "/v1/echo" in text and f"localhost:{scene.service.port}" in text and '"allow"' in text and '"deny"' in text, entries[:2]
    assert all("claude" in str(entry["actor"]) for entry in entries), entries[0]


def brokers_end_with_the_lock(scene):
    """A run goes on when the vault is locked by its idle time, and its broker does not."""
    process = scene.person.start("run", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", *THROUGH, "sh", "-c", 'echo "$HTTPS_PROXY"; read line',
                                 stdin=subprocess.PIPE)
    proxy = process.stdout.readline().decode().strip()
    scene.person.tacit("lock")
    with socket.socket() as probe:
        for _ in range(200):
            if probe.connect_ex(("127.0.0.1", int(proxy.rpartition(":")[2]))) != 0:
                break
            probe.close()
            probe = socket.socket()
        else:
            raise AssertionError("the broker of a locked vault still listens")
    process.communicate(timeout=60)
    scene.person.tacit("unlock")


def main():
    scene = Scene()
    try:
        for test in [programs_hold_tokens, curl_uses_the_value, tokens_are_redacted, tunnels_are_not_looked_into, the_socket_leads_to_the_broker, requests_outside_the_rules_go_nowhere,
                     replies_know_values_that_come_later, git_clones]:
            test(scene)
            print("ok   ", test.__name__)
        python_and_node(scene, sys.executable)
        asyncio.run(tool_uses_the_value(scene))
        asyncio.run(a_session_file_holds_a_token(scene))
        log_says_what_left(scene)
        brokers_end_with_the_lock(scene)
        revoking_the_agent_ends_it(scene)
        issued_tokens_go_by_their_agents_runs(scene)
        a_freeze_ends_everything(scene)
        scene.hunt()
    finally:
        scene.close()


if __name__ == "__main__":
    main()
