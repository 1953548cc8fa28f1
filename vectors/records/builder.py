"""A vault, written act by act as docs/SPEC.md says, for the vectors that `generate.py` writes."""
from peer import log, rows
from peer.parts import integer, raw, stream
from peer.sealing import derive, seal, wrap

SECOND = 10**9
START = 1_795_200_000 * SECOND
FORMER_KEY, ORGANIZATION_KEY = stream("former organization key", 32), stream("organization key", 32)


def id_of(label: str) -> str:
    return stream("id of " + label, 16).hex()


ORGANIZATION = id_of("organization")


class Draws:
    """What is random in the vault, in the order in which it is drawn."""

    def __init__(self, label: str):
        self.label, self.drawn = label, []

    def __call__(self, count: int) -> bytes:
        self.drawn.append(stream(f"{self.label} {len(self.drawn)}", count))
        return self.drawn[-1]


class Builder:
    """Writes a vault act by act: the rows as they stand, and the log with the digest after each act."""

    def __init__(self):
        self.tables = {name: [] for name in ("record", "key", "version", "data_key", "ciphertext", "audit_entry", "audit_checkpoint")}
        self.cases, self.now = [], START
        self.root, self.project_keys = stream("root key of generation 2", 32), {}
        # The vault begins under a key that `turn` puts an end to.
        self.key, self.generation = FORMER_KEY, 1
        key_context = {"purpose": "tacit/v1/organization-key", "organization": ORGANIZATION, "version": 2, "generation": 2}
        self.tables["key"].append({"organization": ORGANIZATION, "owner": ORGANIZATION, "generation": 2, "wrapping": 2,
                                   "wrapped": wrap(self.root, stream("organization nonce", 12), ORGANIZATION_KEY, key_context).hex()})

    def put(self, row: dict, case: dict) -> None:
        """Puts a row in the place of its last state."""
        self.tables["record"] = [old for old in self.tables["record"] if old["id"] != row["id"]] + [row]
        if self.key == ORGANIZATION_KEY:
            self.cases.append({"row": row, "covered": rows.covered(row).hex()} | case)

    def clear(self, kind: str, label: str, content: bytes, **rest) -> None:
        self.put(rows.make_row(self.key, ORGANIZATION, kind, id_of(label), content=content, **rest), {"name": label, "named": rest.get("name")})

    def sealed(self, kind: str, id: str, form: str, document: dict, *, name, label="", parent=None, project=None, generation=1, revision=1, found_by=None,
               **facts) -> None:
        """A row with a sealed document; `project` is the project whose key wraps, `facts` are the clear parts of the content."""
        draws = Draws(f"{id} {revision}")
        shell = {"kind": kind, "id": id, "organization": ORGANIZATION, "parent": parent, "revision": revision}
        wrapping = self.project_keys[project, generation] if kind in ("environment", "secret") else self.key
        generation = generation if kind in ("environment", "secret") else self.generation
        encoded = rows.write(form, document)
        facts["metadata"] = rows.seal_metadata(wrapping, generation, shell, project, encoded, draws)
        content = rows.write(kind if kind in ("secret", "grant") else "sealed-record", facts)
        row = rows.make_row(self.key, ORGANIZATION, kind, id, content=content, parent=parent, name=name, revision=revision, found_by=found_by)
        self.put(row, {"name": f"{kind} {document.get('name') or document.get('version') or name or label}, revision {revision}", "named": name, "project": project,
                       "wrapping": wrapping.hex(), "document": encoded.hex(), "metadata": facts["metadata"], "draws": [d.hex() for d in draws.drawn]})

    def project(self, label: str, generations: list) -> str:
        project = id_of("project " + label)
        for generation in generations:
            key = stream(f"key {generation} of {label}", 32)
            self.project_keys[project, generation] = key
            context = {"purpose": "tacit/v1/project-key", "organization": ORGANIZATION, "project": project, "version": generation, "generation": 2}
            self.tables["key"].append({"organization": ORGANIZATION, "owner": project, "generation": generation, "wrapping": 2,
                                       "wrapped": wrap(self.root, stream(f"nonce {generation} of {label}", 12), key, context).hex()})
        self.sealed("project", project, "name", {"name": label}, name=label, project=project, createdAt=self.now)
        return project

    def environment(self, project: str, label: str, name: str, generation: int = 1) -> str:
        environment = id_of("environment " + label)
        self.sealed("environment", environment, "name", {"name": name}, name=name, parent=project, project=project, generation=generation,
                    createdAt=self.now)
        return environment

    def version(self, project: str, environment: str, secret: str, number: int, fields: list, generation: int = 1, seal_number: int = 1) -> None:
        self.tables["version"].append({"organization": ORGANIZATION, "secret": secret, "number": number, "created_at": self.now})
        described = {"createdAt": self.now, "fields": [{k: v for k, v in field.items() if k != "value"} for field in fields]}
        contents = [("manifest", rows.write("manifest", described))] + [("value", field["value"].encode()) for field in fields]
        for ordinal, (purpose, content) in enumerate(contents):
            draw = Draws(f"{secret} {number} {ordinal}")
            place = {"organization": ORGANIZATION, "project": project, "environment": environment, "secret": secret, "version": number, "field": ordinal}
            key, at = draw(32), {"organization": ORGANIZATION, "secret": secret, "version": number, "ordinal": ordinal}
            wrapped = wrap(self.project_keys[project, generation], draw(12), key, place | {"purpose": "tacit/v1/data-key", "generation": generation})
            sealed = seal(key, draw(12), content, place | {"purpose": f"tacit/v1/{purpose}", "generation": seal_number})
            self.tables["data_key"].append(at | {"generation": generation, "seal": seal_number, "wrapped": wrapped.hex()})
            self.tables["ciphertext"].append(at | {"seal": seal_number, "sealed": sealed.hex()})

    def entry(self, action: str, **rest) -> None:
        """Appends an entry with the digest over the rows as they stand."""
        self.now += SECOND
        index = len(self.tables["audit_entry"])
        actor = {"kind": "person", "userID": 1000, "userName": "ada", "host": "engine", "process": 4242, "executable": "/usr/bin/tacit",
                 "platform": "linux-x86_64"}
        value = log.digest(derive(self.key, "records-digest-v1"), self.tables["record"])
        described = {"wall": self.now, "bootID": "ab" * 16, "bootTime": 3600 * SECOND + self.now - START, "actor": actor, "source": "cli",
                     "mode": "write", "action": action, "subjects": [], "allow": True, "phase": {"is": "single"}, "repeated": 1, "detail": [],
                     "recordsDigest": value.hex()} | rest
        context = {"purpose": "tacit/v1/audit-entry", "organization": ORGANIZATION, "version": index, "generation": 1}
        sealed = seal(derive(self.key, "audit-seal-v1"), stream(f"entry {index}", 12), log.entry(described), context)
        previous = raw(self.tables["audit_entry"][-1]["chain"]) if index else bytes(32)
        link = log.links(derive(self.key, "audit-log-v1"), raw(ORGANIZATION), [sealed], index, previous)[0]
        self.tables["audit_entry"].append({"organization": ORGANIZATION, "position": index, "sealed": sealed.hex(), "chain": link.hex()})

    def signer(self, key: bytes):
        return log.signer(derive(key, "checkpoint-signing-v1"))

    def turn(self, again) -> None:
        """Ends the former key's epoch; `again` puts every row anew under the next key."""
        origin, next_public = f"tacit.local/{ORGANIZATION}", log.public_key(self.signer(ORGANIZATION_KEY))
        facts = [["rotation", "organization"], ["generation", "2"]]
        self.entry("rotation.begin", mode="administer", detail=facts + [["verifier-key", log.verifier_key(origin, next_public)]])
        self.checkpoint(ORGANIZATION_KEY)
        kept = {name: derive(FORMER_KEY, label).hex() for name, label in zip(rows.EPOCH_KEYS, (
            "audit-log-v1", "audit-seal-v1", "token-v1", "fake-token-v1", "rollback-memory-v1"))}
        signer = log.verifier_key(origin, log.public_key(self.signer(FORMER_KEY)))
        self.key, self.generation = ORGANIZATION_KEY, 2
        again(self)
        count = len(self.tables["record"])
        self.sealed("epoch", id_of("epoch"), "epoch", {"generation": 1, "first": 0, "end": len(self.tables["audit_entry"])} | kept | {"signer": signer},
                    name="generation/1", createdAt=self.now)
        self.entry("rotation.end", mode="administer", detail=facts + [["rows", str(count)], ["tokens", "0"]])

    def checkpoint(self, next_key: bytes | None = None) -> str:
        sealed = [raw(row["sealed"]) for row in self.tables["audit_entry"]]
        value = log.digest(derive(self.key, "records-digest-v1"), self.tables["record"])
        extensions = ["tacit-chain " + log.b64(raw(self.tables["audit_entry"][-1]["chain"])), "tacit-records " + log.b64(value)]
        if self.tables["audit_checkpoint"]:
            extensions.append("tacit-previous " + log.b64(integer(self.tables["audit_checkpoint"][-1]["size"])))
        signers = [self.signer(self.key)]
        if next_key:
            signers.append(self.signer(next_key))
            extensions.append("tacit-next " + log.b64(b"\1" + log.public_key(signers[1])))
        note = log.checkpoint(f"tacit.local/{ORGANIZATION}", sealed, extensions, *signers)
        self.tables["audit_checkpoint"].append({"organization": ORGANIZATION, "size": len(sealed), "note": note.encode().hex(),
                                                "frontier": log.frontier(sealed).hex()})
        return note
