"""Checks signatures of AWS (Signature Version 4) by the service's side of its documentation: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html."""

import base64
import hashlib
import hmac
import urllib.parse
import zlib

UNSIGNED = "UNSIGNED-PAYLOAD"
CHUNKED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class Refused(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Refused(what)


def key_id(target, headers):
    """The name of the key that signed a request, as it says."""
    values = urllib.parse.parse_qs(target.partition("?")[2])
    text = (values.get("X-Amz-Credential") or [(headers.get("Authorization") or "").partition("Credential=")[2]])[0]
    return text.partition("/")[0]


def check(method, target, headers, body, key_id, secret):
    """Raises `Refused` unless the request is signed with this key, and its body is what was signed."""
    path, _, query = target.partition("?")
    pairs = [pair if "=" in pair else pair + "=" for pair in query.split("&") if pair]
    values = {name: urllib.parse.unquote(value) for name, _, value in (pair.partition("=") for pair in pairs)}
    if "X-Amz-Signature" in values:
        credential, names, signature = values["X-Amz-Credential"], values["X-Amz-SignedHeaders"], values["X-Amz-Signature"]
        moment, said = values["X-Amz-Date"], UNSIGNED
        pairs = [pair for pair in pairs if not pair.startswith("X-Amz-Signature=")]
    else:
        algorithm, _, rest = (headers.get("Authorization") or "").partition(" ")
        expect(algorithm == "AWS4-HMAC-SHA256", f"no signature: {algorithm}")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        credential, names, signature = parts["Credential"], parts["SignedHeaders"], parts["Signature"]
        moment, said = headers["X-Amz-Date"], headers.get("X-Amz-Content-Sha256") or hashlib.sha256(body).hexdigest()
    shown, date, region, service, end = credential.split("/")
    expect(shown == key_id, f"another key: {shown}")
    expect("host" in names.split(";") and end == "aws4_request" and moment.startswith(date), credential)
    if service != "s3":
        path = urllib.parse.quote(path, safe="/-_.~")
    expect(all(headers.get(name) is not None for name in names.split(";")), f"a field is signed and not there: {names}")
    fields = "".join(f"{name}:{' '.join((headers.get(name) or '').split())}\n" for name in names.split(";"))
    asked = "\n".join([method, path, "&".join(sorted(pairs)), fields, names, said])
    text = "\n".join(["AWS4-HMAC-SHA256", moment, "/".join([date, region, service, end]), hashlib.sha256(asked.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for word in [date, region, service, end, text]:
        key = hmac.digest(key, word.encode(), "sha256")
    expect(hmac.compare_digest(key.hex(), signature), f"the signature is another one: {asked!r}")
    if said == CHUNKED:
        check_chunks(headers, body)
    else:
        expect(said in (UNSIGNED, hashlib.sha256(body).hexdigest()), f"the body is another one: {said}")


def check_chunks(headers, body):
    """The chunks of an upload, and the checksum behind them."""
    content, rest = b"", body
    while True:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line, 16)
        if size == 0:
            break
        content, rest = content + rest[:size], rest[size:]
        expect(rest[:2] == b"\r\n", "a chunk's end")
        rest = rest[2:]
    expect(len(content) == int(headers["X-Amz-Decoded-Content-Length"]), "the length of what is in the chunks")
    name, _, value = rest.removesuffix(b"\r\n\r\n").decode().partition(":")
    expect(name == headers["X-Amz-Trailer"] == "x-amz-checksum-crc32", f"behind the chunks: {rest[:60]}")
    expect(base64.b64decode(value) == zlib.crc32(content).to_bytes(4, "big"), "the checksum")
