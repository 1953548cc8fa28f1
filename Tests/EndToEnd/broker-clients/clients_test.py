"""Programs that people have, given a fake token: each works, its service gets the value, and what comes back has the token in its place. `clients_test.py PATH-TO-TACIT`."""

import base64
import os
import pathlib
import shutil
import subprocess
import sys
import textwrap
import traceback

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "broker"), str(here.parent / "sessions")]
from person import Person
from stand_in import NOISE, TABLE, WORDS, StandIn, source, tarball

PROGRAM = sys.argv[1]
# Of the kinds that providers give out: some clients look at the beginning.
VALUES = {
    "CODE_TOKEN": ("code/token", "ghp_" + "CANARY" + os.urandom(15).hex()),
    "OPENAI_API_KEY": ("openai/key", "sk-proj-CANARY" + os.urandom(24).hex()),
    "ANTHROPIC_API_KEY": ("anthropic/key", "sk-ant-api03-CANARY" + os.urandom(24).hex()),
}
RULE = """\
  - name: {name}
    agent_id: claude
    keys: ["{keys}"]
    hosts: [localhost]
    ports: [{port}]
    methods: [GET, HEAD, POST, PUT]
    paths: {paths}
    places: {places}
    own_network: allow
    authorities: |
"""


class Scene:
    # What the service is, which tokens its programs get, and of each rule its name, its keys, paths and places.
    stand_in = StandIn
    VARIABLES = list(VALUES)
    RULES = [
        ("code", "code/*", '["/git/**", "/simple/**", "/npm/**", "/echo/**", "/pods/**"]', "[bearer, basic]"),
        ("sockets", "code/*", '["/socket/**"]', "[bearer]\n    websocket: allow"),
        ("openai", "openai/*", '["/openai/**"]', "[bearer]"),
        ("anthropic", "anthropic/*", '["/anthropic/**"]', '["header: x-api-key", bearer]'),
    ]

    def __init__(self):
        self.person = Person(PROGRAM)
        self.home = self.person.home
        self.service = self.stand_in(self.home / "service", [value for _, value in VALUES.values()])
        self.url, self.port = self.service.url, self.service.port
        rules = "".join(
            RULE.format(name=name, keys=keys, port=self.port, paths=paths, places=places) + textwrap.indent(self.service.authority, "      ")
            for name, keys, paths, places in self.RULES)
        policy = "policies:\n  - name: claude\n    agent_id: claude\n    allowed_keys: [\"**\"]\n    capabilities: [broker]\nrequest_rules:\n" + rules
        (self.home / "policy.yaml").write_text(policy)
        for variable in self.VARIABLES:
            self.person.set(*VALUES[variable])
        self.person.tacit("agent", "add", "claude")
        self.person.tacit("policy", "apply", "policy.yaml")
        self.person.tacit("unlock")

    def run(self, *words, code=0):
        """A program of a run for the agent. It has tokens, and what it prints has no value."""
        keys = [word for variable in self.VARIABLES for word in ("-k", f"{VALUES[variable][0]}={variable}")]
        # The services are on this machine, which proxies are not asked for otherwise.
        through = ["env", "-u", "NO_PROXY", "-u", "no_proxy", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_CACHE_DIR=1", "GIT_TERMINAL_PROMPT=0"]
        done = self.person.tacit("run", "--agent", "claude", "--show-tokens", *keys, "--", *through, *words, code=None)
        assert done.returncode == code, (words, done.returncode, done.out, done.err, [(each[0], each[1]) for each in self.service.taken()])
        for _, value in VALUES.values():
            assert value.encode() not in done.out + done.err, done.out
        return done.out.decode()

    def shell(self, script, code=0):
        return self.run("sh", "-ec", script, code=code)

    def python(self, script):
        """A program of Python, under the environment that has the clients."""
        file = self.home / "client.py"
        file.write_text(textwrap.dedent(script).replace("URL", self.url))
        return self.run(sys.executable, str(file))

    def shown(self, path=""):
        """The credentials that came for a path."""
        return {headers.get("Authorization") or headers.get("x-api-key") for _, place, headers, _ in self.service.taken() if place.startswith(path)} - {None}

    def close(self):
        self.service.close()
        self.person.close()


CODE = VALUES["CODE_TOKEN"][1]


def basic(user):
    return "Basic " + base64.b64encode(f"{user}:{CODE}".encode()).decode()


def git_clones_and_pushes(scene):
    """By the protocol that code hosts speak, with so many branches that git packs its question."""
    git = lambda *words, cwd=scene.home: subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, env={**scene.person.environment, "GIT_CONFIG_GLOBAL": "/dev/null"})
    place = scene.service.folder / "git"
    place.mkdir()
    git("init", "-q", "--bare", "-b", "main", str(place / "app.git"))
    git("init", "-q", "-b", "main", str(scene.home / "source"))
    name = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for number in range(30):
        (scene.home / "source" / "README").write_text(f"version {number}\n" * 50)
        git("add", "README", cwd=scene.home / "source")
        git(*name, "commit", "-qm", f"{number}", cwd=scene.home / "source")
        git("branch", f"b{number}", cwd=scene.home / "source")
    git("push", "-q", str(place / "app.git"), "--all", cwd=scene.home / "source")
    scene.service.taken()
    # A helper of one's own, as hosts suggest it: the token is in no address, and so in no configuration.
    helper = "!f() { echo username=x; echo \"password=$CODE_TOKEN\"; }; f"
    scene.shell(f"""
        git -c credential.helper= -c credential.helper='{helper}' clone -q {scene.url}/git/app.git clone
        cd clone
        echo more >> README
        git -c user.name=t -c user.email=t@example.invalid commit -qam more
        head -c 3000000 /dev/urandom > large
        git add large
        git -c user.name=t -c user.email=t@example.invalid commit -qam large
        git -c credential.helper= -c credential.helper='{helper}' push -q origin main
        """)
    assert scene.shown("/git/") == {basic("x")}
    pushed = git("log", "--format=%s", "-2", "main", cwd=place / "app.git").stdout
    assert pushed == b"large\nmore\n", pushed


