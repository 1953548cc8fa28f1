"""The attack table: every technique of the catalogue, in every cell of the promise table, ends as docs/ATTACKS.md says.

    RECORD=FILE                      writes how each ended, for Scripts/attack-report
    ATTACKS_ADAPTER="tool run --"    plays them by another tool; ATTACKS_PREPARE is a line for a shell that gives it the value

A keeper that is a user of its own has its cells in catalogue_own_uid.py, which is carried out beside this.
"""

import os

import secluded
from attack import check, expect
from techniques.cells import CELLS, ToolCell
from techniques.table import VALUE, outcomes, play, plays, vault
from techniques.technique import GROUPS

NEEDS_ROOT = True
secluded.seclude()

ADAPTER = os.environ.get("ATTACKS_ADAPTER")
# Some of the groups that need no time: they show that another tool is played at all.
FEW = [*GROUPS["print"][::8], *GROUPS["file"][::8], *(each for each in GROUPS["watch"] if each.id in ("watch.environ", "watch.mem"))]

for _group, _cell, _alike in plays([ToolCell(ADAPTER, os.environ.get("ATTACKS_PREPARE", ""))] if ADAPTER else CELLS):

    @check("table", f"{_group}: {_cell.title}", limit=600)
    def played(context, group=_group, cell=_cell, alike=_alike):
        play(context, context.house(vault), GROUPS[group], cell, alike)


if not ADAPTER:

    @check("table", "another tool is played by its words: `env`, which sets the variable, lets everything out that a variable does, and an empty one nothing")
    def adapter(context):
        house = context.house(vault)
        plain, by_env, empty = (outcomes(context, house, FEW, cell) for cell in (CELLS[0], ToolCell(f"env API_KEY={VALUE.decode()}"), ToolCell("env API_KEY=")))
        expect(by_env == plain and "possible" in by_env.values(), f"{by_env}, and by a variable {plain}")
        expect(set(empty.values()) == {"stopped"}, f"without a value: {empty}")
