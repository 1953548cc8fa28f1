"""Small made-up trees: a clean one has no violation, and each spoiled one has the violation it was spoiled for."""
import json
import pathlib
import tempfile

from pages import attacks, links, peers, spec

SPEC = """# Formats

## 1 Notation

**1.1** Parts.

- **R1.1** A writer MUST do this, and
  that.
- **R1.2** A reader MUST NOT.

| requirement | vector or test |
| --- | --- |
| R1.1 | `one-*`; `PartTests` "a part is \\"read\\"" |
| R1.2 | `two` (`inner`); "a thief finds nothing" |

## 6 Records

- **R6.1** A row MUST.

| requirement | vector or test |
| --- | --- |
| R6.1 | by type: there is no other |
""".replace('\\"read\\"', "read …")
FILES = {
    spec.PAGE: SPEC, "vectors/envelopes/one-a.json": "{}", "vectors/envelopes/one-b.json": "{}", "vectors/envelopes/two.json": '{"inner": 1}',
    "README.md": "# A title, and more\n\n[here](docs/SPEC.md#6-records) [there](#a-title-and-more) [out](https://example.com/x) `Sources/Part.swift`\n",
    "Sources/Part.swift": "/// As SPEC §1.1 and SPEC §6 say.\n",
    "Tests/PartTests.swift": 'import Testing\n\n@Suite struct PartTests {\n    @Test(\n        "a part is read as it was written")\n    func read() {}\n}\n',
    "Tests/OtherTests.swift": 'struct OtherTests {\n    @Test("another part") func other() {}\n}\n',
    "Tests/Attacks/thief.py": '@attack("thief", "database.copy", "detected", "a thief finds nothing")\ndef thief():\n    pass\n\n\n@check("thief", "the copy opens")\ndef control():\n    pass\n',
    "Sources/TestKit/Kit.swift": "enum Kit {}\n",
}
THIEF, OWN_UID = "Tests/Attacks/thief.py", "Tests/EndToEnd/own-uid/attempts.py"
TECHNIQUES = "Tests/Attacks/techniques/__init__.py"
BROKER_TECHNIQUES = "Tests/Attacks/through_broker/__init__.py"


def table() -> dict[str, str]:
    """The files of an attack table with one technique of each kind in it, and attacks around the doors in both cells, one of which was not played."""
    ends = {"print.raw": dict.fromkeys(attacks.COLUMNS, "redacted") | {"none": "possible"}, "host.other": {"naive": "possible", "broker": "stopped"}, "database.copy": {"same-uid": "detected", "own-uid": "detected"},
            "process.run": {"same-uid": "possible"}, "helper.second": {"own-uid": "stopped"}}
    looks = "@attack('own uid', 'process.run', {}, 'another program reads it'{})\ndef program():\n    pass\n"
    helper = "\n\n@attack('own uid', 'helper.second', 'stopped', 'a second one', left='no helper')\ndef second():\n    pass\n"
    files = {
        TECHNIQUES: 'class Raw:\n    id, group, what, own = "print.raw", "print", "as it is", False\n\n\nALL = [Raw]\n',
        BROKER_TECHNIQUES: 'class Other:\n    id, group, what, own = "host.other", "host", "another host", False\n\n\nALL = [Other]\n',
        THIEF: FILES[THIEF], "Tests/Attacks/processes.py": looks.format("'possible'", ", why='same user', left='own text'"), OWN_UID: looks.format("'stopped'", "") + helper,
        attacks.OUTCOMES: json.dumps({"ends": ends, "not played": {"chosen-own": "there is no root"}, "skipped": {"process.run": {"own-uid": "there are no users"}}}),
    }
    tool = {"install": "tool==1", "what": "a tool", "prepare": "tool set", "words": "tool run --", "ends": {"print.raw": "possible"}}
    files[peers.RECORD] = json.dumps({"tool": tool})
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return files | {attacks.PAGE: attacks.render(root), "README.md": FILES["README.md"] + attacks.summary(root), "docs/POLICY.md": "## The sandbox\n", "docs/OWN-UID.md": "# A user of its own\n",
                        "docs/REDACTION.md": "### The fuse\n",
                        "Tests/Attacks/README.md": "# Attacks\n", "Scripts/attack-report": "", "Scripts/test": ""}


TABLE = table()


def changed(place, old, new):
    assert old in FILES[place], (place, old)
    return {place: FILES[place].replace(old, new)}


