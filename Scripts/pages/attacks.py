"""docs/ATTACKS.md, made of the outcomes that `Scripts/attack-report` recorded, of the catalogue of techniques, and of what the attacks around the doors say of themselves."""
import importlib
import json
import pathlib
import sys
from collections import Counter
from typing import NamedTuple

from pages import doors, peers

PAGE = "docs/ATTACKS.md"
OUTCOMES = "Tests/Attacks/outcomes.json"
ENDS = ("stopped", "redacted", "detected", "possible")
COLUMNS = {
    "none": "no Tacit", "pinned-confined": "pinned, confined", "pinned-free": "pinned, free", "pinned-open": "pinned, free, no sandbox",
    "chosen-confined": "chosen, confined", "chosen-free": "chosen, free", "chosen-open": "chosen, free, no sandbox",
    "pinned-own": "own uid: pinned", "pinned-own-open": "own uid: pinned, no sandbox", "chosen-own": "own uid: chosen", "chosen-own-open": "own uid: chosen, no sandbox",
}
BROKER_COLUMNS = {"naive": "a proxy that swaps tokens as text", "broker": "a fake token, through the broker"}
# The cell with a sandbox for each without one.
SANDBOXED = {"pinned-open": "pinned-free", "chosen-open": "chosen-free", "pinned-own-open": "pinned-own", "chosen-own-open": "chosen-own"}
GROUPS = {
    "print": "Printing it, as it is or cut up", "encode": "Printing it in another form", "layers": "Printing it in one form inside another",
    "program": "Programs that everybody has", "channel": "Without printing it at once: again and again, or by measuring", "file": "Files",
    "network": "The network and sockets", "steer": "Steering a program by options, files and variables", "watch": "Looking from outside while it runs",
}
BROKER_GROUPS = {
    "host": "To another place than the rules list", "path": "Paths that a rule and a service could read differently", "frame": "Two requests in the bytes of one",
    "method": "Another method, another path by a field", "place": "A token where none may stand", "reflect": "A service that sends the value back", "socket": "WebSockets",
    "door": "The door, for who has not its credential", "token": "Tokens at another door, and what a run's program holds", "end": "After their time, and in files, log and errors",
    "h2": "HTTP/2, by a program and by a service", "via": "The door's own addresses, for programs that take a key and an address",
    "guess": "A service that sends guesses back, of a value that could be guessed",
    "load": "More than it can be given", "seal": "A service that gives out a credential, and what stands for it then",
}


def catalogue(root: pathlib.Path, package: str = "techniques"):
    """(id, group, what it does, whether only Tacit has what it attacks) of every technique of a package."""
    folder = str(root / "Tests" / "Attacks")
    for name in [name for name in sys.modules if name.split(".")[0] in ("techniques", package)]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    try:
        module = importlib.import_module(package)
    finally:
        sys.path.remove(folder)
    return [(technique.id, technique.group, technique.what, technique.own) for technique in module.ALL]


def reason(group: str, cell: str, ends: dict[str, str]) -> str:
    """Why a technique is possible in a cell."""
    if cell in ("none", "naive"):
        return ""
    if group == "watch":
        return "same user"
    if cell in SANDBOXED and ends.get(SANDBOXED[cell]) != "possible":
        return "no sandbox"
    return "answers" if group in ("channel", "guess") else "form"


class Record(NamedTuple):
    """What was recorded: how each technique and each attack ended, by cell; why cells were not played; and why attacks were not, by cell."""

    ends: dict[str, dict[str, str]]
    missing: dict[str, str]
    skipped: dict[str, dict[str, str]]


def recorded(root: pathlib.Path) -> Record:
    record = json.loads((root / OUTCOMES).read_text(encoding="utf-8"))
    return Record(record["ends"], record["not played"], record["skipped"])


def totals(outcomes: dict[str, dict[str, str]]) -> dict[str, Counter[str]]:
    return {cell: Counter(ends[cell] for ends in outcomes.values() if cell in ends) for cell in COLUMNS | BROKER_COLUMNS | doors.COLUMNS}


