#!/usr/bin/env python3
"""Writes the vectors of docs/SPEC.md sections 1 to 5.

`vectors/peer` is the second implementation that they come from.
Run it in this folder: python3 generate.py. The output is the same at every run.
"""
import json
import pathlib
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from peer.parts import data, stream, u32  # noqa: E402
from peer.sealing import (  # noqa: E402
    ALPHABET, LABELS, NUMBERS, associated_data, bucket, commit, context, derive, expand, hashed, password_slot, recovery_slot, recovery_text, seal,
    seal_raw, wrap)


def write(name, spec, expect, reason, **fields):
    clean = {k: v.hex() if isinstance(v, bytes) else v for k, v in fields.items()}
    text = json.dumps({"spec": spec, "expect": expect, "reason": reason} | clean, indent=2)
    (HERE / f"{name}.json").write_text(text + "\n")


# --- sealed blobs

KEY, NONCE = stream("data key", 32), stream("nonce", 12)
VALUE = context("tacit/v1/value", project=True, environment=True, secret=True, version=3, field=1)


def sealed_ok(name, content, c, reason):
    write(f"sealed-{name}", "4.1", "opens", reason, key=KEY, nonce=NONCE, context=c, plaintext=content, sealed=seal(KEY, NONCE, content, c))


def sealed_bad(name, expect, sealed, reason, c=VALUE, spec="4.1"):
    write(f"sealed-{name}", spec, expect, reason, key=KEY, context=c, sealed=sealed)


CANARY = b"CANARY-vector-5f1d"
sealed_ok("value", CANARY, VALUE, "an ordinary value")
sealed_ok("value-empty", b"", VALUE, "the empty value is a value")
sealed_ok("value-one-byte", b"\x00", VALUE, "one byte, and that is NUL")
sealed_ok("value-fills-bucket", stream("CANARY fill", 60), VALUE, "length and value fill 64 bytes exactly")
sealed_ok("value-next-bucket", stream("CANARY next", 61), VALUE, "one byte more takes the bucket of 128")
sealed_ok("value-4092", stream("CANARY 4092", 4092), VALUE, "fills the last bucket that is a power of two")
sealed_ok("value-4093", stream("CANARY 4093", 4093), VALUE, "above 4096 the step is a sixteenth: 4352")
sealed_ok("manifest", b"CANARY-manifest", context("tacit/v1/manifest", project=True, environment=True, secret=True, version=3, field=0), "a manifest")
sealed_ok("metadata", b"CANARY-metadata", context("tacit/v1/metadata", project=True, environment=True, secret=True, record=True), "metadata of a record")
sealed_ok("policy", b"CANARY-policy", context("tacit/v1/policy", record=True, version=7), "a policy document")
sealed_ok("audit-entry", b"CANARY-entry", context("tacit/v1/audit-entry", version=0), "an audit entry: version is its index, and 0 is not absent")

good = seal(KEY, NONCE, CANARY, VALUE)
sealed_bad("nothing", "malformed-length", b"", "no byte at all")
sealed_bad("version-only", "malformed-length", good[:1], "the version byte alone")
sealed_bad("version-0", "unknown-version", b"\x00" + good[1:], "format 0 does not exist")
sealed_bad("version-2", "unknown-version", b"\x02" + good[1:], "a later format")
sealed_bad("version-2-other-length", "unknown-version", b"\x02" + good[1:40], "a later format may have other lengths, so the version is judged first")
sealed_bad("cut", "malformed-length", good[:-1], "the last byte is missing")
sealed_bad("long", "malformed-length", good + b"\x00", "one byte too many")
sealed_bad("no-ciphertext", "malformed-length", good[:29], "nonce and tag without ciphertext")
two = seal(KEY, NONCE, stream("CANARY two", 100), VALUE)
sealed_bad("cut-to-smaller-bucket", "authentication-failed", two[:29 + 64], "cut to the length of a smaller bucket")
sealed_bad("grown-to-larger-bucket", "authentication-failed", good + bytes(64), "grown to the length of a larger bucket")
for name, at in {"nonce": 1, "ciphertext": 20, "tag": len(good) - 1}.items():
    sealed_bad(f"flipped-{name}", "authentication-failed", good[:at] + bytes([good[at] ^ 1]) + good[at + 1:], f"one bit of the {name} flipped")
