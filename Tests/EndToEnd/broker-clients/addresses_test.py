"""Base addresses: SDKs that are pointed at the broker by a variable reach their providers through it. `addresses_test.py PATH-TO-TACIT PYTHON-WITH-THE-SDKS`.

The providers' hosts are this machine's, for these processes alone: their hosts file is another, which takes root.
"""

import asyncio
import json
import os
import pathlib
import subprocess
import sys
import textwrap

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "broker"), str(here.parent / "sessions"), str(here.parent / "mcp")]

PROGRAM, CLIENTS = sys.argv[1:3]
# An address of the loopback that no other test has, on the port of https.
ADDRESS = os.environ.get("ADDRESSES_TEST", f"127.{'.'.join(str(1 + byte % 250) for byte in os.urandom(3))}")
HOSTS = {"api.openai.com": "openai", "api.anthropic.com": "anthropic", "acme.atlassian.net": "echo", "de.sentry.io": "echo"}
VALUES = {
    "openai/key": "sk-proj-CANARY" + os.urandom(24).hex(), "anthropic/key": "sk-ant-api03-CANARY" + os.urandom(24).hex(),
    "jira/token": "ATATT3CANARY" + os.urandom(40).hex(), "sentry/token": "sntryu_CANARY" + os.urandom(29).hex(),
}
WHY = {"purpose": "a test of base addresses"}
# Asks both ways, plainly and by a stream; prints what was read, and nothing that only this program could know.
OPENAI = """
    import openai, os
    client, said = openai.OpenAI(max_retries=0), [{"role": "user", "content": "hello"}]
    print(client.chat.completions.create(model="a-model", messages=said).choices[0].message.content)
    print(*(chunk.choices[0].delta.content for chunk in client.chat.completions.create(model="a-model", messages=said, stream=True)), sep="")
    print(os.environ["OPENAI_API_KEY"], os.environ["OPENAI_BASE_URL"])
    """
ANTHROPIC = """
    import anthropic, os
    client, said = anthropic.Anthropic(max_retries=0), [{"role": "user", "content": "hello"}]
    print(client.messages.create(model="a-model", max_tokens=10, messages=said).content[0].text)
    with client.messages.stream(model="a-model", max_tokens=10, messages=said) as stream:
        print(*stream.text_stream, sep="")
    print(os.environ["ANTHROPIC_API_KEY"], os.environ["ANTHROPIC_BASE_URL"])
    """


def begin_inside():
    """Becomes this program in a mount namespace of its own with a hosts file of its own; says so where that is not to be had."""
    if "ADDRESSES_TEST" in os.environ:
        return
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        print("skipped addresses [root may mount nothing here]")
        sys.exit(0)
    script = 'hosts=$(mktemp) && cat /etc/hosts - > "$hosts" && mount --bind "$hosts" /etc/hosts && rm "$hosts" && exec "$@" < /dev/null'
    lines = "".join(f"{ADDRESS} {host}\n" for host in HOSTS)
    done = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", sys.executable, *sys.argv], input=lines.encode(), env={**os.environ, "ADDRESSES_TEST": ADDRESS})
    sys.exit(done.returncode)


begin_inside()

import sdk
from person import Person
from stand_in import WORDS, StandIn


class Providers(StandIn):
    """One service for all, by the host that is asked."""

    def kind(self, request, path):
        return HOSTS[request.headers["Host"]]


