"""Links, anchors, paths and section numbers in pages and comments lead somewhere."""
import pathlib
import re

PAGES = ("*.md", "docs/**/*.md", "changes/*.md", "Sources/**/*.md")
# Pages that are written by others, or by a build.
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:Sources|Tests|Scripts|docs|vectors|changes|Benchmarks|Fuzz)/[\w./+*-]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} (.+?)\s*$", re.MULTILINE)
SECTION = re.compile(r"SPEC(?:\.md)? §(\d+)(?:\.(\d+))?")
# Words about how the project is worked on, or about papers that are not in it.
FOREIGN = re.compile(r"\bPRODUCT(?:\.md)? §")


def pages(root: pathlib.Path):
    return sorted({path for pattern in PAGES for path in root.glob(pattern) if ".build" not in path.parts})


def slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(text: str) -> set[str]:
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        base, number = slug(heading), 0
        while (name := base if number == 0 else f"{base}-{number}") in found:
            number += 1
        found.add(name)
    return found


def violations(root: pathlib.Path):
    """(rule, place, problem) for every link, path and section that leads nowhere."""
    known = {path: anchors(path.read_text(encoding="utf-8")) for path in pages(root)}
    for path in known:
        text = path.read_text(encoding="utf-8")
        shown = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
        yield from links(root, path, shown, known)
        for match in PATH.finditer(shown):
            if not list(root.glob(match[1].rstrip("/"))):
                yield "path", place(root, path, shown, match), f"`{match[1]}` is not there"
        yield from foreign(root, path, shown)
    yield from section_numbers(root)


def links(root, path, text, known):
    for match in LINK.finditer(text):
        target, _, anchor = match[1].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        other = (path.parent / target).resolve() if target else path
        if not other.exists():
            yield "link", place(root, path, text, match), f"{match[1]} leads nowhere"
        elif anchor and anchor not in known.get(other, anchors(other.read_text(encoding="utf-8")) if other.suffix == ".md" else set()):
            yield "anchor", place(root, path, text, match), f"{match[1]}: there is no such heading"


def section_numbers(root: pathlib.Path):
    spec = (root / "docs/SPEC.md").read_text(encoding="utf-8")
    there = set(re.findall(r"^## (\d+) ", spec, re.MULTILINE)) | set(re.findall(r"^\*\*(\d+\.\d+) ", spec, re.MULTILINE))
    there |= set(re.findall(r"\*\*(\d+\.\d+)\*\*", spec))
    files = [path for folder in ("Sources", "Tests", "vectors", "Benchmarks") for path in sorted((root / folder).rglob("*"))]
    for path in [path for path in files if path.suffix in (".swift", ".py", ".c", ".h")] + pages(root):
        text = path.read_text(encoding="utf-8")
        for match in SECTION.finditer(text):
            number = match[1] + (f".{match[2]}" if match[2] else "")
            if number not in there:
                yield "section", place(root, path, text, match), f"docs/SPEC.md has no section {number}"
        if path.suffix != ".md":
            yield from foreign(root, path, text)


def foreign(root, path, text):
    for match in FOREIGN.finditer(text):
        yield "foreign", place(root, path, text, match), "this names a page that is not in the project"


def place(root: pathlib.Path, path: pathlib.Path, text: str, match) -> str:
    return f"{path.relative_to(root)}:{text[:match.start()].count(chr(10)) + 1}"
