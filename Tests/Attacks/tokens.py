"""Fake tokens that are good no more, or in other hands, shown to the broker of a run; and a freeze of every agent while runs go on."""

import base64

from attack import attack, clean, expect
from token_runs import RULE, VALUE, WHERE, apply, furnish, made, said, start


def ask(credential, path="", limit=60):
    """A command line that asks with a credential, and prints why it was refused; `gone` where there is no broker."""
    return (f'denied=$(curl -sS --max-time {limit} -o /dev/null -D - -H "Authorization: {credential}" {WHERE}/{path} 2>/dev/null '
            "| tr -d '\\r' | sed -n 's/^Tacit-Denied: //ip'); echo ${denied:-gone}")


def issue(person, agent="claude"):
    answer = person.json("POST", "/v1/tokens", {"agent": agent, "scope": "default/dev", "secret": "api/key"})
    expect(answer.status == 201, f"issue: {answer}")
    return answer.json["token"], answer.json["summary"]["id"]


def misuses(person):
    items = person.request("GET", "/v1/audit?limit=1000").json["items"]
    return sum(item.get("repeated") or 1 for item in items if item["action"] == "token.misuse")


@attack("fake tokens", "fake.revoked", "stopped", "a token that a person revoked is refused in a run that goes on and in a new one, and the log has it as a misuse")
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


