"""Redaction as an oracle: the agent learns a value from what is hidden, held back or withheld. Each attack counts what it was told; a control shows that it would be."""

from attack import Skipped, attack, expect
from house import canary, wait_until

VALUE, OTHER, BINARY = canary("oracle"), canary("another"), canary("packed")
WORD, WORDS = "summer-2025", [f"{season}-{year}" for season in ("spring", "summer", "autumn", "winter") for year in range(2016, 2036)]
BADGES = {}
PYTHON, PRINTF = "/usr/bin/python3", "/usr/bin/printf"
AGENTS = ("edges", "pauses", "caps", "words", "files", "breaks", "overlaps", "reset", "pin", "packed-words", "packed-edges", "packed-files")


def furnish(house):
    with house.person() as person:
        for name, value in (("api/key", VALUE), ("other/key", OTHER), ("db/name", WORD), ("db/pin", "4711")):
            expect(person.set(name, value.encode()).status == 201, "set")
        policies = [{"name": who, "agent_id": who, "allowed_keys": ["**"], "capabilities": ["env_inject"],
                     **({} if who.endswith("files") else {"unsandboxed": "allow"})} for who in AGENTS]
        expect(person.apply_policy(*policies).status == 200, "policy")
        for who in AGENTS:
            BADGES[who] = person.json("POST", "/v1/agents", {"name": who}).json["badge"]


def connect(context, who):
    return context.house(furnish).connect(headers={"Tacit-Agent-Badge": BADGES[who], "Tacit-Source": "mcp"})


def run(context, who, argv, secrets=("api/key",), **wish):
    with connect(context, who) as agent:
        return agent.run(argv, list(secrets), **wish).wait()


def reasons(done):
    return {part["reason"] for part in (done.report or {}).get("output", {}).get("withheld", [])}


@attack("trap 19", "oracle.extension", "stopped", "a beginning at the stream's end: sixteen right bytes are hidden three times, then nothing leaves the runs any more; exit codes still do")
def extension(context):
    outputs, codes = [], []
    for _ in range(6):
        done = run(context, "edges", ["/bin/sh", "-c", f"printf '%s' '{VALUE[:-1]}'; exit 7"])
        outputs.append(done.stdout)
        codes.append(done.exit)
    expect(outputs[:3] == [b"[REDACTED:api/key]"] * 3 and outputs[3:] == [b""] * 3, f"{outputs}")
    expect(codes == [("exited", 7)] * 6, f"{codes}")
    done = run(context, "edges", [PRINTF, "%s", "anything"])
    expect(done.stdout == b"" and reasons(done) == {"fuse"}, f"{done}")
    # The control: another agent, and another secret, are not touched.
    expect(run(context, "edges", [PRINTF, "%s", "anything"], ["other/key"]).stdout == b"anything", "another secret")
    expect(run(context, "pauses", [PRINTF, "%s", "anything"]).stdout == b"anything", "another agent")


@attack("trap 19", "oracle.pauses", "stopped", "many beginnings in one run, each behind a pause: the third is the last that is answered")
def pauses(context):
    text = f"import os, sys\nfor n in range(8): os.write(1, b'{VALUE[:20]}'); sys.stdin.readline(); os.write(1, b'!\\n')"
    with connect(context, "pauses") as agent:
        done, answered = agent.run([PYTHON, "-c", text], ["api/key"]), 0
        for _ in done.each():
            # The program goes on when it was answered; after the third time nothing tells when, so it is let go.
            while answered < done.stdout.count(b"[REDACTED"):
                answered += 1
                done.frame(1, b"\n" * (8 if answered == 3 else 1))
    expect(done.stdout.count(b"[REDACTED") == 3 and VALUE[:20].encode() not in done.stdout, f"{done.stdout}")
    expect(reasons(done) == {"fuse"}, f"{done.report}")
    expect(run(context, "pauses", [PRINTF, "%s", "x"]).stdout == b"", "the next run is answered")


@attack("trap 19", "oracle.broken-off", "stopped", "whoever breaks the run off behind an answer has been counted all the same")
def broken_off(context):
    text = f"import os, time; os.write(1, b'{VALUE[:20]}'); time.sleep(60)"
    for count in range(1, 4):
        with connect(context, "breaks") as agent:
            broken = agent.run([PYTHON, "-c", text], ["api/key"])
            for _ in broken.each():
                if broken.stdout:
                    break
        expect(broken.stdout == b"[REDACTED:api/key]", f"answer {count}: {broken.stdout}")
        wait_until(lambda: ended_runs(context, "breaks") >= count, "the keeper sees that nobody waits")
    done = run(context, "breaks", [PRINTF, "%s", "anything"])
    expect(done.stdout == b"" and reasons(done) == {"fuse"}, f"after three that were broken off: {done}")


