"""Backups and restores of values of several sizes, beside age and a copy of the same bytes."""

import base64
import json
import os
import shutil
import subprocess
import time

from ground import PASSWORD, median
from table import Row

# How many secrets of how many bytes.
FORMS = {"large": (192, 1 << 20), "middle": (3_000, 32 << 10), "small": (20_000, 512)}
TURNS = 3


def backups(ground):
    """backup and restore, MB of values a second, the whole process"""
    rows = []
    for name, (count, size) in FORMS.items():
        stored(ground, name, count, size)
        megabytes = count * size / 1e6
        file = ground.folder / f"{name}.backup"
        made, restored = [], []
        for turn in range(TURNS):
            file.unlink(missing_ok=True)
            made.append(seconds(ground, ["backup", str(file)], ground.environment | {"TACIT_VAULT": vault(ground, name)}))
            place = ground.folder / f"restored-{name}-{turn}"
            environment = ground.environment | {"TACIT_VAULT": str(place)}
            restored.append(seconds(ground, ["restore-backup", str(file), "--no-recovery"], environment))
            subprocess.run([ground.programs["tacit"], "lock"], env=environment, capture_output=True)
            shutil.rmtree(place)
        subprocess.run([ground.programs["tacit"], "lock"], env=ground.environment | {"TACIT_VAULT": vault(ground, name)}, capture_output=True)
        words = f"{count:,} values of {size:,} bytes"
        # Many small values are measured by their number: a rate of bytes would say nothing of them.
        if name == "small":
            rows += [Row("j", f"`tacit backup`, {words}", count / median(made), "/s"), Row("j", f"`tacit restore-backup`, {words}", count / median(restored), "/s")]
        else:
            rows += [Row("j", f"`tacit backup`, {words}", megabytes / median(made), "MB/s", target=100, at_least=True),
                     Row("j", f"`tacit restore-backup`, {words}", megabytes / median(restored), "MB/s", target=100, at_least=True)]
        if name == "large":
            rows += yardsticks(ground, file, rows[0].figure)
    return rows


def vault(ground, name):
    return str(ground.folder / f"vault-{name}")


def stored(ground, name, count, size):
    """A vault of its own with so many values."""
    environment = ground.environment | {"TACIT_VAULT": vault(ground, name)}
    kept, ground.environment = ground.environment, environment
    try:
        ground.tacit("init", "--no-recovery")
        portion = max(1, min(count, (24 << 20) // size))
        for start in range(0, count, portion):
            values = {f"S{number:06}": {"value": {"base64": base64.b64encode(os.urandom(size)).decode()}} for number in range(start, min(start + portion, count))}
            file = ground.folder / "seed.json"
            file.write_text(json.dumps(values))
            ground.tacit("import", str(file), "--format", "json")
            file.unlink()
    finally:
        ground.environment = kept


def seconds(ground, words, environment):
    """The time of one command, with both passwords on descriptors."""
    pairs = [os.pipe() for _ in range(2)]
    for (reading, writing), option in zip(pairs, ("--password-fd", "--backup-password-fd")):
        os.write(writing, PASSWORD + b"\n")
        os.close(writing)
        words = [*words, option, str(reading)]
    start = time.perf_counter()
    done = subprocess.run([ground.programs["tacit"], *words], env=environment, capture_output=True, pass_fds=[pair[0] for pair in pairs], start_new_session=True)
    took = time.perf_counter() - start
    for reading, _ in pairs:
        os.close(reading)
    if done.returncode != 0:
        raise SystemExit(f"benchmark: error: {words}: {done.stderr.decode()}")
    return took


def yardsticks(ground, file, ours):
    """What a copy to the disk, and age, make of the same bytes."""
    megabytes = file.stat().st_size / 1e6
    key = ground.folder / "key.txt"
    subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
    recipient = subprocess.run(["age-keygen", "-y", key], check=True, capture_output=True, text=True).stdout.strip()
    rows = []
    for title, words in (("age", ["age", "-r", recipient, "-o", ground.folder / "copy", file]), ("dd, flushed", ["dd", f"if={file}", f"of={ground.folder / 'copy'}", "bs=1M", "conv=fsync"])):
        times = []
        for _ in range(TURNS):
            start = time.perf_counter()
            subprocess.run(words, check=True, capture_output=True)
            times.append(time.perf_counter() - start)
        rate = megabytes / median(times)
        rows.append(Row("j", f"… {title}, the same bytes", rate, "MB/s", ratio=ours / rate))
    return rows
