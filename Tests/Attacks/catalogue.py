"""The attack table: every technique of the catalogue, in every cell of the promise table, ends as docs/ATTACKS.md says.

    RECORD=FILE                                      writes how each ended, for Scripts/attack-report
    ATTACKS_ADAPTER="tool run --" ATTACKS_VALUE=V    plays them by another tool that has V
"""

import json
import os
import time

from attack import attack, detail, expect
from house import canary
from techniques.cells import CELLS, OTHER, furnish
from techniques.technique import GROUPS

NEEDS_ROOT = True
VALUE = os.environ.get("ATTACKS_VALUE", canary("table")).encode()
OUTCOMES = "Tests/Attacks/outcomes.json"


def vault(house):
    furnish(house, VALUE)


def outcomes(context, group, cell):
    """How each technique of a group ends in a cell, by id; one that this machine has not the programs for is left out."""
    house, found = context.house(vault), {}
    for technique in GROUPS[group]:
        if technique.missing:
            detail(f"{technique.id} is not played: {technique.missing[0]} is not here")
            continue
        begun, place = time.monotonic(), cell.place(VALUE, house, context)
        found[technique.id] = technique.play(place)
        place.empty()
        if time.monotonic() - begun > 3:
            detail(f"{technique.id} took {time.monotonic() - begun:.0f} s")
    return found


def recorded(ends, *cells):
    with open(os.environ["RECORD"], "a") as file:
        for cell in cells:
            file.write(json.dumps({"cell": cell.id, "ends": ends}) + "\n")


def declare(group, cell, alike):
    """One attack: a group in a cell. `alike` are the cells for which it stands, itself among them."""

    @attack("table", f"{group}: {cell.title}", limit=600)
    def play(context):
        found = outcomes(context, group, cell)
        if os.environ.get("RECORD"):
            recorded(found, *alike)
            return
        known = json.loads((context.repository / OUTCOMES).read_text())
        other = {
            technique.id: f"{found[technique.id]}, not {known.get(technique.id, {}).get(each.id)}" for each in alike for technique in GROUPS[group]
            if technique.id in found and not technique.ends_as(found[technique.id], known.get(technique.id, {}).get(each.id))}
        expect(not other, f"it ends otherwise than {OUTCOMES} says, which Scripts/attack-report writes: {other}")


for _group in GROUPS:
    for _cell in [OTHER] if os.environ.get("ATTACKS_ADAPTER") else CELLS:
        # What a run itself shows does not depend on what the agent's user is.
        _alike = [cell for cell in CELLS if _group != "watch" and _cell.who and cell.who == _cell.who] or [_cell]
        if _alike[0] is _cell:
            declare(_group, _cell, _alike)
