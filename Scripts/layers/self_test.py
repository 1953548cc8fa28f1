"""Small made-up trees: a clean one has no violation, and each spoiled one has the violation it was spoiled for."""
import pathlib
import tempfile

from layers import rules, tables
from layers.source import code_only

PAGE = "<!-- plaintext-files -->\n| file | why |\n| --- | --- |\n{rows}<!-- /plaintext-files -->\n"
LISTED = [tables.VALUE_FILE, "Sources/Core/Redaction/Needles.swift"]

FILES = {
    tables.DOOR_FILE: "package struct PlaintextDoor: Sendable {\n    package init() {}\n}\n",
    tables.VALUE_FILE: "package import PlaintextDoor\n\nfunc withPlaintext<R>(\n    _ door: PlaintextDoor, _ body: () -> R\n) -> R { body() }\n",
    "Sources/Core/Model/RandomBytes.swift": "var generator = SystemRandomNumberGenerator()\n",
    "Sources/Core/Redaction/Needles.swift": "import Model\nimport PlaintextDoor\n// print( TODAY\nlet a = v.withPlaintext(PlaintextDoor()) { $0 } != b\n",
    "Sources/Core/Storage/Store.swift": 'package import Model\nprecondition(a != b,\n    "internal: \\(a) as! said")\nlet c = !d && e != f\n',
    "Sources/Core/MCPSession/Session.swift": "import FoundationEssentials\n",
    "Sources/Core/TacitWire/Types.swift": "public struct Problem {}\n",
    tables.AUTHORIZER_FILE: "import Model\npackage struct AuthorizedAccess {\n    fileprivate init(a: Int) {}\n}\nlet a = AuthorizedAccess(a: 1)\n",
    "Sources/Adapters/SQLiteDatabase/File.swift": "import GRDB\nimport Glibc\nimport Storage\n",
    "Sources/Clients/MCPTools/Tool.swift": "import MCPSession\nimport TacitWire\n",
    "Tests/Core/StorageTests/Test.swift": "import Storage\n",
    **{place: "" for place in tables.LONGEST_FILES},
}
DEPENDENCIES = {
    "PlaintextDoor": [], "Model": ["PlaintextDoor"], "Redaction": ["Model", "PlaintextDoor"], "Storage": ["Model"], "MCPSession": [],
    "TacitWire": [], "Secrets": ["Model"], "SQLiteDatabase": ["Storage"], "MCPTools": ["MCPSession", "TacitWire"], "StorageTests": ["Storage"],
}
PRODUCTS = {"SQLiteDatabase": ["GRDB"]}


def appended(place, text):
    return {"files": {place: FILES[place] + text}}


def depending(name, *others):
    return {"dependencies": {name: DEPENDENCIES[name] + list(others)}}


STORE, TOOL, NEEDLES = "Sources/Core/Storage/Store.swift", "Sources/Clients/MCPTools/Tool.swift", "Sources/Core/Redaction/Needles.swift"
WIRE, FILE = "Sources/Core/TacitWire/Types.swift", "Sources/Adapters/SQLiteDatabase/File.swift"

