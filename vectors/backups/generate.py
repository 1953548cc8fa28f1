#!/usr/bin/env python3
"""Writes the vectors of docs/SPEC.md section 15.

`vectors/peer` is the second implementation that they come from.
Run it in this folder: python3 generate.py. The output is the same at every run.
"""
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from peer.backup import (  # noqa: E402
    CHUNK, end, environment, head, opened, origin, password_lock, policy, project, recipient_text, record, sealed, sealed_age, secret, version)
from peer.parts import Refused, data, stream, text  # noqa: E402

BACKUP, ORGANIZATION, MADE = stream("backup", 16), stream("organization a", 16), 1795248000123456789
KEY, PHC, PASSWORD = stream("backup key", 32), "$argon2id$v=19$m=8192,t=1,p=2$AAECAwQFBgcICQoLDA0ODw", b"CANARY backup horse"
P, E, S, T, D = (stream(f"backed {name}", 16) for name in ("project", "environment", "secret", "second secret", "policy"))
LOCK = password_lock(PHC, PASSWORD, KEY, stream("backup nonce", 12), BACKUP, ORGANIZATION)
HEAD = head(BACKUP, ORGANIZATION, MADE, LOCK)
NOTE = "tacit.local/" + ORGANIZATION.hex() + "\n7\nAAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8=\n\n— tacit.local/x AAAA\n"


def write(name, expect, reason, file, **fields):
    clean = {k: v.hex() if isinstance(v, bytes) else v for k, v in fields.items()}
    text_ = json.dumps({"spec": "15", "expect": expect, "reason": reason, "file": file.hex()} | clean, indent=2)
    (HERE / f"{name}.json").write_text(text_ + "\n")
    # The second implementation reads what it wrote, and refuses what is wrong; what only the order of records tells, it does not look at.
    opener = {"key": fields["key"]} if "key" in fields else {"password": fields.get("password", PASSWORD)}
    try:
        opened(file, **opener)
        assert expect in ("opens", "malformed", "left-over"), name
    except Refused as refusal:
        assert str(refusal) == expect or expect == "left-over" and str(refusal) == "changed", (name, refusal)


FIELDS = [("user", "plain", None, b"app"), ("password", "secret", "PGPASSWORD", b"CANARY-backed-1")]
BEFORE = origin(NOTE, "tacit.local/x+01020304+AAAA") + project(P, MADE - 9, "shop") + environment(E, P, MADE - 8, "prod")
RULES = policy(D, MADE - 7, 1, b'{"policies":[]}', "policies: []\n")
SECRETS = (
    secret(S, E, 2, MADE - 6, MADE - 4, "db/main", tags=["prod", "db"], description="the main one", note="CANARY-note", url="https://db.example",
           expires=MADE + 10**15)
    + version(1, MADE - 6, FIELDS[1:]) + version(2, MADE - 4, FIELDS)
    + secret(T, E, 1, MADE - 3, MADE - 2, "old", deleted=MADE - 2, purge=MADE + 10**15) + version(1, MADE - 3, [("value", "secret", None, b"")]))
BYTES = len(b"CANARY-backed-1") * 2 + 3
WHOLE = BEFORE + RULES + SECRETS + end(1, 1, 1, 2, 3, 4, BYTES)
GOOD = sealed(KEY, HEAD, WHOLE)
write("password", "opens", "a backup that its password opens", GOOD, password=PASSWORD, content=WHOLE)
write("wrong-password", "wrong-password", "another password", GOOD, password=b"CANARY other")
AGE = sealed_age(KEY, [X25519PrivateKey.from_private_bytes(stream(f"identity {i}", 32)).public_key().public_bytes_raw() for i in (1, 2)],
                 lambda count, n=iter(range(9)): stream(f"age draw {next(n)}", count))
