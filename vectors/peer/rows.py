"""Mutable rows, their contents, and what is remembered outside the vault (docs/SPEC.md §6)."""
import hashlib
import hmac

from . import log
from .parts import Reader, Refused, data, integer, listed, optional, raw, text
from .sealing import derive, mac, open_sealed, seal, unwrap, wrap

# --- rows (§6.2, §6.3)


def lookup(organization_key: bytes, kind: str, parent: str | None, name: str) -> bytes:
    return mac(derive(organization_key, "blind-index-v1"), text(kind) + optional(parent, raw) + text(name))


def covered(row: dict) -> bytes:
    """What a row's MAC is over."""
    return (text("tacit/v1/row") + raw(row["organization"]) + text(row["kind"]) + raw(row["id"]) + optional(row.get("parent"), raw)
            + optional(row.get("lookup"), lambda h: data(raw(h))) + integer(row["revision"]) + data(raw(row["content"])))


def row_mac(organization_key: bytes, row: dict) -> bytes:
    return mac(derive(organization_key, "row-mac-v1"), covered(row))


def make_row(organization_key: bytes, organization: str, kind: str, id: str, *, content: bytes, parent=None, name=None, revision=1, found_by=None) -> dict:
    """`found_by` is the look-up of a row that is found by something else than a name."""
    if name is not None:
        found_by = lookup(organization_key, kind, parent, name).hex()
    row = {"organization": organization, "kind": kind, "id": id, "parent": parent, "lookup": found_by, "revision": revision, "content": content.hex()}
    return row | {"mac": row_mac(organization_key, row).hex()}


def check_row(organization_key: bytes, row: dict) -> None:
    if not hmac.compare_digest(row_mac(organization_key, row), raw(row["mac"])):
        raise Refused("row")


# --- contents in clear (§6.4)


def vault(v: dict) -> bytes:
    return b"\1" + integer(v["createdAt"]) + integer(v["rootGeneration"])


def slot(s: dict) -> bytes:
    return b"\1" + integer(s["createdAt"]) + integer(s["rootGeneration"]) + data(raw(s["slot"]))


def metadata(m: dict) -> bytes:
    return integer(m["generation"]) + data(raw(m["wrapped"])) + data(raw(m["sealed"]))


def sealed_record(s: dict) -> bytes:
    return b"\1" + integer(s["createdAt"]) + optional(s.get("revokedAt"), integer) + metadata(s["metadata"])


def secret(s: dict) -> bytes:
    out = b"\1" + integer(s["current"]) + integer(s["createdAt"]) + integer(s["updatedAt"])
    return out + b"".join(optional(s.get(part), integer) for part in ("expiresAt", "deletedAt", "purgeAfter")) + metadata(s["metadata"])


def read_metadata(r: Reader) -> dict:
    return {"generation": r.integer(), "wrapped": r.data().hex(), "sealed": r.data().hex()}


def read_vault(r: Reader) -> dict:
    return {"createdAt": r.integer(), "rootGeneration": r.integer()}


def read_slot_row(r: Reader) -> dict:
    return read_vault(r) | {"slot": r.data().hex()}


def read_sealed_record(r: Reader) -> dict:
    return {"createdAt": r.integer(), "revokedAt": r.optional(r.integer), "metadata": read_metadata(r)}


def read_secret(r: Reader) -> dict:
    times = {part: r.integer() for part in ("current", "createdAt", "updatedAt")}
    return times | {part: r.optional(r.integer) for part in ("expiresAt", "deletedAt", "purgeAfter")} | {"metadata": read_metadata(r)}


# --- sealed documents (§6.4, §6.6)


def name_document(d: dict) -> bytes:
    return b"\1" + text(d["name"])


def agent_document(d: dict) -> bytes:
    return former(d) + text(d["name"]) + data(raw(d["badgeHash"])) + (integer(d["generation"]) if "generation" in d else b"")


def former(d: dict) -> bytes:
    """The first byte of a document that may name a former generation of the organization key."""
    return b"\2" if "generation" in d else b"\1"


def policy_document(d: dict) -> bytes:
    return b"\1" + integer(d["version"]) + text(d["json"]) + optional(d.get("text"), text)


def secret_document(d: dict) -> bytes:
    return b"\1" + text(d["name"]) + listed(d["tags"], text) + b"".join(optional(d.get(part), text) for part in ("description", "note", "url"))


def manifest(d: dict) -> bytes:
    return b"\1" + integer(d["createdAt"]) + listed(d["fields"], lambda f: text(f["name"]) + text(f["kind"]) + optional(f.get("binding"), text))


