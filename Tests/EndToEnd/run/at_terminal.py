"""Runs at a terminal: prompts, colours, signals, job control, window size, pipelines."""

import os
import signal

from over_pipes import API
from house import until

SANE = {"ICANON": True, "ISIG": True, "ECHO": False}


def terminals(shell, house):
    script = 'for n in 0 1 2; do if [ -t $n ]; then printf t; else printf p; fi; done'
    file = house.home / "seen"
    for redirections, expected in [("", "ttt"), ("< /dev/null", "ptt"), (f"2> {file}.err", "ttp")]:
        printed, code = shell.status(f"tacit run -k api -- sh -c '{script}' {redirections}")
        assert expected in printed and code == 0, (redirections, printed)
    shell.line(f"tacit run -k api -- sh -c '{script}' > {file}")
    assert file.read_text() == "tpt", file.read_text()
    printed, _ = shell.status(f"echo | tacit run -k api -- sh -c '{script}' | cat")
    assert "ppt" in printed, printed
    assert shell.modes() == SANE


def colours(shell, house):
    printed, code = shell.status("tacit run -k api -- ls --color=auto -d /usr/bin")
    assert "\x1b[" in printed and code == 0, printed
    printed, _ = shell.status("tacit run -k api -- ls --color=auto -d /usr/bin | cat")
    assert "\x1b[" not in printed, printed
    printed, _ = shell.status("tacit run -k api -- printenv API")
    assert "[REDACTED:api]" in printed and API not in printed, printed


def prompts(shell, house):
    """A question is there before the answer is typed, and at once."""
    shell.type("tacit run -k api -- sh -c 'printf \"name? \"; read name; echo hello $name'\n")
    shell.expect("name? ")
    assert shell.modes()["ICANON"] is False
    shell.type("you\n")
    assert "hello you" in shell.expect(shell.PROMPT)
    # Many lines, and a password that is not shown.
    shell.type("tacit run -k api -- ask\n")
    shell.expect("secret: ")
    shell.type("unseen-words\n")
    printed = shell.expect(shell.PROMPT)
    assert "12" in printed and "unseen-words" not in printed, printed
    assert shell.modes() == SANE


def interrupts(shell, house):
    shell.type("tacit run -k api -- sh -c 'echo up; exec sleep 30'\n")
    shell.expect("up")
    shell.type("\x03")
    shell.expect(shell.PROMPT, timeout=10)
    assert shell.line("echo \"<$?>\"").strip().endswith("<130>")
    # A command that handles it goes on.
    shell.type("tacit run -k api -- sh -c 'trap \"echo caught; exit 5\" INT; echo up; while :; do sleep 0.1; done'\n")
    shell.expect("up")
    shell.type("\x03")
    shell.expect("caught")
    shell.expect(shell.PROMPT)
    assert "<5>" in shell.line("echo \"<$?>\"")
    shell.type("tacit run -k api -- sh -c 'echo up; exec sleep 30'\n")
    shell.expect("up")
    shell.type("\x1c")
    shell.expect(shell.PROMPT, timeout=10)
    assert "<131>" in shell.line("echo \"<$?>\"")
    assert shell.modes() == SANE
    # The end of typed input.
    shell.type("tacit run -k api -- sh -c 'echo up; cat'\n")
    shell.expect("up")
    shell.type("typed\n\x04")
    assert "typed" in shell.expect(shell.PROMPT)


