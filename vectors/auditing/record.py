#!/usr/bin/env python3
"""Records the vectors of the audit log with code that shares nothing with the product's: hashlib, hmac and `cryptography`."""
import base64
import hashlib
import hmac
import json
import pathlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = pathlib.Path(__file__).parent


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf(data: bytes) -> bytes:
    return sha(b"\0" + data)


# --- Merkle tree, straight from the definitions of RFC 6962 section 2.1 ---


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


CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
# The roots that the Certificate Transparency implementations publish for these leaves.
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def merkle() -> dict:
    d = [bytes.fromhex(x) for x in CT_LEAVES]
    assert [mth(d[: n + 1]).hex() for n in range(8)] == CT_ROOTS
    hexes = lambda hashes: [h.hex() for h in hashes]
    return {
        "leaves": CT_LEAVES,
        "trees": [{"size": n, "root": mth(d[:n]).hex(), "frontier": frontier(d[:n]).hex()} for n in range(9)],
        "inclusion": [{"size": n, "index": i, "proof": hexes(path(i, d[:n]))} for n in range(1, 9) for i in range(n)],
        "consistency": [{"old": m, "new": n, "proof": hexes(subproof(m, d[:n], True))} for n in range(1, 9) for m in range(1, n + 1)],
    }


# --- chain ---


def links(key: bytes, organization: bytes, entries: list, start: int = 0, previous: bytes = bytes(32)) -> list:
    out = []
    for index, sealed in enumerate(entries, start):
        message = b"tacit/v1/audit-log-chain" + organization + struct.pack(">q", index) + previous + leaf(sealed)
        previous = hmac.new(key, message, "sha256").digest()
        out.append(previous)
    return out


def chain() -> dict:
    key, organization = bytes(range(32)), bytes(range(100, 116))
    entries = [sha(bytes([n]))[: 1 + n % 32] * (1 + n % 7) for n in range(12)]
    return {
        "key": key.hex(),
        "organization": organization.hex(),
        "entries": [
            {"sealed": e.hex(), "chain": c.hex(), "root": mth(entries[: n + 1]).hex()}
            for n, (e, c) in enumerate(zip(entries, links(key, organization, entries)))
        ],
    }


# --- checkpoints (C2SP signed-note, tlog-checkpoint) ---


def key_id(name: str, public: bytes) -> bytes:
    return sha(name.encode() + b"\n\x01" + public)[:4]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def note(text: str, name: str, private: Ed25519PrivateKey) -> str:
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"{text}\n\u2014 {name} {b64(key_id(name, public) + private.sign(text.encode()))}\n"


def checkpoints() -> dict:
    seed, origin = bytes(range(32, 64)), "tacit.example/6465666768696a6b6c6d6e6f70717273"
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    d = [bytes.fromhex(x) for x in CT_LEAVES]
    cases = []
    for size, extensions in [(0, []), (1, []), (7, [f"tacit-chain {b64(sha(b'chain'))}"]), (8, ["tacit-records " + b64(sha(b"r")), "x y z"])]:
        text = "".join(line + "\n" for line in [origin, str(size), b64(mth(d[:size])), *extensions])
        cases.append({"size": size, "root": mth(d[:size]).hex(), "extensions": extensions, "note": note(text, origin, private)})

    good = cases[1]["note"]
    head, signature = good.split("\n\n")
    lines = head.split("\n")
    sig = signature.strip().split(" ")
    joined = lambda *parts: "\n".join(parts) + "\n\n" + signature
    refused = [
        ("empty", "", "text"),
        ("no signature", head + "\n", "text"),
        ("no signature behind the blank line", head + "\n\n", "text"),
        ("no blank line", head + "\n" + signature, "text"),
        ("no newline at the end", good[:-1], "text"),
        ("blank line at the end", good + "\n", "text"),
        ("carriage return", good.replace("\n", "\r\n"), "text"),
        ("tab in the text", joined(lines[0], lines[1], lines[2], "a\tb"), "text"),
        ("hyphen for the dash", good.replace("\u2014", "-"), "text"),
        ("signature without a name", head + f"\n\n\u2014 {sig[2]}\n", "text"),
        ("plus in the key name", head + f"\n\n\u2014 a+b {sig[2]}\n", "text"),
        ("wide space in the key name", head + f"\n\n\u2014 a\u2003b {sig[2]}\n", "text"),
        ("signature that is no base64", head + f"\n\n\u2014 {sig[1]} {sig[2][:-3]}*==\n", "text"),
        ("signature with loose bits at its end", head + f"\n\n\u2014 {sig[1]} AAAAAAB=\n", "text"),
        ("signature of the key id alone", head + f"\n\n\u2014 {sig[1]} AAAAAA==\n", "text"),
        ("two lines only", joined(lines[0], lines[1]), "text"),
        ("empty origin", joined("", lines[1], lines[2]), "origin"),
        ("leading zero in the size", joined(lines[0], "01", lines[2]), "size"),
        ("plus before the size", joined(lines[0], "+1", lines[2]), "size"),
        ("negative size", joined(lines[0], "-1", lines[2]), "size"),
        ("size beyond 63 bits", joined(lines[0], str(2**63), lines[2]), "size"),
        ("size with a space", joined(lines[0], "1 ", lines[2]), "size"),
        ("root of 31 bytes", joined(lines[0], "1", b64(bytes(31))), "root"),
        ("root without padding", joined(lines[0], "1", lines[2].rstrip("=")), "root"),
        ("root in the URL alphabet", joined(lines[0], "1", b64(b"\xff" * 32).replace("/", "_")), "root"),
        ("empty extension", joined(lines[0], "1", lines[2], "a", "", "b"), "extension"),
    ]
    foreign = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    name, identity, key = foreign.split("+", 2)
    assert key_id(name, base64.b64decode(key)[1:]).hex() == identity
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:]).verify(base64.b64decode(line.split(" ")[2])[4:], text.encode())
    return {
        "seed": seed.hex(),
        "origin": origin,
        "verifierKey": f"{origin}+{key_id(origin, public).hex()}+{b64(bytes([1]) + public)}",
        "cases": cases,
        "refused": [{"name": n, "note": t, "part": p} for n, t, p in refused],
        "count": len(refused),
        # The example of Go's package golang.org/x/mod/sumdb/note.
        "foreign": {"verifierKey": foreign, "note": text + "\n" + line},
    }


