"""A service on this machine that gives out credentials: a stand-in for GitHub Apps, for a cloud's sessions and for an OAuth server."""

import json
import secrets
import threading
import urllib.parse

from tls_service import QuietHandler, TLSService


class Minting(TLSService):
    def __init__(self, folder, app_key):
        super().__init__(folder)
        self.lock = threading.Lock()
        self.app_key = app_key
        # Each credential that it gave, in order, and what reached it.
        self.given, self.received = [], []
        # What is good now by OAuth; a refresh token is good for one use.
        self.access, self.refresh, self.client_secret = "", "", ""
        self.renewals = 0
        service = self

        class Handler(QuietHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                credential = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                with service.lock:
                    service.received.append((self.command, self.path, credential, body))
                place = self.path.partition("?")[0]
                if place.startswith("/repos/"):
                    return self.say({"full_name": "a/b", "shown": credential}, 200 if credential in service.given else 401)
                if place == "/oauth/token":
                    form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
                    good = {"grant_type": "refresh_token", "refresh_token": service.refresh, "client_id": "tacit", "client_secret": service.client_secret}
                    if form != good:
                        return self.say({"error": "invalid_grant"}, 400)
                    service.renewals += 1
                    service.access, service.refresh = self.give("at_"), self.give("rt_")
                    return self.say({"access_token": service.access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": service.refresh}, 200)
                if place.startswith("/api/"):
                    good = credential == service.access
                    return self.say({"me": credential, "sent": body} if good else {"error": "invalid_token"}, 200 if good else 401)
                if place == "/shown":
                    return self.say({"all": service.given, "one": " ".join(service.given)}, 200)
                if credential != service.app_key:
                    return self.say({"message": "Bad credentials"}, 401)
                if place == "/app/installations/7/access_tokens":
                    token = self.give("ghs_")
                    return self.say({"token": token, "expires_at": "2099-01-01T00:00:00Z", "permissions": {"contents": "read"}, "copy": [token]}, 201)
                if place == "/sts":
                    key, secret, session = self.give("ASIA", 10), self.give(""), self.give("FwoG")
                    made = {"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": session, "Expiration": 4070908800}
                    return self.say({"AssumeRoleResponse": {"Credentials": made}}, 200)
                if place == "/twice":
                    token = self.give("ghs_")
                    return self.send(f'{{"token":"{token}","token":"{token}","expires_at":1}}'.encode(), 201)
                self.say({}, 404)

            def give(self, prefix, count=20):
                value = f"{prefix}CANARY{secrets.token_hex(count)}"
                with service.lock:
                    service.given.append(value)
                return value

            def say(self, answer, status):
                self.send(json.dumps(answer).encode(), status)

            def send(self, body, status):
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("ETag", '"1"')
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

        self.serve(Handler)

    def taken(self):
        """What reached it since this was last asked."""
        with self.lock:
            received, self.received[:] = list(self.received), []
        return received
