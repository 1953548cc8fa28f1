"""Programs whose only way out is the broker: whole agents that a person starts, and what an agent's tool starts. `confined_test.py PATH-TO-TACIT`."""

import asyncio
import json
import os
import pathlib
import sys
import textwrap

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
            "run", "--sandbox", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", *options, "--", *THROUGH, "sh", "-c", script, code=code)
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


def the_socket_leads_to_the_broker(scene):
    """Beside the loopback, in a place of the sandbox's own."""
    printed = scene.agent(
        'stat -c "%a %F" "$TACIT_PROXY_SOCKET"; curl -sS -i --unix-socket "$TACIT_PROXY_SOCKET" -H "Authorization: Bearer $TOKEN" http://localhost/via/github/user')
    assert printed.startswith("600 socket\n") and "Tacit-Denied: destination_not_allowed" in printed, printed


def plain_http_is_told_why(scene):
    """What asks for plain http reads that it goes over https alone; a whole URL of https is served over TLS."""
    (scene.person.directory / "asks.py").write_text(textwrap.dedent(f"""\
        import base64, http.client, json, os, urllib.error, urllib.parse, urllib.request
        for address in ["http://plain.example/v1/echo", "http://localhost:{scene.service.port}/v1/echo"]:
            try:
                urllib.request.urlopen(address)
            except urllib.error.HTTPError as refused:
                problem = json.loads(refused.read())
                print(refused.code, problem["code"], problem["detail"], "/", problem["next_step"])
        proxy = urllib.parse.urlsplit(os.environ["HTTP_PROXY"])
        shown = "Basic " + base64.b64encode(f"{{proxy.username}}:{{proxy.password}}".encode()).decode()
        connection = http.client.HTTPConnection(proxy.hostname, proxy.port)
        for token in [os.environ["TOKEN"], "x"]:
            connection.request("GET", "{scene.url}/v1/echo", headers={{"Authorization": "Bearer " + token, "Proxy-Authorization": shown}})
            reply = connection.getresponse()
            print(reply.status, reply.read().decode().replace(os.environ["TOKEN"], "TOKEN"))
        """))
    told = "403 destination_not_allowed a request without a token goes over https alone / make the request over https"
    assert scene.agent("python3 asks.py").splitlines() == [told, told, "200 Bearer TOKEN", "200 Bearer x"]
    assert [headers["Authorization"] for _, _, headers, _ in scene.taken()] == [f"Bearer {VALUE}", "Bearer x"]
    printed = scene.agent('test "$http_proxy" = "$HTTP_PROXY" -a "$HTTP_PROXY" = "$https_proxy"; curl -sS -i -H "Authorization: Bearer $TOKEN" http://plain.example/')
    assert "HTTP/1.1 403" in printed and "Tacit-Denied: destination_not_allowed" in printed and "a request with this secret goes over https alone" in printed, printed
    assert scene.taken() == []


def nothing_lies_around(scene):
    """An agent finds neither its starter's files nor variables, but its project, which it writes."""
    printed = scene.agent("env; ls -A ~; cat ../notes; ls /run/tacit; echo made > made; cat made")
    assert "API_KEY_OF_MINE" not in printed and "authorities.pem\nbin\nkeeper.sock\nproxy.sock\nmade\n" in printed, printed
    variables = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    assert variables["SSL_CERT_FILE"] == "/run/tacit/authorities.pem" and "@127.0.0.1:" in variables["HTTPS_PROXY"], variables
    assert (scene.person.directory / "made").read_text() == "made\n"
    printed = scene.agent("cp /bin/true mine; chmod 4755 mine 2> /dev/null || echo refused; install -m 2755 mine yours 2> /dev/null || echo refused; stat -c %a mine")
    assert printed.startswith("refused\nrefused\n") and not any(path.stat().st_mode & 0o6000 for path in scene.person.directory.iterdir()), printed
    printed = scene.agent(f"cat {scene.person.home}/notes.txt", "--read", str(scene.person.home / "policy.yaml"), code=None)
    assert "default/dev" in scene.agent(f"cat {scene.person.home}/policy.yaml", "--read", str(scene.person.home / "policy.yaml"))
    refused = scene.person.tacit("run", "--sandbox", "--agent", "claude", "--show-tokens", "-k", "app/key", "--no-mask", "--", "true", code=None)
    assert refused.returncode == 2 or refused.returncode == 125, refused.err


