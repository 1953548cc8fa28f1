"""A service that sends the value back in a zip file, and how a program opens that."""

import base64
import gzip
import io
import random
import tarfile
import zipfile
import zlib

from .place import unframed
from .reflections import packed, zstandard

HEADER, LISTING = b"PK\x03\x04", b"PK\x01\x02"
PASSWORD = b"known to all"


class Pipe(io.BytesIO):
    """Where nobody can go back: sizes stand behind an entry's bytes."""

    def seek(self, *place):
        raise io.UnsupportedOperation


def archive(content, method=zipfile.ZIP_DEFLATED, name="file", out=None, comment=b"", level=None):
    out = out or io.BytesIO()
    with zipfile.ZipFile(out, "w", method, compresslevel=level) as file:
        file.writestr("before", b"clean", method)
        file.writestr(name, content)
        file.comment = comment
    return out.getvalue()


def patched(data, mark, place, old, new):
    """An archive with other bytes at a place of each header of a kind."""
    parts = data.split(mark)
    return mark.join([parts[0], *(part[: place - 4] + new + part[place - 4 + len(new):] if part[place - 4: place - 4 + len(old)] == old else part for part in parts[1:])])


def said(data, method, *marks):
    """An archive whose headers say that its entries are packed otherwise."""
    for mark, place in ((HEADER, 8), (LISTING, 10)):
        if mark in marks:
            data = patched(data, mark, place, b"\x08\0", method.to_bytes(2, "little"))
    return data


def encrypted(content):
    """With PKWARE's old cipher (APPNOTE 6.1), which every program knows."""
    def step(crc, byte):
        return zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    keys = [0x12345678, 0x23456789, 0x34567890]

    def turn(byte):
        keys[0] = step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = step(keys[2], keys[1] >> 24)

    def cipher(byte):
        word = keys[2] & 0xFFFF | 2
        out = byte ^ (word * (word ^ 1) >> 8) & 255
        turn(byte)
        return out

    for byte in PASSWORD:
        turn(byte)
    crc = zlib.crc32(content)
    hidden = bytes(cipher(byte) for byte in bytes(11) + bytes([crc >> 24]) + content)
    sizes = crc.to_bytes(4, "little") + len(hidden).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    fields = b"\x14\0\x01\0\0\0\0\0\x21\0" + sizes + b"\x04\0\0\0"
    local = HEADER + fields + b"file" + hidden
    listing = LISTING + b"\x14\0" + fields + bytes(12 + 2) + b"file"
    listing = listing[:30] + bytes(16) + b"file"
    return local + listing + b"PK\x05\x06" + b"\0\0\0\0\1\0\1\0" + len(listing).to_bytes(4, "little") + len(local).to_bytes(4, "little") + b"\0\0"


def overlapping(data):
    """An entry that lies in another one's bytes, where the central directory alone leads to it."""
    hidden = archive(data)
    outer = archive(hidden[: hidden.index(LISTING)], level=0)
    start = outer.index(hidden[:30])
    listing = hidden[hidden.index(LISTING):]
    end = listing.index(b"PK\x05\x06")
    at = (outer.index(LISTING)).to_bytes(4, "little")
    parts = listing[:end].split(LISTING)[1:]
    moved = b"".join(LISTING + part[:38] + (int.from_bytes(part[38:42], "little") + start).to_bytes(4, "little") + part[42:] for part in parts)
    return outer[: outer.index(LISTING)] + moved + listing[end:end + 16] + at + b"\0\0"


def unzipped(got):
    """What a program finds that reads an archive by its directory, or each header that it comes upon, and the archives in it."""
    return got + b"".join(entries(unframed(got), 3))


def entries(body, depth):
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            for info in file.infolist():
                found = read(file, info)
                yield found
                if depth and HEADER in found:
                    yield from entries(found, depth - 1)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        pass
    for start in range(len(body)):
        if body.startswith(HEADER, start):
            begin = start + 30 + int.from_bytes(body[start + 26: start + 28], "little") + int.from_bytes(body[start + 28: start + 30], "little")
            try:
                yield zlib.decompressobj(-15).decompress(body[begin:])
            except zlib.error:
                continue


def read(file, info):
    try:
        return file.read(info, PASSWORD)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, zlib.error, EOFError):
        return b""


def zipped(name, what, pack):
    packed(name, what, pack, read=unzipped)


zipped("zip", "in an entry of a zip file", archive)
zipped("zip-stored", "in an entry that is not packed", lambda data: archive(data, zipfile.ZIP_STORED))
zipped("zip-piped", "in an entry whose sizes stand behind it", lambda data: archive(data, out=Pipe()))
zipped("zip-behind", "in a zip file behind a program", lambda data: b"#!/bin/sh\nexit\n" + archive(data))
zipped("zip-cut", "in a zip file that is cut behind the value", lambda data: archive(data + bytes(range(256)) * 40, level=0)[:400])
zipped("zip-encrypted", "in an entry that is encrypted, under a password that the program knows", encrypted)
zipped("zip-bzip2", "in an entry that is packed by bzip2", lambda data: archive(data, zipfile.ZIP_BZIP2))
zipped("zip-lzma", "in an entry that is packed by LZMA", lambda data: archive(data, zipfile.ZIP_LZMA))
zipped("zip-zstd", "in an entry that is packed by zstd", lambda data: archive(zstandard(data.ljust(300)), zipfile.ZIP_STORED).replace(b"\x14\0\0\0\0\0", b"\x14\0\0\0\x5d\0"))
zipped("zip-name", "in the name of an entry", lambda data: archive(b"x", name=data.decode()))
zipped("zip-comment", "in the comment of a zip file", lambda data: archive(b"x", comment=data))
zipped("zip-twice", "in a zip file in a packed entry", lambda data: archive(archive(data)))
zipped("zip-kept", "in a zip file in an entry that is not packed", lambda data: archive(archive(data), zipfile.ZIP_STORED))
zipped("zip-within", "in an entry that lies in another one's bytes", overlapping)
zipped("zip-sizes", "in an entry whose header says that there is nothing", lambda data: patched(archive(data), HEADER, 18, b"", bytes(8)))
zipped("zip-says", "in a packed entry whose header says that it is not, as the central directory does not", lambda data: said(archive(data), 0, HEADER))
zipped("zip-odd", "in a packed entry whose header says that it is packed by something unknown", lambda data: said(archive(data), 0x0815, HEADER))