class Scene:
    def __init__(self):
        self.person = Person(PROGRAM)
        self.home = self.person.home
        self.service = Providers(self.home / "service", list(VALUES.values()), list(HOSTS), (ADDRESS, 443))
        rules = "".join(
            f"  - name: {name}\n    agent_id: claude\n    keys: [{key}]\n    hosts: [{host}]\n    methods: [GET, POST]\n    paths: [/**]\n    own_network: allow\n"
            "    authorities: |\n" + textwrap.indent(self.service.authority, "      ")
            for name, key, host in zip(["one", "two", "three", "four"], VALUES, HOSTS))
        (self.home / "policy.yaml").write_text(
            "policies:\n  - {name: claude, agent_id: claude, allowed_keys: [\"**\"], capabilities: [broker]}\nrequest_rules:\n" + rules)
        for name, value in VALUES.items():
            self.person.set(name, value)
        self.person.tacit("agent", "add", "claude")
        self.person.tacit("policy", "apply", "policy.yaml")
        self.person.tacit("unlock")

    def python(self, script, environment, *words):
        """What a program prints that has the SDKs, and these variables."""
        file = self.home / "client.py"
        file.write_text(textwrap.dedent(script))
        done = subprocess.run([*words, CLIENTS, str(file)], env={"PATH": os.environ["PATH"], "HOME": str(self.home), **environment}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout.splitlines()

    def check(self, provider, printed, value):
        """Both answers have the token where the service had the value, which came once in each request."""
        whole, streamed, about = printed
        token, address = about.split()
        assert address.split("/via/")[1].split("/")[0] == provider and address.startswith("http://127.0.0.1:"), address
        assert whole == f"your key is {token}" and streamed == "".join(f"{word} " for word in WORDS) + token, printed
        assert token != value and len(token) > 20
        received = self.service.taken()
        assert len(received) == 2
        for _, _, fields, body in received:
            assert sum(text.count(value) for text in fields.values()) == 1 and value.encode() not in body and token not in str(fields), fields.items()

    def close(self):
        self.service.close()
        self.person.close()


async def sdks_use_tokens_of_tools(scene, call):
    """`secret_token`: what it gives as variables is all that the SDKs need."""
    for name, script in [("openai", OPENAI), ("anthropic", ANTHROPIC)]:
        made = await call("secret_token", secret_name=f"{name}/key", **WHY)
        variables = {each["name"]: each["value"] for each in made["env"]}
        scene.check(name, scene.python(script, variables), VALUES[f"{name}/key"])


async def sdks_use_files(scene, call):
    """`secret_inject`: a file with both, and no proxy in it."""
    made = await call("secret_inject", secrets=[{"name": f"{name}/key", "var": f"{name.upper()}_API_KEY"} for name in ["openai", "anthropic"]], content="values", **WHY)
    assert made["content"] == "tokens" and not any("PROXY" in name for name in made["variables"]), made
    for name, script in [("openai", OPENAI), ("anthropic", ANTHROPIC)]:
        printed = scene.python(script, {}, "sh", "-c", f'set -a; . "{made["path"]}"; exec "$@"', "sh")
        scene.check(name, printed, VALUES[f"{name}/key"])


async def addresses_name_hosts(scene, call):
    """A provider with a host for each region or customer is reached by the host that the rule names, and by no other that somebody writes in its place."""
    for name, provider, host in [("jira/token", "jira", "acme.atlassian.net"), ("sentry/token", "sentry", "de.sentry.io")]:
        made = await call("secret_token", secret_name=name, **WHY)
        assert made["provider"] == provider and made["base_url"].endswith(f"/via/{provider}@{host}"), made
        ask = lambda base, *words: subprocess.run(["curl", "-sS", "-i", "--noproxy", "*", "-u", f"me:{made['token']}", *words, f"{base}/rest/x"], capture_output=True, text=True, timeout=60).stdout
        user = [] if provider == "jira" else ["-u", "", "-H", f"Authorization: Bearer {made['token']}"]
        said = ask(made["base_url"], *user)
        assert "HTTP/1.1 200" in said and f"X-Echo: {made['token']}" in said, said
        [(method, path, fields, _)] = scene.service.taken()
        assert (method, path, fields["Host"]) == ("GET", "/rest/x", host) and scene.service.credential(fields) == VALUES[name], fields.items()
        root = made["base_url"].partition("/via/")[0]
        for other, status in [(f"{provider}@evil.example", 404), (f"openai@{host}", 404), (f"{provider}@api.openai.com", 404), ("openai", 403), (provider, 403)]:
            assert f"HTTP/1.1 {status}" in ask(f"{root}/via/{other}", *user), other
        assert scene.service.taken() == []


def addresses_are_there_in_runs(scene):
    """The same address at the port of a run's proxy."""
    script = f"import os\nos.environ['OPENAI_BASE_URL'] = 'http://127.0.0.1:' + os.environ['HTTPS_PROXY'].rpartition(':')[2] + '/via/openai/v1'\n{textwrap.dedent(OPENAI)}"
    (scene.home / "client.py").write_text(script)
    done = scene.person.tacit("run", "--agent", "claude", "--show-tokens", "-k", "openai/key=OPENAI_API_KEY", "--", CLIENTS, str(scene.home / "client.py"))
    scene.check("openai", done.out.decode().splitlines(), VALUES["openai/key"])


def nothing_is_left(scene):
    for path in scene.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert not any(value.encode() in path.read_bytes() for value in VALUES.values()), path


async def tools(scene):
    async with sdk.connect([PROGRAM, "mcp", "--agent", "claude"], env=scene.person.environment, cwd=str(scene.home)) as client:
        async def call(tool, **arguments):
            result = await client.call(tool, arguments)
            assert not any(value in json.dumps(result) for value in VALUES.values())
            return json.loads(result["content"][0]["text"])
        for test in [sdks_use_tokens_of_tools, sdks_use_files, addresses_name_hosts]:
            await test(scene, call)
            print("ok   ", test.__name__, flush=True)


def main():
    scene = Scene()
    try:
        asyncio.run(tools(scene))
        for test in [addresses_are_there_in_runs, nothing_is_left]:
            test(scene)
            print("ok   ", test.__name__, flush=True)
    finally:
        scene.close()


if __name__ == "__main__":
    main()
