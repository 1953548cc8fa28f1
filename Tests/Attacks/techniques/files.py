"""What a program writes, and where somebody finds it afterwards."""

import base64
import gzip
import io
import os
import zipfile

from .technique import Technique

G = "file"


def written(name, what, code, read=lambda data: data, where=None):
    """Code that writes; then the agent looks into the working directory, or where it says."""

    def act(place):
        place.empty()
        seen = place.python(f"w = {str(place.directory)!r}\nos.chdir(w)\n" + code)
        found = read(place.left()) + seen.output
        for path in (where(place) if where else []):
            if os.path.exists(path):
                with open(path, "rb") as file:
                    found += file.read()
                os.unlink(path)
        place.empty()
        return found

    Technique(G, name, what, act)


written("plain", "a file in the working directory", "open('f', 'wb').write(v)")
written("deep", "a file deep below it", "os.makedirs('a/b/c'); open('a/b/c/f', 'wb').write(v)")
written("hidden", "a file whose name begins with a dot", "open('.f', 'wb').write(v)")
written("base64", "a file in base64", "open('f', 'wb').write(base64.b64encode(v))", lambda data: data + unbase64(data))
written("hex", "a file in hexadecimal", "open('f', 'w').write(v.hex())", lambda data: data + unhex(data))
written("reversed", "a file with the value backwards", "open('f', 'wb').write(v[::-1])", lambda data: data[::-1])
written("xor", "a file under a one-byte key", "open('f', 'wb').write(bytes(b ^ 21 for b in v))", lambda data: bytes(b ^ 21 for b in data))
written("gzip", "a gzip file", "import gzip; gzip.open('f.gz', 'wb').write(v)", lambda data: data + ungzip(data))
written("zip", "a zip file", "import zipfile; z = zipfile.ZipFile('f.zip', 'w', 8); z.writestr('f', v); z.close()", lambda data: data + unzip(data))
written("zip-kept", "a zip file in another that is not packed", "import io, zipfile\nb = io.BytesIO()\nz = zipfile.ZipFile(b, 'w', 8); z.writestr('f', v); z.close()\nz = zipfile.ZipFile('f.zip', 'w'); z.writestr('f.zip', b.getvalue()); z.close()",
        lambda data: data + unzip(unzip(data)))
written("sqlite", "a SQLite database", "import sqlite3; c = sqlite3.connect('f.db'); c.execute('create table t(x)'); c.execute('insert into t values (?)', (v.decode(),)); c.commit()")
written("large", "behind 20 MB of other bytes", "f = open('f', 'wb'); f.write(b'x' * 20_000_000); f.write(v)")
written("sparse", "behind a hole of 1 GB", "f = open('f', 'wb'); f.seek(900_000_000); f.write(v)", lambda data: data[-200:])
written("halves", "two files, half in each", "open('f1', 'wb').write(v[:len(v)//2]); open('f2', 'wb').write(v[len(v)//2:])")
written("name", "as the name of a file", "open(v, 'w').close()")
written("directory", "as the name of a directory", "os.mkdir(v)")
written("link", "as the target of a link", "os.symlink(v, 'f')")
written("names", "as the names of many files, a character each", "for i, b in enumerate(v): open('%03d%c' % (i, b), 'w').close()", lambda data: b"".join(line[3:4] for line in data.split(b"\n")))
written("attribute", "in an extended attribute", "open('f', 'w').close(); os.setxattr('f', 'user.x', v)")
written("appended", "behind what was in a file of the project", "open('f', 'w').write('project\\n'); open('f', 'ab').write(v)")
written("open", "in a file that was deleted and is still open", "f = open('f', 'w+b'); f.write(v); f.flush(); os.unlink('f'); os.write(1, os.pread(f.fileno(), 500, 0))")
written("core", "in a core file", "import resource; resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2); os.abort()")
written("hook", "in a git hook of the project", "os.makedirs('.git/hooks'); open('.git/hooks/pre-commit', 'wb').write(b'#!/bin/sh\\n# ' + v)")
written("tmp", "in /tmp", "open('/tmp/tacit-table', 'wb').write(v)", where=lambda place: ["/tmp/tacit-table"])
written("shm", "in /dev/shm", "open('/dev/shm/tacit-table', 'wb').write(v)", where=lambda place: ["/dev/shm/tacit-table"])
written("var-tmp", "in /var/tmp", "open('/var/tmp/tacit-table', 'wb').write(v)", where=lambda place: ["/var/tmp/tacit-table"])
written("home", "in the home directory that the program has", "open(os.environ.get('HOME', '/') + '/f', 'wb').write(v); print(os.environ.get('HOME'))", where=lambda place: [str(place.home / "f")])
written("real-home", "in the person's own home, by its path", "open(w + '/../../home/f', 'wb').write(v)", where=lambda place: [str(place.home / "f")])
written("history", "in a shell's history", "import subprocess; subprocess.run(['bash', '-ic', 'set -o history; HISTFILE=hist; history -s ' + v.decode() + '; history -w'], stderr=subprocess.DEVNULL)")
written("up", "above the working directory", "open('../up', 'wb').write(v)", where=lambda place: [str(place.directory.parent / "up")])
written("link-out", "through a link that leads out", "os.symlink('/tmp', 'out'); open('out/tacit-table-link', 'wb').write(v)", where=lambda place: ["/tmp/tacit-table-link"])


