"""How services read what they should refuse: each reading is one that some server, proxy or framework has had."""

import base64
import contextlib
import re
import unicodedata
import urllib.parse
import zlib

OVERRIDING = {b"x-http-method-override", b"x-http-method", b"x-method-override"}
ROUTING = {b"x-original-url", b"x-original-uri", b"x-rewrite-url", b"x-rewrite-uri", b"x-forwarded-uri", b"x-envoy-original-path"}
HOSTS = {b"host", b"x-forwarded-host", b"x-host", b"x-original-host", b"x-http-host-override"}
OVERLONG = {b"\xc0\xaf": b"/", b"\xe0\x80\xaf": b"/", b"\xc0\xae": b".", b"\xe0\x80\xae": b".", b"\xc1\x9c": b"\\"}


class Request:
    def __init__(self, method, target, fields, body=b""):
        self.method, self.target, self.fields, self.body = method, target, fields, body

    def values(self, name):
        return [value for key, value in self.fields if folded(key) == name]

    @property
    def credential(self):
        """What stands behind the scheme of its first Authorization field."""
        value = (self.values(b"authorization") or [b""])[0]
        return value.partition(b" ")[2] or value

    @property
    def bytes(self):
        return b" ".join([self.method, self.target, *(name + b": " + value for name, value in self.fields), self.body])


def folded(name):
    return re.sub(rb"[^a-z0-9-]", b"-", name.strip().lower())


def head(text, is_loose):
    lines = re.split(rb"\r\n|\n|\r" if is_loose else rb"\r\n", text)
    words = lines[0].split()
    fields = []
    for line in lines[1:]:
        if line[:1] in (b" ", b"\t") and fields and is_loose:
            fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip())
        elif b":" in line:
            name, _, value = line.partition(b":")
            fields.append((name, value.strip()))
    return Request((words or [b""])[0], (words[1:2] or [b""])[0], fields)


SIZE = re.compile(rb"[ \t]*(?:0[xX])?([0-9a-fA-F]+)[^\r\n]*\r?\n")
# What is no size is none to somebody, and where a line ends, too.
SLOPPY_SIZE = re.compile(rb"[^0-9a-fA-F\r\n]*([0-9a-fA-F]*)[^\r\n]*(?:\r\n|\r|\n)")


def chunks(raw, is_sloppy=False):
    """The body that chunks make, however they are written, and what follows it; None where it has not ended."""
    parts, at = [], 0
    while line := (SLOPPY_SIZE if is_sloppy else SIZE).match(raw, at):
        size, at = int(line[1] or b"0", 16) & 0xFFFFFFFFFFFFFFFF, line.end()
        if size == 0:
            end = re.compile(rb"(?:\r\n|\r|\n)?" if is_sloppy else rb"(?:[^\r\n]+\r?\n)*\r?\n").match(raw, at)
            return b"".join(parts), raw[end.end():] if end else None
        parts.append(raw[at : at + size])
        if len(raw) < at + size:
            break
        at = (re.compile(rb"[^\r\n]*\r?\n" if is_sloppy else rb"(?:\r?\n)?").match(raw, at + size) or line).end()
    return b"".join(parts), None


def requests(raw, reading):
    """The requests in what came, as one reading finds them: by the `coding`, by the first or last `length`, by what is written `exactly`, by `loose`
    line ends, by `sloppy` chunks, or without `bodies`. The last one may be cut."""
    found, is_loose = [], reading == "loose"
    while raw:
        end = re.search(rb"\r?\n\r?\n" if is_loose else rb"\r\n\r\n", raw)
        if not end:
            break
        request, raw = head(raw[: end.start()], is_loose), raw[end.end():]
        found.append(request)
        if reading == "bodies":
            continue
        lengths = [int(number[0]) for value in request.values(b"content-length") if (number := re.search(rb"\d+", value))]
        codings = [value for value in request.values(b"transfer-encoding") if b"chunked" in value.lower()]
        if reading == "exactly":
            lengths = [int(value) for name, value in request.fields if name.lower() == b"content-length" and value.isdigit()]
            codings = [value for name, value in request.fields if name.lower() == b"transfer-encoding" and value.lower() == b"chunked"]
        if codings and (reading not in ("length", "last") or not lengths):
            request.body, raw = chunks(raw, reading == "sloppy")
        elif lengths:
            length = lengths[-1 if reading == "last" else 0]
            request.body, raw = raw[:length], raw[length:] if len(raw) >= length else None
    return found


