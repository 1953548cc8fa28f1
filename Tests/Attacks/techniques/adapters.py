"""How a technique's programs get the value: by Tacit, by nothing but a variable, or by another tool's command line."""

import contextlib
import os
import pathlib
import pickle
import shutil
import shlex
import signal
import subprocess

from house import children, is_alive, wait_until

from .technique import PRELUDE, Place, Seen

SLEEPER = "print('ready', flush=True)\ntime.sleep(120)"


def forked(user, body):
    """What `body` returns in a process of a user of the machine."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            if os.geteuid() == 0 and user:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(body(), pipe)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else b""


class Housed(Place):
    """A place in a house of the suite's: its working directory, and the user that the agent is."""

    def __init__(self, value, house, agent_user):
        directory = house.root / "work" / "project"
        directory.mkdir(exist_ok=True)
        if house.owner:
            os.chown(directory, house.owner.pw_uid, house.owner.pw_gid)
        super().__init__(value, directory)
        self.house, self.agent_user = house, agent_user
        self.home, self.runtime = house.root / "home", house.root / "run"

    def as_agent(self, body):
        return forked(self.agent_user, body)

    def give(self):
        """What lies in the working directory is the person's, as whom an agent puts it there: so far it is root's, who carries the techniques out."""
        for path in self.directory.rglob("*") if self.house.owner else []:
            os.chown(path, self.house.owner.pw_uid, self.house.owner.pw_gid, follow_symlinks=False)


class Command(Housed):
    """Nothing but a variable: the control of every technique."""

    def __init__(self, value, house, agent_user):
        super().__init__(value, house, agent_user)
        self.environment = {**house.environment, self.name: value.decode()}

    def popen(self, argv, environment):
        return self.house.popen(argv, cwd=self.directory, env=environment, start_new_session=True)

    def start(self, argv, as_input=False, seconds=60, caps=None, environment=None):
        self.give()
        if as_input:
            argv = ["/bin/sh", "-c", 'printf %s "$API_KEY" | exec "$@"', "sh", *argv]
        # A file without `#!`, or none at all, is no program for this cell either.
        if environment and "PATH" in environment:
            argv = [shutil.which(argv[0], path=environment["PATH"]) or argv[0], *argv[1:]]
        try:
            process = self.popen(argv, {**self.environment, **(environment or {})})
        except OSError as error:
            return Seen(refused=str(error))
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        return Seen(out[:caps], err, process.returncode)

    @contextlib.contextmanager
    def begin(self, as_file=False):
        text = "f = os.memfd_create('value'); os.write(f, v)\n" if as_file else ""
        process = self.popen(["/usr/bin/python3", "-c", PRELUDE + text + SLEEPER], self.environment)
        process.stdout.readline()
        try:
            yield {"program": [process.pid, *descendants(process.pid)]}
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    @contextlib.contextmanager
    def session_file(self):
        """The path of a file that holds the value for a program of the person's; nothing where none is made."""
        path = self.directory / ".env"
        with self.house.as_owner():
            path.touch(0o600)
            path.write_text(f"API_KEY={self.value.decode()}\n")
        yield path


class Foreign(Command):
    """Another secrets manager, by the words that stand before a command which it runs with the value in `API_KEY`, as the agent's user and with a home of its own.

    `prepare` is a line for a shell that puts the value into it, from its standard input; it is typed once, in that home.
    """

    def __init__(self, value, house, agent_user, words, prepare=""):
        super().__init__(value, house, agent_user)
        self.words = [word.replace("$HOME", str(self.home)) for word in shlex.split(words)]
        # The tool itself is found where its user has it, wherever the agent has programs looked for.
        tool = next((at for at, word in enumerate(self.words) if word != "env" and "=" not in word), 0)
        for at in {0, tool}:
            self.words[at] = shutil.which(self.words[at], path=house.environment["PATH"]) or self.words[at]
        self.environment = house.environment
        if prepare and not hasattr(house, "prepared"):
            house.prepared = house.popen(["/bin/sh", "-ec", prepare], cwd=self.home, stdin=subprocess.PIPE)
            out, err = house.prepared.communicate(value, timeout=120)
            assert house.prepared.returncode == 0, (out, err)

    def popen(self, argv, environment):
        return super().popen([*self.words, *argv], environment)

    @contextlib.contextmanager
    def session_file(self):
        """A file of its own in which the value stands as it is; nothing where there is none."""
        yield next((path for path in self.home.rglob("*") if path.is_file() and self.value in path.read_bytes()), None)


