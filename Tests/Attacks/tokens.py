"""Fake tokens that are good no more, or in other hands, shown to the broker of a run; and a freeze of every agent while runs go on."""

import base64
import json

from api import STDIN_END
from attack import attack, clean, expect
from house import canary

VALUE = canary()
# Nothing listens there: what is let go ends at once, and says otherwise.
WHERE = "https://localhost:9/v1/orders"
POLICY = {"name": "all", "agent_id": "*", "environments": ["default/dev"], "allowed_keys": ["api/*"], "capabilities": ["broker", "masked_return"]}
RULE = {"name": "shop", "agent_id": "*", "keys": ["api/*"], "hosts": ["localhost"], "ports": ["9"], "own_network": "allow", "paths": ["/v1/**"]}


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "a secret")
        document = json.dumps({"policies": [POLICY], "request_rules": [RULE]})
        answer = person.json("PUT", "/v1/policy", {"document": document})
        expect(answer.status == 200, f"policy: {answer}")
        house.badges = {name: person.json("POST", "/v1/agents", {"name": name}).json["badge"] for name in ("claude", "other")}


def ask(credential):
    """A command line that asks with a credential, and prints why it was refused; `gone` where there is no broker."""
    return (f'denied=$(curl -sS --max-time 60 -o /dev/null -D - -H "Authorization: {credential}" {WHERE} 2>/dev/null '
            "| tr -d '\\r' | sed -n 's/^Tacit-Denied: //ip'); echo ${denied:-gone}")


def start(house, *lines, agent="claude"):
    """A run of a person's for an agent, on a connection of its own, which ends with it."""
    # This machine is not asked for by way of a proxy otherwise.
    script = "\n".join(["unset NO_PROXY no_proxy", *lines])
    return house.person().run(["sh", "-c", script], [{"reference": "api/key", "variable": "TOKEN"}], agent=agent, scope="default/dev")


def said(run, meanwhile=None):
    """What a run's commands printed; `meanwhile` is done after the first, and the program waits for it."""
    frames = run.each()
    if meanwhile:
        for _ in frames:
            if b"\n" in run.stdout:
                break
        meanwhile()
        run.frame(STDIN_END)
    for _ in frames:
        pass
    clean(run.output, VALUE)
    expect(run.problem is None and run.exit and run.exit[0] == "exited", f"the run was not made: {run}, {run.output!r}")
    return run.stdout.decode().split()


def issue(person, agent="claude"):
    answer = person.json("POST", "/v1/tokens", {"agent": agent, "scope": "default/dev", "secret": "api/key"})
    expect(answer.status == 201, f"issue: {answer}")
    return answer.json["token"], answer.json["summary"]["id"]


def misuses(person):
    items = person.request("GET", "/v1/audit?limit=1000").json["items"]
    return sum(item.get("repeated") or 1 for item in items if item["action"] == "token.misuse")


@attack("fake tokens", "a token that a person revoked is refused in a run that goes on and in a new one, and the log has it as a misuse")
def revoked(context):
    house = context.house(furnish)
    with house.person() as hand:
        token, id = issue(hand)
        before = misuses(hand)

        def revoke():
            expect(hand.json("POST", "/v1/tokens/revocation", {"ids": [id]}).json == {"tokens": 1}, "revoke")

        first, own, second = said(start(house, ask(f"Bearer {token}"), "cat > /dev/null", ask("Bearer $TOKEN"), ask(f"Bearer {token}")), revoke)
        expect(not first.startswith("token.") and first != "gone" and own == first, f"a good token: {first}, {own}")
        expect(second == "token.revoked", f"a revoked one: {second}")
        expect(said(start(house, ask(f"Bearer {token}"))) == ["token.revoked"], "a new run")
        expect(misuses(hand) > before, "no entry of a misuse")
        shown = hand.request("GET", "/v1/tokens")
        clean(shown.body, VALUE)
        expect(token.encode() not in shown.body, "a list shows a token")


@attack("fake tokens", "the token of another agent's or another run is refused wherever a credential stands, and the log has it as a misuse")
def foreign(context):
    house = context.house(furnish)
    with house.person() as hand:
        token, _ = issue(hand)
        before = misuses(hand)
        pair = base64.b64encode(f"x:{token}".encode()).decode()
        for credential in (f"Bearer {token}", f"token {token}", f"Basic {pair}"):
            expect(said(start(house, ask(credential), agent="other")) == ["token.foreign"], credential.split()[0])
        [left] = said(start(house, 'echo "$TOKEN"'))
        expect(said(start(house, ask(f"Bearer {left}"))) == ["token.revoked"], "the token of a run that is over")
        expect(misuses(hand) > before, "no entry of a misuse")


@attack("fake tokens", "a freeze while a run goes on ends its broker and every token, without a password; no agent and no program lifts it")
def panic(context):
    house = context.fresh().init()
    furnish(house)
    agent = lambda: house.connect(headers={"Tacit-Agent-Badge": house.badges["claude"], "Tacit-Source": "mcp"})
    with house.person() as hand, agent() as badge, house.connect() as somebody:
        token, _ = issue(hand)
        expect(badge.request("POST", "/v1/panic").status == 403, "an agent froze the others")

        def freeze():
            answer = somebody.request("POST", "/v1/panic")
            expect(answer.status == 200 and answer.json["tokens"] == 2 and answer.json["brokers"] == 1, f"{answer}: {answer.body!r}")

        first, *rest = said(start(house, ask("Bearer $TOKEN"), "cat > /dev/null", ask("Bearer $TOKEN"), ask(f"Bearer {token}")), freeze)
        expect(first != "gone" and rest == ["gone", "gone"], f"{first}, {rest}")
        answer = badge.request("GET", "/v1/projects/default/environments/dev/secrets/api%2Fkey/masked")
        expect((answer.status, answer.code) == (403, "agents.frozen"), f"{answer}")
        expect(start(house, "true").code == "agents.frozen", "a run for a frozen agent began")
        for connection in (badge, somebody):
            expect(connection.request("DELETE", "/v1/panic").status == 403, "the freeze was lifted")
        expect(hand.reveal("api/key").body == VALUE.encode(), "a person was frozen, too")
        expect(hand.request("DELETE", "/v1/panic").status == 204, "thaw")
        expect(said(start(house, ask(f"Bearer {token}"))) == ["token.revoked"], "a token came back with the thaw")
