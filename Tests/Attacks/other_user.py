"""Another user of the machine."""

import ctypes
import os
import pwd

from api import Connection
from attack import attack, check, clean, expect
from house import canary
from somebody import as_user

NEEDS_ROOT = True
VALUE = canary()


def furnish(house):
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")


def attempt(found, what, act):
    try:
        if act() is not False:
            found.append(what)
    except OSError:
        pass


@attack("other", "user.reach", "stopped", "another user can neither connect, list, read, write nor trace")
def nothing(context):
    house = context.house(furnish)
    person = house.person()
    person.run(["sleep", "1000"], ["api/key"]).until_started()
    helpers = house.helpers()
    processes = {"keeper": house.keeper, "child": house.programs()[0], "spawner": helpers["__spawner"][0], "runner": helpers["__runner"][0]}
    socket, libc = house.socket, ctypes.CDLL(None)
    files = house.files()

    def body():
        found = []
        attempt(found, "connected", lambda: Connection(socket))
        for path in (house.root / "data", house.root / "state", house.root / "run", house.vault, house.remembered):
            attempt(found, f"listed {path}", lambda: os.listdir(path))
            attempt(found, f"wrote in {path}", lambda: open(path / "new", "w"))
        for path in files:
            attempt(found, f"read {path}", lambda: open(path, "rb"))
        for name, process in processes.items():
            for part in ("environ", "mem", "maps", "io"):
                attempt(found, f"read {part} of {name}", lambda: open(f"/proc/{process}/{part}", "rb").read(16))
            attempt(found, f"listed descriptors of {name}", lambda: os.listdir(f"/proc/{process}/fd"))
            attempt(found, f"traced {name}", lambda: libc.ptrace(16, process, 0, 0) == 0)
            attempt(found, f"signalled {name}", lambda: os.kill(process, 0))
        return found

    expect(as_user(context.other, body) == [], as_user(context.other, body))
    person.close()


@check("other", "the same attempts succeed for the owner (or the attack above would prove nothing)")
def control(context):
    house = context.house(furnish)
    expect(as_user(context.other, lambda: ["read"] if open("/etc/passwd").read() else []) == ["read"], "the other user can read nothing at all")
    with house.as_owner():
        Connection(house.socket).close()
    # The keeper's files are its user's.
    expect(as_user(pwd.getpwuid(os.stat(house.vault).st_uid), lambda: os.listdir(house.vault)), "nobody lists the vault")


def foreign(person, user):
    """The entries of what a user did who is not the person."""
    return [item for item in person.request("GET", "/v1/audit?limit=1000").json["items"] if item["details"].get("user") == user.pw_name]


@attack("other", "user.passed-socket", "stopped", "a socket that is passed on to another user's process makes no person of it")
def passed_socket(context):
    house = context.house(furnish)

    def body():
        # Root opens the door for it here: the keeper sees another user and must not take it for its own.
        connection = Connection(socket)
        answer = connection.request("GET", "/v1/status")
        return [answer.json["actor"]["kind"], str(connection.reveal("api/key").status)]

    socket = house.socket
    with house.person() as person:
        before = len(foreign(person, context.other))
    # The way to it: of a keeper that is a user of its own it is open.
    way = [] if house.is_apart else [house.root, house.root / "run", house.runtime]
    for path in way:
        path.chmod(0o711)
    good = os.stat(socket).st_mode
    os.chmod(socket, 0o666)
    try:
        answer = as_user(context.other, body)
    finally:
        os.chmod(socket, good)
        for path in way:
            path.chmod(0o700)
    expect(answer[0] == "unidentified" or "Error" in answer[0], f"another user is a {answer}")
    # What the keeper sees of a stranger, its person sees, too.
    with house.person() as person:
        entries = foreign(person, context.other)[before:]
    expect(answer[0] != "unidentified" or [(entry["action"], entry["decision"]) for entry in entries] == [("secret.reveal", "deny")], f"the log has {entries} of another user")


@attack("other", "user.prepared-place", "stopped", "a directory that another user prepared is refused as place for a vault, a state or a socket", left="places")
def prepared_places(context):
    for name in ("run", "state", "data"):
        house = context.fresh()
        place = house.root / name / "tacit"
        place.mkdir(mode=0o777)
        os.chown(place, context.other.pw_uid, context.other.pw_gid)
        done = house.tacit("init", "--no-recovery", password=house.password)
        expect(done.returncode != 0, f"a vault was made with {name}/tacit belonging to somebody else")
        clean(done.out + done.err, house.password)
    house = context.fresh()
    os.symlink("/tmp", house.root / "run" / "tacit")
    done = house.tacit("init", "--no-recovery", password=house.password)
    expect(done.returncode != 0 and not [name for name in os.listdir("/tmp") if name.startswith("keeper-")], "a socket in /tmp")