def pip_installs(scene):
    """From an index that asks for a user and a password, one package from its source, with packed files in it, the other from a wheel: a zip file, whose entries are searched."""
    scene.shell(f'"{sys.executable}" -m pip install -q --no-deps --target found --index-url "https://x:$CODE_TOKEN@localhost:{scene.port}/simple/" greeting==1.0 parting==1.0')
    assert (scene.home / "found" / "greeting.py").exists()
    assert (scene.home / "found" / "parting" / "noise.bin").read_bytes() == NOISE
    name = "greeting-1.0.tar.gz"
    scene.shell(f'curl -sSf -u "x:$CODE_TOKEN" -o {name} "https://localhost:{scene.port}/simple/greeting/{name}"')
    assert len(source()) > 2 << 20 and (scene.home / name).read_bytes() == source()
    assert scene.shown("/simple/") == {basic("x")}


def npm_installs(scene):
    (scene.home / "project").mkdir()
    (scene.home / "project" / "package.json").write_text('{"name": "x", "version": "1.0.0"}')
    (scene.home / "project" / ".npmrc").write_text(
        f"registry={scene.url}/npm/\n//localhost:{scene.port}/npm/:_authToken=${{CODE_TOKEN}}\nupdate-notifier=false\naudit=false\nfund=false\n")
    scene.shell("cd project && npm install --silent greeting")
    assert (scene.home / "project/node_modules/greeting/index.js").exists()
    assert len(tarball()) > 5 << 20 and (scene.home / "project/node_modules/greeting/table.txt").read_bytes() == TABLE
    assert scene.shown("/npm/") == {f"Bearer {CODE}"}