class Tacit(Housed):
    """A run of Tacit's, asked for by an agent over the keeper's API."""

    def __init__(self, value, house, agent_user, who, sleeper):
        super().__init__(value, house, agent_user)
        self.who, self.sleeper = who, sleeper
        # Each technique begins as the first one: what another was answered is not held against it.
        if not hasattr(house, "reset"):
            house.reset = house.person()
        answer = house.reset.request("POST", f"/v1/agents/{who}/output-reset")
        assert answer.status == 200, answer

    def connect(self):
        return self.house.connect(headers={"Tacit-Agent-Badge": self.house.badges[self.who], "Tacit-Source": "mcp"})

    def start(self, argv, as_input=False, seconds=60, caps=None, environment=None):
        self.give()
        secret = {"reference": "api/key", "stdin": True} if as_input else "api/key"
        with self.connect() as agent:
            run = agent.run(argv, [secret], cwd=str(self.directory), timeout_seconds=seconds, environment=environment or {}).wait()
        report = run.report or {}
        self.redactions += sum(item["count"] for item in report.get("redactions", [])) + report.get("files", {}).get("withheld_count", 0)
        self.withheld_whole = self.withheld_whole or bool(report.get("unscanned") or report.get("output"))
        kind, number = (run.exit or ("refused", 0))[:2]
        return Seen(run.stdout[:caps], run.stderr, -number if kind == "signaled" else number, refused=run.code)

    @contextlib.contextmanager
    def begin(self, as_file=False):
        with self.connect() as agent:
            run = agent.run(self.sleeper, [{"reference": "api/key", "file": True} if as_file else "api/key"], cwd=str(self.directory), timeout_seconds=100, environment={})
            try:
                yield self.processes(run)
            finally:
                if run.problem is None:
                    run.raw(bytes([5]) + (4).to_bytes(4, "big") + int(signal.SIGKILL).to_bytes(4, "big"))

    @contextlib.contextmanager
    def session_file(self):
        with self.connect() as agent:
            wish = {"secrets": [{"reference": "api/key"}], "content": "values", "scope": "default/dev", "purpose": "attack"}
            answer = agent.json("POST", "/v1/sessions/files", wish)
            yield answer.json["path"] if answer.status == 201 else None
            agent.json("POST", "/v1/sessions/sleep", {})

    def processes(self, run):
        """What runs for it, once the program itself does."""
        run.until_started()
        found = self.helpers()

        def programs():
            below = [process for runner in found["runner"] for process in descendants(runner)]
            return below if any(self.sleeper[0].encode() in command(process) for process in below) else None

        return {"program": wait_until(programs, "the program runs"), **found}

    def helpers(self):
        """The secrets manager's own processes, by role."""
        found = self.house.helpers()
        return {"runner": found["__runner"], "spawner": found["__spawner"], "keeper": [self.house.keeper]}


class OwnTacit(Tacit):
    """A run of a keeper's that is a user of its own; what starts its runners is root's helper."""

    def helpers(self):
        helpers = self.house.units.helpers()
        return {"runner": [child for helper in helpers for child in children(helper)], "spawner": helpers, "keeper": [self.house.keeper]}

    @contextlib.contextmanager
    def begin(self, as_file=False):
        with super().begin(as_file) as processes:
            yield processes
        wait_until(lambda: not any(map(is_alive, processes["program"] + processes["runner"])), "the run has ended")


def command(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return b""


def descendants(process):
    found = children(process)
    return found + [below for child in found for below in descendants(child)]
