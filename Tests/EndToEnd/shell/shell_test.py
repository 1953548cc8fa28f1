"""What `tacit completions`, `tacit hook` and `tacit __manual` print, in use: in real shells at a terminal, and under mandoc."""

import os
import pathlib
import pty
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "run"))
from house import PASSWORD, TACIT, House, Shell  # noqa: E402

START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'source <(tacit completions bash); eval "$(tacit hook bash)"'),
    "zsh": (
        ["zsh", "-f", "-i", "-o", "nopromptsp"],
        'mkdir -p ~/site; tacit completions zsh > ~/site/_tacit; fpath=(~/site $fpath); autoload -Uz compinit; compinit -u -D; eval "$(tacit hook zsh)"'),
    "fish": (["fish", "--no-config", "-i", "-C", f"function fish_prompt; printf {Shell.PROMPT}; end"], "tacit completions fish | source; tacit hook fish | source"),
}


class Typist(Shell):
    """A person at one of the shells. What a line printed is found by a mark that is not in the line as it is typed, since editors draw that again and again."""

    def __init__(self, house, name):
        self.house, self.seen, self.count = house, "", 0
        words, setup = START[name]
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.chdir(house.home)
            os.execvpe(words[0], words, {**house.environment, "PS1": self.PROMPT})
        self.resize(40, 200)
        self.enter(setup)

    def enter(self, line):
        """Types a line and gives what came until it was done, and whether it succeeded."""
        self.count += 1
        self.type(f'{line} && echo do""ne{self.count}, || echo mis""sed{self.count},\n')
        printed = self.expect(rf"(?=(done|missed){self.count},)", literal=False)
        succeeded = self.seen.startswith("done")
        self.expect(f"{self.count},")
        return printed, succeeded

    def unlock(self):
        self.type("tacit unlock\n")
        self.expect("Password: ")
        self.type(PASSWORD + "\n")
        self.expect(self.PROMPT)


def completions(typist, name):
    typist.type("tacit show deploy/ze\t\n")
    printed = typist.expect("Password: ")
    assert "to show `deploy/ze`." in printed, f"{name}: a name was told in a terminal that is not unlocked: {printed!r}"
    typist.type("\x03")
    typist.expect(typist.PROMPT)
    printed, _ = typist.enter("tacit unlo\t --help")
    assert "USAGE: tacit unlock" in printed, f"{name}: a command was not completed: {printed!r}"
    typist.unlock()
    for line in ["tacit show deploy/ze\t", "tacit list -e stag\t", "tacit list -p sho\t -e dev", "tacit show -e staging only-\t", "tacit audit list --agent cod\t"]:
        printed, succeeded = typist.enter(line)
        assert succeeded, f"{name}: {line!r} was not completed: {printed!r}"
    _, succeeded = typist.enter("tacit show -e staging deploy/ze\t")
    assert not succeeded, f"{name}: a name of another environment was completed"


def hook(typist, name, house):
    where = house.home / "work"
    typist.type(f"cd {where}\n")
    typist.expect("names 2 secrets: `tacit run -- COMMAND` injects them")
    printed, succeeded = typist.enter('test "$TACIT_SCOPE" = shop/dev')
    assert succeeded, f"{name}: the scope was not set: {printed!r}"
    typist.type(f"cd {where}/deep/er\n")
    printed, succeeded = typist.enter('test "$TACIT_SCOPE" = shop/dev')
    assert succeeded and ", by " not in printed, f"{name}: below the file's directory: {printed!r}"
    typist.type("cd /\n")
    _, succeeded = typist.enter('test -z "$TACIT_SCOPE"')
    assert succeeded, f"{name}: the scope stayed"
    (house.home / "loose/.tacit.yaml").chmod(0o666)
    typist.type(f"cd {house.home}/loose\n")
    typist.expect("can be written by other users")
    _, succeeded = typist.enter('test "$TACIT_SCOPE" = ".tacit.yaml?"')
    assert succeeded, f"{name}: a file that others may write set the scope, or has no mark"
    typist.type("cd sub\n")
    printed, succeeded = typist.enter('test "$TACIT_SCOPE" = ".tacit.yaml?"')
    assert succeeded and "can be written" not in printed, f"{name}: the file is told of again: {printed!r}"
    (house.home / "loose/.tacit.yaml").chmod(0o600)
    typist.type("cd ..\n")
    typist.expect(f"shop/dev, by {house.home}/loose")
    printed, succeeded = typist.enter('test "$TACIT_SCOPE" = shop/dev')
    assert succeeded, f"{name}: a file that was mended is still refused: {printed!r}"
    typist.type("cd /\n")
    _, succeeded = typist.enter('test -z "$TACIT_SCOPE"')
    assert succeeded, f"{name}: the mark stayed"


