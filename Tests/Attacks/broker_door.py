"""An agent against the route by which it has requests made with secrets: what it may not know, choose or reach stays so."""

import json

from attack import attack, clean, expect
from house import canary

VALUE = canary()
POLICY = {
    "name": "all", "agent_id": "claude", "environments": ["default/dev"], "allowed_keys": ["api/*"], "capabilities": ["broker"],
}
RULE = {"name": "shop", "agent_id": "claude", "keys": ["api/*"], "hosts": ["api.shop.example"], "paths": ["/v1/**"]}
WHY = {"scope": "default/dev", "purpose": "attack"}
URL = "https://api.shop.example/v1/orders"


def furnish(house):
    with house.person() as person:
        for name in ("api/key", "hidden/key"):
            expect(person.set(name, VALUE.encode()).status == 201, name)
        document = json.dumps({"policies": [POLICY], "request_rules": [RULE]})
        expect(person.json("PUT", "/v1/policy", {"document": document}).status == 200, "policy")
        house.badge = person.json("POST", "/v1/agents", {"name": "claude"}).json["badge"]


def agent(house):
    return house.connect(headers={"Tacit-Agent-Badge": house.badge, "Tacit-Source": "mcp"})


def ask(connection, secret="api/key", url=URL, **more):
    return connection.json("POST", "/v1/requests", {"secret": secret, "url": url, **WHY, **more})


@attack("trap 16", "request.host", "stopped", "hosts that look like a listed one, and other ports, methods, schemes and paths are refused before anything is looked up")
def hosts(context):
    with agent(context.house(furnish)) as connection:
        for url in ("https://api.shop.example.evil.example/v1/x", "https://evil.example/v1/x", "https://xapi.shop.example/v1/x",
                    "https://api.shop.example:8443/v1/x", "http://api.shop.example/v1/x", "https://api.shop.example/v2/x",
                    "https://api.shop.example/v1x", "https://127.0.0.1/v1/x", "https://[::1]/v1/x"):
            answer = ask(connection, url=url)
            expect((answer.status, answer.code) == (403, "destination_not_allowed"), f"{url}: {answer}")
        expect(ask(connection, method="DELETE").code == "destination_not_allowed", "another method went")


@attack("trap 21", "request.ambiguous", "stopped", "an address that two programs could read differently is refused, whatever its rule says")
def ambiguous(context):
    with agent(context.house(furnish)) as connection:
        for url in ("https://api.shop.example@evil.example/v1/x", "https://evil.example\\@api.shop.example/v1/x",
                    "https://api.shop.example./v1/x", "https://api.shop.example/v1/../admin", "https://api.shop.example/v1/%2e%2e/admin",
                    "https://api.shop.example/v1//x", "https://api.shop.example/v1/x#y", "https://api.shop.example/v1/x\r\nHost: evil.example",
                    "https://api.shop.example/v1/%252e%252e/x", "https://api.shop.example/v1/x?_method=DELETE", "api.shop.example/v1/x", ""):
            answer = ask(connection, url=url)
            expect(answer.status == 422, f"{url!r}: {answer}")


@attack("trap 16", "request.field", "stopped", "an agent chooses neither credential nor route by header fields")
def fields(context):
    with agent(context.house(furnish)) as connection:
        for name in ("Authorization", "authorization", "Cookie", "Host", "Connection", "Proxy-Authorization", "Content-Length", "Transfer-Encoding",
                     "Accept-Encoding", "X-Forwarded-Host", "X_Forwarded_Host", "X-HTTP-Method-Override", "Range", "Content-Encoding", "X\r\nHost"):
            answer = ask(connection, headers=[{"name": name, "value": "x"}])
            expect(answer.status == 422, f"{name!r}: {answer}")
        answer = ask(connection, headers=[{"name": "X-A", "value": "b\r\nHost: evil.example"}])
        expect(answer.status == 422, f"a line end went: {answer}")


@attack("trap 7", "request.hidden", "stopped", "a name that is hidden is answered as one that is not there, whatever is asked with it")
def hidden(context):
    with agent(context.house(furnish)) as connection:
        for more in ({}, {"url": "https://evil.example/"}, {"url": "http://api.shop.example/v1/x"}, {"method": "DELETE"}, {"max_output_bytes": 1024}):
            answers = [ask(connection, secret=name, **more) for name in ("hidden/key", "hidden/none", "none")]
            expect(len({(answer.status, answer.body) for answer in answers}) == 1, f"{more}: {answers}")
            expect(answers[0].code == "secret.not-found", answers[0])
        clean(answers[0].body, VALUE)


@attack("trap 7", "request.nobody", "stopped", "without badge, capability or purpose nothing is made")
def nobody(context):
    house = context.house(furnish)
    with house.connect(headers={"Tacit-Source": "mcp"}) as stranger, agent(house) as connection:
        expect(ask(stranger).code == "secret.not-found", "a stranger had a request made")
        expect(ask(connection, purpose=" ").status == 422, "a request without a purpose was made")
        expect(connection.json("POST", "/v1/requests", {"secret": "api/key", "url": URL, **WHY, "place": "query: key"}).status == 400, "a place was chosen")