def curl_sends_forms_and_files(scene):
    (scene.home / "file").write_bytes(os.urandom(200_000))
    printed = scene.shell(f"""
        curl -sS -i -H "Authorization: Bearer $CODE_TOKEN" -F note=hello -F file=@file {scene.url}/echo/form
        curl -sS -H "Authorization: Bearer $CODE_TOKEN" -T file {scene.url}/echo/file
        cat file | curl -sS -H "Authorization: Bearer $CODE_TOKEN" -T - {scene.url}/echo/stream
        curl -sS --http1.0 -H "Authorization: Bearer $CODE_TOKEN" {scene.url}/echo/old
        curl -sS --compressed -u "x:$CODE_TOKEN" {scene.url}/echo/packed
        echo
        echo "$CODE_TOKEN"
        """)
    token = printed.splitlines()[-1]
    assert f"x-echo: {token}" in printed.replace("X-Echo", "x-echo") and printed.count(f'"authorization": "Bearer {token}"') == 4 and printed.count('"size": 200000') == 2, printed
    received = scene.service.taken()
    assert [method for method, *_ in received] == ["POST", "PUT", "PUT", "GET", "GET"], received
    assert b'name="note"\r\n\r\nhello' in received[0][3] and [len(body) for *_, body in received[1:3]] == [200_000] * 2
    assert {headers["Authorization"] for _, _, headers, _ in received} == {f"Bearer {CODE}", basic("x")}


def requests_and_aiohttp(scene):
    printed = scene.python("""
        import asyncio, os, aiohttp, requests
        token = os.environ["CODE_TOKEN"]
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            for number in range(3):
                reply = session.post("URL/echo/requests", json={"n": number})
                assert reply.json()["authorization"] == f"Bearer {token}" and reply.headers["X-Echo"] == token, reply.text
            assert requests.get("URL/echo/requests", auth=("x", token)).status_code == 200
            assert session.get("URL/elsewhere").headers["Tacit-Denied"] == "destination_not_allowed"

        async def main():
            async with aiohttp.ClientSession(trust_env=True, headers={"Authorization": f"Bearer {token}"}) as session:
                replies = await asyncio.gather(*(session.get(f"URL/echo/aiohttp/{number}") for number in range(8)))
                for reply in replies:
                    assert (await reply.json())["authorization"] == f"Bearer {token}"
        asyncio.run(main())
        print("used")
        """)
    assert printed == "used\n", printed
    assert scene.shown("/echo/") == {f"Bearer {CODE}", basic("x")}


def web_sockets(scene):
    """Both clients offer to pack what they send, which nobody agrees to."""
    printed = scene.python("""
        import asyncio, json, os, aiohttp
        from websockets.exceptions import ConnectionClosed, InvalidStatus
        from websockets.sync.client import connect
        token = os.environ["CODE_TOKEN"]
        url, headers = "URL/socket/room".replace("https:", "wss:"), {"Authorization": f"Bearer {token}"}
        with connect(url, additional_headers=headers) as socket:
            assert socket.recv() == f"you are {token}" and not socket.protocol.extensions
            for said in ["hello", "", bytes(300_000)]:
                socket.send(said)
                assert socket.recv() == said
            socket.send(["in ", "many ", "pieces"])
            assert socket.recv() == "in many pieces"
            assert socket.ping().wait(20)
        with connect(url, additional_headers=headers) as socket:
            socket.recv()
            socket.send(f"my token is {token}")
            try:
                raise AssertionError(socket.recv())
            except ConnectionClosed as end:
                assert (end.rcvd.code, end.rcvd.reason) == (1008, "broker.token-misplaced"), end

        try:
            raise AssertionError(connect("URL/pods/exec".replace("https:", "wss:"), additional_headers=headers))
        except InvalidStatus as refused:
            answer = json.loads(refused.response.body)
            assert answer["code"] == "destination_not_allowed" and "`websocket: allow`" in answer["detail"], answer

        async def main():
            async with aiohttp.ClientSession(trust_env=True, headers=headers) as session:
                for room in [url, "URL/socket/room"]:
                    async with session.ws_connect(room, compress=15) as socket:
                        assert await socket.receive_str() == f"you are {token}" and not socket.compress
                        await socket.send_str("hello")
                        assert await socket.receive_str() == "hello"
        asyncio.run(main())
        print("used")
        """)
    assert printed == "used\n", printed
    assert not any(path.startswith("/pods/") for _, path, *_ in scene.service.received)
    heard = [body for _, path, _, body in scene.service.received if path == "/socket/room/heard"]
    assert not any(b"my token" in body for body in heard) and b"hello" in heard, heard[:3]
    assert scene.shown("/socket/") == {f"Bearer {CODE}"}