USES, STATES = ("run", "inject", "reveal", "mask", "request", "send"), ("pending", "approved", "denied", "done")
DESTINATIONS, FILE_FORMATS = ("asker", "variable", "file", "input"), ("dotenv", "json")


def subject(s: dict) -> bytes:
    """What an approval is good for (§12.2)."""
    program = lambda p: text(p["path"]) + data(raw(p["hash"])) + listed(p["notBound"], text)
    place = lambda p: text(p["path"]) + integer(p["device"]) + integer(p["inode"])
    secret = lambda b: raw(b["secret"]) + integer(b["version"]) + integer(b["field"]) + destination(b)
    sandbox = lambda b: bytes([b["required"], b["passesUnscanned"]]) + listed(b["reads"], text)
    file = lambda f: text(f["format"]) + optional(f["reads"], integer) + integer(f["life"])
    return (text(s["use"]) + optional(s["agent"], raw) + optional(s["program"], program) + listed(s["arguments"], text)
            + optional(s["workingDirectory"], place) + optional(s["sandbox"], sandbox) + optional(s["timeLimit"], integer) + listed(sorted(s["variables"]), text)
            + listed(s["secrets"], secret) + optional(s["inputHash"], lambda h: data(raw(h))) + optional(s["file"], file)
            + (optional(s["request"], bound_request) if s["use"] in ("request", "send") else b"")
            + (optional(s["request"] and s["request"]["sender"], sender) if s["use"] == "send" else b""))


def bound_request(r: dict) -> bytes:
    return text(r["method"]) + text(r["origin"]) + text(r["target"]) + listed(r["fields"], lambda f: text(f["name"]) + text(f["value"]))


def sender(s: dict) -> bytes:
    return data(raw(s["door"])) + data(raw(s["headHash"])) + integer(s["bodyByteCount"])


def destination(b: dict) -> bytes:
    """Where a value goes, and on standard input the text around it; without any, the byte is another."""
    if b["to"] == "input" and (b.get("before") or b.get("after")):
        return b"\4" + text(b["before"]) + text(b["after"])
    if b["to"] == "request":
        return b"\5" + text(b["variable"])
    return bytes([DESTINATIONS.index(b["to"])]) + (text(b["variable"]) if b["to"] in ("variable", "file") else b"")


def subject_digest(s: dict) -> bytes:
    return hashlib.sha256(text("tacit/v1/approval") + subject(s)).digest()


def request_code(id: str, request: dict) -> str:
    """What a person types (§12.3)."""
    proposal = request.get("proposal")
    named = [part for key in ("program", "file") if proposal and key in proposal for part in (key, proposal[key])]
    asked = data(subject_digest(request["use"])) if proposal is None else listed(named + [proposal["scope"], proposal["capability"] or ""] + proposal["names"], text)
    taken = hashlib.sha256(text("tacit/v1/request-code") + raw(id) + asked).digest()[:6]
    letters = "".join("23456789ABCDEFGHJKLMNPQRSTUVWXYZ"[byte % 32] for byte in taken)
    return f"{letters[:3]}-{letters[3:]}"


def approval_document(d: dict) -> bytes:
    asker = d["asker"]
    out = b"\1" + integer(d["createdAt"]) + integer(d["expiresAt"]) + optional(asker["agent"], raw) + optional(asker["name"], text)
    out += optional(asker["reportedModel"], text) + text(asker["user"]) + text(asker["host"]) + integer(asker["process"]) + text(asker["executable"])
    if "use" in d:
        out += b"\0" + subject(d["use"]) + listed(d["names"], text)
    else:
        proposal = d["proposal"]
        program, file = proposal.get("program"), proposal.get("file")
        out += (b"\3" if file else b"\2" if program else b"\1") + text(proposal["scope"]) + listed(proposal["names"], text) + optional(proposal["capability"], text)
        out += optional(program, text) + text(file) if file else text(program) if program else b""
    state = d["state"]
    out += text(d["purpose"]) + text(d["rule"]) + bytes([STATES.index(state["is"])])
    return out + b"".join(integer(state[part]) for part in ("uses", "until", "at") if part in state)


def factor_document(d: dict) -> bytes:
    codes = b"\1" + integer(d["lastStep"]) + integer(d["failures"])
    return b"\1" + data(raw(d["key"])) + bytes([d["confirmed"]]) + data(codes)


