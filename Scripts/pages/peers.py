"""Other tools in docs/ATTACKS.md: how the techniques end with them, as Tests/Attacks/peers.json has it."""
import json
import pathlib
from collections import Counter

RECORD = "Tests/Attacks/peers.json"
# What stands beside them: nothing, and our own cells of the same kind, a program of the agent's choice and one that a person pinned.
OURS = {"none": "no tool", "chosen-free": "Tacit: chosen, free", "pinned-free": "Tacit: pinned, free"}


def recorded(root: pathlib.Path) -> dict[str, dict]:
    return json.loads((root / RECORD).read_text(encoding="utf-8")) if (root / RECORD).exists() else {}


def section(root: pathlib.Path, techniques, groups: dict[str, str], outcomes) -> list[str]:
    """How many techniques of each group get the value out, with each tool that was played."""
    tools = {name: tool for name, tool in recorded(root).items() if tool["ends"]}
    if not tools:
        return []
    names = [f"{tool['install'].replace('==', ' ')}" for tool in tools.values()]
    ends = {cell: {id: cells.get(cell) for id, cells in outcomes.items()} for cell in OURS}
    columns = [ends["none"], *(tool["ends"] for tool in tools.values()), *(ends[cell] for cell in list(OURS)[1:])]
    lines = ["", HEAD, *(f"- **{name}**: {tool['what']}. It is given the value by `{tool['prepare']}`, and runs by `{tool['words']}`." for name, tool in zip(names, tools.values()))]
    head = ["techniques that get the value", *([OURS["none"], *names, *list(OURS.values())[1:]])]
    lines += ["", row(head), row(["---"] * len(head))]
    # What was added to the catalogue since is played by none, or not yet by all.
    played = set.intersection(*(set(tool["ends"]) for tool in tools.values()))
    for group, title in groups.items():
        ids = [technique[0] for technique in techniques if technique[1] == group and technique[0] in played]
        lines.append(row([f"{title} ({len(ids)})", *(str(possible(column, ids)) for column in columns)]))
    return [*lines, row([f"all ({len(played)})", *(str(possible(column, played)) for column in columns)])]


def possible(ends: dict[str, str], ids) -> int:
    return Counter(ends.get(id) for id in ids)["possible"]


def row(cells) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


HEAD = """## Other tools

The techniques of the first tables, but for those against what only Tacit has, with tools that run a command with a secret in its environment. Each was called as its own description says, by an ordinary
user with a home of their own, who is the agent, too: compare the columns *free*. *Pinned* is not a setting of theirs, so that an agent chooses the program. `Tests/Attacks/peers.json` has how each
technique ended; `Scripts/attack-report --peer NAME` installs a tool of that file, plays it again and writes it. Nothing of this is played by `Scripts/test`, which installs no other tools.
It measures what comes out of a run, and nothing else that such a tool is good for. Tools that have a person at a terminal or a window allow each use cannot be played by a script.
"""
