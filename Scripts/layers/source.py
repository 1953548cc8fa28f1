"""Reads Swift files: their code without comments and literals, and their import lines."""
import pathlib
import re

IMPORT = re.compile(
    r"^[ \t]*(?:@[\w()]+[ \t]+)*(?:(?:public|package|internal|fileprivate|private)[ \t]+)?"
    r"import[ \t]+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)[ \t]+)?(\w+)", re.MULTILINE)


class SwiftFile:
    """One file: `text` as it is, `code` of the same length with comments and the insides of literals blanked."""

    def __init__(self, root: pathlib.Path, path: pathlib.Path):
        self.place = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.code = code_only(self.text)
        self.imports = [(match.group(1), self.line(match.start(1))) for match in IMPORT.finditer(self.code)]

    def line(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def imported(self) -> set[str]:
        return {name for name, _ in self.imports}

    def found(self, pattern: str):
        """Every match in the code, with its line."""
        return [(match, self.line(match.start())) for match in re.finditer(pattern, self.code, re.MULTILINE)]

    def call(self, start: int) -> str:
        """The text of a call from `start` to the parenthesis that closes its first one."""
        depth = 0
        for offset in range(start, len(self.code)):
            depth += {"(": 1, ")": -1}.get(self.code[offset], 0)
            if depth == 0 and self.code[offset] == ")":
                return self.text[start:offset + 1]
        return self.text[start:]


def code_only(text: str) -> str:
    """The text with comments and literals blanked; what an interpolation holds stays code."""
    out, offset = list(text), 0
    while offset < len(text):
        offset = _skip(text, offset, out)
    return "".join(out)


def _skip(text: str, offset: int, out: list[str]) -> int:
    if text.startswith("//", offset):
        end = text.find("\n", offset)
        return _blank(out, offset, len(text) if end < 0 else end)
    if text.startswith("/*", offset):
        return _blank(out, offset, _comment_end(text, offset))
    quote = re.compile(r'(#*)("""|")').match(text, offset)
    return _literal(text, quote, out) if quote else offset + 1


def _comment_end(text: str, offset: int) -> int:
    depth = 0
    for mark in re.compile(r"/\*|\*/").finditer(text, offset):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)


def _literal(text: str, quote: re.Match, out: list[str]) -> int:
    hashes, mark = quote.group(1), quote.group(2)
    offset = quote.end()
    while offset < len(text):
        if text.startswith(mark + hashes, offset):
            return offset + len(mark + hashes)
        if mark == '"' and text[offset] == "\n":
            return offset
        if text.startswith("\\" + hashes + "(", offset):
            offset = _interpolation(text, _blank(out, offset, offset + 1 + len(hashes)), out)
        else:
            offset = _blank(out, offset, offset + (2 if text.startswith("\\" + hashes, offset) and not hashes else 1))
    return offset


def _interpolation(text: str, offset: int, out: list[str]) -> int:
    depth = 0
    while offset < len(text):
        before, offset = offset, _skip(text, offset, out)
        depth += {"(": 1, ")": -1}.get(text[before], 0) if offset == before + 1 else 0
        if depth == 0:
            return offset
    return offset


def _blank(out: list[str], start: int, end: int) -> int:
    end = min(end, len(out))
    for offset in range(start, end):
        if out[offset] != "\n":
            out[offset] = " "
    return end