# --- entries ---


class Writer:
    def __init__(self):
        self.out = b""

    def byte(self, n):
        self.out += bytes([n])

    def i64(self, n):
        self.out += struct.pack(">q", n)

    def raw(self, data):
        self.out += data

    def data(self, data):
        self.out += struct.pack(">I", len(data)) + data

    def text(self, s):
        self.data(s.encode())

    def opt(self, value, write):
        self.byte(0 if value is None else 1)
        if value is not None:
            write(value)


def clock(w: Writer, c: dict):
    w.i64(c["wall"])
    w.raw(bytes.fromhex(c["bootID"]))
    w.i64(c["bootTime"])


def entry(e: dict) -> bytes:
    w = Writer()
    hexed = lambda text: w.raw(bytes.fromhex(text))
    w.byte(1)
    clock(w, e)
    w.opt(e.get("clockFloor"), w.i64)
    a = e["actor"]
    w.text(a["kind"])
    w.opt(a.get("agentID"), hexed)
    w.opt(a.get("agentName"), w.text)
    w.opt(a.get("reportedModel"), w.text)
    w.i64(a["userID"])
    w.text(a["userName"])
    w.text(a["host"])
    w.i64(a["process"])
    w.text(a["executable"])
    w.opt(a.get("ip"), w.text)
    w.text(a["platform"])
    for part in ("source", "mode", "action"):
        w.text(e[part])
    w.i64(len(e["subjects"]))
    for s in e["subjects"]:
        for part in ("project", "environment", "secret"):
            w.opt(s.get(part), hexed)
        for part in ("version", "field"):
            w.opt(s.get(part), w.i64)
        w.opt(s.get("record"), hexed)
        w.opt(s.get("name"), w.text)
    w.byte(1 if e["allow"] else 0)
    w.opt(e.get("rule"), w.text)
    w.opt(e.get("code"), w.text)
    phase = e["phase"]
    w.byte({"single": 0, "intent": 1, "outcome": 2}[phase["is"]])
    if phase["is"] == "outcome":
        w.i64(phase["of"])
        w.text(phase["result"])
    w.i64(e["repeated"])
    w.i64(len(e["detail"]))
    for key, value in e["detail"]:
        w.text(key)
        w.text(value)
    w.opt(e.get("recordsDigest"), lambda h: w.data(bytes.fromhex(h)))
    return w.out


PERSON = {"kind": "person", "userID": 1000, "userName": "ada", "host": "engine", "process": 4242, "executable": "/usr/bin/tacit", "platform": "linux-x86_64"}
AGENT = {
    "kind": "agent", "agentID": "0f" * 16, "agentName": "claude", "reportedModel": "some-model", "userID": 4294967295, "userName": "büro",
    "host": "engine", "process": -1, "executable": "/opt/agent", "ip": "192.0.2.7", "platform": "linux-aarch64",
}
MOMENT = {"wall": 1795248000123456789, "bootID": "ab" * 16, "bootTime": 86400000000007}


