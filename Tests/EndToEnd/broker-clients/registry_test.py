"""Images by the protocol of registries (OCI distribution, and the tokens that Docker's give out), where the program has nothing but fake tokens: the one that it logs in with, and those
that the registry's own tokens become on their way. `registry_test.py PATH-TO-TACIT`."""

import hashlib
import json
import os
import queue
import sys
import textwrap
import urllib.parse

import clients_test
from clients_test import CODE, basic
from stand_in import StandIn, packed

LAYER = packed([("etc/motd", "hello\n" * 2000)])
CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
OCI = "application/vnd.oci.image"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


MANIFEST = json.dumps({
    "schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", "config": {"mediaType": f"{OCI}.config.v1+json", "digest": digest(CONFIG), "size": len(CONFIG)},
    "layers": [{"mediaType": f"{OCI}.layer.v1.tar+gzip", "digest": digest(LAYER), "size": len(LAYER)}]}).encode()
INDEX = json.dumps({"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": [
    {"mediaType": f"{OCI}.manifest.v1+json", "digest": digest(MANIFEST), "size": len(MANIFEST), "platform": {"architecture": "amd64", "os": "linux"}}]}).encode()


class Store(StandIn):
    """Where the registry keeps blobs: it knows nobody, and believes an address that the registry signed."""

    def answer(self, request):
        self.received.append((request.command, request.path, request.headers, self.body(request)))
        path, _, query = request.path.partition("?")
        content = {digest(data): data for data in (LAYER, CONFIG)}.get(path.rpartition("/")[2])
        good = content and "signature" in query and "Authorization" not in request.headers
        self.send(request, content if good else b"", {"Content-Type": "application/octet-stream"}, 200 if good else 400)


class Registry(StandIn):
    """Gives out tokens by Basic, each for a scope, and serves who shows one."""

    def __init__(self, folder, values):
        self.minted, self.blobs, self.manifests = {}, {}, {"latest": INDEX, digest(MANIFEST): MANIFEST}
        self.uploads, self.gives_others = queue.Queue(), False
        super().__init__(folder, values)
        self.store = Store(folder.parent / "store", values)

    def close(self):
        self.store.close()
        super().close()

    def answer(self, request):
        body, (path, _, query) = self.body(request), request.path.partition("?")
        self.received.append((request.command, path, request.headers, body))
        asked = dict(urllib.parse.parse_qsl(query))
        if path == "/token":
            if self.credential(request.headers) not in self.values:
                return self.json(request, {"details": "incorrect username or password"}, 401)
            token, other = (f"CANARYminted{os.urandom(30).hex()}" for _ in range(2))
            self.minted[token] = self.minted[other] = asked["scope"]
            # By both names, as Docker's own does: older clients look at one, newer ones at the other.
            return self.json(request, {
                "token": token, "access_token": other if self.gives_others else token, "expires_in": 300, "issued_at": "2026-11-29T00:00:00Z"})
        scope = self.minted.get(self.credential(request.headers), "")
        needed = "pull" if request.command in ("GET", "HEAD") else "push"
        if needed not in scope:
            challenge = f'Bearer realm="{self.url}/token",service="here",scope="repository:app:{needed}"'
            return self.send(request, b"", {"Www-Authenticate": challenge, "Docker-Distribution-Api-Version": "registry/2.0"}, 401)
        self.registry(request, path, asked, body)

    def registry(self, request, path, asked, body):
        kind, name = path.split("/")[3:5]
        if request.command in ("GET", "HEAD") and kind == "manifests":
            content = self.manifests[name]
            return self.send(request, content, {"Content-Type": json.loads(content)["mediaType"], "Docker-Content-Digest": digest(content)})
        if request.command == "GET":
            return self.send(request, b"", {"Location": f"{self.store.url}/{name}?signature=of-a-minute"}, 307)
        if request.command == "HEAD":
            return self.send(request, b"", {"Docker-Content-Digest": name}, 200 if name in self.blobs else 404)
        if request.command == "POST":
            if "mount" in asked:
                return self.send(request, b"", {"Location": f"{self.url}/v2/app/blobs/{asked['mount']}"}, 201)
            return self.send(request, b"", {"Location": f"{self.url}/v2/app/blobs/uploads/u1?state=0", "Range": "0-0"}, 202)
        if request.command == "PATCH":
            self.uploads.put(body)
            return self.send(request, b"", {"Location": f"{self.url}/v2/app/blobs/uploads/u1?state=1", "Range": f"0-{len(body) - 1}"}, 202)
        if kind == "manifests":
            self.manifests[name] = body
            return self.send(request, b"", {"Docker-Content-Digest": digest(body)}, 201)
        content = self.uploads.get(timeout=20) + body
        good = digest(content) == asked["digest"]
        self.blobs[asked["digest"]] = content
        self.send(request, b"", {"Docker-Content-Digest": digest(content)}, 201 if good else 400)


