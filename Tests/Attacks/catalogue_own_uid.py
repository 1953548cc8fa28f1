"""The attack table where the keeper is a user of its own: the same techniques, by an agent that runs as the person."""

import os
import pathlib
import shutil
import sys

import secluded
from attack import Skipped, check, record

# A copy of root's, where root alone can write, as an installed program is.
PROGRAM, INSTALLED = pathlib.Path(os.environ["TACIT"]), "/srv/tacit"
os.environ["TACIT"] = INSTALLED
from techniques.cells import OWN_CELLS  # noqa: E402
from techniques.table import play, plays, vault  # noqa: E402
from techniques.technique import GROUPS  # noqa: E402

NEEDS_ROOT = True
# Others than the numbers of Tests/EndToEnd/own-uid: that suite ends what belongs to them.
RUN_USERS = 63000


def house(context):
    """The person's house, whose keeper and helper are started as their units say, on a machine that only this process sees."""
    if "own uid" not in context.houses:
        sys.path.append(str(context.repository / "Tests/EndToEnd/own-uid"))
        import machine

        place = PROGRAM.parent / "own-uid"
        for path in (place, place / "machine"):
            path.mkdir()
        machine.unshare_mounts(place / "homes")
        machine.seclude(place / "machine", RUN_USERS)
        secluded.MARK.touch()
        secluded.seclude_network()
        machine.mount("tmpfs", "/srv", "tmpfs", 0, "mode=0755")
        shutil.copy(PROGRAM, INSTALLED)
        machine.installed(context.owner)
        made = context.houses["own uid"] = machine.OwnHouse(context.owner, place / "homes")
        made.begin()
        vault(made)
    return context.houses["own uid"]


@check("table", "a keeper that is a user of its own is there to be attacked")
def begun(context):
    if os.environ.get("ATTACKS_ADAPTER"):
        raise Skipped("another tool is played")
    try:
        house(context)
    except PermissionError as error:
        context.missing = f"root may mount nothing here: {error}"
        for cell in OWN_CELLS:
            record(cell=cell.id, missing=context.missing)
        raise Skipped(context.missing) from None


for _group, _cell, _alike in plays(OWN_CELLS):

    @check("table", f"{_group}: {_cell.title}", limit=600)
    def played(context, group=_group, cell=_cell, alike=_alike):
        if "own uid" not in context.houses:
            raise Skipped("there is no such keeper here")
        play(context, house(context), GROUPS[group], cell, alike)