for name in ("organization", "project", "environment", "secret"):
    sealed_bad(f"other-{name}", "authentication-failed", good, f"belongs to another {name}", VALUE | {name: stream(f"{name} b", 16).hex()}, "3.2")
for name in NUMBERS:
    sealed_bad(f"other-{name}", "authentication-failed", good, f"belongs to another {name}", VALUE | {name: 2}, "3.2")
sealed_bad("absent-part", "authentication-failed", good, "an absent part is not a present one", {k: v for k, v in VALUE.items() if k != "field"}, "3.2")
swapped = VALUE | {"project": VALUE["environment"], "environment": VALUE["project"]}
sealed_bad("swapped-parts", "authentication-failed", good, "project and environment exchanged", swapped, "3.2")
moved = {k: v for k, v in VALUE.items() if k != "secret"} | {"record": VALUE["secret"]}
sealed_bad("moved-part", "authentication-failed", good, "the same id in another part", moved, "3.2")
document = seal(KEY, NONCE, CANARY, context("tacit/v1/metadata", record=True))
sealed_bad("other-purpose", "authentication-failed", document, "metadata shown as a policy", context("tacit/v1/policy", record=True), "3.1")
sealed_bad("fill-not-zero", "bad-padding", seal_raw(KEY, NONCE, u32(5) + b"hello" + bytes(54) + b"\x01", VALUE), "the last byte of the fill is 1", spec="4.2")
sealed_bad("length-past-end", "bad-padding", seal_raw(KEY, NONCE, u32(61) + bytes(60), VALUE), "the length is one more than there is", spec="4.2")
sealed_bad("length-huge", "bad-padding", seal_raw(KEY, NONCE, u32(0xFFFFFFFF) + bytes(60), VALUE), "the length is the largest number", spec="4.2")
sealed_bad("bucket-too-large", "bad-padding", seal_raw(KEY, NONCE, u32(5) + b"hello" + bytes(119), VALUE), "five bytes in the bucket of 128", spec="4.2")

# --- wrapped keys

WRAPPING, OTHER, INNER = stream("wrapping key", 32), stream("other wrapping key", 32), stream("inner key", 32)
DATAKEY = context("tacit/v1/data-key", project=True, environment=True, secret=True, version=3, field=1, generation=2)


def wrapped_ok(name, c, reason):
    write(f"wrapped-{name}", "4.3", "opens", reason, key=WRAPPING, nonce=NONCE, context=c, inner=INNER, wrapped=wrap(WRAPPING, NONCE, INNER, c))


def wrapped_bad(name, expect, wrapped, reason, c=DATAKEY, key=WRAPPING, **more):
    write(f"wrapped-{name}", "4.3", expect, reason, key=key, context=c, wrapped=wrapped, **more)


wrapped_ok("data-key", DATAKEY, "a data key under its project key")
wrapped_ok("metadata-key", context("tacit/v1/metadata-key", project=True, record=True), "a metadata key")
wrapped_ok("policy-key", context("tacit/v1/policy-key", record=True), "a policy key")
wrapped_ok("project-key", context("tacit/v1/project-key", project=True), "a project key under the root key")
wrapped_ok("organization-key", context("tacit/v1/organization-key"), "an organization key under the root key")
wrapped_ok("root-key", context("tacit/v1/root-key", record=True, generation=0), "a root key under a slot's key")

good = wrap(WRAPPING, NONCE, INNER, DATAKEY)
wrapped_bad("nothing", "malformed-length", b"", "no byte at all")
wrapped_bad("version-2", "unknown-version", b"\x02" + good[1:], "a later format")
wrapped_bad("cut", "malformed-length", good[:-1], "the last byte is missing")
wrapped_bad("long", "malformed-length", good + b"\x00", "one byte too many")
wrapped_bad("without-commitment", "malformed-length", good[:-32], "a sealed key without its commitment")
for name, at in {"nonce": 1, "ciphertext": 20, "tag": 60, "commitment": 92}.items():
    wrapped_bad(f"flipped-{name}", "commitment-mismatch", good[:at] + bytes([good[at] ^ 128]) + good[at + 1:], f"one bit of the {name} flipped")
