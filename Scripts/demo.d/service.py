"""A service on this machine over TLS, under an authority of its own, that shows who asked: what the demo's broker sends the real value to."""

import http.server
import ssl
import subprocess
import threading


class Service:
    def __init__(self, folder):
        folder.mkdir()
        for words in [
            "ecparam -name prime256v1 -genkey -noout -out ca.key",
            "req -x509 -new -key ca.key -subj /CN=demo -days 2 -out ca.pem",
            "req -newkey rsa:2048 -nodes -keyout leaf.key -subj /CN=localhost -out leaf.csr",
            "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out leaf.pem",
        ]:
            (folder / "names").write_text("subjectAltName=DNS:localhost\n")
            subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
        self.authority = (folder / "ca.pem").read_text()
        self.seen = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                credential = self.headers.get("Authorization", "")
                service.seen.append((self.path, credential))
                body = f"you are logged in with {credential.removeprefix('Bearer ')}\n".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
