"""What a program says of itself: never authority."""

from api import SECRETS
from attack import attack, expect
from house import canary, elsewhere

VALUE = canary()
SOURCES = ("cli", "mcp", "api", "sdk", "dashboard", "extension", "broker", "keeper", "CLI", "root", "")


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


@attack("trap 11", "who.claims", "stopped", "no source and no model that a stranger reports makes it a person")
def reported(context):
    house = context.house(furnish)

    def ask():
        found = []
        for source in SOURCES:
            for model in ("", "claude-opus", "person", "x" * 5000, "a\x1bb"):
                with house.connect(headers={"Tacit-Source": source, "Tacit-Reported-Model": model.replace("\x1b", "")}) as connection:
                    actor = connection.request("GET", "/v1/status")
                    if actor.status == 200:
                        found.append([source, actor.json["actor"]["kind"], connection.reveal("api/key").status])
        return found

    for source, kind, status in elsewhere(ask):
        expect(kind == "unidentified" and status in (403, 404), f"as {source!r} a stranger is {kind} and is answered with {status}")


@attack("trap 11", "who.keeper", "stopped", "nobody is entered in the log as the keeper itself by saying so")
def not_the_keeper(context):
    house = context.house(furnish)
    for source in ("keeper", "broker", "dashboard", "extension"):
        with house.connect(headers={"Tacit-Source": source}) as connection:
            connection.request("GET", SECRETS)
            connection.step_up("a wrong password" if source == "dashboard" else house.password)
    with house.person() as person:
        items = person.request("GET", "/v1/audit?limit=1000").json["items"]
    for item in items:
        # The keeper writes its own acts with its own process: none of these is one.
        if item["source"] in ("keeper", "broker", "dashboard", "extension") and item["action"] in ("secret.list", "step-up", "unlock.failed"):
            raise AssertionError(f"an entry says that `{item['source']}` ({item['actor']}) did what a client did: {item}")


@attack("trap 11", "who.model", "stopped", "a model's name reaches the log printable and short")
def model_name(context):
    house = context.house(furnish)
    with house.person() as person:
        person.headers["Tacit-Reported-Model"] = "opus \x7f\x01" + "y" * 4000
        answer = person.request("GET", SECRETS)
        person.headers.pop("Tacit-Reported-Model")
        if answer.status == 400:
            return
        person = house.person()
        models = [item["details"].get("reported-model", "") for item in person.request("GET", "/v1/audit").json["items"]]
        expect(all(len(model) <= 120 and model.isprintable() for model in models), models)
