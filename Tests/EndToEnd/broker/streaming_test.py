"""What is long goes on while it comes: a stream takes no memory of the broker's, and nothing that waits for an answer is held back. `streaming_test.py PATH-TO-TACIT`."""

import base64
import json
import os
import pathlib
import queue
import re
import sys
import textwrap
import zlib

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "sessions")]
from person import Person
from tls_service import QuietHandler, TLSService

PROGRAM = sys.argv[1]
VALUE = "ghp_" + "CANARY" + os.urandom(15).hex()
# Text, which is searched to its end: of data that are as good as random some look packed.
PIECE = base64.b64encode(os.urandom(3 << 18))
HEAD, END = b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x03\0"


def flushed(piece):
    packer = zlib.compressobj(1, wbits=-15)
    return packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)


PACKED = flushed(PIECE)
# What a build that was made to be fast takes within seconds, and one that was not.
IS_FAST = "/release/" in os.path.realpath(PROGRAM)
SHORT, LONG = (64, 1024) if IS_FAST else (2, 14)
# MiB: what the broker may have at most, and how much more a long stream may take than a short one.
MOST, MORE = 64 if IS_FAST else 128, 6
EVENTS = {
    # By what ends an event of its kind: where nothing does, a pause lets it go.
    "sse": ("text/event-stream", "data: {}\n\n"), "sse-crlf": ("text/event-stream", "event: x\r\ndata: {}\r\n\r\n"), "lines": ("application/x-ndjson", "{}\n"),
    "text": ("text/plain", "{}."),
}

# Of which the first event ends in a beginning that is hidden.
CUT = {f"{name}-cut": EVENTS[name] for name in ("sse", "sse-crlf")}
ENDS = {name: form.partition("{}")[2].encode() for name, (_, form) in (EVENTS | CUT).items()}


def member(count):
    """The parts of one gzip member of so many pieces."""
    checksum = 0
    yield HEAD
    for _ in range(count):
        checksum = zlib.crc32(PIECE, checksum)
        yield PACKED
    yield END + checksum.to_bytes(4, "little") + (count * len(PIECE) & 0xFFFFFFFF).to_bytes(4, "little")


def wrapped(parts):
    """The same within another member, which keeps it as it is: each byte of it is one of the outer one's."""
    checksum, count = 0, 0
    yield HEAD
    for part in parts:
        checksum, count = zlib.crc32(part, checksum), count + len(part)
        for start in range(0, len(part), 65_535):
            block = part[start: start + 65_535]
            yield b"\0" + len(block).to_bytes(2, "little") + (len(block) ^ 0xFFFF).to_bytes(2, "little") + block
    yield b"\x01\0\0\xff\xff" + checksum.to_bytes(4, "little") + (count & 0xFFFFFFFF).to_bytes(4, "little")


def texts(credential):
    """What events say. The beginning of the value at the end of one is waited for as little as anything else."""
    return ["one", credential, VALUE[:12], "four"]


class Service(TLSService):
    """Takes and gives streams, and goes on with events once its client says that it has the one before."""

    def __init__(self, folder):
        super().__init__(folder)
        self.seen, self.shown = queue.Queue(), []
        service = self

        class Handler(QuietHandler):
            def do_PUT(self):
                service.shown.append(self.headers["Authorization"])
                left, checksum = int(self.headers["Content-Length"]), 0
                while left:
                    piece = self.rfile.read(min(left, 1 << 20))
                    left, checksum = left - len(piece), zlib.crc32(piece, checksum)
                self.answer(f"{checksum}".encode())

            def do_GET(self):
                service.shown.append(self.headers["Authorization"])
                kind, what = self.path.split("/")[2:]
                getattr(self, kind)(what)

            def down(self, count):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(int(count) * len(PIECE)))
                self.end_headers()
                for _ in range(int(count)):
                    self.wfile.write(PIECE)

            def packed(self, count):
                """One gzip member of so many pieces, whatever their number: each begins anew."""
                self.send_response(200)
                self.send_header("Content-Type", "application/gzip")
                self.send_header("Content-Length", str(len(HEAD) + int(count) * len(PACKED) + len(END) + 8))
                self.end_headers()
                for part in member(int(count)):
                    self.wfile.write(part)

            def nested(self, count):
                """One in another."""
                self.send_response(200)
                self.send_header("Content-Type", "application/gzip")
                self.send_header("Content-Length", str(sum(map(len, wrapped(member(int(count)))))))
                self.end_headers()
                for part in wrapped(member(int(count))):
                    self.wfile.write(part)

            def seen(self, number):
                service.seen.put(number)
                self.answer(b"")

            def events(self, name):
                kind, form = (EVENTS | CUT)[name]
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Transfer-Encoding", "chunked")
                events = [form.format(text) for text in ([VALUE[:24], "more"] if name in CUT else texts(service.shown[-1]))]
                self.send_header("X-Count", str(len(events)))
                self.end_headers()
                for number, event in enumerate(events):
                    self.wfile.write(f"{len(event):x}\r\n{event}\r\n".encode())
                    if service.seen.get(timeout=20) != f"{number}":
                        return
                self.wfile.write(b"0\r\n\r\n")

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.serve(Handler)


