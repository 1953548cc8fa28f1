"""Imports from every other program's file, beside one from .env."""

import csv
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from ground import dotenv, median
from table import Row

COUNT = 10_000
MANY = 100_000
# Each entry of a store is a process of gpg's: as many as show its cost.
ENTRIES = 200


def moving(ground):
    """import of 10,000 secrets from each form"""
    pairs = [line.partition("=")[::2] for line in dotenv(range(COUNT)).splitlines()]
    files = {
        "secrets.env": dotenv(range(COUNT)),
        "secrets.json": json.dumps(dict(pairs)),
        "1password.csv": table("Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes", ([name, "", "", value, "", "false", "false", "work", ""] for name, value in pairs)),
        "logins.csv": table(
            "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes",
            ([name, "https://example.com/login", "somebody@example.com", value, "", "false", "false", "work", ""] for name, value in pairs)),
        "lastpass.csv": table("url,username,password,totp,extra,name,grouping,fav", (["", "", value, "", "", name, "Work", "0"] for name, value in pairs)),
        "bitwarden.json": json.dumps({"encrypted": False, "folders": [], "items": [bitwarden(name, value) for name, value in pairs]}),
        "secretctl.json": json.dumps({name: {"value": value, "created_at": "2026-01-01T00:00:00Z"} for name, value in pairs}),
        "sops.json": json.dumps({"sops": {}}),
    }
    for name, text in files.items():
        (ground.folder / name).write_text(text)
    (ground.folder / "decrypted.json").write_text(json.dumps(dict(pairs)))
    program = ground.folder / "programs" / "sops"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec cat {ground.folder}/decrypted.json\n")
    program.chmod(0o700)
    ground.environment["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    # In turn, so that all have the machine's noise alike.
    times = {name: [] for name in files}
    for turn in range(3):
        for name in files:
            times[name].append(seconds(ground, name, f"{name.replace('.', '-')}-{turn}"))
    usual = median(times.pop("secrets.env"))
    titles = {
        "secrets.json": "JSON", "1password.csv": "1Password's CSV", "logins.csv": "1Password's CSV with user and address, 30,000 fields",
        "lastpass.csv": "LastPass's CSV", "bitwarden.json": "Bitwarden's JSON", "secretctl.json": "secretctl's JSON", "sops.json": "SOPS, its own decrypting aside",
    }
    rows = [Row("f", "`tacit import` of 10,000 secrets from .env, the whole process", usual, "s", target=3)]
    rows += [Row("f", f"… {titles[name]}", median(took), "s", target=3, ratio=median(took) / usual) for name, took in times.items()]
    return rows + [many(ground, usual)] + store(ground)


def many(ground, usual):
    """As many rows as a file may have in practice, all of them stored: each name is there afterwards, and a value here and there."""
    pairs = [line.partition("=")[::2] for line in dotenv(range(MANY)).splitlines()]
    (ground.folder / "many.csv").write_text(table("url,username,password,totp,extra,name,grouping,fav", (["", "", value, "", "", name, "", "0"] for name, value in pairs)))
    took = seconds(ground, "many.csv", "many")
    stored = {secret["name"] for secret in json.loads(ground.tacit("list", "-e", "many", "--all-pages", "--json"))["items"]}
    if stored != {name for name, _ in pairs}:
        raise SystemExit(f"benchmark: error: of {MANY:,} rows {len(stored):,} were stored")
    for name, value in pairs[::MANY // 4]:
        if (there := ground.tacit("get", name, "-e", "many")) != value:
            raise SystemExit(f"benchmark: error: {name} has {len(there)} bytes of another value")
    return Row("f", f"… {MANY:,} rows of LastPass's CSV, all of them stored and looked at afterwards", took, "s", ratio=took / (MANY / COUNT * usual))


def store(ground):
    """A store of pass, beside gpg alone on the same files."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="gpg-"))
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--trust-model", "always"]
    ground.environment["GNUPGHOME"] = str(home)
    try:
        subprocess.run([*gpg, "--passphrase", "", "--quick-generate-key", "own", "future-default", "default", "never"], check=True, capture_output=True)
        folder = ground.folder / "store"
        folder.mkdir()
        (folder / ".gpg-id").write_text("own\n")
        for number in range(ENTRIES):
            subprocess.run([*gpg, "-r", "own", "-o", folder / f"S{number}.gpg", "--encrypt"], input=b"a value of forty characters in all, nearly", check=True)
        alone, ours = [], []
        for turn in range(3):
            start = time.perf_counter()
            for file in folder.glob("*.gpg"):
                subprocess.run([*gpg, "--decrypt", file], check=True, capture_output=True)
            alone.append(time.perf_counter() - start)
            ours.append(seconds(ground, "store", f"store-{turn}"))
        each = median(ours) / ENTRIES * 1e3
        return [Row("f", f"… an entry of a pass store, beside gpg alone on the same {ENTRIES}", each, "ms", ratio=median(ours) / median(alone))]
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def seconds(ground, name, environment):
    ground.tacit("env", "create", environment)
    [[sample]] = ground.alternate(1, [ground.programs["tacit"], "import", str(ground.folder / name), "-e", environment])
    return sample[1] / 1e3


def table(heading, rows):
    text = io.StringIO()
    csv.writer(text).writerows([heading.split(","), *rows])
    return text.getvalue()


def bitwarden(name, value):
    return {
        "id": name, "organizationId": None, "folderId": None, "type": 1, "reprompt": 0, "name": name, "notes": None, "favorite": False,
        "login": {"uris": [], "username": None, "password": value, "totp": None}, "collectionIds": None}
