"""Fake tokens (docs/SPEC.md §14)."""
import base64
import binascii
import string

from .parts import u32
from .sealing import derive, mac

HEX, DIGITS = "0123456789abcdef", string.digits
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
BASE64URL = BASE64[:-2] + "-_"
BASE32 = string.ascii_uppercase + "234567"
CHECKSUM = object()

# Some of the shapes, as rows of fixed text, (alphabet, count), the checksum, and lists, which are base64url of what is in them.
SHAPES = {
    "tacit": ["tacit_", (BASE62, 32)],
    "tacit-openai": ["tacit_openai_", (BASE62, 32)],
    "github-ghp": ["ghp_", (BASE62, 30), CHECKSUM],
    "npm": ["npm_", (BASE62, 30), CHECKSUM],
    "github-fine-grained": ["github_pat_", (BASE62, 22), "_", (BASE62, 59)],
    "openai-project": ["sk-proj-", (BASE64URL, 74), "T3BlbkFJ", (BASE64URL, 74)],
    "anthropic": ["sk-ant-api03-", (BASE64URL, 93), "AA"],
    "slack-bot": ["xoxb-", (DIGITS, 12), "-", (DIGITS, 13), "-", (BASE62, 24)],
    "aws-key-id": ["AKIA", (BASE32, 16)],
    "base64-40": [(BASE64, 40)],
    "telegram-bot": [(DIGITS, 10), ":AA", (BASE64URL, 33)],
    "postgres-url": ["postgres://", (string.ascii_lowercase, 8), ":", (BASE62, 32), "@db.tacit.invalid/app"],
    "uuid": [(HEX, 8), "-", (HEX, 4), "-4", (HEX, 3), "-", ("89ab", 1), (HEX, 3), "-", (HEX, 12)],
    "jwt": [['{"alg":"HS256","typ":"JWT"}'], ".", ['{"exp":4102444800,"jti":"', (BASE62, 24), '"}'], ".", (BASE64URL, 43)],
}


def checksum(drawn: str) -> str:
    number, digits = binascii.crc32(drawn.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def token(organization_key: bytes, grant: bytes, shape: str, drawn_from: bytes | None = None) -> str:
    """`drawn_from` is the key of a former generation, where it was drawn from that."""
    key = drawn_from or derive(organization_key, "fake-token-v1")
    stream = (byte for counter in range(1 << 32) for byte in mac(key, grant + u32(counter) + shape.encode()))

    def character(alphabet: str) -> str:
        whole = 256 // len(alphabet) * len(alphabet)
        return next(alphabet[byte % len(alphabet)] for byte in stream if byte < whole)

    def text(parts) -> str:
        made, drawn = "", ""
        for part in parts:
            if isinstance(part, str):
                made += part
            elif part is CHECKSUM:
                made += checksum(drawn)
            elif isinstance(part, list):
                made += base64.urlsafe_b64encode(text(part).encode()).decode().rstrip("=")
            else:
                characters = "".join(character(part[0]) for _ in range(part[1]))
                made, drawn = made + characters, drawn + characters
        return made

    return text(SHAPES[shape])


def lookup(organization_key: bytes, shown: str) -> bytes:
    return mac(derive(organization_key, "fake-token-index-v1"), shown.encode())
