#!/usr/bin/env python3
"""Writes the vectors of docs/SPEC.md section 7 with the second implementation in `vectors/peer`."""
import base64
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from peer.log import b64, checkpoint, digest, entry, entry_proof, frontier, growth_proof, key_id, links, mth, note, path, pending_line, public_key, sha, signer, subproof, verifier_key  # noqa: E402

# --- Merkle tree ---

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


def checkpoints() -> dict:
    seed, origin = bytes(range(32, 64)), "tacit.example/6465666768696a6b6c6d6e6f70717273"
    private = signer(seed)
    public = public_key(private)
    d = [bytes.fromhex(x) for x in CT_LEAVES]
    cases = []
    for size, extensions in [(0, []), (1, []), (7, [f"tacit-chain {b64(sha(b'chain'))}"]), (8, ["tacit-records " + b64(sha(b"r")), "x y z"])]:
        text = "".join(line + "\n" for line in [origin, str(size), b64(mth(d[:size])), *extensions])
        cases.append({"size": size, "root": mth(d[:size]).hex(), "extensions": extensions, "note": note(text, origin, private)})

    # At the end of an epoch: the next key is named, and signs, too.
    following = signer(bytes(range(64, 96)))
    chain_value = sha(b"the last entry of an epoch")
    text = "".join(line + "\n" for line in [
        origin, "8", b64(mth(d)), f"tacit-chain {b64(chain_value)}", f"tacit-next {b64(bytes([1]) + public_key(following))}"])
    end = {"nextSeed": bytes(range(64, 96)).hex(), "nextVerifierKey": verifier_key(origin, public_key(following)), "size": 8, "root": mth(d).hex(),
           "chain": chain_value.hex(), "note": note(text, origin, private, following)}
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
        "verifierKey": verifier_key(origin, public),
        "cases": cases,
        "refused": [{"name": n, "note": t, "part": p} for n, t, p in refused],
        "count": len(refused),
        "end": end,
        # The example of Go's package golang.org/x/mod/sumdb/note.
        "foreign": {"verifierKey": foreign, "note": text + "\n" + line},
    }


# --- proofs (C2SP tlog-proof, tlog-witness) ---


def proofs() -> dict:
    seed, origin = bytes(range(32, 64)), "tacit.example/6465666768696a6b6c6d6e6f70717273"
    sealed = [sha(bytes([n]))[: 1 + n % 32] * (1 + n % 7) for n in range(8)]
    notes = {n: checkpoint(origin, sealed[:n], [f"tacit-chain {b64(sha(bytes([n])))}"], signer(seed)) for n in range(1, 9)}
    entries = [{"size": n, "index": i, "proof": entry_proof(i, sealed[:n], notes[n])} for n in notes for i in range(n)]
    growth = [{"from": m, "size": n, "proof": growth_proof(m, sealed[:n], notes[n])} for n in notes for m in range(n + 1)]
    return {"origin": origin, "sealed": [s.hex() for s in sealed], "notes": [notes[n] for n in notes], "entries": entries, "growth": growth}


# --- entries ---


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


