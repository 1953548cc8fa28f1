"""The attack table: every technique of the catalogue, in every cell of the promise table, ends as docs/ATTACKS.md says.

    RECORD=FILE                                      writes how each ended, for Scripts/attack-report
    ATTACKS_ADAPTER="tool run --" ATTACKS_VALUE=V    plays them by another tool that has V

A keeper that is a user of its own has its cells in catalogue_own_uid.py, which is carried out beside this.
"""

import os

from attack import attack
from techniques.cells import CELLS, OTHER
from techniques.table import play, plays, vault
from techniques.technique import GROUPS

NEEDS_ROOT = True

for _group, _cell, _alike in plays([OTHER] if os.environ.get("ATTACKS_ADAPTER") else CELLS):

    @attack("table", f"{_group}: {_cell.title}", limit=600)
    def played(context, group=_group, cell=_cell, alike=_alike):
        play(context, context.house(vault), GROUPS[group], cell, alike)