def summary(root: pathlib.Path) -> str:
    """The sentence that the README has."""
    counted = totals(recorded(root).ends)
    number = sum(counted["none"].values())
    pinned, chosen, none = (counted[cell]["possible"] for cell in ("pinned-confined", "chosen-confined", "none"))
    around, same, own = len(doors.rows(doors.declared(root))), counted["same-uid"]["possible"], counted["own-uid"]["possible"]
    through, broker, naive = sum(counted["broker"].values()), counted["broker"]["possible"], counted["naive"]["possible"]
    return (f"Of {number} techniques to get a value out of a run, {none} succeed on a plain variable, {pinned} on a pinned program in the sandbox for a confined agent, "
            f"and {chosen} on a program of the agent's own choice; of {through} with a fake token, {naive} succeed on a proxy that swaps tokens as text, and {broker} on the broker. "
            f"Of {around} attacks around the doors, {same} are possible with the keeper under one's own user and {own} with one that is a user of its own, each with its reason "
            "([the table](docs/ATTACKS.md)).")


def render(root: pathlib.Path) -> str:
    outcomes, missing, skipped = recorded(root)
    lines = [HEAD, *totals_table(outcomes, COLUMNS)]
    lines += ["", *(f"- **{(COLUMNS | BROKER_COLUMNS | doors.COLUMNS)[cell]}** was not played where this page was made: {why}." for cell, why in sorted(missing.items()))] if missing else []
    lines += technique_tables(catalogue(root), GROUPS, COLUMNS, outcomes)
    lines += ["", BROKER_HEAD, *totals_table(outcomes, BROKER_COLUMNS)]
    lines += technique_tables(catalogue(root, "through_broker"), BROKER_GROUPS, BROKER_COLUMNS, outcomes)
    lines += ["", doors.HEAD, *totals_table(outcomes, doors.COLUMNS), "", *door_table(doors.declared(root), outcomes, skipped)]
    lines += peers.section(root, catalogue(root), GROUPS, outcomes)
    return "\n".join(lines) + "\n"


def door_table(attacks, outcomes, skipped):
    """One row for each attack around a door, and why some were not played."""
    lines = [row(["door", "technique", *doors.COLUMNS.values()]), row(["---"] * (len(doors.COLUMNS) + 2))]
    for id, by_cell in doors.rows(attacks).items():
        title = next(iter(by_cell.values())).title
        lines.append(row([doors.DOORS.get(id.split(".")[0], ""), f"`{id}` {title}", *doors.cells(by_cell, outcomes.get(id, {}), skipped.get(id, {}))]))
    left = [f"- `{id}` was not played where this page was made: {why}." for id, by_cell in sorted(skipped.items()) for why in sorted({*by_cell.values()})]
    return [*lines, *(["", *left] if left else [])]


def totals_table(outcomes, columns):
    counted = totals(outcomes)
    return [row(["", *columns.values()]), row(["---"] * (len(columns) + 1)), *(row([end, *(str(counted[cell][end]) for cell in columns)]) for end in ENDS)]


def technique_tables(techniques, groups, columns, outcomes):
    """A table for each group, one row for each of its techniques."""
    lines = []
    for group, title in groups.items():
        lines += ["", f"## {title}", "", row(["technique", *columns.values()]), row(["---"] * (len(columns) + 1))]
        lines += [technique_row(technique, columns, outcomes.get(technique[0], {})) for technique in techniques if technique[1] == group]
    return lines


def technique_row(technique, columns, ends):
    id, group, what, own = technique
    cells = [ends.get(cell, "not played") for cell in columns]
    if own:
        cells[0] = "–" if cells[0] in ("stopped", "not played") else cells[0]
    return row([f"`{id}` {what}", *(doors.shown(end, reason(group, cell, ends)) for cell, end in zip(columns, cells))])


