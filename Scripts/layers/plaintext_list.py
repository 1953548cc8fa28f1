"""Keeps the list of plaintext files in docs/THREAT-MODEL.md: a table of file and reason; reasons are written by people."""
import re

from layers import rules, tables


def rewrite(house) -> str:
    page = house.root / tables.PLAINTEXT_PAGE
    text = page.read_text(encoding="utf-8")
    found = rules.LIST.search(text)
    if not found:
        return f"{tables.PLAINTEXT_PAGE} has no markers; nothing was written"
    reasons = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", found.group(2), re.MULTILINE))
    files = rules.plaintext_files(house)
    rows = "".join(f"| `{file}` | {reasons.get(file, tables.NO_REASON)} |\n" for file in files)
    table = f"| file | why |\n| --- | --- |\n{rows}"
    page.write_text(text[:found.start(2)] + table + text[found.end(2):], encoding="utf-8")
    new = [file for file in files if reasons.get(file, tables.NO_REASON) == tables.NO_REASON]
    return f"{tables.PLAINTEXT_PAGE}: {len(files)} files listed" + "".join(f"\n  write the reason for {file}" for file in new)
