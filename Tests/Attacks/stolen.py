"""A vault whose files lie open to a thief: made, edited, opened again, and put back as it was."""

import shutil
import signal
import sqlite3

from attack import detail, expect
from house import Gone, canary, is_alive

OLD, NEW, OTHER = canary("old"), canary("new"), canary("other")


def furnish(house):
    """A vault with two secrets, one of them in two versions, a policy and a revoked agent; a checkpoint lies at its lock. Then the keeper ends."""
    with house.person() as person:
        expect(person.set("a/one", OLD.encode()).status == 201, "set")
        expect(person.set("b/two", OTHER.encode()).status == 201, "set")
        expect(person.apply_policy({"name": "p", "agent_id": "*", "allowed_keys": ["**"], "capabilities": ["env_inject"]}).status == 200, "policy")
        badge = person.json("POST", "/v1/agents", {"name": "gone"}).json["badge"]
    stop(house)
    keep(house, "before")
    with start(house) as person:
        expect(person.set("a/one", NEW.encode()).status == 200, "a second version")
        expect(person.request("DELETE", "/v1/agents/gone").status == 204, "revoke")
        house.badge = badge
    stop(house)
    keep(house, "good")


def stop(house):
    house.lock()
    house.kill_keeper(signal.SIGTERM)


def start(house):
    house.start()
    return house.person()


def keep(house, name):
    for folder in ("data", "state"):
        shutil.copytree(house.folders[folder], house.root / "kept" / name / folder)


def bring_back(house, name, folders=("data", "state")):
    for folder in folders:
        shutil.rmtree(house.folders[folder])
        shutil.copytree(house.root / "kept" / name / folder, house.folders[folder])


def database(house, name=None):
    base = house.vault if name is None else house.root / "kept" / name / "data"
    connection = sqlite3.connect(base / "vault.db", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    return connection


def edit(house, *statements):
    """Edits the file as somebody who knows the schema and takes the triggers out of the way for a moment."""
    with database(house) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            changed = statement(db) if callable(statement) else db.execute(statement).rowcount
            expect(changed != 0, f"nothing was changed by {statement}")
        for _, sql in triggers:
            db.execute(sql)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def flip(table, column, where="1"):
    """One bit of one row."""

    def change(db):
        row, data = db.execute(f"SELECT rowid, {column} FROM {table} WHERE {where} ORDER BY rowid LIMIT 1").fetchone()
        data = bytearray(data)
        data[len(data) // 2] ^= 1
        return db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(data), row)).rowcount

    return change


def flip_keyed(table, column):
    """One bit of every row of a table without rowids."""

    def change(db):
        rows = db.execute(f"SELECT {column} FROM {table}").fetchall()
        for (data,) in rows:
            altered = bytearray(data)
            altered[len(altered) // 2] ^= 1
            db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (bytes(altered), data))
        return len(rows)

    return change


def swap(table, column, key):
    """What two rows of a table hold in a column, exchanged."""

    def change(db):
        (one, first), (two, second) = db.execute(f"SELECT {key}, {column} FROM {table} LIMIT 2").fetchall()
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (second, one))
        return db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (first, two)).rowcount

    return change


def found(house):
    """What a person hears who opens this vault and looks at everything: the codes and messages, and the values that came out."""
    codes, values = [], set()
    try:
        process = house.start()
    except Gone as error:
        return [f"keeper: {error}"], values
    try:
        with house.connect(headers={"Tacit-Source": "cli"}) as person:
            answer = person.step_up(house.password)
            if answer.status != 200:
                return [answer.code, answer.json.get("title", "")], values
            for name in ("a/one", "b/two"):
                answer = person.reveal(name)
                values.add(answer.body.decode() if answer.status == 200 else "")
                if answer.status != 200:
                    codes.append(answer.code)
            verified = person.json("POST", "/v1/audit/verification", {"trusted_notes": []})
            if verified.status != 200 or not verified.json["intact"]:
                codes.append(verified.json.get("message") or verified.code)
    finally:
        expect(is_alive(process.pid), "the keeper crashed")
        house.kill_keeper()
    return codes, values - {""}


def must_find(house, name, wanted, allowed_values=(NEW, OTHER)):
    codes, values = found(house)
    detail(f"{name}: {'; '.join(codes)[:150] or 'nothing found'}")
    bring_back(house, "good")
    expect(any(word in " ".join(codes) for word in wanted), f"{name}: wanted one of {wanted}, heard {codes}, values {values}")
    expect(values <= set(allowed_values), f"{name}: a value came out that should not: {values}")


DISAGREE, UNREADABLE, ROLLBACK, BROKEN = "vault.records-disagree", "vault.unreadable", "vault.rollback-suspected", "vault.log-broken"
