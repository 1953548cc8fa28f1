"""Writes and reads backups (docs/SPEC.md §15)."""
import base64
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .parts import Reader, Refused, data, integer, listed, optional, text
from .sealing import derive, hashed, mac, unwrap, wrap

MAGIC = b"tacit-backup"
CHUNK = 65536
ORIGIN, PROJECT, ENVIRONMENT, POLICY, SECRET, VERSION, VALUE, END = range(1, 9)


# --- content (§15.4)


def record(kind: int, content: bytes) -> bytes:
    return data(bytes([kind]) + content)


def origin(checkpoint: str, verifier_key: str) -> bytes:
    return record(ORIGIN, text(checkpoint) + text(verifier_key))


def project(identity: bytes, time: int, name: str) -> bytes:
    return record(PROJECT, identity + integer(time) + data(b"\1" + text(name)))


def environment(identity: bytes, project: bytes, time: int, name: str) -> bytes:
    return record(ENVIRONMENT, identity + project + integer(time) + data(b"\1" + text(name)))


def policy(identity: bytes, time: int, version: int, json: bytes, source: str | None = None) -> bytes:
    return record(POLICY, identity + integer(time) + data(b"\1" + integer(version) + data(json) + optional(source, text)))


def secret(identity: bytes, environment: bytes, current: int, made: int, updated: int, name: str, *, expires=None, deleted=None, purge=None, tags=(),
           description=None, note=None, url=None) -> bytes:
    document = b"\1" + text(name) + listed(sorted(tags), text) + optional(description, text) + optional(note, text) + optional(url, text)
    times = integer(made) + integer(updated) + optional(expires, integer) + optional(deleted, integer) + optional(purge, integer)
    return record(SECRET, identity + environment + integer(current) + times + data(document))


def version(number: int, time: int, fields) -> bytes:
    """`fields` are (name, kind, binding, value); the values follow the version."""
    manifest = b"\1" + integer(time) + listed(fields, lambda f: text(f[0]) + text(f[1]) + optional(f[2], text))
    return record(VERSION, integer(number) + data(manifest)) + b"".join(record(VALUE, f[3]) for f in fields)


def end(*counts: int) -> bytes:
    return record(END, b"".join(map(integer, counts)))


# --- head and chunks (§15.1 to §15.3)


def password_lock(phc: str, password: bytes, key: bytes, nonce: bytes, backup: bytes, organization: bytes) -> bytes:
    return text("password") + text(phc) + data(wrap(hashed(password, phc), nonce, key, lock_context(backup, organization)))


def lock_context(backup: bytes, organization: bytes):
    return {"purpose": "tacit/v1/backup-key", "organization": organization.hex(), "record": backup.hex(), "generation": 0}


def head(backup: bytes, organization: bytes, time: int, lock: bytes) -> bytes:
    return MAGIC + b"\1" + data(backup + organization + integer(time) + lock)


def nonce(number: int, last: bool) -> bytes:
    return bytes(3) + number.to_bytes(8, "big") + bytes([last])


def chunks(content: bytes) -> list[bytes]:
    return [content[start:start + CHUNK] for start in range(0, max(1, len(content)), CHUNK)]


def sealed(key: bytes, head: bytes, content: bytes) -> bytes:
    code = mac(derive(key, "backup-head-v1"), head)
    gcm, pieces = AESGCM(derive(key, "backup-chunks-v1")), chunks(content)
    ad = text("tacit/v1/backup-chunk") + data(code)
    return head + code + b"".join(gcm.encrypt(nonce(i, i == len(pieces) - 1), piece, ad) for i, piece in enumerate(pieces))


def key_of(head_body: Reader, head: bytes, code: bytes, *, password: bytes | None = None, key: bytes | None = None) -> bytes:
    backup, organization = head_body.take(16), head_body.take(16)
    head_body.take(8)
    kind = head_body.text()
    if kind == "password":
        phc, wrapped = head_body.text(), head_body.data()
        if password is None:
            raise Refused("needs-password")
        try:
            key = unwrap(hashed(password, phc), wrapped, lock_context(backup, organization))
        except Refused:
            raise Refused("wrong-password") from None
    elif kind == "age":
        file = head_body.data()
        if key is None:
            raise Refused("needs-identity")
        # What the age file holds; opening that is age's matter.
        if not file.startswith(b"age-encryption.org/v1\n"):
            raise Refused("changed")
    else:
        raise Refused("changed")
    head_body.end()
    if not hmac.compare_digest(mac(derive(key, "backup-head-v1"), head), code):
        raise Refused("changed" if kind == "password" else "wrong-key")
    return key


def opened(file: bytes, **opener) -> bytes:
    """The content of a backup."""
    if file[:12] != MAGIC[:len(file[:12])] or not file:
        raise Refused("unknown")
    if len(file) > 12 and file[12] != 1:
        raise Refused("newer")
    length = int.from_bytes(file[13:17], "big")
    if len(file) < 17 or len(file) < 17 + length + 32:
        raise Refused("cut")
    head, code, rest = file[:17 + length], file[17 + length:49 + length], file[49 + length:]
    key = key_of(Reader(head[17:]), head, code, **opener)
    gcm, ad = AESGCM(derive(key, "backup-chunks-v1")), text("tacit/v1/backup-chunk") + data(code)
    content, number = b"", 0
    while True:
        piece, rest = rest[:CHUNK + 16], rest[CHUNK + 16:]
        try:
            content += gcm.decrypt(nonce(number, not rest), piece, ad)
        except (InvalidTag, ValueError):
            raise Refused("cut" if not rest else "changed") from None
        if not rest:
            return content
        number += 1


# --- age (C2SP age v1, X25519), as §15.2 uses it


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode().rstrip("=")


def hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def sealed_age(content: bytes, recipients: list[bytes], draw) -> bytes:
    """`draw` gives the file key, an ephemeral key for each recipient, and the nonce, in this order."""
    file_key, lines = draw(16), "age-encryption.org/v1\n"
    for recipient in recipients:
        ephemeral = X25519PrivateKey.from_private_bytes(draw(32))
        share = ephemeral.public_key().public_bytes_raw()
        key = hkdf(ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient)), share + recipient, b"age-encryption.org/v1/X25519")
        lines += f"-> X25519 {b64(share)}\n{b64(ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None))}\n"
    lines += "---"
    header = f"{lines} {b64(mac(hkdf(file_key, b'', b'header'), lines.encode()))}\n".encode()
    salt = draw(16)
    return header + salt + ChaCha20Poly1305(hkdf(file_key, salt, b"payload")).encrypt(bytes(11) + b"\1", content, None)


BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def recipient_text(public_key: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in public_key)
    digits = [int(bits[i:i + 5].ljust(5, "0"), 2) for i in range(0, len(bits), 5)]
    values = [ord(c) >> 5 for c in "age"] + [0] + [ord(c) & 31 for c in "age"] + digits + [0] * 6
    sum_ = 1
    for value in values:
        top, sum_ = sum_ >> 25, (sum_ & 0x1ffffff) << 5 ^ value
        for i, generator in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            sum_ ^= generator if top >> i & 1 else 0
    sum_ ^= 1
    return "age1" + "".join(BECH32[d] for d in digits + [sum_ >> 5 * (5 - i) & 31 for i in range(6)])
