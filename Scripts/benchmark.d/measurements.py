"""What is measured: one function per letter, each returning rows of the table."""

import json
import random
import subprocess
import time

from backups import backups
from broker import broker
from daily import daily
from ground import dotenv, median
from moving import moving
from rotating import rotating
from table import Row


def run(ground):
    """tacit run: from its spawn to its child's start"""
    ground.environment_of("small", 100)
    child = [ground.programs["stopwatch"], "stamp"]
    tacit = [ground.programs["tacit"], "run", "-e", "small", "-k", "S000001=FOO", "--", *child]
    plain = ["env", "FOO=bar", *child]
    followed = [ground.programs["noop"], "--then", *plain]
    confined = [*tacit[:2], "--sandbox", *tacit[2:]]
    project = ground.folder / "project"
    project.mkdir(exist_ok=True)
    results = ground.alternate(200, tacit, plain, followed, confined, directory=project)
    ours = results[0]
    start, by_env, by_noop, in_sandbox = (median([sample[0] for sample in samples]) for samples in results)
    peak = max(sample[2] for sample in ours) / 1024
    return [
        Row("a", "`tacit run`, spawn to child start, p50 of 200", start, "ms"),
        Row("a", "… `env FOO=bar` in turn with it", by_env, "ms", ratio=start / by_env),
        Row("a", "… a static Swift no-op, then `env`", by_noop, "ms", ratio=start / by_noop),
        Row("a", "… what Tacit adds to the latter", start - by_noop, "ms", target=6),
        Row("a", "… with `--sandbox` in turn with it", in_sandbox, "ms", ratio=in_sandbox / start),
        Row("a", "… what the sandbox adds", in_sandbox - start, "ms", target=12),
        Row("a", "… peak memory of the command line", peak, "MiB", target=25),
    ]


def secrets(ground):
    """list 10,000 secrets; get one of 100,000 and one of 100"""
    small = ground.environment_of("small", 100)
    ground.environment_of("middle", 10_000)
    large = ground.environment_of("large", 100_000)
    listing = [ground.programs["tacit"], "list", "-e", "middle", "--all-pages"]
    version = [ground.programs["tacit"], "--version"]
    lists, starts = ground.alternate(15, listing, version)
    whole = median([sample[1] for sample in lists])
    start = median([sample[1] for sample in starts])
    _, [api] = ground.load(5, [1], ["/v1/projects/default/environments/middle/secrets?limit=20000"])
    random.Random(1).shuffle(large)
    _, [gets] = ground.load(5, [1], small, large[:10_000])
    of_small, of_large = gets["p50_us"]
    return [
        Row("b", "`tacit list` of 10,000, the whole process, p50", whole, "ms", target=60),
        Row("b", "… `tacit --version` in turn with it", start, "ms", ratio=whole / start),
        Row("b", "… the same list through the API, p50", api["p50_us"][0] / 1e3, "ms"),
        Row("b", "get one of 100 through the API, p50", of_small, "µs"),
        Row("b", "get one of 100,000, in turn with it, p50", of_large, "µs", ratio=of_large / of_small, target=2, judged="ratio"),
    ]


def releases(ground):
    """releases per second through the API, each with a durable intent and an outcome"""
    paths = ground.environment_of("middle", 10_000)
    password, results = ground.load(8, [1, 16, 64] * 3, paths)
    rows = [Row("c", "the password check by itself, p50", password / 1e3, "ms")]
    for connections in (1, 16, 64):
        of_these = [result for result in results if result["connections"] == connections]
        rate = median([result["requests"] / result["seconds"] for result in of_these])
        cpu = median([result["keeper_us"] for result in of_these])
        tail = median([result["p99_us"][0] for result in of_these])
        measured = connections == 16
        rows += [
            Row("c", f"releases at {connections} connections", rate, "/s", target=8000 if measured else None, at_least=True, ratio=rate / 3195),
            Row("c", "… the keeper's CPU per release", cpu, "µs", target=120 if measured else None, ratio=cpu / 586),
            Row("c", "… p99", tail / 1e3, "ms"),
        ]
    return rows


def audit(ground):
    """audit verify on a log of at least 200,000 entries"""
    paths = ground.environment_of("middle", 10_000)
    while (entries := int(json.loads(ground.tacit("audit", "verify", "--json"))["entries"])) < 200_000:
        ground.load(10, [64], paths)
    verify = [ground.programs["tacit"], "audit", "verify"]
    [samples] = ground.alternate(5, verify)
    took = median([sample[1] for sample in samples]) / 1e3
    rounds = core(ground, "verify", "500000")
    pure = median([each["entries"] / each["verify_s"] for each in rounds])
    tree = median([each["entries"] / each["tree_s"] for each in rounds])
    return [
        Row("d", f"`tacit audit verify` of {entries:,} entries, the whole process", entries / took, "/s", target=500_000, at_least=True),
        Row("d", "the verifier by itself, chain and tree", pure, "/s", target=500_000, at_least=True),
        Row("d", "… tree alone", tree, "/s", ratio=pure / tree),
    ]


