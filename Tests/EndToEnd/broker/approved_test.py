"""Requests of a run's programs that wait for a person, with curl: what was shown is what goes, once. `approved_test.py PATH-TO-TACIT`."""

import hashlib
import json
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from broker_test import PROGRAM, THROUGH, VALUE, Scene, policy, rule

CURL = 'curl -sS -i -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/octet-stream"'


def asking(service):
    """The policy, with a rule before the others by which a person is asked."""
    asked = f"""\
  - name: asked
    agent_id: claude
{rule(service)}
    methods: [GET, POST]
    paths: ["/v1/asked/**"]
    approval: person
"""
    return policy(service).replace("request_rules:\n", "request_rules:\n" + asked)


class Asking(Scene):
    def __init__(self):
        super().__init__()
        (self.person.home / "policy.yaml").write_text(asking(self.service))
        self.person.tacit("policy", "apply", "policy.yaml")

    def start(self, script):
        return self.person.start("run", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", *THROUGH, "sh", "-c", script, stdin=subprocess.PIPE)

    def pending(self, known=()):
        """The request that waits and is none of these, once one does."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            items = json.loads(self.person.tacit("approvals", "list", "--json").out)["items"]
            found = [item for item in items if item["standing"] == "pending" and item["id"] not in known]
            if found:
                return found[0]
        raise AssertionError("nothing waits for a person")

    def finish(self, process):
        out, err = process.communicate(timeout=60)
        assert VALUE.encode() not in out + err, out
        return out.decode().replace("\r", "")


def a_person_sees_it_and_it_goes(scene, version):
    process = scene.start(f'{CURL} {version} --data "amount=1" "{scene.url}/v1/asked/pay?to=%2Fme"')
    item = scene.pending()
    assert scene.taken() == [], "it waits"
    request = item["request"]
    assert (item["kind"], item["agent"], request["method"], request["url"]) == ("send", "claude", "POST", f"{scene.url}/v1/asked/pay?to=%2Fme"), item
    assert (request["body_bytes"], request["body_hash"]) == (8, hashlib.sha256(b"amount=1").hexdigest()), request
    fields = {field["name"].lower(): field["value"] for field in request["headers"]}
    assert fields["authorization"] == "Bearer FAKE-TOKEN" and item["secrets"][0]["name"] == "default/dev/app/key@1", item
    shown = scene.person.tacit("approvals").out.decode()
    assert "a program of claude wants to send a request" in shown and "a body of 8 bytes, sha256" in shown and f"POST {scene.url}/v1/asked/pay?to=%2Fme" in shown, shown
    scene.person.tacit("approvals", "approve", item["code"])
    printed = scene.finish(process)
    [(method, path, headers, body)] = scene.taken()
    assert (method, path, body, headers["Authorization"]) == ("POST", "/v1/asked/pay?to=%2Fme", b"amount=1", f"Bearer {VALUE}"), headers
    assert " 200" in printed.splitlines()[0] or " 200" in printed, printed


def what_is_denied_goes_nowhere(scene):
    process = scene.start(f'{CURL} --data "amount=2" {scene.url}/v1/asked/pay; {CURL} --data "amount=2" {scene.url}/v1/asked/pay')
    item = scene.pending()
    scene.person.tacit("approvals", "deny", item["code"])
    printed = scene.finish(process)
    assert printed.count("Tacit-Denied: not_permitted") + printed.count("tacit-denied: not_permitted") == 2 and " 403" in printed, printed
    assert '"next_step"' in printed and scene.taken() == [], printed


def whoever_goes_away_comes_again(scene):
    """An impatient program: what it asked for stays, and its approval is good when it asks again."""
    ask = f'{CURL} --data "amount=3" {scene.url}/v1/asked/pay'
    process = scene.start(f"{ask} --max-time 1 || echo gone; read line; {ask}; {ask} --max-time 1 || echo again")
    item = scene.pending()
    while b"gone" not in process.stdout.readline():
        pass
    scene.person.tacit("approvals", "approve", item["code"])
    assert scene.taken() == [], "nothing leaves for who has gone"
    process.stdin.write(b"\n")
    process.stdin.close()
    process.stdin = None
    printed = scene.finish(process)
    assert len(scene.taken()) == 1 and printed.endswith("again\n"), printed


def a_run_that_ends_takes_it_with_it(scene):
    ask = f'{CURL} --data "amount=4" {scene.url}/v1/asked/pay'
    process = scene.start(f"{ask} --max-time 1 || true; read line")
    item = scene.pending()
    process.stdin.close()
    process.stdin = None
    scene.finish(process)
    late = scene.person.tacit("approvals", "approve", item["code"], code=None)
    assert late.returncode != 0 and scene.taken() == [], late.err
    assert scene.person.log("approval.withdraw"), "it is written down"


def long_bodies_are_not_held_back(scene):
    large = scene.person.home / "large"
    large.write_bytes(b"a" * ((1 << 20) + 1))
    printed = scene.shell(f"{CURL} --data-binary @{large} {scene.url}/v1/asked/pay")
    assert " 413" in printed and "broker.body-too-long" in printed and scene.taken() == [], printed


def others_go_on_meanwhile(scene):
    """On one connection of HTTP/2, while one request waits."""
    process = scene.start(f'{CURL} --parallel --parallel-immediate --http2 --data x {scene.url}/v1/asked/pay {scene.url}/v1/echo {scene.url}/v1/show')
    item = scene.pending()
    deadline = time.monotonic() + 60
    while len(scene.service.received) < 2 and time.monotonic() < deadline:
        pass
    assert {path for _, path, _, _ in scene.taken()} == {"/v1/echo", "/v1/show"}
    scene.person.tacit("approvals", "deny", item["code"])
    assert "not_permitted" in scene.finish(process)


def it_goes_over_one(scene):
    a_person_sees_it_and_it_goes(scene, "--http1.1")


def it_goes_over_two(scene):
    a_person_sees_it_and_it_goes(scene, "--http2")


if __name__ == "__main__":
    Asking.play(
        it_goes_over_one, it_goes_over_two, what_is_denied_goes_nowhere, whoever_goes_away_comes_again, a_run_that_ends_takes_it_with_it,
        long_bodies_are_not_held_back, others_go_on_meanwhile)
