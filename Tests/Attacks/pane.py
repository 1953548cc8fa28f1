"""A person's terminal, in which the vault was unlocked: by itself, and as a pane of tmux."""

import shutil
import subprocess

from attack import Skipped, expect
from house import TACIT, AtTerminal, wait_until


class Pane:
    """A person's shell that was unlocked: what the agent types into. Each answer is read up to the next prompt, since what is typed before one is lost."""

    def __init__(self, house, *unlocking):
        self.house = house
        self.terminal = AtTerminal(house, ["/bin/sh"], house.environment | {"PS1": "ready> "})
        self.terminal.until(b"ready> ")
        self.start(TACIT, "unlock", *unlocking).until(b"Password: ")
        expect(b"nlocked" in self.answer(house.password), "the vault is unlocked")

    def start(self, *words):
        self.terminal.shown = b""
        return self.terminal.type(" ".join(words) + "\n")

    def answer(self, text, end="\n"):
        """Types at a prompt, and gives what was shown since the command."""
        self.terminal.type(text + end).until(b"ready> ")
        return self.terminal.shown

    def run(self, *words):
        self.start(*words).until(b"ready> ")
        return self.terminal.shown

    def refused(self, *words):
        """A command that asks for the password; what the agent has is none, and then it gives up."""
        self.start(TACIT, *words).until(b"Password: ").type("yes\n").until(b"The password is wrong.")
        self.answer("", end="\x03")


class Multiplexer:
    """A person's pane of tmux, of which the person's other programs send keys and look at what is shown."""

    def __init__(self, house):
        if not shutil.which("tmux"):
            raise Skipped("there is no tmux")
        self.house = house
        house.at_hand()
        self.words = ["tmux", "-f", "/dev/null", "-S", str(house.root / "run" / "pane")]

    def __enter__(self):
        started = subprocess.run([*self.words, "new-session", "-d", "-x", "160", "-y", "50", "/bin/sh"], env=self.house.environment, capture_output=True)
        expect(started.returncode == 0, started.stderr)
        return self

    def __exit__(self, *_):
        self.tell("kill-server")

    def tell(self, *words):
        return subprocess.run([*self.words, *words], capture_output=True, text=True)

    def send(self, *keys):
        expect(self.tell("send-keys", *keys).returncode == 0, "keys")

    @property
    def shown(self):
        return self.tell("capture-pane", "-p", "-J").stdout

    def until(self, text):
        wait_until(lambda: text in self.shown, f"{text} is shown")

    def unlock(self):
        """As the person does, at the keyboard."""
        self.send(f"{TACIT} unlock", "Enter")
        self.until("Password:")
        self.send("-l", self.house.password)
        self.send("Enter")
        self.until("nlocked")
        # What is typed before the command has ended goes to nobody.
        wait_until(lambda: self.shown.rstrip().endswith(("$", "#")), "the shell asks for the next command")
