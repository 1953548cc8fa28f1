"""A throw-away home with a vault of its own, and a shell in a terminal that lives in it."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time

TACIT = os.environ["TACIT"]
PASSWORD = "CANARY-password-7b1c4f correct horse"


def until(condition, what, timeout=20):
    """Waits until something is so."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come to that: {what}")
        time.sleep(0.005)


class House:
    """One person's home: directories, environment, vault and keeper."""

    def __init__(self, secrets):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tacit-test-run-"))
        (self.home / "run").mkdir(mode=0o700)
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{self.home}/bin:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": "Asia/Kathmandu",
            "TERM": "xterm-256color",
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_DATA_HOME": str(self.home / "data"),
        }
        (self.home / "bin").mkdir()
        (self.home / "bin" / "tacit").symlink_to(TACIT)
        # Asks for something that is not shown, and tells how long it was.
        ask = self.home / "bin" / "ask"
        ask.write_text("#!/usr/bin/env python3\nimport getpass\nprint(len(getpass.getpass('secret: ')), flush=True)\n")
        ask.chmod(0o755)
        self.tacit("init", "--no-recovery", check=True)
        for name, value in secrets.items():
            self.tacit("set", name, input=value, check=True)

    def close(self):
        self.kill_keeper()
        shutil.rmtree(self.home, ignore_errors=True)

    def keeper(self):
        """The keeper's process id."""
        return json.loads(self.tacit("status", "--json").stdout)["keeper_process"]

    def kill_keeper(self):
        try:
            os.kill(self.keeper(), signal.SIGKILL)
        except (ProcessLookupError, ValueError, KeyError):
            pass

    def tacit(self, *words, input=b"", check=False, password=True, env=None, cwd=None, timeout=60):
        """Runs one command over pipes, with the password on a descriptor."""
        options, rest = list(words), []
        if "--" in options:
            at = options.index("--")
            options, rest = options[:at], options[at:]
        reading, writing = os.pipe()
        os.write(writing, f"{PASSWORD}\n{PASSWORD}\n".encode())
        os.close(writing)
        if password:
            options += ["--password-fd", str(reading)]
        result = subprocess.run(
            [TACIT, *options, *rest], input=input, capture_output=True, env={**self.environment, **(env or {})}, cwd=cwd or self.home,
            pass_fds=[reading], timeout=timeout, start_new_session=True)
        os.close(reading)
        if check and result.returncode != 0:
            raise AssertionError(f"tacit {options} ended with {result.returncode}: {result.stderr.decode()}")
        return result

    def start(self, *words, **more):
        """Starts one command that was given the password on a descriptor."""
        reading, writing = os.pipe()
        os.write(writing, f"{PASSWORD}\n".encode())
        os.close(writing)
        at = words.index("--")
        process = subprocess.Popen(
            [TACIT, *words[:at], "--password-fd", str(reading), *words[at:]], env=self.environment, cwd=self.home, pass_fds=[reading], **more)
        os.close(reading)
        return process


class Agent:
    """An agent's host: the MCP server of one agent, and the calls of its tool `secret_run`."""

    def __init__(self, house, name):
        self.process = subprocess.Popen(
            [TACIT, "mcp", "--agent", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**house.environment, "CANARY_HOST": "1"},
            cwd=house.home, start_new_session=True)
        self.answers = {}
        self.number = 0
        client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "host", "version": "1"}}
        self.answer(self.request("initialize", client))
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def request(self, method, params):
        self.number += 1
        self.send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        return self.number

    def answer(self, number):
        """The answer to a request; of a tool what it says, or why it does not."""
        while number not in self.answers:
            line = self.process.stdout.readline()
            assert line, "the server ended"
            message = json.loads(line)
            if "id" in message:
                self.answers[message["id"]] = message
        message = self.answers.pop(number)
        assert "result" in message, message
        content = message["result"].get("content")
        return json.loads(content[0]["text"]) if content else message["result"]

    def start(self, *argv, secrets=({"name": "api"},), **more):
        arguments = {"argv": list(argv), "secrets": list(secrets), "purpose": "a test", **more}
        return self.request("tools/call", {"name": "secret_run", "arguments": arguments})

    def run(self, *argv, **more):
        return self.answer(self.start(*argv, **more))

    def json(self, *argv, **more):
        """What a program prints as JSON."""
        done = self.run(*argv, **more)
        assert done.get("exit_code") == 0, done
        return json.loads(done["stdout"])


class Shell:
    """An interactive shell with job control on a terminal of its own, in which the vault is unlocked."""

    PROMPT = "@ready@"

    def __init__(self, house, rows=24, columns=80):
        self.house = house
        self.seen = ""
        process, self.descriptor = pty.fork()
        if process == 0:
            os.chdir(house.home)
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], {**house.environment, "PS1": self.PROMPT, "PS2": ""})
        self.process = process
        self.resize(rows, columns)
        self.expect(self.PROMPT)
        # What is typed at the prompt is not shown again: the terminal's output is the commands' own.
        self.line("stty -echo")
        self.type("tacit unlock\n")
        self.expect("Password: ")
        self.type(PASSWORD + "\n")
        self.expect(self.PROMPT)

    def close(self):
        os.close(self.descriptor)
        try:
            os.kill(self.process, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.process, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.descriptor, data):]

    def modes(self):
        """Whether the terminal echoes, gathers lines and makes signals."""
        flags = termios.tcgetattr(self.descriptor)[3]
        return {name: bool(flags & getattr(termios, name)) for name in ("ECHO", "ICANON", "ISIG")}

    def until_keys_are_taken(self):
        """Waits until a program reads the terminal key by key."""
        until(lambda: not self.modes()["ICANON"], "keys are taken")

    def stop_job(self):
        """Ctrl-Z, and again where the first fell between the modes of shell and job, which drops what was typed."""
        for _ in range(5):
            self.type("\x1a")
            with contextlib.suppress(AssertionError):
                return self.expect("Stopped", timeout=5)
        return self.expect("Stopped")

    def until_lines_are_read(self):
        """Waits until the terminal gathers lines again."""
        until(lambda: self.modes()["ICANON"], "the terminal is as before")

    def until_in_front(self):
        """Waits until a job of the shell has the terminal."""
        until(lambda: os.tcgetpgrp(self.descriptor) != self.process, "a job is in front")

    def expect(self, pattern, timeout=20, literal=True):
        """Waits for a text and gives what came before it; what comes after stays for the next time."""
        expression = re.compile(re.escape(pattern) if literal else pattern)
        deadline = time.monotonic() + timeout
        while True:
            found = expression.search(self.seen)
            if found:
                before, self.seen = self.seen[: found.start()], self.seen[found.end():]
                return before
            left = deadline - time.monotonic()
            ready = select.select([self.descriptor], [], [], max(0, left))[0] if left > 0 else []
            if not ready:
                raise AssertionError(f"{pattern!r} did not come; what came was {self.seen[-600:]!r}")
            try:
                self.seen += os.read(self.descriptor, 65536).decode(errors="replace")
            except OSError as error:
                raise AssertionError(f"the terminal ended before {pattern!r}; what came was {self.seen[-600:]!r}") from error

    def line(self, text, timeout=30):
        """Runs one line in the shell and gives what was printed."""
        self.type(text + "\n")
        return self.expect(self.PROMPT, timeout)

    def status(self, text, timeout=30):
        """Runs one line and gives what was printed and the exit code."""
        printed = self.line(text + "; echo \"<$?>\"", timeout)
        body, _, code = printed.rpartition("<")
        return body, int(code.split(">")[0])
