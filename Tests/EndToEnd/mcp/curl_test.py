"""From `tacit setup` to the invoices: `curl_test.py PATH-TO-TACIT`. A model's host, the starter policy, and the system's curl against a server of its own.

Nothing but what setup wrote and what the tools say is used; the calls are the examples of their words. As root it runs as an ordinary user: a program that its
caller could change is none that the starter policy lists.
"""

import base64
import http.server
import json
import os
import pathlib
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "Tests/Attacks"))
os.environ["TACIT"] = sys.argv[1]
import encodings.utf_16_le  # noqa: E402,F401  (later imports fail: an ordinary user may not read where root's Python lies)

import house  # noqa: E402
import hunt  # noqa: E402,F401
import wire  # noqa: E402
from attack import clean, expect  # noqa: E402

VALUE = house.canary()


class Invoices(http.server.ThreadingHTTPServer):
    """Gives its invoices for the right key alone, and tells back what it got, as a server that is being debugged does."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.seen = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1/invoices"

    def server_bind(self):
        # The usual one asks for the machine's name.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        given = self.headers.get_all("Authorization") or []
        self.server.seen.append((self.command, self.path, given))
        basic = base64.b64encode(f"me:{VALUE}".encode()).decode()
        is_known = given in ([f"Bearer {VALUE}"], [f"Basic {basic}"])
        body = json.dumps({"data": [{"id": "in_1", "total": 4200}] if is_known else [], "your_header": given}).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def tacit(place, *words, **options):
    done = place.tacit(*words, password=house.PASSWORD, **options)
    expect(done.returncode == 0, f"tacit {' '.join(words)}: {done.err}")


def call(host, tool, **arguments):
    result = host.answer_to(host.request("tools/call", {"name": tool, "arguments": arguments}))["result"]
    text = json.loads(result["content"][0]["text"])
    return text["error"] if result.get("isError") else text


def examples(host):
    """The calls of curl that the words of the tools give, as they stand there."""
    tools = host.answer_to(host.request("tools/list"))["result"]["tools"]
    told = next(tool["description"] for tool in tools if tool["name"] == "secret_run")
    argv, secret = re.search(r'argv (\["curl".*?\]) with the secret (\{.*?\})', told).groups()
    yield {"argv": json.loads(argv), "secrets": [json.loads(secret)], "purpose": "list invoices"}
    text = call(host, "secret_status", topic="run")["help"]
    first = json.loads(re.search(r'\{"argv":\["curl".*?"purpose":"[^"]*"\}', text)[0])
    yield first
    words, around = re.search(r'user and password: (.*?) in argv, ("before":.*,"after":"(?:\\.|[^"\\])*")', text).groups()
    before, after = (first["argv"].index("-H"), first["argv"].index("@-"))
    argv = first["argv"][:before] + json.loads(f"[{words}]") + first["argv"][after + 1 :]
    yield first | {"argv": argv, "secrets": [{"name": "stripe/api-key", "as": "stdin"} | json.loads("{" + around + "}")]}


def run(place):
    place.init()
    project = place.root / "home" / "shop"
    (project / ".git").mkdir(parents=True)
    config = place.root / "home" / ".claude.json"
    config.write_text("{}")
    tacit(place, "set", "stripe/api-key", input=VALUE.encode())
    tacit(place, "setup", "claude-code", cwd=project)
    tacit(place, "unlock", "--for", "1h")
    server = json.loads(config.read_text())["mcpServers"]["tacit"]
    with Invoices() as invoices, wire.Host([server["command"], *server["args"]], "2025-11-25", env=place.environment) as host:
        threading.Thread(target=invoices.serve_forever, daemon=True).start()
        expect([secret["name"] for secret in call(host, "secret_list")["secrets"]] == ["stripe/api-key"], "the list")
        wishes = list(examples(host))
        expect(len(wishes) == 3 and any("-K" in wish["argv"] for wish in wishes), wishes)
        for wish in wishes:
            # Another name and another host; the rest is what the model read.
            wish["argv"] = [invoices.url if word.startswith("https://") else word for word in wish["argv"]]
            wish["secrets"][0]["name"] = "stripe/api-key"
            done = call(host, "secret_run", **wish)
            expect(done.get("exit_code") == 0 and '"in_1"' in done["stdout"], (wish, done))
            expect("[REDACTED:stripe/api-key" in done["stdout"] and done["redactions"] >= 1, done)
            expect("before" not in json.dumps(done["secrets_used"]), done)
        basic = base64.b64encode(f"me:{VALUE}".encode()).decode()
        expect([given for _, _, given in invoices.seen] == [[f"Bearer {VALUE}"]] * 2 + [[f"Basic {basic}"]], "what the server got")
        # What the words say of the rest: no text elsewhere, no shell for a real key.
        wish = wishes[1]
        elsewhere = call(host, "secret_run", **(wish | {"secrets": [{"name": "stripe/api-key", "before": "Authorization: Bearer "}]}))
        expect(elsewhere["code"] == "invalid_arguments" and "`before`" in elsewhere["message"], elsewhere)
        shell = call(host, "secret_run", **(wish | {"argv": ["sh", "-c", "curl -H @- " + invoices.url]}))
        expect(shell["code"] == "command_blocked", shell)
        expect(len(invoices.seen) == 3, "nothing else came")
        invoices.shutdown()
        clean(host.heard, VALUE, basic)


def as_ordinary_user(body):
    """Carries out `body` in a kernel session of its own, as nobody where root started it; the exit code."""
    with tempfile.TemporaryDirectory() as place:
        # Where the program was built an ordinary user may have no business.
        os.chmod(place, 0o755)
        program = shutil.copy(house.TACIT, place)
        base = pathlib.Path(place) / "base"
        base.mkdir()
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(base, 65_534, 65_534)
        child = os.fork()
        if child:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        code = 1
        try:
            os.setsid()
            if is_root:
                os.setgroups([])
                os.setgid(65_534)
                os.setuid(65_534)
            house.TACIT = str(program)
            with house.House(base=base) as home:
                body(home)
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


expect(shutil.which("curl", path="/usr/bin") == "/usr/bin/curl", "the starter policy lists /usr/bin/curl")
print(subprocess.run(["/usr/bin/curl", "--version"], capture_output=True, text=True).stdout.split("(")[0].strip())
sys.exit(as_ordinary_user(run))
