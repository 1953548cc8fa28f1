"""docs/SPEC.md: every requirement has a number, and a row that names what fails when it is broken."""
import pathlib
import re

from pages.evidence import Evidence

PAGE = "docs/SPEC.md"
# The folder of a section's vectors.
FOLDERS = {1: "envelopes", 2: "envelopes", 3: "envelopes", 4: "envelopes", 5: "envelopes", 6: "records", 7: "auditing", 8: "policies", 9: "records",
           10: "runs", 11: "records", 12: "records", 13: "records", 14: "broker", 15: "backups"}
SECTION = re.compile(r"^## (\d+) .*$", re.MULTILINE)
DEFINITION = re.compile(r"^- \*\*R(\d+)\.(\d+)\*\* ", re.MULTILINE)
ROW = re.compile(r"^\| (R\d[^|]*) \| (.*) \|$", re.MULTILINE)
NAMED = re.compile(r"R(\d+)\.(\d+)(?:–R(\d+)\.(\d+))?")
WORD = re.compile(r"(?<![\w`])MUST\b")
# What may stand in the place of a vector or test: the reason why none can be.
BY_NATURE = re.compile(r"by (type|use|inspection): ")
TOKEN = re.compile(r"`([^`]+)`|\"([^\"]+)\"|(\()|(\))|(;)")


def sections(text: str):
    """The number, first line and text of each numbered section."""
    marks = list(SECTION.finditer(text))
    for mark, end in zip(marks, [m.start() for m in marks[1:]] + [len(text)]):
        yield int(mark[1]), text[:mark.start()].count("\n") + 1, text[mark.start():end]


def paragraphs(text: str):
    """Each item or paragraph with its place; an item goes on over indented lines."""
    start, lines = 0, []
    for number, line in enumerate(text.split("\n")):
        if lines and (not line.strip() or line.startswith(("- ", "| ", "#"))):
            yield start, "\n".join(lines)
            lines = []
        if line.strip():
            if not lines:
                start = number
            lines.append(line)
    if lines:
        yield start, "\n".join(lines)


def violations(root: pathlib.Path):
    """(rule, place, problem) for all that is wrong with the page."""
    text, evidence = (root / PAGE).read_text(encoding="utf-8"), Evidence(root)
    used: set[pathlib.Path] = set()
    for section, line, body in sections(text):
        at = lambda offset, line=line: f"{PAGE}:{line + offset}"
        yield from numbers(section, body, at)
        for match in ROW.finditer(body):
            yield from row(section, match[2], at(body[:match.start()].count("\n")), evidence, used)
        for offset, paragraph in paragraphs(body):
            if WORD.search(paragraph) and not DEFINITION.match(paragraph) and not paragraph.startswith("|"):
                yield "spec-must", at(offset), "a MUST that stands in no numbered requirement"
    for folder in sorted(set(FOLDERS.values())):
        for path in evidence.vectors:
            if path.parts[0] == folder and path not in used:
                yield "spec-orphan", f"vectors/{path}", "no row of the specification names this vector"


def numbers(section: int, body: str, at):
    defined, rows = [], []
    for match in DEFINITION.finditer(body):
        defined.append((int(match[1]), int(match[2])))
    for match in ROW.finditer(body):
        for first in NAMED.finditer(match[1]):
            last = int(first[4] or first[2])
            rows += [(int(first[1]), number) for number in range(int(first[2]), last + 1)]
    for place, number in enumerate(defined, 1):
        if number != (section, place):
            yield "spec-number", at(0), f"R{number[0]}.{number[1]} stands where R{section}.{place} belongs"
    for number in defined:
        if rows.count(number) != 1:
            yield "spec-row", at(0), f"R{number[0]}.{number[1]} has {rows.count(number)} rows in the table"
    for number in sorted(set(rows) - set(defined)):
        yield "spec-row", at(0), f"the table has a row for R{number[0]}.{number[1]}, which is not there"


def row(section: int, cell: str, place: str, evidence: Evidence, used: set):
    """Every vector and test of a cell exists, and there is one, or a reason."""
    suite, files, depth, found = None, [], 0, bool(BY_NATURE.match(cell))
    for code, title, opens, closes, ends in TOKEN.findall(cell):
        depth += bool(opens) - bool(closes)
        if ends:
            suite = None
        elif title and depth == 0:
            found = True
            if not evidence.has_title(title, suite):
                yield "spec-test", place, f'there is no test "{title}"' + (f" in {suite}" if suite else "")
        elif code and depth > 0:
            if not any(f'"{code}"' in (evidence.root / "vectors" / path).read_text(encoding="utf-8") for path in files):
                yield "spec-vector", place, f"no vector of this row has a `{code}`"
        elif code and (code.endswith("Tests") or code in evidence.types):
            suite, found = code, True
            if code not in evidence.types:
                yield "spec-test", place, f"there is no suite {code}"
        elif code:
            files, found = evidence.files(code, FOLDERS.get(section, "")), True
            used.update(files)
            if not files:
                yield "spec-vector", place, f"there is no vector `{code}`"
    if not found:
        yield "spec-evidence", place, "the row names no vector, no test and no reason why there is none (by type:, by use:, by inspection:)"
