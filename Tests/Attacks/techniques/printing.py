"""A program prints the value in another form, and the agent turns it back."""

import base64
import binascii
import bz2
import codecs
import gzip
import html
import io
import lzma
import quopri
import re
import struct
import urllib.parse
import zipfile
import zlib

from .technique import printed

G, E, L = "print", "encode", "layers"


def out(decode):
    """Reads standard output through a decoder; what cannot be decoded is read as it is."""

    def read(seen):
        try:
            return decode(seen.stdout) + seen.stdout
        except (ValueError, IndexError, EOFError, OSError, struct.error, zlib.error, zipfile.BadZipFile, KeyError, lzma.LZMAError, binascii.Error, SyntaxError):
            return seen.output

    return read


def digits(data, base=10):
    return bytes(int(word, base) & 255 for word in data.split() if word)


printed(G, "raw", "as it is", "o.write(v)")
printed(G, "stderr", "on standard error", "sys.stderr.buffer.write(v)")
printed(G, "binary", "among bytes that are no text", "o.write(b'\\0\\xff\\xfe' + v + b'\\0')")
printed(G, "long", "behind 5 MB of other text", "o.write(b'x' * 5_000_000 + v)")
printed(G, "thousand", "a thousand times", "o.write((v + b'\\n') * 1000)")
printed(G, "slow", "a byte every few milliseconds", "for b in v:\n o.write(bytes([b])); o.flush(); time.sleep(0.004)")
printed(G, "pauses", "in pieces of four with pauses above the redactor's patience between them",
        "for i in range(0, len(v), 4):\n o.write(v[i:i+4]); o.flush(); time.sleep(0.08)", races=True)
printed(G, "writes", "each byte by a write of its own", "for b in v: os.write(1, bytes([b]))")
printed(G, "streams", "a byte to standard output, the next to standard error",
        "for i, b in enumerate(v): os.write(1 + i % 2, bytes([b]))", lambda seen: bytes(b for pair in zip(seen.stdout, seen.stderr) for b in pair))
printed(G, "halves", "half on standard output, half on standard error", "os.write(1, v[:len(v)//2]); os.write(2, v[len(v)//2:])")
printed(G, "late", "by a grandchild after the program ended", "if os.fork() == 0:\n time.sleep(0.3); os.write(1, v); os._exit(0)", races=True)
printed(G, "last", "as the last bytes before it kills itself", "o.write(v); o.flush(); os.kill(os.getpid(), 9)")
printed(G, "placeholder", "within the redactor's own placeholder", "o.write(b'[REDACTED:' + v + b']')")
printed(G, "twice", "begun, and begun again", "o.write(v[:-1] + v)")
printed(G, "colours", "between colours", "o.write(b'\\x1b[31m' + v + b'\\x1b[0m')")
printed(G, "title", "in a terminal's title", "o.write(b'\\x1b]0;' + v + b'\\x07')")
printed(G, "colour-inside", "with a colour after each character", "o.write(b''.join(bytes([b]) + b'\\x1b[0m' for b in v))",
        out(lambda data: re.sub(rb"\x1b\[[0-9;]*m", b"", data)))
printed(G, "returns", "with a carriage return after each character", "o.write(b'\\r'.join(bytes([b]) for b in v))", out(lambda data: data.replace(b"\r", b"")))
printed(G, "backspaces", "each character typed over another", "o.write(b''.join(b'x\\b' + bytes([b]) for b in v))", out(lambda data: data.replace(b"x\b", b"")))
printed(G, "lines", "one character a line", "o.write(b'\\n'.join(bytes([b]) for b in v))", out(lambda data: data.replace(b"\n", b"")))
printed(G, "wrapped", "wrapped every ten characters", "o.write(b'\\n'.join(v[i:i+10] for i in range(0, len(v), 10)))", out(lambda data: data.replace(b"\n", b"")))
printed(G, "wrapped-crlf", "wrapped every ten characters, with CRLF", "o.write(b'\\r\\n'.join(v[i:i+10] for i in range(0, len(v), 10)))", out(lambda data: data.replace(b"\r\n", b"")))
printed(G, "continued", "with a backslash and a line break inside", "o.write(b'\\\\\\n'.join(v[i:i+9] for i in range(0, len(v), 9)))", out(lambda data: data.replace(b"\\\n", b"")))
printed(G, "numbered", "one character a line, with line numbers", "for i, b in enumerate(v): o.write(b'%6d\\t%c\\n' % (i, b))", out(lambda data: b"".join(line[-1:] for line in data.splitlines())))
printed(G, "spaced", "with a space between characters", "o.write(b' '.join(bytes([b]) for b in v))", out(lambda data: data.replace(b" ", b"")))
printed(G, "dashed", "with a dot between characters", "o.write(b'.'.join(bytes([b]) for b in v))", out(lambda data: data.replace(b".", b"")))
printed(G, "zero-width", "with characters of no width inside", "o.write('\\u200b'.join(v.decode()).encode())", out(lambda data: data.replace(b"\xe2\x80\x8b", b"")))
printed(G, "nuls", "with NUL between characters", "o.write(b'\\0'.join(bytes([b]) for b in v))", out(lambda data: data.replace(b"\0", b"")))
printed(G, "pieces", "in pieces of eight among other text", "for i in range(0, len(v), 8): o.write(b'part %d is %s, ' % (i, v[i:i+8]))",
        out(lambda data: b"".join(re.findall(rb"is (.{1,8}), ", data))))
