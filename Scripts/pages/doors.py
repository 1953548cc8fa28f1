"""The attacks around the doors: what is written where each of them is, and the part of docs/ATTACKS.md that is made of it and of how they ended."""
import ast
import pathlib
from typing import NamedTuple

# The cells that the attacks of a folder are carried out in.
FOLDERS = {"Tests/Attacks": ("same-uid", "own-uid"), "Tests/EndToEnd/own-uid": ("own-uid",)}
COLUMNS = {"same-uid": "same uid", "own-uid": "own uid"}
DOORS = {
    "approve": "approvals", "database": "database", "delete": "deletion", "disk": "disk", "fake": "fake tokens", "govern": "policy and log", "helper": "root's helper",
    "inside": "keeper's socket in the sandbox", "keeper": "keeper's socket", "log": "log", "mcp": "messages over MCP", "memory": "memory", "oracle": "redaction as an oracle", "password": "password",
    "person": "the person's own", "process": "processes", "program": "command rules", "redact": "redaction", "request": "requests", "run": "runs", "sandbox": "sandbox", "session": "sessions",
    "user": "another user", "who": "who asks",
}
WHY = ("answers", "by hand", "given away", "same user")
# Why an attack is left out in a cell. What has a text of its own there is carried out by that, under the same id.
APART = "own text"
LEFT = ("no helper", "no session files", "one user", "places", "root's helper", APART)


class Attack(NamedTuple):
    """One `@attack` of a file."""

    place: str
    id: str
    end: str
    title: str
    why: str
    cell: str
    left: str


def declared(root: pathlib.Path) -> list[Attack]:
    """What every attack around a door says of itself, in the order of the doors."""
    found = [each for folder, cells in FOLDERS.items() for path in sorted((root / folder).glob("*.py")) for each in of_file(root, path, cells)]
    return sorted(found, key=lambda attack: attack.id.split(".")[0])


def of_file(root, path, cells):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for mark in getattr(node, "decorator_list", []):
            if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "attack":
                words = [ast.literal_eval(word) for word in mark.args]
                said = {word.arg: ast.literal_eval(word.value) for word in mark.keywords}
                yield from of_cells(f"{path.relative_to(root)}:{mark.lineno}", *(words[1:] if len(words) == 4 else ("", "", str(words))), said, cells)


def of_cells(place, id, end, title, said, cells):
    """The attack in each cell, be it that it is left out there; but for those in which it has a text of its own."""
    left = said.get("left", "")
    for cell in COLUMNS:
        if cell == cells[0] or cell in cells and not left:
            yield Attack(place, id, end, title, said.get("why", ""), cell, "")
        elif left not in ("", APART):
            yield Attack(place, id, "", title, "", cell, left)


def rows(attacks: list[Attack]) -> dict[str, dict[str, Attack]]:
    """The attacks of each id, by cell."""
    found: dict[str, dict[str, Attack]] = {}
    for attack in attacks:
        found.setdefault(attack.id, {})[attack.cell] = attack
    return found


def wrong(attacks: list[Attack], ends: tuple[str, ...]):
    """(attack, problem) where one says of itself what cannot be."""
    seen: dict[tuple[str, str], Attack] = {}
    titles: dict[str, str] = {}
    for attack in attacks:
        door, _, name = attack.id.partition(".")
        if door not in DOORS or not name:
            yield attack, f"its id {attack.id!r} is no `door.name`"
        if seen.setdefault((attack.id, attack.cell), attack) is not attack:
            yield attack, f"{attack.id} is also at {seen[attack.id, attack.cell].place}"
        if titles.setdefault(attack.id, attack.title) != attack.title:
            yield attack, f"{attack.id} has another title in the other cell"
        if not attack.end:
            if attack.left not in LEFT:
                yield attack, f"{attack.id} is left out in the cell {attack.cell} because {attack.left!r}, which is none of {', '.join(LEFT)}"
            continue
        if attack.end not in ends:
            yield attack, f"{attack.id} ends as {attack.end!r}, which is no end"
        if (attack.why in WHY) != (attack.end == "possible") or (attack.why and attack.why not in WHY):
            yield attack, f"{attack.id} is {attack.end}, because {attack.why!r}: what is possible has one of the reasons {', '.join(WHY)}, and nothing else has one"
    for id, by_cell in rows(attacks).items():
        yield from ((attack, f"{id} has no text of its own in the cell {cell}") for attack in by_cell.values() for cell in COLUMNS if cell not in by_cell)


def unlike(attacks: list[Attack], outcomes, skipped):
    """(attack, problem) where one was recorded as ending otherwise than it says, or not at all."""
    for attack in attacks:
        end = outcomes.get(attack.id, {}).get(attack.cell)
        if not attack.end:
            if end is not None:
                yield attack, f"{attack.id} is recorded in the cell {attack.cell}, where it is left out"
        elif end is None and attack.cell not in skipped.get(attack.id, {}):
            yield attack, f"{attack.id} is not recorded"
        elif end not in (None, attack.end):
            yield attack, f"{attack.id} is {attack.end} here, and {end} in the record"


def cells(by_cell: dict[str, Attack], ends: dict[str, str], skipped: dict[str, str]) -> list[str]:
    """What stands in the columns of an attack: how it ended, or that this machine could not play it, or why it is left out there."""
    found = []
    for cell in COLUMNS:
        attack = by_cell.get(cell)
        if attack is None or not attack.end:
            found.append(f"– ({attack.left})" if attack else "not played")
        else:
            found.append("not played" if cell in skipped else shown(ends.get(cell, "not played"), attack.why))
    return found


def shown(end: str, why: str) -> str:
    return f"**possible**{f' ({why})' if why else ''}" if end == "possible" else end


HEAD = """## Around the doors

What an agent, a program, or a thief of the files tries on everything else: approvals, policy, database, log, sessions, processes, another user's. Each row is an attack of
[Tests/Attacks](../Tests/Attacks/README.md), most of them many attempts; where one proves something by finding nothing, a control beside it shows that it would find it.

- **same uid**: the keeper is the person's own process. **own uid**: keeper and runs are users of their own; the agent runs under yours. The same attacks are carried out on both.
- Why some are left out (–) in a column: *one user*, it is about the bound between the person, the keeper and runs, who are one user there; *no helper* and *root's helper*, it is about what starts runs in the
  other case alone; *no session files*, such a keeper writes none; *places*, it is about where the person's settings have the keeper's files and sockets, which root and the service manager decide there.
- Why something is possible: *same user*, the kernel lets a user's programs do to each other, to the user's terminal and to the user's files what the user may do; *by hand*, the person executes what the
  agent wrote; *answers*, a program of the agent's own prints guesses at a value that could be guessed, and is answered up to three times a day; *given away*, an agent lets another use what it may use itself.
  Against the first two there is a confined agent: another user, another machine, or `tacit run --sandbox --agent NAME`.
"""
