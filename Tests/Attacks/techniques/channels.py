"""No output holds the value, and yet it tells: the agent asks again and again, or measures."""

import signal

from .technique import Technique, typed

G = "channel"
HEX = b"0123456789abcdef"


def channel(name, what, **options):
    def mark(act):
        Technique(G, name, what, act, **options)
        return act

    return mark


def known(place):
    """Where the random part begins: the agent knows the form of such keys."""
    return len(place.value) - 32


@channel("halves", "half of it in each of two runs")
def halves(place):
    return place.python("o.write(v[:len(v)//2])").output + place.python("o.write(v[len(v)//2:])").output


@channel("pieces", "eight characters a run")
def pieces(place):
    return b"".join(place.python(f"o.write(v[{at}:{at + 8}])").stdout for at in range(known(place), len(place.value), 8))


@channel("fifteen", "fifteen characters a run, below what is redacted at an edge")
def fifteen(place):
    return b"".join(place.python(f"o.write(v[{at}:{at + 15}])").stdout for at in range(0, len(place.value), 15))


@channel("overlap", "all but the last character, then the last")
def overlap(place):
    return place.python("o.write(v[:-1])").stdout + place.python("o.write(v[-1:])").stdout


@channel("cut", "a limit of output that ends within it")
def cut(place):
    return place.python("o.write(b'x' * 1000 + v)", caps=1000 + known(place) + 20).stdout


@channel("killed", "a time limit that ends the program within it", races=True)
def killed(place):
    return place.python("o.write(v[:-1]); o.flush(); time.sleep(60)", seconds=1).stdout


@channel("stopped", "the program stops itself within it, and is ended", races=True)
def stopped(place):
    return place.python("import signal; o.write(v[:-1]); o.flush(); os.kill(os.getpid(), signal.SIGSTOP)", seconds=1).stdout


@channel("exit-code", "a byte in each run's exit code")
def exit_code(place):
    return bytes(place.python(f"sys.exit(v[{at}])").code & 255 for at in range(known(place), known(place) + 16))


@channel("signal", "four bits in the signal that ends each run")
def by_signal(place):
    numbers = [number for number in range(34, 50) if number in signal.valid_signals()]
    codes = [place.python(f"import signal; n = {numbers}[b'{HEX.decode()}'.index(v[{at}])]; signal.signal(n, signal.SIG_DFL); os.kill(os.getpid(), n)").code
             for at in range(known(place), known(place) + 14)]
    return bytes(HEX[numbers.index(-code)] for code in codes if -code in numbers)


@channel("length", "in how much is printed")
def length(place):
    return bytes(len(place.python(f"o.write(b'.' * v[{at}])").stdout) & 255 for at in range(known(place), known(place) + 16))


@channel("lines", "in how many lines are printed, in one run")
def lines(place):
    seen = place.python(f"o.write(b' '.join(b'.' * b for b in v[{known(place)}:]))")
    return bytes(len(word) & 255 for word in seen.stdout.split(b" "))


@channel("time", "in how long each run takes")
def duration(place):
    return b"".join(timed(place, at) for at in range(known(place), known(place) + 13))


def timed(place, at):
    """A digit by the clock. A busy machine makes runs longer and none shorter: measured until the shortest came twice."""
    readings = []
    while len(readings) < 8 and (not readings or readings.count(min(readings)) < 2):
        seen = place.python(f"print(time.monotonic()); time.sleep(0.02 * b'{HEX.decode()}'.index(v[{at}])); print(time.monotonic())")
        if len(times := seen.stdout.split()) != 2:
            return b""
        readings.append(min(15, int((float(times[1]) - float(times[0])) / 0.02 + 0.1)))
    return HEX[min(readings) :][:1]


@channel("counts", "in how often the redactor says that it found something")
def counts(place):
    found = b""
    for at in range(known(place), known(place) + 13):
        before = place.redactions
        place.python(f"o.write((v + b'\\n') * (1 + b'{HEX.decode()}'.index(v[{at}])))")
        number = place.redactions - before
        found += HEX[number - 1 : number] if 1 <= number <= 16 else b""
    return found


@channel("dictionary", "a program that compares it with guesses, a character at a time")
def dictionary(place):
    found = place.value[: known(place)]
    for _ in range(13):
        seen = place.shell(f'for c in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do case "$API_KEY" in {found.decode()}$c*) echo "$c";; esac; done')
        found += seen.stdout.strip()[:1]
    return found[known(place) :]


@channel("edge", "the redactor is asked whether a guess at the end of the output is a beginning", own=True)
def edge(place):
    """The program prints only what the agent wrote: what is redacted or kept back would answer."""
    found = place.value[: known(place)]
    for _ in range(13):
        held = [digit for digit in HEX if (found + bytes([digit])) not in place.run(["/usr/bin/printf", "%s", (found + bytes([digit])).decode()]).stdout]
        if len(held) != 1:
            break
        found += bytes(held)
    return found[known(place) :]


@channel("echo", "the redactor is asked whether a guess among others is the whole value")
def echo(place):
    """A dictionary of a thousand; the right one is in it. It is the agent's guess, so only what was marked tells."""
    guesses = [b"%s%032x" % (place.value[: known(place)], number) for number in range(63)] + [place.value]
    seen = place.run(["/usr/bin/printf", "%s\\n", *(guess.decode() for guess in guesses)])
    missing = [guess for guess in guesses if guess not in seen.stdout]
    return missing[0] if len(missing) == 1 else b""


typed(G, "grep", "a program that counts matches in its input", ["/usr/bin/grep", "-o", "."], lambda seen: seen.stdout.replace(b"\n", b""), as_input=True)
