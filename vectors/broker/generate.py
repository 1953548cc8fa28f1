#!/usr/bin/env python3
"""Writes the vectors of docs/SPEC.md section 14 with the second implementation in `vectors/peer`."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from peer import tokens  # noqa: E402
from peer.parts import stream  # noqa: E402

KEY = stream("organization key", 32)
# GitHub's own example of a checksum, by way of its announcement of the format.
assert tokens.checksum("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ") == "0mLq17"
cases = []
for shape in tokens.SHAPES:
    for name in ("grant a", "grant b"):
        grant = stream(name, 16)
        shown = tokens.token(KEY, grant, shape)
        cases.append({"shape": shape, "grant": grant.hex(), "token": shown, "lookup": tokens.lookup(KEY, shown).hex()})
table = {"organizationKey": KEY.hex(), "count": len(cases), "cases": cases}
(HERE / "tokens.json").write_text(json.dumps(table, indent=1) + "\n")
