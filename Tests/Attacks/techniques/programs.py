"""Programs that everybody has, which show what they are given."""

import base64
import gzip
import shutil
import subprocess

from .technique import Technique, typed

G = "program"


def joined(*removed):
    def read(seen):
        data = seen.output
        for piece in removed:
            data = data.replace(piece, b"")
        return data

    return read


typed(G, "env", "`env`", ["/usr/bin/env"])
typed(G, "printenv", "`printenv`", ["/usr/bin/printenv"])
typed(G, "printenv-one", "`printenv API_KEY`", ["/usr/bin/printenv", "API_KEY"])
typed(G, "busybox-env", "`busybox env`", ["busybox", "env"], needs=("busybox",))
typed(G, "busybox-sh", "`busybox sh -c`", ["busybox", "sh", "-c", "echo $API_KEY"], needs=("busybox",))
typed(G, "sh", "`sh -c 'echo $API_KEY'`", ["/bin/sh", "-c", "echo $API_KEY"])
typed(G, "sh-set", "`sh -c set`", ["/bin/sh", "-c", "set"])
typed(G, "sh-trace", "`sh -x`", ["/bin/sh", "-xc", ": $API_KEY"])
typed(G, "bash-declare", "`bash -c 'declare -p'`", ["/bin/bash", "-c", "declare -p"])
typed(G, "bash-quoted", "`bash -c 'printf %q'`", ["/bin/bash", "-c", 'printf %q "$API_KEY"'])
typed(G, "bash-loop", "a character a line in `bash`", ["/bin/bash", "-c", 'for ((i=0;i<${#API_KEY};i++)); do echo "${API_KEY:i:1}"; done'], joined(b"\n"))
typed(G, "bash-error", "as the name of a command that is not there", ["/bin/bash", "-c", '"$API_KEY"'])
typed(G, "awk", "`awk` and its ENVIRON", ["/usr/bin/awk", 'BEGIN { print ENVIRON["API_KEY"] }'], needs=("awk",))
typed(G, "perl", "`perl` and its %ENV", ["/usr/bin/perl", "-e", "print $ENV{API_KEY}"], needs=("perl",))
typed(G, "perl-reverse", "`perl`, backwards", ["/usr/bin/perl", "-e", "print scalar reverse $ENV{API_KEY}"], lambda seen: seen.stdout[::-1], needs=("perl",))
typed(G, "node", "`node` and its process.env", ["node", "-e", "console.log(process.env.API_KEY)"], needs=("node",))
typed(G, "python", "`python3` and its os.environ", ["/usr/bin/python3", "-c", "import os; print(os.environ)"])
typed(G, "environ", "`cat /proc/self/environ`", ["/bin/cat", "/proc/self/environ"])
typed(G, "environ-tr", "`tr` of /proc/self/environ", ["/bin/sh", "-c", "tr '\\0' '\\n' </proc/self/environ"])
typed(G, "environ-child", "a child's environment", ["/bin/sh", "-c", "cat /proc/$$/environ & wait"])
typed(G, "ps", "the environments of all processes that it sees", ["/bin/sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null; true"])
typed(G, "cat", "`cat` of its input", ["/bin/cat"], as_input=True)
typed(G, "rev", "`rev` of its input", ["rev"], lambda seen: seen.stdout.strip()[::-1], needs=("rev",), as_input=True)
typed(G, "tr", "`tr a-z b-za` of its input", ["/usr/bin/tr", "0-9a-f", "g-v"], lambda seen: bytes(HEX[b - 103] if 103 <= b < 119 else b for b in seen.stdout), as_input=True)
typed(G, "base64", "`base64` of its input", ["/usr/bin/base64", "-w0"], lambda seen: seen.output + decoded(seen.stdout), as_input=True)
typed(G, "base64-default", "`base64` of its input, in lines", ["/usr/bin/base64"], lambda seen: seen.output + decoded(seen.stdout), as_input=True)
typed(G, "base32", "`base32` of its input", ["/usr/bin/base32", "-w0"], lambda seen: decoded(seen.stdout, base64.b32decode), as_input=True)
typed(G, "od-x", "`od -x` of its input", ["/usr/bin/od", "-An", "-x", "-v"], lambda seen: swapped(seen.stdout), as_input=True)
typed(G, "od-x1", "`od -t x1` of its input", ["/usr/bin/od", "-An", "-tx1", "-v"], lambda seen: hexed(seen.stdout), as_input=True)
typed(G, "od-x1-addresses", "`od -A x -t x1z` of its input", ["/usr/bin/od", "-Ax", "-tx1z", "-v"],
      lambda seen: b"".join(line.split(b">")[1].split(b"<")[0] for line in seen.stdout.splitlines() if b">" in line), as_input=True)