def openai_answers(scene):
    printed = scene.python(f"""
        import openai, os
        client = openai.OpenAI(base_url="URL/openai/v1", max_retries=0)
        said = [{{"role": "user", "content": "hello"}}]
        answer = client.chat.completions.create(model="a-model", messages=said)
        assert answer.choices[0].message.content == "your key is " + os.environ["OPENAI_API_KEY"], answer
        stream = client.chat.completions.create(model="a-model", messages=said, stream=True)
        words = [chunk.choices[0].delta.content for chunk in stream]
        assert words == ["", *(word + " " for word in {WORDS}), os.environ["OPENAI_API_KEY"]], words
        print("used")
        """)
    assert printed == "used\n", printed
    assert scene.shown("/openai/") == {f"Bearer {VALUES['OPENAI_API_KEY'][1]}"}


def anthropic_answers(scene):
    printed = scene.python(f"""
        import anthropic, os
        client = anthropic.Anthropic(base_url="URL/anthropic", max_retries=0)
        said = [{{"role": "user", "content": "hello"}}]
        answer = client.messages.create(model="a-model", max_tokens=10, messages=said)
        assert answer.content[0].text == "your key is " + os.environ["ANTHROPIC_API_KEY"], answer
        with client.messages.stream(model="a-model", max_tokens=10, messages=said) as stream:
            words = list(stream.text_stream)
        assert words == [*(word + " " for word in {WORDS}), os.environ["ANTHROPIC_API_KEY"]], words
        print("used")
        """)
    assert printed == "used\n", printed
    assert scene.shown("/anthropic/") == {f"Bearer {VALUES['ANTHROPIC_API_KEY'][1]}"}


def node_asks(scene):
    """Through a tunnel that the program opens itself, as programs for any version of Node do."""
    script = scene.home / "client.mjs"
    script.write_text(textwrap.dedent("""
        import http from "node:http"
        import https from "node:https"
        const token = process.env.CODE_TOKEN, url = new URL("URL/echo/node"), proxy = new URL(process.env.HTTPS_PROXY)
        const credential = Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString("base64")
        const asked = http.request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: url.host, headers: { Host: url.host, "Proxy-Authorization": `Basic ${credential}` } })
        asked.on("connect", (_, socket) => {
          https.get(url, { socket, agent: false, headers: { Authorization: `Bearer ${token}` } }, async (reply) => {
            let text = ""
            for await (const piece of reply) text += piece
            console.log(JSON.parse(text).authorization === `Bearer ${token}` ? "used" : text)
            process.exit(0)
          })
        })
        asked.end()
        """).replace("URL/", f"{scene.url}/"))
    assert scene.run("node", str(script)) == "used\n"
    assert scene.shown("/echo/") == {f"Bearer {CODE}"}


def nothing_is_left(scene):
    """No client has written a value anywhere."""
    for path in scene.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            for _, value in VALUES.values():
                assert value.encode() not in data, path


def play(scene, tests):
    """Takes tests through a scene, each with the program that it needs, and looks for the values when they are done."""
    failed = []
    try:
        for test, needed in [*tests, (nothing_is_left, None)]:
            if needed and not shutil.which(needed):
                print("skipped", test.__name__, f"[there is no {needed}]")
                continue
            try:
                test(scene)
                print("ok   ", test.__name__, flush=True)
            except AssertionError:
                failed.append(test.__name__)
                traceback.print_exc()
                print("FAIL ", test.__name__, flush=True)
    finally:
        scene.close()
    sys.exit(bool(failed))


if __name__ == "__main__":
    play(Scene(), [
        (git_clones_and_pushes, "git"), (pip_installs, None), (npm_installs, "npm"), (curl_sends_forms_and_files, "curl"), (requests_and_aiohttp, None), (web_sockets, None),
        (openai_answers, None), (anthropic_answers, None), (node_asks, "node"),
    ])
