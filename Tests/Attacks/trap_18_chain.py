"""The log's chain lies in the vault, not in a keeper: kills, second keepers and copies of the vault."""

import shutil

from attack import attack, expect
from house import PASSWORD, canary

# Where the keeper is a user of its own, root alone comes near its files.
NEEDS_ROOT_APART = True
VALUE = canary()


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


def verified(person, *kept):
    return person.json("POST", "/v1/audit/verification", {"trusted_notes": list(kept)}).json


def checkpoint(person):
    answer = person.request("POST", "/v1/audit/checkpoints")
    expect(answer.status == 201, answer)
    return answer.json["note"]


def restarted(house):
    house.kill_keeper()
    house.start()
    return house.person()


@attack("trap 18", "log.killed", "stopped", "each of ten keepers that are killed goes on with the chain of the one before; a checkpoint kept at the start fits to the end", rarely=True)
def killed(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as person:
        kept, count = checkpoint(person), verified(person)["entries"]
    for number in range(10):
        with restarted(house) as person:
            expect(person.set(f"k/{number}", canary().encode()).status == 201, "set")
            found = verified(person, kept)
            expect(found["intact"] and found["entries"] > count, f"after {number + 1} kills: {found}")
            count = found["entries"]


@attack("trap 18", "log.pending", "stopped", "what was refused while the vault was locked reaches the chain, although the keeper that noted it was killed")
def pending(context):
    house = context.fresh().init()
    furnish(house)
    house.lock()
    with house.connect(headers={"Tacit-Source": "cli"}) as stranger:
        expect(stranger.reveal("api/key").code == "vault.locked", "a locked vault")
    with restarted(house) as person:
        items = person.request("GET", "/v1/audit?limit=1000").json["items"]
        expect([item for item in items if item["details"].get("recorded") == "while locked"], "the entry that waited is lost")
        expect(verified(person)["intact"], "the chain")


@attack("trap 18", "log.two-keepers", "stopped", "two keepers cannot write one chain: the second is refused the vault, and the first one's chain is whole")
def two_keepers(context):
    house = context.fresh().init()
    furnish(house)
    other = house.root / "run2"
    with house.as_owner():
        other.mkdir(mode=0o700)
    # A keeper of the person's own would have to be told where the vault of another user's is.
    where = {"TACIT_VAULT": str(house.vault)} if house.is_apart else {"XDG_RUNTIME_DIR": str(other)}
    done = house.tacit("set", "from/second", env=house.environment | where, password=PASSWORD, input=b"value")
    expect(done.returncode != 0 and (house.is_apart or b"another keeper holds this vault" in done.err), f"{done.returncode} {done.err}")
    with house.person() as person:
        expect(verified(person)["intact"] and person.reveal("from/second").status == 404, "the first keeper's vault")


@attack("trap 18", "log.fork", "detected", "of two copies of a vault that went on separately, the one that does not fit a kept checkpoint is named as a fork")
def forked(context):
    house = context.fresh().init()
    furnish(house)
    house.lock()
    house.kill_keeper()
    shutil.copytree(house.vault, house.root / "copy")
    house.start()
    with house.person() as person:
        for number in range(3):
            expect(person.set(f"here/{number}", canary().encode()).status == 201, "set")
        kept = checkpoint(person)
        expect(verified(person, kept)["intact"], "its own checkpoint")
    house.lock()
    house.kill_keeper()
    shutil.rmtree(house.vault)
    shutil.copytree(house.root / "copy", house.vault)
    # The memory of the newer state is another matter (`rollback suspected`): here it is gone, too.
    shutil.rmtree(house.remembered)
    house.start()
    with house.person() as person:
        for number in range(6):
            expect(person.set(f"there/{number}", canary().encode()).status == 201, "set")
        expect(verified(person)["intact"], "by itself the copy is whole")
        found = verified(person, kept)
        expect(not found["intact"] and ("fork" in found["message"] or "checkpoint" in found["message"]), f"{found}")
