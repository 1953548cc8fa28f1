"""Nothing is opened before it is written down, and nothing is let out when it cannot be written: full disks and read-only ones."""

import json
import os
import pathlib
import shutil
import subprocess
import time

import hunt
from api import SECRETS
from attack import Skipped, attack, expect
from house import PASSWORD, canary

NEEDS_ROOT = True
VALUE = canary()


class Disk:
    """A small disk of its own."""

    def __new__(cls, context, *more):
        return super().__new__(DiskApart if context.is_apart else cls)

    def __init__(self, context, size="8m"):
        self.place = context.fresh().root / "disk"
        self.place.mkdir()
        options = f"size={size},uid={context.owner.pw_uid},gid={context.owner.pw_gid},mode=700"
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.place], capture_output=True).returncode != 0:
            raise Skipped("no file system can be mounted here")
        self.owner = context.owner

    def house(self, context, folders=("data",)):
        house = context.fresh()
        for name in folders:
            shutil.rmtree(house.root / name)
            (self.place / name).mkdir(mode=0o700)
            os.chown(self.place / name, self.owner.pw_uid, self.owner.pw_gid)
            house.environment[{"data": "XDG_DATA_HOME", "state": "XDG_STATE_HOME"}[name]] = str(self.place / name)
            setattr(house, {"data": "vault", "state": "state"}[name], self.place / name / "tacit")
        return self.furnished(house)

    def furnished(self, house):
        house.init()
        with house.person() as person:
            expect(person.set("api/key", VALUE.encode()).status == 201, "set")
        return house

    def fill(self):
        filler = os.open(self.place / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for size in (1 << 20, 1 << 12, 1):
            try:
                while os.write(filler, b"x" * size) == size:
                    pass
            except OSError:
                pass
        os.close(filler)

    def free(self):
        (self.place / "filler").unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(50):
            if subprocess.run(["umount", self.place], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        subprocess.run(["umount", "-l", self.place], capture_output=True)


class DiskApart(Disk):
    """The same for a keeper that is a user of its own: it lies where that keeper's files do, and is filled by root."""

    def __init__(self, context, size="8m"):
        self.size = size

    def house(self, context, folders=("data",)):
        house = context.fresh()
        # With both, all that is the keeper's.
        target = {("data",): "vault", ("state",): "state"}.get(folders, "")
        kept = pathlib.Path("/var/lib/tacit", str(context.owner.pw_uid))
        self.place = pathlib.Path(f"/proc/{house.warden('process')}/root{kept}") / target
        house.start()
        house.kill_keeper()
        self.place.mkdir(exist_ok=True)
        facts = self.place.parent.stat() if target else self.place.stat()
        try:
            house.warden("mount", kind="tmpfs", target=str(kept / target), options=f"size={self.size},uid={facts.st_uid},gid={facts.st_gid},mode=700")
        except AssertionError as why:
            raise Skipped(f"no file system can be mounted here: {why}") from None
        return self.furnished(house)

    def __exit__(self, *_):
        """It ends with its house."""


def acts(house, person):
    """Every kind of release, by name: what came of it, and whether the value did."""
    answers = {"reveal": person.reveal("api/key"), "masked": person.masked("api/key")}
    released = {name: (answer.status, VALUE.encode() in answer.body or answer.status == 200) for name, answer in answers.items()}
    with house.connect(headers=person.headers) as other:
        other.step_up(PASSWORD)
        run = other.run(["sh", "-c", "echo ran"], ["api/key"]).wait()
        released["run"] = (run.problem.status if run.problem else 200, b"ran" in run.output)
    return released


@attack("trap 9", "disk.full", "stopped", "on a full disk every release is refused, nothing runs, the keeper lives, and the log is whole afterwards")
def full_disk(context):
    with Disk(context) as disk:
        house = disk.house(context)
        process = house.keeper
        person = house.person()
        expect(person.reveal("api/key").status == 200, "before")
        disk.fill()
        revealed = 1
        # What was reserved may let a few more be written: each of those has its entry. Then it ends.
        for _ in range(400):
            if person.reveal("api/key").status != 200:
                break
            revealed += 1
        else:
            raise AssertionError("the disk is full and 400 values came out: where are their entries?")
        for name, (status, came) in acts(house, person).items():
            expect(not came and status >= 500, f"{name} on a full disk: {status}")
        expect(person.set("other", b"value").status == 507, "a write on a full disk")
        expect(house.status["keeper_process"] == process, "the keeper crashed")
        disk.free()
        with house.person() as person:
            expect(person.reveal("api/key").body == VALUE.encode(), "with room again")
            items = person.request("GET", "/v1/audit?limit=5000").json["items"]
            intents = [item for item in items if item["action"] == "secret.reveal" and item.get("phase") == "intent" and item["decision"] == "allow"]
            expect(len(intents) >= revealed + 1, f"{revealed + 1} values came out, {len(intents)} intents are in the log")
            verified = person.json("POST", "/v1/audit/verification", {"trusted_notes": []}).json
            expect(verified["intact"], verified)


@attack("trap 9", "disk.ending", "stopped", "on a full disk a person still ends things: tokens and agents are revoked, agents are frozen for good, the vault locks and unlocks")
def ending(context):
    with Disk(context) as disk:
        house = disk.house(context, folders=("data", "state"))
        policy = json.dumps({
            "policies": [{"name": "all", "agent_id": "*", "allowed_keys": ["api/*"], "capabilities": ["broker"]}],
            "request_rules": [{"name": "r", "agent_id": "*", "keys": ["api/*"], "hosts": ["api.github.com"], "paths": ["/**"]}],
        })

        def tacit(*words, input=None, password=PASSWORD):
            done = house.tacit(*words, password=password, input=input)
            return done.returncode, (done.out + done.err).decode()

        for words, input in ((("policy", "apply", "-"), policy.encode()), (("agent", "add", "one"), None), (("agent", "add", "two"), None)):
            code, said = tacit(*words, input=input)
            expect(code == 0, said)
        for agent in ("one", "two"):
            code, said = tacit("token", "issue", "--agent", agent, "-k", "api/key", "--ttl", "1h")
            expect(code == 0, said)
        process = house.keeper
        disk.fill()
        person = house.person()
        for _ in range(400):
            if person.reveal("api/key").status != 200:
                break
        for words in (("token", "revoke", "--all"), ("agent", "revoke", "one")):
            code, said = tacit(*words)
            expect(code == 0, f"{words} on a full disk: {said}")
            expect(person.set("other", b"value").status == 507, f"{words} left room for others")
        code, said = tacit("panic", password=None)
        expect(code == 0 and "Every agent is frozen." in said, said)
        code, said = tacit("lock", password=None)
        expect(code == 0, said)
        code, said = tacit("unlock")
        expect(code == 0 and "agents are frozen" in said, said)
        expect(house.status["keeper_process"] == process, "the keeper crashed")
        disk.free()
        with house.person() as person:
            expect(person.reveal("api/key").body == VALUE.encode(), "with room again")
            states = {item["state"] for item in person.request("GET", "/v1/tokens").json["items"]}
            expect(states == {"revoked"}, states)
            verified = person.json("POST", "/v1/audit/verification", {"trusted_notes": []}).json
            expect(verified["intact"], verified)


@attack("trap 9", "disk.strangers", "stopped", "who fills the disk and comes to a locked vault again and again does not keep its person out, nor use up what is kept for her")
def strangers(context):
    with Disk(context) as disk:
        house = disk.house(context, folders=("data", "state"))
        # It was locked while there was room: nothing lies beside the database, and whoever opens it needs some.
        house.lock()
        place = next(disk.place.rglob("vault.reserve"))
        reserve = place.stat().st_size
        disk.fill()
        for _ in range(20):
            with house.connect() as stranger:
                answer = stranger.request("POST", "/v1/vault", PASSWORD.encode())
                expect(answer.status == 409, f"a vault over the other: {answer}")
            disk.fill()
        left = place.stat().st_size
        expect(reserve > 0 and left == reserve, f"{left} of {reserve} bytes are left")
        done = house.tacit("unlock", password=PASSWORD)
        expect(done.returncode == 0, done.err)
        done = house.tacit("token", "revoke", "--all", password=PASSWORD)
        expect(done.returncode == 0, done.err)


@attack("trap 8", "disk.opened", "stopped", "a release that cannot be written down has not even been opened: its value is nowhere in the keeper's memory")
def nothing_is_opened(context):
    with Disk(context) as disk:
        house = disk.house(context)
        house.lock()
        house.kill_keeper()
        house.start()
        person = house.person()
        process = house.keeper
        disk.fill()
        # What was reserved is used up by listings, which open no value.
        for _ in range(400):
            if person.request("GET", SECRETS).status != 200:
                break
        for name, (status, came) in acts(house, person).items():
            expect(not came and status >= 500, f"{name} on a full disk: {status}")
        left = hunt.in_memory(process, {"value": VALUE})
        expect(not left, f"the keeper opened what it could not write down: {dict(left)}")
        expect(hunt.where(process, str(house.vault_as_known).encode()), "the hunt does not even find the vault's path in the keeper")
        disk.free()
        expect(house.person().reveal("api/key").body == VALUE.encode(), "with room again")


@attack("trap 9", "disk.state", "stopped", "when the state directory is full, who comes to a locked vault is refused with that reason, and the vault stays whole")
def state_directory(context):
    with Disk(context) as disk:
        house = disk.house(context, folders=("state",))
        process = house.keeper
        disk.fill()
        expect(house.person().reveal("api/key").status in (200, 500, 503, 507), "an unlocked vault does not depend on it")
        house.lock()
        with house.connect() as connection:
            answer = connection.reveal("api/key")
            expect(answer.code == "state.unusable", f"who came while locked is not written down, and nobody is told: {answer}")
        expect(house.status["keeper_process"] == process, "the keeper crashed")
        disk.free()
        with house.connect() as connection:
            expect(connection.reveal("api/key").code == "vault.locked", "with room again")
        with house.person() as person:
            expect(person.reveal("api/key").body == VALUE.encode(), "with room again")
            expect(person.json("POST", "/v1/audit/verification", {"trusted_notes": []}).json["intact"], "the log afterwards")


@attack("trap 9", "disk.modes", "stopped", "a store whose permissions were taken away under a locked keeper is refused at unlock, and no value comes out")
def permissions(context):
    house = context.fresh().init()
    with house.person() as person:
        expect(person.set("api/key", VALUE.encode()).status == 201, "set")
    house.lock()
    house.kill_keeper()
    for path, mode in ((house.vault / "vault.db", 0o000), (house.vault, 0o000), (house.vault, 0o500), (house.vault / "vault.db", 0o400)):
        good = path.stat().st_mode & 0o7777
        path.chmod(mode)
        house.start()
        with house.connect() as connection:
            answer = connection.step_up(PASSWORD)
            expect(answer.status >= 400 and connection.reveal("api/key").status >= 400, f"{path.name} {mode:o}: {answer}")
        path.chmod(good)
        house.kill_keeper()
    house.start()
    expect(house.person().reveal("api/key").body == VALUE.encode(), "as it was")