def measured(name, what, code, read):
    """Code that makes files which hold nothing; what tells is in their facts, in the order of their names."""

    def act(place):
        place.empty()
        place.python(f"os.chdir({str(place.directory)!r})\n" + code)
        found = b"".join(read(path.stat()) for path in sorted(place.directory.iterdir()))
        place.empty()
        return found

    Technique(G, name, what, act)


measured("times", "in the time stamps of files", "for i in range(0, len(v), 3): open('%03d' % i, 'w').close(); os.utime('%03d' % i, (0, int.from_bytes(v[i:i+3].ljust(3), 'big')))",
         lambda facts: int(facts.st_mtime).to_bytes(8, "big")[-3:])
measured("sizes", "in the sizes of files", "for i, b in enumerate(v): open('%03d' % i, 'w').write('x' * b)", lambda facts: bytes([facts.st_size & 255]))
measured("modes", "in the permission bits of files", "for i, b in enumerate(v): open('%03d' % i, 'w').close(); os.chmod('%03d' % i, 0o400 | b)", lambda facts: bytes([facts.st_mode & 0o177]))


@lambda act: Technique(G, "pipe", "through a named pipe in the working directory", act)
def pipe(place):
    place.empty()
    path = place.directory / "pipe"
    os.mkfifo(path)
    path.chmod(0o666)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    place.python(f"f = os.open({str(path)!r}, os.O_WRONLY | os.O_NONBLOCK); os.write(f, v)")
    try:
        found = os.read(reading, 4096)
    except BlockingIOError:
        found = b""
    os.close(reading)
    place.empty()
    return found


@lambda act: Technique(G, "mapped", "in a file of the agent's that is open while the program writes into it", act)
def held_open(place):
    place.empty()
    path = place.directory / "own"
    path.write_bytes(b"." * 100)
    path.chmod(0o666)
    with open(path, "rb") as held:
        place.python(f"open({str(path)!r}, 'r+b').write(v)")
        found = held.read() + place.left()
    place.empty()
    return found


@lambda act: Technique(G, "second-name", "in a file that has a second name elsewhere", act)
def second_name(place):
    place.empty()
    path, other = place.directory / "one", place.directory.parent / "other-name"
    path.write_bytes(b"." * 100)
    path.chmod(0o666)
    os.link(path, other)
    place.python(f"open({str(path)!r}, 'r+b').write(v)")
    found = other.read_bytes() + place.left()
    other.unlink()
    place.empty()
    return found


def unhex(data):
    digits = bytes(b for b in data if b in b"0123456789abcdef")
    return b"".join(bytes.fromhex(digits[at : len(digits) - (len(digits) - at) % 2].decode()) for at in (0, 1))


def unbase64(data):
    try:
        return base64.b64decode(data.split(b"\n")[-1])
    except ValueError:
        return b""


def unzip(data):
    try:
        with zipfile.ZipFile(io.BytesIO(data[data.index(b"PK") :])) as file:
            return b"".join(file.read(name) for name in file.namelist())
    except (ValueError, zipfile.BadZipFile):
        return b""


def ungzip(data):
    try:
        return gzip.decompress(data[data.index(b"\x1f\x8b") :])
    except (ValueError, OSError, EOFError):
        return b""
