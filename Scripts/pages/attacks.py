"""docs/ATTACKS.md, made of the outcomes that `Scripts/attack-report` recorded and of the titles of the other attacks."""
import ast
import importlib
import json
import pathlib
import re
import sys
from collections import Counter

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
# What is attacked, and how an attack that the suite has ends there.
DOORS = {
    "approvals": ("approvals", "stopped"), "approved_requests": ("approvals", "stopped"), "broker_door": ("requests", "stopped"), "container": ("who asks", "stopped"), "disk": ("disk", "stopped"), "fuzz": ("keeper's socket", "stopped"), "keeper_inside": ("sandbox", "stopped"),
    "memory": ("memory", "stopped"), "other_user": ("another user", "stopped"), "processes": ("processes", "stopped"), "run_inside": ("runs", "stopped"),
    "runs_lifecycle": ("runs", "stopped"), "sandbox": ("sandbox", "stopped"), "sandbox_files": ("sandbox", "stopped"), "tokens": ("fake tokens", "stopped"), "thief": ("database", "detected"), "trap_01_lists": ("command rules", "stopped"),
    "trap_01_programs": ("command rules", "stopped"), "trap_03_purposes": ("database", "stopped"), "trap_05_redaction": ("redaction", "redacted"),
    "trap_07_governed": ("policy and log", "stopped"), "trap_07_sessions": ("sessions", "stopped"), "trap_11_labels": ("who asks", "stopped"),
    "trap_15_undo": ("deletion", "stopped"), "trap_19_oracle": ("redaction", "stopped"), "trap_18_chain": ("log", "detected"), "trap_20_password": ("password", "stopped"),
    "trap_21_requests": ("keeper's socket", "stopped"), "trap_22_who_asks": ("who asks", "stopped"),
}
# Files that hold no attack on a door, and titles of what only shows that an attack would succeed.
OTHERS = {"attack", "catalogue", "catalogue_broker", "catalogue_own_uid", "trap_13_docs"}
CONTROL = re.compile(r"prove nothing\)|^what is looked for is there")
GROUPS = {
    "print": "Printing it, as it is or cut up", "encode": "Printing it in another form", "layers": "Printing it in one form inside another",
    "program": "Programs that everybody has", "channel": "Without printing it at once: again and again, or by measuring", "file": "Files",
    "network": "The network and sockets", "steer": "Steering a program by options, files and variables", "watch": "Looking from outside while it runs",
}
BROKER_GROUPS = {
    "host": "To another place than the rules list", "path": "Paths that a rule and a service could read differently", "frame": "Two requests in the bytes of one",
    "method": "Another method, another path by a field", "place": "A token where none may stand", "reflect": "A service that sends the value back", "socket": "WebSockets",
    "door": "The door, for who has not its credential", "token": "Tokens at another door, and what a run's program holds", "end": "After their time, and in files, log and errors",
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


def doors(root: pathlib.Path):
    """(what is attacked, title, end) of every attack that is no technique of the catalogue."""
    for path in sorted((root / "Tests" / "Attacks").glob("*.py")):
        if path.stem in OTHERS or "@attack(" not in (text := path.read_text(encoding="utf-8")):
            continue
        door, end = DOORS[path.stem]
        for node in ast.walk(ast.parse(text)):
            for mark in getattr(node, "decorator_list", []):
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "attack" and not CONTROL.search(mark.args[1].value):
                    yield door, mark.args[1].value, end


def reason(group: str, cell: str, ends: dict[str, str]) -> str:
    """Why a technique is possible in a cell."""
    if cell in ("none", "naive"):
        return ""
    if group == "watch":
        return "same user"
    if cell in SANDBOXED and ends.get(SANDBOXED[cell]) != "possible":
        return "no sandbox"
    return "answers" if group == "channel" else "form"


def recorded(root: pathlib.Path) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """How each technique ended, by cell; and why cells were not played, by cell."""
    record = json.loads((root / OUTCOMES).read_text(encoding="utf-8"))
    return record["ends"], record["not played"]


def totals(outcomes: dict[str, dict[str, str]]) -> dict[str, Counter[str]]:
    return {cell: Counter(ends[cell] for ends in outcomes.values() if cell in ends) for cell in COLUMNS | BROKER_COLUMNS}


def summary(root: pathlib.Path) -> str:
    """The sentence that the README has."""
    counted = totals(recorded(root)[0])
    number = sum(counted["none"].values())
    pinned, chosen, none = (counted[cell]["possible"] for cell in ("pinned-confined", "chosen-confined", "none"))
    through, broker, naive = sum(counted["broker"].values()), counted["broker"]["possible"], counted["naive"]["possible"]
    return (f"Of {number} techniques to get a value out of a run, {none} succeed on a plain variable, {pinned} on a pinned program in the sandbox for a confined agent, "
            f"and {chosen} on a program of the agent's own choice; of {through} with a fake token, {naive} succeed on a proxy that swaps tokens as text, and {broker} on the broker "
            "([the table](docs/ATTACKS.md)).")


def render(root: pathlib.Path) -> str:
    outcomes, missing = recorded(root)
    others = list(doors(root))
    lines = [HEAD, *totals_table(outcomes, COLUMNS)]
    lines += ["", *(f"- **{(COLUMNS | BROKER_COLUMNS)[cell]}** was not played where this page was made: {why}." for cell, why in sorted(missing.items()))] if missing else []
    lines += technique_tables(catalogue(root), GROUPS, COLUMNS, outcomes)
    lines += ["", BROKER_HEAD, *totals_table(outcomes, BROKER_COLUMNS)]
    lines += technique_tables(catalogue(root, "through_broker"), BROKER_GROUPS, BROKER_COLUMNS, outcomes)
    lines += ["", DOORS_HEAD, "", row(["what is attacked", "technique", "end"]), row(["---"] * 3)]
    lines += [row([door, title, end]) for door, title, end in sorted(others, key=lambda other: other[0])]
    return "\n".join(lines) + "\n"


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
    shown = [f"**possible**{' (' + why + ')' if (why := reason(group, cell, ends)) else ''}" if end == "possible" else end for cell, end in zip(columns, cells)]
    return row([f"`{id}` {what}", *shown])


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
    known = {technique[0] for package in ("techniques", "through_broker") for technique in catalogue(root, package)}
    for id in sorted(known ^ set(recorded(root)[0])):
        yield "attacks", OUTCOMES, f"{id} is {'not recorded' if id in known else 'no technique any more'}: run Scripts/attack-report"


HEAD = """# The attack table

What an agent can do to get a value out of a run, or around a door, and how it ends. `Scripts/attack-report` plays all of it and writes this page; `Scripts/test`
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

Another tool is put through the same techniques by the words that stand before a command: `Scripts/attack-report --adapter "TOOL run --" --value VALUE`, where the tool
puts `VALUE` into the variable `API_KEY`.

## Totals
"""
BROKER_HEAD = """## Through the broker

What a hostile program tries that holds a fake token and its proxy's credential. What decides is what reached the service, byte by byte and in every way in which some
server has read it, and what the program holds afterwards; no message does.

- **possible**: the value reached another place than the rules list, or a request did; or the program has the value or a telling piece of it; or the broker serves nobody any more.
- **a proxy that swaps tokens as text** is the control: thirty lines that look for a listed path in the request line, put values where tokens stand, and pass everything else on.
- What is possible needs a service that sends the value back in a form that the redactor does not read, or in pieces (*form*).
"""
DOORS_HEAD = """## Around the doors

Each of these is an attack of [Tests/Attacks](../Tests/Attacks/README.md), most of them many attempts; where it ends otherwise, the suite fails."""
