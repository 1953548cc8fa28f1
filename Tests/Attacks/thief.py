"""Whoever holds the files: edits, swaps, cuts, rolls back, and opens them to others. Each is found, and no wrong value comes out."""

import os
import sqlite3

from attack import attack, check, detail, expect
from house import Gone, canary
from stolen import BROKEN, DISAGREE, NEW, OTHER, ROLLBACK, UNREADABLE, bring_back, database, edit, flip, flip_keyed, found, furnish, must_find, start, swap

# Where the keeper is a user of its own, root alone comes near its files.
NEEDS_ROOT_APART = True

@check("thief", "the untouched copy opens, verifies, and gives the right values (or the rest would prove nothing)")
def control(context):
    house = context.house(furnish)
    codes, values = found(house)
    bring_back(house, "good")
    expect((codes, values) == ([], {NEW, OTHER}), f"{codes} {values}")


@attack("thief", "database.rows", "detected", "edited, swapped, added, removed and rolled-back rows are refused at unlock")
def mutable_rows(context):
    house = context.house(furnish)
    old = lambda kind: database(house, "before").execute("SELECT id, revision, content, mac FROM record WHERE kind = ?", (kind,)).fetchall()

    def roll_back(kind):
        def change(db):
            return sum(db.execute("UPDATE record SET revision = ?, content = ?, mac = ? WHERE id = ? AND content <> ?", (revision, content, mac, id, content)).rowcount
                       for id, revision, content, mac in old(kind))
        return change

    for name, statement in {
        "a secret's pointer rolled back": roll_back("secret"), "an agent's revocation rolled back": roll_back("agent"),
        "a bit of a record": flip("record", "content", "kind = 'policy'"), "a bit of a slot": flip("record", "content", "kind = 'slot'"), "a bit of a MAC": flip("record", "mac", "kind = 'secret'"),
        "the policy taken away": "DELETE FROM record WHERE kind = 'policy'", "an agent taken away": "DELETE FROM record WHERE kind = 'agent'",
        "the contents of two secrets exchanged": swap("record", "content", "rowid"), "a revision raised": "UPDATE record SET revision = revision + 1 WHERE kind = 'secret'",
        "a kind changed": "UPDATE record SET kind = 'agent' WHERE kind = 'secret'", "an index changed": "UPDATE record SET lookup = randomblob(32) WHERE kind = 'secret'",
        "a record doubled": "INSERT INTO record SELECT organization, kind, randomblob(16), parent, randomblob(32), revision, content, mac FROM record WHERE kind = 'secret'",
        "all parents taken away": "UPDATE record SET parent = NULL WHERE kind = 'secret'",
    }.items():
        edit(house, statement)
        must_find(house, name, (DISAGREE, UNREADABLE, "unlock.failed"), allowed_values=())


@attack("thief", "database.sealed", "detected", "keys and sealed values that were edited, exchanged or rolled back do not open", rarely=True)
def sealed_rows(context):
    house = context.house(furnish)

    def old_version_as_new(db):
        """Version 1's sealed value and key in the place of version 2's."""
        old = db.execute("SELECT secret, ordinal, sealed FROM ciphertext WHERE version = 1 AND secret IN (SELECT secret FROM version WHERE number = 2)").fetchall()
        keys = db.execute("SELECT secret, ordinal, wrapped FROM data_key WHERE version = 1 AND secret IN (SELECT secret FROM version WHERE number = 2)").fetchall()
        for secret, ordinal, sealed in old:
            db.execute("UPDATE ciphertext SET sealed = ? WHERE secret = ? AND ordinal = ? AND version = 2", (sealed, secret, ordinal))
        return sum(db.execute("UPDATE data_key SET wrapped = ? WHERE secret = ? AND ordinal = ? AND version = 2", (wrapped, secret, ordinal)).rowcount for secret, ordinal, wrapped in keys)

    def exchange_secrets(table, column):
        def change(db):
            secrets = [row[0] for row in db.execute("SELECT DISTINCT secret FROM ciphertext")]
            rows = {secret: db.execute(f"SELECT version, ordinal, {column} FROM {table} WHERE secret = ? AND version = 1", (secret,)).fetchall() for secret in secrets}
            for mine, others in ((secrets[0], secrets[1]), (secrets[1], secrets[0])):
                for version, ordinal, data in rows[others]:
                    db.execute(f"UPDATE {table} SET {column} = ? WHERE secret = ? AND version = ? AND ordinal = ?", (data, mine, version, ordinal))
            return 1
        return change

    def exchange_whole(db):
        """Sealed values and their keys of two secrets, both exchanged: only what they are bound to tells."""
        return exchange_secrets("ciphertext", "sealed")(db) + exchange_secrets("data_key", "wrapped")(db)

    for name, statements in {
        "a bit of every sealed value": [flip_keyed("ciphertext", "sealed")], "a bit of every data key": [flip_keyed("data_key", "wrapped")],
        "a bit of every wrapped key": [flip_keyed("key", "wrapped")], "wrapped keys exchanged": [swap("key", "wrapped", "owner")],
        "sealed values of two secrets exchanged": [exchange_secrets("ciphertext", "sealed")], "keys of two secrets exchanged": [exchange_secrets("data_key", "wrapped")],
        "two secrets exchanged whole": [exchange_whole], "an old version's value under the new number": [old_version_as_new],
        "sealed values cut": ["UPDATE ciphertext SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) AS BLOB)"], "sealed values emptied": ["UPDATE ciphertext SET sealed = x'01'"],
        "data keys taken away": ["DELETE FROM data_key"], "a format version of the future": ["UPDATE ciphertext SET sealed = CAST(x'ff' || substr(sealed, 2) AS BLOB)"],
    }.items():
        edit(house, *statements)
        must_find(house, name, (UNREADABLE, DISAGREE))


