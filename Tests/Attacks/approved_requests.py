"""A program whose requests wait for a person, and which would have others sent than those that were shown."""

import json

from attack import attack, clean, expect
from house import wait_until
from token_runs import RULE, VALUE, WHERE, furnish, made, said, start

# What is said of what was let go.
GONE_OUT = "broker.host-unreachable"
ASKED = RULE | {"methods": ["GET", "POST"], "approval": "person"}


def furnished(house):
    furnish(house, ASKED)


def ask(body, url=WHERE, more="", limit=60):
    """A command line that sends a body, and prints why it went nowhere; `gone` where it did not wait for an answer."""
    return (f'denied=$(curl -sS --max-time {limit} -o /dev/null -D - -H "Authorization: Bearer $TOKEN" -H "Content-Type: text/plain" {more} --data "{body}" {url} 2>/dev/null '
            "| tr -d '\\r' | sed -n 's/^Tacit-Denied: //ip'); echo ${denied:-gone}")


def requests(house):
    with house.person() as person:
        return person.request("GET", "/v1/approvals").json["items"]


def pending(house, known):
    """The question that came since; one of a run that has just ended may still stand there."""
    return wait_until(lambda: next((item for item in requests(house) if item["standing"] == "pending" and item["id"] not in known), None), "a request waits")


def known(house):
    return [item["id"] for item in requests(house)]


def approve(house, item, uses="1"):
    return house.tacit("approvals", "approve", item["code"], "--uses", uses, password=house.password)


@attack("approval", "approve.other-body", "stopped", "what was approved for one body is not good for another, another path, field or query, nor for the same of another run, also at the same moment", rarely=True)
def other_bodies(context):
    house = context.house(furnished)
    with house.person() as hand:
        before = made(hand)

        old = known(house)

        def decide():
            item = pending(house, old)
            shown = json.dumps(item)
            clean(shown.encode(), VALUE)
            expect(item["request"]["body_bytes"] == 5, shown)
            expect(approve(house, item).returncode == 0, "approve")

        others = [ask("x=evil", limit=2), ask("x=one", WHERE + "/2", limit=2), ask("x=one", WHERE + "?to=me", limit=2), ask("x=one", more='-H "X-To: me"', limit=2)]
        raced = "; ".join(f"({line}) &" for line in others).replace("&;", "&")
        # Whoever is impatient leaves its question, and its approval is for it alone.
        lines = said(start(house, ask("x=one", limit=1), "cat > /dev/null", f"{raced} wait"), decide)
        expect(lines[0] == "gone" and set(lines[1:]) == {"gone"} and len(lines) == 5, f"{lines}")
        expect(said(start(house, ask("x=one", limit=2))) == ["gone"], "another run's")
        expect(made(hand) == before, "something went that nobody approved")


@attack("approval", "approve.raced", "stopped", "of many that are alike, at once and on many connections, one goes for one approval; a replay is another request", rarely=True)
def raced(context):
    house = context.house(furnished)
    with house.person() as hand:
        before = made(hand)
        many = " ".join(f"({ask('x=two', limit=12)}) &" for _ in range(6))
        old = known(house)
        run = start(house, f"{many} wait")
        item = pending(house, old)
        expect(approve(house, item).returncode == 0, "approve")
        lines = said(run)
        expect(lines.count(GONE_OUT) == 1, f"{lines}")
        expect(made(hand) == before + 1, "more than one went")


@attack("approval", "approve.late", "stopped", "what is approved after its run ended, or a second time, sends nothing")
def late(context):
    house = context.house(furnished)
    with house.person() as hand:
        before = made(hand)
        expect(said(start(house, ask("x=late", limit=1))) == ["gone"], "a run that ends")
        ended = wait_until(lambda: next((item for item in requests(house) if item["request"]["body_bytes"] == 6 and item["standing"] == "expired"), None),
                           "its question ends with it")
        refused = approve(house, ended)
        expect(refused.returncode != 0, "it could be approved all the same")
        old = known(house)
        run = start(house, ask("x=twice", limit=30))
        item = pending(house, old)
        expect(approve(house, item).returncode == 0, "approve")
        again = approve(house, item)
        expect(again.returncode != 0, "it was approved twice")
        expect(said(run) == [GONE_OUT], "the one that was approved")
        expect(made(hand) == before + 1, "more than one went")


@attack("approval", "approve.flood", "stopped", "a flood of questions is held off, and what waits keeps nobody else's requests")
def flood(context):
    house = context.house(furnished)
    old = known(house)
    run = start(house, " ".join(f"({ask(f'x={number}')}) &" for number in range(14)) + " wait")

    def waiting():
        return [item for item in requests(house) if item["standing"] == "pending" and item["id"] not in old and item["agent"] == "claude"]

    # Those that are held off are told at once, and no other is told anything: ten wait, and none of a run before is among them.
    for _ in run.each():
        if run.stdout.count(b"\n") == 4:
            break
    expect(run.stdout == b"rate_limited\n" * 4, f"{run}")
    wait_until(lambda: len(waiting()) == 10, "ten wait")
    other = start(house, ask("x=other", limit=1), agent="other")
    expect(said(other) == ["gone"] and any(item["agent"] == "other" for item in requests(house)), "another agent's was not asked about")
    expect(len(waiting()) == 10 and run.stdout.count(b"\n") == 4, f"{run}")
    run.connection.socket.shutdown(2)
    run.connection.close()
    wait_until(lambda: not [item for item in requests(house) if item["standing"] == "pending"], "what the run asked ends with it")


@attack("approval", "approve.own-request", "stopped", "an agent does not approve what its program wants to send")
def own(context):
    house = context.house(furnished)
    with house.connect() as somebody:
        old = known(house)
        run = start(house, ask("x=own", limit=3))
        item = pending(house, old)
        for verdict in ("approve", "done"):
            answer = somebody.json("POST", f"/v1/approvals/{item['id']}", {"verdict": verdict, "code": item["code"]})
            expect(answer.status in (401, 403), f"{answer}")
        expect(said(run) == ["gone"], "it went")