def read_subject(r: Reader) -> dict:
    s = {"use": r.text()}
    if s["use"] not in USES:
        raise Refused("use")
    s["agent"] = r.optional(r.id)
    s["program"] = r.optional(lambda: {"path": r.text(), "hash": r.data().hex(), "notBound": r.listed(r.text)})
    s["arguments"] = r.listed(r.text)
    s["workingDirectory"] = r.optional(lambda: {"path": r.text(), "device": r.integer(), "inode": r.integer()})
    s["sandbox"] = r.optional(lambda: {"required": r.flag(), "passesUnscanned": r.flag(), "reads": r.listed(r.text)})
    s |= {"timeLimit": r.optional(r.integer), "variables": r.listed(r.text)}
    s["secrets"] = r.listed(lambda: {"secret": r.id(), "version": r.integer(), "field": r.integer()} | read_destination(r))
    s["inputHash"] = r.optional(lambda: r.data().hex())
    s["file"] = r.optional(lambda: {"format": r.text(), "reads": r.optional(r.integer), "life": r.integer()})
    if s["file"] and s["file"]["format"] not in FILE_FORMATS:
        raise Refused("file format")
    if s["use"] in ("request", "send"):
        s["request"] = r.optional(lambda: {
            "method": r.text(), "origin": r.text(), "target": r.text(), "fields": r.listed(lambda: {"name": r.text(), "value": r.text()})})
    if s["use"] == "send":
        sender = r.optional(lambda: {"door": r.data().hex(), "headHash": r.data().hex(), "bodyByteCount": r.integer()})
        if (s["request"] is None) != (sender is None):
            raise Refused("sender")
        if s["request"]:
            s["request"]["sender"] = sender
    return s


def read_destination(r: Reader) -> dict:
    number = r.byte()
    if number == 4:
        before, after = r.text(), r.text()
        if not before + after or any(len(part.encode()) > 1024 or "\0" in part for part in (before, after)):
            raise Refused("text around a value")
        return {"to": "input", "variable": None, "before": before, "after": after}
    if number == 5:
        return {"to": "request", "variable": r.text()}
    if number >= len(DESTINATIONS):
        raise Refused("destination")
    to = DESTINATIONS[number]
    return {"to": to, "variable": r.text() if to in ("variable", "file") else None}


def read_approval_document(r: Reader) -> dict:
    d = {"createdAt": r.integer(), "expiresAt": r.integer()}
    d["asker"] = {"agent": r.optional(r.id)} | {part: r.optional(r.text) for part in ("name", "reportedModel")}
    d["asker"] |= {"user": r.text(), "host": r.text(), "process": r.integer(), "executable": r.text()}
    matter = r.byte()
    if matter == 0:
        d |= {"use": read_subject(r), "names": r.listed(r.text)}
        if len(d["names"]) != len(d["use"]["secrets"]):
            raise Refused("a name for each secret")
    elif matter in (1, 2, 3):
        d["proposal"] = {"scope": r.text(), "names": r.listed(r.text), "capability": r.optional(r.text)} | ({"program": r.text()} if matter == 2 else {})
        if matter == 3:
            program = r.optional(r.text)
            d["proposal"] |= ({} if program is None else {"program": program}) | {"file": r.text()}
    else:
        raise Refused("matter")
    d |= {"purpose": r.text(), "rule": r.text()}
    number = r.byte()
    if number >= len(STATES):
        raise Refused("state")
    parts = {1: ("uses", "until"), 2: ("at",), 3: ("at",)}.get(number, ())
    return d | {"state": {"is": STATES[number]} | {part: r.integer() for part in parts}}


def read_factor_document(r: Reader) -> dict:
    d = {"key": r.data().hex(), "confirmed": r.byte()}
    codes = Reader(r.data())
    codes.version()
    d |= {"lastStep": codes.integer(), "failures": codes.integer()}
    codes.end()
    if len(d["key"]) != 40 or d["confirmed"] > 1 or d["failures"] < 0:
        raise Refused("factor")
    return d | {"confirmed": bool(d["confirmed"])}


