"""Credentials that a service gives out go into the vault, and an agent's program works with fake ones. `sealed_test.py PATH-TO-TACIT`."""

import asyncio
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "sessions"), str(here.parent / "mcp")]
import sdk
from minting import Minting
from person import Person

PROGRAM = sys.argv[1]
APP_KEY = "CANARY-app-" + os.urandom(15).hex()
THROUGH = ["env", "-u", "NO_PROXY", "-u", "no_proxy"]


def policy(service):
    place = f"""\
        hosts: [localhost]
        ports: [{service.port}]
        own_network: allow
        authorities: |
    """
    place = textwrap.indent(textwrap.dedent(place) + textwrap.indent(service.authority, "  "), "    ")
    return f"""\
policies:
  - name: claude
    agent_id: claude
    allowed_keys: ["github/*", "aws/*", "acme/*"]
    capabilities: [masked_return, broker]
request_rules:
  - name: installation
    agent_id: claude
    keys: [github/app]
{place}
    methods: [POST]
    paths: [/app/installations/*/access_tokens, /twice]
    seal:
      - token: /token
    seal_into: github/installation
    seal_expiry: /expires_at
  - name: a role
    agent_id: claude
    keys: [github/app]
{place}
    methods: [POST]
    paths: [/sts]
    seal:
      - key_id: /AssumeRoleResponse/Credentials/AccessKeyId
      - secret_key: /AssumeRoleResponse/Credentials/SecretAccessKey
      - session: /AssumeRoleResponse/Credentials/SessionToken
    seal_into: aws/role
    seal_expiry: /AssumeRoleResponse/Credentials/Expiration
  - name: use
    agent_id: claude
    keys: [github/installation]
{place}
    paths: ["/repos/**", /shown]
  - name: by oauth
    agent_id: claude
    keys: ["acme/*"]
{place}
    methods: [GET, POST]
    paths: ["/api/**"]
  - name: renewal
    agent_id: claude
    keys: ["acme/*"]
{place}
    paths: [/oauth/token]
    refresh: oauth
"""


class Scene:
    def __init__(self):
        self.person = Person(PROGRAM)
        self.service = Minting(self.person.home / "service", APP_KEY)
        self.url = f"https://localhost:{self.service.port}"
        (self.person.home / "policy.yaml").write_text(policy(self.service))
        self.person.set("github/app", APP_KEY)
        self.person.tacit("agent", "add", "claude")
        self.person.tacit("policy", "apply", "policy.yaml")
        self.person.tacit("unlock")

    def shell(self, script):
        done = self.person.tacit("run", "--agent", "claude", "--show-tokens", "-k", "github/app=TOKEN", "--", *THROUGH, "sh", "-c", script)
        for value in [APP_KEY, *self.service.given]:
            assert value.encode() not in done.out + done.err, done.out
        return done.out.decode()

    def stored(self, name, *words):
        return self.person.tacit("get", name, *words).out.decode()

    def close(self):
        self.service.close()
        self.person.close()


MINT = 'curl -sS -i -X POST -H "Authorization: Bearer $TOKEN"'


def a_token_of_its_own(scene):
    """What a program gets works where the new secret's rules say; the value stands nowhere."""
    printed = scene.shell(f"""
        new=$({MINT} {scene.url}/app/installations/7/access_tokens | tee head | tail -1 | sed 's/.*"token": *"\\([^"]*\\)".*/\\1/')
        cat head; echo; echo "$new"
        curl -sS -H "Authorization: Bearer $new" {scene.url}/repos/a/b; echo
        curl -sS -H "Authorization: Bearer $new" {scene.url}/shown; echo
        curl -sS -o /dev/null -w '%{{http_code}}\\n' -X POST -H "Authorization: Bearer $new" {scene.url}/app/installations/7/access_tokens""")
    [given] = scene.service.given
    *head, fake, used, shown, refused = printed.strip().splitlines()
    assert any(" 201 " in line for line in head) and "etag" not in "".join(head).lower(), head
    assert fake.startswith("ghs_") and fake != given and json.loads(used)["shown"] == fake, printed
    assert json.loads(shown) == {"all": [fake], "one": fake} and refused == "403", printed
    assert json.loads(head[-1]) == {"token": fake, "expires_at": "2099-01-01T00:00:00Z", "permissions": {"contents": "read"}, "copy": [fake]}
    assert [(method, path, credential) for method, path, credential, _ in scene.service.taken()] == [
        ("POST", "/app/installations/7/access_tokens", APP_KEY), ("GET", "/repos/a/b", given), ("GET", "/shown", given)]
    assert scene.stored("github/installation") == given
    listed = json.loads(scene.person.tacit("show", "github/installation", "--json").out)
    assert listed["expires_at"].startswith("2099-01-01"), listed
    [entry] = [entry for entry in scene.person.log("secret.set") if entry["source"] == "broker"]
    assert "installation" in json.dumps(entry) and given not in json.dumps(entry), entry


def a_session_of_a_cloud(scene):
    printed = scene.shell(f"{MINT} {scene.url}/sts | tail -1")
    made = json.loads(printed)["AssumeRoleResponse"]["Credentials"]
    key, secret, session = scene.service.given[-3:]
    assert [scene.stored("aws/role", "--field", field) for field in ["key_id", "secret_key", "session"]] == [key, secret, session]
    assert len(set(made.values())) == 4 and not {key, secret, session} & set(made.values()), made


def what_is_ambiguous_goes_no_further(scene):
    before = scene.stored("github/installation")
    printed = scene.shell(f"{MINT} {scene.url}/twice")
    assert " 502 " in printed and "broker.reply-unsealed" in printed and scene.stored("github/installation") == before, printed
    scene.service.app_key = "another"
    printed = scene.shell(f"{MINT} {scene.url}/app/installations/7/access_tokens")
    assert " 401 " in printed and "Bad credentials" in printed, printed
    scene.service.app_key = APP_KEY


