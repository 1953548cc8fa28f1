#!/usr/bin/env python3
"""Records times.json: moments as Python's datetime writes them, and texts that are no moment."""
import json
import pathlib
import random
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
FIRST, LAST = -(2**63), 2**63 - 1


def printed(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"


def moments() -> list[int]:
    chosen = {FIRST, FIRST + 1, LAST, LAST - 1, 0, 1, -1, 10**9, -(10**9), -(10**9) - 1, 951_782_400 * 10**9}
    for year in [1678, 1700, 1800, 1899, 1900, 1904, 1969, 1970, 1972, 1999, 2000, 2001, 2023, 2024, 2026, 2100, 2200, 2261]:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        for month, day in [(1, 1), (2, 28), (3, 1), (12, 31)] + ([(2, 29)] if leap else []):
            for edge in [(0, 0, 0), (23, 59, 59)]:
                moment = datetime(year, month, day, *edge, tzinfo=timezone.utc)
                chosen.add(int((moment - EPOCH) / timedelta(seconds=1)) * 10**9 + (999_999_999 if edge[0] else 0))
    draw = random.Random(20261121)
    while len(chosen) < 400:
        chosen.add(draw.randint(FIRST, LAST))
    return sorted(chosen)


REFUSED = [
    ("", "empty"),
    ("now", "a word"),
    ("2026-11-21", "a day alone"),
    ("2026-11-21T08:00:00", "no zone"),
    ("2026-11-21T08:00:00+00:00", "an offset instead of Z"),
    ("2026-11-21T08:00:00-05:00", "another zone"),
    ("2026-11-21 08:00:00Z", "a space instead of T"),
    ("2026-11-21t08:00:00Z", "t in lower case"),
    ("2026-11-21T08:00:00z", "z in lower case"),
    (" 2026-11-21T08:00:00Z", "a leading space"),
    ("2026-11-21T08:00:00Z\n", "a line end"),
    ("2026-11-21T08:00Z", "no seconds"),
    ("2026-11-21T8:00:00Z", "one digit of hours"),
    ("26-11-21T08:00:00Z", "two digits of the year"),
    ("+2026-11-21T08:00:00Z", "a sign"),
    ("-2026-11-21T08:00:00Z", "a negative year"),
    ("2026/11/21T08:00:00Z", "slashes"),
    ("20261121T080000Z", "the basic form"),
    ("2026-11-21T08.00.00Z", "dots instead of colons"),
    ("2026-11-21T08:00:00.Z", "a dot without decimals"),
    ("2026-11-21T08:00:00,5Z", "a comma"),
    ("2026-11-21T08:00:00.1234567890Z", "ten decimals"),
    ("2026-11-21T08:00:00.12a4Z", "a letter in the decimals"),
    ("2026-11-21T08:00:00.-12Z", "a sign in the decimals"),
    ("2026-13-21T08:00:00Z", "month 13"),
    ("2026-00-21T08:00:00Z", "month 0"),
    ("2026-11-31T08:00:00Z", "November has 30 days"),
    ("2026-11-00T08:00:00Z", "day 0"),
    ("2026-01-32T08:00:00Z", "day 32"),
    ("2026-02-29T08:00:00Z", "no leap year"),
    ("1900-02-29T08:00:00Z", "a century is no leap year"),
    ("2100-02-29T08:00:00Z", "a century is no leap year"),
    ("2024-02-30T08:00:00Z", "a leap year has no 30th"),
    ("2026-11-21T24:00:00Z", "hour 24"),
    ("2026-11-21T08:60:00Z", "minute 60"),
    ("2016-12-31T23:59:60Z", "a leap second"),
    ("2026-11-21T08:00:0 Z", "a space for a digit"),
    ("2026-11-21T08:00:0\u0661Z", "an Arabic digit"),
    ("2026-11-21T08:00:00\u00e9Z", "a letter outside ASCII"),
    ("2026-11-21T-8:00:00Z", "a sign in the hours"),
    ("2026-1x-21T08:00:00Z", "a letter in the month"),
    ("1677-09-21T00:12:43.145224191Z", "one nanosecond before the first moment"),
    ("2262-04-11T23:47:16.854775808Z", "one nanosecond after the last moment"),
    ("0000-01-01T00:00:00Z", "year 0"),
    ("9999-12-31T23:59:59Z", "far after the last moment"),
    ("2026-11-21T08:00:00ZZ", "Z twice"),
    ("2026-11-21T08:00:00.5Z.5Z", "decimals twice"),
    ("1763712000", "seconds since 1970"),
]


def main() -> None:
    cases = [{"text": printed(moment), "expect": "ok", "nanoseconds": str(moment)} for moment in moments()]
    for text, nanoseconds in [("2026-11-21T08:00:00Z", 0), ("2026-11-21T08:00:00.5Z", 5 * 10**8), ("2026-11-21T08:00:00.000001Z", 1000)]:
        whole = int((datetime(2026, 11, 21, 8, tzinfo=timezone.utc) - EPOCH).total_seconds()) * 10**9
        cases.append({"text": text, "expect": "short", "nanoseconds": str(whole + nanoseconds)})
    cases += [{"text": text, "expect": "refused", "why": why} for text, why in REFUSED]
    about = "Moments: `ok` reads and prints alike, `short` only reads, `refused` is no moment. Recorded by record-times.py with Python's datetime."
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    text = f'{{\n  "about": {json.dumps(about)},\n  "count": {len(cases)},\n  "cases": [\n{lines}\n  ]\n}}\n'
    (pathlib.Path(__file__).parent / "times.json").write_text(text)


main()
