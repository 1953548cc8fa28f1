"""The audit log (docs/SPEC.md §7): tree, chain, checkpoints, entries, the records' digest and the pending list."""
import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .parts import Reader, Refused, data, integer, listed, optional, raw, text
from .sealing import mac


def sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def leaf(content: bytes) -> bytes:
    return sha(b"\0" + content)


# --- tree, straight from the definitions of RFC 6962 §2.1


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: list) -> bytes:
    if not d:
        return sha(b"")
    if len(d) == 1:
        return leaf(d[0])
    k = split(len(d))
    return sha(b"\1" + mth(d[:k]) + mth(d[k:]))


def path(m: int, d: list) -> list:
    if len(d) == 1:
        return []
    k = split(len(d))
    return path(m, d[:k]) + [mth(d[k:])] if m < k else path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m: int, d: list, b: bool) -> list:
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    return subproof(m, d[:k], b) + [mth(d[k:])] if m <= k else subproof(m - k, d[k:], False) + [mth(d[:k])]


def frontier(d: list) -> bytes:
    out, rest = b"", d
    while rest:
        k = 1 << (len(rest).bit_length() - 1)
        out, rest = out + mth(rest[:k]), rest[k:]
    return out


class Edge:
    """The right edge of a tree: what a log that was pruned is gone on with."""

    def __init__(self, size: int, frontier: bytes):
        self.size, self.hashes = size, [frontier[at:at + 32] for at in range(0, len(frontier), 32)]
        if len(frontier) != 32 * size.bit_count():
            raise Refused("frontier")

    def append(self, entry: bytes) -> None:
        hash, size = leaf(entry), self.size
        while size & 1:
            hash, size = sha(b"\1" + self.hashes.pop() + hash), size >> 1
        self.hashes.append(hash)
        self.size += 1

    def frontier(self) -> bytes:
        return b"".join(self.hashes)

    def root(self) -> bytes:
        if not self.hashes:
            return mth([])
        root = self.hashes[-1]
        for hash in reversed(self.hashes[:-1]):
            root = sha(b"\1" + hash + root)
        return root


# --- chain


def links(key: bytes, organization: bytes, entries: list, start: int = 0, previous: bytes = bytes(32)) -> list:
    out = []
    for index, sealed in enumerate(entries, start):
        previous = mac(key, b"tacit/v1/audit-log-chain" + organization + integer(index) + previous + leaf(sealed))
        out.append(previous)
    return out


# --- checkpoints (C2SP signed-note, tlog-checkpoint)


def key_id(name: str, public: bytes) -> bytes:
    return sha(name.encode() + b"\n\x01" + public)[:4]


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def public_key(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def signer(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def verifier_key(origin: str, public: bytes) -> str:
    return f"{origin}+{key_id(origin, public).hex()}+{b64(bytes([1]) + public)}"


def public_of(verifier: str) -> bytes:
    """The public key in a verifier key."""
    name, identity, blob = verifier.split("+", 2)
    typed = base64.b64decode(blob, validate=True)
    if typed[:1] != b"\1" or len(typed) != 33 or key_id(name, typed[1:]).hex() != identity:
        raise Refused("verifier key")
    return typed[1:]


def note(body: str, name: str, *privates: Ed25519PrivateKey) -> str:
    lines = (f"\u2014 {name} {b64(key_id(name, public_key(private)) + private.sign(body.encode()))}\n" for private in privates)
    return body + "\n" + "".join(lines)


def checkpoint(origin: str, entries: list, extensions: list, *privates: Ed25519PrivateKey) -> str:
    body = "".join(line + "\n" for line in [origin, str(len(entries)), b64(mth(entries)), *extensions])
    return note(body, origin, *privates)


def entry_proof(index: int, entries: list, checkpoint_note: str) -> str:
    """A C2SP tlog-proof."""
    lines = ["c2sp.org/tlog-proof@v1", f"extra {b64(entries[index])}", f"index {index}", *map(b64, path(index, entries)), ""]
    return "".join(line + "\n" for line in lines) + checkpoint_note


def growth_proof(old: int, entries: list, checkpoint_note: str) -> str:
    """What a C2SP tlog-witness takes at `add-checkpoint`."""
    lines = [f"old {old}", *map(b64, subproof(old, entries, True) if old else []), ""]
    return "".join(line + "\n" for line in lines) + checkpoint_note


def read_checkpoint(content: bytes, origin: str, *publics: bytes) -> dict:
    """The parts of a genuine checkpoint of one log, signed by these keys in their order."""
    body, _, signatures = content.decode().partition("\n\n")
    lines, signed = body.split("\n"), [line.split(" ") for line in signatures.strip().split("\n")]
    if lines[0] != origin or len(signed) != len(publics):
        raise Refused("other origin")
    for (dash, name, blob), public in zip(signed, publics):
        signature = base64.b64decode(blob, validate=True)
        if (dash, name, signature[:4]) != ("\u2014", origin, key_id(origin, public)):
            raise Refused("other origin")
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], (body + "\n").encode())
        except InvalidSignature:
            raise Refused("bad signature") from None
    extensions = dict(line.split(" ", 1) for line in lines[3:])
    return {"size": int(lines[1]), "root": base64.b64decode(lines[2])} | {k: base64.b64decode(v) for k, v in extensions.items()}


# --- entries