def homes_last(scene):
    """An agent finds what it left in its home, which is its own alone, and leads nothing astray by links that it leaves there."""
    outside = scene.person.home / "real"
    outside.mkdir()
    printed = scene.agent(f'echo "$HOME"; ls -A ~; echo settings > ~/.settings; ln -s {outside} ~/.local; ln -s {outside} ~/project')
    assert printed == "/agent\n", printed
    assert scene.agent("cat ~/.settings; getent passwd $(id -u) | cut -d: -f6") == "settings\n/agent\n"
    assert list(outside.iterdir()) == []
    [kept] = (scene.person.home / ".local/state/tacit").glob("homes-*/claude-*")
    assert (kept / ".settings").read_text() == "settings\n" and kept.stat().st_mode & 0o777 == 0o700
    scene.person.tacit("agent", "add", "other")
    kept.chmod(0o755)
    refused = scene.person.tacit("run", "--sandbox", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", "true", code=None)
    assert refused.returncode == 125 and b"open to others" in refused.err, refused.err
    kept.chmod(0o700)


def traffic_is_shown(scene):
    """Who watches sees each request as it ends, without values and queries."""
    watcher = scene.person.start("traffic", "--follow", "--json")
    waiting = json.loads(watcher.stdout.readline())
    scene.agent(f'curl -sS -o /dev/null -H "Authorization: Bearer $TOKEN" "{scene.url}/v1/watched?q=1"; curl -sS -o /dev/null {scene.url}/admin')
    seen = [waiting]
    while seen[-1]["path"] != "/admin":
        seen.append(json.loads(watcher.stdout.readline()))
    allowed, denied = seen[-2:]
    assert (allowed["path"], allowed["status"], allowed["secrets"], allowed["decision"]) == ("/v1/watched", 200, ["app/key"], "allow"), allowed
    assert allowed["redactions"] >= 1 and allowed["bytes_received"] > 0 and allowed["authority"] == f"localhost:{scene.service.port}", allowed
    assert (denied["decision"], denied["result"], denied["secrets"], denied["agent"]) == ("deny", "destination_not_allowed", [], "claude"), denied
    shown = scene.person.tacit("traffic").out.decode()
    assert "/v1/watched" in shown and "denied: destination_not_allowed" in shown and "q=1" not in shown and VALUE not in shown, shown
    scene.person.tacit("lock")
    _, told = watcher.communicate(timeout=60)
    assert watcher.returncode == 0 and b"locked" in told, told
    scene.person.tacit("unlock")
    assert scene.person.tacit("traffic").out == b"No requests since the vault was unlocked.\n"
    scene.taken()


def wishes_are_learned(scene):
    """What a program wanted and no rule lists comes out as rules, as narrow as it was, and works once a person put them in."""
    script = f'curl -sS -o /dev/null -X DELETE -H "Authorization: Bearer $TOKEN" {scene.url}/things/7; curl -sS -o /dev/null {scene.url}/v1/fine'
    wanted = scene.person.directory / "wanted.yaml"
    scene.agent(script, "--learn", str(wanted))
    assert "paths: [/things/7]" in wanted.read_text() and "methods: [DELETE]" in wanted.read_text() and "*" not in wanted.read_text(), wanted.read_text()
    assert [path for _, path, _, _ in scene.taken()] == ["/v1/fine"]
    rules = wanted.read_text().partition("request_rules:\n")[2]
    trust = policy(scene.service).partition("own_network: allow\n")[2].partition("    methods:")[0]
    learned = scene.person.home / "learned.yaml"
    learned.write_text(policy(scene.service) + rules.rstrip() + "\n    own_network: allow\n" + trust)
    scene.person.tacit("policy", "apply", str(learned))
    scene.agent(script)
    assert [(method, path) for method, path, _, _ in scene.taken()] == [("DELETE", "/things/7"), ("GET", "/v1/fine")]
    scene.person.tacit("policy", "apply", str(scene.person.home / "policy.yaml"))


async def tools_hand_out_tokens(scene):
    """`secret_run` of an agent whose policy has requests with the secret: the program gets a token, in the sandbox, and uses it through the broker."""
    async with sdk.connect([PROGRAM, "mcp", "--agent", "claude"], env=scene.person.environment, cwd=str(scene.person.directory)) as client:
        async def call(script):
            (scene.person.directory / "script.sh").write_text("unset NO_PROXY no_proxy\n" + script)
            result = await client.call("secret_run", {"argv": ["bash", "script.sh"], "cwd": str(scene.person.directory), "secrets": [{"name": "app/key", "var": "TOKEN"}], **WHY})
            assert VALUE not in json.dumps(result)
            return json.loads(result["content"][0]["text"])
        answer = await call(f'case $TOKEN in ghp_*) echo a token;; esac; echo "$TOKEN"; curl -sS -H "Authorization: Bearer $TOKEN" {scene.url}/v1/echo; curl -sS --noproxy "*" {scene.url}/v1/echo || echo refused')
        assert "stdout" in answer, answer
        lines = answer["stdout"].splitlines()
        assert answer["exit_code"] == 0 and lines == ["a token", "[REDACTED:app/key]", "Bearer [REDACTED:app/key]refused"], answer
        [(_, path, headers, _)] = scene.taken()
        assert path == "/v1/echo" and headers["Authorization"] == f"Bearer {VALUE}"
        answer = await call(f'curl -sS -o /dev/null -w "%{{http_code}}" -H "Authorization: Bearer $TOKEN" {scene.url}/admin')
        assert answer["stdout"] == "403" and scene.taken() == [], answer


def main():
    scene = Confined()
    try:
        for test in [whole_agents_use_the_value, nothing_else_leads_out, nothing_lies_around, the_socket_leads_to_the_broker, plain_http_is_told_why, homes_last, traffic_is_shown, wishes_are_learned]:
            test(scene)
            print("ok   ", test.__name__)
        asyncio.run(tools_hand_out_tokens(scene))
        scene.hunt()
    finally:
        scene.close()


if __name__ == "__main__":
    main()