# Of what is longer than what the broker holds, much has left before the value comes.
TEXT, DEPTH, STRETCHED = base64.b64encode(random.Random(3).randbytes(5 << 20)), 6 << 20, 2 << 20


def deep(data):
    return TEXT[:DEPTH] + data + TEXT[DEPTH:]


def behind(got):
    """What a program finds in what it opens, without the text that it knew."""
    body = unframed(got)
    found = [*entries(body, 0)] if HEADER in body[:200] else [zlib.decompressobj(47).decompress(body)]
    return got[:200] + b" ".join(rest(each) for each in found)


def rest(text):
    if TEXT.startswith(text):
        return b""
    for depth in (DEPTH, STRETCHED):
        text = text.removeprefix(TEXT[:depth])
    return text.replace(TEXT[DEPTH:], b"")


def stretched(data):
    """A member with the value in two blocks, and more than is searched at once of blocks without anything between them."""
    cut = data.rindex(b" and behind") - 8
    blocks = [TEXT[start: min(start + 60_000, STRETCHED)] for start in range(0, STRETCHED, 60_000)] + [data[:cut]] + [b""] * 60_000 + [data[cut:]]
    packed = b"".join(b"\0" + len(block).to_bytes(2, "little") + (len(block) ^ 0xFFFF).to_bytes(2, "little") + block for block in blocks)
    content = b"".join(blocks)
    end = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packed + b"\x01\0\0\xff\xff" + end


packed("zip-deep", "deep in an entry of 5 MiB", lambda data: archive(deep(data), level=1), read=behind)
packed("gzip-deep", "deep in 5 MiB packed by gzip, and nothing says so", lambda data: gzip.compress(deep(data), 1), read=behind)
packed("zlib-deep", "deep in 5 MiB packed by zlib", lambda data: zlib.compress(deep(data), 1), read=behind)
packed("gzip-deep-cut", "deep in packed data that are cut behind it", lambda data: gzip.compress(TEXT[:DEPTH] + data + TEXT[DEPTH:][: 1 << 17], 1)[:-9], read=behind)
packed("gzip-stretched", "in two blocks of a packed stream, with thousands of empty ones between them", stretched, read=behind, spends=True)


def tarball(**files):
    """A source archive, with files that are packed themselves."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archived:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archived.addfile(info, io.BytesIO(content))
    return out.getvalue()


def split(data):
    """A packed file that goes on in the next member, as programs write them that pack piece by piece."""
    member = gzip.compress(data, 6)
    return b"".join(gzip.compress(part) for part in (b"a file: " + member[:20], member[20:40], member[40:] + b" and more"))


def labelled(data):
    """An archive in the field that a gzip header has for whatever its maker wants to say."""
    plain, extra = gzip.compress(b"nothing of interest"), archive(data)
    return plain[:3] + b"\x04" + plain[4:10] + len(extra).to_bytes(2, "little") + extra + plain[10:]


def within(got):
    """What a program finds that opens all that it comes upon, in what it has opened as well."""
    return got[:200] + b" ".join(rest(each) for each in opened(unframed(got), 6))


def opened(data, depth):
    for mark, format in ((b"\x1f\x8b\x08", 47), (HEADER, -15)):
        start = -1
        while depth and (start := data.find(mark, start + 1)) >= 0:
            begin = start + (30 + sum(int.from_bytes(data[start + at: start + at + 2], "little") for at in (26, 28)) if mark == HEADER else 0)
            found = decoded(data[begin:], mark, format)
            yield found
            yield from opened(found, depth - 1)


def decoded(data, mark, format):
    """As far as it goes: of members that follow each other, all."""
    found, reader = b"", None
    while reader is None or reader.eof and data.startswith(mark):
        reader = zlib.decompressobj(format)
        try:
            found += reader.decompress(data)
        except zlib.error:
            return found
        data = reader.unused_data
    return found


def nested(name, what, pack, **more):
    packed(f"nested-{name}", what, pack, read=within, **more)


# One in another, as packages are made, and as nobody makes them.
nested("wheel", "in a wheel in a source archive", lambda data: tarball(file=b"clean", wheel=archive(data)))
nested("layer", "in a packed manual in a layer of a container", lambda data: tarball(page=gzip.compress(data), other=gzip.compress(b"clean")))
nested("jars", "in an archive in an archive in an archive", lambda data: archive(archive(archive(data))))
nested("four", "in four archives, each in another", lambda data: tarball(file=archive(tarball(file=archive(data)))))
nested("six", "in six archives, each in another", lambda data: tarball(file=archive(tarball(file=archive(tarball(file=archive(data)))))))
nested("edge", "half in one packed file and half in the next, within another", lambda data: tarball(file=gzip.compress(data[:-30]) + gzip.compress(data[-30:])), spends=True)
nested("split", "in a packed file that goes on in the next member of another", split)
nested("deep", "deep in 5 MiB that are packed in a source archive", lambda data: tarball(before=TEXT[: 1 << 20], file=gzip.compress(deep(data), 1), after=TEXT[: 1 << 20]))
nested("extra", "in an archive in the header of a gzip file", labelled)
