"""What the demo is shown with: numbered acts, commands with their output, and proofs that hold or fail."""

import os
import shutil
import sys
import textwrap

WIDTH = min(shutil.get_terminal_size((100, 24)).columns, 110)
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _paint(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def dim(text):
    return _paint("2", text)


def bold(text):
    return _paint("1", text)


class Stage:
    def __init__(self):
        self.act = 0
        self.proofs = []

    def title(self, text, below):
        print()
        print(bold(f"  {text}"))
        print(dim(textwrap.indent(textwrap.fill(below, WIDTH - 4), "  ")))

    def begin(self, text):
        self.act += 1
        print()
        print(f"  {bold(str(self.act))}  {bold(text)}")

    def say(self, text):
        print(textwrap.indent(textwrap.fill(text, WIDTH - 8), "     "))

    def command(self, words, output):
        print(dim(f"     $ {words}"))
        for line in output.rstrip("\n").splitlines():
            print(f"       {line[: WIDTH - 8]}")

    def prove(self, claim, holds, why=""):
        self.proofs.append((claim, holds))
        mark = _paint("32", "✔") if holds else _paint("31", "✘")
        print(f"     {mark} {claim}" + ("" if holds or not why else f"\n       {why}"))
        return holds

    def end(self, unproved):
        failed = [claim for claim, holds in self.proofs if not holds]
        print()
        print(bold("  What this showed"))
        for claim, holds in self.proofs:
            print(f"     {_paint('32', '✔') if holds else _paint('31', '✘')} {claim}")
        print()
        print(bold("  What it did not show"))
        for line in unproved:
            print(textwrap.indent(textwrap.fill(line, WIDTH - 10), "     ").replace("     ", "     – ", 1).replace("\n     ", "\n       "))
        print()
        if failed:
            print(_paint("31", f"  {len(failed)} of {len(self.proofs)} proofs failed."))
        else:
            print(f"  All {len(self.proofs)} proofs hold.")
        print()
        return 1 if failed else 0
