#!/usr/bin/env python3
"""Writes the vectors of docs/SPEC.md section 14.5: requests signed with a fake key, and the same signed with a real one.

The signatures are botocore's (pip install botocore==1.44.8), of its own clients and signers; those of chunks are the second implementation's in `vectors/peer`.
"""
import base64
import datetime
import io
import json
import pathlib
import sys
import unittest.mock
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session
from botocore.config import Config

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from peer import signatures  # noqa: E402

signatures.check()
NOW = datetime.datetime(2026, 11, 29, 12, 0, 0)
MOMENT = NOW.strftime("%Y%m%dT%H%M%SZ")
SHOWN = ("AKIAFAKEFAKEFAKE2345", "Fake/0123456789+abcdefghijABCDEFGHIJklmn", None)
SHOWN_FOR_A_WHILE = ("ASIAFAKEFAKEFAKE2345", SHOWN[1], "tacit_FakeSessionToken0123456789abcdef")
REAL = ("AKIAREALREALREAL2345", "CANARY/real+secret/0123456789abcdefghijk", None)
REAL_FOR_A_WHILE = ("ASIAREALREALREAL2345", REAL[1], "CANARYreal//session+token==")
CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


class Captured(Exception):
    """Carries what a client would have sent."""


def sent(key, call, **settings):
    """What a client sends for a call, signed with a key."""
    session = botocore.session.Session()
    session.set_credentials(*key)
    service, work = call
    client = session.create_client(service, region_name="eu-central-1", config=Config(retries={"total_max_attempts": 1}, **settings))

    def capture(request, **_):
        raise Captured(request)

    client.meta.events.register("before-send", capture)
    try:
        work(client)
    except Captured as captured:
        return request(captured.args[0])
    raise AssertionError("nothing was sent")


def request(prepared):
    body = prepared.body
    body = b"" if body is None else body.read() if hasattr(body, "read") else body.encode() if isinstance(body, str) else body
    _, _, rest = prepared.url.partition("://")
    host, slash, target = rest.partition("/")
    # Whom a client says it is differs between machines, and nobody signs it.
    headers = [item for item in prepared.headers.items() if item[0].lower() != "user-agent"]
    fields = [[name, value.decode() if isinstance(value, bytes) else str(value)] for name, value in headers]
    return {"method": prepared.method, "target": slash + target, "fields": [["Host", host], *fields], "body": base64.b64encode(body).decode()}


def address(key, call, **settings):
    """A request for an address that a client signed."""
    session = botocore.session.Session()
    session.set_credentials(*key)
    service, method, operation, parameters = call
    client = session.create_client(service, region_name="eu-central-1", config=Config(signature_version="s3v4" if service == "s3" else None, **settings))
    url = client.generate_presigned_url(operation, parameters, ExpiresIn=600, HttpMethod=method)
    return request(botocore.awsrequest.AWSRequest(method=method, url=url).prepare())


def signed(key, call, service="execute-api"):
    """A request that a bare signer of botocore signs."""
    method, url, fields, body = call
    made = botocore.awsrequest.AWSRequest(method=method, url=url, headers=dict(fields), data=body)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(*key), service, "eu-central-1").add_auth(made)
    return request(made.prepare())


def chunked(key, content, sizes, trailers=None):
    """An upload in signed chunks, as the SDKs for other languages make it."""
    signer = signatures.Signer(key[1], MOMENT, "eu-central-1", "s3")
    payload = CHUNKS + ("-TRAILER" if trailers else "")
    fields = {
        "content-encoding": "aws-chunked", "host": "bucket.s3.eu-central-1.amazonaws.com", "x-amz-content-sha256": payload, "x-amz-date": MOMENT,
        "x-amz-decoded-content-length": str(len(content)),
    }
    if key[2]:
        fields["x-amz-security-token"] = key[2]
    if trailers:
        fields["x-amz-trailer"] = ",".join(trailers)
    seed = signer.head("PUT", "/object", "", fields, payload)
    chunks, rest = [], content
    for size in sizes:
        chunks, rest = [*chunks, rest[:size]], rest[size:]
    body = signer.body(seed, [*chunks, *([rest] if rest else [])], trailers)
    authorization = f"AWS4-HMAC-SHA256 Credential={key[0]}/{signer.scope},SignedHeaders={';'.join(sorted(fields))},Signature={seed}"
    all_fields = [*[[name.title(), value] for name, value in fields.items()], ["Authorization", authorization], ["Content-Length", str(len(body))]]
    return {"method": "PUT", "target": "/object", "fields": all_fields, "body": base64.b64encode(body).decode()}