@attack("thief", "database.log", "detected", "the log: edits, gaps, reorderings, cut tails and forged checkpoints are found and named", rarely=True)
def log_rows(context):
    house = context.house(furnish)
    count = database(house).execute("SELECT count(*) FROM audit_entry").fetchone()[0]

    def reorder(db):
        db.execute("UPDATE audit_entry SET position = 1000000 WHERE position = 3")
        db.execute("UPDATE audit_entry SET position = 3 WHERE position = 4")
        return db.execute("UPDATE audit_entry SET position = 4 WHERE position = 1000000").rowcount

    def no_gap(db):
        db.execute("DELETE FROM audit_entry WHERE position = 3")
        return sum(db.execute("UPDATE audit_entry SET position = ? WHERE position = ?", (i - 1, i)).rowcount for i in range(4, count))

    for name, statements, wanted in (
        ("a bit of an entry", [flip("audit_entry", "sealed", "position = 3")], ("entry 3",)),
        ("a bit of a chain value", [flip("audit_entry", "chain", "position = 3")], ("entry 3",)),
        ("an entry taken away", ["DELETE FROM audit_entry WHERE position = 3"], ("entry 3",)),
        ("an entry taken away and the gap closed", [no_gap], ("entry 3", DISAGREE, ROLLBACK, BROKEN)),
        ("two entries exchanged", [reorder], ("entry 3",)),
        ("the tail cut behind the checkpoint's end", [f"DELETE FROM audit_entry WHERE position >= {count - 1}"], (DISAGREE, ROLLBACK, BROKEN)),
        ("the tail cut with every checkpoint", [f"DELETE FROM audit_entry WHERE position >= {count - 3}", "DELETE FROM audit_checkpoint"], (DISAGREE, ROLLBACK, BROKEN)),
        ("the whole log taken away", ["DELETE FROM audit_entry", "DELETE FROM audit_checkpoint"], (DISAGREE, ROLLBACK, BROKEN)),
        ("the checkpoints taken away", ["DELETE FROM audit_checkpoint"], ("vault.checkpoints-missing",)),
        ("the last checkpoint taken away", ["DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint)"], ("vault.checkpoints-missing",)),
        ("a bit of a checkpoint", [flip("audit_checkpoint", "note")], (DISAGREE, BROKEN, "checkpoint", UNREADABLE)),
        ("a frontier exchanged", ["UPDATE audit_checkpoint SET frontier = randomblob(length(frontier))"], (DISAGREE, BROKEN, "checkpoint", UNREADABLE)),
    ):
        edit(house, *statements)
        must_find(house, name, wanted)


@attack("thief", "database.rollback", "detected", "an older copy of the vault is `rollback suspected`, also when its write-ahead log was taken away")
def rolled_back(context):
    house = context.house(furnish)
    bring_back(house, "before", ["data"])
    must_find(house, "an older copy of the directory", (ROLLBACK,), allowed_values=())
    with start(house) as person:
        expect(person.set("b/two", canary().encode()).status == 200, "set")
        # While the vault is open: one that is locked has put its write-ahead log into the database.
        house.kill_keeper()
    wal = house.vault / "vault.db-wal"
    expect(wal.exists() and wal.stat().st_size > 0, "there is no write-ahead log to take away")
    wal.unlink()
    must_find(house, "the write-ahead log taken away", (ROLLBACK, DISAGREE), allowed_values=())


