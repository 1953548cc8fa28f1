"""Deleting by mistake, and destroying on purpose."""

import sqlite3

from api import SECRETS, secret_path
from attack import attack, check, expect
from house import canary

# Where the keeper is a user of its own, root alone comes near its files.
NEEDS_ROOT_APART = True
VALUE, NEW = canary(), canary("new")


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


@attack("trap 15", "delete.undo", "stopped", "what is deleted comes back whole with every version; only a deleted secret can be purged, and that asks again")
def delete(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as person:
        expect(person.set("api/key", NEW.encode()).status == 200, "a second version")
        expect(person.request("POST", secret_path("api/key") + "/purge").status in (409, 422), "purged without having been deleted")
        expect(person.request("DELETE", secret_path("api/key")).status == 200, "delete")
        expect(person.reveal("api/key").status == 409, "a deleted secret is revealed")
        expect(person.run(["true"], ["api/key"]).wait().problem is not None, "a deleted secret is injected")
    expect(b"asks for the password again" in house.tacit("purge", "api/key").err, "a purge without being asked again")
    expect(house.tacit("undelete", "api/key").returncode == 0, "undelete")
    with house.person() as person:
        expect(person.reveal("api/key").body == NEW.encode(), "after undelete")
        expect(person.request("GET", secret_path("api/key") + "/value?version=1").body == VALUE.encode(), "its first version")
        expect(person.json("POST", secret_path("api/key") + "/rollback", {"version": 1}).status == 200, "rollback")
        expect(person.reveal("api/key").body == VALUE.encode(), "after rollback")


@attack("trap 15", "delete.purge", "stopped", "a purge destroys the sealed bytes and keys in the raw files, write-ahead log included")
def purge(context):
    house = context.fresh().init()
    furnish(house)
    house.lock()
    with sqlite3.connect(f"file:{house.vault}/vault.db?mode=ro", uri=True) as db:
        blobs = [row[0] for table, column in (("ciphertext", "sealed"), ("data_key", "wrapped")) for row in db.execute(f"SELECT {column} FROM {table}")]
    raw = lambda: b"".join(path.read_bytes() for path in house.vault.iterdir() if path.is_file())
    expect(blobs and all(blob[8:40] in raw() for blob in blobs), "the sealed bytes are not in the files before")
    with house.person() as person:
        expect(person.request("DELETE", secret_path("api/key")).status == 200, "delete")
        expect(person.request("POST", secret_path("api/key") + "/purge").status == 204, "purge")
        left = [len(blob) for blob in blobs if blob[8:40] in raw()]
        expect(not left, f"{len(left)} of {len(blobs)} sealed blobs are left in the raw files")
        expect(person.reveal("api/key").status == 404, "a purged secret")
        expect(not [item for item in person.request("GET", SECRETS + "?deleted=true").json["items"]], "it is listed")


@check("trap 15", "a write that expects another version changes nothing")
def compare_and_set(context):
    house = context.fresh().init()
    furnish(house)
    with house.person() as person:
        for tag, status in (('"7"', 412), ('"0"', 412), ("7", 400), ('"x"', 400), ('"-1"', 400), ("*", 400), ('W/"1"', 400)):
            answer = person.set("api/key", NEW.encode(), If_Match=tag)
            expect(answer.status == status, f"If-Match {tag}: {answer}")
        expect(person.reveal("api/key").body == VALUE.encode(), "it was changed nevertheless")
        expect(person.set("api/key", NEW.encode(), If_Match='"1"').status == 200, "the right version")