def what_is_over_is_renewed(scene):
    """Once for all that wait, by the broker; what the program asked is answered, and it sees no refresh token."""
    service, person = scene.service, scene.person
    service.refresh, service.client_secret = "CANARY-rt-" + os.urandom(15).hex(), "CANARY-cs-" + os.urandom(15).hex()
    service.given += [service.refresh, service.client_secret]
    service.taken()
    stale = "CANARY-at-" + os.urandom(15).hex()
    def store(name, access):
        for field, value in [("access_token", access), ("refresh_token", service.refresh), ("client_secret", service.client_secret)]:
            person.tacit("set", name, "--field", field, "--plain", "client_id=tacit", input=value.encode())
    store("acme/oauth", stale)
    def run(script):
        done = person.tacit("run", "--agent", "claude", "--show-tokens", "-k", "acme/oauth#access_token=TOKEN", "--", *THROUGH, "sh", "-c", script)
        assert not any(value.encode() in done.out + done.err for value in [stale, *service.given]), done.out
        return done.out.decode()
    ask = f'curl -sS -w "%{{http_code}}\\n" -H "Authorization: Bearer $TOKEN" {scene.url}/api/me'
    printed = run(f'echo "$TOKEN"; {ask}')
    token = printed.split()[0]
    assert printed.splitlines()[1] == json.dumps({"me": token, "sent": ""}) + "200", printed
    assert [(method, path) for method, path, _, _ in service.taken()] == [("GET", "/api/me"), ("POST", "/oauth/token"), ("GET", "/api/me")]
    assert scene.stored("acme/oauth", "--field", "access_token") == service.access
    assert scene.stored("acme/oauth", "--field", "refresh_token") == service.refresh
    assert service.renewals == 1 and scene.stored("acme/oauth", "--field", "client_id") == "tacit"
    # By its time, for several at once: none of them is sent with what is over.
    store("acme/other", service.access)
    script = f"read line; for n in 1 2 3 4; do {ask} & done; wait"
    process = person.start("run", "--agent", "claude", "--show-tokens", "-k", "acme/other#access_token=TOKEN", "--", *THROUGH, "sh", "-c", script, stdin=subprocess.PIPE)
    person.tacit("renew", "acme/other", "--expires", "1s")
    while person.tacit("run", "-k", "acme/other#access_token", "--", "true", code=None).returncode == 0:
        pass
    service.taken()
    out, _ = process.communicate(b"\n", timeout=60)
    paths = [path for _, path, _, _ in service.taken()]
    assert out.count(b"200\n") == 4 and service.renewals == 2 and paths == ["/oauth/token"] + ["/api/me"] * 4, (out, paths)


async def an_agents_tool(scene):
    async with sdk.connect([PROGRAM, "mcp", "--agent", "claude"], env=scene.person.environment, cwd=str(scene.person.home)) as client:
        async def call(name, path, method):
            arguments = {"secret_name": name, "url": scene.url + path, "method": method, "purpose": "a test of the broker"}
            result = json.dumps(await client.call("secret_request", arguments))
            assert not any(value in result for value in [APP_KEY, *scene.service.given]), result
            return json.loads(json.loads(result)["content"][0]["text"])
        answer = await call("github/app", "/app/installations/7/access_tokens", "POST")
        assert answer["status"] == 201 and json.loads(answer["body"])["token"] == "tacit://default/dev/github/installation", answer
        scene.service.taken()
        answer = await call("github/installation", "/repos/a/b", "GET")
        [(_, _, credential, _)] = scene.service.taken()
        assert answer["status"] == 200 and credential == scene.service.given[-1], answer


def a_killed_keeper_keeps_what_was_given_out(scene):
    """Whatever token a program saw, its value is in the vault, however the keeper ended."""
    script = f"""n=0; while [ $n -lt 40 ]; do n=$((n+1)); {MINT} {scene.url}/app/installations/7/access_tokens || exit 0; echo; done"""
    process = scene.person.start("run", "--agent", "claude", "--show-tokens", "-k", "github/app=TOKEN", "--", *THROUGH, "sh", "-c", script, stdin=subprocess.PIPE)
    before, seen = len(scene.service.given), b""
    while seen.count(b'"token"') < 5:
        line = process.stdout.readline()
        assert line, (seen, process.stderr.read())
        seen += line
    os.kill(scene.person.keeper(), signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    seen += rest
    scene.person.tacit("unlock")
    given = scene.service.given[before:]
    assert not any(value.encode() in seen for value in given), seen
    shown = seen.count(b'"token"')
    versions = int(json.loads(scene.person.tacit("show", "github/installation", "--json").out)["version"])
    stored = {scene.stored("github/installation", "--version", str(version)) for version in range(1, versions + 1)}
    assert sum(value in stored for value in given) >= shown >= 5, (shown, len(given), versions)
    assert b"intact" in scene.person.tacit("audit", "verify").out.lower()


def main():
    scene = Scene()
    try:
        for test in [a_token_of_its_own, a_session_of_a_cloud, what_is_ambiguous_goes_no_further, what_is_over_is_renewed]:
            test(scene)
            print("ok   ", test.__name__)
        asyncio.run(an_agents_tool(scene))
        a_killed_keeper_keeps_what_was_given_out(scene)
        for path in scene.person.home.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert not any(value.encode() in content for value in [APP_KEY, *scene.service.given]), path
    finally:
        scene.close()


if __name__ == "__main__":
    main()
