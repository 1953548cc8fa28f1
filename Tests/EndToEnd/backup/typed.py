"""Commands that ask, at a terminal of their own: what is typed is what a person would type, as soon as the question stands there."""

import os
import pty
import select
import signal
import time


def at_terminal(home, words, answers, environment=None, timeout=120):
    """Everything that stood on the screen, and the exit code. `answers` are questions and what is typed, in their order."""
    program = os.environ["TACIT"]
    process, screen = pty.fork()
    if process == 0:
        try:
            os.chdir(home.path)
            os.execve(program, ["tacit", *words], home.environment | {"TERM": "dumb"} | (environment or {}))
        finally:
            os._exit(127)
    shown, unread, left, deadline = "", "", list(answers), time.monotonic() + timeout
    try:
        while True:
            if not select.select([screen], [], [], max(0, deadline - time.monotonic()))[0]:
                os.kill(process, signal.SIGKILL)
                raise AssertionError(f"it waits for something; the screen: {shown}")
            try:
                piece = os.read(screen, 65536).decode(errors="replace")
            except OSError:
                break
            shown, unread = shown + piece, unread + piece
            while left and left[0][0] in unread:
                unread = unread.split(left[0][0], 1)[1]
                os.write(screen, left.pop(0)[1].encode() + b"\n")
    finally:
        os.close(screen)
        status = os.waitpid(process, 0)[1]
    assert "CANARY" not in shown, shown
    return shown, os.waitstatus_to_exitcode(status)


def restoring(bench, vault, backup, new):
    """The backup's password, head and wholeness come first; only then is anybody asked for a new password."""
    home, good = bench.fresh(), bench.file.read_bytes()
    words = ("restore-backup", str(bench.file), "--no-recovery")
    question, wrong = "Password of the backup: ", "CANARY-not this one"
    shown, code = at_terminal(home, words, [(question, wrong)] * 3)
    assert code == 4 and shown.count("The password of the backup is wrong.") == 2 and "error: the password of the backup is wrong" in shown, shown
    assert "new vault:" not in shown, shown
    broken = home.path / "broken"
    broken.write_bytes(good[:-1000])
    shown, code = at_terminal(home, ("restore-backup", str(broken), "--no-recovery"), [(question, backup)])
    assert code == 1 and "cut off" in shown and "new vault:" not in shown, shown
    file = home.path / "file"
    file.write_text("no directory")
    shown, code = at_terminal(home, words, [], environment={"TACIT_VAULT": f"{file}/vault"})
    assert code == 1 and f"no vault can be made in {file}/vault: not a directory" in shown and "assword" not in shown, shown
    for look in ("--verify-only", "--dry-run"):
        shown, code = at_terminal(home, ("restore-backup", str(bench.file), look), [(question, wrong), (question, backup)])
        assert code == 0 and "Nothing was stored." in shown, shown
    answers = [(question, wrong), (question, backup), ("Password for the new vault: ", new), ("Once more: ", new)]
    shown, code = at_terminal(home, words, answers)
    assert code == 0 and "The backup is whole and genuine: 5 secrets in 7 versions" in shown and "Restored 5 secrets" in shown, shown
    assert home.contents(new) == bench.home.contents(vault), "the two differ"
