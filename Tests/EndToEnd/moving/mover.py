"""A person with a vault of her own, who moves in and out."""

import base64
import json
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sessions"))
from person import PASSWORD, Person  # noqa: E402

SAMPLES = pathlib.Path(__file__).resolve().parent / "samples"


class Mover(Person):
    """Imports go in one session that is unlocked once, each under a prefix of its own; what is stored is asked for when it is needed."""

    def __init__(self, program):
        super().__init__(program)
        self.told = None
        self.plainly("unlock", password=True)

    def plainly(self, *words, password=False, input=None):
        """Runs a command as this process's child in its session: a person's, without a password."""
        reading, writing = os.pipe()
        os.write(writing, f"{PASSWORD}\n".encode())
        os.close(writing)
        words = [*words, "--password-fd", str(reading)] if password else words
        try:
            return subprocess.run(
                [self.program, *words], input=input if input is not None else b"", capture_output=True, env=self.environment, cwd=self.home,
                pass_fds=[reading], timeout=300)
        finally:
            os.close(reading)

    def bring(self, file, prefix, *words, code=0, input=None):
        """Imports. What it says holds no value, whatever happens."""
        self.told = None
        done = self.plainly("import", str(file), "--prefix", f"{prefix}/", *words, input=input)
        assert done.returncode == code, (file, words, done)
        for text in (done.stdout, done.stderr):
            assert b"CANARY" not in text, text
        return done

    def exported(self, prefix):
        """The fields of each name below a prefix, as an export has them."""
        self.told = self.told or json.loads(self.tacit("export", "--format", "json").out)
        return {
            name.removeprefix(f"{prefix}/"): fields if isinstance(fields, dict) else {"value": fields}
            for name, fields in self.told.items() if name.startswith(f"{prefix}/")
        }

    def stored(self, prefix):
        """For each name its fields: a text, or a text and the mark `plain`; bytes for what is no text."""

        def content(value):
            if isinstance(value, str):
                return value
            return base64.b64decode(value["base64"]) if "base64" in value else (value["text"], value["kind"])

        return {name: {field: content(value) for field, value in fields.items()} for name, fields in self.exported(prefix).items()}

    def tags(self, name):
        return json.loads(self.plainly("show", name, "--json").stdout)["tags"]


def expect(found, wanted):
    assert found == wanted, f"found  {found}\nwanted {wanted}"


def plain(text):
    return (text, "plain")


def main(*tests):
    os.setsid()
    mover = Mover(sys.argv[1])
    try:
        for test in tests:
            test(mover)
    finally:
        mover.close()