def silence(house):
    """Without a keeper, without a standing, and as an agent nothing is told, nothing is started, and nothing fails."""
    question = ["---completion", "show", "--", "positional@0", "2", "0", "tacit", "show", ""]
    told = house.tacit(*question, password=False)
    assert (told.returncode, told.stdout.strip(), told.stderr) == (0, b"", b""), told
    elsewhere = house.home / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    told = house.tacit(*question, password=False, env={"XDG_RUNTIME_DIR": str(elsewhere)})
    assert (told.returncode, told.stdout.strip(), told.stderr) == (0, b"", b""), told
    told = house.tacit("status", "--prompt", password=False, env={"XDG_RUNTIME_DIR": str(elsewhere)})
    assert (told.returncode, told.stdout) == (0, b"default/dev other keeper\n"), told
    told = house.tacit("status", "--prompt", password=False, env={"XDG_RUNTIME_DIR": str(elsewhere), "TACIT_VAULT": str(elsewhere / "none")})
    assert (told.returncode, told.stdout) == (0, b"default/dev no vault\n"), told
    assert list(elsewhere.rglob("*.sock")) == [], "a keeper was started"


def prompt(house):
    assert house.tacit("status", "--prompt", password=False).stdout == b"default/dev unlocked elsewhere\n"
    assert house.tacit("status", "--prompt", "-p", "shop", password=False).stdout == b"shop/dev unlocked elsewhere\n"
    house.tacit("lock", check=True)
    assert house.tacit("status", "--prompt", password=False).stdout == b"default/dev locked\n"


def manual(house):
    """Every command that is shown has a page, which the formatter takes without a complaint."""
    names = house.tacit("__manual", password=False).stdout.decode().split()
    reference = (pathlib.Path(__file__).resolve().parents[3] / "docs/CLI.md").read_text()
    commands = [line.lstrip("#").strip().replace(" ", "-") for line in reference.splitlines() if line.startswith(("## tacit", "### tacit", "#### tacit"))]
    assert sorted(names) == sorted(commands) and len(names) > 60, set(names) ^ set(commands)
    for name in names:
        page = house.tacit("__manual", name, password=False).stdout
        checked = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page, capture_output=True)
        complaints = [line for line in checked.stdout.splitlines() if b"missing date" not in line]
        assert not complaints, (name, complaints)
        shown = subprocess.run(["mandoc", "-T", "utf8"], input=page, capture_output=True, check=True).stdout
        assert b"\\f" not in shown and b"N\bNA\bAM\bME\bE" in shown, (name, shown[:300])
    assert house.tacit("__manual", "tacit-none", password=False).returncode == 2


def main():
    house = House({"deploy/zebra": b"CANARY-value-4be1"})
    try:
        for words in (["project", "create", "shop"], ["env", "create", "dev", "-p", "shop"], ["env", "create", "staging"], ["agent", "add", "coder"]):
            house.tacit(*words)
        house.tacit("set", "only-there", "-e", "staging", input=b"CANARY-value-77aa", check=True)
        (house.home / "work/deep/er").mkdir(parents=True)
        (house.home / "work/.tacit.yaml").write_text("project: shop\nenvironment: dev\nkeys: [one, two]\n")
        (house.home / "loose/sub").mkdir(parents=True)
        # A directory of a project's name, which Tab must not take the project for.
        (house.home / "shop").mkdir()
        (house.home / "loose/.tacit.yaml").write_text("project: shop\n")
        (house.home / "loose/.tacit.yaml").chmod(0o666)
        manual(house)
        silence(house)
        for name in START:
            typist = Typist(house, name)
            completions(typist, name)
            hook(typist, name, house)
            typist.close()
            print(f"ok    {name}")
            # The next shell begins in a terminal that is not unlocked.
        prompt(house)
    finally:
        house.close()


main()
