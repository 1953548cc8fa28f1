"""A vault, agents, rules and runs whose doors are attacked; the service behind; and the same for the control."""

import base64
import json
import pathlib
import subprocess
import sys
import urllib.parse

from api import secret_path
from house import TACIT, canary, children, process_name, wait_until

from .guesses import WORD
from .hosts import CHANGING, CLOUD, INSIDE, NAMES
from .naive import Naive
from .place import HOST, OTHER_PROVIDER, PROVIDER, Door, Place
from .technique import GROUPS
from .upstream import Upstream

SECRETS = {"TOKEN": "api/key", "ODD": "api/odd", "FORM": "form/key", "MODEL": "model/key", "WORD": "guess/word"}
SAYS = 'for name in "$HTTPS_PROXY" "$TOKEN" "$ODD" "$FORM" "$MODEL" "$WORD"; do printf "%s\\n" "$name"; done; env | tr "\\n" " "; echo; cat'


class Scene:
    """What one file of attacks plays in. `mount` makes a file the machine's hosts file for these processes alone; providers are played at `provider`, which listens."""

    def __init__(self, house, repository, mount, provider):
        sys.path.append(str(repository / "Tests/EndToEnd/broker"))
        import certificates

        self.house, self.runs, self.has_deleted = house, [], False
        folder = house.root / "service"
        folder.mkdir()
        self.upstream = Upstream(folder, certificates, [*NAMES, *INSIDE, *CHANGING, *CLOUD, PROVIDER, OTHER_PROVIDER], provider)
        self.hosts = folder / "hosts"
        self.names = {**{name: ["127.0.0.1"] for name in NAMES}, **{name: [address] for name, address in INSIDE.items()}}
        self.names |= {name: [address] for name, address in CLOUD.items()} | {name: [provider.getsockname()[0]] for name in (PROVIDER, OTHER_PROVIDER)}
        self.resolve("localhost", "127.0.0.1", "::1")
        mount(self.hosts)
        self.values = {"TOKEN": canary("key"), "ODD": canary('odd "<&>\'/+= %~'), "FORM": canary("form"), "MODEL": canary("model"), "WORD": WORD}
        house.init()
        house.unlock()
        with house.person() as person:
            for variable, name in SECRETS.items():
                assert person.set(name, self.values[variable].encode()).status == 201, name
            # Two for each.
            count = sum(technique.spends for group in GROUPS.values() for technique in group)
            spares = [f"spare-{number}" for number in range((count + 1) // 2)]
            for agent in ("claude", "other", "leaver", "guesser", *spares):
                answer = person.json("POST", "/v1/agents", {"name": agent})
                assert answer.status == 201, answer
        self.apply(self.rules)
        agents = {"first": "claude", "second": "claude", "ended": "claude", "other": "other", "leaver": "leaver", "guesser": "guesser", **dict(zip(spares, spares))}
        started = {name: self.run(agent) for name, agent in agents.items()}
        self.doors = {name: self.door(process) for name, process in started.items()}
        self.spares = [self.doors[name] for name in spares * 2]
        # Later ones are not looked for: to find them takes longer than to attack them.
        self.brokers = [process for found in house.helpers().values() for process in found if "broker" in process_name(process)]

    def resolve(self, name, *addresses):
        """Tells the resolver what a name is, from now on."""
        self.names[name] = addresses
        self.hosts.write_text("".join(f"{address} {name}\n" for name, addresses in self.names.items() for address in addresses))
        self.hosts.chmod(0o644)

    @property
    def rules(self):
        port = str(self.upstream.ports["main"])

        def rule(name, paths, keys=("api/*",), **more):
            return {"name": name, "agent_id": "*", "keys": list(keys), "hosts": [HOST], "ports": [port], "methods": ["GET", "POST"], "paths": paths, "own_network": "allow",
                    "authorities": self.upstream.authority, **more}

        return [
            rule("public", ["/v1/public/**", "/v1/one"]), rule("files", ["/v1/files/*/raw"], encoded_slash="allow"), rule("rated", ["/v1/rated"], rate="2/minute"),
            rule("sealing", ["/v1/seal/**"], seal=["token: /token"], seal_into="minted/key", seal_expiry="/expires_in"), rule("minted", ["/v1/minted"], ["minted/*"]),
            rule("streams", ["/v1/public/**"], ports=[str(self.upstream.ports["streams"])]), rule("sockets", ["/v1/public/socket-*"], websocket="allow"),
            rule("reading", ["/v1/read/**"], methods=["GET", "HEAD"]), rule("asking", ["/v1/asked"], operations=["query viewer"]),
            rule("form", ["/v1/form"], ["form/*"], places=["form: key"]),
            rule("provider", ["/v1/models", "/v1/chat/**", "/v1/realtime/**"], ["model/*"], hosts=[PROVIDER], ports=["443"]), rule("cloud", ["/v1/public/**"], hosts=[*CLOUD]),
            rule("words", ["/v1/public/guess-*"], ["guess/*"]), rule("inside", ["/v1/public/**"], hosts=[*INSIDE, *CHANGING], own_network="deny"),
            rule("untrusted", ["/v1/public/**"], ports=[str(self.upstream.ports["stranger"]), str(self.upstream.ports["name"]), "1"]),
        ]

    def apply(self, rules):
        policies = [{"name": "all", "agent_id": "*", "allowed_keys": ["api/*", "form/*", "minted/*", "model/*", "guess/*"], "capabilities": ["broker"]}]
        with self.house.person() as person:
            answer = person.json("PUT", "/v1/policy", {"document": json.dumps({"policies": policies, "request_rules": rules})})
            assert answer.status == 200, answer

    def run(self, agent):
        """A run that goes on until its input ends."""
        keys = [word for variable, name in SECRETS.items() for word in ("-k", f"{name}={variable}")]
        return self.house.popen([TACIT, "run", "--agent", agent, "--show-tokens", "--password-fd", "{password}", *keys, "--", "/bin/sh", "-c", SAYS],
                                password=self.house.password, stdin=subprocess.PIPE)

    @staticmethod
    def door(process):
        """What a run's program was given."""
        proxy, *tokens, environment = [process.stdout.readline().decode().rstrip("\n") for _ in range(len(SECRETS) + 2)]
        assert proxy, process.stderr.read()
        url = urllib.parse.urlsplit(proxy)
        credential = base64.b64encode(urllib.parse.unquote(f"{url.username}:{url.password}").encode()).decode()
        door = Door(url.port, credential, dict(zip(SECRETS, tokens)))
        door.environment, door.process = environment.encode(), process
        return door

    def end(self, door):
        door.process.stdin.close()
        door.process.wait(30)

    def revoke(self, agent):
        with self.house.person() as person:
            assert person.request("DELETE", f"/v1/agents/{agent}").status < 300, agent

    def revoke_sealed(self):
        """Revokes the tokens of what was sealed."""
        with self.house.person() as person:
            tokens = person.request("GET", "/v1/tokens").json["items"]
            ids = [token["id"] for token in tokens if "minted/key" in token["secret"] and token["state"] == "live"]
            assert person.json("POST", "/v1/tokens/revocation", {"ids": ids}).json == {"tokens": len(ids)} != {"tokens": 0}, ids

    def delete_sealed(self):
        with self.house.person() as person:
            assert person.request("DELETE", secret_path("minted/key")).status < 300, "delete"
        self.has_deleted = True

    def restore_sealed(self):
        if self.has_deleted:
            with self.house.person() as person:
                assert person.request("POST", secret_path("minted/key") + "/undelete").status < 300, "undelete"
        self.has_deleted = False

    def outlive_sealed(self):
        """Waits until what was sealed is over."""
        with self.house.person() as person:
            wait_until(lambda: person.reveal("minted/key").code == "secret.expired", "it is over")

    def place(self, is_naive):
        return NaivePlace(self) if is_naive else BrokerPlace(self)

    def close(self):
        for door in self.doors.values():
            door.process.kill()
            door.process.wait()


class BrokerPlace(Place):
    """At the doors of runs."""

    def __init__(self, scene):
        super().__init__(scene.upstream, scene.doors["first"], scene.values, scene.doors)
        self.scene, self.resolve = scene, scene.resolve
        self.changes = {
            "policy": lambda: scene.apply([]), "run": lambda: scene.end(scene.doors["ended"]), "agent": lambda: (scene.apply(scene.rules), scene.revoke("leaver")),
            "sealed token": scene.revoke_sealed, "sealed secret": scene.delete_sealed, "sealed expiry": scene.outlive_sealed,
            "lock": lambda: wait_until(lambda: scene.house.lock().status < 300 and scene.house.status["state"] != "unlocked", "it is locked"),
        }

    def empty(self):
        self.scene.restore_sealed()

    def environment(self):
        return self.door.environment

    def processes(self):
        found, pending = [], [self.door.process.pid]
        while pending:
            found.append(pending.pop())
            pending += children(found[-1])
        return found

    def renew(self):
        """The run of an agent to whom nothing was answered yet."""
        self.door = self.scene.spares.pop()
        self.tokens = [token.encode() for token in self.door.tokens.values()]

    def memory(self):
        """The most that any broker has had."""
        files = [pathlib.Path(f"/proc/{process}/status") for process in self.scene.brokers]
        lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
        return max(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))

    def log(self):
        return self.scene.house.tacit("audit", "list", "--limit", "1000", "--json", password=self.scene.house.password).out

    def files(self):
        return b"\n".join(path.read_bytes() for path in self.scene.house.files() if "service" not in path.parts)


class NaivePlace(Place):
    """At the control, which knows every token of every run, and nothing of runs."""

    def __init__(self, scene):
        tokens = {token.encode(): scene.values[name].encode() for door in scene.doors.values() for name, token in door.tokens.items()}
        if not hasattr(scene, "naive"):
            scene.naive = Naive(scene.upstream, tokens, [b"v1/public", b"v1/one", b"v1/files", b"v1/form", b"v1/rated", b"v1/seal", b"v1/minted", b"v1/models", b"v1/chat", b"v1/realtime", b"v1/read", b"v1/asked"])
        doors = {name: Door(scene.naive.port, door.credential, door.tokens) for name, door in scene.doors.items()}
        super().__init__(scene.upstream, doors["first"], scene.values, doors)
        self.resolve = scene.resolve
        self.changes = dict.fromkeys(("policy", "run", "agent", "lock", "sealed token", "sealed secret", "sealed expiry"), lambda: None)
        self.environment = self.log = self.files = bytes
        self.memory, self.processes, self.renew = int, list, lambda: None