AGE_HEAD = head(BACKUP, ORGANIZATION, MADE, text("age") + data(AGE))
RECIPIENTS = [recipient_text(X25519PrivateKey.from_private_bytes(stream(f"identity {i}", 32)).public_key().public_bytes_raw()) for i in (1, 2)]
write("recipients", "opens", "a backup that is sealed to two recipients", sealed(KEY, AGE_HEAD, WHOLE), key=KEY, content=WHOLE, age=AGE,
      recipients=RECIPIENTS, draws=[stream(f"age draw {i}", c).hex() for i, c in enumerate((16, 32, 32, 16))])
write("wrong-key", "wrong-key", "another key", sealed(KEY, AGE_HEAD, WHOLE), key=stream("another", 32))
write("empty-file", "unknown", "no byte at all", b"")
write("other-file", "unknown", "another file", b"PK\x03\x04 not a backup at all")
write("newer", "newer", "a later format", GOOD[:12] + b"\x02" + GOOD[13:])
write("head-flipped", "changed", "one bit of the time in the head flipped", GOOD[:49] + bytes([GOOD[49] ^ 1]) + GOOD[50:])
write("head-cut", "cut", "it ends in the head", GOOD[:60])
write("end-flipped", "cut", "one bit of the last chunk flipped: as if its end were missing", GOOD[:-1] + bytes([GOOD[-1] ^ 1]))
write("cut", "cut", "the last byte is missing", GOOD[:-1])
write("left-over", "cut", "one byte too many, in the last chunk", GOOD + b"\x00")

# Three chunks: what was moved, left out, doubled or exchanged among them.
LARGE = BEFORE + secret(S, E, 1, MADE - 6, MADE - 6, "big") + version(1, MADE - 6, [("value", "secret", None, stream("CANARY large", 2 * CHUNK))])
LARGE += end(1, 1, 0, 1, 1, 1, 2 * CHUNK)
large = sealed(KEY, AGE_HEAD, LARGE)
start = len(AGE_HEAD) + 32
pieces = [large[start + i * (CHUNK + 16):start + (i + 1) * (CHUNK + 16)] for i in range(3)]
assert len(pieces[2]) < CHUNK and large == large[:start] + b"".join(pieces)
write("large", "opens", "a backup of three chunks; what becomes of its chunks is tried on this one", large, key=KEY, head=start)

# Genuine, and not what a writer writes.
LONE = version(1, 1, FIELDS)
LONE = LONE[:4 + int.from_bytes(LONE[:4], "big")]
for name, content, reason in (
        ("no-end", WHOLE[:-(4 + 57)], "the record that ends it is missing"),
        ("wrong-count", BEFORE + RULES + SECRETS + end(1, 1, 1, 2, 3, 5, BYTES), "a count that is one too high"),
        ("behind-end", WHOLE + RULES, "a record behind the end"),
        ("no-origin", WHOLE[len(origin(NOTE, "tacit.local/x+01020304+AAAA")):], "the origin is missing"),
        ("missing-version", BEFORE + secret(S, E, 2, 1, 1, "x") + version(1, 1, FIELDS) + end(1, 1, 0, 1, 1, 2, 18), "a version is missing"),
        ("missing-value", BEFORE + secret(S, E, 1, 1, 1, "x") + LONE + end(1, 1, 0, 1, 1, 0, 0), "the values of a version are missing"),
        ("foreign-environment", BEFORE + secret(S, T, 1, 1, 1, "x") + version(1, 1, FIELDS) + end(1, 1, 0, 1, 1, 2, 18), "a secret of no environment"),
        ("bad-name", BEFORE + secret(S, E, 1, 1, 1, "a//b") + version(1, 1, FIELDS) + end(1, 1, 0, 1, 1, 2, 18), "a name that is none"),
        ("unknown-record", BEFORE + record(9, b"x") + end(1, 1, 0, 0, 0, 0, 0), "a kind of record that does not exist"),
        ("huge-record", BEFORE + b"\xff\xff\xff\xff", "a length that no record has"),
):
    write(f"malformed-{name}", "malformed", reason, sealed(KEY, HEAD, content))
