"""A service on this machine over TLS, under an authority of its own; what it answers is said by who makes one."""

import http.server
import pathlib
import ssl
import threading

import certificates


class QuietHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class TLSService:
    def __init__(self, folder, hosts=("localhost",)):
        """Makes the folder, the authority and the certificate of its hosts."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        certificates.authority(self.folder, "ca")
        certificates.leaf(self.folder, "ca", "leaf", list(hosts))

    def serve(self, handler, at=("127.0.0.1", 0)):
        """Answers on a free port, unless there is another, until it is closed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "leaf.pem", self.folder / "leaf.key")
        self.server = http.server.ThreadingHTTPServer(at, handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def authority(self):
        return (self.folder / "ca.pem").read_text()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