def row(cells) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def violations(root: pathlib.Path):
    """(rule, place, problem) where the page or the README says something else than the record."""
    if not (root / OUTCOMES).exists():
        return
    hint = "run Scripts/attack-report --render"
    if not (root / PAGE).exists() or (root / PAGE).read_text(encoding="utf-8") != render(root):
        yield "attacks", PAGE, f"it is not what was recorded: {hint}"
    if summary(root) not in (root / "README.md").read_text(encoding="utf-8"):
        yield "attacks", "README.md", f"the totals are not what was recorded; they are: {summary(root)}"
    around, record = doors.declared(root), recorded(root)
    problems = [*doors.wrong(around, ENDS), *doors.unlike([attack for attack in around if attack.cell not in record.missing], record.ends, record.skipped)]
    yield from (("attack", attack.place, f"{problem}: mend it there, or run Scripts/attack-report") for attack, problem in problems)
    left = {attack.id for attack in around if attack.cell in record.missing and attack.end}
    ids = known(root)
    for id in sorted(ids ^ (set(record.ends) | set(record.skipped) | left)):
        yield "attacks", OUTCOMES, f"{id} is {'not recorded' if id in ids else 'no attack any more'}: run Scripts/attack-report"


def known(root: pathlib.Path) -> set[str]:
    """The ids of all techniques and attacks."""
    return {technique[0] for package in ("techniques", "through_broker") for technique in catalogue(root, package)} | {attack.id for attack in doors.declared(root)}


HEAD = """# The attack table

What an agent can do to get a value out of a run, or around a door, and how it ends. `Scripts/attack-report` plays all of it, records how each ends and writes this page; `Scripts/test`
plays it too, and fails where anything ends otherwise than it stands here. Nothing is left out because it succeeds.

- **stopped**: refused, or it ran and got nothing. **redacted**: it ran; what the agent got has the value taken out, or the file was withheld. **detected**: what could not
  be searched was withheld and said, or the change was found. **possible**: the agent has the value, or at least twelve characters in a row of its random part.
- **pinned**: a program that a person listed (here `curl`, `cat`, `printenv`, `sleep`, `wc` and `true`). **chosen**: any program, as without command rules.
  Both are in [the sandbox](POLICY.md#the-sandbox) but for the columns *no sandbox*, which is `unsandboxed: allow` in a policy.
- **confined**: the agent runs under another user. **free**: under yours. What a run itself shows is the same for both, and is played once.
- **own uid**: the keeper and what is run are [users of their own](OWN-UID.md); the agent runs under yours. *Spawner* is root's helper there.
- **no Tacit** is the control: the same program with the value in its environment, as a `.env` file does it. A technique that succeeds nowhere would prove nothing; `–`
  stands where only Tacit has what is attacked.
- Why something is possible: *form*, the value leaves in a form that the redactor does not read, or in pieces, by the hand of a program that holds it; *answers*, such a
  program answers questions about it; *no sandbox*, the program reaches the network or any file; *same user*, the kernel lets a user look at their own processes.

**Treat a value as known to an agent that chooses the program.** Those columns show how far redaction and the sandbox go against accidents, not against an adversary.
What a program can do that holds a fake token is in [tables of their own](#through-the-broker).

Another tool is put through the same techniques by the words that stand before a command: `Scripts/attack-report --adapter "TOOL run --" --prepare "TOOL store API_KEY"`. `--prepare` is
for a shell, with the value as its standard input; the words have the tool put it into the variable `API_KEY`. Both are an ordinary user's, with a home of their own.

## Totals
"""
BROKER_HEAD = """## Through the broker

What a hostile program tries that holds a fake token and its proxy's credential. What decides is what reached the service, byte by byte and in every way in which some
server has read it, and what the program holds afterwards; no message does.

- **possible**: the value reached another place than the rules list, or a request did; or the program has the value or a telling piece of it; or the broker serves nobody any more.
- **a proxy that swaps tokens as text** is the control: a script that looks for a listed path in the request line, puts values where tokens stand, and passes everything else on; HTTP/2 as the lines of HTTP/1.1.
- What is possible needs a service that sends the value back in a form that the redactor does not read, or in pieces (*form*); or a value that could be guessed, of which three right guesses
  a day are [answered](REDACTION.md#the-fuse) (*answers*).
"""
