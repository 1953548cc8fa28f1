"""What becomes of a run, and of the values in it, when somebody dies in the middle."""

import os
import signal
import subprocess
import threading
import time

import token_runs
from attack import attack, expect
from house import TACIT, below, canary, is_alive, wait_until

VALUE = canary()
PARENT = "import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(1000)"


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")
        policy = {"name": "all", "agent_id": "*", "allowed_keys": ["**"], "capabilities": ["env_inject"], "unsandboxed": "allow"}
        expect(person.apply_policy(policy).status == 200, "policy")
        house.badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]


def agent(house):
    return house.connect(headers={"Tacit-Agent-Badge": house.badge, "Tacit-Source": "mcp"})


def gone(processes):
    return lambda: not any(is_alive(process) for process in processes)


def started(house, connection, *argv, **wish):
    """A run and its processes: of `argv`, or a program with a child in a session of its own."""
    before = house.programs()
    run = connection.run(list(argv) or ["/usr/bin/python3", "-c", PARENT], ["api/key"], **wish).until_started()

    def its_own():
        found = [process for process in house.programs() if process not in before]
        return found if argv or len(found) == 2 and os.getsid(found[1]) == found[1] else None

    return run, wait_until(its_own, "the child has a child of its own")


@attack("runs", "run.vanished", "stopped", "a client that vanishes takes its silent child along, and the child's children in sessions of their own")
def client_vanishes(context):
    house = context.house(furnish)
    for connection in (house.person(), agent(house)):
        run, processes = started(house, connection)
        connection.socket.shutdown(2)
        connection.close()
        wait_until(gone(processes), "the run of a client that vanished has ended")
    wait_until(lambda: house.status["runs"] == [], "status lists no run")


@attack("runs", "run.chatty", "stopped", "a client that vanishes takes its chatty child along")
def chatty_child(context):
    house = context.house(furnish)
    connection = house.person()
    run, processes = started(house, connection, "/usr/bin/yes")
    connection.socket.shutdown(2)
    connection.close()
    wait_until(gone(processes), "the run of a client that vanished has ended")


@attack("runs", "run.stalled", "stopped", "a client that stops reading stops its child, not the keeper's memory")
def client_stalls(context):
    house = context.house(furnish)
    connection = house.person()
    before = resident(house.keeper)
    _, [child] = started(house, connection, "/usr/bin/yes")
    # Its output has nowhere to go: it sleeps in a write, for as long as it is looked at.
    wait_until(lambda: all(state(child) == "S" for _ in range(20)), "the child is stopped by its output")
    grown = resident(house.keeper) - before
    connection.socket.shutdown(2)
    connection.close()
    expect(grown < 32 << 20, f"the keeper grew by {grown >> 20} MiB for a client that does not read")


