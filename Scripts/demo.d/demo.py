"""The demo: `demo.py PATH-TO-TACIT`. It makes a vault of its own below a temporary directory and removes it at the end."""

import asyncio
import base64
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap

import mcp
from service import Service
from stage import Stage

PROGRAM = sys.argv[1]
POLICY = """\
policies:
  - name: demo-agent
    agent_id: demo
    environments: [default/dev]
    allowed_keys: ["stripe/**", "database/**"]
    denied_keys: ["**/root-password"]
    capabilities: [masked_return, env_inject]
    unsandboxed: allow
"""
BROKER_POLICY = """\
  - name: a whole agent
    agent_id: lodger
    allowed_keys: ["github/token"]
    capabilities: [broker]
request_rules:
  - name: read issues
    agent_id: lodger
    keys: ["github/token"]
    hosts: [localhost]
    ports: [PORT]
    paths: [/issues]
    own_network: allow
    authorities: |
"""


class Person:
    """Someone at a shell: runs tacit, and gives the password on a descriptor when an act asks for it."""

    def __init__(self, home, stage):
        self.stage = stage
        self.password = secrets.token_urlsafe(18)
        self.environment = {
            "HOME": str(home),
            "PATH": f"{pathlib.Path(PROGRAM).parent}:{os.environ['PATH']}",
            "XDG_RUNTIME_DIR": str(home / "run"),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
        }

    def tacit(self, *words, stdin=b"", show=True, password=True, cwd=None):
        arguments = list(words)
        descriptors = ()
        if password:
            reader, writer = os.pipe()
            os.write(writer, self.password.encode() + b"\n")
            os.close(writer)
            descriptors = (reader,)
            place = arguments.index("--") if "--" in arguments else len(arguments)
            arguments[place:place] = ["--password-fd", str(reader)]
        done = subprocess.run(
            [PROGRAM, *arguments], input=stdin, capture_output=True, env=self.environment, pass_fds=descriptors, timeout=120, cwd=cwd
        )
        for descriptor in descriptors:
            os.close(descriptor)
        if show:
            self.stage.command("tacit " + " ".join(words), (done.stdout + done.stderr).decode(errors="replace"))
        return done


async def agent(person, values, stage):
    """An AI agent's host, played by the official SDK. Returns everything that the agent got to read."""
    transcript = []
    server = mcp.StdioServerParameters(command=PROGRAM, args=["mcp", "--agent", "demo"], env=person.environment)

    async def call(client, tool, arguments):
        result = await client.call_tool(tool, arguments)
        text = "\n".join(part.text for part in result.content if part.type == "text")
        transcript.append(text)
        return json.loads(text)

    async with mcp.Client(server) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        stage.say(f"The official MCP SDK is connected. Tools it is offered: {', '.join(tools)}.")

        listed = await call(client, "secret_list", {})
        names = [item["name"] for item in listed["secrets"]]
        stage.command("secret_list", "\n".join(names))
        stage.prove("the agent sees the two names its policy gives it, and not the third", sorted(names) == ["database/url", "stripe/api-key"])

        masked = await call(client, "secret_get_masked", {"secret_name": "stripe/api-key"})
        stage.command("secret_get_masked stripe/api-key", masked["masked"])
        stage.prove("a mask shows stars and the last four characters", masked["masked"] == "********" + values[0][-4:])

        hidden = await call(client, "secret_get_masked", {"secret_name": "server/root-password"})
        absent = await call(client, "secret_get_masked", {"secret_name": "server/no-such-thing"})
        stage.prove("a name outside its policy is answered like one that does not exist", hidden == absent and "error" in hidden)

        stage.say("Now it runs a program with both keys, and lets it print them: plainly, in base64, in hexadecimal, and in two halves.")
        script = (
            'import base64, os, sys; k = os.environ["STRIPE_API_KEY"]; d = os.environ["DATABASE_URL"]; '
            'print("length", len(k)); print("plain", k, d); print("base64", base64.b64encode(("user:" + k).encode()).decode()); '
            'print("hex", d.encode().hex()); sys.stdout.write(k[:9]); sys.stdout.flush(); print(k[9:])'
        )
        ran = await call(
            client,
            "secret_run",
            {
                "argv": ["python3", "-c", script],
                "secrets": [{"name": "stripe/api-key"}, {"name": "database/url"}],
                "purpose": "show what an agent gets to see",
            },
        )
        stage.command("secret_run python3 -c …", ran.get("stdout", json.dumps(ran)))
        stage.prove("the program had the real key", ran.get("exit_code") == 0 and f"length {len(values[0])}" in ran.get("stdout", ""))
        stage.prove("what it printed reached the agent redacted", ran.get("stdout", "").count("[REDACTED:") >= 5)
    return "\n".join(transcript)


