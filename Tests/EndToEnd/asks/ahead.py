"""A command that asks, as the job of a leader that is no shell: nobody but the command puts the terminal right."""

import os
import pty
import signal

from house import TACIT, Shell, until

SANE = {"ECHO": True, "ICANON": True, "ISIG": True}


class Job(Shell):
    def __init__(self, house, *words):
        self.house = house
        self.seen = ""
        self.states, tell = os.pipe()
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            try:
                lead(house, words, tell)
            finally:
                os._exit(1)
        os.close(tell)
        self.id = int(self.state())

    def state(self):
        """What became of the job, or its number."""
        line = b""
        while not line.endswith(b"\n"):
            piece = os.read(self.states, 1)
            assert piece, "the leader ended"
            line += piece
        return line.decode().strip()

    def close(self):
        os.kill(self.id, signal.SIGKILL) if os.path.exists(f"/proc/{self.id}") else None
        os.close(self.states)
        super().close()


def lead(house, words, tell):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    ready, go = os.pipe()
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.read(ready, 1)
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.chdir(house.home)
        os.execve(TACIT, ["tacit", *words], house.environment)
    os.setpgid(job, job)
    os.tcsetpgrp(0, job)
    os.write(tell, f"{job}\n".encode())
    os.write(go, b".")
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            os.write(tell, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            signal.pause()
        os.write(tell, b"stopped\n")


def ahead(house, password):
    """Between two hidden prompts nothing that is typed is shown: it is the answer to the next. Whatever ends or stops the command then, the terminal is as it was."""
    keeper = house.keeper()
    for ending in ("next", "\x03", "\x1c", signal.SIGTERM, signal.SIGHUP, "\x1a"):
        job = Job(house, "password", "change")
        try:
            job.expect("Password: ")
            os.kill(keeper, signal.SIGSTOP)
            job.type(password + "\n")
            job.expect("\r\n")
            job.type("CANARY-typed ahead\n")
            assert job.modes()["ECHO"] is False, job.modes()
            END[ending](job, keeper, ending) if ending in END else end(job, keeper, ending)
            assert "CANARY" not in job.seen, job.seen
        finally:
            os.kill(keeper, signal.SIGCONT)
            job.close()


def end(job, keeper, ending):
    """By a key or a signal."""
    if isinstance(ending, str):
        job.type(ending)
    else:
        os.kill(job.id, ending)
    assert int(job.state()) < 0
    assert job.modes() == SANE, job.modes()


def go_on(job, keeper, _):
    os.kill(keeper, signal.SIGCONT)
    shown = job.expect("Once more: ")
    assert "New password: " in shown and "CANARY" not in shown, shown
    job.type("CANARY-typed otherwise\n")
    assert "The two differ" in job.expect("New password: ")
    job.type("\x03")
    assert job.state() == str(-signal.SIGINT)
    assert job.modes() == SANE, job.modes()


def stop(job, keeper, key):
    job.type(key)
    assert job.state() == "stopped"
    assert job.modes() == SANE, job.modes()
    os.kill(job.id, signal.SIGCONT)
    until(lambda: not job.modes()["ECHO"], "it is unseen again")
    os.kill(keeper, signal.SIGCONT)
    job.expect("New password: ")
    job.type("CANARY-typed late\n")
    shown = job.expect("Once more: ")
    assert "CANARY" not in shown, shown
    job.type("\x03")
    assert job.state() == str(-signal.SIGINT)
    assert job.modes() == SANE, job.modes()


END = {"next": go_on, "\x1a": stop}
