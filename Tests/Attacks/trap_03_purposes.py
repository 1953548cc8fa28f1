"""One key, and what hangs from it, in the place of another."""

from attack import attack, expect
from stolen import DISAGREE, NEW, OTHER, UNREADABLE, bring_back, edit, found, furnish, must_find

# Where the keeper is a user of its own, root alone comes near its files.
NEEDS_ROOT_APART = True

@attack("trap 3", "database.purposes", "detected", "what was sealed or wrapped for one purpose opens for no other, even under the same key", rarely=True)
def purposes(context):
    house = context.house(furnish)

    def exchange_roles(table, column):
        """The list of a version's fields (ordinal 0) and its first field's value, exchanged; both hang from one project key."""
        def change(db):
            pairs = db.execute(f"SELECT secret, version, (SELECT {column} FROM {table} b WHERE b.secret = a.secret AND b.version = a.version AND b.ordinal = 1), {column} FROM {table} a WHERE ordinal = 0").fetchall()
            for secret, version, value, manifest in pairs:
                for ordinal, data in ((0, value), (1, manifest)):
                    db.execute(f"UPDATE {table} SET {column} = ? WHERE secret = ? AND version = ? AND ordinal = ?", (data, secret, version, ordinal))
            return len(pairs)
        return change

    def project_key_as_organization_key(db):
        keys = {kind: db.execute("SELECT owner, wrapped FROM key WHERE owner IN (SELECT id FROM record WHERE kind = ?)", (kind,)).fetchone() for kind in ("project", "organization")}
        expect(all(keys.values()), f"the keys are elsewhere: {keys}")
        return db.execute("UPDATE key SET wrapped = ? WHERE owner = ?", (keys["project"][1], keys["organization"][0])).rowcount

    def value_key_as_project_key(db):
        wrapped = db.execute("SELECT wrapped FROM data_key LIMIT 1").fetchone()[0]
        return db.execute("UPDATE key SET wrapped = ? WHERE owner IN (SELECT id FROM record WHERE kind = 'project')", (wrapped,)).rowcount

    def entry_as_value(db):
        entry = db.execute("SELECT sealed FROM audit_entry WHERE position = 1").fetchone()[0]
        return db.execute("UPDATE ciphertext SET sealed = ? WHERE ordinal = 1", (entry,)).rowcount

    expect(found(house) == ([], {NEW, OTHER}), "the untouched vault does not open")
    bring_back(house, "good")
    for name, statements in {
        "a value as the list of fields": [exchange_roles("ciphertext", "sealed")], "the two with their keys": [exchange_roles("ciphertext", "sealed"), exchange_roles("data_key", "wrapped")],
        "the project's key as the organization's": [project_key_as_organization_key], "a value's key as the project's": [value_key_as_project_key], "an entry of the log as a value": [entry_as_value],
    }.items():
        edit(house, *statements)
        must_find(house, name, (UNREADABLE, DISAGREE), allowed_values=(OTHER, NEW) if "'s" in name else ())