@attack("trap 19", "oracle.overlapping", "stopped", "five runs at once, four with a right beginning: three are answered all together, and of the fifth nothing is seen, though it is wrong")
def overlapping(context):
    text = "import os, sys; sys.stdin.readline(); os.write(1, sys.argv[1].encode())"
    guesses = [VALUE[:-1]] * 4 + ["~" * len(VALUE)]
    agents = [connect(context, "overlaps") for _ in guesses]
    runs = [agent.run([PYTHON, "-c", text, guess], ["api/key"]).until_started() for agent, guess in zip(agents, guesses)]
    # All of them go on when the first one is answered.
    for one in runs:
        one.frame(1, b"\n")
        one.wait()
    for agent in agents:
        agent.close()
    expect([one.stdout for one in runs] == [b"[REDACTED:api/key]"] * 3 + [b""] * 2, f"{[one.stdout for one in runs]}")
    expect(all(one.exit == ("exited", 0) for one in runs), "the programs were not told")
    told = [{key: part for key, part in one.report.items() if key != "sandbox"} for one in runs[3:]]
    told[0]["output"]["withheld"][0]["bytes"] += 1
    expect(told[0] == told[1] and reasons(runs[3]) == {"fuse"}, f"right and wrong are told apart: {told}")


def ended_runs(context, who):
    """How many runs of the agent have ended, by the log."""
    house = context.house(furnish)
    if not hasattr(house, "reader"):
        house.reader = house.person()
    items = house.reader.request("GET", "/v1/audit?limit=200").json["items"]
    return sum(1 for item in items if item["action"] == "run" and (item.get("phase") or "").startswith("outcome") and who in item["actor"])


@attack("trap 19", "oracle.time", "stopped", "by time: a short beginning comes before the program goes on, as any other text does")
def timing(context):
    def shown(text):
        """What is shown while the program waits."""
        with connect(context, "caps") as agent:
            asked = agent.run([PYTHON, "-c", f"import os, sys; os.write(1, b'{text}'); sys.stdin.readline()"], ["api/key"])
            for _ in asked.each():
                if asked.stdout:
                    asked.frame(1, b"\n")
                    return asked.stdout.decode()
        raise AssertionError("nothing came while the program waited")
    for length in (4, 15):
        right, wrong = VALUE[:length], "!" * length
        # It is shown while the program still waits; how long that takes is nothing to assert on a busy machine.
        expect([shown(text) for text in (right, wrong)] == [right, wrong], f"{length} bytes")


@attack("trap 19", "oracle.cap", "stopped", "by the cap of the output: what the client cuts off was judged before it was cut")
def caps(context):
    for length in (8, 15):
        outputs = [run(context, "caps", [PRINTF, "%s", "x" * 1000 + guess]).stdout[: 1000 + length] for guess in (VALUE[:length], "!" * length)]
        expect(outputs == [b"x" * 1000 + VALUE[:length].encode(), b"x" * 1000 + b"!" * length], f"{length} bytes: {outputs}")
    expect(run(context, "caps", [PRINTF, "%s", "x" * 1000 + VALUE]).stdout == b"x" * 1000 + b"[REDACTED:api/key]", "the control: a whole value")


@attack("trap 19", "oracle.dictionary", "possible", "a dictionary printed through a run tells a value that could be guessed: the output ends before the right word; after three answers it tells no more", why="answers")
def dictionary(context):
    done = run(context, "words", [PRINTF, "%s\\n", *WORDS], ["db/name"])
    index = WORDS.index(WORD)
    expect(done.stdout.decode().split() == WORDS[:index], f"{done.stdout}")
    expect(reasons(done) == {"guessable"}, f"{done.report}")
    for _ in range(2):
        expect(reasons(run(context, "words", [PRINTF, "%s", WORD], ["db/name"])) == {"guessable"}, "a hit")
    for guess in ("winter-1999", WORD):
        done = run(context, "words", [PRINTF, "%s", guess], ["db/name"])
        expect(done.stdout == b"" and reasons(done) == {"fuse"}, f"{guess}: {done}")
    with context.house(furnish).person() as person:
        done = person.run([PRINTF, "%s\\n", *WORDS], ["db/name"]).wait()
        expect(done.stdout.count(b"[REDACTED:db/name]") == 1 and done.stdout.count(b"\n") == len(WORDS), f"the control, a person's: {done.stdout}")


