"""Limits of request rules, what tokens were used for, and misused tokens, with curl. `limited_test.py PATH-TO-TACIT`."""

import json
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from broker_test import PROGRAM, THROUGH, VALUE, Scene, policy, rule

CURL = 'curl -sS -i --http1.1 -H "Authorization: Bearer $TOKEN"'


def limited(service):
    """The policy, with rules before the others that limit, and a freeze of who misuses a token."""
    names = {"two": ("/v1/later", "concurrency: 2"), "bytes": ("/v1/up", "bytes: 2MiB/day"), "rate": ("/v1/packed", "rate: 1/hour")}
    rules = "".join(f"""\
  - name: {name}
    agent_id: "*"
{rule(service)}
    methods: [GET, POST]
    paths: ["{path}"]
    {limit}
""" for name, (path, limit) in names.items())
    text = policy(service).replace("request_rules:\n", "request_rules:\n" + rules).replace("agent_id: claude", 'agent_id: "*"')
    return text.replace("    capabilities:", "    on_misuse: freeze\n    capabilities:", 1)


class Limited(Scene):
    def __init__(self):
        super().__init__()
        (self.person.home / "policy.yaml").write_text(limited(self.service))
        self.person.tacit("policy", "apply", "policy.yaml")
        self.person.tacit("agent", "add", "other")

    def denied(self, script, code=0):
        return [line.split(": ")[1].strip() for line in self.shell(script, code).splitlines() if line.startswith("Tacit-Denied")]


def no_more_at_once(scene):
    """Many connections, one token: two go, and the others are told when to come again."""
    many = " ".join(f"{CURL} {scene.url}/v1/later &" for _ in range(8))
    process = scene.person.start("run", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", *THROUGH, "sh", "-c", f"{many} wait", stdin=subprocess.DEVNULL)
    refused = 0
    out = b""
    while refused < 6:
        line = process.stdout.readline()
        assert line, "the run ended"
        out += line
        refused += line.startswith(b"Retry-After: 1")
    deadline = time.monotonic() + 60
    while len(scene.service.received) < 2 and time.monotonic() < deadline:
        pass
    assert len(scene.taken()) == 2
    for _ in range(2):
        scene.service.shown.put("x")
    rest, _ = process.communicate(timeout=60)
    out += rest
    assert out.count(b"HTTP/1.1 429") == 6 and out.count(b"Tacit-Denied: rate_limited") == 6 and out.count(b"HTTP/1.1 200 OK") >= 2, out
    assert scene.denied(f"{CURL} {scene.url}/v1/packed; {CURL} {scene.url}/v1/packed") == ["rate_limited"]
    scene.taken()


def no_more_bytes(scene):
    """A body that is longer than what is left of them reaches nobody whole, over however many runs it is sent again."""
    big, small = scene.person.home / "big", scene.person.home / "small"
    big.write_bytes(b"a" * (1_500_000))
    small.write_bytes(b"a" * 600_000)
    up = f'{CURL} -H "Content-Type: application/octet-stream" --data-binary @'
    for _ in range(2):
        scene.shell(f"{up}{big} {scene.url}/v1/up", code=None)
    assert all(len(body) < 1_500_000 for _, _, _, body in scene.taken()), "more went than there was"
    for _ in range(3):
        scene.shell(f"{up}{small} {scene.url}/v1/up", code=None)
    assert len(scene.taken()) <= 3
    last = scene.shell(f"{up}{small} {scene.url}/v1/up", code=None)
    # Half of what is left is never nothing, but too little.
    assert " 429 " in last and ("rate_limited" in last and "Retry-After" in last or "broker.over-allowance" in last), last
    assert all(len(body) < 600_000 for _, _, _, body in scene.taken()), "it came whole"


def use_is_counted(scene):
    process = scene.person.start("run", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", *THROUGH, "sh", "-c",
                                 f'{CURL} --data 12345 {scene.url}/v1/echo >/dev/null; {CURL} {scene.url}/admin > /dev/null; echo done; read line', stdin=subprocess.PIPE)
    assert process.stdout.readline() == b"done\n"
    [token] = [item for item in json.loads(scene.person.tacit("token", "list", "--json").out)["items"] if item["of_run"]]
    usage = token["usage"]
    assert (usage["requests"], usage["refused"], usage["bytes_sent"]) == (1, 1, 5) and usage["bytes_received"] > 5 and usage["last_used_at"], token
    assert b"1, 1 refused, 5 B up" in scene.person.tacit("token", "list").out
    process.communicate(b"\n", timeout=60)
    scene.taken()


def a_misuse_freezes(scene):
    """The token of another run in an agent's hands: the person is told, and the agent gets nothing any more; others go on."""
    other = scene.person.start("run", "--agent", "other", "--show-tokens", "-k", "app/key=TOKEN", "--", *THROUGH, "sh", "-c",
                               f'echo "$TOKEN"; read line; {CURL} -o /dev/null -w "%{{http_code}}" {scene.url}/v1/echo', stdin=subprocess.PIPE)
    stolen = other.stdout.readline().decode().strip()
    scene.shell(f'curl -sS -H "Authorization: Bearer {stolen}" {scene.url}/v1/echo; {CURL} {scene.url}/v1/echo', code=None)
    assert scene.taken() == [], "nothing left"
    told = scene.person.tacit("approvals").err.decode()
    assert "claude showed a fake token where it is not good (token.foreign" in told and "it is frozen" in told, told
    status = scene.person.tacit("status").err.decode()
    assert "an agent is frozen" in status and "claude" not in status, status
    refused = scene.person.tacit("run", "--agent", "claude", "--show-tokens", "-k", "app/key", "--", "true", code=None)
    assert refused.returncode == 125 and b"frozen" in refused.err, refused.err
    out, _ = other.communicate(b"\n", timeout=60)
    assert out.decode().endswith("200"), out
    scene.person.tacit("panic", "--thaw")
    assert scene.person.log("agents.freeze") and scene.person.log("token.misuse")
    scene.taken()
    assert " 200" in scene.shell(f"{CURL} {scene.url}/v1/echo")
    scene.taken()


if __name__ == "__main__":
    Limited.play(no_more_at_once, no_more_bytes, use_is_counted, a_misuse_freezes)
