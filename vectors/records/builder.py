"""A vault, written act by act as docs/SPEC.md says, for the vectors that `generate.py` writes."""
from peer import log, rows
from peer.parts import integer, raw, stream
from peer.sealing import derive, seal, wrap

SECOND = 10**9
START = 1_795_200_000 * SECOND
ORGANIZATION_KEY = stream("organization key", 32)


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
        key_context = {"purpose": "tacit/v1/organization-key", "organization": ORGANIZATION, "version": 1, "generation": 2}
        self.tables["key"].append({"organization": ORGANIZATION, "owner": ORGANIZATION, "generation": 1, "wrapping": 2,
                                   "wrapped": wrap(self.root, stream("organization nonce", 12), ORGANIZATION_KEY, key_context).hex()})

    def put(self, row: dict, case: dict) -> None:
        """Puts a row in the place of its last state."""
        self.tables["record"] = [old for old in self.tables["record"] if old["id"] != row["id"]] + [row]
        self.cases.append({"row": row, "covered": rows.covered(row).hex()} | case)

    def clear(self, kind: str, label: str, content: bytes, **rest) -> None:
        self.put(rows.make_row(ORGANIZATION_KEY, ORGANIZATION, kind, id_of(label), content=content, **rest), {"name": label, "named": rest.get("name")})

    def sealed(self, kind: str, id: str, form: str, document: dict, *, name, label="", parent=None, project=None, generation=1, revision=1, found_by=None,
               **facts) -> None:
        """A row with a sealed document; `project` is the project whose key wraps, `facts` are the clear parts of the content."""
        draws = Draws(f"{id} {revision}")
        shell = {"kind": kind, "id": id, "organization": ORGANIZATION, "parent": parent, "revision": revision}
        wrapping = self.project_keys[project, generation] if kind in ("environment", "secret") else ORGANIZATION_KEY
        encoded = rows.write(form, document)
        facts["metadata"] = rows.seal_metadata(wrapping, generation, shell, project, encoded, draws)
        content = rows.write(kind if kind in ("secret", "grant") else "sealed-record", facts)
        row = rows.make_row(ORGANIZATION_KEY, ORGANIZATION, kind, id, content=content, parent=parent, name=name, revision=revision, found_by=found_by)
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
        value = log.digest(derive(ORGANIZATION_KEY, "records-digest-v1"), self.tables["record"])
        described = {"wall": self.now, "bootID": "ab" * 16, "bootTime": 3600 * SECOND + self.now - START, "actor": actor, "source": "cli",
                     "mode": "write", "action": action, "subjects": [], "allow": True, "phase": {"is": "single"}, "repeated": 1, "detail": [],
                     "recordsDigest": value.hex()} | rest
        context = {"purpose": "tacit/v1/audit-entry", "organization": ORGANIZATION, "version": index, "generation": 1}
        sealed = seal(derive(ORGANIZATION_KEY, "audit-seal-v1"), stream(f"entry {index}", 12), log.entry(described), context)
        previous = raw(self.tables["audit_entry"][-1]["chain"]) if index else bytes(32)
        link = log.links(derive(ORGANIZATION_KEY, "audit-log-v1"), raw(ORGANIZATION), [sealed], index, previous)[0]
        self.tables["audit_entry"].append({"organization": ORGANIZATION, "position": index, "sealed": sealed.hex(), "chain": link.hex()})

    def checkpoint(self) -> str:
        sealed = [raw(row["sealed"]) for row in self.tables["audit_entry"]]
        value = log.digest(derive(ORGANIZATION_KEY, "records-digest-v1"), self.tables["record"])
        extensions = ["tacit-chain " + log.b64(raw(self.tables["audit_entry"][-1]["chain"])), "tacit-records " + log.b64(value)]
        if self.tables["audit_checkpoint"]:
            extensions.append("tacit-previous " + log.b64(integer(self.tables["audit_checkpoint"][-1]["size"])))
        note = log.checkpoint(f"tacit.local/{ORGANIZATION}", sealed, extensions, log.signer(derive(ORGANIZATION_KEY, "checkpoint-signing-v1")))
        self.tables["audit_checkpoint"].append({"organization": ORGANIZATION, "size": len(sealed), "note": note.encode().hex(),
                                                "frontier": log.frontier(sealed).hex()})
        return note