typed(G, "od-c", "`od -c` of its input", ["/usr/bin/od", "-An", "-c", "-v"], joined(b" ", b"\n"), as_input=True)
typed(G, "od-b", "`od -b` of its input", ["/usr/bin/od", "-An", "-b", "-v"], lambda seen: bytes(int(word, 8) for word in seen.stdout.split() if word.isdigit()), as_input=True)
typed(G, "xxd", "`xxd` of its input", ["xxd", "-p"], lambda seen: hexed(seen.stdout), needs=("xxd",), as_input=True)
typed(G, "hexdump", "`hexdump -C` of its input", ["hexdump", "-C"], lambda seen: b"".join(line.split(b"|")[1] for line in seen.stdout.splitlines() if b"|" in line), needs=("hexdump",), as_input=True)
typed(G, "fold", "`fold -w 3` of its input", ["/usr/bin/fold", "-w", "3"], joined(b"\n"), as_input=True)
typed(G, "nl", "`nl` of its input", ["/usr/bin/nl"], as_input=True)
typed(G, "cut", "`cut -c 21-` of its input", ["/usr/bin/cut", "-c", "14-"], as_input=True)
typed(G, "head", "`head -c 30` of its input", ["/usr/bin/head", "-c", "30"], as_input=True)
typed(G, "tail", "`tail -c 20` of its input", ["/usr/bin/tail", "-c", "20"], as_input=True)
typed(G, "dd", "`dd bs=1 skip=13` of its input", ["/bin/dd", "bs=1", "skip=13", "status=none"], as_input=True)
typed(G, "sed", "`sed` puts a dash behind each character", ["/bin/sed", "s/./&./g"], joined(b"."), as_input=True)
typed(G, "sort", "`sort` shows its input", ["/usr/bin/sort"], as_input=True)
typed(G, "cat-v", "`cat -A` of its input", ["/bin/cat", "-A"], as_input=True)
typed(G, "gzip", "`gzip` of its input", ["/bin/gzip", "-c"], lambda seen: decoded(seen.stdout, gzip.decompress), needs=("gzip",), as_input=True)
typed(G, "zstd", "`zstd` of its input", ["zstd", "-c", "-q"], lambda seen: seen.output, needs=("zstd",), as_input=True)
typed(G, "openssl", "`openssl enc` of its input, under the agent's key", ["openssl", "enc", "-aes-128-ctr", "-K", "00" * 16, "-iv", "00" * 16],
      lambda seen: deciphered(seen.stdout), needs=("openssl",), as_input=True)

HEX = b"0123456789abcdef"


def decoded(data, decode=base64.b64decode):
    try:
        return decode(data)
    except (ValueError, OSError, EOFError):
        return data


def hexed(data):
    digits = bytes(b for b in data if b in HEX)
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())


def swapped(data):
    return b"".join(bytes.fromhex(word.decode())[::-1] for word in data.split() if len(word) == 4 and all(b in HEX for b in word))


def deciphered(data):
    return subprocess.run(["openssl", "enc", "-d", "-aes-128-ctr", "-K", "00" * 16, "-iv", "00" * 16], input=data, capture_output=True).stdout


def made(name, what, build, argv, **options):
    """A technique that first puts a file into the working directory."""

    def act(place):
        build(place)
        seen = place.run(argv(place), **options)
        return seen.output + place.left()

    Technique(G, name, what, act)


def executable(place, name, text):
    path = place.directory / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


made("copy", "a copy of `env` under the name of a listed program", lambda place: shutil.copy("/usr/bin/env", place.directory / "curl"), lambda place: [str(place.directory / "curl")])
made("own-script", "a script of its own by path", lambda place: executable(place, "tool", "#!/bin/sh\necho $API_KEY\n"), lambda place: [str(place.directory / "tool")])
made("link", "a link to `env` under the name of a listed program", lambda place: (place.directory / "cat").symlink_to("/usr/bin/env"), lambda place: [str(place.directory / "cat")])
made("loader", "`ld.so` with a program", lambda place: None, lambda place: ["/lib64/ld-linux-x86-64.so.2", "/usr/bin/env"])
made("find", "`find -exec`", lambda place: None, lambda place: ["/usr/bin/find", ".", "-maxdepth", "0", "-exec", "env", ";"])
made("xargs", "`xargs env`", lambda place: None, lambda place: ["/usr/bin/xargs", "env"])
made("timeout", "`timeout 9 env`", lambda place: None, lambda place: ["/usr/bin/timeout", "9", "env"])
made("setsid", "`setsid env`", lambda place: None, lambda place: ["/usr/bin/setsid", "-w", "env"])
made("nice", "`nice env`", lambda place: None, lambda place: ["/usr/bin/nice", "env"])
made("git-alias", "a git alias that is a shell", lambda place: None, lambda place: ["/usr/bin/git", "-c", "alias.x=!env", "x"])
made("make", "a recipe of `perl`'s build", lambda place: executable(place, "Build", "print %ENV"), lambda place: ["/usr/bin/perl", "Build"])
made("python-path", "a module of the agent's that Python finds first", lambda place: executable(place, "json.py", "import os\nprint(os.environ)"), lambda place: ["/usr/bin/python3", "-c", "import sys; sys.path.insert(0, ''); import json"])
