"""Reads a whole vault and holds everything in it against what the SPEC demands (docs/SPEC.md §6 and §7)."""
import collections
import sqlite3

from . import log, rows, tokens
from .parts import Refused, integer, raw
from .sealing import derive, hashed, open_sealed, read_slot, recovery_key, slot_context, unwrap

TABLES = {
    "record": ("organization", "kind", "id", "parent", "lookup", "revision", "content", "mac"),
    "key": ("organization", "owner", "generation", "wrapping", "wrapped"),
    "version": ("organization", "secret", "number", "created_at"),
    "data_key": ("organization", "secret", "version", "ordinal", "generation", "seal", "wrapped"),
    "ciphertext": ("organization", "secret", "version", "ordinal", "seal", "sealed"),
    "audit_entry": ("organization", "position", "sealed", "chain"),
    "audit_checkpoint": ("organization", "size", "note", "frontier"),
    "audit_anchor": ("organization", "size"),
}
APPLICATION_ID = 0x54414349


def tables_of(path: str) -> dict:
    """The rows of a vault's file; bytes as hexadecimal."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    if database.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise Refused("no vault")
    if [row[0] for row in database.execute("SELECT version FROM schema_migration ORDER BY version")] != [1, 2, 3, 4, 5, 6, 7, 8, 9]:
        raise Refused("schema")
    shown = lambda value: value.hex() if isinstance(value, bytes) else value
    return {table: [dict(zip(columns, map(shown, row))) for row in database.execute(f'SELECT {", ".join(columns)} FROM "{table}"')]
            for table, columns in TABLES.items()}


def root_key(tables: dict, *, password: bytes | None = None, recovery: str | None = None) -> tuple[bytes, int]:
    """The root key that a slot gives, and its generation."""
    for row in tables["record"]:
        if row["kind"] != "slot":
            continue
        content = rows.read("slot", raw(row["content"]))
        slot = read_slot(raw(content["slot"]))
        if slot["kind"] != ("password" if recovery is None else "recovery"):
            continue
        try:
            slot_key = hashed(password, slot["phc"]) if recovery is None else recovery_key(recovery)
            return unwrap(slot_key, slot["wrapped"], slot_context(row["organization"], row["id"])), content["rootGeneration"]
        except Refused:
            continue
    raise Refused("commitment-mismatch")


class Vault:
    """An opened vault. Making one checks rows, digest, log and checkpoints; `secrets` and the rest open what is sealed."""

    def __init__(self, tables: dict, **opener):
        self.tables = tables
        root, self.root_generation = root_key(tables, **opener)
        self.organization = tables["record"][0]["organization"]
        if any(row["organization"] != self.organization for table in tables.values() for row in table):
            raise Refused("another organization")
        # The newest generation of the organization key that this root key wraps.
        self.key, self.key_generation = max(self._wrapped_keys(root, self.organization, "organization").items(), key=lambda pair: pair[0])[::-1]
        self._root = root
        self.records = {row["id"]: row for row in tables["record"]}
        for row in tables["record"]:
            rows.check_row(self.key, row)
        self._read_epochs()
        self._read_anchors()
        self._check_log()

    def _wrapped_keys(self, root: bytes, owner: str, purpose: str) -> dict:
        place = {"organization": self.organization} | ({"project": owner} if purpose == "project" else {})
        found = {}
        for row in self.tables["key"]:
            if row["owner"] != owner or row["wrapping"] != self.root_generation:
                continue
            context = place | {"purpose": f"tacit/v1/{purpose}-key", "version": row["generation"], "generation": row["wrapping"]}
            found[row["generation"]] = unwrap(root, raw(row["wrapped"]), context)
        if not found:
            raise Refused("no key")
        return found

    def project_key(self, project: str, generation: int) -> bytes:
        return self._wrapped_keys(self._root, project, "project")[generation]

    # --- the log

    def _read_epochs(self) -> None:
        """What stays of former keys, and with it the epoch that goes on."""
        found = sorted((document for _, _, document in self._named("epoch", "epoch")), key=lambda epoch: epoch["generation"])
        for row, _, document in self._named("epoch", "epoch"):
            self._check_lookup(row, f'generation/{document["generation"]}')
        if [epoch["generation"] for epoch in found] != list(range(1, self.key_generation)):
            raise Refused("epochs")
        if [epoch["first"] for epoch in found] != [0, *(epoch["end"] for epoch in found)][:len(found)]:
            raise Refused("epochs")
        self.origin = f"tacit.local/{self.organization}"
        self.public = log.public_key(log.signer(derive(self.key, "checkpoint-signing-v1")))
        self.former = {epoch["generation"]: {key: raw(epoch[key]) for key in rows.EPOCH_KEYS} for epoch in found}
        self.epochs = [(epoch["first"], raw(epoch["chain"]), raw(epoch["seal"]), log.public_of(epoch["signer"])) for epoch in found]
        self.epochs.append((found[-1]["end"] if found else 0, derive(self.key, "audit-log-v1"), derive(self.key, "audit-seal-v1"), self.public))
        newest = [derive(self.key, "rollback-memory-v1")]
        self.memory_keys = newest + [self.former[generation]["memory"] for generation in sorted(self.former, reverse=True)]

    def _epoch(self, index: int) -> tuple:
        return max(epoch for epoch in self.epochs if epoch[0] <= index)

    def _read_anchors(self) -> None:
        """Where the log was pruned, and what it goes on with from the last time on."""
        found = [(row, rows.read("anchor", raw(row["content"]))) for row in self.tables["record"] if row["kind"] == "anchor"]
        for row, anchor in found:
            self._check_lookup(row, f'size/{anchor["size"]}')
        self.anchors = sorted(anchor["size"] for _, anchor in found)
        stored = {row["size"]: row for row in self.tables["audit_checkpoint"]}
        staying = {*self.anchors, *(epoch[0] for epoch in self.epochs[1:])}
        if not set(self.anchors) <= stored.keys() or any(size not in staying for size in stored if size < max(self.anchors, default=0)):
            raise Refused("anchors")
        self.start, self.edge, self.before = 0, log.Edge(0, b""), bytes(32)
        if self.anchors:
            self.start = self.anchors[-1]
            signed = self._signed(stored[self.start])
            self.edge, self.before = log.Edge(self.start, raw(stored[self.start]["frontier"])), signed["tacit-chain"]
            if signed["root"] != self.edge.root():
                raise Refused("fork")

    def _signed(self, row: dict) -> dict:
        """A stored checkpoint by whoever had to sign it: at the end of an epoch the next one's key, too."""
        size, ends = row["size"], {epoch[0]: epoch[3] for epoch in self.epochs[1:]}
        signed = log.read_checkpoint(raw(row["note"]), self.origin, self._epoch(max(0, size - 1))[3], *([ends[size]] if size in ends else []))
        if signed["size"] != size or signed.get("tacit-next") != (b"\1" + ends[size] if size in ends else None):
            raise Refused("epochs")
        return signed

    def _links(self, sealed: list) -> list:
        found, previous, end = [], self.before, self.start + len(sealed)
        for first, next_first in zip(self.epochs, [*(epoch[0] for epoch in self.epochs[1:]), end]):
            begin = max(first[0], self.start)
            found += log.links(first[1], raw(self.organization), sealed[begin - self.start:max(0, next_first - self.start)], begin, previous)
            previous = found[-1] if found else previous
        return found

    def _check_log(self) -> None:
        stored = sorted(self.tables["audit_entry"], key=lambda row: row["position"])
        if [row["position"] for row in stored] != list(range(self.start, self.start + len(stored))):
            raise Refused("gap")
        sealed = [raw(row["sealed"]) for row in stored]
        chains = [row["chain"] for row in stored]
        if [link.hex() for link in self._links(sealed)] != chains:
            raise Refused("edited")
        context = {"purpose": "tacit/v1/audit-entry", "organization": self.organization, "generation": 1}
        self.entries = [log.read_entry(open_sealed(self._epoch(index)[2], blob, context | {"version": index}))
                        for index, blob in enumerate(sealed, self.start)]
        if self.entries[-1]["recordsDigest"] != log.digest(derive(self.key, "records-digest-v1"), self.tables["record"]).hex():
            raise Refused("records disagree")
        self._check_checkpoints(sealed, chains)
        self.head = {"size": self.start + len(sealed), "chain": chains[-1]}

    def _check_checkpoints(self, sealed: list, chains: list) -> None:
        previous, ends = None, [epoch[0] for epoch in self.epochs[1:]]
        checkpoints = sorted(self.tables["audit_checkpoint"], key=lambda row: row["size"])
        if not set(ends) <= {row["size"] for row in checkpoints}:
            raise Refused("missing checkpoint")
        digest = None
        for row in checkpoints:
            size, signed = row["size"], self._signed(row)
            if size > self.start:
                for index in range(self.edge.size, size):
                    self.edge.append(sealed[index - self.start])
                    digest = self.entries[index - self.start]["recordsDigest"] or digest
                expected = (self.edge.root(), self.edge.frontier(), raw(chains[size - 1 - self.start]), raw(digest) if digest else signed["tacit-records"])
                if (signed["root"], raw(row["frontier"]), signed["tacit-chain"], signed["tacit-records"]) != expected:
                    raise Refused("fork")
                if signed.get("tacit-previous") != previous:
                    raise Refused("missing checkpoint")
            previous = integer(size)
        behind = self.entries[checkpoints[-1]["size"] - self.start if previous else 0:]
        if any(entry["action"] == "vault.lock" and ["recorded", "while locked"] not in entry["detail"] for entry in behind):
            raise Refused("missing checkpoint")

    # --- what is sealed

    def _document(self, row: dict, content: dict, form: str) -> dict:
        project = {"project": row["id"], "environment": row["parent"]}.get(row["kind"])
        if row["kind"] == "secret":
            project = self.records[row["parent"]]["parent"]
        under_project = row["kind"] in ("environment", "secret")
        generation = content["metadata"]["generation"]
        key = self.project_key(project, generation) if under_project else self.key
        document = rows.read(form, rows.open_metadata(key, row, project, content["metadata"]))
        if row["lookup"] is not None and form not in ("policy", "factor", "grant-document", "epoch"):
            self._check_lookup(row, document["name"])
        return document

    def _check_lookup(self, row: dict, name: str) -> None:
        if row["lookup"] != rows.lookup(self.key, row["kind"], row["parent"], name).hex():
            raise Refused("lookup")

    def _named(self, kind: str, form: str = "name") -> list:
        """Rows of a kind, each with its content and its opened document."""
        found = [row for row in self.tables["record"] if row["kind"] == kind]
        contents = [rows.read(kind if kind in ("secret", "grant") else "sealed-record", raw(row["content"])) for row in found]
        return [(row, content, self._document(row, content, form)) for row, content in zip(found, contents)]

    def projects(self) -> dict:
        """The names of environments by the name of their project."""
        environments = collections.defaultdict(list)
        for row, _, document in self._named("environment"):
            environments[row["parent"]].append(document["name"])
        return {document["name"]: sorted(environments[row["id"]]) for row, _, document in self._named("project")}

    def agents(self) -> list:
        return [document | {"id": row["id"], "revokedAt": content["revokedAt"]} for row, content, document in self._named("agent", "agent")]

    def approvals(self) -> list:
        """What agents asked for, each with the code that a person types."""
        return [document | {"id": row["id"], "code": rows.request_code(row["id"], document)} for row, _, document in self._named("approval", "approval")]

    def factor(self) -> dict | None:
        """The authenticator, where there is one."""
        found = self._named("factor", "factor")
        for row, _, _ in found:
            self._check_lookup(row, "totp")
        return found[0][2] if found else None

    def grants(self) -> list:
        """What fake tokens stand for, each with its token, which is made anew."""
        found = []
        for row, content, document in self._named("grant", "grant-document"):
            drawn_from = self.former[document["generation"]]["fakeTokens"] if "generation" in document else None
            shown = tokens.token(self.key, raw(row["id"]), document["shape"], drawn_from)
            if row["lookup"] != tokens.lookup(self.key, shown).hex() or self.records[row["parent"]]["kind"] != "secret":
                raise Refused("grant")
            found.append(document | {"id": row["id"], "secret": row["parent"], "token": shown} | {k: v for k, v in content.items() if k != "metadata"})
        return found

    def frozen(self) -> int | None:
        """Since when all agents are frozen."""
        since = None
        for row in [row for row in self.tables["record"] if row["kind"] == "panic"]:
            content = rows.read("panic", raw(row["content"]))
            self._check_lookup(row, (content["agent"] or "unidentified") if "agent" in content else "agents")
            since = since if "agent" in content else content["since"]
        return since

    def policies(self) -> list:
        """Every version of the policy, oldest first."""
        found = self._named("policy", "policy")
        for row, _, document in found:
            self._check_lookup(row, f'version/{document["version"]}')
        return sorted((document for _, _, document in found), key=lambda document: document["version"])

    def secrets(self) -> list:
        """Every secret with its metadata and, for each version, its fields with their values."""
        scopes = {}
        projects = {row["id"]: document["name"] for row, _, document in self._named("project")}
        for row, _, document in self._named("environment"):
            scopes[row["id"]] = f'{projects[row["parent"]]}/{document["name"]}'
        found = []
        for row, content, document in self._named("secret", "secret-metadata"):
            numbers = sorted(version["number"] for version in self.tables["version"] if version["secret"] == row["id"])
            if numbers != list(range(1, content["current"] + 1)):
                raise Refused("versions")
            versions = [self._version(row, number) for number in numbers]
            found.append(document | {"scope": scopes[row["parent"]], "versions": versions} | {k: v for k, v in content.items() if k != "metadata"})
        return sorted(found, key=lambda secret: (secret["scope"], secret["name"]))

    def _version(self, row: dict, number: int) -> list:
        stored = next(v for v in self.tables["version"] if (v["secret"], v["number"]) == (row["id"], number))
        document = rows.read("manifest", self._field(row, number, 0, "manifest"))
        if document["createdAt"] != stored["created_at"]:
            raise Refused("time")
        return [field | {"value": self._field(row, number, ordinal, "value")} for ordinal, field in enumerate(document["fields"], 1)]

    def _field(self, row: dict, number: int, ordinal: int, purpose: str) -> bytes:
        """A field under the newest seal that has a data key and a ciphertext."""
        at = lambda table: [r for r in self.tables[table] if (r["secret"], r["version"], r["ordinal"]) == (row["id"], number, ordinal)]
        texts = {text["seal"]: text for text in at("ciphertext")}
        key = max((k for k in at("data_key") if k["seal"] in texts), key=lambda k: (k["seal"], k["generation"]), default=None)
        if key is None:
            raise Refused("no field")
        project = self.records[row["parent"]]["parent"]
        place = {"organization": self.organization, "project": project, "environment": row["parent"], "secret": row["id"], "version": number,
                 "field": ordinal}
        data_key = unwrap(self.project_key(project, key["generation"]), raw(key["wrapped"]),
                          place | {"purpose": "tacit/v1/data-key", "generation": key["generation"]})
        return open_sealed(data_key, raw(texts[key["seal"]]["sealed"]), place | {"purpose": f"tacit/v1/{purpose}", "generation": key["seal"]})
