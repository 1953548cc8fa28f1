"""How a group of techniques is played in a cell, and held against what is written down."""

import json
import os
import time

from attack import detail, expect, record
from house import canary

from .cells import furnish
from .technique import GROUPS

VALUE = canary("table").encode()
OUTCOMES = "Tests/Attacks/outcomes.json"


def vault(house):
    furnish(house, VALUE)


def plays(cells, groups=GROUPS):
    """(group, cell, the cells for which it stands, itself among them) of what has to be played."""
    for group in groups:
        for cell in cells:
            # What a run itself shows does not depend on what the agent's user is.
            alike = [other for other in cells if group != "watch" and cell.who and other.who == cell.who] or [cell]
            if alike[0] is cell:
                yield group, cell, alike


def play(context, house, techniques, cell, alike):
    """Plays techniques in a cell; fails where one ends otherwise than is written down, or writes it down."""
    found = outcomes(context, house, techniques, cell)
    if "RECORD" in os.environ:
        for each in alike:
            record(cell=each.id, ends=found)
        return
    known = json.loads((context.repository / OUTCOMES).read_text())["ends"]
    other = {
        technique.id: f"{found[technique.id]}, not {known.get(technique.id, {}).get(each.id)}" for each in alike for technique in techniques
        if technique.id in found and not technique.ends_as(found[technique.id], known.get(technique.id, {}).get(each.id))}
    expect(not other, f"it ends otherwise than {OUTCOMES} says, which Scripts/attack-report writes: {other}")


def outcomes(context, house, techniques, cell):
    """How each technique ends in a cell, by id; one that this machine has not the means for is left out."""
    found = {}
    for technique in techniques:
        if technique.missing:
            detail(f"{technique.id} is not played: {technique.missing[0]} is not here")
            continue
        begun, place = time.monotonic(), cell.place(VALUE, house, context)
        found[technique.id] = technique.play(place)
        place.empty()
        if time.monotonic() - begun > 3:
            detail(f"{technique.id} took {time.monotonic() - begun:.0f} s")
    return found
