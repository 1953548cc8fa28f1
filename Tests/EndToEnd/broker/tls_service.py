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
    def __init__(self, folder):
        """Makes the folder, the authority and the certificate of `localhost`."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        certificates.authority(self.folder, "ca")
        certificates.leaf(self.folder, "ca", "leaf", ["localhost"])

    def serve(self, handler):
        """Answers on a free port until it is closed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "leaf.pem", self.folder / "leaf.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
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
