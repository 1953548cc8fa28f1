"""A throw-away vault with its keeper, and the two programs that measure it from outside."""

import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time

PASSWORD = b"a long password for measuring with"


class Ground:
    def __init__(self, programs, root):
        self.programs = {name: str(path) for name, path in programs.items()}
        self.root = root

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tacit-benchmark-"))
        places = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state", "XDG_RUNTIME_DIR": "run"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TACIT_", "XDG_"))}
        self.environment = kept | {name: str(self.folder / place) for name, place in places.items()}
        for place in places.values():
            (self.folder / place).mkdir(mode=0o700)
        self.secrets = 0
        self.run([self.programs["tacit"], "init", "--no-recovery", "--password-fd", "3"])
        return self

    def __exit__(self, *_):
        subprocess.run([self.programs["tacit"], "lock"], env=self.environment, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, words, directory=None):
        """Runs a command that leads a kernel session of its own, with the password on descriptor 3; its output."""
        reading, writing = os.pipe()
        os.write(writing, PASSWORD)
        os.close(writing)
        os.dup2(reading, 3)
        try:
            done = subprocess.run(
                words, env=self.environment, cwd=directory or self.folder, pass_fds=[3], start_new_session=True, capture_output=True, text=True
            )
        finally:
            os.close(3)
        if done.returncode != 0:
            raise SystemExit(f"benchmark: error: {' '.join(map(str, words))}\n{done.stderr}")
        return done.stdout

    def tacit(self, *words):
        """Runs one command of Tacit's, as a person."""
        return self.run([self.programs["tacit"], *words, "--password-fd", "3"])

    def alternate(self, rounds, *commands, directory=None):
        """Runs commands in turn, in one unlocked session; for each a list of (milliseconds to its child, to its end, largest KiB).

        A command is a list of words; one with `--then` in it is two, one after the other.
        """
        words = [self.programs["stopwatch"], str(rounds), self.programs["tacit"], "unlock", "--password-fd", "3"]
        for command in commands:
            words += ["---", *command]
        results = [[] for _ in commands]
        for line in self.run(words, directory).splitlines():
            which, child, end, size, status = map(int, line.split())
            if status != 0:
                raise SystemExit(f"benchmark: error: {' '.join(commands[which])} ended with {status}")
            results[which].append((child / 1e6, end / 1e6, size))
        return results

    def load(self, seconds, connections, *paths):
        """Loads the API; the password check in microseconds, and a list with a dictionary per measurement."""
        files = []
        for number, group in enumerate(paths):
            file = self.folder / f"paths-{number}"
            file.write_text("\n".join(group))
            files.append(str(file))
        socket = str(next((self.folder / "run" / "tacit").glob("keeper-*.sock")))
        words = [self.programs["load"], socket, str(seconds), ",".join(map(str, connections)), *files]
        first, *rest = [json.loads(line) for line in self.run(words).splitlines()]
        if any(result["failures"] for result in rest):
            raise SystemExit("benchmark: error: the keeper refused requests")
        return first["password_check_us"], rest

    def agent(self, name, environment):
        """The tools of an agent, whose place is an environment of the default project."""
        return Door([self.programs["tacit"], "mcp", "--agent", name], self.environment | {"TACIT_ENVIRONMENT": environment}, self.folder)

    def environment_of(self, name, count):
        """An environment with this many secrets, made once; the paths of the API to each of them."""
        paths = [f"/v1/projects/default/environments/{name}/secrets/S{number:06}" for number in range(count)]
        marker = self.folder / f"made-{name}"
        if marker.exists():
            return paths
        self.tacit("env", "create", name)
        for start in range(0, count, 20_000):
            file = self.folder / "seed.env"
            file.write_text(dotenv(range(start, min(start + 20_000, count))))
            self.tacit("import", str(file), "-e", name)
        marker.touch()
        return paths


class Door:
    """A `tacit mcp` that is asked one thing after the other."""

    def __init__(self, words, environment, folder):
        self.process = subprocess.Popen(
            words, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.asked = 0

    def __enter__(self):
        self.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}})
        self.process.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, method, parameters):
        """Milliseconds until a request's answer; one that is an error ends the measurement."""
        self.asked += 1
        request = json.dumps({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": parameters})
        start = time.perf_counter()
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        while (answer := json.loads(self.process.stdout.readline())).get("id") != self.asked:
            pass
        took = (time.perf_counter() - start) * 1e3
        if "error" in answer or answer["result"].get("isError"):
            raise SystemExit(f"benchmark: error: {method} was answered with {answer}")
        return took

    def peak(self):
        """The most memory it has had, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def dotenv(numbers):
    """A .env file with a secret per number: a name of seven characters and a value of forty."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    source = random.Random(numbers.start)
    return "".join(f"S{number:06}={''.join(source.choices(letters, k=40))}\n" for number in numbers)


def median(values):
    return statistics.median(values)