# (what is spoiled, the rule that must say so, the spoiling)
CASES = [
    ("a file outside every target", "placement", {"files": {"Sources/Core/Lost/Lost.swift": "\n"}}),
    ("a target outside the layers", "placement", {"files": {"Sources/Shared/Storage/A.swift": "\n"}, "paths": {"Storage": "Sources/Shared/Storage"}}),
    ("a target that no table knows", "dependencies", {"files": {"Sources/Core/New/New.swift": "\n"}, "dependencies": {"New": []}}),
    ("an edge that the target's line lacks", "dependencies", depending("Storage", "PlaintextDoor")),
    ("an edge against the layers", "dependencies", depending("Storage", "SQLiteDatabase")),
    ("a client that reaches the engine", "dependencies", depending("MCPTools", "Secrets")),
    ("a product in the wrong target", "dependencies", {"products": {"Storage": ["GRDB"]}}),
    ("an import that is not declared", "imports", appended(STORE, "import Redaction\n")),
    ("an undeclared import behind an access level", "imports", appended(STORE, "package import TacitWire\n")),
    ("an undeclared import of one type", "imports", appended(STORE, "import struct TacitWire.Problem\n")),
    ("an outside module in the wrong target", "imports", appended(STORE, "import GRDB\n")),
    ("an outside module without its product", "imports", {"products": {"SQLiteDatabase": []}}),
    ("Foundation in Core", "imports", appended(STORE, "import Foundation\n")),
    ("Glibc in Core", "imports", appended(STORE, "import Glibc\n")),
    ("a module that no table knows", "imports", appended(FILE, "import CoreData\n")),
    ("an undeclared import in a test", "imports", {"files": {"Tests/Core/StorageTests/Test.swift": "@testable import TacitWire\n"}}),
    *[(f"`{word}` in Core", "core-words", appended(STORE, f"let x = {word}\n")) for word in (
        "FileManager.default", "FileHandle.standardInput", "ProcessInfo.processInfo", "getenv(n)", "Date()", "Date.now", "ContinuousClock()",
        "Task { a() }", "Task.detached { a() }", "print(a)", '"\\(print(a))"', "SystemRandomNumberGenerator()")],
    *[(f"`{word}`", "refused-words", appended(FILE, f"let x = {word}\n")) for word in (
        "try! a()", "a as! B", "fatalError()", "a!", "a!.b", "a[0]!", "a()!.b", "(a!)", "[a!, b]", "a! + b", '"\\(a!)"', "Int!")],
    ("a re-export", "refused-words", appended(TOOL, "@_exported import TacitWire\n")),
    ("an unchecked Sendable", "refused-words", appended(TOOL, "class A: @unchecked Sendable {}\n")),
    *[(f"{word} in a comment", "refused-words", appended(FILE, f"// {word}: later\n")) for word in ("TODO", "FIXME")],
    ("a precondition that does not say internal", "refused-words", appended(FILE, 'precondition(f(a), "is not so")\nlet b = "internal: "\n')),
    ("a long file", "file-length", appended(FILE, "\n" * (tables.LONGEST_FILE + 1))),
    *[("a longer file than was promised", "file-length", {"files": {place: "\n" * (longest + 1)}}) for place, longest in tables.LONGEST_FILES.items()],
    ("public outside the SDK", "access", appended(FILE, "public struct A {}\n")),
    ("an open class", "access", appended(FILE, "open class A {}\n")),
    ("a file that is not listed", "plaintext", {"listed": LISTED[:1]}),
    ("a listed file that does not import the door", "plaintext", {"listed": [*LISTED, STORE]}),
    ("a page without the list", "plaintext", {"listed": None}),
    ("a listed file without a reason", "plaintext", {"reason": tables.NO_REASON}),
    ("a door in another signature", "plaintext", appended(NEEDLES, "func peek(_ door: PlaintextDoor) {}\n")),
    ("a door that is kept", "plaintext", appended(NEEDLES, "let door: PlaintextDoor? = nil\n")),
    ("a door under another name", "plaintext", appended(NEEDLES, "typealias Door = PlaintextDoor\n")),
    ("a door made by another expression", "plaintext", appended(NEEDLES, "let a = v.withPlaintext(.init()) { $0 }\n")),
    ("a door handed on", "plaintext", appended(NEEDLES, "let f = v.withPlaintext\n")),
    ("plaintext in a tool", "plaintext",
        {"files": {TOOL: FILES[TOOL] + "import PlaintextDoor\n"}, "listed": [*LISTED, TOOL], **depending("MCPTools", "PlaintextDoor")}),
    ("plaintext only declared by the session", "plaintext", depending("MCPSession", "PlaintextDoor")),
    ("an access made elsewhere", "authorized-access", appended(FILE, "let a = AuthorizedAccess(a: 1)\n")),
    ("an access made elsewhere by init", "authorized-access", appended(FILE, "let a = AuthorizedAccess.init(a: 1)\n")),
    ("an access extended elsewhere", "authorized-access", appended(FILE, "extension AuthorizedAccess {}\n")),
    ("an access that anyone can make", "authorized-access", {"files": {
        tables.AUTHORIZER_FILE: FILES[tables.AUTHORIZER_FILE].replace("fileprivate init", "package init")}}),
    ("an access with the compiler's initializer", "authorized-access", {"files": {
        tables.AUTHORIZER_FILE: "package struct AuthorizedAccess {\n    let a: Int\n}\n"}}),
]


def found_in(spoiling: dict) -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for place, text in {**FILES, **spoiling.get("files", {})}.items():
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            (root / place).write_text(text)
        listed = spoiling.get("listed", LISTED)
        reason = spoiling.get("reason", "because")
        rows = "".join(f"| `{place}` | {reason} |\n" for place in listed or [])
        (root / "docs").mkdir()
        (root / tables.PLAINTEXT_PAGE).write_text("" if listed is None else PAGE.format(rows=rows))
        return rules.violations(rules.House(root, described(spoiling)))


def described(spoiling: dict) -> dict:
    paths = {place.split("/")[2]: "/".join(place.split("/")[:3]) for place in {**FILES, **spoiling.get("files", {})}}
    paths.update(spoiling.get("paths", {}))
    products = {**PRODUCTS, **spoiling.get("products", {})}
    known = {**DEPENDENCIES, **spoiling.get("dependencies", {})}
    return {"targets": [
        {"name": name, "path": paths[name], "target_dependencies": others, "product_dependencies": products.get(name, [])}
        for name, others in known.items()]}


def run() -> int:
    failures = [f"the clean tree: {violation}" for violation in found_in({})]
    for what, rule, spoiling in CASES:
        said = {name for name, _, _ in found_in(spoiling)}
        if rule not in said:
            failures.append(f"{what}: expected [{rule}], got {sorted(said) or 'nothing'}")
    proven = {rule for _, rule, _ in CASES}
    failures += [f"no case for {name}" for name in ("placement", "dependencies", "imports", "core-words", "refused-words", "file-length", "access",
                                                   "plaintext", "authorized-access") if name not in proven]
    literal = 'a("x // \\(b("y)") ) z") /* /* */ c! */ d #"e\\(f)\\"# """\n g" h! """ i'
    kept = code_only(literal).split()
    if "".join(kept) != 'a("(b(""))")d#""#""""""i':
        failures.append(f"comments and literals: {''.join(kept)}")
    for failure in failures:
        print(f"self-test: {failure}")
    print(f"check-layers --self-test: {len(CASES) + 2 - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0