# (what is spoiled, the rule that must say so, the files that differ)
CASES = [
    ("a requirement without a row", "spec-row", changed(spec.PAGE, "| R1.2 |", "| R1.1 |")),
    ("a row without a requirement", "spec-row", changed(spec.PAGE, "| R6.1 |", "| R6.1, R6.2 |")),
    ("a number that is left out", "spec-number", changed(spec.PAGE, "- **R1.2**", "- **R1.3**")),
    ("a row without evidence", "spec-evidence", changed(spec.PAGE, "by type: there is no other", "the engine's tests")),
    ("a vector that is not there", "spec-vector", changed(spec.PAGE, "`two` (`inner`)", "`three`")),
    ("a case that its vector has not", "spec-vector", changed(spec.PAGE, "(`inner`)", "(`outer`)")),
    ("a vector that was removed", "spec-vector", {"vectors/envelopes/two.json": None}),
    ("a suite that is not there", "spec-test", changed(spec.PAGE, "`PartTests`", "`PieceTests`")),
    ("a test that was renamed", "spec-test", changed("Tests/PartTests.swift", "a part is read", "the part is read")),
    ("a test of another suite", "spec-test", changed(spec.PAGE, '"a part is read …"', '"another part"')),
    ("an attack that was renamed", "spec-test", changed(THIEF, "finds nothing", "finds it")),
    ("a MUST outside of the numbers", "spec-must", changed(spec.PAGE, "**1.1** Parts.", "**1.1** Parts. They MUST be short.")),
    ("a vector that no row names", "spec-orphan", {"vectors/envelopes/three.json": "{}"}),
    ("a link to nothing", "link", changed("README.md", "docs/SPEC.md#6-records", "docs/FORMATS.md")),
    ("an anchor of another page", "anchor", changed("README.md", "#6-records", "#7-records")),
    ("an anchor of the same page", "anchor", changed("README.md", "(#a-title-and-more)", "(#a-title)")),
    ("a path that is not there", "path", changed("README.md", "`Sources/Part.swift`", "`Sources/Piece.swift`")),
    ("a section that is not there", "section", changed("Sources/Part.swift", "SPEC §1.1", "SPEC §1.2")),
    ("an end that was changed in the page", "attacks", TABLE | {attacks.PAGE: TABLE[attacks.PAGE].replace("| redacted |", "| stopped |")}),
    ("a cell that was not played, silently", "attacks", TABLE | {attacks.PAGE: TABLE[attacks.PAGE].replace("there is no root", "")}),
    ("totals that the README has otherwise", "attacks", TABLE | {"README.md": FILES["README.md"]}),
    ("a technique that nobody recorded", "attacks", TABLE | {TECHNIQUES: TABLE[TECHNIQUES].replace("print.raw", "print.new")}),
    ("an end of the broker that was changed in the page", "attacks", TABLE | {attacks.PAGE: TABLE[attacks.PAGE].replace("| stopped |", "| possible |")}),
    ("a technique against the broker that nobody recorded", "attacks", TABLE | {BROKER_TECHNIQUES: TABLE[BROKER_TECHNIQUES].replace("host.other", "host.new")}),
    ("an end around a door that was changed in the page", "attacks", TABLE | {attacks.PAGE: TABLE[attacks.PAGE].replace("| detected |", "| stopped |")}),
    ("an attack that was not played, silently", "attacks", TABLE | {attacks.PAGE: TABLE[attacks.PAGE].replace("there are no users", "")}),
    ("an attack that says another end than was recorded", "attack", TABLE | {THIEF: TABLE[THIEF].replace('"detected"', '"stopped"')}),
    ("an attack that ends as nothing does", "attack", TABLE | {THIEF: TABLE[THIEF].replace('"detected"', '"refused"')}),
    ("an attack that nobody recorded", "attack", TABLE | {THIEF: TABLE[THIEF] + "\n\n@attack('thief', 'database.more', 'stopped', 'more')\ndef more():\n    pass\n"}),
    ("an end with another tool that was changed in the record", "attacks", TABLE | {peers.RECORD: TABLE[peers.RECORD].replace('"possible"', '"stopped"')}),
    ("an attack that was taken away", "attacks", TABLE | {THIEF: None}),
    ("an attack without an id", "attack", TABLE | {THIEF: TABLE[THIEF].replace('"database.copy", "detected", ', "")}),
    ("what is possible for no reason", "attack", TABLE | {"Tests/Attacks/processes.py": TABLE["Tests/Attacks/processes.py"].replace(", why='same user'", "")}),
    ("an attack that is left out for no reason", "attack", TABLE | {OWN_UID: TABLE[OWN_UID].replace(", left='no helper'", "")}),
    ("an attack that is left out, and was recorded", "attack", TABLE | {THIEF: TABLE[THIEF].replace('finds nothing"', 'finds nothing", left="places"')}),
    ("an attack with no text of its own in the other cell", "attack", TABLE | {THIEF: TABLE[THIEF].replace('finds nothing"', 'finds nothing", left="own text"')}),
    ("an end with a keeper of another user that was recorded otherwise", "attack", TABLE | {attacks.OUTCOMES: TABLE[attacks.OUTCOMES].replace('"own-uid": "detected"', '"own-uid": "stopped"')}),
    ("another title in another cell", "attack", TABLE | {OWN_UID: TABLE[OWN_UID].replace("reads it", "reads all")}),
    ("a page of another project", "foreign", changed("Sources/Part.swift", "SPEC §6 say", "PRODUCT §6 say")),
]


def found(files) -> set:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in (FILES | files).items():
            if text is not None:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
        return {rule for rule, _, _ in [*spec.violations(root), *links.violations(root), *attacks.violations(root)]}


def run() -> int:
    failures = [f"a clean tree has {sorted(rules)}" for files in ({}, TABLE) if (rules := found(files))]
    for what, rule, files in CASES:
        if rule not in (rules := found(files)):
            failures.append(f"{what}: {rule} said nothing; {sorted(rules) or 'nothing'} did")
    for failure in failures:
        print(failure)
    print(f"check-docs --self-test: {len(CASES) + 2 - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0