# The program of the run: does what it is told, a line each, and says what came of it.
CLIENT = """
    import base64, http.client, json, os, pathlib, ssl, sys, urllib.parse, zlib
    proxy, service = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"]), ("localhost", PORT)
    piece = pathlib.Path("piece").read_bytes()
    shown = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()

    def asked(method, path, body=None, count=0):
        connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, context=ssl.create_default_context(), timeout=120)
        connection.set_tunnel(*service, {"Proxy-Authorization": f"Basic {shown}"})
        connection.request(method, path, body, {"Authorization": "Bearer " + os.environ["TOKEN"], **({"Content-Length": count * len(piece), "Content-Type": "text/plain"} if body else {})})
        reply = connection.getresponse()
        assert reply.status == 200, (path, reply.status, reply.read())
        return reply

    def up(count):
        print(asked("PUT", "/v1/up", (piece for _ in range(int(count))), int(count)).read().decode())

    def down(count, kind="down"):
        reply, length, checksum = asked("GET", f"/v1/{kind}/{count}"), 0, 0
        while part := reply.read(1 << 20):
            length, checksum = length + len(part), zlib.crc32(part, checksum)
        print(length, checksum)

    def packed(count):
        down(count, "packed")

    def nested(count):
        down(count, "nested")

    def events(name):
        reply = asked("GET", f"/v1/events/{name}")
        for number in range(int(reply.headers["X-Count"])):
            event = b""
            while not event.endswith(ENDS[name]):
                part = reply.read1(1 << 16)
                assert part, "the service gave up: nobody told it that an event had come"
                event += part
            print(json.dumps(event.decode()))
            asked("GET", f"/v1/seen/{number}").read()
        assert reply.read() == b""

    print("begun", flush=True)
    for line in sys.stdin:
        kind, what = line.split()
        globals()[kind](what)
        print("done", flush=True)
    """


class Scene:
    def __init__(self):
        self.person = Person(PROGRAM)
        self.home = self.person.home
        self.service = Service(self.home / "service")
        (self.home / "policy.yaml").write_text(textwrap.dedent(f"""\
            policies:
              - {{name: claude, agent_id: claude, allowed_keys: ["app/*"], capabilities: [broker]}}
            request_rules:
              - name: streams
                agent_id: claude
                keys: ["app/*"]
                hosts: [localhost]
                ports: [{self.service.port}]
                methods: [GET, PUT]
                paths: ["/v1/**"]
                own_network: allow
                authorities: |
            """) + textwrap.indent(self.service.authority, "      "))
        self.person.set("app/key", VALUE)
        self.person.tacit("agent", "add", "claude")
        self.person.tacit("policy", "apply", "policy.yaml")
        self.person.tacit("unlock")
        (self.home / "piece").write_bytes(PIECE)
        (self.home / "client.py").write_text(textwrap.dedent(CLIENT).replace("PORT", str(self.service.port)).replace("ENDS", repr(ENDS)))
        self.process = self.person.start(
            "run", "--agent", "claude", "--show-tokens", "-k", "app/key=TOKEN", "--", sys.executable, str(self.home / "client.py"), stdin=-1)
        assert self.process.stdout.readline() == b"begun\n", self.process.stderr.read()
        [self.broker] = [each for each in below(self.person.keeper()) if "__broker" in pathlib.Path(f"/proc/{each}/cmdline").read_text()]

    def ask(self, kind, what):
        """What the program of the run says to a line."""
        self.process.stdin.write(f"{kind} {what}\n".encode())
        self.process.stdin.flush()
        said = []
        while (line := self.process.stdout.readline().decode().strip()) != "done":
            assert line, (kind, what, self.process.stderr.read())
            said.append(line)
        return said

    def most(self):
        """The most memory that the broker ever had, in MiB."""
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.broker}/status").read_text()).group(1)) / 1024

    def close(self):
        self.process.communicate(timeout=60)
        self.service.close()
        self.person.close()


def below(process):
    """All descendants of a process."""
    children = [int(word) for file in pathlib.Path(f"/proc/{process}/task").glob("*/children") for word in file.read_text().split()]
    return children + [each for child in children for each in below(child)]


def events_are_not_held_back(scene):
    """The service goes on when its client says that it has an event, which it says only of one that is whole."""
    for name, (_, form) in EVENTS.items():
        said = [json.loads(line) for line in scene.ask("events", name)]
        token = said[1].partition("Bearer ")[2][:len(VALUE)]
        assert token.startswith("ghp_") and token != VALUE, said
        assert said == [form.format(text) for text in texts(f"Bearer {token}")], (name, said)
    assert set(scene.service.shown) == {f"Bearer {VALUE}"}


def an_event_that_ends_in_a_beginning_comes(scene):
    """What is hidden of an event are not the line breaks by which its reader knows that it is whole."""
    for name, (_, form) in CUT.items():
        said = [json.loads(line) for line in scene.ask("events", name)]
        assert said == [form.format("[REDACTED:app/key:wrapped]"), form.format("more")], (name, said)


def streams_take_no_memory(scene):
    """Whatever comes, up or down, goes on as it comes: of a long stream the broker holds what it holds of a short one."""
    def pass_on(count):
        checksum = 0
        for _ in range(count):
            checksum = zlib.crc32(PIECE, checksum)
        assert scene.ask("up", count) == [f"{checksum}"]
        assert scene.ask("down", count) == [f"{count * len(PIECE)} {checksum}"]
        # What is packed in one member is opened and searched, and comes as it was; so it is with one in another.
        for kind, parts in (("packed", member(count)), ("nested", wrapped(member(count)))):
            length, checksum = 0, 0
            for part in parts:
                length, checksum = length + len(part), zlib.crc32(part, checksum)
            assert scene.ask(kind, count) == [f"{length} {checksum}"], kind
        return scene.most()
    short, long = pass_on(SHORT), pass_on(LONG)
    print(f"      {SHORT} MiB up and down: {short:.0f} MiB, {LONG} MiB: {long:.0f} MiB")
    assert long <= MOST and long - short <= MORE, (short, long)


def main():
    scene = Scene()
    try:
        for test in [events_are_not_held_back, an_event_that_ends_in_a_beginning_comes, streams_take_no_memory]:
            test(scene)
            print("ok   ", test.__name__)
    finally:
        scene.close()


if __name__ == "__main__":
    main()