wrapped_bad("other-key", "commitment-mismatch", good, "shown to another wrapping key", key=OTHER)
wrapped_bad("other-generation", "commitment-mismatch", good, "shown as another generation", DATAKEY | {"generation": 1})
wrapped_bad("other-purpose", "commitment-mismatch", good, "a data key shown as a metadata key", DATAKEY | {"purpose": "tacit/v1/metadata-key"})
broken = good[:20] + bytes([good[20] ^ 1]) + good[21:61]
wrapped_bad("committed-but-broken", "authentication-failed", broken + commit(WRAPPING, DATAKEY, broken), "a commitment by the true key over a ciphertext that is none")


def multiply(x, y):
    """GF(2^128) as GCM writes it (NIST SP 800-38D §6.3)."""
    z, v = 0, y
    for i in range(127, -1, -1):
        if x >> i & 1: z ^= v
        v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
    return z


def inverse(x):
    result, square = 1 << 127, x
    for _ in range(127):
        square = multiply(square, square)
        result = multiply(result, square)
    return result


def two_key_blob(key_a, key_b, nonce, ad):
    """32 bytes of ciphertext and a tag that AES-GCM accepts under both keys."""
    first = int.from_bytes(stream("first block", 16), "big")
    ad_blocks = [int.from_bytes(ad[i:i + 16].ljust(16, b"\0"), "big") for i in range(0, len(ad), 16)]
    lengths = len(ad) * 8 << 64 | 32 * 8
    sums, squares = [], []
    for key in (key_a, key_b):
        block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        h = int.from_bytes(block.update(bytes(16)), "big")
        mask = int.from_bytes(block.update(nonce + u32(1)), "big")
        y = 0
        for b in ad_blocks + [first, 0, lengths]: y = multiply(y ^ b, h)
        sums.append(y ^ mask)
        squares.append(multiply(h, h))
    second = multiply(sums[0] ^ sums[1], inverse(squares[0] ^ squares[1]))
    tag = sums[0] ^ multiply(second, squares[0])
    blob = b"".join(n.to_bytes(16, "big") for n in (first, second, tag))
    AESGCM(key_a).decrypt(nonce, blob, ad), AESGCM(key_b).decrypt(nonce, blob, ad)
    return nonce + blob


forged = b"\x01" + two_key_blob(expand(WRAPPING, "tacit/v1/wrap"), expand(OTHER, "tacit/v1/wrap"), NONCE, associated_data(DATAKEY))
wrapped_bad("two-keys-one-blob", "commitment-mismatch", forged + commit(OTHER, DATAKEY, forged),
            "AES-GCM accepts this ciphertext under two keys; the commitment is the other key's", opensUnder=OTHER)

NEXT = DATAKEY | {"generation": 3}
SECOND_NONCE, SECOND_KEY = stream("second nonce", 12), stream("second data key", 32)
write("rewrap-data-key", "4.4", "opens", "a data key under the next project key: the same key", key=WRAPPING, context=DATAKEY, wrapped=good, other=OTHER,
      generation=3, nonce=SECOND_NONCE, inner=INNER, again=wrap(OTHER, SECOND_NONCE, INNER, NEXT))
for name, c in (("value", VALUE), ("manifest", VALUE | {"purpose": "tacit/v1/manifest", "field": 0})):
    write(f"reseal-{name}", "4.4", "opens", f"a {name} under a fresh key, as the second seal", key=KEY, context=c, sealed=seal(KEY, NONCE, CANARY, c),
          other=SECOND_KEY, nonce=SECOND_NONCE, plaintext=CANARY, again=seal(SECOND_KEY, SECOND_NONCE, CANARY, c | {"generation": 2}))

# --- associated data, derivations, buckets

write("associated-data", "3.2", "equals", "the parts of a context in bytes", cases=[
    {"context": c, "bytes": associated_data(c).hex()} for c in (
        VALUE, DATAKEY, context("tacit/v1/organization-key"), context("tacit/v1/root-key", record=True, generation=0),
        context("tacit/v1/value", project=True, environment=True, secret=True, record=True, version=2**63 - 1, field=-1, generation=-2**63))])
write("derived-keys", "2.3", "equals", "every label gives a key of its own", key=WRAPPING,
      cases=[{"label": l, "derived": derive(WRAPPING, l).hex()} for l in LABELS])
