"""What the tests and vectors of a tree are called."""
import ast
import fnmatch
import pathlib
import re

TITLE = re.compile(r'(?:@Test|@Suite|\bpromise)\(\s*"((?:[^"\\]|\\.)*)"')
TYPE = re.compile(r"^\s*(?:@\w+(?:\(.*\))? )*(?:\w+ )*(?:struct|class|enum|actor|extension) (\w+)", re.MULTILINE)


class Evidence:
    """Titles of tests with the types beside them, and files of vectors."""

    def __init__(self, root: pathlib.Path):
        self.vectors = sorted(path.relative_to(root / "vectors") for path in (root / "vectors").rglob("*.json"))
        self.root = root
        self.titles: list[tuple[str, set[str]]] = []
        self.types: set[str] = set()
        for folder in ("Tests", "Sources/TestKit"):
            for path in sorted((root / folder).rglob("*")):
                if path.is_file():
                    self._read(path)

    def _read(self, path: pathlib.Path) -> None:
        if path.suffix == ".swift":
            text = path.read_text(encoding="utf-8")
            types = set(TYPE.findall(text))
            self.types |= types
            self.titles += [(title.replace('\\"', '"'), types) for title in TITLE.findall(text)]
        elif path.suffix == ".py" or (path.name == "run" and path.read_bytes()[:64].split(b"\n")[0].endswith(b"python3")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    calls = [decorator for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
                    words = [word.value for call in calls for word in call.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
                    self.titles += [(word, set()) for word in words]

    def has_title(self, title: str, suite: str | None) -> bool:
        """Whether a test has this title; `…` at an end stands for the rest of it. With a suite, in a file that has to do with it."""
        pattern = re.compile(re.escape(title).replace("…", ".*"))
        return any(pattern.fullmatch(known) and (suite is None or suite in types) for known, types in self.titles)

    def files(self, name: str, folder: str) -> list[pathlib.Path]:
        """The vectors that a name in the table of a section stands for: in the section's folder, or with a folder of its own."""
        wanted = f"{name}.json" if "/" in name and not (self.root / "vectors" / folder / f"{name}.json").exists() else f"{folder}/{name}.json"
        return [path for path in self.vectors if fnmatch.fnmatchcase(str(path), wanted)]
