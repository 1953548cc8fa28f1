"""What an export writes is read by whom it is for: shells, and readers with the rules of docker, Kubernetes and .env; what comes back is what was stored."""

import base64
import json
import os
import random
import shutil
import subprocess

import yaml

from mover import expect, main

SHELLS = ["sh", "bash", "dash"]
USUAL = ["", "plain", "it's", "$HOME `id` \\ \"x\" !x", "-n", "a\nb\n", "\n", "\t", " lead and trail ", "#x", "=a=b", "é\u200b銀", "%s%d", "~/x", "'" * 9, "\\"]


def values(allowed, seed):
    """Values of every kind, and random ones of the allowed bytes; each carries a mark."""
    draws = random.Random(seed)
    fixed = [text.encode() for text in USUAL if set(text.encode()) <= set(allowed)]
    return fixed + [b"CANARY" + bytes(draws.choices(allowed, k=draws.randrange(40))) for _ in range(40)]


def stored(mover, environment, contents):
    """Stores values by our JSON; the variables that each will be."""
    names = {f"v/{position}-x": content for position, content in enumerate(contents)}
    file = {name: {"value": {"base64": base64.b64encode(content).decode()}} for name, content in names.items()}
    mover.plainly("env", "create", environment)
    done = mover.plainly("import", "-", "--format", "json", "-e", environment, input=json.dumps(file).encode())
    assert done.returncode == 0, done
    return {f"V_{position}_X": content for position, content in enumerate(contents)}


def exported(mover, environment, form, *words, code=0):
    done = mover.tacit("export", "--format", form, "-e", environment, *words, code=code)
    assert b"CANARY" not in done.err, done.err
    if code == 0:
        assert b"what is written is in clear" in done.err, done.err
    return done


def shells(mover):
    wanted = stored(mover, "shell", values([byte for byte in range(1, 256)], 1))
    lines = exported(mover, "shell", "shell").out
    for shell in SHELLS:
        if not shutil.which(shell):
            continue
        for words in ('eval "$(cat)" && exec env -0', ". /dev/stdin && exec env -0"):
            for locale in ("C", "C.UTF-8"):
                done = subprocess.run([shell, "-c", words], input=lines, capture_output=True, env={"PATH": os.environ["PATH"], "LC_ALL": locale}, check=True)
                assert done.stderr == b"", (shell, done.stderr)
                found = dict(item.split(b"=", 1) for item in done.stdout.split(b"\0") if item.startswith(b"V_"))
                expect({name.decode(): value for name, value in found.items()}, wanted)
    mover.plainly("set", "path", "-e", "shell", input=b"CANARY-path")
    assert b"PATH is a variable that the shell itself" in exported(mover, "shell", "shell", code=1).err


def dotenv_and_json(mover):
    wanted = stored(mover, "env", values([byte for byte in range(1, 256)], 2))
    for form in ("env", "json"):
        text = exported(mover, "env", form).out
        mover.plainly("env", "create", f"env-{form}")
        done = mover.plainly("import", "-", "--format", form, "-e", f"env-{form}", input=text)
        assert done.returncode == 0, done
    again = json.loads(exported(mover, "env-json", "json").out)
    expect(again, json.loads(exported(mover, "env", "json").out))
    variables = json.loads(exported(mover, "env-env", "json").out)
    found = {name: value.encode() if isinstance(value, str) else base64.b64decode(value["value"]["base64"]) for name, value in variables.items()}
    expect(found, wanted)


def docker(mover):
    allowed = [byte for byte in range(1, 128) if byte not in (10, 13)]
    wanted = stored(mover, "docker", values(allowed, 3) + ["é銀".encode()])
    lines = exported(mover, "docker", "docker").out
    expect(read_by_docker(lines), wanted)
    for content, words in ((b"CANARY\nx", b"has a line break"), (b"CANARY\0", b"has a NUL byte"), (b"CANARY\xff", b"no UTF-8")):
        mover.plainly("set", "bad", "--file", "-", "-e", "docker", input=content)
        refused = exported(mover, "docker", "docker", code=1)
        assert words in refused.err and b"BAD" in refused.err and refused.out == b"", refused


def read_by_docker(text):
    """As docker's own reader of such files: lines, blanks dropped at their start only, comments, and the value to the end of the line."""
    found = {}
    for number, line in enumerate(text.split(b"\n")):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
        line = line.removesuffix(b"\r")
        line.decode()
        assert len(line) < 64 << 10
        line = line.lstrip(b" \t\v\f\r\n")
        if not line or line.startswith(b"#"):
            continue
        name, equals, value = line.partition(b"=")
        assert equals and not any(blank in name for blank in b" \t"), line
        found[name.decode()] = value
    return found


def kubernetes(mover):
    wanted = stored(mover, "k8s", values(list(range(256)), 4) + [bytes([0xD7, 0x6D, 0xF8])])
    mover.plainly("set", "no", "-e", "k8s", input=b"CANARY-no")
    told = exported(mover, "k8s", "k8s", "--name", "shop.prod")
    assert b"the Secret is shop.prod" in told.err, told.err
    manifest = yaml.safe_load(told.out)
    expect({key: manifest[key] for key in ("apiVersion", "kind", "metadata", "type")}, {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop.prod"}, "type": "Opaque"})
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in manifest["data"].items()), manifest
    expect({name: base64.b64decode(value, validate=True) for name, value in manifest["data"].items()}, wanted | {"NO": b"CANARY-no"})
    expect(yaml.safe_load(exported(mover, "k8s", "k8s").out)["metadata"], {"name": "default-k8s"})
    exported(mover, "k8s", "k8s", "--name", "Not/It", code=2)
    exported(mover, "k8s", "env", "--name", "it", code=2)


def asks(mover):
    """An export asks for the password, in whatever form and session."""
    for form in ("env", "json", "k8s", "docker", "shell"):
        refused = mover.plainly("export", "--format", form, "-e", "shell")
        assert refused.returncode == 4 and refused.stdout == b"" and b"CANARY" not in refused.stderr, refused


main(shells, dotenv_and_json, docker, kubernetes, asks)
