"""The rules: each takes the house and yields (rule, place, what is wrong)."""
import json
import pathlib
import re
import subprocess

from layers import tables
from layers.source import SwiftFile

LIST = re.compile(r"(<!-- plaintext-files -->\n)(.*?)(<!-- /plaintext-files -->)", re.DOTALL)


class House:
    """The package as SwiftPM describes it, and its files."""

    def __init__(self, root: pathlib.Path, described: dict | None = None):
        self.root = root
        targets = (described or describe(root))["targets"]
        self.ours = {target["name"]: target for target in targets}
        self.sources = {name: target for name, target in self.ours.items() if target["path"].startswith("Sources/")}
        self.tests = {name: target for name, target in self.ours.items() if name not in self.sources}
        self.files = {name: self._files(target["path"]) for name, target in self.ours.items()}

    def _files(self, path: str) -> list[SwiftFile]:
        return [SwiftFile(self.root, file) for file in sorted((self.root / path).rglob("*.swift"))]

    def layer(self, name: str) -> str:
        return self.ours[name]["path"].split("/")[1]

    def source_files(self):
        for name in self.sources:
            for file in self.files[name]:
                yield name, file


def describe(root: pathlib.Path) -> dict:
    """What SwiftPM says of the package now: a cached manifest would not know of folders that came since."""
    command = ["swift", "package", "--manifest-cache", "none", "--package-path", str(root), "describe", "--type", "json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def placement(house):
    """Every source file belongs to a target, and every target lies in a layer."""
    for name in house.sources:
        parts = house.ours[name]["path"].split("/")
        if parts[1] not in tables.LAYERS:
            yield "placement", house.ours[name]["path"], "lies in no layer"
    held = {file.place for _, file in house.source_files()}
    for path in sorted((house.root / "Sources").rglob("*.swift")):
        if path.relative_to(house.root).as_posix() not in held:
            yield "placement", path.relative_to(house.root).as_posix(), "belongs to no target"


def dependencies(house):
    """A target depends on what its layer and its line in the table allow."""
    for name, target in house.sources.items():
        layer = house.layer(name)
        allowed = tables.TARGETS.get(name)
        if allowed is None:
            yield "dependencies", target["path"], f"target {name} is not in the table of targets"
            continue
        for other in target.get("target_dependencies", []):
            if allowed is not tables.ANY and other not in allowed:
                yield "dependencies", target["path"], f"{name} may not depend on {other}"
            in_layer = house.layer(other) in tables.LAYERS.get(layer, set())
            if not in_layer and (name, other) not in tables.EXCEPTIONS:
                yield "dependencies", target["path"], f"{layer} may not depend on {house.layer(other)} ({name} → {other})"
        for product in target.get("product_dependencies", []):
            if not any(product == brought and name in users for brought, users in tables.OUTSIDE.values()):
                yield "dependencies", target["path"], f"{name} may not depend on the product {product}"


def imports(house):
    """An import is declared in Package.swift and allowed here."""
    for name, file in house.source_files():
        for module, line in file.imports:
            problem = import_problem(house, name, file, module)
            if problem:
                yield "imports", f"{file.place}:{line}", problem
    for name in house.tests:
        declared = set(house.ours[name].get("target_dependencies", []))
        for file in house.files[name]:
            for module, line in file.imports:
                if module in house.ours and module not in declared:
                    yield "imports", f"{file.place}:{line}", f"imports {module}, which Package.swift does not give {name}"


def import_problem(house, name, file, module) -> str | None:
    target = house.ours[name]
    if module in house.ours:
        return None if module in target.get("target_dependencies", []) else f"imports {module}, which Package.swift does not give {name}"
    if module in tables.OUTSIDE:
        product, users = tables.OUTSIDE[module]
        if name not in users:
            return f"{module} is not for {name}"
        return None if product in target.get("product_dependencies", []) else f"imports {module} without the product {product}"
    if module in tables.SYSTEM:
        layers = tables.SYSTEM[module]
        fine = layers is None or house.layer(name) in layers or (module, file.place) in tables.SYSTEM_FILES
        return None if fine else f"{module} is not for {house.layer(name)}"
    return f"imports {module}, which no table knows"


def core_words(house):
    """Core has no IO, no clock, no tasks of its own."""
    for name, file in house.source_files():
        if house.layer(name) != "Core":
            continue
        for pattern, what in tables.CORE_WORDS.items():
            for match, line in file.found(pattern):
                if (what, file.place) not in tables.CORE_WORD_FILES:
                    yield "core-words", f"{file.place}:{line}", f"`{match.group().strip()}`: {what} is not for Core"


def refused_words(house):
    """Nothing that ends the process, nothing unfinished, no long files."""
    for _, file in house.source_files():
        for pattern, why in tables.REFUSED.items():
            for match, line in file.found(pattern) if (pattern, file.place) not in tables.REFUSED_FILES else []:
                yield "refused-words", f"{file.place}:{line}", f"`{match.group()}`: {why}"
        for match in re.finditer(r"\b(TODO|FIXME|XXX)\b", file.text):
            yield "refused-words", f"{file.place}:{file.line(match.start())}", f"{match.group()}: say it in an issue"
        for match, line in file.found(r"\b(precondition|preconditionFailure|assert|assertionFailure)\("):
            if '"internal:' not in file.call(match.start()):
                yield "refused-words", f"{file.place}:{line}", f"the message of {match.group(1)} starts with \"internal:\""
        lines = file.text.count("\n")
        if lines > tables.LONGEST_FILE:
            yield "file-length", file.place, f"{lines} lines; {tables.LONGEST_FILE} is the end"


def promised_lengths(house):
    """Files of other languages whose length is promised."""
    for place, longest in tables.LONGEST_FILES.items():
        file = house.root / place
        lines = file.read_text().count("\n") if file.exists() else None
        if lines is None:
            yield "file-length", place, "is not there, and its length is promised"
        elif lines > longest:
            yield "file-length", place, f"{lines} lines; {longest} is the end"


def access(house):
    """`public` is for what users import; `package` for everything between targets."""
    for name, file in house.source_files():
        if name in tables.PUBLIC_TARGETS:
            continue
        for _, line in file.found(r"\bpublic\b|\bopen[ \t]+(class|func|var|subscript)\b"):
            yield "access", f"{file.place}:{line}", f"{name} declares for this package only: write `package`"


def plaintext(house):
    """The files that may read plaintext are listed; the token is made at the call and stands in no other signature."""
    importing = plaintext_files(house)
    listed = listed_plaintext_files(house)
    if listed is None:
        yield "plaintext", tables.PLAINTEXT_PAGE, "has no list between `<!-- plaintext-files -->` and `<!-- /plaintext-files -->`"
        listed = importing
    yield from unexplained(house)
    for place in sorted(set(importing) - set(listed)):
        yield "plaintext", place, f"imports PlaintextDoor and is not listed in {tables.PLAINTEXT_PAGE}"
    for place in sorted(set(listed) - set(importing)):
        yield "plaintext", tables.PLAINTEXT_PAGE, f"lists {place}, which does not import PlaintextDoor"
    for name, file in house.source_files():
        if name in tables.NEVER_PLAINTEXT and "PlaintextDoor" in file.imported() | set(house.ours[name].get("target_dependencies", [])):
            yield "plaintext", file.place, f"{name} never reaches plaintext"
        yield from door_signatures(file)


def door_signatures(file):
    for match, line in file.found(r"(?<!import )\bPlaintextDoor\b(?!\s*\(\s*\))"):
        is_signature = file.place == tables.VALUE_FILE and re.search(r"func withPlaintext\b[^{]*$", file.code[:match.start()])
        if file.place != tables.DOOR_FILE and not is_signature:
            yield "plaintext", f"{file.place}:{line}", "PlaintextDoor stands in a signature or is kept; it is made at the call"
    for match, line in file.found(r"(?<!func )\bwithPlaintext\b(?!\s*\(\s*PlaintextDoor\(\))"):
        yield "plaintext", f"{file.place}:{line}", "withPlaintext is called with a PlaintextDoor() made at the call"


def unexplained(house):
    page = house.root / tables.PLAINTEXT_PAGE
    for place in re.findall(r"^\| `([^`]+)` \| *" + re.escape(tables.NO_REASON), page.read_text(encoding="utf-8") if page.exists() else "", re.MULTILINE):
        yield "plaintext", tables.PLAINTEXT_PAGE, f"does not say why {place} must read plaintext"


def plaintext_files(house) -> list[str]:
    return sorted(file.place for _, file in house.source_files() if "PlaintextDoor" in file.imported())


def listed_plaintext_files(house) -> list[str] | None:
    page = house.root / tables.PLAINTEXT_PAGE
    found = LIST.search(page.read_text(encoding="utf-8")) if page.exists() else None
    return re.findall(r"^\| `([^`]+)`", found.group(2), re.MULTILINE) if found else None


def authorized_access(house):
    """Only the authorizer makes an AuthorizedAccess, and nobody else could."""
    for _, file in house.source_files():
        if file.place != tables.AUTHORIZER_FILE:
            for _, line in file.found(r"\bAuthorizedAccess\s*(\.\s*init\s*)?\("):
                yield "authorized-access", f"{file.place}:{line}", "only the Authorizer makes an AuthorizedAccess"
            for _, line in file.found(r"\bstruct\s+AuthorizedAccess\b|\bextension\s+AuthorizedAccess\b"):
                yield "authorized-access", f"{file.place}:{line}", "AuthorizedAccess is declared in the Authorizer's file alone"
            continue
        body = re.search(r"\bstruct AuthorizedAccess\b.*?^}", file.code, re.DOTALL | re.MULTILINE)
        for init in re.finditer(r"^.*\binit\b.*$", body.group() if body else "", re.MULTILINE):
            if not init.group().strip().startswith("fileprivate init"):
                yield "authorized-access", file.place, "the initializer of AuthorizedAccess is fileprivate"
        if body and "init(" not in body.group():
            yield "authorized-access", file.place, "AuthorizedAccess declares a fileprivate initializer"


RULES = [placement, dependencies, imports, core_words, refused_words, promised_lengths, access, plaintext, authorized_access]


def violations(house) -> list[tuple[str, str, str]]:
    return [violation for rule in RULES for violation in rule(house)]
