"""Runs of an agent: `secret_run` of the built program's MCP server, over the keeper and a runner."""

import os
import pathlib
import pwd
import re
import shutil

from house import Agent, until
from over_pipes import API

POLICY = """
policies:
  - name: {agent}
    agent_id: {agent}
    allowed_keys: ["**"]
    capabilities: [reference_only, env_inject]
    unsandboxed: allow{home}
"""


def furnish(house):
    """Two agents: one with the usual home, one for which the policy says `home: real`."""
    policies = POLICY.format(agent="claude", home="") + POLICY.format(agent="cursor", home="\n    home: real").replace("\npolicies:\n", "")
    file = house.home / "policy.yaml"
    file.write_text(policies)
    house.tacit("policy", "apply", str(file), check=True)
    for name in ("claude", "cursor"):
        house.tacit("agent", "add", name, check=True)
    house.tacit("unlock", check=True)


def programs(agent, house):
    """Native programs, scripts, npm and Debian's psql run; exit codes are the program's own."""
    for argv, code, words in [
        (["cat", "/proc/self/comm"], 0, ""),
        (["sh", "-c", "echo $API; exit 7"], 7, "[REDACTED:api]\n"),
        (["sh", "-c", "kill -TERM $$"], 143, ""),
        (["psql", "--version"], 0, "psql (PostgreSQL)"),
        (["perl", "-e", "print length $ENV{API}"], 0, str(len(API))),
    ]:
        done = agent.run(*argv)
        assert done["exit_code"] == code and words in done["stdout"], (argv, done)
    project = house.home / "project"
    project.mkdir()
    (project / "package.json").write_text('{"scripts": {"use": "node -e \\"console.log(process.env.API.length, process.env.API)\\""}}')
    done = agent.run("npm", "run", "--silent", "use", cwd=str(project))
    assert done["exit_code"] == 0 and done["stdout"] == f"{len(API)} [REDACTED:api]\n", done
    for argv, words in [(["no-such-program-here"], "there is no program"), (["/etc/passwd"], "cannot be executed"), ([str(project)], "cannot be executed")]:
        refused = agent.run(*argv)
        assert words in refused["error"]["message"], (argv, refused)


def accidents(agent, house):
    """What would print the environment is refused, whatever path leads to it."""
    link = house.home / "harmless"
    link.symlink_to("/usr/bin/env")
    table = [
        ["env"], ["printenv", "API"], ["set"], ["export"], ["declare", "-p"], ["cat", "/proc/self/environ"], [str(link)], ["sh", "-c", "env"],
        ["bash", "-c", "export -p"], ["nice", "env"],
    ]
    if busybox := shutil.which("busybox"):
        table += [[busybox, "env"], [busybox, "sh", "-c", "printenv"]]
    for argv in table:
        refused = agent.run(*argv)
        assert refused["error"]["code"] == "command_blocked" and "accident guard" in refused["error"]["message"], (argv, refused)


def surroundings(agent, house):
    """A clean environment, a private home and directory, no terminal, nothing open."""
    script = """
import json, os, sys
def mode(path): return oct(os.stat(path).st_mode & 0o777)
home, work = os.environ["HOME"], os.getcwd()
try:
    os.open("/dev/tty", os.O_RDWR)
    terminal = True
except OSError:
    terminal = any(os.isatty(number) for number in range(3))
print(json.dumps({
    "names": sorted(os.environ), "home": home, "work": work, "modes": [mode(home), mode(work)], "empty": os.listdir(home) + os.listdir(work),
    "terminal": terminal, "open": len(os.listdir("/proc/self/fd")), "usual": {n: os.environ.get(n) for n in ("PATH", "LANG", "TERM", "TZ", "USER")}}))
"""
    seen = agent.json("python3", "-c", script)
    assert seen["names"] == ["API", "HOME", "LANG", "PATH", "TERM", "TZ", "USER"], seen
    assert seen["usual"] == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TERM": "dumb", "TZ": "Asia/Kathmandu",
        "USER": seen["usual"]["USER"]}, seen
    assert seen["home"] != seen["work"] and seen["modes"] == ["0o700", "0o700"] and seen["empty"] == [], seen
    assert not seen["terminal"] and seen["open"] == 4, seen
    for path in (seen["home"], seen["work"]):
        until(lambda: not os.path.exists(path), f"{path} is removed")
    named = agent.run("pwd", cwd=str(house.home))
    assert named["stdout"].strip() == str(house.home), named
    with Agent(house, "cursor") as other:
        real = other.run("sh", "-c", "echo $HOME; pwd")
        home, work = real["stdout"].split()
        assert home == pwd.getpwuid(os.getuid()).pw_dir and work != home, real


