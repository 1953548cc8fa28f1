"""Keys, associated data, sealed blobs, wrapped keys and slots (docs/SPEC.md §2 to §5)."""
import base64
import hashlib
import hmac
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from .parts import Reader, Refused, data, integer, stream, text, u32

IDS = ("organization", "project", "environment", "secret", "record")
NUMBERS = ("version", "field", "generation")
LABELS = ("audit-log-v1", "audit-seal-v1", "blind-index-v1", "row-mac-v1", "records-digest-v1", "token-v1", "fake-token-v1", "fake-token-index-v1",
          "checkpoint-signing-v1", "rollback-memory-v1", "backup-schedule-v1", "backup-head-v1", "backup-chunks-v1")
MAXIMUM_CONTENT = 1 << 20


# --- contexts (§3)


def context(purpose, *, seed="a", **parts):
    c = {"purpose": purpose, "organization": stream("organization " + seed, 16).hex(), "generation": 1}
    for name in IDS:
        if parts.get(name) is True:
            parts[name] = stream(f"{name} {seed}", 16).hex()
    return c | parts


def associated_data(c) -> bytes:
    out = text(c["purpose"])
    for name in IDS:
        out += data(bytes.fromhex(c.get(name) or ""))
    for name in NUMBERS:
        out += data(integer(c[name])) if name in c else data(b"")
    return out


# --- derivations (§2)


def expand(key: bytes, label: str) -> bytes:
    return HKDFExpand(SHA256(), 32, label.encode()).derive(key)


def derive(organization_key: bytes, label: str) -> bytes:
    return expand(organization_key, "tacit/v1/derive/" + label)


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


# --- sealed blobs (§4.1, §4.2)


def bucket(n: int) -> int:
    if n <= 64:
        return 64
    exponent = n.bit_length() - 1
    step = 1 << (n - 1).bit_length() if n <= 4096 else 1 << (exponent - 4)
    return -(-n // step) * step


def padded(content: bytes) -> bytes:
    body = data(content)
    return body + bytes(bucket(len(body)) - len(body))


def gcm(key: bytes, nonce: bytes, plaintext: bytes, ad: bytes) -> bytes:
    return nonce + AESGCM(key).encrypt(nonce, plaintext, ad)


def seal(key: bytes, nonce: bytes, content: bytes, c) -> bytes:
    return seal_raw(key, nonce, padded(content), c)


def seal_raw(key: bytes, nonce: bytes, plaintext: bytes, c) -> bytes:
    return b"\x01" + gcm(key, nonce, plaintext, associated_data(c))


def decrypted(key: bytes, nonce: bytes, ciphertext: bytes, ad: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, ad)
    except InvalidTag:
        raise Refused("authentication-failed") from None


def open_sealed(key: bytes, blob: bytes, c) -> bytes:
    if not blob:
        raise Refused("malformed-length")
    if blob[0] != 1:
        raise Refused("unknown-version")
    size = len(blob) - 29
    if not 64 <= size <= bucket(4 + MAXIMUM_CONTENT) or bucket(size) != size:
        raise Refused("malformed-length")
    body = decrypted(key, blob[1:13], blob[13:], associated_data(c))
    end = 4 + int.from_bytes(body[:4], "big")
    if bucket(end) != size or any(body[end:]):
        raise Refused("bad-padding")
    return body[4:end]


# --- wrapped keys (§4.3)


def commit(wrapping: bytes, c, committed: bytes) -> bytes:
    return mac(expand(wrapping, "tacit/v1/commit"), associated_data(c) + committed)


def wrap(wrapping: bytes, nonce: bytes, key: bytes, c) -> bytes:
    committed = b"\x01" + gcm(expand(wrapping, "tacit/v1/wrap"), nonce, key, associated_data(c))
    return committed + commit(wrapping, c, committed)


def unwrap(wrapping: bytes, wrapped: bytes, c) -> bytes:
    if not wrapped:
        raise Refused("malformed-length")
    if wrapped[0] != 1:
        raise Refused("unknown-version")
    if len(wrapped) != 93:
        raise Refused("malformed-length")
    if not hmac.compare_digest(commit(wrapping, c, wrapped[:61]), wrapped[61:]):
        raise Refused("commitment-mismatch")
    return decrypted(expand(wrapping, "tacit/v1/wrap"), wrapped[1:13], wrapped[13:61], associated_data(c))


# --- slots (§5)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PHC = re.compile(r"\$argon2id\$v=19\$m=([1-9][0-9]*),t=([1-9][0-9]*),p=([1-9][0-9]*)\$([A-Za-z0-9+/]{22})")


def hashed(password: bytes, phc: str) -> bytes:
    found = PHC.fullmatch(phc)
    if not found:
        raise Refused("malformed")
    memory, passes, lanes = map(int, found.groups()[:3])
    if not (8192 <= memory <= 4 << 20 and 1 <= passes <= 64 and 1 <= lanes <= 16):
        raise Refused("out-of-bounds")
    salt = base64.b64decode(found[4] + "==")
    return Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(password)


def slot_context(organization: str, slot: str):
    return {"purpose": "tacit/v1/root-key", "organization": organization, "record": slot, "generation": 0}


def password_slot(phc: str, wrapped: bytes) -> bytes:
    return b"\x01" + text("password") + text(phc) + data(wrapped)


def recovery_slot(wrapped: bytes) -> bytes:
    return b"\x01" + text("recovery") + data(wrapped)


def read_slot(content: bytes) -> dict:
    reader = Reader(content)
    if not content:
        raise Refused("malformed-slot")
    if reader.byte() != 1:
        raise Refused("unknown-version")
    slot = {"kind": reader.text()}
    if slot["kind"] == "password":
        slot["phc"] = reader.text()
    elif slot["kind"] != "recovery":
        raise Refused("malformed-slot")
    slot["wrapped"] = reader.data()
    if len(slot["wrapped"]) != 93:
        raise Refused("malformed-slot")
    reader.end()
    return slot


def product(a: int, b: int) -> int:
    """In GF(2⁵) modulo x⁵ + x² + 1."""
    out = 0
    for i in range(5):
        if b >> i & 1:
            out ^= a << i
    for i in range(9, 4, -1):
        if out >> i & 1:
            out ^= 0b100101 << (i - 5)
    return out


def recovery_text(key: bytes, extra: int = 0) -> str:
    bits = int.from_bytes(key, "big") << 4 | extra
    digits = [bits >> 5 * (51 - i) & 31 for i in range(52)]
    groups = []
    for g in range(13):
        quad = digits[4 * g:4 * g + 4]
        check = g + 1
        for weight, digit in zip((2, 4, 8, 16), quad):
            check ^= product(digit, weight)
        groups.append("".join(ALPHABET[d] for d in quad + [check]))
    return "-".join(groups)


def recovery_key(shown: str) -> bytes:
    """The 32 bytes of a text that was written as `recovery_text` writes it."""
    groups = shown.split("-")
    bits = 0
    for group in groups:
        for digit in group[:4]:
            bits = bits << 5 | ALPHABET.index(digit)
    key = (bits >> 4).to_bytes(32, "big")
    if recovery_text(key) != shown:
        raise Refused("mistyped")
    return key
