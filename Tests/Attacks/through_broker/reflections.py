"""A service that sends the value back, as services do that show what they were sent, in every part of a reply and every form; and what is then read out of it."""

import base64
import gzip
import html
import json
import quopri
import re
import urllib.parse
import zlib

from .place import SHORT, unframed
from .technique import Attempt

G = "reflect"


def reply(body, *fields, status="200 OK", kind="text/plain"):
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *fields, "", ""]).encode() + body


def reflected(name, what, make, read=lambda got: got, token="<TOKEN>", own=False, spends=False, asking=(), **options):
    """`make` gives the pieces of the reply for the value that came; `read` is how the program reads what it gets. A field `asking` goes with the request."""
    path = f"/v1/public/reflect-{name}"

    def act(place):
        place.upstream.replies[path] = lambda request: pieces(make(request.credential))
        return read(place.ask(path, *asking, token=token, **options))

    Attempt(G, name, what, act, own=own, spends=spends)


def pieces(made):
    return [made] if isinstance(made, bytes) else made


def packed(name, what, pack, *fields, **more):
    """The body packed, and said to be so, or not."""
    reflected(name, what, lambda value: reply(pack(b"text before " + value + b" and behind"), *fields), **more)


def chunks(*parts, extension=b""):
    return [b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts] + [b"0\r\n\r\n"]


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"


def zstandard(data):
    """A member of one raw block (RFC 8878)."""
    return b"\x28\xb5\x2f\xfd\x60" + (len(data) - 256).to_bytes(2, "little") + (len(data) << 3 | 1).to_bytes(3, "little") + data


def brotli(data):
    """A stream of one block that is not compressed, and an empty last one (RFC 7932)."""
    return (len(data) - 1 << 4 | 1 << 20).to_bytes(3, "little") + data + b"\x03"


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def unpacked(got):
    """What a program finds that unpacks all that could be packed."""
    return got + b"".join(opened(unframed(got)))


def opened(body):
    for format in (47, -15):
        for start in range(min(len(body), 64)):
            try:
                found = zlib.decompressobj(format).decompress(body[start:])
            except zlib.error:
                continue
            yield found
            if format == 47 and found:
                yield from opened(found)


# Parts of a reply
reflected("body", "in the body", lambda value: reply(b"you are " + value))
reflected("binary", "in a body of bytes that are no text", lambda value: reply(b"\0\xff\xfe" + value + b"\0\x01", kind="application/octet-stream"))
reflected("long", "behind much other text", lambda value: reply(b"other text\n" * 20_000 + value))
reflected("field", "in a field", lambda value: reply(b"ok", f"X-Echo: {value.decode()}"))
reflected("field-name", "as a field's name", lambda value: reply(b"ok", f"X-{re.sub('[^A-Za-z0-9-]', '', value.decode())}: 1"))
reflected("field-pair", "as the pair that a field has in base64", lambda value: reply(b"ok", f"X-Echo: Basic {base64.b64encode(b'x:' + value).decode()}"))
reflected("field-folded", "in a field on two lines", lambda value: reply(b"ok", f"X-Echo: you are\r\n {value.decode()}"))
reflected("fields-two", "half in one field, half in the next", lambda value: reply(
    b"ok", f"X-A: {value[:len(value) - 16].decode()}", f"X-B: {value[-16:].decode()}"), read=lambda got: b"".join(re.findall(rb"\r\nx-[ab]: *([^\r]*)", got, re.I)))
reflected("cookie", "in a cookie", lambda value: reply(b"ok", f"Set-Cookie: session={value.decode()}; Path=/; HttpOnly"))
reflected("etag", "in an ETag", lambda value: reply(b"ok", f'ETag: "{value.decode()}"'))
reflected("challenge", "in a challenge", lambda value: reply(b"no", f'WWW-Authenticate: Bearer error="invalid_token", error_description="{value.decode()}"', status="401 Unauthorized"))
reflected("redirect", "in a redirect's query", lambda value: reply(b"", f"Location: https://evil.example/?token={value.decode()}", status="302 Found"))
reflected("redirect-user", "as a user in a redirect", lambda value: reply(b"", f"Location: https://{value.decode()}@evil.example/", status="302 Found"))
reflected("redirect-packed", "in base64 in a redirect", lambda value: reply(b"", f"Location: /{base64.urlsafe_b64encode(value).decode()}", status="307 Temporary Redirect"))
reflected("link", "in a Link field, to be fetched at once", lambda value: reply(b"ok", f"Link: <https://evil.example/{value.decode()}>; rel=preload"))
reflected("refresh", "in a Refresh field", lambda value: reply(b"ok", f"Refresh: 0; url=https://evil.example/{value.decode()}"))
reflected("disposition", "in a file's name", lambda value: reply(b"ok", f"Content-Disposition: attachment; filename*=UTF-8''{urllib.parse.quote(value)}"))
reflected("type", "in the content type", lambda value: reply(b"ok").replace(b"text/plain", b"text/plain; x=" + value))
reflected("reason", "in the reason beside the status", lambda value: reply(b"ok", status=f"200 {value.decode()}"))
reflected("error", "in an error's body, as a page for its maker shows the request", lambda value: reply(
    json.dumps({"headers": {"authorization": f"Bearer {value.decode()}"}}).encode(), status="500 Internal Server Error", kind="application/json"))