def limits(agent, house):
    """The time limit ends everybody of a run, output is cut in its middle with a note, and a sixth run is turned away."""
    stuck = agent.run("sh", "-c", "sleep 300 & echo $!; setsid sleep 301 & echo $!; trap '' TERM; while :; do sleep 0.1; done", timeout_seconds=1)
    assert stuck["timed_out"] and stuck["exit_code"] == 137, stuck
    processes = [int(word) for word in stuck["stdout"].split()]
    assert len(processes) == 2 and not any(pathlib.Path(f"/proc/{process}").exists() for process in processes), stuck
    pid = house.home / "pid"
    cancelled = agent.start("sh", "-c", f"echo $$ > {pid}; setsid sleep 300 & echo $! >> {pid}; wait")
    until(lambda: pid.exists() and len(pid.read_text().split()) == 2, "the command runs")
    agent.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": cancelled}})
    for process in pid.read_text().split():
        until(lambda: not pathlib.Path(f"/proc/{process}").exists(), "a cancelled run has ended")
    long = agent.run("sh", "-c", "printf begin; head -c 200000 /dev/zero | tr '\\0' x; printf end")
    assert long["truncated"] and long["stdout"].startswith("begin") and long["stdout"].endswith("end") and len(long["stdout"]) < 17_000, long["notes"]
    assert re.search("stdout: [0-9]+ bytes of the middle were left out", long["notes"][0]), long["notes"]
    assert agent.run("true", timeout_seconds=301)["error"]["code"] == "invalid_arguments"
    gate = house.home / "gate"
    held = [agent.start("sh", "-c", f"touch {gate}.{number}; while [ ! -e {gate} ]; do sleep 0.05; done") for number in range(5)]
    until(lambda: len(list(house.home.glob("gate.*"))) == 5, "five runs go on")
    assert agent.run("true")["error"]["code"] == "rate_limited"
    with Agent(house, "claude") as second:
        assert second.run("true")["error"]["code"] == "rate_limited", "a second server of the same agent has no places of its own"
    gate.touch()
    assert [agent.answer(number)["exit_code"] for number in held] == [0] * 5


def whole_output(agent, house):
    """Not a byte is lost at the end of a program."""
    for _ in range(10):
        done = agent.run("python3", "-c", "import os; os.write(1, b'x' * 60000 + b'END'); os._exit(3)", max_output_bytes=65536)
        assert done["exit_code"] == 3 and done["stdout"] == "x" * 60000 + "END", (len(done["stdout"]), done["notes"])


def unfit_values(agent, house):
    """A value that no variable can hold is refused before anything is executed."""
    house.tacit("set", "agent/huge", input=b"x" * (200 << 10), check=True)
    house.tacit("set", "agent/zero", input=b"CANARY-zero\0byte", check=True)
    ran = house.home / "ran"
    for name in ("agent/huge", "agent/zero"):
        refused = agent.run("touch", str(ran), secrets=[{"name": name}])
        assert "no variable can hold" in refused["error"]["message"] and not ran.exists(), refused
    for variable in ("LD_PRELOAD", "NODE_OPTIONS", "path"):
        refused = agent.run("touch", str(ran), secrets=[{"name": "api", "var": variable}])
        assert variable in refused["error"]["message"] and not ran.exists(), refused
    refused = agent.run("touch", str(ran), secrets=[{"name": "api", "var": "ONE"}, {"name": "stripe/api-key", "var": "ONE"}])
    assert "two secrets" in refused["error"]["message"] and not ran.exists(), refused


TESTS = [programs, accidents, surroundings, limits, whole_output, unfit_values]
