"""What a hostile program tries that holds a fake token and its proxy's credential, against the broker and against a proxy that swaps tokens as text.

    RECORD=FILE    writes how each ended, for Scripts/attack-report
"""

import os
import pathlib
import random
import socket
import sys

import secluded
from attack import Skipped, check, record
from techniques.cells import Cell
from techniques.table import play, plays
from through_broker.scene import Scene
from through_broker.technique import GROUPS

NEEDS_ROOT = True
BIND = 4096


class DoorCell(Cell):
    def place(self, value, house, context):
        return house.place(self.id == "naive")


CELLS = [DoorCell("naive", "a proxy that swaps tokens as text"), DoorCell("broker", "a fake token, through the broker")]


def scene(context):
    """The vault and its runs, on a machine whose hosts file only these processes see."""
    sys.path.append(str(context.repository / "Tests/EndToEnd/own-uid"))
    import machine
    from house import House


    homes = pathlib.Path(os.environ["TACIT"]).parent / "homes"
    machine.unshare_mounts(homes)
    secluded.seclude_network()
    # Where nobody else's is, if the network could not be secluded.
    provider = socket.create_server((f"127.{random.randrange(2, 250)}.{random.randrange(250)}.1", 443))
    house = House(context.owner, base=homes)
    context.houses["broker"] = house
    return Scene(house, context.repository, lambda hosts: machine.mount(str(hosts), "/etc/hosts", "none", BIND), provider)


@check("table", "a door of a run is there to be attacked")
def begun(context):
    if os.environ.get("ATTACKS_ADAPTER"):
        raise Skipped("another tool is played")
    try:
        context.scene = scene(context)
    except PermissionError as error:
        for cell in CELLS:
            record(cell=cell.id, missing=f"root may mount nothing here: {error}")
        raise Skipped(f"root may mount nothing here: {error}") from None


# What ends the doors comes last.
for _group, _cell, _alike in sorted(plays(CELLS, GROUPS), key=lambda played: played[0] == "end"):

    @check("table", f"{_group}: {_cell.title}", limit=600)
    def played(context, group=_group, cell=_cell, alike=_alike):
        if not hasattr(context, "scene"):
            raise Skipped("there is no such door here")
        techniques = GROUPS[group]
        if cell.id == "naive":
            # What attacks only Tacit has no control. Of the others some are enough to show that what a success leaves behind is still found.
            techniques = [each for each in techniques if not each.own][:: 1 if "RECORD" in os.environ else 6]
        play(context, context.scene, techniques, cell, alike)
