"""The table of results: figures, ratios to yardsticks of the same run, and targets."""

import dataclasses
import datetime
import os
import pathlib
import platform
import re

BEGIN, END = "<!-- table: Scripts/benchmark --record -->", "<!-- end of table -->"


@dataclasses.dataclass
class Row:
    letter: str
    what: str
    figure: float
    unit: str
    ratio: float | None = None
    target: float | None = None
    at_least: bool = False
    judged: str = "figure"

    @property
    def cells(self):
        ratio = "" if self.ratio is None else f"{number(self.ratio)} ×"
        return [self.letter, self.what, f"{number(self.figure)} {self.unit}".replace(" /s", "/s"), ratio, self.goal, self.verdict]

    @property
    def goal(self):
        if self.target is None:
            return ""
        unit = " ×" if self.judged == "ratio" else f" {self.unit}".replace(" /s", "/s")
        return f"{'≥' if self.at_least else '≤'} {number(self.target)}{unit}"

    @property
    def verdict(self):
        if self.target is None:
            return ""
        value = getattr(self, self.judged)
        if value >= self.target if self.at_least else value <= self.target:
            return "met"
        return f"missed, {number(self.target / value if self.at_least else value / self.target)} ×"


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def text(rows):
    """The rows in columns, in Markdown that is read as well as it is printed."""
    cells = [["", "what", "figure", "ratio", "target", ""]] + [row.cells for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "| " + " | ".join("-" * max(3, width) for width in widths) + " |")
    return "\n".join(lines)


def machine():
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    name = processor.group(1) if processor else platform.machine()
    return f"{name}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def record(document, rows):
    today = datetime.date.today().isoformat()
    body = f"{BEGIN}\n{today}, {machine()}; `Scripts/benchmark`.\n\n{text(rows)}\n{END}"
    before = document.read_text()
    if not re.search(f"{re.escape(BEGIN)}.*{re.escape(END)}", before, re.S):
        raise SystemExit(f"benchmark: error: {document} has no place for the table")
    document.write_text(re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: body, before, flags=re.S))
