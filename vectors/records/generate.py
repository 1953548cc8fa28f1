#!/usr/bin/env python3
"""Writes the vectors of docs/SPEC.md section 6, and those of badges, with the second implementation in `vectors/peer`.

Run it in this folder: python3 generate.py. The output is the same at every run.
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from builder import FORMER_KEY, ORGANIZATION, ORGANIZATION_KEY, SECOND, START, Builder, id_of  # noqa: E402
from peer import log, rows, tokens  # noqa: E402
from peer.parts import data, integer, raw, stream, text  # noqa: E402
from peer.sealing import derive, hashed, mac, password_slot, recovery_slot, recovery_text, slot_context, wrap  # noqa: E402
from peer.vault import Vault  # noqa: E402

PASSWORD, PHC = b"CANARY correct horse battery", "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw"
RECOVERY = stream("recovery key of the vault", 32)


def write(name: str, cases: list, **rest) -> None:
    (HERE / f"{name}.json").write_text(json.dumps(rest | {"count": len(cases), "cases": cases}, indent=1, ensure_ascii=False) + "\n")


# --- contents

ASKED = {"createdAt": START, "expiresAt": START + 600 * SECOND, "asker": {
    "agent": id_of("agent"), "name": "claude-code", "reportedModel": None, "user": "ada", "host": "engine", "process": 2, "executable": ""}}
NO_RUN = {"program": None, "arguments": [], "workingDirectory": None, "sandbox": None, "timeLimit": None, "variables": [], "inputHash": None}
METADATA = {"generation": 1, "wrapped": bytes(93).hex(), "sealed": bytes(93).hex()}
ROTATION = {"rotation": "project", "project": id_of("project shop"), "startedAt": START, "total": 1000, "versions": 0, "rows": 0, "pass": 1, "movedInPass": 0,
            "inProject": None, "inEnvironment": None, "behind": None, "key": None, "hasRows": False, "isEnvironmentDone": False, "isAtEnd": False}
EPOCH = {"generation": 1, "first": 0, "end": 12} | {key: stream(f"{key} of an epoch", 32).hex() for key in rows.EPOCH_KEYS} | {
    "signer": log.verifier_key("tacit.local/" + ORGANIZATION, log.public_key(log.signer(stream("signer of an epoch", 32))))}
DESCRIBED = [
    ("vault", "a new vault", {"createdAt": START, "rootGeneration": 1}),
    ("vault", "after rotations", {"createdAt": -1, "rootGeneration": 2**40}),
    ("slot", "a password slot", {"createdAt": START, "rootGeneration": 3, "slot": password_slot(PHC, bytes([1]) * 93).hex()}),
    ("slot", "a recovery slot", {"createdAt": START, "rootGeneration": 1, "slot": recovery_slot(bytes([1]) * 93).hex()}),
    ("sealed-record", "not revoked", {"createdAt": START, "revokedAt": None, "metadata": METADATA}),
    ("sealed-record", "revoked", {"createdAt": START, "revokedAt": START + 1, "metadata": METADATA}),
    ("secret", "in use", {"current": 1, "createdAt": START, "updatedAt": START, "expiresAt": None, "deletedAt": None, "purgeAfter": None,
                          "metadata": METADATA}),
    ("secret", "expiring and deleted", {"current": 9, "createdAt": START, "updatedAt": START + 1, "expiresAt": START + 2, "deletedAt": START + 3,
                                        "purgeAfter": START + 4, "metadata": METADATA}),
    ("name", "a name", {"name": "default"}),
    ("name", "the longest", {"name": "Aa0._-" + "x" * 58}),
    ("agent", "a registered agent", {"name": "claude-code", "badgeHash": stream("hash", 32).hex()}),
    ("agent", "whose badge is of a former key's time", {"name": "claude-code", "badgeHash": stream("hash", 32).hex(), "generation": 3}),
    ("policy", "with its text", {"version": 2, "json": '{"policies":[]}', "text": "policies: []  # niemand\n"}),
    ("policy", "applied as JSON", {"version": 1, "json": '{"policies":[]}', "text": None}),
    ("secret-metadata", "a name alone", {"name": "stripe/api-key", "tags": [], "description": None, "note": None, "url": None}),
    ("secret-metadata", "all parts", {"name": "a/b.c/d_e-F", "tags": ["billing", "live"], "description": "büro", "note": "line one\nline two",
                                      "url": "https://example.com/?a=b"}),
    ("approval", "a run that waits", ASKED | {
        "asker": ASKED["asker"] | {"reportedModel": "claude-code 2.1", "process": 4242, "executable": "/usr/bin/tacit"},
        "use": {"use": "run", "agent": id_of("agent"), "program": {"path": "/usr/bin/curl", "hash": stream("curl", 32).hex(), "notBound": []},
                "arguments": ["curl", "https://example.com/ü", ""], "workingDirectory": {"path": "/srv/shop", "device": 2051, "inode": 2**40 + 1},
                "sandbox": {"required": True, "passesUnscanned": False, "reads": ["/opt/sdk"]}, "timeLimit": 50 * SECOND, "variables": ["STRIPE_API_KEY", "PGUSER"],
                "secrets": [{"secret": id_of("secret api"), "version": 2, "field": 1, "to": "variable", "variable": "STRIPE_API_KEY"},
                            {"secret": id_of("secret database"), "version": 1, "field": 1, "to": "variable", "variable": "PGUSER"}],
                "inputHash": stream("input", 32).hex(), "file": None},
        "names": ["default/dev/stripe/api-key@2", "default/dev/database#user@1"], "purpose": "list invoices", "rule": "live", "state": {"is": "pending"}}),
    ("approval", "a mask that was approved twice", ASKED | {
        "asker": {"agent": None, "name": None, "reportedModel": None, "user": "ada", "host": "engine", "process": 1, "executable": "/bin/sh"},
        "use": NO_RUN | {"use": "mask", "agent": None, "file": None, "secrets": [
            {"secret": id_of("secret api"), "version": 1, "field": 1, "to": "asker", "variable": None}]},
        "names": ["default/dev/stripe/api-key@1"], "purpose": "", "rule": "live", "state": {"is": "approved", "uses": 2, "until": START + 3600 * SECOND}}),
    ("approval", "a script that was denied", ASKED | {
        "use": {"use": "run", "agent": id_of("agent"), "program": {"path": "/usr/bin/sh", "hash": stream("sh", 32).hex(), "notBound": ["scripts"]},
                "arguments": ["sh", "-c", "x"], "workingDirectory": None, "sandbox": None, "timeLimit": SECOND, "variables": ["CERT"],
                "secrets": [{"secret": id_of("secret api"), "version": 2, "field": 1, "to": "file", "variable": "CERT"},
                            {"secret": id_of("secret api"), "version": 1, "field": 1, "to": "input", "variable": None}], "inputHash": None, "file": None},
        "names": ["default/dev/stripe/api-key@2", "default/dev/stripe/api-key@1"], "purpose": "p", "rule": "live",
        "state": {"is": "denied", "at": START + SECOND}}),
    ("approval", "a key in a header, by standard input", ASKED | {
        "use": NO_RUN | {"use": "run", "agent": id_of("agent"), "program": {"path": "/usr/bin/curl", "hash": stream("curl", 32).hex(), "notBound": []},
                         "arguments": ["curl", "-H", "@-", "https://example.com"], "timeLimit": 50 * SECOND,
                         "secrets": [{"secret": id_of("secret api"), "version": 2, "field": 1, "to": "input", "variable": None,
                                      "before": "Authorization: Bearer ", "after": "\nX-Ü: 1\n"}], "file": None},
        "names": ["default/dev/stripe/api-key@2"], "purpose": "list invoices", "rule": "live", "state": {"is": "pending"}}),
    ("approval", "a session file that can be read twice", ASKED | {
        "use": NO_RUN | {"use": "inject", "agent": id_of("agent"), "file": {"format": "dotenv", "reads": 2, "life": 900 * SECOND},
                         "secrets": [{"secret": id_of("secret api"), "version": 2, "field": 1, "to": "variable", "variable": "STRIPE_API_KEY"}]},
        "names": ["default/dev/stripe/api-key@2"], "purpose": "compose", "rule": "live", "state": {"is": "pending"}}),
    ("approval", "a session file for its time", ASKED | {
        "use": NO_RUN | {"use": "inject", "agent": None, "secrets": [], "file": {"format": "json", "reads": None, "life": 60 * SECOND}},
        "names": [], "purpose": "", "rule": "live", "state": {"is": "pending"}}),
    ("approval", "a request through the broker", ASKED | {
        "use": NO_RUN | {"use": "request", "agent": id_of("agent"), "file": None, "inputHash": stream("body", 32).hex(),
                         "request": {"method": "POST", "origin": "https://api.example.com", "target": "/v1/x?a=1",
                                     "fields": [{"name": "Content-Type", "value": "application/json"}, {"name": "X-Ü", "value": ""}]},
                         "secrets": [{"secret": id_of("secret api"), "version": 2, "field": 1, "to": "request", "variable": "header: x-key"}]},
        "names": ["default/dev/stripe/api-key@2"], "purpose": "pay", "rule": "live", "state": {"is": "pending"}}),
    ("approval", "a program's request", ASKED | {
        "use": NO_RUN | {"use": "send", "agent": id_of("agent"), "file": None, "inputHash": stream("body", 32).hex(),
                         "request": {"method": "POST", "origin": "https://api.example.com", "target": "/v1/x?a=1",
                                     "fields": [{"name": "authorization", "value": "Bearer FAKE-TOKEN"}],
                                     "sender": {"door": stream("door", 16).hex(), "headHash": stream("head", 32).hex(), "bodyByteCount": 9}},
                         "secrets": [{"secret": id_of("secret api"), "version": 2, "field": 1, "to": "request", "variable": "bearer"}]},
        "names": ["default/dev/stripe/api-key@2"], "purpose": "", "rule": "live", "state": {"is": "pending"}}),
    ("approval", "a proposal that a person completed", ASKED | {
        "expiresAt": START + 7 * 86400 * SECOND, "proposal": {"scope": "default/dev", "names": ["stripe/api-key"], "capability": "env_inject"},
        "purpose": "billing", "rule": "proposal", "state": {"is": "done", "at": START + SECOND}}),
    ("approval", "another proposal, which names a program", ASKED | {
        "expiresAt": START + 7 * 86400 * SECOND, "proposal": {
            "scope": "default/dev", "names": ["stripe/api-key"], "capability": "env_inject", "program": "/usr/bin/sort"},
        "purpose": "billing", "rule": "proposal", "state": {"is": "pending"}}),
    ("approval", "a proposal to import a file", ASKED | {
        "expiresAt": START + 7 * 86400 * SECOND, "proposal": {"scope": "default/dev", "names": [], "capability": None, "file": "/home/ada/shop/.env"},
        "purpose": "billing", "rule": "proposal", "state": {"is": "pending"}}),
    ("factor", "new", {"key": stream("totp", 20).hex(), "confirmed": False, "lastStep": -1, "failures": 0}),
    ("factor", "in use", {"key": stream("totp", 20).hex(), "confirmed": True, "lastStep": 59_840_000, "failures": 4}),
    ("fuse", "one answer", {"agent": id_of("agent"), "times": [START], "blownAt": None}),
    ("fuse", "blown by a program without a badge", {"agent": None, "times": [START, START + 1, START + 86400 * SECOND], "blownAt": START + 86400 * SECOND}),
    ("grant", "good in every run of an agent", {"agent": id_of("agent"), "run": None, "issuedAt": START, "expiresAt": START + 86400 * SECOND, "revokedAt": None,
                                                "metadata": METADATA}),
    ("grant", "of a run, and revoked", {"agent": id_of("agent"), "run": id_of("run"), "issuedAt": START, "expiresAt": START + 2, "revokedAt": START + 1,
                                        "metadata": METADATA}),
    ("grant-document", "a shape alone", {"shape": "tacit", "field": None, "provider": None}),
    ("grant-document", "all parts", {"shape": "openai-project", "field": "password", "provider": "openai"}),
    ("grant-document", "drawn under a former key", {"shape": "openai-project", "field": None, "provider": "openai", "generation": 2}),
    ("epoch", "the first", EPOCH),
    ("epoch", "a later one", EPOCH | {"generation": 7, "first": 2**40, "end": 2**40 + 1}),
    ("panic", "agents are frozen", {"since": START}),
    ("panic", "one agent is frozen", {"since": START, "agent": id_of("agent")}),
    ("panic", "programs without a badge are frozen", {"since": START, "agent": None}),
    ("anchor", "the smallest", {"size": 1, "prunedAt": START}),
    ("anchor", "a later one", {"size": 2**40, "prunedAt": START + 1}),
    ("rotation", "of a project, just begun", ROTATION),
    ("rotation", "of a project, among its data keys", ROTATION | {
        "versions": 12, "rows": 5, "movedInPass": 29, "inProject": id_of("project shop"), "inEnvironment": id_of("environment dev"),
        "behind": id_of("secret database"), "key": {"secret": id_of("secret api"), "version": 2, "ordinal": 1}, "hasRows": True}),
    ("rotation", "a reseal, at the end of its second pass", ROTATION | {
        "rotation": "reseal", "project": None, "versions": 1000, "rows": 5, "pass": 2, "inProject": id_of("project shop"), "isAtEnd": True}),
    ("manifest", "one field", {"createdAt": START, "fields": [{"name": "value", "kind": "secret", "binding": None}]}),
    ("manifest", "a database", {"createdAt": START, "fields": [
        {"name": "user", "kind": "plain", "binding": "PGUSER"}, {"name": "password", "kind": "secret", "binding": "PGPASSWORD"}]}),
]


def refused_contents() -> list:
    found = []
    for form in rows.FORMS:
        good = next(rows.write(f, d) for f, _, d in DESCRIBED if f == form)
        found += [(form, "no byte at all", b""), (form, "a later format", b"\2" + good[1:]), (form, "the last byte is missing", good[:-1]),
                  (form, "one byte too many", good + b"\0")]
    flagged = rows.write("sealed-record", DESCRIBED[4][2])
    found.append(("sealed-record", "an optional part's flag is 2", flagged[:9] + b"\2" + flagged[10:]))
    found.append(("slot", "a slot of a kind that does not exist", b"\1" + integer(0) + integer(1) + data(b"\1" + text("fingerprint") + data(bytes(93)))))
    for name, reason in (("", "an empty name"), ("a/b", "a name of two segments"), ("x" * 65, "a name of 65 characters"), ("ä", "a letter outside ASCII"),
                         ("..", "a name of dots")):
        found.append(("name", reason, rows.write("name", {"name": name})))
    found.append(("name", "a name that is not UTF-8", b"\1" + data(b"\xff")))
    found.append(("agent", "a name of two segments", rows.write("agent", {"name": "a/b", "badgeHash": ""})))
    for name, reason in (("a//b", "an empty segment"), ("a/../b", "a segment of dots"), ("x" * 257, "a name of 257 characters")):
        found.append(("secret-metadata", reason, rows.write("secret-metadata", {"name": name, "tags": []})))
    found.append(("secret-metadata", "a count of tags larger than the bytes", b"\1" + text("a") + integer(2**62)))
    found.append(("secret-metadata", "a negative count of tags", b"\1" + text("a") + integer(-1) + bytes(3)))
    good = {form: next(rows.write(f, d) for f, _, d in DESCRIBED if f == form) for form in ("approval", "factor")}
    place = good["approval"].index(text("run"))
    changed = lambda name, **parts: next(d for f, n, d in DESCRIBED if f == "approval" and n == name) | parts
    file = rows.write("approval", changed("a session file that can be read twice"))
    header = rows.write("approval", changed("a key in a header, by standard input"))
    sent = rows.write("approval", changed("a program's request"))
    ends = text("Bearer FAKE-TOKEN") + b"\1" + data(stream("door", 16))
    around = text("Authorization: Bearer ") + text("\nX-Ü: 1\n")
    found += [("approval", "a use that does not exist", good["approval"][:place] + text("pry") + good["approval"][place + 7:]),
              ("approval", "a matter that does not exist", good["approval"][:place - 1] + b"\4" + good["approval"][place:]),
              ("approval", "a state that does not exist", good["approval"][:-1] + b"\4"),
              ("approval", "approved, and no budget", good["approval"][:-1] + b"\1"),
              ("approval", "a destination that does not exist", good["approval"].replace(b"\1" + text("STRIPE_API_KEY"), b"\6" + text("STRIPE_API_KEY"))),
              ("approval", "text around a value on standard input, and none of it", header.replace(around, text("") + text(""))),
              ("approval", "text of 1,025 bytes before a value on standard input", header.replace(around, text("x" * 1025) + text(""))),
              ("approval", "a zero byte in the text after a value on standard input", header.replace(around, text("") + text("\0"))),
              ("approval", "a program's request of no program", sent.replace(ends, text("Bearer FAKE-TOKEN") + b"\0")),
              ("approval", "a secret without a name", rows.write("approval", changed("a run that waits", names=["default/dev/stripe/api-key@2"]))),
              ("approval", "a name without a secret", rows.write("approval", changed("a run that waits", names=["a", "b", "c"]))),
              ("approval", "a file of a format that does not exist", file.replace(text("dotenv"), text("script"))),
              ("factor", "a key of 19 bytes", rows.write("factor", {"key": "00" * 19, "confirmed": 0, "lastStep": -1, "failures": 0})),
              ("factor", "confirmed is 2", rows.write("factor", {"key": "00" * 20, "confirmed": 2, "lastStep": -1, "failures": 0})),
              ("factor", "fewer than no failures", rows.write("factor", {"key": "00" * 20, "confirmed": 0, "lastStep": -1, "failures": -1}))]
    found.append(("fuse", "four answers", rows.write("fuse", {"agent": None, "times": [START] * 4, "blownAt": START})))
    found.append(("grant-document", "a field's name of two segments", rows.write("grant-document", {"shape": "tacit", "field": "a/b", "provider": None})))
    rotated = lambda **parts: rows.write("rotation", ROTATION | parts)
    found.append(("anchor", "before any entry", rows.write("anchor", {"size": 0, "prunedAt": START})))
    found += [("rotation", "a kind that does not exist", rotated(rotation="rewind")), ("rotation", "of a project, without one", rotated(project=None)),
              ("rotation", "a reseal of one project", rotated(rotation="reseal")), ("rotation", "no pass at all", rotated(**{"pass": 0})),
              ("rotation", "fewer than no versions", rotated(versions=-1)), ("rotation", "a flag that does not exist", rotated()[:-1] + b"\x08")]
    of_epoch = lambda **parts: rows.write("epoch", EPOCH | parts)
    found += [("epoch", "generation 0", of_epoch(generation=0)), ("epoch", "no entry", of_epoch(end=0)), ("epoch", "a negative index", of_epoch(first=-1)),
              ("epoch", "a key of 31 bytes", of_epoch(seal="00" * 31)), ("epoch", "a verifier key of another form", of_epoch(signer="tacit.local/x"))]
    found.append(("manifest", "a kind that does not exist", b"\1" + integer(0) + integer(1) + text("value") + text("hidden") + b"\0"))
    found.append(("manifest", "a field's name of two segments", b"\1" + integer(0) + integer(1) + text("a/b") + text("plain") + b"\0"))
    return [{"form": form, "name": reason, "expect": "refused", "encoded": content.hex()} for form, reason, content in found]


def shown(form: str, d: dict) -> dict:
    """What follows from a request: its code, and the digest that an approval is good for (§12)."""
    if form != "approval":
        return {}
    digest = {"digest": rows.subject_digest(d["use"]).hex()} if "use" in d else {}
    return {"id": id_of("request"), "code": rows.request_code(id_of("request"), d)} | digest


def contents() -> list:
    return [{"form": form, "name": name, "expect": "reads", "encoded": rows.write(form, d).hex(), "described": d} | shown(form, d)
            for form, name, d in DESCRIBED]


# --- look-ups

LOOKUPS = [
    ("organization", None, "default"), ("project", None, "default"), ("project", None, "Default"), ("agent", None, "default"),
    ("environment", id_of("project shop"), "dev"), ("environment", id_of("project default"), "dev"), ("secret", id_of("environment dev"), "stripe/api-key"),
    ("secret", id_of("environment prod"), "stripe/api-key"), ("secret", id_of("environment dev"), "stripe"), ("policy", None, "version/1"),
    ("policy", None, "version/10"), ("factor", None, "totp"), ("fuse", id_of("secret api"), "unidentified"), ("panic", None, "agents"), ("panic", None, id_of("agent")),
    ("rotation", None, "rotation"), ("epoch", None, "generation/1"), ("anchor", None, "size/4096"),
]


def lookups() -> list:
    return [{"kind": k, "parent": p, "name": n, "lookup": rows.lookup(ORGANIZATION_KEY, k, p, n).hex()} for k, p, n in LOOKUPS]


# --- a whole vault

POLICY = '{"policies":[{"name":"stripe","agent_id":"claude-*","allowed_keys":["stripe/*"],"capabilities":["reference_only","masked_return"]}]}'
POLICY_TEXT = """policies:
  - name: stripe
    agent_id: claude-*
    allowed_keys: [stripe/*]
    capabilities: [reference_only, masked_return]
"""
CANARIES = {name: f"CANARY-{stream(name, 12).hex()}" for name in ("first", "second", "password", "gone", "prod")}
BADGE = rows.badge(id_of("agent"), stream("badge", 32))


def fields(*parts) -> list:
    return [{"name": name, "kind": kind, "binding": binding, "value": value} for name, kind, binding, value in parts]


def slots(build: Builder, revision: int) -> None:
    for label, key, make in (("password slot", hashed(PASSWORD, PHC), lambda w: password_slot(PHC, w)), ("recovery slot", RECOVERY, recovery_slot)):
        wrapped = wrap(key, stream(label, 12), build.root, slot_context(ORGANIZATION, id_of(label)))
        content = rows.write("slot", {"createdAt": START, "rootGeneration": 2, "slot": make(wrapped).hex()})
        build.clear("slot", label, content, revision=revision)


def agents_and_policies(build: Builder) -> None:
    for number, json_text, yaml_text in ((1, '{"policies":[]}', None), (2, POLICY, POLICY_TEXT)):
        build.sealed("policy", id_of(f"policy {number}"), "policy", {"version": number, "json": json_text, "text": yaml_text},
                     name=f"version/{number}", createdAt=build.now)
        build.entry("policy.apply", mode="administer", subjects=[{"version": number, "record": id_of(f"policy {number}")}])
    # The first one's badge is of the former key's time.
    for label, name, shown, revision in (("agent", "claude-code", BADGE, 1), ("revoked agent", "old", rows.badge(id_of("revoked agent"), bytes(32)), 2)):
        hashed_under = {"badgeHash": rows.badge_hash(FORMER_KEY, shown).hex(), "generation": 1} if revision == 1 else {
            "badgeHash": rows.badge_hash(ORGANIZATION_KEY, shown).hex()}
        document = {"name": name} | hashed_under
        revoked = revision > 1
        build.sealed("agent", id_of(label), "agent", document, name=None if revoked else name, revision=revision, createdAt=build.now,
                     revokedAt=build.now + 1 if revoked else None)
    build.entry("agent.add", mode="administer", subjects=[{"record": id_of("agent"), "name": "claude-code"}])


def requests(build: Builder) -> None:
    waiting, done = (next(d for form, name, d in DESCRIBED if form == "approval" and name.startswith(start)) for start in ("a run that waits", "a proposal"))
    for label, document, revision in (("run", waiting, 1), ("proposal", done, 2)):
        build.sealed("approval", id_of(f"request {label}"), "approval", document, name=None, label=label, revision=revision, createdAt=build.now)
    build.entry("approval.request", mode="none", subjects=[{"record": id_of("request run")}])
    factor = next(d for form, name, d in DESCRIBED if (form, name) == ("factor", "in use"))
    build.sealed("factor", id_of("factor"), "factor", factor, name="totp", revision=3, createdAt=build.now)
    build.entry("totp.confirm", mode="administer", subjects=[{"record": id_of("factor")}])


def answers(build: Builder) -> None:
    for label, agent in (("fuse of an agent", id_of("agent")), ("fuse of programs without a badge", None)):
        content = rows.write("fuse", {"agent": agent, "times": [build.now], "blownAt": None})
        build.clear("fuse", label, content, parent=id_of("secret api"), name=agent or "unidentified")
    build.entry("run.end", mode="none", subjects=[{"secret": id_of("secret api")}])


def grants(build: Builder) -> None:
    for label, shape, field, provider, run, revision in (("grant", "github-ghp", None, "github", None, 1), ("grant of a run", "tacit", "password", None, id_of("run"), 2)):
        id = id_of(label)
        # The one that is over was drawn before.
        drawn = {"generation": 1} if revision > 1 else {}
        found_by = tokens.lookup(ORGANIZATION_KEY, tokens.token(FORMER_KEY if drawn else ORGANIZATION_KEY, raw(id), shape)).hex()
        build.sealed("grant", id, "grant-document", {"shape": shape, "field": field, "provider": provider} | drawn, name=None, label=label, revision=revision,
                     parent=id_of("secret database" if field else "secret api"), found_by=found_by, agent=id_of("agent"), run=run, issuedAt=build.now,
                     expiresAt=build.now + 10**6 * SECOND, revokedAt=build.now + 1 if revision > 1 else None)
    build.entry("token.issue", mode="administer", subjects=[{"secret": id_of("secret api")}])
    build.clear("panic", "panic", rows.write("panic", {"since": build.now}), name="agents")
    build.entry("agents.freeze", mode="administer")


def thaw(build: Builder) -> None:
    # An anchor's row is shown, too: this log was never pruned.
    build.clear("anchor", "anchor", rows.write("anchor", {"size": 4096, "prunedAt": build.now}), name="size/4096")
    build.tables["record"] = [row for row in build.tables["record"] if row["kind"] not in ("panic", "anchor")]
    build.entry("agents.thaw", mode="administer")


def secrets(build: Builder, project: str, dev: str, prod: str) -> None:
    api, database, gone, live = (id_of("secret " + label) for label in ("api", "database", "gone", "live"))
    born = build.now
    for number, value in ((1, "first"), (2, "second")):
        build.version(project, dev, api, number, fields(("value", "secret", None, CANARIES[value])))
        document = {"name": "stripe/api-key", "tags": ["billing", "live"] if number == 2 else [], "description": "payments" if number == 2 else None,
                    "note": None, "url": "https://example.com" if number == 2 else None}
        build.sealed("secret", api, "secret-metadata", document, name="stripe/api-key", parent=dev, project=project, revision=number, current=number,
                     createdAt=born, updatedAt=build.now, expiresAt=START + 10**6 * SECOND if number == 2 else None)
        build.entry("secret.set", subjects=[{"project": project, "environment": dev, "secret": api, "version": number, "name": "default/dev/stripe/api-key"}])
    build.version(project, dev, database, 1, fields(("user", "plain", "PGUSER", "ada"), ("password", "secret", "PGPASSWORD", CANARIES["password"])),
                  generation=2, seal_number=2)
    build.sealed("secret", database, "secret-metadata", {"name": "database", "tags": [], "note": "resealed under the second project key"},
                 name="database", parent=dev, project=project, generation=2, current=1, createdAt=build.now, updatedAt=build.now)
    build.version(project, dev, gone, 1, fields(("value", "secret", None, CANARIES["gone"])))
    build.sealed("secret", gone, "secret-metadata", {"name": "gone", "tags": []}, name="gone", parent=dev, project=project, current=1,
                 createdAt=build.now, updatedAt=build.now, deletedAt=build.now, purgeAfter=build.now + 30 * 86400 * SECOND)
    build.version(id_of("project shop"), prod, live, 1, fields(("value", "secret", None, CANARIES["prod"]), ("empty", "secret", None, "")))
    build.sealed("secret", live, "secret-metadata", {"name": "stripe/api-key", "tags": []}, name="stripe/api-key", parent=prod,
                 project=id_of("project shop"), current=1, createdAt=build.now, updatedAt=build.now)
    build.entry("secret.set", subjects=[{"secret": database}, {"secret": gone}, {"secret": live}])


def first_rows(build: Builder) -> None:
    revision = build.generation
    build.clear("vault", "vault", rows.write("vault", {"createdAt": START, "rootGeneration": 2}), revision=revision)
    build.sealed("organization", ORGANIZATION, "name", {"name": "default"}, name="default", revision=revision, createdAt=START)
    slots(build, revision)


def whole_vault() -> tuple[Builder, str]:
    build = Builder()
    first_rows(build)
    build.entry("vault.create")
    build.turn(first_rows)
    project, shop = build.project("default", [1, 2]), build.project("shop", [1])
    dev, prod = build.environment(project, "dev", "dev"), build.environment(shop, "prod", "prod")
    build.environment(project, "staging", "staging", generation=2)
    build.entry("project.create")
    secrets(build, project, dev, prod)
    build.checkpoint()
    agents_and_policies(build)
    requests(build)
    answers(build)
    grants(build)
    thaw(build)
    # A rotation of the first project's key was interrupted: some rows are under the second key, and some under the first.
    build.clear("rotation", "rotation", rows.write("rotation", ROTATION | {"project": project, "startedAt": build.now, "total": 5}), name="rotation")
    build.entry("rotation.begin", mode="administer", subjects=[{"project": project}])
    build.entry("vault.lock", mode="none")
    # With the entry of a lock, a checkpoint (R7.28).
    return build, build.checkpoint()


def heads(build: Builder) -> list:
    """What a machine may remember of the vault, and what follows at unlock."""
    last = build.tables["audit_entry"][-1]
    size, chain = last["position"] + 1, last["chain"]
    earlier = build.tables["audit_entry"][2]["chain"]
    former, newest = (derive(key, "rollback-memory-v1") for key in (FORMER_KEY, ORGANIZATION_KEY))
    head = lambda *parts: rows.remembered_head([newest, former], ORGANIZATION, *parts)
    good = head(size, chain)
    body = text("tacit/v1/remembered-hand") + raw(ORGANIZATION) + integer(size) + data(raw(chain))
    longer = good[:88] + b"\0"
    first = build.tables["audit_entry"][1]["chain"]
    forged = lambda content: content + mac(derive(ORGANIZATION_KEY, "rollback-memory-v1"), content)
    cases = [
        ("the last entry", "opens", good, size, chain), ("an earlier entry", "opens", head(3, earlier), 3, earlier),
        ("one entry more than there are", "older", head(size + 1, chain), size + 1, chain),
        ("another chain value", "older", head(size, earlier), size, earlier),
        ("one flipped bit", "nothing", good[:30] + bytes([good[30] ^ 1]) + good[31:], None, None), ("cut", "nothing", good[:-1], None, None),
        ("no byte at all", "nothing", b"", None, None),
        ("another organization", "nothing", rows.remembered_head([newest, former], id_of("another"), size, chain), None, None),
        ("of the time of the former key", "opens", rows.remembered_head([former], ORGANIZATION, 2, first), 2, first),
        ("by a program that knows a later key", "older", rows.remembered_head([bytes(32), newest, former], ORGANIZATION, size + 9, chain), size + 9, chain),
        ("of other keys alone", "nothing", rows.remembered_head([bytes(32), bytes(32)], ORGANIZATION, size, chain), None, None),
        ("another label", "nothing", forged(body), None, None), ("one byte too many", "nothing", forged(longer), None, None),
    ]
    return [{"name": n, "expect": e, "encoded": b.hex(), "size": s, "chain": c} for n, e, b, s, c in cases]


def badges() -> list:
    agent, secret = id_of("agent"), stream("badge", 32)
    good = [{"text": BADGE, "expect": "reads", "agent": agent, "secret": secret.hex(), "hash": rows.badge_hash(ORGANIZATION_KEY, BADGE).hex()}]
    bad = ["", BADGE + " ", BADGE[:-1], BADGE + "0", BADGE.upper(), BADGE.replace("badge", "token"), BADGE.replace("tacit-badge-", "tacit-badge--"),
           BADGE[:-64] + secret.hex().upper(), BADGE.replace(agent, agent[:-2]), BADGE[:-2] + "g0"]
    return good + [{"text": shown, "expect": "refused"} for shown in bad]


def paths() -> list:
    return [{"vault": path, "id": rows.fingerprint(path)} for path in ("/home/u/.local/share/tacit", "/v", "/srv/büro/tacit")]


build, note = whole_vault()
vault = Vault(build.tables, password=PASSWORD)
GRANTS = [{"id": g["id"], "token": g["token"], "field": g["field"], "revoked": g["revokedAt"] is not None} for g in vault.grants()]
assert vault.frozen() is None and len(GRANTS) == 2
assert vault.organization == ORGANIZATION and Vault(build.tables, recovery=recovery_text(RECOVERY)).key == ORGANIZATION_KEY
values = [{"scope": s["scope"], "name": s["name"], "deleted": s["deletedAt"] is not None, "tags": s["tags"], "description": s["description"],
           "note": s["note"], "url": s["url"], "expiresAt": s["expiresAt"],
           "versions": [[{**f, "value": f["value"].decode()} for f in version] for version in s["versions"]]} for s in vault.secrets()]
write("contents", contents() + refused_contents())
write("lookups", lookups(), organizationKey=ORGANIZATION_KEY.hex())
write("rows", build.cases, organization=ORGANIZATION, organizationKey=ORGANIZATION_KEY.hex(),
      digest=log.digest(derive(ORGANIZATION_KEY, "records-digest-v1"), build.tables["record"]).hex())
write("remembered-heads", heads(build), organization=ORGANIZATION, organizationKey=ORGANIZATION_KEY.hex(), formerKey=FORMER_KEY.hex())
write("badges", badges(), organizationKey=ORGANIZATION_KEY.hex())
write("state-files", paths())
write("vault", values, password=PASSWORD.decode(), recovery=recovery_text(RECOVERY), badge=BADGE, policy=POLICY, policyText=POLICY_TEXT,
      verifierKey=log.verifier_key(vault.origin, vault.public), checkpoint=note, grants=GRANTS, entries=len(build.tables["audit_entry"]), tables=build.tables)
