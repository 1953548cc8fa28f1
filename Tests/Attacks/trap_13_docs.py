"""Pages that promise what the program does not do: every command, option and policy that they show is tried."""

import re

from attack import check, expect
from house import PASSWORD

# Pages lie where only their owner may read.
NEEDS_ROOT = True


def pages(context):
    """The text of each page that people read, by name; what is marked as coming is no promise."""
    files = [context.repository / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")] + sorted((context.repository / "docs").glob("*.md"))
    return {file.name: file.read_text() for file in files}


def promised(text):
    return "\n".join(line for line in text.splitlines() if "coming" not in line)


def shown_commands(text):
    """Words behind `tacit`, in code and in blocks, up to what the shell would take for something else."""
    code = re.findall(r"`(tacit [^`\n]+)`", text) + re.findall(r"^\$ (tacit .+)$", text, re.M)
    for block in re.findall(r"```[a-z]*\n(.*?)```", text, re.S):
        code += re.findall(r"^(tacit .+)$", block, re.M)
    for line in code:
        words = re.split(r"\s(?:#|[<>|&]|\d<)|\s--\s|;", line)[0].split()[1:]
        yield line, words


def known_commands(house):
    """Each command's path, and the options that its help shows."""
    page = house.tacit("__reference").out.decode()
    found = {}
    for path, text in re.findall(r"^#{2,4} tacit ?(.*?)\n\n```text\n(.*?)\n```", page, re.S | re.M):
        found[tuple(path.split())] = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))
    return found


@check("trap 13", "the reference page is what the program prints of itself")
def reference(context):
    printed = context.fresh().tacit("__reference").out.decode()
    expect(printed and printed.strip() == (context.repository / "docs/CLI.md").read_text().strip(), "docs/CLI.md is stale")


@check("trap 13", "every command and every option that a page shows exists")
def commands(context):
    known, count = known_commands(context.fresh()), 0
    expect(len(known) > 40, f"only {len(known)} commands were found in the reference")
    for name, text in pages(context).items():
        for line, words in shown_commands(promised(text)):
            if not words or words[0] in ("…", "help") or words[0].startswith("__"):
                continue
            path = tuple(words[: next(length for length in (2, 1, 0) if tuple(words[:length]) in known)])
            expect(path or words[0].startswith("-"), f"{name}: `{line}`: there is no such command")
            general = {"--help", "--version", "--json", "--password-fd"}
            for option in [word.split("=")[0] for word in words[len(path):] if re.match(r"--?[a-z]", word)]:
                expect(option in known[path] | general, f"{name}: `{line}`: {' '.join(path)} has no {option}")
            count += 1
    expect(count > 20, f"only {count} commands were found in the pages")


@check("trap 13", "a command that does not exist is found by this check (or the one above would prove nothing)")
def control(context):
    found = list(shown_commands("so `tacit frobnicate --now NAME` does\n```\ntacit get x --loud  # y\n```\n$ tacit list | less"))
    expect([words for _, words in found] == [["frobnicate", "--now", "NAME"], ["list"], ["get", "x", "--loud"]], found)


@check("trap 13", "every policy that a page shows is taken as it stands")
def policies(context):
    house, count = context.fresh().init(), 0
    for name, text in pages(context).items():
        for block in re.findall(r"```yaml\n(policies:.*?)```", text, re.S):
            with house.as_owner():
                (house.root / "work/policy.yaml").write_text(block)
            done = house.tacit("policy", "apply", "policy.yaml", password=PASSWORD)
            expect(done.returncode == 0, f"{name}: {done.err}")
            count += 1
    expect(count >= 2, f"only {count} policies were found in the pages")


@check("trap 13", "what is marked as coming is refused with a word, not ignored")
def coming(context):
    house = context.fresh().init()
    for words in (["rotate", "project"], ["serve"]):
        done = house.tacit(*words)
        expect(done.returncode == 2 and done.err, f"{words}: {done.returncode} {done.out} {done.err}")
