"""Builds what is measured, as Scripts/install builds it, and the programs that measure."""

import os
import pathlib
import subprocess
import sys

SCRATCH = ".build-release"
PROGRAMS = ["noop", "stopwatch", "load", "core", "wire"]


def programs(root: pathlib.Path) -> dict[str, pathlib.Path]:
    """The built programs by name; `tacit` is the one that Scripts/install installs, stripped."""
    prefix = root / SCRATCH / "benchmark"
    subprocess.run([root / "Scripts" / "install", prefix], check=True, stdout=sys.stderr)
    shown = subprocess.run([root / "Scripts" / "release-flags"], check=True, capture_output=True, text=True).stdout
    flags = shown.splitlines()
    environment = dict(os.environ, TACIT_BENCHMARKS="1")
    for name in PROGRAMS:
        # They have no allocator of their own to show.
        command = ["swift", "build", *flags, "-Xlinker", "--undefined-version", "--product", f"benchmark-{name}"]
        subprocess.run(command, check=True, cwd=root, env=environment, stdout=sys.stderr)
    shown = subprocess.run(
        ["swift", "build", *flags, "--show-bin-path"], check=True, cwd=root, env=environment, capture_output=True, text=True
    )
    folder = pathlib.Path(shown.stdout.strip())
    return {"tacit": prefix / "bin" / "tacit"} | {name: folder / f"benchmark-{name}" for name in PROGRAMS}
