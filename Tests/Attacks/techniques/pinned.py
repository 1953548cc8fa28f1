"""A program that a person pinned, steered by what it reads: options, files, variables, its directory."""

import contextlib
import os
import pathlib
import socket
import subprocess
import threading

from .technique import Technique

G = "steer"
CURL = ["/usr/bin/curl", "-sS", "-m", "5"]


def steered(name, what, prepare=lambda place: None, argv=lambda place: [], read=lambda place, seen: seen.output, environment=lambda place: {}, needs=(), **wish):
    def act(place):
        place.empty()
        prepare(place)
        seen = place.run(argv(place), environment=environment(place), **wish)
        found = read(place, seen) + place.left()
        place.empty()
        return found

    Technique(G, name, what, act, needs)


def put(place, name, text):
    path = pathlib.Path(name) if os.path.isabs(name) else place.directory / name
    path.write_text(text)
    path.chmod(0o666)
    return str(path)


steered("file-url", "`curl file:///proc/self/environ`", argv=lambda place: [*CURL, "file:///proc/self/environ"])
steered("output", "`curl -o` into the working directory", argv=lambda place: [*CURL, "-o", str(place.directory / "f"), "file:///proc/self/environ"])
steered("output-up", "`curl -o` into /tmp", argv=lambda place: [*CURL, "-o", "/tmp/tacit-table-curl", "file:///proc/self/environ"], read=lambda place, seen: taken("/tmp/tacit-table-curl"))
steered("libcurl", "`curl --libcurl` writes a program with the header in it", argv=lambda place: [*CURL, "--libcurl", str(place.directory / "f.c"), "-H", "@-", "file:///dev/null"], as_input=True)
steered("name", "`curl --write-out` of the value as a format", argv=lambda place: [*CURL, "-w", "@-", "file:///dev/null"], as_input=True)
steered("curlrc", "a .curlrc in the person's home", lambda place: put(place, str(place.home / ".curlrc"), 'url = "file:///proc/self/environ"\n'), lambda place: [*CURL, "file:///dev/null"])
steered("config", "`curl -K` with a file of the agent's", lambda place: put(place, "c", 'url = "file:///proc/self/environ"\n'), lambda place: [*CURL, "-K", str(place.directory / "c")])
steered("cat", "`cat /proc/self/environ`", argv=lambda place: ["/bin/cat", "/proc/self/environ"])
steered("url", "`curl -K -` takes the value for an option, and names it in its warning", argv=lambda place: ["/usr/bin/curl", "-m", "5", "-K", "-"], as_input=True)
steered("preload", "LD_PRELOAD of a library of the agent's", lambda place: library(place), lambda place: ["/bin/cat", "/dev/null"], needs=("cc",),
        environment=lambda place: {"LD_PRELOAD": str(place.directory / "p.so")})
steered("audit", "LD_AUDIT of a library of the agent's", lambda place: library(place), lambda place: ["/bin/cat", "/dev/null"], needs=("cc",),
        environment=lambda place: {"LD_AUDIT": str(place.directory / "p.so")})
steered("bash-env", "BASH_ENV", lambda place: put(place, "rc", "env\n"), lambda place: ["/bin/bash", "-c", ":"], environment=lambda place: {"BASH_ENV": str(place.directory / "rc")})
steered("profile", "a shell's start file in its home", lambda place: put(place, ".profile", "env\n"), lambda place: ["/bin/sh", "-lc", ":"], environment=lambda place: {"HOME": str(place.directory)})
steered("python-start", "PYTHONSTARTUP's cousin: a usercustomize module", lambda place: put(place, "usercustomize.py", "import os; print(os.environ)\n"),
        lambda place: ["/usr/bin/python3", "-c", "0"], environment=lambda place: {"PYTHONPATH": str(place.directory)})
steered("perl-options", "PERL5OPT with a module of the agent's", lambda place: put(place, "P.pm", "print %ENV; 1;\n"), lambda place: ["/usr/bin/perl", "-e", "0"], needs=("perl",),
        environment=lambda place: {"PERL5OPT": f"-I{place.directory} -MP"})
steered("path", "a PATH of the agent's in front", lambda place: executable(place, "cat"), lambda place: ["cat", "/dev/null"], environment=lambda place: {"PATH": str(place.directory)})
steered("dotfiles", "dotfiles in the working directory: .curlrc, .netrc, .gitconfig, .psqlrc, package.json",
        lambda place: [put(place, name, 'url = "file:///proc/self/environ"\n') for name in (".curlrc", ".netrc", ".gitconfig", ".psqlrc", "package.json")], lambda place: [*CURL, "file:///dev/null"])


def database(name, what, prepare, environment=lambda place: {}):
    """`psql` at a server of the agent's, which lets everybody in: it reads its start file once it is connected."""

    def act(place):
        place.empty()
        path = prepare(place)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = threading.Thread(target=serve_database, args=(listener,), daemon=True)
            serving.start()
            port = str(listener.getsockname()[1])
            seen = place.run(["psql", "-h", "127.0.0.1", "-p", port, "-U", "x", "-d", "x", "-c", "\\q"], environment=environment(place))
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            serving.join(10)
        os.unlink(path)
        found = seen.output + place.left()
        place.empty()
        return found

    Technique(G, name, what, act, ("psql",))


def serve_database(listener):
    """Takes every connection for one of PostgreSQL's, without encryption or password."""
    with contextlib.suppress(OSError, ValueError):
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError, ValueError):
                connection.settimeout(10)
                # Requests for encryption are 8 bytes long, and there is none.
                while connection.recv(int.from_bytes(connection.recv(4), "big") - 4)[:2] == b"\x04\xd2":
                    connection.sendall(b"N")
                connection.sendall(b"R\0\0\0\x08\0\0\0\0" + b"S\0\0\0\x18server_version\x0015.0\0" + b"Z\0\0\0\x05I")
                while connection.recv(4096):
                    pass


START_FILE = "\\! env\n"
database("psqlrc", "a .psqlrc in the person's home, read by `psql`", lambda place: put(place, str(place.home / ".psqlrc"), START_FILE))
database("psqlrc-variable", "PSQLRC with a file of the agent's", lambda place: put(place, "rc", START_FILE), lambda place: {"PSQLRC": str(place.directory / "rc")})


def executable(place, name):
    put(place, name, "#!/bin/sh\n/usr/bin/env\n")
    (place.directory / name).chmod(0o755)


def taken(path):
    if not os.path.exists(path):
        return b""
    data = pathlib.Path(path).read_bytes()
    os.unlink(path)
    return data


def library(place):
    """A library that shows the environment when it is loaded."""
    source = put(place, "p.c", "#include <stdio.h>\nextern char **environ;\n"
                 "__attribute__((constructor)) static void show(void) { for (char **e = environ; *e; e++) puts(*e); fflush(stdout); }\n"
                 "unsigned la_version(unsigned v) { return v; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(place.directory / "p.so"), source], check=True, capture_output=True)
    (place.directory / "p.so").chmod(0o755)
