"""Root's helper, asked by whoever and with whatever: it starts a runner for one message of its keeper's, and for nothing else."""

import array
import os
import socket
import struct
import subprocess

from attack import attack, expect
from house import wait_until
from scene import as_user, processes_of

VERSION, LONGEST = 1, 4096
SIZE = 8 + LONGEST
STARTED, REQUEST = 0, 1


def message(directory=b"", version=VERSION, size=SIZE):
    return struct.pack(f"=II{LONGEST}s", version, size, directory)


def ask(path, data, descriptors, more=()):
    """The helper's answer as text: what it says, or that it hung up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(30)
        try:
            connection.connect(path)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
            connection.sendmsg([data], rights)
            for again in more:
                connection.send(again)
            answer = connection.recv(64)
        except OSError as error:
            return type(error).__name__
    return "nothing" if not answer else " ".join(str(number) for number in struct.unpack("=Ii", answer))


def asked(scene, user, data, count=1, more=()):
    """Asks as a user: the answer, and whether a runner lived at the other end until it was let go."""

    def body():
        ends = [socket.socketpair() for _ in range(max(count, 1))]
        answer = ask(scene.units.starter_socket, data, [theirs.fileno() for _, theirs in ends[:count]], more)
        for _, theirs in ends:
            theirs.close()
        # Whoever took the descriptor is a runner, which ends with ours; nobody else holds it.
        ours = ends[0][0]
        ours.settimeout(30 if answer.startswith(f"{REQUEST} ") or answer == "nothing" else 0.2)
        try:
            held = ours.recv(1) != b""
        except TimeoutError:
            held = True
        return [answer, str(held)]

    return as_user(user, body)


@attack("helper", "helper.who", "stopped", "to the keeper it gives a runner, to nobody else; who is not the keeper is told nothing", left="no helper")
def who(scene):
    keeper = scene.units.keeper_user
    expect(asked(scene, keeper, message()) == ["0 0", "True"], "the keeper gets no runner: the attempts below prove nothing")
    wait_until(lambda: not processes_of(scene.units.run_user), "the runner has ended")
    for user in (scene.person, scene.neighbour, scene.units.run_user):
        expect(asked(scene, user, message())[0] == "PermissionError", f"{user.pw_name} reaches it")
    os.chmod(scene.units.starter_socket, 0o666)
    try:
        for user in (scene.person, scene.neighbour, scene.units.run_user):
            found = asked(scene, user, message())
            expect(found[0] in ("nothing", "ConnectionResetError", "BrokenPipeError") and found[1] == "False", f"{user.pw_name}: {found}")
    finally:
        os.chmod(scene.units.starter_socket, 0o600)
    still(scene)


@attack("helper", "helper.forms", "stopped", "a message of another length, version or form, without its descriptor or with others, is refused, and the next is served", left="no helper")
def forms(scene):
    keeper, refused = scene.units.keeper_user, [f"{REQUEST} 71", "False"]
    forms = {
        "shorter": message()[:-1], "longer": message() + b"x", "twice": message() * 2, "empty": b"\0", "another version": message(version=2),
        "no version": message(version=0), "another size": message(size=SIZE - 1), "a relative directory": message(b"etc"),
        "a directory without its end": message(b"/" * LONGEST),
    }
    for name, data in forms.items():
        expect(asked(scene, keeper, data) == refused, f"{name}: {asked(scene, keeper, data)}")
    for count in (0, 2, 8, 9, 200):
        expect(asked(scene, keeper, message(), count) == refused, f"{count} descriptors: {asked(scene, keeper, message(), count)}")
    reading, writing = os.pipe()
    others = {"a pipe": reading, "a directory": os.open("/", os.O_RDONLY)}
    for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        others[kind.name] = socket.socket(socket.AF_UNIX, kind).detach()
    others["the network"] = socket.socket(socket.AF_INET, socket.SOCK_STREAM).detach()
    for name, descriptor in others.items():
        expect(as_user(keeper, lambda descriptor=descriptor: [ask(scene.units.starter_socket, message(), [descriptor])]) == [f"{REQUEST} 71"], name)
    for descriptor in (writing, *others.values()):
        os.close(descriptor)
    still(scene)


@attack("helper", "helper.second", "stopped", "a second message on a connection starts nothing", left="no helper")
def second(scene):
    found = asked(scene, scene.units.keeper_user, message(), more=[message(), message()])
    expect(found[0] in ("0 0", "BrokenPipeError", "ConnectionResetError"), found)
    wait_until(lambda: not processes_of(scene.units.run_user), "what was started has ended")
    still(scene)


@attack("helper", "helper.silent", "stopped", "one who says nothing keeps nobody waiting, and many who say nothing do not either", left="no helper")
def silent(scene):
    def body():
        held = []
        for _ in range(3):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            connection.connect(scene.units.starter_socket)
            held.append(connection)
        theirs, ours = socket.socketpair()
        return [ask(scene.units.starter_socket, message(), [theirs.fileno()])]

    expect(as_user(scene.units.keeper_user, body) == ["0 0"], "the helper waits for ever")
    wait_until(lambda: not processes_of(scene.units.run_user), "the runner has ended")


@attack("helper", "helper.begin", "stopped", "where its people are not three, or it was not given its socket, it does not begin", left="no helper")
def beginnings(scene):
    words = scene.units.starter_unit["ExecStart"].split()
    numbers = words[2:]
    wrong = [numbers[:4], [*numbers, "1"], ["x", *numbers[1:]], ["0", *numbers[1:]], [numbers[2], *numbers[1:]], [*numbers[:3], "0", "0"], []]
    for these in wrong:
        script = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<>/dev/null'
        done = subprocess.run(["sh", "-c", script, "sh", *words[:2], *these], capture_output=True, timeout=60)
        expect(done.returncode != 0, f"it began with {these}")
    done = subprocess.run(words, capture_output=True, timeout=60)
    expect(done.returncode != 0, "it began without a socket")


def still(scene):
    """It serves, and nothing is left of those who were asked before."""
    expect(scene.run("true").returncode == 0, "the helper serves no more")
    wait_until(lambda: not scene.units.helpers(), "what was asked has ended")
