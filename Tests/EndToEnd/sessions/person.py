"""One person with a vault of her own below a temporary directory, who gives the password on a descriptor."""

import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile

PASSWORD = "CANARY-password-" + secrets.token_hex(12)


class Person:
    def __init__(self, program):
        self.program = program
        self.directory = None
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tacit-sessions-"))
        (self.home / "run").mkdir(mode=0o700)
        self.environment = {
            "HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(self.home / "run"), "NO_COLOR": "1",
        }
        self.tacit("init", "--no-recovery")

    def start(self, *words, **options):
        """Starts a command with the password on a descriptor."""
        reading, writing = os.pipe()
        os.write(writing, f"{PASSWORD}\n".encode())
        os.close(writing)
        at = words.index("--") if "--" in words else len(words)
        words = [*words[:at], "--password-fd", str(reading), *words[at:]]
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(
            [self.program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, cwd=self.directory or self.home, pass_fds=[reading],
            start_new_session=True, **options)
        os.close(reading)
        return process

    def tacit(self, *words, input=None, code=0):
        process = self.start(*words, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL)
        process.out, process.err = process.communicate(input, timeout=120)
        assert code is None or process.returncode == code, (words, process.returncode, process.out, process.err)
        return process

    def set(self, name, value, *tags):
        self.tacit("set", name, input=value.encode())
        if tags:
            self.tacit("tag", name, *(word for tag in tags for word in ("--add", tag)))

    def keeper(self):
        return json.loads(self.tacit("status", "--json").out)["keeper_process"]

    def log(self, action):
        items = json.loads(self.tacit("audit", "list", "--limit", "1000", "--json").out)["items"]
        return [item for item in items if item["action"] == action]

    def files(self):
        """The session files that are there."""
        return sorted(path for folder in (self.home / "run" / "tacit").glob("files-*") for path in folder.iterdir())

    def close(self):
        try:
            os.kill(self.keeper(), signal.SIGKILL)
        except (OSError, AssertionError, ValueError):
            pass
        shutil.rmtree(self.home, ignore_errors=True)
