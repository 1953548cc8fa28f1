"""Files out of the sandbox: which of those that a program leaves come out of it, and where it may run at all."""

import json
import os

from attack import attack, check, clean, expect
from confined import HEAD, PYTHON, VALUE, furnish, inside, project, run


@attack("sandbox", "sandbox.withheld", "redacted", "files with the value stay inside; one without it leaves")
def withheld(context):
    house = context.house(furnish)
    text = """
import base64
value = os.environ["API_KEY"]
open("plain", "w").write(value)
open("encoded", "wb").write(base64.b64encode(value.encode()))
open("hex", "w").write(value.encode().hex())
open(value, "w").write("its name")
os.symlink(value, "link")
open("clean", "w").write("nothing")
print("0")"""
    done = run(house, "confined", [PYTHON, "-c", HEAD + text])
    left = sorted(path.name for path in project(house).iterdir())
    expect(left == ["clean"], f"{left} {done.stderr}")
    expect(done.report["files"]["withheld_count"] == 5 and done.report["files"]["written"] == 1, done.report)
    clean(json.dumps(done.report).encode(), VALUE)
    inside(house, "free", text)
    left = sorted(path.name for path in project(house).iterdir())
    expect(len(left) == 6, f"the control: {left}")
    for path in project(house).iterdir():
        path.unlink()


@attack("sandbox", "sandbox.dangerous-file", "stopped", "no link that leaves, no device, pipe or set-id bit comes out")
def dangerous(context):
    house = context.house(furnish)
    text = """
os.symlink("/etc/passwd", "absolute"); os.symlink("../other", "up"); os.mkdir("d"); os.symlink("d/../../other", "across"); os.mkfifo("pipe")
with socket.socket(socket.AF_UNIX) as s: s.bind("socket")
open("set", "w").write("x")
try: os.chmod("set", 0o6755); print("set-id")
except PermissionError: os.chmod("set", 0o755)
print("0")"""
    done = run(house, "confined", [PYTHON, "-c", HEAD + text])
    left = {path.name: path.lstat().st_mode for path in project(house).iterdir()}
    expect(set(left) == {"d", "set"} and left["set"] & 0o7777 == 0o755, f"{left} {done.stderr}")
    expect({file["path"] for file in done.report["files"]["withheld"]} == {"absolute", "up", "across", "pipe", "socket"}, done.report)
    expect(b"set-id" not in done.output, "a file of the program's is set-id")
    (project(house) / "set").unlink()
    (project(house) / "d").rmdir()


@attack("sandbox", "sandbox.directory", "stopped", "a directory that holds more than a project is not given to a run; nor is Tacit's own")
def directories(context):
    house = context.house(furnish)
    # A keeper that is a user of its own knows where the person's things are from the user database alone.
    home = str(context.homes) if house.is_apart else str(house.root)
    for path in ("/", "/etc", "/tmp", "/home", "/proc/self", home, str(house.vault), str(house.runtime)):
        if os.path.isdir(path):
            done = run(house, "confined", ["true"], cwd=path)
            expect(done.code == "run.no-sandbox-there", f"{path}: {done}")


@attack("sandbox", "sandbox.choice", "stopped", "an agent cannot have files written through, nor choose to go without")
def choices(context):
    house = context.house(furnish)
    expect(run(house, "confined", ["true"], sandbox=True, write_through=True).code == "not_permitted", "write-through was taken")
    expect(run(house, "confined", ["true"], sandbox=True, reads=["/home"]).code == "not_permitted", "an agent named what it reads")
    expect(run(house, "confined", ["true"], sandbox=False).report["sandbox"]["namespaces"] == "on", "the sandbox was left out")
    expect(run(house, "free", ["true"], sandbox=True).report["sandbox"]["namespaces"] == "on", "no sandbox for who asks for one")


@check("sandbox", "a person's run is confined with `--sandbox`, and what stays inside is said")
def person(context):
    house = context.house(furnish).unlock()
    script = 'echo "$API_KEY" > leak; echo ok > fine; cat ~/.profile 2>&1; hostname'
    done = house.tacit("run", "--sandbox", "-k", "api/key", "--", "sh", "-c", script, password=house.password, cwd=project(house))
    expect(done.returncode == 0 and b"sandbox" in done.out and b"leak: it holds api/key" in done.err, f"{done.out} {done.err}")
    expect(sorted(path.name for path in project(house).iterdir()) == ["fine"], "files")
    words = ("run", "--sandbox", "--write-through", "--json", "-k", "api/key", "--", "sh", "-c", script)
    done = house.tacit(*words, password=house.password, cwd=project(house))
    expect((project(house) / "leak").exists(), f"{done.err}")
    expect(json.loads(done.err.splitlines()[-1])["run"]["sandbox"]["files"] == "through", f"{done.err}")
    for path in project(house).iterdir():
        path.unlink()
    checked = json.loads(house.tacit("doctor", "--json").out)["findings"]
    expect(any(finding["code"] == "sandbox" and finding["level"] == "good" for finding in checked), f"{checked}")
