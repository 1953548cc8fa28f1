"""Programs whose only way out is the broker: whole agents that a person starts, and what an agent's tool starts. `confined_test.py PATH-TO-TACIT`."""

import asyncio
import json
import os
import pathlib
import sys

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "sessions"), str(here.parent / "mcp")]
import sdk
from broker_test import PROGRAM, THROUGH, VALUE, WHY, Scene, policy

NEXT_TO_IT = "CANARY-beside-" + os.urandom(8).hex()


class Confined(Scene):
    def __init__(self):
        super().__init__()
        self.person.directory = self.person.home / "project"
        self.person.directory.mkdir()
        (self.person.home / "notes").write_text(NEXT_TO_IT)
        self.person.environment["API_KEY_OF_MINE"] = NEXT_TO_IT

    def agent(self, script, *options, code=0):
        """A whole agent: a shell, which is given all that one finds."""
        done = self.person.tacit(
            "run", "--sandbox", "--agent", "claude", "-k", "app/key=TOKEN", *options, "--", *THROUGH, "sh", "-c", script, code=code)
        assert VALUE.encode() not in done.out + done.err and NEXT_TO_IT.encode() not in done.out + done.err, done.out
        return done.out.decode()


def whole_agents_use_the_value(scene):
    printed = scene.agent(f'echo "$TOKEN"; curl -sS -H "Authorization: Bearer $TOKEN" --data "{{}}" {scene.url}/v1/echo')
    token = printed.splitlines()[0]
    assert token.startswith("ghp_") and printed.endswith(f"Bearer {token}{{}}"), printed
    [(method, path, headers, body)] = scene.taken()
    assert (method, path, body, headers["Authorization"]) == ("POST", "/v1/echo", b"{}", f"Bearer {VALUE}"), headers


def nothing_else_leads_out(scene):
    """Who ignores the proxy reaches the loopback of the sandbox, and nothing else."""
    printed = scene.agent(
        f"curl -sS --noproxy '*' -o /dev/null {scene.url}/v1/echo || echo refused; "
        "curl -sS --noproxy '*' -m 5 -o /dev/null https://192.0.2.1/ || echo nowhere; cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '")
    assert printed == "refused\nnowhere\nlo\n" and scene.taken() == [], printed
    # Its programs may serve each other.
    assert scene.agent(
        "mkdir -p served && echo here > served/page && busybox httpd -p 127.0.0.1:8123 -h served && curl -sS --noproxy '*' http://127.0.0.1:8123/page") == "here\n"


def nothing_lies_around(scene):
    """An agent finds neither its starter's files nor variables, but its project, which it writes."""
    printed = scene.agent("env; ls -A ~; cat ../notes; ls /run/tacit; echo made > made; cat made")
    assert "API_KEY_OF_MINE" not in printed and "authorities.pem\nmade\n" in printed, printed
    variables = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    assert variables["SSL_CERT_FILE"] == "/run/tacit/authorities.pem" and "@127.0.0.1:" in variables["HTTPS_PROXY"], variables
    assert (scene.person.directory / "made").read_text() == "made\n"
    printed = scene.agent(f"cat {scene.person.home}/notes.txt", "--read", str(scene.person.home / "policy.yaml"), code=None)
    assert "default/dev" in scene.agent(f"cat {scene.person.home}/policy.yaml", "--read", str(scene.person.home / "policy.yaml"))
    refused = scene.person.tacit("run", "--sandbox", "--agent", "claude", "-k", "app/key", "--no-mask", "--", "true", code=None)
    assert refused.returncode == 2 or refused.returncode == 125, refused.err


async def tools_hand_out_tokens(scene):
    """`secret_run` of an agent whose policy has requests with the secret: the program gets a token, in the sandbox, and uses it through the broker."""
    async with sdk.connect([PROGRAM, "mcp", "--agent", "claude"], env=scene.person.environment, cwd=str(scene.person.directory)) as client:
        async def call(script):
            (scene.person.directory / "script.sh").write_text("unset NO_PROXY no_proxy\n" + script)
            result = await client.call("secret_run", {"argv": ["bash", "script.sh"], "cwd": str(scene.person.directory), "secrets": [{"name": "app/key", "var": "TOKEN"}], **WHY})
            assert VALUE not in json.dumps(result)
            return json.loads(result["content"][0]["text"])
        answer = await call(f'echo "$TOKEN"; curl -sS -H "Authorization: Bearer $TOKEN" {scene.url}/v1/echo; curl -sS --noproxy "*" {scene.url}/v1/echo || echo refused')
        assert "stdout" in answer, answer
        lines = answer["stdout"].splitlines()
        assert answer["exit_code"] == 0 and lines[0].startswith("ghp_") and lines[1:] == [f"Bearer {lines[0]}refused"], answer
        [(_, path, headers, _)] = scene.taken()
        assert path == "/v1/echo" and headers["Authorization"] == f"Bearer {VALUE}"
        answer = await call(f'curl -sS -o /dev/null -w "%{{http_code}}" -H "Authorization: Bearer $TOKEN" {scene.url}/admin')
        assert answer["stdout"] == "403" and scene.taken() == [], answer


def main():
    scene = Confined()
    try:
        for test in [whole_agents_use_the_value, nothing_else_leads_out, nothing_lies_around]:
            test(scene)
            print("ok   ", test.__name__)
        asyncio.run(tools_hand_out_tokens(scene))
        for path in scene.person.home.rglob("*"):
            if path.is_file() and not path.is_relative_to(scene.files):
                assert VALUE.encode() not in path.read_bytes(), path
    finally:
        scene.close()


main()
