"""What a person, a check or a prompt runs again and again: health of a whole vault, and its status."""

import subprocess

from ground import dotenv, median
from table import Row

COUNT = 10_000


def daily(ground):
    """health of 10,000 secrets; status, as a prompt and a person ask for it"""
    tacit = ground.programs["tacit"]
    kept = ground.environment
    # A vault of its own: health is of all that there is.
    ground.environment = kept | {"TACIT_VAULT": str(ground.folder / "vault-daily")}
    try:
        ground.tacit("init", "--no-recovery")
        file = ground.folder / "daily.env"
        file.write_text(dotenv(range(COUNT)))
        ground.tacit("import", str(file))
        file.unlink()
        [first] = ground.alternate(1, [tacit, "health"])
        healths, listings, starts = ground.alternate(15, [tacit, "health"], [tacit, "list", "--all-pages"], [tacit, "--version"])
        prompts, statuses, many = ground.alternate(200, [tacit, "status", "--prompt"], [tacit, "status"], [tacit, "--version"])
    finally:
        subprocess.run([tacit, "lock"], env=ground.environment, capture_output=True)
        ground.environment = kept
    health, listing, start = (median([sample[1] for sample in samples]) for samples in (healths, listings, starts))
    prompt, status, version = (median([sample[1] for sample in samples]) for samples in (prompts, statuses, many))
    return [
        Row("k", f"`tacit health` of {COUNT:,} secrets, the whole process, p50 of 15", health, "ms", target=300),
        Row("k", "… the first one of an unlocked vault", first[0][1], "ms", ratio=first[0][1] / health),
        Row("k", "… `tacit list` of them in turn with it", listing, "ms", ratio=health / listing),
        Row("k", "… `tacit --version` in turn with it", start, "ms", ratio=health / start),
        Row("k", "`tacit status --prompt`, the whole process, p50 of 200", prompt, "ms", target=10, ratio=prompt / version),
        Row("k", "`tacit status`, the whole process, p50 of 200", status, "ms", target=10, ratio=status / version),
        Row("k", "… `tacit --version` in turn with both", version, "ms"),
    ]
