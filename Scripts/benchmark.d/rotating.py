"""Rotation of a project's key over 100,000 versions, their reseal, and rotation of the organization's key, beside what the first is made of in the same run."""

import json
import pathlib
import re
import sqlite3
import time

from ground import median
from table import Row

COUNT, ROUNDS = 100_000, 5


def rotating(ground):
    """rotate project, reseal and organization over 100,000 versions"""
    ground.environment_of("large", COUNT)
    keeper = json.loads(ground.tacit("status", "--json"))["keeper_process"]
    before = peak(keeper)
    figures = {"rotated": median([rotated(ground, "project", "default") for _ in range(ROUNDS)]), "resealed": rotated(ground, "reseal")}
    most = peak(keeper) - before
    start = time.perf_counter()
    rows = json.loads(ground.tacit("rotate", "organization", "--json"))["rows"]
    figures["organization"] = rows / (time.perf_counter() - start)
    moved = rows_moved(ground)
    return [
        Row("i", f"`tacit rotate project` of {COUNT:,} versions, the whole process, p50 of {ROUNDS}", figures["rotated"], "/s", target=20_000, at_least=True),
        Row("i", "… SQLite alone, the same rows moved in portions of as many", moved, "/s", ratio=figures["rotated"] / moved),
        Row("i", "`tacit rotate reseal` of them", figures["resealed"], "/s", ratio=figures["resealed"] / figures["rotated"]),
        Row("i", "memory that the keeper had more than before at most", most, "MiB", target=96),
        Row("i", f"`tacit rotate organization` of {rows:,} rows, the whole process", figures["organization"], "/s"),
        Row("i", "memory that the keeper had more than before these three at most", peak(keeper) - before, "MiB"),
    ]


def rotated(ground, *words):
    """Versions a second of one whole command."""
    start = time.perf_counter()
    done = json.loads(ground.tacit("rotate", *words, "--json"))
    return done["versions"] / (time.perf_counter() - start)


def peak(process):
    """The most memory a process has had, in MiB."""
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process}/status").read_text()).group(1)) / 1024


def rows_moved(ground):
    """Versions a second whose data keys are only changed in the same way, on a copy of the vault, by a library that waits for the disk as often."""
    source = sqlite3.connect(ground.folder / "data" / "tacit" / "vault.db")
    copy = sqlite3.connect(ground.folder / "copy.db", isolation_level=None)
    source.backup(copy)
    source.close()
    copy.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON")
    where = "organization = ? AND secret = ? AND version = ? AND ordinal = ? AND seal = ? AND generation = ?"
    start = time.perf_counter()
    rows, versions, last = copy.execute("SELECT organization, secret, version, ordinal, seal, generation, wrapped FROM data_key").fetchall(), 0, 0
    while last < len(rows):
        portion = rows[last : last + 2048]
        copy.execute("BEGIN IMMEDIATE")
        # Other bytes of the same length, or there would be less to write.
        copy.executemany(f"UPDATE data_key SET generation = ?, wrapped = ? WHERE {where}", [(row[5] + 1, row[6][::-1], *row[:6]) for row in portion])
        copy.execute("COMMIT")
        versions += sum(row[3] == 0 for row in portion)
        last += len(portion)
    took = time.perf_counter() - start
    copy.close()
    return versions / took