NAMES = {
    "kinds": ["person", "agent", "unidentified", "system"],
    "sources": ["cli", "mcp", "api", "sdk", "dashboard", "extension", "broker", "keeper"],
    "modes": ["reveal", "inject", "resolve", "masked", "reference", "list", "write", "administer", "none"],
    "actions": [
        *(f"secret.{verb}" for verb in ("set", "reveal", "inject", "resolve", "masked", "exists", "list", "show", "delete", "undelete", "purge", "rollback",
                                        "rename", "tag", "renew", "import", "export", "compare")), "health.check",
        *(f"{thing}.{verb}" for thing in ("project", "environment") for verb in ("create", "list", "rename", "delete")),
        "environment.history", "environment.copy", "environment.restore",
        "policy.apply", "policy.show", "policy.explain", "agent.add", "agent.list", "agent.revoke", "agent.reset-output",
        "session.wake", "session.sleep", "session.list", "rule.list", "rule.acknowledge", "file.remove",
        "approval.request", "approval.list", "approval.grant", "approval.deny", "approval.done", "approval.withdraw",
        "totp.enroll", "totp.confirm", "totp.show", "totp.remove",
        "slot.add", "slot.list", "slot.remove", "slot.replace-recovery", "slot.upgrade", "password.change", "root.rotate",
        "rotation.begin", "rotation.step", "rotation.end", "rotation.show",
        "vault.create", "vault.restore", "backup.make", "backup.check", "backup.drill", "backup.schedule",
        "vault.unlock", "vault.lock", "unlock.failed", "step-up", "step-up.failed", "run", "run.end", "request", "token.misuse",
        "token.issue", "token.list", "token.revoke", "agents.freeze", "agents.thaw",
        "audit.checkpoint", "audit.read", "audit.verify", "audit.export", "audit.prove", "audit.prune", "clock.accepted", "rollback.accepted", "pending.dropped", "denials.folded",
    ],
}


def refused_entries() -> dict:
    """Bytes that no writer wrote."""
    base = {**MOMENT, "actor": PERSON, "source": "cli", "mode": "none", "action": "vault.lock", "subjects": [], "allow": True,
            "phase": {"is": "single"}, "repeated": 1, "detail": []}
    good = entry(base)
    decision = good.index(b"vault.lock") + len(b"vault.lock") + 8
    bad = {
        "no byte at all": b"", "a later format": b"\2" + good[1:], "the last byte is missing": good[:-1], "one byte too many": good + b"\0",
        "a decision that does not exist": good[:decision] + b"\2" + good[decision + 1:],
        "a phase that does not exist": good[:decision + 3] + b"\3" + good[decision + 4:],
        "no act at all": entry({**base, "repeated": 0}), "a negative count": entry({**base, "repeated": -1}),
        "a digest of 31 bytes": entry({**base, "recordsDigest": "5a" * 31}), "a text of 1,025 bytes": entry({**base, "code": "x" * 1025}),
        "a user id of 33 bits": entry({**base, "actor": {**PERSON, "userID": 2**32}}), "a negative user id": entry({**base, "actor": {**PERSON, "userID": -1}}),
        "a process id of 32 bits": entry({**base, "actor": {**PERSON, "process": 2**31}}),
    }
    return {"count": len(bad), "cases": [{"name": n, "encoded": b.hex()} for n, b in bad.items()]}


# --- pending list ---


def pending() -> dict:
    one = {"kind": "person", "source": "cli", "mode": "none", "action": "unlock.failed", "executable": "/usr/bin/tacit", "userID": 1000, "allow": False,
           "code": "unlock.wrong-password", "process": 77, "first": MOMENT, "last": MOMENT, "repeated": 1}
    later = {**MOMENT, "wall": MOMENT["wall"] + 10**9, "bootTime": MOMENT["bootTime"] + 10**9}
    two = {**one, "kind": "unidentified", "source": "mcp", "mode": "reference", "action": "secret.exists", "code": "vault.locked", "process": 78}
    acts = [{**one, "last": later, "repeated": 2}, two]
    return {"appended": pending_line(0, one) + pending_line(1, two) + pending_line(0, acts[0]), "whole": pending_line(0, acts[0]) + pending_line(1, two), "acts": acts}


# --- records digest ---


def digests() -> dict:
    key = bytes(range(64, 96))
    rows = [{"kind": k, "id": bytes([n] * 16).hex(), "revision": n, "mac": sha(bytes([n])).hex()} for n, k in enumerate(["vault", "slot", "secret", "secret"], 1)]
    return {"key": key.hex(), "rows": rows, "values": [digest(key, rows[:n]).hex() for n in range(len(rows) + 1)]}


for name, make in {"merkle": merkle, "chain": chain, "checkpoints": checkpoints, "proofs": proofs, "entries": entries, "refused-entries": refused_entries, "names": lambda: NAMES, "pending": pending, "digest": digests}.items():
    (HERE / f"{name}.json").write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n")
