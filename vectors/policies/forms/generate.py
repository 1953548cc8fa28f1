#!/usr/bin/env python3
"""Writes the vectors of the policy's canonical JSON (docs/SPEC.md §8), with code that shares nothing with the program."""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
KEYS = ["name", "agent_id", "environments", "allowed_keys", "denied_keys", "capabilities", "unsandboxed", "home", "unredactable"]
CAPABILITIES = ["reference_only", "masked_return", "env_inject", "file_inject", "broker", "propose", "reveal"]
DEFAULTS = {"unsandboxed": "deny", "home": "private", "unredactable": "deny"}


def canonical(document: dict) -> str:
    def member(policy: dict, key: str):
        value = policy[key]
        return sorted(value, key=CAPABILITIES.index) if key == "capabilities" else value

    policies = [{key: member(policy, key) for key in KEYS if key in policy and policy[key] != DEFAULTS.get(key)} for policy in document["policies"]]
    return json.dumps({"policies": policies}, separators=(",", ":"))


FULL = {"name": 'all "parts" \\ of it', "agent_id": "claude-*", "environments": ["default/dev", "shop/*"], "allowed_keys": ["stripe/*", "**/read-only"],
        "denied_keys": ["stripe/live-*"], "capabilities": CAPABILITIES, "unsandboxed": "allow", "home": "real", "unredactable": "allow"}
CASES = [
    ("nothing", '{"policies":[]}'), ("white space", ' {\n "policies" : [ ]\t}\r\n'),
    ("every part", json.dumps({"policies": [FULL]}, indent=2)),
    ("keys in another order", json.dumps({"policies": [{k: FULL[k] for k in reversed(FULL)}]})),
    ("capabilities in another order", json.dumps({"policies": [FULL | {"capabilities": CAPABILITIES[::-1]}]})),
    ("defaults written out", json.dumps({"policies": [{"name": "p", "agent_id": "a", "denied_keys": ["x"]} | DEFAULTS]})),
    ("escapes", '{"polici\\u0065s":[{"name":"a\\/b\\u0022","agent_id":"\\u0061","denied_keys":["x\\u002fy"]}]}'),
    ("two policies", json.dumps({"policies": [{"name": "one", "agent_id": "a", "allowed_keys": ["x"], "capabilities": ["reveal"]},
                                              {"name": "two", "agent_id": "unidentified", "denied_keys": ["**"]}]})),
]
cases = [{"name": name, "text": text, "canonical": canonical(json.loads(text))} for name, text in CASES]
(HERE / "canonical.json").write_text(json.dumps({"count": len(cases), "cases": cases}, indent=1) + "\n")