def stops(shell, house):
    """Ctrl-Z stops the run as it would stop the command, and `fg` lets it go on."""
    shell.type("tacit run -k api -- sh -c 'echo up; read x; echo got $x; exit 6'\n")
    shell.expect("up")
    shell.until_keys_are_taken()
    shell.stop_job()
    shell.expect(shell.PROMPT)
    assert shell.modes() == SANE, "the shell has its terminal back"
    assert "shell works" in shell.line("echo shell works")
    for _ in range(2):
        shell.type("fg\n")
        shell.expect("tacit run")
        shell.until_keys_are_taken()
        shell.stop_job()
        shell.expect(shell.PROMPT)
    shell.type("fg\n")
    shell.expect("tacit run")
    shell.type("answer\n")
    assert "got answer" in shell.expect(shell.PROMPT)
    assert "<6>" in shell.line("echo \"<$?>\"")
    assert shell.modes() == SANE
    # It may go on in the background, too.
    go = house.home / "go"
    shell.type(f"tacit run -k api -- sh -c 'echo begun; while [ ! -e {go} ]; do sleep 0.05; done; echo went on'\n")
    shell.expect("begun")
    shell.until_keys_are_taken()
    shell.stop_job()
    shell.expect(shell.PROMPT)
    shell.line("bg")
    assert shell.modes() == SANE
    go.touch()
    shell.expect("went on")
    until(lambda: "tacit run" not in shell.line("jobs -r"), "the job has ended")
    # In the background it leaves the terminal alone; brought to the front it takes it.
    shell.line("tacit run -k api -- sh -c 'echo begun; read x; echo got $x' &")
    shell.expect("begun")
    assert shell.modes() == SANE and "still here" in shell.line("echo still here")
    shell.type("fg\n")
    shell.expect("tacit run")
    shell.until_keys_are_taken()
    shell.type("later\n")
    assert "got later" in shell.expect(shell.PROMPT)


def modes(shell, house):
    """What the person has set with `stty` holds for the command, too."""
    shell.line("stty erase X")
    shell.type("tacit run -k api -- sh -c 'stty -a; echo begun; read x; echo got $x'\n")
    said = shell.expect("begun")
    assert "erase = X" in said and "-echo" in said.split(), said
    shell.type("abcXd\n")
    assert "got abd" in shell.expect(shell.PROMPT)


def sizes(shell, house):
    shell.resize(31, 97)
    printed, _ = shell.status("tacit run -k api -- stty size")
    assert "31 97" in printed, printed
    shell.type("tacit run -k api -- bash -c 'trap \"stty size\" WINCH; echo up; while :; do sleep 0.1; done'\n")
    shell.expect("up")
    shell.resize(40, 111)
    shell.expect("40 111")
    shell.type("\x03")
    shell.expect(shell.PROMPT)


def endings(shell, house):
    """However a run ends, the terminal is as it was."""
    pid = house.home / "pid"
    begin = f"sh -c 'echo $$ > {pid}; exec tacit run -k api -- sh -c \"echo up; exec sleep 30\"'\n"
    for number, code in [(signal.SIGTERM, 143), (signal.SIGHUP, 129)]:
        shell.type(begin)
        shell.expect("up")
        assert shell.modes()["ICANON"] is False
        os.kill(int(pid.read_text()), number)
        shell.expect(shell.PROMPT)
        assert f"<{code}>" in shell.line("echo \"<$?>\"")
        assert shell.modes() == SANE
    shell.type(begin)
    shell.expect("up")
    house.kill_keeper()
    assert "tacit: error:" in shell.expect(shell.PROMPT)
    assert "<125>" in shell.line("echo \"<$?>\"")
    assert shell.modes() == SANE
    shell.type("tacit unlock\n")
    shell.expect("Password: ")
    from house import PASSWORD

    shell.type(PASSWORD + "\n")
    shell.expect(shell.PROMPT)


def less_has_the_terminal(shell):
    """`less` leaves signals to the terminal, the command's keys are passed on as they are."""
    modes = shell.modes()
    return modes["ISIG"] and not modes["ICANON"]


def keys_are_passed_on(shell):
    modes = shell.modes()
    return not modes["ISIG"] and not modes["ICANON"]


