"""The frames of a run (docs/SPEC.md §10)."""
from .parts import Refused, u32

CLIENT = {"stdin": 1, "stdin-end": 2, "terminal-input": 3, "window-size": 4, "signal": 5, "resume": 6}
KEEPER = {"leave": 16, "withhold": 17, "refuse": 18}
RUNNER = {"started": 32, "stdout": 33, "stderr": 34, "stdin-credit": 35, "terminal-credit": 36, "stopped": 37, "timed-out": 38, "report": 39, "exit": 40,
          "terminal-free": 41, "answered": 42, "may-leave": 43, "candidate": 44}
BYTES = ("stdin", "terminal-input", "stdout", "stderr", "report", "answered", "candidate")
EMPTY = ("stdin-end", "resume", "leave", "withhold", "refuse", "timed-out", "terminal-free", "may-leave")
# Of the keeper a runner gets what the client says, too.
SENT = {"client": CLIENT, "keeper": CLIENT | KEEPER, "runner": RUNNER}
LONGEST = 65536


def payload(f: dict) -> bytes:
    kind = f["kind"]
    if kind in BYTES:
        return bytes.fromhex(f["bytes"])
    if kind in EMPTY:
        return b""
    if kind == "window-size":
        return f["rows"].to_bytes(2, "big") + f["columns"].to_bytes(2, "big")
    if kind == "exit":
        how = f["exit"]
        texts = b"" if how["how"] != "failed" else b"\0".join(how[part].encode() for part in ("code", "message", "hint"))
        return bytes([("exited", "signaled", "failed").index(how["how"])]) + how["number"].to_bytes(4, "big", signed=True) + texts
    return u32(f["number"])


def frame(f: dict) -> bytes:
    content = payload(f)
    return bytes([(CLIENT | KEEPER | RUNNER)[f["kind"]]]) + u32(len(content)) + content


def read(content: bytes, sender: str) -> list:
    """The frames of a whole stream."""
    kinds = {number: kind for kind, number in SENT[sender].items()}
    frames = []
    while content:
        if content[0] not in kinds:
            raise Refused("unknown-kind")
        kind, length = kinds[content[0]], int.from_bytes(content[1:5], "big")
        if length > (0 if kind in EMPTY else LONGEST if kind in BYTES or kind == "exit" else 4):
            raise Refused("too-long")
        if len(content) < 5 + length:
            raise Refused("cut")
        frames.append(described(kind, content[5:5 + length]))
        content = content[5 + length:]
    return frames


def described(kind: str, content: bytes) -> dict:
    f = {"kind": kind}
    if kind in BYTES:
        return f | {"bytes": content.hex()}
    if kind in EMPTY:
        return f
    if kind == "exit":
        return f | {"exit": ending(content)}
    if len(content) != 4:
        raise Refused("malformed")
    if kind == "window-size":
        return f | {"rows": int.from_bytes(content[:2], "big"), "columns": int.from_bytes(content[2:], "big")}
    number = int.from_bytes(content, "big")
    allowed = {"signal": (1, 64), "stopped": (1, 64), "started": (1, 2**31 - 1)}.get(kind, (0, 2**32 - 1))
    if not allowed[0] <= number <= allowed[1]:
        raise Refused("malformed")
    return f | {"number": number}


def ending(content: bytes) -> dict:
    if len(content) < 5 or content[0] > 2:
        raise Refused("malformed")
    how, number = ("exited", "signaled", "failed")[content[0]], int.from_bytes(content[1:5], "big", signed=True)
    texts = content[5:].split(b"\0") if how == "failed" else []
    if (how == "signaled" and not 1 <= number <= 64) or (how == "failed" and (not 125 <= number <= 127 or len(texts) != 3)):
        raise Refused("malformed")
    if how != "failed" and content[5:]:
        raise Refused("malformed")
    return {"how": how, "number": number} | dict(zip(("code", "message", "hint"), (part.decode() for part in texts)))
