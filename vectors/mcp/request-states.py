#!/usr/bin/env python3
"""Writes request-states.json: the states of multi-round calls by a second implementation, good ones and every way to be refused.

A state is the text `PAYLOAD.CODE`. PAYLOAD is compact JSON with the members `expires`, `memory`, `nonce`, `step`. CODE is HMAC-SHA256 in lower-case
hexadecimal over label, principal, method, tool, arguments and PAYLOAD, each after its length in eight bytes; the arguments are compact JSON with
their defaults filled in and the members of every object in the order of their bytes.
"""

import hashlib
import hmac
import json
import pathlib

KEY = bytes(range(32))
LABEL = "mcp-request-state-v1"


def compact(value, ordered=False):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=ordered)


def state(arguments, expires=1600, memory=None, nonce="0" * 31 + "1", step=1, tool="echo", principal="tester", method="tools/call", key=KEY):
    payload = compact({"expires": expires, "memory": memory or {}, "nonce": nonce, "step": step})
    return f"{payload}.{code(payload, arguments, tool, principal, method, key)}"


def code(payload, arguments, tool="echo", principal="tester", method="tools/call", key=KEY):
    parts = [part.encode() for part in (LABEL, principal, method, tool, compact(arguments, ordered=True), payload)]
    return hmac.new(key, b"".join(len(part).to_bytes(8, "big") + part for part in parts), hashlib.sha256).hexdigest()


def cases():
    arguments = {"text": "a", "count": 1, "tone": "soft"}
    rich = {"z": 1, "text": "é\n", "items": [{"name": "b", "a": True}], "n": None}
    good = state(arguments)
    payload = good.rsplit(".", 1)[0]
    yield "as it was made", arguments, good, True
    yield "members of the arguments in another order", dict(reversed(arguments.items())), good, True
    yield "memory, a later step, texts that are not ASCII", rich, state(rich, memory={"é": ["x", {}]}, step=7), True
    yield "one second before its end", arguments, state(arguments, expires=1001), True
    yield "at its end", arguments, state(arguments, expires=1000), False
    yield "long after its end", arguments, state(arguments, expires=1), False
    yield "for other arguments", {**arguments, "text": "b"}, good, False
    yield "for fewer arguments", {"text": "a"}, good, False
    yield "for another tool", arguments, state(arguments, tool="wait"), False
    yield "for another principal", arguments, state(arguments, principal="other"), False
    yield "for another method", arguments, state(arguments, method="prompts/get"), False
    yield "under another key", arguments, state(arguments, key=bytes(32)), False
    yield "with a longer life written in", arguments, good.replace("1600", "9999"), False
    yield "with another step written in", arguments, good.replace('"step":1', '"step":2'), False
    yield "with another nonce written in", arguments, good.replace('1","step', '2","step'), False
    yield "with memory written in", arguments, good.replace('"memory":{}', '"memory":{"a":1}'), False
    yield "with its code in capitals", arguments, f"{payload}.{good.rsplit('.', 1)[1].upper()}", False
    yield "without its code", arguments, payload, False
    yield "with an empty code", arguments, payload + ".", False
    yield "with half its code", arguments, good[:-32], False
    yield "with more after its code", arguments, good + "0", False
    yield "with a blank before it", arguments, " " + good, False
    yield "with a part moved from tool to principal", arguments, state(arguments, principal="testere", tool="cho"), False
    yield "authentic, but no state", arguments, f"[].{code('[]', arguments)}", False
    yield "authentic, but without a step", arguments, (lambda p: f"{p}.{code(p, arguments)}")('{"expires":1600,"memory":{},"nonce":"1"}'), False
    yield "empty", arguments, "", False


if __name__ == "__main__":
    written = [{"case": case, "arguments": arguments, "state": text, "holds": holds} for case, arguments, text, holds in cases()]
    page = {"count": len(written), "key": KEY.hex(), "principal": "tester", "method": "tools/call", "tool": "echo", "now": 1000, "cases": written}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(written)} cases")