def lodge(person, home, stage):
    """A whole agent in the sandbox: a shell that plays one. Returns the value that it used."""
    service = Service(home / "service")
    value = f"ghp_CANARY{secrets.token_hex(15)}"
    try:
        person.tacit("set", "github/token", stdin=value.encode(), show=False)
        rules = BROKER_POLICY.replace("PORT", str(service.port))
        (home / "policy.yaml").write_text(POLICY + rules + textwrap.indent(service.authority, "      "))
        stage.command("tail policy.yaml", rules + "      …")
        person.tacit("agent", "add", "lodger", show=False)
        person.tacit("policy", "apply", str(home / "policy.yaml"), show=False)
        project = home / "project"
        project.mkdir()
        # The service is on this machine, which is reached without a proxy otherwise.
        script = (
            'unset NO_PROXY no_proxy; echo "my token: $GITHUB_TOKEN"; '
            f'curl -sS -H "Authorization: Bearer $GITHUB_TOKEN" https://localhost:{service.port}/issues; '
            f'curl -sS -o /dev/null -w "elsewhere: %{{http_code}}\\n" -H "Authorization: Bearer $GITHUB_TOKEN" https://localhost:{service.port}/settings; '
            f'curl -sS --noproxy "*" -o /dev/null https://localhost:{service.port}/issues || echo "without the broker: nothing"; '
            'ls -A ~; echo "in my home: that is all"'
        )
        words = ["run", "--sandbox", "--agent", "lodger", "--show-tokens", "-k", "github/token", "--", "sh", "-c", script]
        done = person.tacit(*words, show=False, cwd=project)
        if b"sandbox" in done.stderr and done.returncode == 125:
            stage.say("This machine does not let an ordinary user have the sandbox (`tacit doctor` says why): it goes on without, as your own programs would.")
            words.remove("--sandbox")
            done = person.tacit(*words, show=False, cwd=project)
        printed = done.stdout.decode(errors="replace")
        stage.command("tacit " + " ".join(words[:-1]) + " …", printed + done.stderr.decode(errors="replace"))
        token = printed.partition("my token: ")[2].partition("\n")[0]
        stage.prove("the agent's token looks like the real one, and is another", token.startswith("ghp_") and len(token) == 40 and token != value)
        stage.prove("the service got the real one, in the one request that the rules list", service.seen[:1] == [("/issues", f"Bearer {value}")])
        stage.prove("its answer came back with the token in the value's place", f"logged in with {token}" in printed and value not in printed)
        stage.prove("what no rule lists went nowhere", "elsewhere: 403" in printed and not [path for path, _ in service.seen if path != "/issues"])
        if "--sandbox" in words:
            stage.prove("past the broker there is no way out", "without the broker: nothing" in printed and len(service.seen) == 1)
        person.tacit("traffic")
    finally:
        service.close()
    return value


def spellings(value):
    raw = value.encode()
    encoded = base64.b64encode(raw)
    return [raw, encoded.rstrip(b"="), raw.hex().encode(), base64.b64encode(b"user:" + raw)[8:-8]]