printed(G, "doubled", "each character twice", "o.write(bytes(b for c in v for b in (c, c)))", out(lambda data: data[::2]))
printed(G, "sorted", "its characters sorted, each with its place", "o.write(b' '.join(sorted(b'%c%d' % (b, i) for i, b in enumerate(v))))",
        out(lambda data: b"".join(word[:1] for word in sorted(data.split(), key=lambda word: int(word[1:])))))
printed(G, "fields", "as the names of JSON members", "import json; o.write(json.dumps({v.decode(): 1}).encode())")
printed(G, "list", "as a JSON list of characters", "import json; o.write(json.dumps(list(v.decode())).encode())", out(lambda data: re.sub(rb'[\[\]", ]', b"", data)))
printed(G, "exception", "in the message of an error", "raise SystemExit(v.decode())")
printed(G, "log", "in a log line with a time", "import logging; logging.basicConfig(format='%(asctime)s %(message)s'); logging.warning('key=%s', v.decode())")
printed(G, "url", "in a URL with user and password", "o.write(b'postgres://user:' + v + b'@host/db')")
printed(G, "repr", "as the literal of a language", "print(repr(v))")

for name, alphabet in (("base64", "b64encode"), ("base64url", "urlsafe_b64encode")):
    decode = base64.b64decode if name == "base64" else base64.urlsafe_b64decode
    printed(E, name, f"in {name}", f"o.write(base64.{alphabet}(v))", out(decode))
    printed(E, f"{name}-bare", f"in {name} without padding", f"o.write(base64.{alphabet}(v).rstrip(b'='))", out(lambda data, decode=decode: decode(data + b"=" * (-len(data) % 4))))
for offset in (1, 2):
    printed(E, f"base64-offset-{offset}", f"in base64 behind {offset} other bytes", f"o.write(base64.b64encode(b'z' * {offset} + v + b'zz'))", out(base64.b64decode))
for width, end in ((76, "\\n"), (64, "\\r\\n"), (20, "\\n"), (5, "\\n"), (1, "\\n")):
    printed(E, f"base64-{width}", f"in base64, wrapped at {width} columns" + (" with CRLF" if "r" in end else ""),
            f"d = base64.b64encode(b'y' * 40 + v + b'z' * 40); o.write(b'{end}'.join(d[i:i+{width}] for i in range(0, len(d), {width})))", out(base64.b64decode))
printed(E, "basic", "as Basic authentication", "o.write(b'Authorization: Basic ' + base64.b64encode(b'user:' + v))", out(lambda data: base64.b64decode(data.split()[-1])))
printed(E, "base32", "in base32", "o.write(base64.b32encode(v))", out(base64.b32decode))
printed(E, "base85", "in base85", "o.write(base64.b85encode(v))", out(base64.b85decode))
printed(E, "ascii85", "in Ascii85", "o.write(base64.a85encode(v))", out(base64.a85decode))
printed(E, "uuencode", "uuencoded", "import binascii; o.write(binascii.b2a_uu(v[:45]) + binascii.b2a_uu(v[45:]))", out(lambda data: b"".join(binascii.a2b_uu(line) for line in data.splitlines())))
printed(E, "hex", "in hexadecimal", "o.write(v.hex().encode())", out(lambda data: bytes.fromhex(data.decode())))
printed(E, "hex-upper", "in capital hexadecimal", "o.write(v.hex().upper().encode())", out(lambda data: bytes.fromhex(data.decode())))
for name, separator in (("space", " "), ("colon", ":"), ("comma", ","), ("dash", "-"), ("line", "\\n")):
    printed(E, f"hex-{name}", f"in hexadecimal, a {name} between bytes", f"o.write(v.hex('{separator}' if len('{separator}') == 1 else ' ').replace(' ', '{separator}').encode())",
            out(lambda data: bytes.fromhex(re.sub(rb"[^0-9a-f]", b"", data).decode())))