def entries() -> dict:
    plain = {**MOMENT, "actor": PERSON, "source": "cli", "mode": "none", "action": "vault.unlock", "subjects": [], "allow": True,
             "phase": {"is": "single"}, "repeated": 1, "detail": []}
    place = {"project": "11" * 16, "environment": "22" * 16, "secret": "33" * 16}
    cases = {
        "plain": plain,
        "write": {**plain, "mode": "write", "action": "secret.set", "subjects": [{**place, "version": 3, "field": 1, "name": "stripe/api-key"}],
                  "recordsDigest": "5a" * 32},
        "intent": {**plain, "actor": AGENT, "source": "mcp", "mode": "inject", "action": "run", "subjects": [place, {"record": "44" * 16, "name": "x"}],
                   "rule": "agents may run", "phase": {"is": "intent"}, "detail": [["program", "curl"], ["argument count", "3"]]},
        "outcome": {**plain, "actor": AGENT, "source": "mcp", "mode": "inject", "action": "run.end",
                    "phase": {"is": "outcome", "of": 17, "result": "exited"}, "detail": [["exit", "0"]]},
        "denial": {**plain, "actor": AGENT, "source": "extension", "mode": "reveal", "action": "secret.reveal", "allow": False, "rule": "none",
                   "code": "policy.no-match", "repeated": 12, "clockFloor": 1795248000123456999},
        "newer": {**plain, "actor": {**PERSON, "kind": "robot"}, "source": "telepathy", "mode": "glance", "action": "secret.teleport"},
    }
    return {"count": len(cases), "cases": [{"name": n, "entry": e, "encoded": entry(e).hex()} for n, e in cases.items()]}


# --- pending list ---


def act(a: dict) -> bytes:
    w = Writer()
    w.byte(1)
    for part in ("kind", "source", "mode", "action", "executable"):
        w.text(a[part])
    w.i64(a["userID"])
    w.byte(1 if a["allow"] else 0)
    w.opt(a.get("code"), w.text)
    w.i64(a["process"])
    clock(w, a["first"])
    clock(w, a["last"])
    w.opt(a.get("clockFloor"), w.i64)
    w.i64(a["repeated"])
    return w.out


def line(place: int, a: dict) -> str:
    w = Writer()
    w.i64(place)
    w.data(act(a))
    return f"\n{sha(w.out)[:8].hex()} {w.out.hex()}\n"


def pending() -> dict:
    one = {"kind": "person", "source": "cli", "mode": "none", "action": "unlock.failed", "executable": "/usr/bin/tacit", "userID": 1000, "allow": False,
           "code": "unlock.wrong-password", "process": 77, "first": MOMENT, "last": MOMENT, "repeated": 1}
    later = {**MOMENT, "wall": MOMENT["wall"] + 10**9, "bootTime": MOMENT["bootTime"] + 10**9}
    two = {**one, "kind": "unidentified", "source": "mcp", "mode": "reference", "action": "secret.exists", "code": "vault.locked", "process": 78}
    acts = [{**one, "last": later, "repeated": 2}, two]
    return {"appended": line(0, one) + line(1, two) + line(0, acts[0]), "whole": line(0, acts[0]) + line(1, two), "acts": acts}


# --- records digest ---


def digest() -> dict:
    key = bytes(range(64, 96))
    rows = [{"kind": k, "id": bytes([n] * 16).hex(), "revision": n, "mac": sha(bytes([n])).hex()} for n, k in enumerate(["vault", "slot", "secret", "secret"], 1)]

    def addend(r):
        w = Writer()
        w.byte(1)
        w.text(r["kind"])
        w.raw(bytes.fromhex(r["id"]))
        w.i64(r["revision"])
        w.data(bytes.fromhex(r["mac"]))
        return int.from_bytes(hmac.new(key, w.out, "sha256").digest(), "big")

    def value(some):
        w = Writer()
        w.byte(2)
        w.data((sum(map(addend, some)) % 2**256).to_bytes(32, "big"))
        return hmac.new(key, w.out, "sha256").hexdigest()

    return {"key": key.hex(), "rows": rows, "values": [value(rows[:n]) for n in range(len(rows) + 1)]}


for name, make in {"merkle": merkle, "chain": chain, "checkpoints": checkpoints, "entries": entries, "pending": pending, "digest": digest}.items():
    (HERE / f"{name}.json").write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n")