def redaction(ground):
    """redaction of clean text with 100 secrets"""
    text, values = ground.folder / "text", ground.folder / "values"
    text.write_bytes(clean_text(ground.root, 64 << 20))
    many = ground.folder / "many-values"
    for file, count in ((values, 100), (many, 10_000)):
        file.write_text("".join(line.partition("=")[2] + "\n" for line in dotenv(range(500_000, 500_000 + count)).splitlines()))
    # In turn, so that all have the machine's noise alike.
    every, few, crowded = [], [], []
    for _ in range(3):
        every += core(ground, "redact", str(text), str(values))
        few += core(ground, "redact", str(text), str(values), "few")
        crowded += core(ground, "redact", str(text), str(many))
    [grown] = core(ground, "memory", str(text), str(values), "2048")
    size = every[0]["bytes"] / 1e6
    ours, copy, search = (median([size / each[name] for each in every]) for name in ("redact_s", "memcpy_s", "memchr_s"))
    plain, thousands = (median([size / each["redact_s"] for each in rounds]) for rounds in (few, crowded))
    perl, ripgrep = (median([size / seconds(text, values) for _ in range(3)]) for seconds in (perl_seconds, ripgrep_seconds))
    return [
        Row("e", "redaction of clean text, 100 secrets, every spelling", ours, "MB/s", target=500, at_least=True),
        Row("e", "… as they are and in base64 alone", plain, "MB/s", target=1000, at_least=True),
        Row("e", "… 10,000 secrets, every spelling", thousands, "MB/s", ratio=ours / thousands, target=2, judged="ratio"),
        Row("e", "memory that redaction of 2 GiB takes more than of the first 64 MiB", grown["grown_kib"] / 1024, "MiB", target=1),
        Row("e", "… perl, the 100 values as they are, no other spelling", perl, "MB/s", ratio=ours / perl),
        Row("e", "… ripgrep, these values, the whole process", ripgrep, "MB/s", ratio=ours / ripgrep),
        Row("e", "… memcpy", copy, "MB/s", ratio=ours / copy),
        Row("e", "… memchr of a byte that is not there", search, "MB/s", ratio=ours / search),
    ]


POLICY = """
policies:
  - {name: measured, agent_id: measured, environments: [default/small], allowed_keys: ["**"], capabilities: [env_inject], unsandboxed: allow}
"""


def agent(ground):
    """the agent's door: tools/list and secret_run true over one pipe"""
    ground.environment_of("small", 100)
    ground.tacit("agent", "add", "measured")
    file = ground.folder / "policy.yaml"
    file.write_text(POLICY)
    ground.tacit("policy", "apply", str(file))
    # Two calls are no question of the machine's noise only when there are many.
    with ground.agent("measured", "small") as door:
        lists = [door.ask("tools/list", {}) for _ in range(200)]
        call = {"name": "secret_run", "arguments": {"argv": ["true"], "secrets": [{"name": "S000001", "var": "FOO"}], "purpose": "measuring"}}
        runs = [door.ask("tools/call", call) for _ in range(100)]
        peak = door.peak()
    return [
        Row("g", "`tools/list` of `tacit mcp`, p50 of 200", median(lists), "ms", target=5),
        Row("g", "`secret_run` of `true`, p50 of 100", median(runs), "ms", target=40),
        Row("g", "… peak memory of `tacit mcp`", peak, "MiB", target=30),
    ]


def core(ground, *words):
    output = subprocess.run([ground.programs["core"], *words], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def perl_seconds(text, values):
    """Perl's own time for one substitution over the text in memory."""
    script = """
        use Time::HiRes 'time';
        open my $v, '<', $ARGV[1]; chomp(my @values = <$v>);
        open my $t, '<:raw', $ARGV[0]; local $/; my $text = <$t>;
        my $start = time; my $pattern = join '|', map quotemeta, @values; $text =~ s/$pattern/[REDACTED]/g;
        print time - $start;
    """
    return float(subprocess.run(["perl", "-e", script, text, values], check=True, capture_output=True, text=True).stdout)


def ripgrep_seconds(text, values):
    """One run of ripgrep on one core that replaces the values and prints the whole text."""
    words = ["rg", "--no-config", "-j1", "-a", "-N", "--passthru", "-F", "-f", values, "--replace", "[REDACTED]", text]
    start = time.perf_counter()
    status = subprocess.run(words, stdout=subprocess.DEVNULL).returncode
    # By a 1 it says that nothing was replaced.
    if status not in (0, 1):
        raise SystemExit(f"benchmark: error: rg ended with {status}")
    return time.perf_counter() - start


def clean_text(root, size):
    """This project's sources and made-up log lines, over and over: no value in it."""
    sources = b"".join(file.read_bytes() for file in sorted(root.glob("Sources/**/*.swift")))
    source, lines = random.Random(7), []
    for number in range(20_000):
        stamp = f"2026-11-21T04:{source.randrange(60):02}:{source.randrange(60):02}.{source.randrange(1000):03}Z"
        if number % 3 == 0:
            lines.append(f"{stamp} INFO request id={source.getrandbits(32):08x} method=GET path=/v1/items/{number}?q=a%20b status=200\n")
        elif number % 3 == 1:
            lines.append(json.dumps({"at": stamp, "level": "info", "message": 'line "one"\nline two', "trace": f"{source.getrandbits(128):032x}"}) + "\n")
        else:
            lines.append(f'10.0.{source.randrange(256)}.7 - - [{stamp}] "POST /api/login HTTP/1.1" 200 {number} "-" "curl/8.5.0"\n')
    unit = sources + "".join(lines).encode()
    return (unit * (size // len(unit) + 1))[:size]


ALL = {"a": run, "b": secrets, "c": releases, "d": audit, "e": redaction, "f": moving, "g": agent, "h": broker, "i": rotating, "j": backups, "k": daily}
