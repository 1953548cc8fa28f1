"""The canary hunt: looks for values where they must not be, raw, in halves and encoded."""

import collections
import os
import pathlib
import re

from house import spellings

CHUNK = 8 << 20


def in_bytes(data, canaries):
    """Counts by `canary:form`."""
    found = collections.Counter()
    for name, value in canaries.items():
        for form, needle in spellings(value).items():
            if count := data.count(needle):
                found[f"{name}:{form}"] += count
    return found


def in_files(paths, canaries):
    """Counts by `file:canary:form`, file names included."""
    found = collections.Counter()
    for path in paths:
        for form, count in in_bytes(path.read_bytes() + b"\0" + str(path).encode(), canaries).items():
            found[f"{path.name}:{form}"] += count
    return found


def regions(process):
    """What can be read and is not just a part of a file as it lies on the disk."""
    for line in pathlib.Path(f"/proc/{process}/maps").read_text().splitlines():
        span, mode = re.match(r"([0-9a-f-]+) (\S+)", line).groups()
        name = line.split(None, 5)[5] if len(line.split(None, 5)) > 5 else ""
        is_part_of_file = name.startswith("/") and "w" not in mode
        if "r" in mode and not is_part_of_file and name not in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
            start, end = (int(part, 16) for part in span.split("-"))
            yield start, end, name


def in_memory(process, canaries):
    """Counts by `canary:form` in everything of a process that root can read."""
    found = collections.Counter()
    longest = 128
    needles = [(f"{name}:{form}", needle) for name, value in canaries.items() for form, needle in spellings(value).items()]
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for start, end, name in regions(process):
            carry, position = b"", start
            while position < end:
                try:
                    memory.seek(position)
                    data = memory.read(min(CHUNK, end - position))
                except OSError:
                    # Nobody reads secret memory, and so no hunt: what lies there is where it belongs. What is not mapped any more, such as the stack of a
                    # thread that has ended, was given back meanwhile.
                    is_there = any(first <= position < last for first, last, _ in regions(process))
                    assert "secretmem" in name or not is_there, f"{end - start} bytes of {name or 'memory'} cannot be read"
                    break
                if not data:
                    break
                joined = carry + data
                for key, needle in needles:
                    at = joined.find(needle)
                    while at >= 0:
                        if at + len(needle) > len(carry):
                            found[key] += 1
                        at = joined.find(needle, at + 1)
                carry, position = joined[-longest:], position + len(data)
    for part in ("environ", "cmdline"):
        found.update(in_bytes(pathlib.Path(f"/proc/{process}/{part}").read_bytes(), canaries))
    return found


def where(process, needle):
    """Where a needle lies, for a report: the regions' names."""
    places = []
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for start, end, name in regions(process):
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except OSError:
                continue
            at = data.find(needle)
            while at >= 0:
                places.append((hex(start + at), name, data[max(0, at - 48) : at + len(needle) + 16]))
                at = data.find(needle, at + 1)
    return places


def can_read_memory():
    return os.geteuid() == 0
