"""A house whose keeper is a user of its own. What an attack does there is the person's, but for what root's custodian.py does as a service manager would."""

import contextlib
import signal

import custodian
from api import Relay
from house import Gone, House, is_alive, wait_until


class Started:
    """The keeper's process, which is no child of ours."""

    def __init__(self, house, process, before):
        self.pid, self.stderr = process, open(house.place / "told", "rb")
        self.stderr.seek(before)

    def wait(self, seconds=60):
        wait_until(lambda: not is_alive(self.pid), "the keeper is gone", seconds)


class HouseApart(House):
    """The person's home, and a keeper with a vault where the person reads nothing."""

    is_apart = True

    def __init__(self, owner=None, base=None, **options):
        super().__init__(owner, base=base, **options)
        self.number = custodian.ask(custodian.DOOR, "make")
        self.place = custodian.HOUSES / str(self.number)
        kept = self.place / "lib" / str(owner.pw_uid)
        self.vault, self.remembered = kept / "vault", kept / "state"
        self.runtime = self.place / "tacit" / str(owner.pw_uid)
        self.in_front = self.place / "tacit"
        self.folders = {"data": self.vault, "state": self.remembered}

    def warden(self, act, **words):
        return custodian.ask(self.place / "door", act, **words)

    def at_hand(self):
        """A service manager keeps the keeper going; whether it can is the command's to find out."""
        custodian.ask(custodian.DOOR, "front", place=str(self.in_front))
        with contextlib.suppress(AssertionError):
            self.warden("start")

    @property
    def socket(self):
        path = self.runtime / "keeper.sock"
        if not path.exists():
            raise Gone("no socket")
        return str(path)

    @property
    def above_helpers(self):
        return self.warden("process")

    def helpers(self):
        """Those of the keeper and of root's helper, which has one for each run."""
        keeper = self.keeper
        return {name: others for name, found in super().helpers().items() if (others := [process for process in found if process != keeper])}

    @property
    def vault_as_known(self):
        return f"/var/lib/tacit/{self.owner.pw_uid}/vault"

    @contextlib.contextmanager
    def relayed(self):
        """What listens there may be the person's own."""
        usual, self.in_front = self.in_front, self.root / "relayed"
        place = self.in_front / str(self.owner.pw_uid)
        with self.as_owner():
            place.mkdir(parents=True)
            relay = Relay(str(place / "keeper.sock"), self.socket)
        try:
            yield relay
        finally:
            self.in_front = usual

    def strike(self, process, number):
        self.warden("signal", process=process, number=int(number))

    @property
    def kept(self):
        return [self.vault.parent, self.runtime]

    def start(self):
        told = self.place / "told"
        before = told.stat().st_size if told.exists() else 0
        try:
            return Started(self, self.warden("start"), before)
        except AssertionError as error:
            raise Gone(told.read_bytes()[before:] or error) from None

    def kill_keeper(self, number=signal.SIGKILL):
        process = self.keeper
        self.warden("kill", number=int(number))
        return process

    def files(self):
        """Every file below the house, and of its keeper's those that may be seen."""
        below = [path for place in (self.place / "lib", self.runtime) for path in place.rglob("*")]
        return super().files() + [path for path in below if path.is_file() and not path.is_symlink()]

    def close(self):
        self.keepers.clear()
        custodian.ask(custodian.DOOR, "end", number=self.number)
        super().close()