def pipelines(shell, house):
    """The terminal belongs to whoever of a pipeline reads it."""
    shell.resize(10, 80)
    shell.type("tacit run -k api -- seq 1 500 | less\n")
    shell.expect("9")
    leave_less(shell)
    # Also while the command is still there.
    shell.type("tacit run -k api -- sh -c 'seq 1 500; exec sleep 30' | less\n")
    shell.expect("9")
    shell.until_keys_are_taken()
    for key, line in [(" ", "\r\n12\r\n"), (" ", "\r\n21\r\n"), (" ", "\r\n30\r\n"), (" ", "\r\n40\r\n")]:
        shell.type(key)
        shell.expect(line, timeout=10)
    shell.type("q")
    shell.until_lines_are_read()
    shell.type("\x03")
    shell.expect(shell.PROMPT, timeout=10)
    assert shell.modes() == SANE
    # The command reads it when it asks for it.
    answer = house.home / "answer"
    shell.type(f"tacit run -k api -- sh -c 'printf \"sure? \" >&2; read x; echo answer $x' | cat > {answer}\n")
    shell.expect("sure? ")
    shell.type("yes\n")
    shell.expect(shell.PROMPT)
    assert answer.read_text() == "answer yes\n", answer.read_text()
    assert shell.modes() == SANE
    shell.type(f"tacit run -k api -- ask | cat > {answer}\n")
    shell.expect("secret: ")
    shell.type("unseen-words\n")
    printed = shell.expect(shell.PROMPT)
    assert answer.read_text() == "12\n" and "unseen-words" not in printed, (answer.read_text(), printed)
    assert shell.modes() == SANE
    # What nobody asks for stays with the shell.
    shell.type("tacit run -k api -- sh -c 'echo begun >&2; exec sleep 1' | cat\n")
    shell.expect("begun")
    shell.type("echo typed ahead\n")
    shell.expect(shell.PROMPT)
    assert "typed ahead" in shell.expect(shell.PROMPT)
    # And through /dev/tty, when its own input is a pipe.
    shell.type("seq 1 500 | tacit run -k api -- less\n")
    shell.expect("9")
    leave_less(shell, keys_are_passed_on)
    printed, _ = shell.status("tacit run -k api -- yes | head -n 2; echo ${PIPESTATUS[0]}")
    assert "141" in printed, printed


def leave_less(shell, is_there=less_has_the_terminal):
    """Goes to the end of what `less` shows, which is 500, and ends it."""
    until(lambda: is_there(shell), "less has the terminal")
    shell.type("G")
    shell.expect("500", timeout=10)
    shell.type("q")
    shell.expect(shell.PROMPT, timeout=10)
    assert shell.modes() == SANE


def taking_turns(shell, house):
    """A command of a pipeline asks something, and then another one of it is typed at."""
    shell.resize(10, 80)
    shell.type("tacit run -k api -- sh -c 'printf \"sure? \" >&2; read x; seq 1 500; exec sleep 30' | less\n")
    shell.expect("sure? ")
    shell.type("yes\n")
    shell.expect("9")
    until(lambda: less_has_the_terminal(shell), "less has the terminal")
    for line in ["\r\n12\r\n", "\r\n21\r\n"]:
        shell.type(" ")
        shell.expect(line, timeout=10)
    shell.type("q")
    shell.until_lines_are_read()
    shell.type("\x03")
    shell.expect(shell.PROMPT, timeout=10)
    assert shell.modes() == SANE
    # After a hidden question, and a second one that comes while `less` waits.
    shell.type("tacit run -k api -- sh -c 'ask; ask; seq 1 500' | less\n")
    for _ in range(2):
        shell.expect("secret: ")
        shell.type("unseen-words\n")
    shell.expect("7")
    leave_less(shell)


def stopped_pipelines(shell, house):
    """Ctrl-C and Ctrl-Z reach the whole of a pipeline."""
    shell.type("tacit run -k api -- sh -c 'echo up >&2; exec sleep 30' | cat\n")
    shell.expect("up")
    shell.type("\x1a")
    shell.expect("Stopped")
    shell.expect(shell.PROMPT)
    shell.type("fg\n")
    shell.expect("cat")
    shell.until_in_front()
    shell.type("\x03")
    shell.expect(shell.PROMPT, timeout=10)
    assert shell.modes() == SANE
    # One that asks from the background stops there, until it is brought to the front.
    answer = house.home / "answer"
    shell.line(f"tacit run -k api -- sh -c 'echo begun >&2; read x; echo got $x' | cat > {answer} &")
    shell.expect("begun")
    until(lambda: "Stopped" in shell.line("jobs"), "the job is stopped")
    assert shell.modes() == SANE
    shell.type("fg\n")
    shell.expect("cat")
    shell.until_keys_are_taken()
    shell.type("later\n")
    shell.expect(shell.PROMPT)
    assert answer.read_text() == "got later\n", answer.read_text()
    assert shell.modes() == SANE


TESTS = [terminals, colours, prompts, interrupts, stops, modes, sizes, pipelines, taking_turns, stopped_pipelines, endings]