def guess_in_files(context, who, code):
    """Has a program write right and wrong guesses, each into a file by `code` with the guess in it, and expects the fuse to blow at the third right one."""
    project = context.house(furnish).root / "work" / who
    project.mkdir(exist_ok=True)
    outcomes = []
    for guess in (WORD, "winter-1999", WORD, WORD, "winter-1999"):
        done = run(context, who, [PYTHON, "-c", code.replace("GUESS", guess)], ["db/name"], cwd=str(project))
        if done.code == "run.no-sandbox":
            raise Skipped("this machine has no sandbox")
        outcomes.append(bool(done.report.get("files", {}).get("withheld_count")))
    expect(outcomes == [True, False, True, True, True], f"{outcomes}")


@attack("trap 19", "oracle.files", "possible", "a dictionary in files tells such a value, three times: the file with the right word is withheld, and then all are", why="answers")
def files(context):
    guess_in_files(context, "files", "open('guess', 'w').write('GUESS')")


def guess_in_packed(context, who, right, wrong, secret, reason):
    """Has a program print right and wrong guesses in compressed data, each in a run of its own, and expects the fuse to blow at the third right one."""
    def ends(guess):
        done = run(context, who, [PYTHON, "-c", f"import gzip, sys; sys.stdout.buffer.write(gzip.compress(b'<{guess}'))"], [secret])
        return reasons(done) or {"passed"} if done.stdout else reasons(done)
    told = [ends(guess) for guess in (right, wrong, right, right, wrong, right)]
    expect(told == [{reason}, {"passed"}, {reason}, {reason}, {"fuse"}, {"fuse"}], f"{told}")


@attack("trap 19", "oracle.packed", "possible", "a dictionary in compressed data tells such a value, three times: the output ends before the data with the right word", why="answers")
def packed(context):
    guess_in_packed(context, "packed-words", WORD, "winter-1999", "db/name", "guessable")


@attack("trap 19", "oracle.packed-beginning", "stopped", "a beginning of a value in compressed data: who has most of it is told so three times, and then no more")
def packed_beginning(context):
    guess_in_packed(context, "packed-edges", VALUE[:-1], "x" * len(VALUE), "api/key", "compressed")


@attack("trap 19", "oracle.packed-files", "possible", "a dictionary in compressed files tells such a value, three times", why="answers")
def packed_files(context):
    guess_in_files(context, "packed-files", "import gzip; gzip.open('guess', 'w').write(b'GUESS')")


@attack("trap 19", "oracle.pin", "stopped", "a PIN is given to no agent's run, and nothing says so by doing it")
def pin(context):
    done = run(context, "pin", [PRINTF, "%s", "4711"], ["db/pin"])
    expect(done.problem is not None and done.code == "unavailable" and done.stdout == b"", f"{done}")
    expect("unredactable" in str(done.problem.json), f"{done.problem}")


@attack("trap 19", "oracle.reset", "stopped", "an agent does not reset its own output; a person does, and it is in the log")
def resets(context):
    house = context.house(furnish)
    for _ in range(3):
        run(context, "reset", [PRINTF, "%s", VALUE[:-1]])
    expect(run(context, "reset", [PRINTF, "%s", "x"]).stdout == b"", "it is withheld")
    with connect(context, "reset") as agent:
        expect(agent.request("POST", "/v1/agents/reset/output-reset").status == 403, "an agent")
    expect(run(context, "reset", [PRINTF, "%s", "x"]).stdout == b"", "the agent reset it")
    with house.person() as person:
        listed = {item["name"]: item.get("withheld_secrets") for item in person.request("GET", "/v1/agents").json["items"]}
        expect(listed["reset"] == 1 and listed["pin"] is None, f"{listed}")
        expect(person.request("POST", "/v1/agents/reset/output-reset").json == {"secrets": 1}, "a person")
        actions = [item["action"] for item in person.request("GET", "/v1/audit?limit=50").json["items"]]
        expect("agent.reset-output" in actions, f"{actions}")
    expect(run(context, "reset", [PRINTF, "%s", "x"]).stdout == b"x", "the control: it passes again")
