"""Requests through the broker, beside the same requests made directly, through nginx and through mitmproxy."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import time

from ground import PASSWORD, median
from table import Row

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "Tests" / "EndToEnd" / "broker"))
import certificates  # noqa: E402

VALUE = "ghp_measuredmeasuredmeasuredmeasured0000"
CONNECTIONS = [1, 16, 64]
ROUNDS = 3
SIZE = 1 << 30

ADDON = f"""
def request(flow):
    flow.request.headers["Authorization"] = "Bearer {VALUE}"
"""


def broker(ground):
    """requests through the broker, beside nginx and mitmproxy"""
    folder = ground.folder / "broker"
    folder.mkdir()
    certificates.authority(folder, "authority")
    certificates.leaf(folder, "authority", "service", ["localhost"])
    with contextlib.ExitStack() as ends:
        def begin(way):
            ends.callback(way.close)
            return way

        port = begin(Service(ground, folder)).port
        directly = {"SSL_CERT_FILE": str(folder / "authority.pem"), "TOKEN": VALUE}
        return Comparison(ground, {
            "direct": begin(Shell(folder, directly, f"localhost:{port}")), "nginx": begin(Nginx(ground, folder, port)),
            "mitmproxy": begin(Mitmproxy(ground, folder, port)), "Tacit": begin(Broker(ground, folder, port)),
        }).rows()


class Comparison:
    """Every measurement in rounds, each of which takes all the ways in turn."""

    def __init__(self, ground, ways):
        self.program = ground.programs["wire"]
        self.ways = ways
        self.figures = {}
        for _ in range(ROUNDS):
            for connections in CONNECTIONS:
                self.measure(f"requests {connections}", "requests", connections, 3)
            self.measure("connections", "connections", 8, 2)
            self.measure("events", "events", 250)
            for kind in ("download", "upload"):
                self.measure(kind, kind, SIZE, left_out={"mitmproxy"})

    def measure(self, label, kind, *words, left_out=frozenset()):
        for name, way in self.ways.items():
            if name in left_out:
                continue
            before = way.processor_time()
            result = way.ask(" ".join(map(str, [self.program, kind, way.place, *words])))
            result["cpu"] = {part: spent - before.get(part, 0) for part, spent in way.processor_time().items()}
            self.figures.setdefault((label, name), []).append(result)

    def figure(self, label, name, of):
        return median([of(result) for result in self.figures[label, name]])

    def rows(self):
        rows = []
        for connections in CONNECTIONS:
            label = f"requests {connections}"
            words = f"at {connections} connection" + ("s" if connections > 1 else "")
            for key, target in (("p50_us", 200 if connections == 1 else None), ("p99_us", 600 if connections == 1 else None)):
                base = self.figure(label, "direct", lambda result: result[key])
                added = {name: self.figure(label, name, lambda result: result[key]) - base for name in self.ways}
                kind = key.partition("_")[0]
                rows.append(Row("h", f"1 KB {words}, {kind} that the broker adds to {base:.0f} µs", added["Tacit"], "µs", target=target))
                rows += [Row("h", f"… {name}", added[name], "µs", ratio=added["Tacit"] / added[name]) for name in ("nginx", "mitmproxy")]
            rows += self.compare("… requests", label, "/s", lambda result: result["count"] / result["seconds"])
            cpu = self.compare("… processor time of a request", label, "µs", lambda result: sum(result["cpu"].values()) / result["count"] * 1e6)
            alone = self.figure(label, "Tacit", lambda result: result["cpu"]["broker"] / result["count"] * 1e6)
            cpu.insert(1, Row("h", "… … of it the broker's, the rest the keeper's", alone, "µs", target=80 if connections == 16 else None))
            rows += cpu
        rows += self.compare("new connections, each with a request", "connections", "/s", lambda result: result["count"] / result["seconds"], 1500)
        base = self.figure("events", "direct", lambda result: result["p50_us"])
        rows.append(Row("h", f"an event, p50 (directly {base:.0f} µs)", self.figure("events", "Tacit", lambda result: result["p50_us"]), "µs", target=150))
        rows += [Row("h", f"… {name}", self.figure("events", name, lambda result: result["p50_us"]), "µs") for name in ("nginx", "mitmproxy")]
        for kind in ("download", "upload"):
            rows += self.compare(f"{kind} of 1 GiB", kind, "MB/s", lambda result: result["bytes"] / 1e6 / result["seconds"], 500)
        idle, peak = self.ways["Tacit"].memory
        return rows + [
            Row("h", "memory of the broker before its first request", idle, "MiB", target=30),
            Row("h", "… the most it had", peak(), "MiB", target=64),
        ]

    def compare(self, what, label, unit, of, target=None):
        ours = self.figure(label, "Tacit", of)
        others = [name for name in self.ways if name != "Tacit" and (label, name) in self.figures]
        others = [name for name in others if name != "direct" or unit != "µs"]
        rows = [Row("h", what, ours, unit, target=target, at_least=True)]
        return rows + [Row("h", f"… … {name}", (theirs := self.figure(label, name, of)), unit, ratio=ours / theirs if theirs else None) for name in others]


class Shell:
    """A shell that runs one measurement after the other, and the processes whose time it takes."""

    LOOP = "while read -r line; do $line || echo '{\"failed\": true}'; done"

    def __init__(self, folder, environment, place, words=("sh", "-c", LOOP), processes=None):
        self.place = place
        self.processes = processes or {}
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | environment
        reading, writing = os.pipe()
        os.write(writing, PASSWORD)
        os.close(writing)
        os.dup2(reading, 3)
        try:
            self.process = subprocess.Popen(
                list(map(str, words)), env=kept, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True, pass_fds=[3]
            )
        finally:
            os.close(3)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        result = json.loads(line) if line else {"failed": True}
        if result.get("failed"):
            raise SystemExit(f"benchmark: error: {command} failed")
        return result

    def processor_time(self):
        """Seconds by process, those of its children that have ended and those that live with them."""
        return {name: sum(map(seconds, processes)) for name, processes in self.processes.items()}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Service:
    """What is asked."""

    def __init__(self, ground, folder):
        words = [ground.programs["wire"], "serve", folder / "service.pem", folder / "service.key", f"Bearer {VALUE}"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.wait()


class Nginx(Shell):
    """A reverse proxy that adds the header."""

    def __init__(self, ground, folder, upstream):
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") or missing("nginx", "apt-get install nginx-light")
        port = free_port()
        (folder / "nginx.conf").write_text(textwrap.dedent(f"""\
            daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 2;
            events {{ worker_connections 1024; }}
            http {{
                access_log off; keepalive_requests 10000000; client_max_body_size 0;
                client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2; fastcgi_temp_path {folder}/n3; uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
                upstream service {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 10000000; }}
                server {{
                    listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/service.pem; ssl_certificate_key {folder}/service.key;
                    location / {{
                        proxy_pass https://service; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host localhost:{upstream};
                        proxy_set_header Authorization "Bearer {VALUE}"; proxy_request_buffering off; proxy_buffering off;
                        proxy_ssl_verify on; proxy_ssl_trusted_certificate {folder}/authority.pem; proxy_ssl_name localhost; proxy_ssl_server_name on;
                    }}
                }}
            }}
        """))
        self.server = subprocess.Popen([program, "-c", folder / "nginx.conf", "-e", folder / "nginx.log"])
        wait_for(port, self.server)
        super().__init__(folder, {"SSL_CERT_FILE": str(folder / "authority.pem"), "TOKEN": "fake"}, f"localhost:{port}", processes={"nginx": below(self.server.pid)})

    def close(self):
        super().close()
        self.server.terminate()
        self.server.wait()


class Mitmproxy(Shell):
    """A proxy that opens TLS, with an addon of one line."""

    def __init__(self, ground, folder, upstream):
        program = root / ".cache" / "python" / "mitmproxy" / "bin" / "mitmdump"
        if not program.exists():
            missing("mitmproxy", "Scripts/bootstrap --with-yardsticks")
        port = free_port()
        (folder / "addon.py").write_text(ADDON)
        words = [program, "-q", "--listen-host", "127.0.0.1", "-p", port, "-s", folder / "addon.py", "--set", f"confdir={folder}/mitm",
                 "--set", f"ssl_verify_upstream_trusted_ca={folder}/authority.pem", "--set", "stream_large_bodies=1m"]
        self.server = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL)
        wait_for(port, self.server)
        environment = {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "SSL_CERT_FILE": f"{folder}/mitm/mitmproxy-ca-cert.pem", "TOKEN": "fake"}
        super().__init__(folder, environment, f"localhost:{upstream}", processes={"mitmproxy": [self.server.pid]})

    def close(self):
        super().close()
        self.server.terminate()
        self.server.wait()


class Broker(Shell):
    """A person's run for an agent: its program holds a fake token, and asks through the door."""

    def __init__(self, ground, folder, upstream):
        authority = textwrap.indent((folder / "authority.pem").read_text(), "      ")
        policy = folder / "policy.yaml"
        policy.write_text(
            "policies:\n"
            "  - {name: wire, agent_id: wire, environments: [default/wire], allowed_keys: [\"api\"], capabilities: [broker]}\n"
            "request_rules:\n"
            "  - name: requests\n    agent_id: wire\n    environments: [default/wire]\n    keys: [api]\n    hosts: [localhost]\n"
            f"    ports: [{upstream}]\n    methods: [GET, POST]\n    paths: [\"/**\"]\n    own_network: allow\n    authorities: |\n{authority}"
        )
        ground.tacit("env", "create", "wire")
        value = folder / "value"
        value.write_text(VALUE)
        ground.tacit("set", "api", "-e", "wire", "--file", str(value))
        ground.tacit("agent", "add", "wire")
        ground.tacit("policy", "apply", str(policy))
        tacit = ground.programs["tacit"]
        run = [tacit, "run", "--agent", "wire", "--show-tokens", "-e", "wire", "-k", "api=TOKEN", "--", "sh", "-c", self.LOOP]
        # A run wants a session that was unlocked: the shell's.
        words = ["sh", "-c", f'{tacit} unlock --password-fd 3 >/dev/null 3<&3 && exec "$@" 3<&-', "sh", *run]
        super().__init__(folder, ground.environment, f"localhost:{upstream}", words)
        self.ask("echo {}")
        keeper = json.loads(ground.run([tacit, "status", "--json"]))["keeper_process"]
        [broker] = [process for process in below(keeper) if "__broker" in command(process)]
        self.processes = {"broker": [broker], "keeper": [keeper]}
        self.memory = (size(broker, "VmRSS"), lambda: size(broker, "VmHWM"))


def seconds(process):
    """Processor time of a process so far."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size(process, name):
    return int(re.search(rf"{name}:\s+(\d+)", pathlib.Path(f"/proc/{process}/status").read_text()).group(1)) / 1024


def command(process):
    return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")


def below(process):
    """All descendants of a process."""
    children = [int(word) for file in pathlib.Path(f"/proc/{process}/task").glob("*/children") for word in file.read_text().split()]
    return children + [each for child in children for each in below(child)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            raise SystemExit(f"benchmark: error: {process.args[0]} ended with {process.returncode}")
        time.sleep(0.05)


def missing(name, command):
    raise SystemExit(f"benchmark: error: {name} is not here\nbenchmark: hint: {command}")