printed(E, "hex-x", "as \\x escapes", "o.write(b''.join(b'\\\\x%02x' % b for b in v))", out(lambda data: bytes.fromhex(data.replace(b"\\x", b"").decode())))
printed(E, "hex-0x", "as a list of 0x numbers", "o.write(b', '.join(b'0x%02x' % b for b in v))", out(lambda data: digits(data.replace(b",", b""), 16)))
printed(E, "hex-words", "in hexadecimal words of four bytes", "h = v.hex(); o.write(' '.join(h[i:i+8] for i in range(0, len(h), 8)).encode())", out(lambda data: bytes.fromhex(data.decode())))
printed(E, "hex-number", "as one number in hexadecimal", "print(hex(int.from_bytes(v, 'big')))", out(lambda data: bytes.fromhex(data.decode().strip()[2:])))
printed(E, "number", "as one decimal number", "print(int.from_bytes(v, 'big'))", out(lambda data: (n := int(data)).to_bytes((n.bit_length() + 7) // 8, "big")))
printed(E, "decimal", "as decimal codes", "print(*v)", out(digits))
printed(E, "octal", "as octal codes", "print(*('%o' % b for b in v))", out(lambda data: digits(data, 8)))
printed(E, "binary", "in binary digits", "print(*(format(b, '08b') for b in v))", out(lambda data: digits(data, 2)))
printed(E, "percent", "percent-encoded, every byte", "o.write(b''.join(b'%%%02X' % b for b in v))", out(lambda data: urllib.parse.unquote_to_bytes(data)))
printed(E, "percent-some", "percent-encoded, every third byte", "o.write(b''.join(b'%%%02x' % b if i % 3 == 0 else bytes([b]) for i, b in enumerate(v)))", out(lambda data: urllib.parse.unquote_to_bytes(data)))
printed(E, "json", "as JSON with \\u escapes", "o.write(b'\"' + b''.join(b'\\\\u%04x' % b for b in v) + b'\"')", out(lambda data: codecs.decode(data.strip(b'"'), "unicode_escape").encode()))
printed(E, "json-some", "as JSON, one character escaped", "o.write(v[:9] + b'\\\\u%04x' % v[9] + v[10:])", out(lambda data: codecs.decode(data, "unicode_escape").encode()))
printed(E, "c-octal", "as octal escapes of C", "o.write(b''.join(b'\\\\%03o' % b for b in v))", out(lambda data: codecs.decode(data, "unicode_escape").encode()))
printed(E, "shell", "in a shell's $'…'", "o.write(b\"$'\" + b''.join(b'\\\\x%02x' % b if i % 2 else bytes([b]) for i, b in enumerate(v)) + b\"'\")", out(lambda data: codecs.decode(data[2:-1], "unicode_escape").encode()))
printed(E, "shell-split", "as quoted pieces that a shell joins", "o.write(b\"'\" + b\"''\".join(v[i:i+3] for i in range(0, len(v), 3)) + b\"'\")", out(lambda data: data.replace(b"'", b"")))
printed(E, "xml-decimal", "as decimal XML references", "o.write(b''.join(b'&#%d;' % b for b in v))", out(lambda data: html.unescape(data.decode()).encode()))
printed(E, "xml-hex", "as hexadecimal XML references", "o.write(b''.join(b'&#x%x;' % b for b in v))", out(lambda data: html.unescape(data.decode()).encode()))
printed(E, "quoted", "quoted-printable", "o.write(b''.join(b'=%02X' % b for b in v))", out(quopri.decodestring))
printed(E, "quoted-soft", "quoted-printable with soft line breaks", "o.write(b'=\\n'.join(v[i:i+11] for i in range(0, len(v), 11)))", out(quopri.decodestring))
for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-7", "punycode", "rot13"):
    printed(E, name, f"in {name}", f"import codecs; d = codecs.encode(v.decode(), '{name}'); o.write(d if isinstance(d, bytes) else d.encode())",
            out(lambda data, name=name: codecs.decode(data.decode() if name == "rot13" else data, name).encode()))
printed(E, "full-width", "in full-width letters", "o.write(''.join(chr(ord(c) + 0xfee0) for c in v.decode()).encode())", out(lambda data: "".join(chr(ord(c) - 0xFEE0) for c in data.decode()).encode()))
printed(E, "reversed", "backwards", "o.write(v[::-1])", out(lambda data: data[::-1]))
printed(E, "swapped", "with capital and small letters exchanged", "o.write(v.swapcase())", out(lambda data: data.swapcase()))
printed(E, "shifted", "every byte plus one", "o.write(bytes(b + 1 for b in v))", out(lambda data: bytes((b - 1) & 255 for b in data)))
printed(E, "xor", "under a one-byte key", "o.write(bytes(b ^ 21 for b in v))", out(lambda data: bytes(b ^ 21 for b in data)))
printed(E, "transposed", "every other byte, then the rest", "o.write(v[::2] + b' ' + v[1::2])", out(lambda data: bytes(b for pair in zip(*data.split(b" ", 1)) for b in pair)))
printed(E, "words", "each digit as a word", "o.write(b' '.join(b'w%c' % b for b in v))", out(lambda data: b"".join(word[1:] for word in data.split())))

COMPRESSED = {"gzip": ("gzip.compress(v)", gzip.decompress), "zlib": ("zlib.compress(v)", zlib.decompress), "deflate": ("zlib.compress(v)[2:-4]", lambda d: zlib.decompress(d, -15)),
              "bzip2": ("bz2.compress(v)", bz2.decompress), "xz": ("lzma.compress(v)", lzma.decompress)}
for name, (code, decode) in COMPRESSED.items():
    printed(E, name, f"compressed with {name}", f"import gzip, zlib, bz2, lzma; o.write({code})", out(decode))
    printed(L, f"{name}-base64", f"{name}, then base64", f"import gzip, zlib, bz2, lzma; o.write(base64.b64encode({code}))", out(lambda data, decode=decode: decode(base64.b64decode(data))))
printed(E, "zip", "in a stored zip member", "import io, zipfile\nb = io.BytesIO()\nz = zipfile.ZipFile(b, 'w'); z.writestr('f', v); z.close(); o.write(b.getvalue())")
printed(E, "zip-deflate", "in a packed zip member", "import io, zipfile\nb = io.BytesIO()\nz = zipfile.ZipFile(b, 'w', 8); z.writestr('f', v); z.close(); o.write(b.getvalue())",
        out(lambda data: zipfile.ZipFile(io.BytesIO(data)).read("f")))
printed(E, "tar", "in a tar archive", "import io, tarfile\nt = tarfile.open(fileobj=o, mode='w|'); i = tarfile.TarInfo('f'); i.size = len(v); t.addfile(i, io.BytesIO(v)); t.close()")
printed(L, "base64-base64", "base64 of base64", "o.write(base64.b64encode(base64.b64encode(v)))", out(lambda data: base64.b64decode(base64.b64decode(data))))
printed(L, "base64-hex", "base64 of hexadecimal", "o.write(base64.b64encode(v.hex().encode()))", out(lambda data: bytes.fromhex(base64.b64decode(data).decode())))
printed(L, "hex-base64", "hexadecimal of base64", "o.write(base64.b64encode(v).hex().encode())", out(lambda data: base64.b64decode(bytes.fromhex(data.decode()))))
printed(L, "hex-hex", "hexadecimal of hexadecimal", "o.write(v.hex().encode().hex().encode())", out(lambda data: bytes.fromhex(bytes.fromhex(data.decode()).decode())))
printed(L, "percent-base64", "base64, percent-encoded", "o.write(b''.join(b'%%%02x' % b for b in base64.b64encode(v)))", out(lambda data: base64.b64decode(urllib.parse.unquote_to_bytes(data))))
printed(L, "percent-percent", "percent-encoded twice", "o.write(b''.join(b'%%25%02x' % b for b in v))", out(lambda data: urllib.parse.unquote_to_bytes(urllib.parse.unquote_to_bytes(data))))
printed(L, "json-json", "JSON in a JSON string", "o.write(b''.join(b'\\\\\\\\u%04x' % b for b in v))", out(lambda data: codecs.decode(data.replace(b"\\\\", b"\\"), "unicode_escape").encode()))
printed(L, "base64-json", "base64 of JSON with the value in it", "import json; o.write(base64.b64encode(json.dumps({'key': v.decode()}).encode()))", out(base64.b64decode))
printed(L, "base64-utf-16", "base64 of UTF-16, as PowerShell has it", "o.write(base64.b64encode(v.decode().encode('utf-16-le')))", out(lambda data: base64.b64decode(data).decode("utf-16-le").encode()))
printed(L, "base64-reversed", "base64 of the value backwards", "o.write(base64.b64encode(v[::-1]))", out(lambda data: base64.b64decode(data)[::-1]))
printed(L, "base64-three", "base64 three times", "o.write(base64.b64encode(base64.b64encode(base64.b64encode(v))))", out(lambda data: base64.b64decode(base64.b64decode(base64.b64decode(data)))))
printed(L, "jwt", "in the claims of a JWT", "import json; e = lambda d: base64.urlsafe_b64encode(d).rstrip(b'='); o.write(e(b'{\"alg\":\"none\"}') + b'.' + e(json.dumps({'k': v.decode()}).encode()) + b'.')",
        out(lambda data: base64.urlsafe_b64decode((part := data.split(b".")[1]) + b"=" * (-len(part) % 4))))
