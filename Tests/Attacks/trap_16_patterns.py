"""An agent against the patterns of its policy: spellings that a glob, a file system, a database or a path could read as a name that it may not have, or as one that it may."""

import json
import urllib.parse

from api import multipart
from attack import attack, expect
from house import canary

VALUE = canary()
ALLOWED, DENIED = ["api/*", "team/**", "one/key"], ["team/prod/**"]
POLICY = {"name": "all", "agent_id": "claude", "environments": ["default/dev", "default/test-*"], "allowed_keys": ALLOWED, "denied_keys": DENIED,
          "capabilities": ["reference_only", "masked_return", "env_inject"], "unsandboxed": "allow"}
# What matches, and what is near to it.
LISTED = ["api/key", "one/key", "team/a/b", "team/key"]
HIDDEN = ["API/key", "Api/Key", "api/deep/key", "apix/key", "hidden/key", "one/key/more", "one/keys", "team", "team/prod/key", "teams/key", "x/api/key"]
WHY = {"scope": "default/dev", "purpose": "attack"}


def furnish(house):
    with house.person() as person:
        for environment in ("prod", "test-1", "testing"):
            expect(person.json("POST", "/v1/projects/default/environments", {"name": environment}).status == 201, environment)
        for environment, names in (("dev", LISTED + HIDDEN), ("prod", ["api/key"]), ("test-1", ["api/key"]), ("testing", ["api/key"])):
            for name in names:
                body, kind = multipart([("secret", json.dumps({"fields": [{"name": "value", "kind": "secret"}]}).encode()), ("field-0", VALUE.encode())])
                expect(person.request("PUT", path(name, environment).removesuffix("/masked"), body, kind).status == 201, (environment, name))
        expect(person.json("PUT", "/v1/policy", {"document": json.dumps({"policies": [POLICY]})}).status == 200, "policy")
        house.badges = {"claude": person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]}


def agent(house):
    return house.connect(headers={"Tacit-Agent-Badge": house.badges["claude"], "Tacit-Source": "mcp"})


def path(name, environment="dev", is_encoded=False):
    """Where a mask is asked for; what is encoded already is sent as it is."""
    quote = (lambda text: text) if is_encoded else (lambda text: urllib.parse.quote(text, safe=""))
    return f"/v1/projects/default/environments/{quote(environment)}/secrets/{quote(name)}/masked"


def spellings(name):
    """Other ways to write a name, for who trims, folds, normalises, resolves or expands."""
    first, _, rest = name.partition("/")
    yield from (f"{name}/", f"/{name}", f"//{name}", name.replace("/", "//"), name.replace("/", "/./"), f"./{name}", f"api/../{name}", f"team/a/../../{name}", f"one/key/../../{name}")
    yield from (f"{name} ", f" {name}", f"{name}.", f"{name}\0", f"{name}\n", f"\t{name}", name.replace("/", "\\"), name.replace("/", "\u2215"), name.replace("/", "\uff0f"))
    yield from (f"{name}#value", f"{name}?version=1", f"tacit://default/dev/{name}", f"{name};x", f"{name},api/key", f"api/key,{name}", f"api/key\n{name}")
    yield from ("*", "**", "*/*", f"{first}/*", f"{first}/**", f"{first[:-1]}?/{rest}", f"[{first[0]}]{first[1:]}/{rest}", f"{{{first},x}}/{rest}", f"{name[:-1]}*", f"%{name[1:]}", f"{name[:-1]}_")
    look_alikes = str.maketrans("aeopk", "\u0430\u0435\u043e\u0440\u03ba")
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in name)
    yield from (name.translate(look_alikes), wide, name.replace("e", "e\u0301"), name.replace("e", "\u00e9"), name.replace("k", "\u212a"), f"\u200b{name}", name.replace("/", "/\u00ad"), f"\ufeff{name}")


@attack("trap 16", "govern.patterns", "stopped", "no spelling of a secret's name - case, look-alikes, dots, slashes, wildcards, encodings - is read as another one by a policy's patterns")
def names(context):
    house = context.house(furnish)
    with agent(house) as claude:
        absent = claude.request("GET", path("hidden/nil"))
        expect(absent.status == 404, absent)
        for name in LISTED:
            expect(claude.request("GET", path(name)).status == 200, f"the control: {name} is listed")
        for name in HIDDEN:
            answer = claude.request("GET", path(name))
            expect((answer.status, answer.body) == (404, absent.body), f"{name}: {answer}")
        for name in (*LISTED, *HIDDEN):
            for spelling in {*spellings(name), name.upper(), name.lower(), name.title(), name.swapcase()} - {*LISTED}:
                answer = claude.request("GET", path(spelling))
                expect(answer.status in (400, 404, 422) and VALUE[-4:].encode() not in answer.body, f"{spelling!r}: {answer}")
        for text in ("team%2Fprod%252Fkey", "team/prod/key", "team%2F..%2Fhidden%2Fkey", "team%5Cprod%5Ckey", "team%2Fprod%C0%AFkey", "te%61m%2Fprod%2Fkey", "team%2fprod%2fkey", "api%2Fdeep%2Fkey%00", "..%2Fsecrets%2Fhidden%2Fkey"):
            answer = claude.request("GET", path(text, is_encoded=True))
            expect(answer.status in (400, 404, 405, 422), f"{text}: {answer}")
        found = claude.request("GET", "/v1/projects/default/environments/dev/secrets?limit=1000").json["items"]
        expect(sorted(item["name"] for item in found) == LISTED, f"it sees {found}")


@attack("trap 16", "govern.patterns-use", "stopped", "nor where a name stands in a run, a session file, a session or a question about rules")
def uses(context):
    house = context.house(furnish)
    for name in ("hidden/key", "team/prod/key", "API/key"):
        for spelling in (name, *spellings(name)):
            wishes = {
                "/v1/sessions/files": {"secrets": [{"reference": spelling}], "content": "values", **WHY}, "/v1/sessions": {"covers": [spelling], **WHY},
                "/v1/rules/acknowledgements": {"name": spelling, "rule": "x", **WHY}, "/v1/requests": {"secret": spelling, "url": "https://api.example.com/", **WHY},
            }
            for place, wish in wishes.items():
                with agent(house) as claude:
                    answer = claude.json("POST", place, wish)
                expect(400 <= answer.status < 500 and VALUE[-4:].encode() not in answer.body, f"{place} of {spelling!r}: {answer}")
            with agent(house) as claude:
                done = claude.run(["true"], [spelling]).wait()
            expect(done.problem is not None and not done.started, f"a run of {spelling!r}")
    with agent(house) as claude:
        done = claude.run(["true"], ["api/key"]).wait()
        expect(done.started and done.problem is None, f"the control, a run of a secret that is listed: {done.problem}")


@attack("trap 16", "govern.patterns-place", "stopped", "and no spelling of an environment is read as another one that the policy names")
def environments(context):
    house = context.house(furnish)
    with agent(house) as claude:
        for environment in ("dev", "test-1"):
            expect(claude.request("GET", path("api/key", environment)).status == 200, f"the control: {environment} is listed")
        for environment in ("prod", "testing", "test-", "test-*", "*", "**", "Dev", "DEV", "dev ", "dev.", "dev/", "dev\0", "d\u0435v", "\uff44\uff45\uff56", "TEST-1", "test-1/../prod", "../default/prod", "test-1/prod",
                            "dev,prod", "default/prod", "test-\u0661", "test\u20101"):
            answer = claude.request("GET", path("api/key", environment))
            expect(answer.status in (400, 404, 422) and VALUE[-4:].encode() not in answer.body, f"{environment!r}: {answer}")