@attack("fake tokens", "fake.epoch", "stopped", "a token of before a new organization key is good nowhere: refused in a run that goes on and in a new one, and the log has it as a misuse")
def epoch(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as hand:
        token, _ = issue(hand)
        before = misuses(hand)

        def turn():
            answer = hand.request("POST", "/v1/rotations/organization")
            # With that of the run itself.
            expect(answer.status == 200 and answer.json["ended_tokens"] == 2, f"a new organization key: {answer}")

        first, own, second = said(start(house, ask(f"Bearer {token}"), "cat > /dev/null", ask("Bearer $TOKEN"), ask(f"Bearer {token}")), turn)
        expect(not first.startswith("token.") and first != "gone", f"a good token: {first}")
        expect((own, second) == ("token.revoked", "token.revoked"), f"tokens of before, in the run: {own}, {second}")
        expect(said(start(house, ask(f"Bearer {token}"), ask("Bearer $TOKEN"))) == ["token.revoked", first], "a new run, and its own token")
        expect(misuses(hand) > before, "no entry of a misuse")
        with house.connect(headers={"Tacit-Agent-Badge": house.badges["claude"], "Tacit-Source": "mcp"}) as claude:
            actor = claude.request("GET", "/v1/status").json["actor"]
            expect((actor["kind"], actor.get("name")) == ("agent", "claude"), f"the badge of before makes {actor}")
        fresh, _ = issue(hand)
        expect(fresh != token and said(start(house, ask(f"Bearer {fresh}"))) == [first], "a token of now")


@attack("fake tokens", "fake.foreign", "stopped", "the token of another agent's or another run is refused wherever a credential stands, and the log has it as a misuse")
def foreign(context):
    house = context.house(furnish)
    with house.person() as hand:
        token, _ = issue(hand)
        before = misuses(hand)
        pair = base64.b64encode(f"x:{token}".encode()).decode()
        for credential in (f"Bearer {token}", f"token {token}", f"Basic {pair}"):
            expect(said(start(house, ask(credential), agent="other")) == ["token.foreign"], credential.split()[0])
        [left] = said(start(house, 'echo "$TOKEN"', show_tokens=True))
        expect(said(start(house, ask(f"Bearer {left}"))) == ["token.revoked"], "the token of a run that is over")
        expect(misuses(hand) > before, "no entry of a misuse")


@attack("fake tokens", "fake.in-file", "stopped", "a fake token in a file that leaves a sandbox keeps the file in it, whosever it is, and the log has it as a misuse")
def in_file(context):
    house = context.house(furnish)
    place = house.root / "work" / "files"
    place.mkdir(exist_ok=True)

    def leave(*lines):
        """What an agent's run in a sandbox leaves in its working directory."""
        with house.connect(headers={"Tacit-Agent-Badge": house.badges["claude"], "Tacit-Source": "mcp"}) as agent:
            done = agent.run(["sh", "-c", "\n".join(lines)], ["api/key"], cwd=str(place)).wait()
        expect(done.exit == ("exited", 0), f"{done} {done.stderr!r}")
        left = {path.name for path in place.iterdir()}
        for path in place.iterdir():
            path.unlink()
        return left

    with house.person() as hand:
        (token, id), (foreign, _) = issue(hand), issue(hand, "other")
        before = misuses(hand)
        nobody = token[:-1] + ("a" if token[-1] != "a" else "b")
        left = leave('echo "key: $API_KEY" > own', f"echo {token} > issued", f"printf '%70000s {foreign}' > foreign", f"echo {nobody} > nobody")
        expect(left == {"nobody"}, f"{left}")
        expect(misuses(hand) == before + 3, "no entry for each")
        expect(hand.json("POST", "/v1/tokens/revocation", {"ids": [id]}).json == {"tokens": 1}, "revoke")
        left = leave(f"echo '{{\"a\":\"{token}\"}}' > over", "echo clean > clean")
        expect(left == {"clean"} and misuses(hand) == before + 4, f"{left}")


@attack("fake tokens", "fake.freeze", "stopped", "a freeze while a run goes on ends it, its broker and every token, without a password; no agent and no program lifts it")
def panic(context):
    house = context.fresh().init()
    furnish(house)
    agent = lambda: house.connect(headers={"Tacit-Agent-Badge": house.badges["claude"], "Tacit-Source": "mcp"})
    with house.person() as hand, agent() as badge, house.connect() as somebody:
        token, _ = issue(hand)
        expect(badge.request("POST", "/v1/panic").status == 403, "an agent froze the others")

        def freeze():
            answer = somebody.request("POST", "/v1/panic")
            expect(answer.status == 200 and answer.json["tokens"] in (1, 2) and answer.json["brokers"] == 1, f"{answer}: {answer.body!r}")

        [first] = said(start(house, ask("Bearer $TOKEN"), "cat > /dev/null", "sleep 20", ask("Bearer $TOKEN"), ask(f"Bearer {token}")), freeze, stopped=True)
        expect(first != "gone", f"a good token: {first}")
        answer = badge.request("GET", "/v1/projects/default/environments/dev/secrets/api%2Fkey/masked")
        expect((answer.status, answer.code) == (403, "agents.frozen"), f"{answer}")
        expect(start(house, "true").code == "agents.frozen", "a run for a frozen agent began")
        for connection in (badge, somebody):
            expect(connection.request("DELETE", "/v1/panic").status == 403, "the freeze was lifted")
        expect(hand.reveal("api/key").body == VALUE.encode(), "a person was frozen, too")
        expect(hand.request("DELETE", "/v1/panic").status == 204, "thaw")
        expect(said(start(house, ask(f"Bearer {token}"))) == ["token.revoked"], "a token came back with the thaw")


@attack("fake tokens", "fake.misuse", "stopped", "an agent that shows another's token is frozen where the policy says so, over a lock; no agent lifts it, none is frozen by another's hand, and others go on", rarely=True)
def freezing(context):
    house = context.fresh().init()
    furnish(house)
    agent = lambda name: house.connect(headers={"Tacit-Agent-Badge": house.badges[name], "Tacit-Source": "mcp"})
    masked = "/v1/projects/default/environments/dev/secrets/api%2Fkey/masked"
    with house.person() as hand:
        apply(hand, RULE, on_misuse="freeze")
        token, _ = issue(hand, "other")
        [good] = said(start(house, ask("Bearer $TOKEN")))
        expect(not good.startswith("agents.") and good != "gone", f"a good token: {good}")
        rest = said(start(house, ask(f"Bearer {token}"), "sleep 20", ask("Bearer $TOKEN")), stopped=True)
        expect(set(rest) <= {"gone", "token.foreign"}, f"{rest}")
        expect(start(house, "true").code == "agents.frozen", "another run of it began")
        [left] = said(start(house, ask(f"Bearer {token}"), agent="other"))
        expect(not left.startswith(("agents.", "token.")) and left != "gone", f"whose token it was is frozen: {left}")
        with agent("claude") as frozen, agent("other") as free:
            expect((frozen.request("GET", masked).status, frozen.request("GET", masked).code) == (403, "agents.frozen"), "its badge is good")
            expect(free.request("GET", masked).status == 200, "another agent's is not")
            for connection in (frozen, free):
                expect(connection.request("DELETE", "/v1/panic").status == 403, "the freeze was lifted")
        told = hand.request("GET", "/v1/approvals").json["misuses"]
        expect([(item["agent"], item["code"], item["frozen"]) for item in told] == [("claude", "token.foreign", True)], f"{told}")
    expect(house.tacit("lock").returncode == 0, "lock")
    house.unlock()
    expect(start(house, "true").code == "agents.frozen", "a lock lifted it")
    with house.person() as hand:
        expect(hand.request("DELETE", "/v1/panic").status == 204, "thaw")
    expect(said(start(house, "echo begun")) == ["begun"], "it is frozen all the same")


@attack("fake tokens", "fake.limits", "stopped", "a token over its rule's limits by many connections, many runs and another token gets no more than the rule says")
def limits(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as hand:
        apply(hand, RULE | {"rate": "5/hour", "concurrency": "2"})
        token, _ = issue(hand)
        before = made(hand)
        own, issued = " ".join(f"({ask('Bearer $TOKEN')}) &" for _ in range(8)), " ".join(f"({ask(f'Bearer {token}')}) &" for _ in range(8))
        lines = said(start(house, f"{own} {issued} wait"))
        for _ in range(2):
            lines += said(start(house, *[ask("Bearer $TOKEN")] * 4))
        went = [line for line in lines if line not in ("rate_limited", "gone")]
        expect(len(went) == 5 and lines.count("rate_limited") == 19 and made(hand) == before + 5, f"{lines}")
        shown = hand.request("GET", "/v1/tokens").json["items"]
        expect(sum(item["usage"]["requests"] for item in shown if item.get("usage")) == 5, f"{shown}")


@attack("approval", "approve.places", "stopped", "requests that wait for a person have their places of a rule's limits, so that many questions are not a way past them")
def waiting(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as hand:
        apply(hand, RULE | {"approval": "person", "concurrency": "2"})
        many = " ".join(f"({ask('Bearer $TOKEN', number, 3)}) &" for number in range(8))
        lines = said(start(house, f"{many} wait"))
        expect(lines.count("rate_limited") == 6 and lines.count("gone") == 2, f"{lines}")
