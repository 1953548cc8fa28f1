"""AWS Signature Version 4 as far as the SDKs for Python do not make it: bodies in signed chunks (docs/SPEC.md §14.3)."""
import hashlib
import hmac


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Signer:
    """One key on one day, for one service in one region."""

    def __init__(self, secret: str, moment: str, region: str, service: str):
        self.moment, self.scope = moment, f"{moment[:8]}/{region}/{service}/aws4_request"
        key = f"AWS4{secret}".encode()
        for part in self.scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        self.key = key

    def over(self, kind: str, *lines: str) -> str:
        text = "\n".join([kind, self.moment, self.scope, *lines])
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()

    def head(self, method: str, path: str, query: str, fields: dict, payload: str) -> str:
        """The signature of a request whose parts are in canonical form already."""
        names = sorted(fields)
        text = "\n".join([method, path, query, *[f"{name}:{fields[name]}" for name in names], "", ";".join(names), payload])
        return self.over("AWS4-HMAC-SHA256", digest(text.encode()))

    def body(self, seed: str, chunks: list, trailers: dict | None = None) -> bytes:
        """Chunks with their signatures, the empty one that ends them, and fields behind it."""
        body, previous = b"", seed
        for chunk in [*chunks, b""]:
            previous = self.over("AWS4-HMAC-SHA256-PAYLOAD", previous, digest(b""), digest(chunk))
            body += b"%x;chunk-signature=%s\r\n" % (len(chunk), previous.encode()) + chunk + (b"\r\n" if chunk else b"")
        if trailers is None:
            return body + b"\r\n"
        signed = "".join(f"{name}:{value}\n" for name, value in trailers.items())
        signature = self.over("AWS4-HMAC-SHA256-TRAILER", previous, digest(signed.encode()))
        return body + signed.replace("\n", "\r\n").encode() + f"x-amz-trailer-signature:{signature}\r\n\r\n".encode()


def check() -> None:
    """The examples of Amazon S3's own documentation ("Transferring payload in multiple chunks", "Including trailing headers")."""
    signer = Signer("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z", "us-east-1", "s3")
    fields = {
        "content-encoding": "aws-chunked", "content-length": "66824", "host": "s3.amazonaws.com",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-date": signer.moment, "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
    }
    seed = signer.head("PUT", "/examplebucket/chunkObject.txt", "", fields, fields["x-amz-content-sha256"])
    assert seed == "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    chunks = [b"a" * 65536, b"a" * 1024]
    assert b"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9" in signer.body(seed, chunks)
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    body = signer.body(seed, chunks, {"x-amz-checksum-crc32c": "sOO8/Q=="})
    assert b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n" in body