READINGS = ("coding", "length", "last", "exactly", "loose", "sloppy", "bodies")


def paths(target):
    """Every path that somebody makes of a target."""
    found, new = set(), {target.partition(b"?")[0]}
    while new and len(found) < 400:
        found |= new
        new = {changed for path in new for change in CHANGES for changed in change(path)} - found
    return found


def without_dots(path):
    kept = []
    for segment in path.split(b"/")[1:]:
        if segment == b"..":
            kept = kept[:-1]
        elif segment != b".":
            kept.append(segment)
    return b"/" + b"/".join(kept)


def normalised(path):
    try:
        return unicodedata.normalize("NFKC", path.decode()).encode()
    except UnicodeDecodeError:
        return path


def overlong(path):
    for long, short in OVERLONG.items():
        path = path.replace(long, short)
    return path


CHANGES = [
    lambda path: [urllib.parse.unquote_to_bytes(path)],
    lambda path: [re.sub(rb"%u00([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), path)],
    lambda path: [path.replace(b"\\", b"/")],
    lambda path: [re.sub(rb"/+", b"/", path)],
    lambda path: [without_dots(path)],
    lambda path: [re.sub(rb";[^/]*", b"", path)],
    lambda path: [re.sub(rb"[\0?#\r\n].*", b"", path, flags=re.S)],
    lambda path: [re.sub(rb"[ \t.]+(?=/|$)", lambda found: found[0] if set(found[0]) == {46} and len(found[0]) < 3 else b"..", path)],
    lambda path: [re.sub(rb"%(?![0-9a-fA-F]{2})[0-9a-fA-F]?", b"", path)],
    lambda path: [overlong(path)],
    lambda path: [normalised(path)],
]


def methods(request):
    """Every method that some framework takes the request for."""
    found = {request.method.upper()}
    found |= {value.upper() for name in OVERRIDING for value in request.values(name)}
    for text in (request.target.partition(b"?")[2], unpacked(request.body)):
        found |= {urllib.parse.unquote_to_bytes(value).upper() for value in re.findall(rb"(?:^|[&;])(?:_|%5[fF])(?:http)?method(?:\[\])?=(\w+)", text, re.I)}
    found |= {value.upper() for value in re.findall(rb'"_method"\s*(?::\s*"|\r\n\r\n)(\w+)', unpacked(request.body))}
    return found


def unpacked(body):
    with contextlib.suppress(zlib.error):
        return zlib.decompressobj(47).decompress(body)
    return body


def hosts(request):
    found = {value.lower() for name in HOSTS for value in request.values(name)}
    found |= {value.lower() for field in request.values(b"forwarded") for value in re.findall(rb'host="?([^";,]+)', field, re.I)}
    if b"://" in request.target:
        found.add(re.match(rb"[^:]*://([^/?#]*)", request.target)[1].lower())
    return found


def places(request, value):
    """Where a value stands: as the credential in `Authorization`, or elsewhere."""
    text = urllib.parse.unquote_to_bytes(request.target)
    found = ["target"] * text.count(value) + ["body"] * unpacked(request.body).count(value)
    for name, field in request.fields:
        pair = b""
        if field[:6].lower() == b"basic ":
            try:
                pair = base64.b64decode(field[6:] + b"==")
            except ValueError:
                pass
        is_credential = field.partition(b" ")[2] == value or value in pair.split(b":")
        place = "authorization" if folded(name) == b"authorization" and is_credential else "field"
        found += [place] * (name.count(value) + field.count(value) + pair.count(value))
    return found