KEYS = [(SHOWN, REAL), (SHOWN, REAL_FOR_A_WHILE), (SHOWN_FOR_A_WHILE, REAL_FOR_A_WHILE), (SHOWN_FOR_A_WHILE, REAL)]
ODD = "a b/\u00fc+c%/x:y@!'()*~=&,$"
PLAIN = {"request_checksum_calculation": "when_required"}
CONTENT = bytes(range(256)) * 3
CALLS = [
    ("an object with an odd name", sent, ("s3", lambda c: c.get_object(Bucket="bucket", Key=ODD)), {}),
    ("a list with a query", sent, ("s3", lambda c: c.list_objects_v2(Bucket="bucket", Prefix="a b+c/", Delimiter="/", StartAfter="x&y=z")), {}),
    ("an upload in chunks without signatures", sent, ("s3", lambda c: c.put_object(Bucket="bucket", Key="k", Body=io.BytesIO(CONTENT))), {}),
    ("an upload whose digest is signed", sent, ("s3", lambda c: c.put_object(Bucket="bucket", Key="k", Body=b"CANARY body")),
     {**PLAIN, "s3": {"payload_signing_enabled": True}}),
    ("an upload that nobody signed", sent, ("s3", lambda c: c.put_object(Bucket="bucket", Key="k", Body=b"body", ContentMD5="hBotaJjP2Fb5GLE3fu/Edw==")),
     {**PLAIN, "s3": {"payload_signing_enabled": False}}),
    ("an upload in parts, with metadata", sent, ("s3", lambda c: c.create_multipart_upload(Bucket="bucket", Key="k", Metadata={"b": "  two   spaces ", "a": "1"})), {}),
    ("a database's request, whose body is signed unsaid", sent,
     ("dynamodb", lambda c: c.get_item(TableName="t", Key={"id": {"S": "\u00fc"}})), {}),
    ("a message", sent, ("sqs", lambda c: c.send_message(QueueUrl="https://sqs.eu-central-1.amazonaws.com/1/q", MessageBody="m")), {}),
    ("a path with escapes, which is escaped again", sent,
     ("lambda", lambda c: c.invoke(FunctionName="arn:aws:lambda:eu-central-1:123456789012:function:f:1", Payload=b"{}")), {}),
    ("an address of an object", address, ("s3", "GET", "get_object", {"Bucket": "bucket", "Key": ODD, "ResponseContentType": "text/plain"}), {}),
    ("an address to upload to", address, ("s3", "PUT", "put_object", {"Bucket": "bucket", "Key": "k"}), {}),
    ("an address of another service", address, ("sts", "GET", "get_caller_identity", {}), {}),
    ("queries in another order", signed, ("GET", "https://api.example.com/?b=2&a=1&a=0&B=&c", [], b""), {}),
    ("fields with spaces", signed, ("POST", "https://api.example.com/a/b~c", [("X-One", "  a   b  "), ("Content-Type", "text/plain")], b"CANARY"), {}),
    ("chunks", chunked, CONTENT, {"sizes": [256, 200]}),
    ("no chunk but the last", chunked, b"", {"sizes": []}),
    ("chunks and a checksum behind them", chunked, CONTENT, {"sizes": [500], "trailers": {"x-amz-checksum-crc32": "AAAAAA=="}}),
]


def key(parts):
    return dict(zip(("keyID", "secretKey", "sessionToken"), parts))


def cases():
    for name, make, call, settings in CALLS:
        for shown, real in KEYS:
            if make is chunked:
                before, after = (chunked(parts, call, **settings) for parts in (shown, real))
            else:
                before, after = (make(parts, call, **settings) for parts in (shown, real))
            while_real = ", for a while" if real[2] else ""
            yield {"name": f"{name}: {'with' if shown[2] else 'without'} a token{while_real}", "shown": key(shown), "real": key(real), "before": before,
                   "after": after}


with unittest.mock.patch("botocore.auth.get_current_datetime", lambda: NOW), \
        unittest.mock.patch("botocore.compat.get_current_datetime", lambda *_: NOW), \
        unittest.mock.patch("uuid.uuid4", lambda: uuid.UUID(int=5)):
    CASES = list(cases())
(HERE / "signatures.json").write_text(json.dumps({"moment": MOMENT, "count": len(CASES), "cases": CASES}, indent=1) + "\n")
