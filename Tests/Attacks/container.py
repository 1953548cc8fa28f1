"""Where the session's leader is process 1, orphans become its children: in a container, being adopted must make no person."""

import json
import os
import subprocess
import sys

from attack import Skipped, attack, expect
from house import House

NEEDS_ROOT = True

# Runs as process 1 of a process namespace: makes a vault, then asks by way of a program whose parent has ended.
FIRST = """
import json, os, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from house import House
os.setsid() if os.getsid(0) != os.getpid() else None
house = House().init().unlock()
ask = f'''
import os, time
if os.fork(): os._exit(0)
while os.getppid() != 1: time.sleep(0.01)
os.execve({os.environ["TACIT"]!r}, ["tacit", "status", "--json"], {house.environment!r})
'''
between = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', sys.argv[1]], capture_output=True, text=True).stdout)"
adopted = subprocess.run([sys.executable, "-c", between, ask], capture_output=True, text=True).stdout
own = house.status["actor"]["doubt"]["code"]
print(json.dumps([os.getpid(), own, json.loads(adopted or "{}").get("actor")]), flush=True)
house.close()
"""


@attack("trap 22", "in a container whose first process is the leader, a program that got itself adopted by it is no person")
def adopted(context):
    if not os.path.exists("/usr/bin/unshare"):
        raise Skipped("there is no unshare")
    done = subprocess.run(["/usr/bin/unshare", "--pid", "--fork", "--mount", "--mount-proc", sys.executable, "-c", FIRST, sys.path[0]], capture_output=True, text=True, timeout=60)
    if "unshare" in done.stderr:
        raise Skipped(done.stderr.strip())
    expect(done.returncode == 0 and done.stdout, done.stderr[-600:])
    leader, own, answer = json.loads(done.stdout)
    expect((leader, own) == (1, "asker.other-program"), f"the leader itself, in a session that is unlocked: {leader} {own}")
    expect((answer or {}).get("doubt", {}).get("code") == "asker.below-first-process", f"an adopted command is taken for {answer}")
