"""Loops that kill: workers beside each other, each with a vault of its own, and one report of all."""

import argparse
import collections
import json
import os
import random
import sys
import time

WORKERS = 2


def work(worker, kills, report):
    failure = None
    try:
        worker.begin()
        while worker.counts["kills"] < kills:
            worker.round()
        worker.finish()
    except BaseException as error:
        import traceback

        failure = f"after {worker.counts['kills']} kills: {type(error).__name__}: {str(error)[:1500]}\n{''.join(traceback.format_tb(error.__traceback__)[-3:])}"
    finally:
        worker.house.close()
    os.write(report, (json.dumps([worker.counts, failure]) + "\n").encode())


def main(what, kind, kills):
    """Has workers of a kind (made of the seed and a number) kill so often, unless more are asked for; gives the status to exit with."""
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=kills)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = options.parse_args()
    print(f"{options.kills} kills, seed {options.seed}", flush=True)
    start, reading, writing = time.monotonic(), *os.pipe()
    children = []
    for number in range(WORKERS):
        child = os.fork()
        if child == 0:
            os.setsid()
            work(kind(options.seed, number), -(-options.kills // WORKERS), writing)
            os._exit(0)
        children.append(child)
    os.close(writing)
    with os.fdopen(reading) as reports:
        results = [json.loads(line) for line in reports]
    for child in children:
        os.waitpid(child, 0)
    total = collections.Counter()
    for counts, _ in results:
        total.update(counts)
    failures = [failure for _, failure in results if failure] + ["a worker ended without a word"] * (WORKERS - len(results))
    print(", ".join(f"{count} {name}" for name, count in sorted(total.items())))
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{'FAILED' if failures else 'ok'} {what}: {total['kills']} kills in {time.monotonic() - start:.0f} s")
    return 1 if failures or total["kills"] < options.kills else 0
