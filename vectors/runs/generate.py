#!/usr/bin/env python3
"""Writes the vectors of docs/SPEC.md section 10 with the second implementation in `vectors/peer`."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from peer import frames  # noqa: E402
from peer.parts import Refused, u32  # noqa: E402

REPORT = '{"masked":true,"redactions":[{"count":2,"name":"stripe/api-key","view":"base64"}],"scanned_bytes":4096,"unscanned":["one member was compressed"]}'
CLIENT = [
    {"kind": "stdin", "bytes": "00ff0a"}, {"kind": "stdin-end"}, {"kind": "terminal-input", "bytes": "03"},
    {"kind": "window-size", "rows": 24, "columns": 80}, {"kind": "window-size", "rows": 65535, "columns": 0}, {"kind": "signal", "number": 1},
    {"kind": "signal", "number": 64}, {"kind": "resume"},
]
KEEPER = [{"kind": "leave"}, {"kind": "withhold"}, {"kind": "refuse"}, {"kind": "stdin-end"}]
RUNNER = [
    {"kind": "started", "number": 1}, {"kind": "started", "number": 2**31 - 1}, {"kind": "stdout", "bytes": "6f7574"}, {"kind": "stderr", "bytes": "00"},
    {"kind": "stdin-credit", "number": 0}, {"kind": "stdin-credit", "number": 2**32 - 1}, {"kind": "terminal-credit", "number": 4096},
    {"kind": "stopped", "number": 20}, {"kind": "timed-out"}, {"kind": "terminal-free"}, {"kind": "answered", "bytes": b"stripe/api-key".hex()},
    {"kind": "candidate", "bytes": b"tacit_ab".hex()}, {"kind": "may-leave"}, {"kind": "report", "bytes": REPORT.encode().hex()},
    *({"kind": "exit", "exit": how} for how in (
        {"how": "exited", "number": 0}, {"how": "exited", "number": 255}, {"how": "signaled", "number": 9},
        {"how": "failed", "number": 127, "code": "run.not-found", "message": "no such ünit", "hint": "check the name"},
        {"how": "failed", "number": 125, "code": "run.refused", "message": "refused", "hint": ""})),
]


def raw(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + u32(len(content)) + content


REFUSED = [
    ("client", "kind 0", "unknown-kind", raw(0, b"")), ("client", "kind 7", "unknown-kind", raw(7, b"")), ("runner", "kind 45", "unknown-kind", raw(45, b"")),
    ("client", "a keeper's frame", "unknown-kind", raw(16, b"")), ("keeper", "a runner's frame to it", "unknown-kind", raw(43, b"")),
    ("keeper", "a leave that says something", "too-long", raw(16, b"\0")),
    ("client", "a runner's frame", "unknown-kind", raw(33, b"x")), ("runner", "a client's frame", "unknown-kind", raw(1, b"x")),
    ("client", "64 KiB and one byte", "too-long", b"\1" + u32(65537)), ("client", "the largest length", "too-long", b"\1" + u32(2**32 - 1)),
    ("client", "an end that says something", "too-long", raw(2, b"\0")), ("runner", "a free terminal that says something", "too-long", raw(41, b"\0")),
    ("client", "a window of five bytes", "too-long", raw(4, bytes(5))),
    ("client", "signal 0", "malformed", raw(5, u32(0))), ("client", "signal 65", "malformed", raw(5, u32(65))),
    ("client", "a signal of three bytes", "malformed", raw(5, bytes(3))), ("runner", "process 0", "malformed", raw(32, u32(0))),
    ("runner", "a process of 32 bits", "malformed", raw(32, u32(2**31))), ("runner", "an end without content", "malformed", raw(40, b"")),
    ("runner", "an end of a kind that does not exist", "malformed", raw(40, b"\3" + u32(0))),
    ("runner", "an exit code with more behind it", "malformed", raw(40, b"\0" + u32(0) + b"\0")),
    ("runner", "an end by signal 0", "malformed", raw(40, b"\1" + u32(0))), ("runner", "a failure of status 1", "malformed", raw(40, b"\2" + u32(1) + b"\0\0")),
    ("runner", "a failure of two texts", "malformed", raw(40, b"\2" + u32(125) + b"a\0b")),
]
cases = [{"sender": sender, "frame": f, "encoded": frames.frame(f).hex()} for sender, some in (("client", CLIENT), ("keeper", KEEPER), ("runner", RUNNER)) for f in some]
for case in cases:
    assert frames.read(bytes.fromhex(case["encoded"]), case["sender"]) == [case["frame"]], case
for sender, name, expect, content in REFUSED:
    try:
        frames.read(content, sender)
        raise SystemExit(f"read: {name}")
    except Refused as refused:
        assert str(refused) == expect, name
table = {"count": len(cases), "cases": cases, "report": REPORT,
         "refusedCount": len(REFUSED), "refused": [{"sender": s, "name": n, "expect": e, "encoded": c.hex()} for s, n, e, c in REFUSED]}
(HERE / "frames.json").write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")
