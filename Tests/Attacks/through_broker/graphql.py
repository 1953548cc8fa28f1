"""Writes under rules that list reading alone, and what no rule lists asked of GraphQL. Nothing of these may reach the service: the rules list other things at these paths."""

import json

from .technique import Attempt

G = "method"
READ, ASKED = "/v1/read/graphql", "/v1/asked"
QUERY, MUTATION = "{ viewer { login } }", "mutation { deleteAll }"


def reading(name, what, path, **more):
    Attempt(G, name, what, lambda place: place.ask(path, **more))


reading("read-graphql-get", "a mutation of GraphQL by a GET, where a rule lists reading", f"{READ}?query=mutation%7BdeleteAll%7D")
reading("read-graphql-get-body", "the same in the body of a GET", READ, body='{"query":"mutation { deleteAll }"}')
reading("read-graphql-case", "the same at `GraphQL.json/`", "/v1/read/GraphQL.json/?query=mutation%7BdeleteAll%7D")
reading("read-graphql-post", "the same by a POST, where a rule lists reading", READ, method="POST", body='{"query":"mutation { deleteAll }"}')
reading("read-batch", "a batch by a GET, where a rule lists reading", "/v1/read/$batch?requests=%5B%7B%22method%22%3A%22DELETE%22%7D%5D")
reading("read-rpc", "a procedure that is called by a GET, where a rule lists reading", "/v1/read/jsonrpc?method=deleteAll")


def asked(name, what, body, *fields, path=ASKED, method="POST", kind="Content-Type: application/json"):
    """Asked of GraphQL, where a rule lets `query viewer` go alone."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    Attempt(G, f"graphql-{name}", f"{what}, where a rule lets one query go", lambda place: place.ask(path, *([kind] if kind else []), *fields, method=method, body=text))


asked("mutation", "a mutation", {"query": MUTATION})
asked("two-operations", "two operations, of which the second is named", {"query": f"query A {QUERY} {MUTATION.replace('mutation', 'mutation B')}", "operationName": "B"})
asked("two-first", "two operations, of which the first is named", {"query": f"query A {QUERY} {MUTATION.replace('mutation', 'mutation B')}", "operationName": "A"})
asked("alias", "another field under the name of the listed one", {"query": "{ viewer: secrets { value } }"})
asked("second-field", "another field beside the listed one", {"query": "{ viewer { login } secrets { value } }"})
asked("fragment", "another field in a fragment at the root", {"query": "{ viewer { login } ...F } fragment F on Query { secrets }"})
asked("inline", "another field in an inline fragment at the root", {"query": "{ viewer { login } ... on Query @include(if: true) { secrets } }"})
asked("batch", "an array of requests", [{"query": QUERY}, {"query": MUTATION}])
asked("array", "an array of one request", [{"query": QUERY}])
asked("member-twice", "a document twice in JSON", '{"query":"%s","query":"%s"}' % (QUERY, MUTATION))
asked("member-case", "another document under `Query`", {"query": QUERY, "Query": MUTATION})
asked("address", "another document in the address", {"query": QUERY}, path=f"{ASKED}?query=mutation%7BdeleteAll%7D")
asked("stored", "a document that the service has stored, by its name", {"id": "deleteAll"})
asked("stored-beside", "a document that the service has stored, beside the listed query", {"query": QUERY, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}})
asked("block", "a mutation behind what older readers take for the end of a block string", {"query": '{ viewer(a: """x" } mutation { deleteAll(b: """) { login } }'})
asked("comment", "a mutation behind a line end that some readers know in a comment", {"query": QUERY + "#\u2028" + MUTATION})
asked("comment-return", "a mutation behind a carriage return in a comment", {"query": QUERY + "#\r" + MUTATION})
asked("escaped", "a mutation in escapes of JSON", '{"query":"' + "".join(f"\\u{ord(letter):04x}" for letter in MUTATION) + '"}')
asked("unicode", "a field in letters that some readers fold", {"query": "{ viewer { login } \u017fecrets }"})
asked("shorthand-fragment", "a fragment of another field before the listed query", {"query": f"fragment F on Query {{ secrets }} {QUERY} query B {{ ...F }}"})
asked("text", "the listed query as a text of no type", {"query": QUERY}, kind="Content-Type: text/plain")
asked("form", "a mutation in a form", "query=mutation%7BdeleteAll%7D", kind="Content-Type: application/x-www-form-urlencoded")
asked("document", "a mutation as the whole body", MUTATION, kind="Content-Type: application/graphql")
asked("multipart", "a mutation as an upload", '--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"mutation { deleteAll }"}\r\n--b--\r\n', kind="Content-Type: multipart/form-data; boundary=b")
asked("utf-16", "a mutation in another character set", json.dumps({"query": MUTATION}).encode("utf-16"), kind="Content-Type: application/json; charset=utf-16")
asked("type-twice", "a mutation of two types", {"query": MUTATION}, "Content-Type: application/json")
asked("packed", "bytes that say that they are packed", {"query": QUERY}, "Content-Encoding: deflate")
asked("get", "a mutation by a GET", "", path=f"{ASKED}?query=mutation%7BdeleteAll%7D", method="GET", kind=None)
asked("get-twice", "two documents in the address", "", path=f"{ASKED}?query=%7Bviewer%7D&query=mutation%7BdeleteAll%7D", method="GET", kind=None)
asked("get-semicolon", "a second document behind a semicolon", "", path=f"{ASKED}?query=%7Bviewer%7D;query=mutation%7BdeleteAll%7D", method="GET", kind=None)
asked("get-body", "the listed query in the address, a mutation in the body", {"query": MUTATION}, path=f"{ASKED}?query=%7Bviewer%7D", method="GET")
asked("long", "a document behind a megabyte of blanks", '{"query":"' + QUERY + '",' + " " * (1 << 20) + '"variables":null}')
asked("nothing", "nothing", "", kind=None)