reflected("not-modified", "in a field of a reply without a body", lambda value: [b"HTTP/1.1 304 Not Modified\r\nX-Echo: " + value + b"\r\n\r\n"])
reflected("head", "in a field of the reply to a HEAD", lambda value: reply(b"ok", f"X-Echo: {value.decode()}"), method="HEAD", patience=2, own=True)
reflected("hints", "in early hints", lambda value: [b"HTTP/1.1 103 Early Hints\r\nLink: </" + value + b">\r\n\r\n" + reply(b"ok")])
reflected("continue", "in a field of a 100", lambda value: [b"HTTP/1.1 100 Continue\r\nX-Echo: " + value + b"\r\n\r\n" + reply(b"ok")])
reflected("upgrade", "in a switch to another protocol", lambda value: [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n" + value, None])
reflected("trailer", "in a trailer", lambda value: [CHUNKED, *chunks(b"ok")[:-1], b"0\r\nX-Echo: " + value + b"\r\n\r\n"])
reflected("extension", "in the extension of a chunk", lambda value: [CHUNKED, *chunks(b"ok", extension=b";x=" + value)])
reflected("until-close", "in a body that ends with the connection", lambda value: [b"HTTP/1.1 200 OK\r\n\r\nyou are " + value, None])
reflected("old", "in the reply of an old server", lambda value: [b"HTTP/1.0 200 OK\r\n\r\nyou are " + value, None])
reflected("second", "in a second reply that nobody asked for", lambda value: [reply(b"ok") + reply(value)], replies=2, patience=1)
reflected("longer", "in what stands behind the length of the body", lambda value: [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + value + b" " * 200], read=lambda got: got, patience=1, replies=2)
reflected("lengths", "in a body of two lengths", lambda value: [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 90\r\n\r\nok" + value + b" " * 200], patience=1, replies=2)
reflected("coding-and-length", "in a body of a length and of chunks", lambda value: [CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n"), *chunks(value)])
reflected("cut", "in a reply that breaks off behind it", lambda value: [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nyou are " + value, 0.1, None], spends=True)
reflected("part", "in a part of something, as asked for", lambda value: reply(value[-20:], "Content-Range: bytes 20-39/40", status="206 Partial Content"), asking=["Range: bytes=20-39"])
reflected("part-unasked", "in a part of something that says it is whole", lambda value: reply(value[-20:], "Content-Range: bytes 20-39/40"), asking=["Range: bytes=20-39"])
reflected("parts", "in parts of something", lambda value: reply(
    b"--b\r\nContent-Range: bytes 0-19/40\r\n\r\n" + value[:20] + b"\r\n--b\r\nContent-Range: bytes 20-39/40\r\n\r\n" + value[20:] + b"\r\n--b--\r\n", status="206 Partial Content",
    kind="multipart/byteranges; boundary=b"), asking=["Range: bytes=0-19,20-39"])
reflected("delta", "in the difference to an older version", lambda value: reply(value[-20:], "IM: vcdiff", status="226 IM Used"), asking=["A-IM: vcdiff"])


def ranged(name, what, *fields):
    """A service that does as the request asks: by pieces, where the field reaches it."""
    path = f"/v1/public/ranged-{name}"

    def answer(request):
        wanted = re.search(rb"(\d+)-(\d+)", (request.values(b"range") or [b""])[0])
        text = b"you are " + request.credential
        return [reply(text[int(wanted[1]): int(wanted[2]) + 1], "X-Part: yes")] if wanted else [reply(text)]

    def act(place):
        place.upstream.replies[path] = answer
        text, half = b"", len(place.values[0]) // 2
        for span in (f"0-{half}", f"{half + 1}-200"):
            text += unframed(place.ask(path, f"Range: bytes={span}", *fields))
        return text

    Attempt(G, name, what, act, spends=True)


ranged("ranges", "in two pieces that are asked for one after the other, of a service that gives no sign")
ranged("ranges-if", "the same with If-Range", 'If-Range: "x"')

# Forms
ODD = "<ODD>"
packed("gzip", "packed by gzip", gzip.compress, "Content-Encoding: gzip", read=unpacked)
packed("gzip-x", "packed by gzip under its old name", gzip.compress, "Content-Encoding: x-gzip", read=unpacked)
packed("deflate", "packed by deflate", zlib.compress, "Content-Encoding: deflate", read=unpacked)
packed("deflate-raw", "packed by deflate without its two bytes, as some servers do it", raw_deflate, "Content-Encoding: deflate", read=unpacked)
packed("zstd", "packed by zstd", lambda data: zstandard(data.ljust(300)), "Content-Encoding: zstd")
packed("brotli", "packed by brotli", brotli, "Content-Encoding: br")
packed("brotli-cut", "packed by brotli, and cut behind the value", lambda data: brotli(data + bytes(99))[:-99], "Content-Encoding: br")
packed("brotli-behind", "behind the end of what is packed by brotli", lambda data: brotli(b"ok") + data, "Content-Encoding: br")
packed("brotli-twice", "in a second stream behind the one of brotli, and half in it", lambda data: brotli(data[:-30]) + brotli(data[-30:]), "Content-Encoding: br",
       read=lambda got: got.replace(brotli(b"x" * 30)[:3], b"").replace(b"\x03", b""))
packed("brotli-wrong", "packed by gzip, and said to be brotli", lambda data: gzip.compress(data, mtime=0), "Content-Encoding: br", read=unpacked)
packed("brotli-gzip", "packed by brotli and then by gzip", lambda data: gzip.compress(brotli(data)), "Content-Encoding: br, gzip", read=unpacked)
packed("gzip-twice", "packed twice", lambda data: gzip.compress(gzip.compress(data)), "Content-Encoding: gzip, gzip", read=unpacked)
packed("gzip-twice-fields", "packed, and said so in two fields", gzip.compress, "Content-Encoding: identity", "Content-Encoding: gzip", read=unpacked)
packed("gzip-inside", "packed twice, and said so once", lambda data: gzip.compress(gzip.compress(data)), "Content-Encoding: gzip", read=unpacked)
packed("gzip-unsaid", "packed by gzip, and nothing says so", gzip.compress, read=unpacked)
packed("zlib-unsaid", "packed by zlib, and nothing says so", zlib.compress, read=unpacked)
packed("zstd-unsaid", "packed by zstd, and nothing says so", lambda data: zstandard(data.ljust(300)))
packed("deflate-unsaid", "packed by deflate without its two bytes, and nothing says so", raw_deflate, read=unpacked)
packed("gzip-wrong", "packed by gzip, and said to be deflate", gzip.compress, "Content-Encoding: deflate", read=unpacked)
packed("gzip-members", "packed in two members, the value over their edge", lambda data: gzip.compress(data[:-30]) + gzip.compress(data[-30:]), "Content-Encoding: gzip", read=unpacked)
packed("gzip-name", "in the name that a gzip header has", lambda data: gzip.compress(b"x")[:3] + b"\x08" + gzip.compress(b"x")[4:10] + data + b"\0" + gzip.compress(b"x")[10:],
       "Content-Encoding: gzip", read=unpacked)
packed("gzip-cut", "packed, and cut behind the value", lambda data: gzip.compress(data + bytes(range(256)) * 40, 0)[:400], "Content-Encoding: gzip", read=unpacked)
packed("coded-transfer", "packed as a transfer coding", gzip.compress, "Transfer-Encoding: gzip", read=unpacked, patience=SHORT)
packed("base64", "in base64", base64.b64encode)
packed("base64-url", "in base64 for URLs", base64.urlsafe_b64encode)
packed("base64-lines", "in base64, in lines", base64.encodebytes, read=lambda got: got + base64.b64decode(re.sub(rb"\s", b"", unframed(got)) + b"=="))
packed("base32", "in base32", base64.b32encode, read=lambda got: got + decoded(base64.b32decode, unframed(got)))
packed("base85", "in base85", base64.b85encode, read=lambda got: got + decoded(base64.b85decode, unframed(got)))
packed("hex", "in hexadecimal digits", lambda data: data.hex().encode(), read=lambda got: got + decoded(bytes.fromhex, unframed(got).decode("latin-1")))
packed("percent", "with every character percent-encoded", lambda data: "".join(f"%{byte:02X}" for byte in data).encode())
packed("percent-odd", "of a value with signs, percent-encoded", lambda data: urllib.parse.quote(data).encode(), token=ODD)
packed("json-odd", "of a value with signs, in JSON", lambda data: json.dumps({"you": data.decode()}).encode(), token=ODD, read=lambda got: got + decoded(lambda text: json.dumps(json.loads(text)).encode(), unframed(got)))
packed("json-numbers", "in JSON, every character by its number", lambda data: "".join(f"\\u{byte:04x}" for byte in data).encode(),
       read=lambda got: got + re.sub(rb"\\u00(..)", lambda found: bytes([int(found[1], 16)]), unframed(got)))
packed("json-twice", "of a value with signs, in JSON in JSON", lambda data: json.dumps(json.dumps(data.decode())).encode(), token=ODD)
packed("html-odd", "of a value with signs, in HTML", lambda data: html.escape(data.decode()).encode(), token=ODD)
packed("html-numbers", "in HTML, every character by its number", lambda data: "".join(f"&#{byte};" for byte in data).encode(), read=lambda got: got + html.unescape(unframed(got).decode("latin-1")).encode())
packed("quoted", "quoted-printable", quopri.encodestring, token=ODD, read=lambda got: got + quopri.decodestring(unframed(got)))
packed("utf-16", "in UTF-16", lambda data: data.decode().encode("utf-16-le"))
packed("utf-16-big", "in UTF-16 of the other order", lambda data: data.decode().encode("utf-16-be"))
packed("utf-32", "in UTF-32", lambda data: data.decode().encode("utf-32-le"))
packed("base64-hex", "in base64 of hexadecimal digits", lambda data: base64.b64encode(data.hex().encode()),
       read=lambda got: got + decoded(lambda text: bytes.fromhex(base64.b64decode(text).decode()), unframed(got)))
packed("reversed", "backwards", lambda data: data[::-1], read=lambda got: got + got[::-1])
packed("spaced", "with a dot behind each character", lambda data: b".".join(bytes([byte]) for byte in data), read=lambda got: got + unframed(got).replace(b".", b""))

# Pieces and pauses
reflected("chunks", "in two chunks", lambda value: [CHUNKED + b"".join(chunks(b"you are " + value[:20], value[20:]))], read=unframed, spends=True)
reflected("chunks-one", "a byte in each chunk", lambda value: [CHUNKED + b"".join(chunks(*(bytes([byte]) for byte in value)))], read=unframed, spends=True)
reflected("flushes", "in two writes, a pause between them", lambda value: [CHUNKED, chunks(b"you are " + value[:25])[0], 0.2, *chunks(value[25:])], read=unframed, spends=True)
reflected("flushes-short", "in two writes, the first of which has ten of its bytes", lambda value: [CHUNKED, chunks(b"you are " + value[:10])[0], 0.2, *chunks(value[10:])], read=unframed, spends=True)
reflected("flushes-length", "in two writes of a body with a length", lambda value: [reply(value)[:-20], 0.2, reply(value)[-20:]], spends=True)
reflected("flushes-packed", "packed, in two writes", lambda value: [reply(gzip.compress(value), "Content-Encoding: gzip")[:-15], 0.2, reply(gzip.compress(value))[-15:]], read=unpacked, spends=True)
reflected("event", "in an event", lambda value: [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + value + b"\n\n", None], spends=True)
reflected("events", "half in one event, half in the next", lambda value: [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + value[:30] + b"\n\n", 0.1, b"data: " + value[30:] + b"\n\n", None],
    read=lambda got: got + b"".join(re.findall(rb"data: (.*)", got)), spends=True)
reflected("event-lines", "in two lines of an event", lambda value: [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + value[:30] + b"\ndata: " + value[30:] + b"\n\n", None],
    read=lambda got: got + b"".join(re.findall(rb"data: (.*)", got)), spends=True)
reflected("head-and-body", "half in a field, half in the body", lambda value: reply(value[-16:], f"X-Echo: {value[:-16].decode()}"),
          read=lambda got: got + b"".join(re.findall(rb"x-echo: *([^\r]*)", got, re.I)) + unframed(got), spends=True)


def two_replies(place):
    """The value of one request in the reply to another that began before it."""
    path = "/v1/public/kept"
    kept = []

    def answer(request):
        kept.append(request.credential)
        return [reply(b"you were " + kept[0])]

    place.upstream.replies[path] = answer
    place.ask(path)
    return place.ask(path, token="nothing")


Attempt(G, "later", "in the reply to a later request without a token", two_replies)


def decoded(decode, text):
    try:
        found = decode(text)
    except (ValueError, TypeError):
        return b""
    return found if isinstance(found, bytes) else found.encode()