SIZES = sorted({n + d for n in (0, 1, 60, 124, 252, 508, 1020, 2044, 4092, 8188, 65532, 1 << 20) for d in (-1, 0, 1) if 0 <= n + d <= 1 << 20})
write("size-buckets", "4.2", "equals", "content length to sealed length", cases=[{"content": n, "sealed": 29 + bucket(4 + n)} for n in SIZES])

# --- slots

RECOVERY, ROOT = stream("recovery key", 32), stream("root key", 32)
SLOT = context("tacit/v1/root-key", record=True, generation=0)
TEXT = recovery_text(RECOVERY)
groups = TEXT.split("-")
exchanged = "-".join([groups[1], groups[0]] + groups[2:])
wrong = groups[2][:2] + ALPHABET[(ALPHABET.index(groups[2][2]) + 7) % 32] + groups[2][3:]
write("recovery-key", "5.3", "mixed", "texts of one recovery key and what is wrong with others", key=RECOVERY, text=TEXT, cases=[
    {"text": TEXT, "expect": "opens"}, {"text": TEXT.lower(), "expect": "opens"}, {"text": TEXT.replace("-", ""), "expect": "opens"},
    {"text": "  " + TEXT.replace("-", " ") + "\r\n", "expect": "opens"},
    {"text": TEXT.replace("1", "l").replace("0", "o"), "expect": "opens"}, {"text": TEXT.replace("1", "I").replace("0", "O"), "expect": "opens"},
    {"text": "-".join(groups[:2] + [wrong] + groups[3:]), "expect": "mistyped", "group": 3},
    {"text": exchanged, "expect": "mistyped", "group": 1},
    {"text": recovery_text(RECOVERY, extra=1), "expect": "mistyped", "group": 13},
    {"text": TEXT[:7] + "U" + TEXT[8:], "expect": "bad-character", "group": 2},
    {"text": TEXT[:7] + "é" + TEXT[8:], "expect": "bad-character", "group": 2},
    {"text": TEXT[:-1], "expect": "wrong-length"}, {"text": TEXT + "0", "expect": "wrong-length"}, {"text": "", "expect": "wrong-length"}])
ZERO = recovery_text(bytes(32))
assert "0" in ZERO and "1" in ZERO
write("recovery-key-zero", "5.3", "mixed", "all bits zero: the look-alikes of 0 and 1 are read as such", key=bytes(32), text=ZERO, cases=[
    {"text": ZERO, "expect": "opens"}, {"text": ZERO.replace("0", "O").replace("1", "I"), "expect": "opens"},
    {"text": ZERO.replace("0", "o").replace("1", "l"), "expect": "opens"}])
slot = recovery_slot(wrap(RECOVERY, NONCE, ROOT, SLOT))
write("slot-recovery", "5.1", "opens", "a slot that a recovery key opens", context=SLOT, recovery=TEXT, nonce=NONCE, root=ROOT, slot=slot)
PHC, PASSWORD = "$argon2id$v=19$m=8192,t=1,p=2$AAECAwQFBgcICQoLDA0ODw", b"CANARY correct horse"
slot_key = hashed(PASSWORD, PHC)
slot = password_slot(PHC, wrap(slot_key, NONCE, ROOT, SLOT))
write("slot-password", "5.1", "opens", "a slot that a password opens", context=SLOT, password=PASSWORD, hashed=slot_key, phc=PHC, nonce=NONCE, root=ROOT, slot=slot)
HARD = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw"
write("argon2id-default", "5.2", "equals", "the default cost", password=PASSWORD, phc=HARD, hashed=hashed(PASSWORD, HARD))
for name, bad, reason in (
        ("nothing", b"", "no byte at all"), ("kind", b"\x01" + data(b"fingerprint") + data(b"x"), "a kind that does not exist"),
        ("cut", slot[:-1], "the last byte is missing"), ("long", slot + b"\x00", "one byte too many"),
        ("wrapped-cut", b"\x01" + data(b"recovery") + data(bytes(92)), "a wrapped key of 92 bytes")):
    write(f"slot-{name}", "5.1", "malformed-slot", reason, slot=bad)
write("slot-version-2", "5.1", "unknown-version", "a later format", slot=b"\x02" + slot[1:])
write("slot-hungry", "5.2", "out-of-bounds", "8 GiB of memory: refused before any hashing",
      slot=b"\x01" + data(b"password") + data(PHC.replace("m=8192", "m=8388608").encode()) + data(bytes(93)))