def state(process):
    time.sleep(0.01)
    with open(f"/proc/{process}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def resident(process):
    with open(f"/proc/{process}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@attack("runs", "run.runner-killed", "stopped", "a runner that is killed takes its child along; the client hears 125, the log that it ended")
def runner_killed(context):
    house = context.house(furnish)
    with house.person() as connection:
        run, processes = started(house, connection)
        [runner] = [process for process in house.helpers()["__runner"] if processes[0] in below(process)]
        house.strike(runner, signal.SIGKILL)
        run.wait()
        expect(run.exit and run.exit[:2] == ("failed", 125), f"{run}")
        wait_until(gone([processes[0]]), "the child of the killed runner has ended")
        wait_until(gone(processes), "all below it have ended")
    with house.person() as person:
        verified = person.json("POST", "/v1/audit/verification", {"trusted_notes": []}).json
        expect(verified["intact"] and verified["missing_outcomes"] == [], verified)


@attack("runs", "run.spawner-killed", "stopped", "without its spawner the keeper refuses runs and says why, until lock and unlock", left="root's helper")
def spawner_killed(context):
    house = context.fresh().init()
    furnish(house)
    [spawner] = house.helpers()["__spawner"]
    house.strike(spawner, signal.SIGKILL)
    wait_until(gone([spawner]), "the spawner is gone")
    with house.person() as person:
        run = person.run(["true"], ["api/key"]).wait()
        expect(run.code == "run.unavailable" and run.problem.status == 503, f"a run without a spawner: {run}")
        expect("spawner has ended" in run.problem.json["title"] and "lock and unlock" in run.problem.json["hint"], f"{run}")
    with house.person() as person:
        expect(person.reveal("api/key").body == VALUE.encode(), "everything else goes on")
    house.lock()
    house.unlock()
    with house.person() as person:
        expect(person.run(["true"], ["api/key"]).wait().exit == ("exited", 0), "after lock and unlock")


@attack("runs", "run.broker-killed", "stopped", "a run whose broker is killed reaches nothing any more, ends with its command's own code, and its person is told")
def broker_killed(context):
    house = context.fresh().init()
    token_runs.furnish(house)
    house.unlock()
    script = f"read line; curl -sS -o /dev/null {token_runs.WHERE}; echo ended $?; exit 3"
    words = [TACIT, "run", "--agent", "claude", "--show-tokens", "--password-fd", "{password}", "-k", "api/key=TOKEN", "--", "env", "-u", "NO_PROXY", "-u", "no_proxy", "sh", "-c", f"echo begun; {script}"]
    process = house.popen(words, password=house.password, stdin=subprocess.PIPE)
    expect(process.stdout.readline() == b"begun\n", "it began")
    [broker] = house.helpers()["__broker"]
    house.strike(broker, signal.SIGKILL)
    wait_until(gone([broker]), "the broker is gone")
    with house.person() as person:
        expect(person.request("GET", "/v1/status").status == 200, "the keeper goes on")
    out, err = process.communicate(b"\n", timeout=60)
    expect(process.returncode == 3 and out.startswith(b"ended ") and out != b"ended 0\n", f"{process.returncode}: {out!r}")
    expect(b"the broker of this run ended before the command did" in err and b"start the command again" in err, f"{err!r}")


@attack("runs", "run.keeper-killed", "stopped", "a keeper that is killed takes every run along, and its helpers")
def keeper_killed(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as connection:
        _, processes = started(house, connection)
        helpers = [process for found in house.helpers().values() for process in found]
        house.kill_keeper()
        wait_until(gone(processes + helpers), "runs and helpers of the killed keeper have ended")


@attack("runs", "run.lock", "stopped", "lock ends the runs at once, a person's and an agent's")
def lock_ends_runs(context):
    house = context.fresh().init()
    furnish(house)
    people = [house.person(), agent(house)]
    processes = [process for connection in people for process in started(house, connection)[1]]
    house.lock()
    wait_until(gone(processes), "the runs have ended")
    wait_until(lambda: not house.helpers().get("__runner") and not house.helpers().get("__spawner"), "the helpers have ended")


@attack("runs", "run.many", "stopped", "an agent gets five runs at once and no sixth; a hundred of a person's at once all end well", rarely=True)
def many(context):
    house = context.house(furnish)
    agents = [agent(house) for _ in range(6)]
    runs = [connection.run(["sleep", "1000"], ["api/key"]) for connection in agents[:5]]
    for run in runs:
        run.until_started()
    sixth = agents[5].run(["sleep", "1000"], ["api/key"]).wait()
    expect((sixth.problem.status, sixth.code) == (429, "run.too-many"), f"{sixth}")
    for connection in agents:
        connection.socket.shutdown(2)
        connection.close()
    ends, failures = [], []
    people = [house.person() for _ in range(100)]

    def one(number):
        try:
            with people[number] as connection:
                run = connection.run(["/bin/sh", "-c", f"echo {number}; echo $API_KEY; sleep 0.2; exit {number % 7}"], ["api/key"]).wait()
                ends.append((number, run.exit, run.stdout))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not failures, f"{len(failures)} of 100 broke: {failures[:3]}")
    wrong = [end for end in ends if end[1] != ("exited", end[0] % 7) or end[2] != b"%d\n[REDACTED:api/key]\n" % end[0]]
    expect(len(ends) == 100 and not wrong, f"{len(wrong)} of {len(ends)} ended wrongly: {wrong[:3]}")
    wait_until(lambda: house.status["runs"] == [], "status lists no run")


@attack("runs", "run.time-limit", "stopped", "the longest time of an agent's run holds, also for what it left behind in another session")
def time_limit(context):
    house = context.house(furnish)
    with agent(house) as connection:
        connection.socket.settimeout(30)
        run, processes = started(house, connection, timeout_seconds=1)
        run.wait()
        expect(38 in run.kinds and run.exit == ("signaled", 15), f"{run}")
        wait_until(gone(processes), "everything of the run has ended")


@attack("runs", "run.directories", "stopped", "private directories of an agent's runs are gone after it, also after a runner was killed")
def directories(context):
    house = context.house(furnish)
    with agent(house) as connection:
        run = connection.run(["/bin/sh", "-c", "pwd; echo $API_KEY > kept; echo $API_KEY > $HOME/kept; ls; ls $HOME"], ["api/key"]).wait()
        expect(run.exit == ("exited", 0) and run.stdout.count(b"kept") == 2, f"{run}")
        place = os.path.dirname(run.stdout.splitlines()[0].decode())
        expect(place.startswith("/tmp/tacit-run-"), place)
    wait_until(lambda: not os.path.exists(place), f"{place} is gone")
    connection = agent(house)
    run = connection.run(["/bin/sh", "-c", "pwd; sleep 1000"], ["api/key"])
    # What may begin a form of the value comes a moment later than the rest.
    next(kind for kind, _ in run.each() if b"\n" in run.stdout)
    place = os.path.dirname(run.stdout.splitlines()[0].decode())
    expect(os.stat(place).st_mode & 0o777 == 0o700, "the run's directory is open to others")
    [runner] = [process for process in house.helpers()["__runner"] if below(process)]
    house.strike(runner, signal.SIGKILL)
    if house.is_apart:
        # The next run of this person takes it away.
        with agent(house) as connection:
            connection.run(["true"], ["api/key"]).wait()
    wait_until(lambda: not os.path.exists(place), "the killed runner's directory is gone")