def timed_code(key: bytes, moment: int) -> str:
    """The six digits of a moment (RFC 6238)."""
    code = hmac.digest(key, integer(moment // (30 * 10**9)), "sha1")
    offset = code[-1] & 15
    return f"{(int.from_bytes(code[offset:offset + 4]) & 0x7FFFFFFF) % 10**6:06d}"


def read_name_document(r: Reader) -> dict:
    return {"name": r.text()}


def read_agent_document(r: Reader) -> dict:
    return {"name": r.text(), "badgeHash": r.data().hex()}


def read_policy_document(r: Reader) -> dict:
    return {"version": r.integer(), "json": r.text(), "text": r.optional(r.text)}


def read_secret_document(r: Reader) -> dict:
    return {"name": r.text(), "tags": r.listed(r.text)} | {part: r.optional(r.text) for part in ("description", "note", "url")}


def read_manifest(r: Reader) -> dict:
    d = {"createdAt": r.integer(), "fields": r.listed(lambda: {"name": r.text(), "kind": r.text(), "binding": r.optional(r.text)})}
    if any(field["kind"] not in ("secret", "plain") for field in d["fields"]):
        raise Refused("field kind")
    return d


def fuse(f: dict) -> bytes:
    return b"\1" + optional(f["agent"], raw) + listed(f["times"], integer) + optional(f["blownAt"], integer)


def read_fuse(r: Reader) -> dict:
    f = {"agent": r.optional(lambda: r.take(16).hex()), "times": r.listed(r.integer), "blownAt": r.optional(r.integer)}
    if len(f["times"]) > 3:
        raise Refused("times")
    return f


def grant(g: dict) -> bytes:
    out = b"\1" + raw(g["agent"]) + optional(g["run"], raw) + integer(g["issuedAt"]) + integer(g["expiresAt"])
    return out + optional(g["revokedAt"], integer) + metadata(g["metadata"])


def read_grant(r: Reader) -> dict:
    g = {"agent": r.id(), "run": r.optional(r.id), "issuedAt": r.integer(), "expiresAt": r.integer()}
    return g | {"revokedAt": r.optional(r.integer), "metadata": read_metadata(r)}


def grant_document(d: dict) -> bytes:
    return (former(d) + text(d["shape"]) + optional(d["field"], text) + optional(d["provider"], text)
            + (integer(d["generation"]) if "generation" in d else b""))


def read_grant_document(r: Reader) -> dict:
    return {"shape": r.text(), "field": r.optional(r.text), "provider": r.optional(r.text)}


def panic(p: dict) -> bytes:
    return b"\2" + integer(p["since"]) + optional(p["agent"], raw) if "agent" in p else b"\1" + integer(p["since"])


def read_panic(r: Reader) -> dict:
    return {"since": r.integer()}


def read_panic_of_one(r: Reader) -> dict:
    """One agent's, or that of programs without a badge."""
    return {"since": r.integer(), "agent": r.optional(r.id)}


def anchor(a: dict) -> bytes:
    return b"\1" + integer(a["size"]) + integer(a["prunedAt"])


def read_anchor(r: Reader) -> dict:
    a = {"size": r.integer(), "prunedAt": r.integer()}
    if a["size"] < 1:
        raise Refused("anchor")
    return a


def rotation(d: dict) -> bytes:
    key = lambda k: raw(k["secret"]) + integer(k["version"]) + integer(k["ordinal"])
    flags = (1 if d["hasRows"] else 0) | (2 if d["isEnvironmentDone"] else 0) | (4 if d["isAtEnd"] else 0)
    return (b"\1" + text(d["rotation"]) + optional(d["project"], raw) + b"".join(integer(d[part]) for part in ROTATION_NUMBERS)
            + optional(d["inProject"], raw) + optional(d["inEnvironment"], raw) + optional(d["behind"], raw) + optional(d["key"], key) + bytes([flags]))


ROTATION_NUMBERS = ("startedAt", "total", "versions", "rows", "pass", "movedInPass")


def read_rotation(r: Reader) -> dict:
    d = {"rotation": r.text(), "project": r.optional(r.id)} | {part: r.integer() for part in ROTATION_NUMBERS}
    d |= {part: r.optional(r.id) for part in ("inProject", "inEnvironment", "behind")}
    d["key"] = r.optional(lambda: {"secret": r.id(), "version": r.integer(), "ordinal": r.integer()})
    flags = r.byte()
    if d["rotation"] not in ("project", "reseal") or (d["rotation"] == "project") != (d["project"] is not None) or flags > 7 or d["pass"] < 1:
        raise Refused("rotation")
    return d | {"hasRows": bool(flags & 1), "isEnvironmentDone": bool(flags & 2), "isAtEnd": bool(flags & 4)}


EPOCH_KEYS = ("chain", "seal", "tokens", "fakeTokens", "memory")


def epoch(d: dict) -> bytes:
    numbers = b"".join(integer(d[part]) for part in ("generation", "first", "end"))
    return b"\1" + numbers + b"".join(data(raw(d[key])) for key in EPOCH_KEYS) + text(d["signer"])


def read_epoch(r: Reader) -> dict:
    d = {part: r.integer() for part in ("generation", "first", "end")} | {key: r.data().hex() for key in EPOCH_KEYS} | {"signer": r.text()}
    if d["generation"] < 1 or not 0 <= d["first"] < d["end"] or any(len(d[key]) != 64 for key in EPOCH_KEYS):
        raise Refused("epoch")
    log.public_of(d["signer"])
    return d


FORMS = {
    "vault": (vault, read_vault), "slot": (slot, read_slot_row), "sealed-record": (sealed_record, read_sealed_record), "secret": (secret, read_secret),
    "name": (name_document, read_name_document), "agent": (agent_document, read_agent_document), "policy": (policy_document, read_policy_document),
    "secret-metadata": (secret_document, read_secret_document), "manifest": (manifest, read_manifest),
    "approval": (approval_document, read_approval_document), "factor": (factor_document, read_factor_document), "fuse": (fuse, read_fuse),
    "grant": (grant, read_grant), "grant-document": (grant_document, read_grant_document), "panic": (panic, read_panic),
    "rotation": (rotation, read_rotation), "epoch": (epoch, read_epoch), "anchor": (anchor, read_anchor),
}


def write(form: str, described: dict) -> bytes:
    return FORMS[form][0](described)


def read(form: str, content: bytes) -> dict:
    r = Reader(content)
    if form == "panic" and content[:1] == b"\2":
        r.byte()
        described = read_panic_of_one(r)
    elif form in ("agent", "grant-document") and content[:1] == b"\2":
        r.byte()
        described = FORMS[form][1](r) | {"generation": r.integer()}
    else:
        r.version()
        described = FORMS[form][1](r)
    r.end()
    return described


# --- metadata (§6.5)


def metadata_contexts(row: dict, project: str | None, wrapping_generation: int) -> tuple[dict, dict]:
    """The contexts of a record's wrapped metadata key and of the sealed document."""
    label = "policy" if row["kind"] == "policy" else "metadata"
    place = {"organization": row["organization"], "record": row["id"], "version": row["revision"]}
    if project:
        place["project"] = project
    if row["kind"] in ("environment", "secret"):
        place["environment"] = row["id"] if row["kind"] == "environment" else row["parent"]
    return (place | {"purpose": f"tacit/v1/{label}-key", "generation": wrapping_generation}, place | {"purpose": f"tacit/v1/{label}", "generation": 1})


def seal_metadata(wrapping: bytes, generation: int, row: dict, project: str | None, document: bytes, random) -> dict:
    """`random` gives the metadata key, the nonce of its wrapping and the nonce of the document, in this order."""
    key = random(32)
    key_context, document_context = metadata_contexts(row, project, generation)
    return {"generation": generation, "wrapped": wrap(wrapping, random(12), key, key_context).hex(),
            "sealed": seal(key, random(12), document, document_context).hex()}


def open_metadata(wrapping: bytes, row: dict, project: str | None, m: dict) -> bytes:
    key_context, document_context = metadata_contexts(row, project, m["generation"])
    return open_sealed(unwrap(wrapping, raw(m["wrapped"]), key_context), raw(m["sealed"]), document_context)


# --- the remembered head (§6.8) and the files of a vault (§6.9)


def remembered_head(memory_keys: list, organization: str, size: int, chain: str) -> bytes:
    """With a code under each key, that of the newest generation first."""
    body = text("tacit/v1/remembered-head") + raw(organization) + integer(size) + data(raw(chain))
    return body + b"".join(mac(key, body) for key in memory_keys)


def read_remembered_head(memory_keys: list, organization: str, content: bytes) -> dict:
    body, codes = content[:88], [content[start:start + 32] for start in range(88, len(content), 32)]
    if not any(hmac.compare_digest(mac(key, body), code) for key in memory_keys for code in codes):
        raise Refused("head")
    r = Reader(body)
    if (r.text(), r.id()) != ("tacit/v1/remembered-head", organization):
        raise Refused("head")
    head = {"size": r.integer(), "chain": r.data().hex()}
    r.end()
    return head


def fingerprint(path: str) -> str:
    """FNV-1a with 64 bits."""
    value = 0xCBF29CE484222325
    for byte in path.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def badge(agent: str, secret: bytes) -> str:
    return f"tacit-badge-{agent}-{secret.hex()}"


def badge_hash(organization_key: bytes, shown: str) -> bytes:
    return mac(derive(organization_key, "token-v1"), shown.encode())
