"""Another method than the rules list, and fields that change what a request asks for."""

from .technique import Attempt, sent

G = "method"


def lines(*fields, method="GET", target="/v1/public/x"):
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: <authority>", "Authorization: Bearer <TOKEN>", *fields, "Connection: close", "", ""])


for _method in ("DELETE", "PUT", "PATCH"):
    Attempt(G, _method.lower(), f"{_method}, which no rule lists", lambda place, method=_method: place.ask("/v1/public/x", method=method), own=True)
sent(G, "lower", "a method in small letters", lines(method="delete"), own=True)
sent(G, "connect", "CONNECT inside the tunnel", lines(method="CONNECT", target="evil.example:443"), own=True)
sent(G, "trace", "TRACE, which sends back what it was sent", lines(method="TRACE"), own=True)
sent(G, "options", "OPTIONS of the whole service", lines(method="OPTIONS", target="*"), own=True)
for _name, _field in [
    ("override", "X-HTTP-Method-Override: DELETE"), ("override-short", "X-HTTP-Method: DELETE"), ("override-other", "X-Method-Override: DELETE"),
    ("override-underscore", "X_HTTP_METHOD_OVERRIDE: DELETE"), ("override-mixed", "X-HTTP_Method-Override: DELETE"), ("override-case", "x-http-method-OVERRIDE: delete"),
    ("override-dot", "X.HTTP.Method.Override: DELETE"),
]:
    sent(G, _name, f"`{_field.partition(':')[0]}`", lines(_field, method="POST"))
sent(G, "override-line-feed", "the same behind a bare line feed", lines("X: y\nX-HTTP-Method-Override: DELETE", method="POST"))
sent(G, "override-return", "the same behind a bare carriage return", lines("X: y\rX-HTTP-Method-Override: DELETE", method="POST"))
sent(G, "override-folded", "the same on a folded line", lines("X: y", "\tX-HTTP-Method-Override: DELETE", "X-HTTP-Method-Override: DELETE", method="POST"))
sent(G, "override-connection", "the same, named by Connection", lines("Connection: X-HTTP-Method-Override", "X-HTTP-Method-Override: DELETE", method="POST"))
for _name, _query in [("query", "_method=DELETE"), ("query-encoded", "%5fmethod=DELETE"), ("query-list", "_method[]=DELETE"), ("query-semicolon", "a=b;_method=DELETE"),
                      ("query-http", "_HttpMethod=DELETE"), ("query-case", "_METHOD=delete")]:
    sent(G, _name, f"`{_query}` in the query", lines(method="POST", target=f"/v1/public/x?{_query}"))
for _name, _type, _body, _what in [
    ("form", "Content-Type: application/x-www-form-urlencoded", "a=b&_method=DELETE", "a form"),
    ("form-untyped", "X: y", "_method=DELETE", "a body without a type"),
    ("form-second", "Content-Type: text/plain\r\nContent-Type: application/x-www-form-urlencoded", "_method=DELETE", "a body of two types"),
    ("form-charset", "Content-Type: application/x-www-form-urlencoded; charset=utf-16", "_method=DELETE", "a form of another character set"),
    ("multipart", "Content-Type: multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--\r\n', "a part of a form"),
    ("json", "Content-Type: application/json", '{"_method": "DELETE"}', "JSON"),
]:
    Attempt(G, _name, f"`_method` in {_what}", lambda place, kind=_type, body=_body: place.ask("/v1/public/x", kind, method="POST", body=body))
for _name in ("X-Original-URL", "X-Rewrite-URL", "X_Original_URL", "X-Original-URI", "X-Envoy-Original-Path", "X-Forwarded-Uri"):
    sent(G, _name.lower().replace("_", "-u-"), f"another path in `{_name}`", lines(f"{_name}: /v1/admin"))
sent(G, "rewrite-line-feed", "another path in a field behind a bare line feed", lines("X: y\nX-Rewrite-URL: /v1/admin"))
sent(G, "rewrite-return", "another path in a field behind a bare carriage return", lines("X: y\rX-Rewrite-URL: /v1/admin"))
sent(G, "rewrite-target", "a field behind a line feed in the request line", lines(target="/v1/public/x\nX-Rewrite-URL:/v1/admin"))
sent(G, "rewrite-name", "a field behind a line feed in a field's name", lines("X\nX-Rewrite-URL: /v1/admin"))
sent(G, "rewrite-latin", "a field behind a character that ends lines in Latin-1", lines("X: y").replace("X: y", "X: y\x85X-Rewrite-URL: /v1/admin").encode("latin-1"), own=True)