def files_with(values, root):
    """Files below a directory that hold a value in any spelling."""
    found = []
    for path in pathlib.Path(root).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [str(path) for value in values for spelling in spellings(value) if spelling in content]
    return found


def play(home):
    stage = Stage()
    person = Person(home, stage)
    values = [f"CANARY-sk_live_{secrets.token_hex(12)}", f"postgres://app:CANARY-{secrets.token_hex(12)}@db/prod"]
    stage.title("Tacit: an agent uses two keys it never sees", f"Everything happens below {home}, and is removed at the end.")

    stage.begin("A person makes a vault and stores two secrets (and one more, which the agent may not use)")
    person.tacit("init", "--no-recovery")
    person.tacit("set", "stripe/api-key", stdin=values[0].encode())
    person.tacit("set", "database/url", "--bind", "DATABASE_URL=value", stdin=values[1].encode())
    person.tacit("set", "server/root-password", stdin=b"CANARY-not-for-agents-0001", show=False)
    person.tacit("list")

    stage.begin("The person registers an agent and says what it may do")
    (home / "policy.yaml").write_text(POLICY)
    stage.command("cat policy.yaml", POLICY)
    person.tacit("agent", "add", "demo")
    person.tacit("policy", "apply", str(home / "policy.yaml"))
    person.tacit("unlock", "--for", "10m")

    stage.begin("The agent works")
    transcript = asyncio.run(agent(person, values, stage))
    seen = [value for value in values for spelling in spellings(value) if spelling in transcript.encode()]
    stage.prove("nothing the agent read holds a value, in any of these spellings", not seen)

    stage.begin("A whole agent lives in the sandbox, with a token that is worth nothing and the broker as its only way out")
    values.append(lodge(person, home, stage))

    stage.begin("The person looks at the log")
    entries = person.tacit("audit", "list", "--json", show=False)
    person.tacit("audit", "list")
    log = entries.stdout.decode()
    stage.prove("every act of the agent is in it, refusals too", all(word in log for word in ('"secret.masked"', '"run"', '"deny"', '"agent demo"')))
    verified = person.tacit("audit", "verify")
    stage.prove("the chain of the log is intact", verified.returncode == 0 and b"chain intact" in verified.stdout)

    stage.begin("Nothing was left behind")
    person.tacit("lock")
    shutil.rmtree(home / "service")
    found = files_with(values, home)
    stage.prove("no file of the vault, its journal or its state holds a value", not found, "\n       ".join(found))
    stage.prove("the hunt can find one: a file with a value in it is found", _hunt_works(home, values))

    return stage.end(
        [
            "That redaction stops an adversary. A program of the agent's own choice can print a value in pieces or in a cipher: treat a value given to "
            "such a run as known to the agent. In the sandbox it could at least send nothing away but by the broker.",
            "That a hostile process of your own user is kept away from you: it can trace your shell or type into your terminal. `tacit doctor` "
            "says what is protected on this machine.",
        ]
    )


def _hunt_works(home, values):
    bait = home / "bait"
    bait.write_bytes(b"x" + base64.b64encode(values[0].encode()))
    try:
        return files_with(values, home) == [str(bait)]
    finally:
        bait.unlink()


def stop_keeper(home):
    """Ends the keeper of this vault, if one was started."""
    for socket in (home / "run" / "tacit").glob("keeper-*.sock"):
        environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")}
        status = subprocess.run([PROGRAM, "status", "--json"], capture_output=True, env=environment, check=False)
        if status.returncode == 0:
            os.kill(json.loads(status.stdout)["keeper_process"], signal.SIGTERM)


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="tacit-demo-"))
    (home / "run").mkdir(mode=0o700)
    code = 1
    try:
        code = play(home)
    finally:
        stop_keeper(home)
        shutil.rmtree(home, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
