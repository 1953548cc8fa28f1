#!/usr/bin/env python3
"""Verifies what `tacit audit prove` prints, as a stranger who knows nothing but the C2SP texts and the log's verifier key.

    stranger.py VERIFIER-KEY PROOF-FILE [CHECKPOINT-FILE]

The checkpoint is the older one, for a proof that the log only grew. It shares no code with Tacit nor with its second implementation: tlog-proof, tlog-witness, tlog-checkpoint,
signed-note, RFC 6962, RFC 9162 §2.1 and RFC 8032, with the standard library alone. It says what is proved and ends with 0, or says what is wrong and ends with 1.
"""
import base64
import hashlib
import re
import sys

# --- Ed25519 (RFC 8032 §5.1), for verifying only

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def x_of(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or y >= P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(encoded):
    number = int.from_bytes(encoded, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = x_of(y, sign)
    return None if x is None else (x, y)


def plus(one, other):
    (a, b), (c, d) = one, other
    t = D * a * b * c * d
    return (a * d + b * c) * pow(1 + t, -1, P) % P, (b * d + a * c) * pow(1 - t, -1, P) % P


def times(count, base):
    result = (0, 1)
    while count:
        if count & 1:
            result = plus(result, base)
        base, count = plus(base, base), count >> 1
    return result


BASE_Y = 4 * pow(5, -1, P) % P
BASE = (x_of(BASE_Y, 0), BASE_Y)


def is_signed(public, message, signature):
    key, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or r is None or s >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return times(s, BASE) == plus(r, times(challenge, key))


# --- notes and checkpoints


class Refused(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Refused(what)


def octets(text, what):
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused(f"{what} is no base64") from None
    need(base64.b64encode(content).decode() == text, f"{what} is not the one text of its bytes")
    return content


def number(text, what):
    need(re.fullmatch(r"0|[1-9][0-9]*", text), f"{what} is no number")
    return int(text)


def digest(content):
    return hashlib.sha256(content).digest()


def checkpoint(text, verifier):
    """Size and root of a checkpoint that is signed by this key, whose name is the log's origin."""
    name, identity, blob = verifier.split("+", 2)
    material = octets(blob, "the key")
    need(material[0] == 1 and len(material) == 33 and digest(name.encode() + b"\n" + material)[:4].hex() == identity, "no Ed25519 verifier key")
    body, _, signatures = text.rpartition("\n\n")
    need(body and text.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f]", text), "no signed note")
    body += "\n"
    signed = 0
    for line in signatures.split("\n")[:-1]:
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014", "a signature line")
        signature = octets(parts[2], "a signature")
        if parts[1] == name and signature[:4].hex() == identity:
            need(is_signed(material[1:], body.encode(), signature[4:]), "the signature is forged")
            signed += 1
    need(signed, "not signed by this key")
    lines = body.split("\n")[:-1]
    need(len(lines) >= 3 and all(lines) and lines[0] == name, "a checkpoint of another log")
    root = octets(lines[2], "the root")
    need(len(root) == 32, "the root")
    return number(lines[1], "the size"), root


# --- proofs (RFC 9162 §2.1.3.2 and §2.1.4.2)


def node(left, right):
    return digest(b"\1" + left + right)


def climb(fn, sn, path, step):
    for sibling in path:
        need(sn > 0, "too many hashes")
        if fn & 1 or fn == sn:
            step(sibling, True)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            step(sibling, False)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "too few hashes")


def verify_inclusion(leaf, index, size, path, root):
    need(index < size, "the index lies behind the checkpoint")
    found = [leaf]

    def step(sibling, is_left):
        found[0] = node(sibling, found[0]) if is_left else node(found[0], sibling)

    climb(index, size - 1, path, step)
    need(found[0] == root, "it leads to another root")


def verify_consistency(old, old_root, size, root, path):
    need(old <= size, "the old size lies behind the checkpoint")
    if old == 0 or old == size:
        need(not path, "too many hashes")
        need(old == 0 or old_root == root, "the roots differ")
        return
    path = list(path) if old & (old - 1) else [old_root, *path]
    need(path, "too few hashes")
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    found = [path[0], path[0]]

    def step(sibling, is_left):
        if is_left:
            found[0] = node(sibling, found[0])
        found[1] = node(sibling, found[1]) if is_left else node(found[1], sibling)

    climb(fn, sn, path[1:], step)
    need(found == [old_root, root], "it leads to other roots")


def main(verifier, proof_file, older_file=None):
    try:
        with open(proof_file, encoding="utf-8", newline="") as file:
            text = file.read()
        head, _, note = text.partition("\n\n")
        size, root = checkpoint(note, verifier)
        lines = head.split("\n")
        if older_file:
            need(lines[0].startswith("old "), "no old size")
            old, (older, older_root) = number(lines[0][4:], "the old size"), checkpoint(open(older_file, encoding="utf-8", newline="").read(), verifier)
            need(old == older, "a proof from another size")
            path = [octets(line, "a hash") for line in lines[1:]]
            need(all(len(hash) == 32 for hash in path) and len(path) <= 63, "a hash")
            verify_consistency(old, older_root, size, root, path)
            print(f"the log of {size} entries begins with those {old}")
            return 0
        need(lines[0] == "c2sp.org/tlog-proof@v1", "no tlog-proof")
        need(len(lines) > 2 and lines[1].startswith("extra ") and lines[2].startswith("index "), "no entry or no index")
        entry, index = octets(lines[1][6:], "the entry"), number(lines[2][6:], "the index")
        path = [octets(line, "a hash") for line in lines[3:]]
        need(all(len(hash) == 32 for hash in path), "a hash")
        verify_inclusion(digest(b"\0" + entry), index, size, path, root)
        print(f"entry {index} of {size}: {digest(entry).hex()}")
        return 0
    except (Refused, ValueError, UnicodeDecodeError) as error:
        print(f"refused: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