def clock(c: dict) -> bytes:
    return integer(c["wall"]) + raw(c["bootID"]) + integer(c["bootTime"])


def read_clock(r: Reader) -> dict:
    return {"wall": r.integer(), "bootID": r.id(), "bootTime": r.integer()}


def actor(a: dict) -> bytes:
    return (text(a["kind"]) + optional(a.get("agentID"), raw) + optional(a.get("agentName"), text) + optional(a.get("reportedModel"), text)
            + integer(a["userID"]) + text(a["userName"]) + text(a["host"]) + integer(a["process"]) + text(a["executable"])
            + optional(a.get("ip"), text) + text(a["platform"]))


def read_actor(r: Reader) -> dict:
    return {"kind": r.text(), "agentID": r.optional(r.id), "agentName": r.optional(r.text), "reportedModel": r.optional(r.text),
            "userID": r.integer(), "userName": r.text(), "host": r.text(), "process": r.integer(), "executable": r.text(),
            "ip": r.optional(r.text), "platform": r.text()}


def subject(s: dict) -> bytes:
    out = b"".join(optional(s.get(part), raw) for part in ("project", "environment", "secret"))
    out += b"".join(optional(s.get(part), integer) for part in ("version", "field"))
    return out + optional(s.get("record"), raw) + optional(s.get("name"), text)


def read_subject(r: Reader) -> dict:
    return ({part: r.optional(r.id) for part in ("project", "environment", "secret")}
            | {part: r.optional(r.integer) for part in ("version", "field")} | {"record": r.optional(r.id), "name": r.optional(r.text)})


PHASES = ["single", "intent", "outcome"]


def phase(p: dict) -> bytes:
    out = bytes([PHASES.index(p["is"])])
    return out + integer(p["of"]) + text(p["result"]) if p["is"] == "outcome" else out


def read_phase(r: Reader) -> dict:
    kind = r.byte()
    if kind > 2:
        raise Refused("phase")
    return {"is": PHASES[kind]} | ({"of": r.integer(), "result": r.text()} if kind == 2 else {})


def entry(e: dict) -> bytes:
    out = b"\1" + clock(e) + optional(e.get("clockFloor"), integer) + actor(e["actor"])
    out += text(e["source"]) + text(e["mode"]) + text(e["action"]) + listed(e["subjects"], subject)
    out += bytes([1 if e["allow"] else 0]) + optional(e.get("rule"), text) + optional(e.get("code"), text)
    out += phase(e["phase"]) + integer(e["repeated"]) + listed(e["detail"], lambda fact: text(fact[0]) + text(fact[1]))
    return out + optional(e.get("recordsDigest"), lambda h: data(raw(h)))


def read_entry(content: bytes) -> dict:
    r = Reader(content)
    r.version()
    e = read_clock(r) | {"clockFloor": r.optional(r.integer), "actor": read_actor(r)}
    e |= {"source": r.text(), "mode": r.text(), "action": r.text(), "subjects": r.listed(lambda: read_subject(r))}
    e |= {"allow": bool(r.byte()), "rule": r.optional(r.text), "code": r.optional(r.text), "phase": read_phase(r), "repeated": r.integer()}
    e |= {"detail": r.listed(lambda: [r.text(), r.text()]), "recordsDigest": r.optional(lambda: r.data().hex())}
    r.end()
    if entry(e) != content:
        raise Refused("not canonical")
    return e


# --- pending list


def act(a: dict) -> bytes:
    out = b"\1" + b"".join(text(a[part]) for part in ("kind", "source", "mode", "action", "executable")) + integer(a["userID"])
    out += bytes([1 if a["allow"] else 0]) + optional(a.get("code"), text) + integer(a["process"])
    return out + clock(a["first"]) + clock(a["last"]) + optional(a.get("clockFloor"), integer) + integer(a["repeated"])


def pending_line(place: int, a: dict) -> str:
    record = integer(place) + data(act(a))
    return f"\n{sha(record)[:8].hex()} {record.hex()}\n"


def read_pending(content: bytes) -> list:
    """The acts that wait, in the order of their places."""
    found = {}
    for line in content.decode().split("\n"):
        if not line:
            continue
        checksum, record = line.split(" ")
        if sha(raw(record))[:8].hex() != checksum:
            raise Refused("torn")
        r = Reader(raw(record))
        place, inner = r.integer(), Reader(r.data())
        r.end()
        inner.version()
        a = {part: inner.text() for part in ("kind", "source", "mode", "action", "executable")} | {"userID": inner.integer()}
        a |= {"allow": bool(inner.byte()), "code": inner.optional(inner.text), "process": inner.integer(), "first": read_clock(inner)}
        a |= {"last": read_clock(inner), "clockFloor": inner.optional(inner.integer), "repeated": inner.integer()}
        inner.end()
        found[place] = a
    return [found[place] for place in sorted(found)]


# --- digest of the mutable rows


def addend(key: bytes, row: dict) -> int:
    message = b"\1" + text(row["kind"]) + raw(row["id"]) + integer(row["revision"]) + data(raw(row["mac"]))
    return int.from_bytes(mac(key, message), "big")


def digest(key: bytes, rows: list) -> bytes:
    total = sum(addend(key, row) for row in rows) % 2**256
    return mac(key, b"\2" + data(total.to_bytes(32, "big")))