class Scene(clients_test.Scene):
    stand_in = Registry
    VARIABLES = ["CODE_TOKEN"]
    RULES = [
        ("a token", "code/*", "[/token]", "[basic]\n    seal: [/token]\n    seal_into: registry/token"),
        ("images", "registry/*", '["/v2/**"]', "[bearer]"),
    ]

    def __init__(self):
        super().__init__()
        policy = self.home / "policy.yaml"
        store = self.service.store
        blobs = f"  - name: blobs\n    agent_id: claude\n    hosts: [localhost]\n    ports: [{store.port}]\n    paths: [/*]\n    own_network: allow\n    authorities: |\n"
        policy.write_text(policy.read_text().replace("methods: [GET, HEAD, POST, PUT]", "methods: [GET, HEAD, POST, PUT, PATCH]") + blobs + textwrap.indent(store.authority, "      "))
        self.person.tacit("policy", "apply", "policy.yaml")


# What a client does first: it is refused, told where tokens are given out, and gets one for the scope that it was told.
LOGIN = """
    token() {
        curl -sS -o /dev/null -D challenge "$@"
        grep -iq '^HTTP/[12.]* 401' challenge
        realm=$(sed -n 's/.*realm="\\([^"]*\\)".*/\\1/p' challenge) scope=$(sed -n 's/.*scope="\\([^"]*\\)".*/\\1/p' challenge)
        curl -sS -G -u "x:$CODE_TOKEN" --data-urlencode service=here --data-urlencode "scope=$scope" "$realm" > answer
        python3 -c 'import json; answer = json.load(open("answer")); print(answer[FIELD])'
    }
    """


def shell(scene, script, field="token"):
    script = (textwrap.dedent(LOGIN) + textwrap.dedent(script)).replace("FIELD", f'"{field}"').replace("URL", f"{scene.url}/v2/app")
    printed = scene.shell(f"cd {scene.home}; {script}")
    everything = printed + (scene.home / "answer").read_text()
    assert scene.service.minted and not any(token in everything for token in scene.service.minted), everything
    return printed


def images_are_pulled(scene):
    """From the index to the layer, which lies at another host, to which no credential goes."""
    for field in ["token", "access_token"]:
        shell(scene, f"""
            minted=$(token URL/manifests/latest)
            get() {{ curl -sS -f -L -H "Authorization: Bearer $minted" -H 'Accept: {OCI}.index.v1+json, {OCI}.manifest.v1+json' "$@"; }}
            get -I URL/manifests/latest | grep -iq '^docker-content-digest: {digest(INDEX)}'
            get URL/manifests/latest > index
            get "URL/manifests/$(sed 's/.*"digest": "\\([^"]*\\)".*/\\1/' index)" > manifest
            get URL/blobs/{digest(CONFIG)} > config
            get URL/blobs/{digest(LAYER)} > layer
            """, field)
        for name, content in [("index", INDEX), ("manifest", MANIFEST), ("config", CONFIG), ("layer", LAYER)]:
            assert (scene.home / name).read_bytes() == content, name
        token = next(iter(scene.service.minted))
        received = scene.service.taken()
        shown = [(method, path, headers.get("Authorization")) for method, path, headers, _ in received]
        assert shown[:2] == [("GET", "/v2/app/manifests/latest", None), ("GET", "/token", basic("x"))], shown
        assert {authorization for _, _, authorization in shown[2:]} == {f"Bearer {token}"} and len(shown) == 7, shown
        fetched = scene.service.store.taken()
        assert len(fetched) == 2 and not any("Authorization" in headers for _, _, headers, _ in fetched)
        scene.service.minted.clear()


def images_are_pushed(scene):
    """A blob in pieces, another from elsewhere, then what names both."""
    (scene.home / "blob").write_bytes(LAYER)
    (scene.home / "pushed").write_bytes(MANIFEST)
    shell(scene, f"""
        minted=$(token -X POST URL/blobs/uploads/)
        send() {{ curl -sS -f -D head -o /dev/null -H "Authorization: Bearer $minted" "$@"; }}
        location() {{ sed -n 's/^[Ll]ocation: \\(.*\\).$/\\1/p' head; }}
        send -X POST URL/blobs/uploads/
        send -X PATCH -H 'Content-Type: application/octet-stream' --data-binary @blob "$(location)"
        send -X PUT -H 'Content-Type: application/octet-stream' "$(location)&digest={digest(LAYER)}"
        send -X POST 'URL/blobs/uploads/?mount={digest(CONFIG)}&from=base'
        send -X PUT -H 'Content-Type: {OCI}.manifest.v1+json' --data-binary @pushed URL/manifests/mine
        """)
    assert scene.service.blobs == {digest(LAYER): LAYER} and scene.service.manifests["mine"] == MANIFEST
    assert [method for method, *_ in scene.service.taken()] == ["POST", "GET", "POST", "PATCH", "PUT", "POST", "PUT"]


def other_credentials_end_the_reply(scene):
    """One pointer is enough where both names have the same token; where they do not, the agent would see the other, and gets neither."""
    scene.service.minted.clear()
    scene.service.gives_others = True
    printed = scene.shell(f"curl -sS -i -u \"x:$CODE_TOKEN\" '{scene.url}/token?service=here&scope=repository:app:pull'")
    assert "broker.reply-unsealed" in printed and "access_token" not in printed.replace('"next_step"', ""), printed
    assert len(scene.service.minted) == 2 and not any(token in printed for token in scene.service.minted), printed


if __name__ == "__main__":
    clients_test.play(Scene(), [(images_are_pulled, "curl"), (images_are_pushed, "curl"), (other_credentials_end_the_reply, "curl")])