@attack("thief", "database.broken", "detected", "files that are cut, emptied, overwritten or somebody else's are refused without a crash")
def broken_files(context):
    house = context.house(furnish)
    file = house.vault / "vault.db"
    size = file.stat().st_size
    damages = {
        "cut in the middle": lambda: os.truncate(file, size // 2), "cut to a page": lambda: os.truncate(file, 4096), "emptied": lambda: os.truncate(file, 0),
        "overwritten by noise": lambda: file.write_bytes(os.urandom(size)), "with a bad head": lambda: overwrite(file, 0, b"SQLite format 9\0"),
        "with noise in its middle": lambda: overwrite(file, size // 2 // 4096 * 4096, os.urandom(8192)), "with noise behind it as write-ahead log": lambda: private(house.vault / "vault.db-wal", os.urandom(40000)),
        "with a text as database": lambda: file.write_text("hello"), "with another schema": lambda: other_schema(file), "with a hot journal of noise": lambda: private(house.vault / "vault.db-journal", os.urandom(9000)),
    }
    for name, damage in damages.items():
        damage()
        codes, values = found(house)
        detail(f"{name}: {'; '.join(codes)[:150] or 'nothing found'}")
        bring_back(house, "good")
        expect(values <= {NEW, OTHER}, f"{name}: {values}")
        expect(codes or values == {NEW, OTHER}, f"{name}: neither an error nor the values")


def overwrite(file, at, data):
    with open(file, "r+b") as opened:
        opened.seek(at)
        opened.write(data)


def private(file, data):
    file.write_bytes(data)
    file.chmod(0o600)


def other_schema(file):
    file.unlink()
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE record (a)")
    file.chmod(0o600)


@attack("thief", "database.modes", "stopped", "files and directories that are open to others, links or not ours are refused, with the command that mends it", left="places")
def modes(context):
    house = context.house(furnish)
    vault, file = house.vault, house.vault / "vault.db"

    def refused(what, *words):
        codes, values = found(house)
        expect(not values and codes, f"{what}: {codes} {values}")
        done = house.tacit("unlock", password=house.password)
        try:
            house.kill_keeper()
        except (Gone, OSError):
            pass
        text = (done.out + done.err).decode()
        detail(f"{what}: {text.strip()[-200:]}")
        expect(done.returncode != 0 and all(word in text for word in words), f"{what}: {done.returncode} {text}")

    for path, mode in ((vault, 0o755), (vault, 0o770), (file, 0o644), (file, 0o660), (file, 0o400)):
        good = path.stat().st_mode & 0o7777
        path.chmod(mode)
        refused(f"{path.name} {mode:o}", f"chmod {good:o}", path.name)
        path.chmod(good)
    (house.root / "data").chmod(0o777)
    refused("the directory above open to all", "chmod")
    (house.root / "data").chmod(0o700)
    moved = house.root / "elsewhere"
    vault.rename(moved)
    vault.symlink_to(moved)
    refused("the directory a link")
    vault.unlink()
    moved.rename(vault)
    file.rename(vault / "moved.db")
    file.symlink_to(vault / "moved.db")
    refused("the file a link")
    file.unlink()
    (vault / "moved.db").rename(file)
    for folder in (house.state, house.root / "run" / "tacit"):
        folder.chmod(0o755)
        refused(f"{folder.parent.name}/tacit 755", "chmod 700")
        folder.chmod(0o700)
    codes, values = found(house)
    bring_back(house, "good")
    expect(not codes and values == {NEW, OTHER}, f"after all is mended: {codes} {values}")


@attack("thief", "database.bytes", "stopped", "the stored bytes hold neither values nor names, tags, notes, links or bindings")
def stored_bytes(context):
    import json

    import hunt
    from api import multipart, secret_path

    house = context.fresh().init()
    marks = {name: canary(name) for name in ("name", "tag", "note", "description", "value", "plain", "project", "environment", "agent", "policy", "url", "field", "variable")}
    variable = marks["variable"].replace("-", "_").upper()
    with house.person() as person:
        fields = [{"name": marks["field"], "kind": "secret"}, {"name": "user", "kind": "plain"}]
        wish = {"fields": fields, "tags": [marks["tag"]], "note": marks["note"], "description": marks["description"], "url": f"https://{marks['url']}.example/",
                "bindings": [{"variable": variable, "field": marks["field"]}]}
        answer = person.request("PUT", secret_path(marks["name"]), *multipart([("secret", json.dumps(wish).encode()), ("field-0", marks["value"].encode()), ("field-1", marks["plain"].encode())]))
        expect(answer.status == 201, answer)
        expect(person.json("POST", "/v1/projects", {"name": marks["project"]}).status == 201, "project")
        expect(person.json("POST", f"/v1/projects/{marks['project']}/environments", {"name": marks["environment"]}).status == 201, "environment")
        expect(person.apply_policy({"name": marks["policy"], "agent_id": marks["agent"], "allowed_keys": [marks["name"]], "capabilities": ["env_inject"]}).status == 200, "policy")
        expect(person.json("POST", "/v1/agents", {"name": marks["agent"]}).status == 201, "agent")
        expect(person.request("GET", secret_path(marks["name"]) + f"/value?field={marks['field']}").status == 200, "reveal")
        expect(person.run(["echo", "x"], [marks["name"]]).wait().exit == ("exited", 0), "run")
        expect(person is not None and house.connect().reveal(marks["name"]).status in (403, 404), "a refused reveal")
    house.lock()
    house.connect().reveal(marks["name"])
    files = [path for path in house.files() if path.name != "tacit"]
    left = hunt.in_files(files, marks | {"password": house.password})
    expect(not left, f"in the files: {dict(left)}")
    planted = house.root / "planted"
    planted.write_text(marks["note"])
    expect(hunt.in_files([planted], marks), "the hunt does not find what is there")
