#!/usr/bin/env python3
"""Records views.json and rules.json: what goes into a redactor and what must come out. Python's own encoders write the spellings."""
import base64
import binascii
import json
import pathlib
import urllib.parse

HERE = pathlib.Path(__file__).parent
KEY = "CANARY-key_4f~/+? é\"\\end"
RAW = KEY.encode()
PEM = "-----BEGIN PRIVATE KEY-----\nCANARYMIIEvQIBADANBgkqhkiG9w0\nCANARYshort\n-----END PRIVATE KEY-----\n"


def case(title, needles, text, output, counts, **more):
    def member(value):
        return {"text": value} if isinstance(value, str) else {"base64": base64.b64encode(value).decode()}

    return {
        "title": title, "needles": [{"name": name, **member(value)} for name, value in needles],
        "input": member(text), "output": member(output), "counts": counts, **more}


def key(title, spelling, view, **more):
    """The key in one spelling, between words that are no part of it."""
    shown = "[REDACTED:KEY]" if view == "raw" else f"[REDACTED:KEY:{view}]"
    if isinstance(spelling, bytes):
        return case(title, [("KEY", RAW)], b"v=" + spelling + b";", b"v=" + shown.encode() + b";", {f"KEY:{view}": 1}, **more)
    return case(title, [("KEY", KEY)], f"v={spelling};", f"v={shown};", {f"KEY:{view}": 1}, **more)


def wrapped(text, column, end):
    return end.join(text[i:i + column] for i in range(0, len(text), column))


def views():
    yield key("as it is", KEY, "raw")
    yield key("as it is, in bytes that are no text", RAW, "raw")
    standard, url = base64.b64encode(RAW).decode(), base64.urlsafe_b64encode(RAW).decode()
    yield key("base64", standard, "base64")
    yield key("base64 without padding", standard.rstrip("="), "base64")
    yield key("base64url", url, "base64")
    yield key("base64url without padding", url.rstrip("="), "base64")
    yield key("base64 with slashes escaped for JSON", standard.replace("/", "\\/"), "base64")
    yield key("base64 in a query", urllib.parse.quote(standard, safe=""), "base64")
    for column in (1, 2, 3, 4, 5, 7, 19, 64, 76):
        yield key(f"base64 wrapped at {column} by LF", wrapped(standard, column, "\n"), "base64")
    for column in (1, 4, 76):
        yield key(f"base64 wrapped at {column} by CR LF", wrapped(standard, column, "\r\n"), "base64")
        yield key(f"base64 wrapped at {column} inside a JSON string", wrapped(standard, column, "\\n"), "base64")
    yield key("base64 wrapped and indented", wrapped(standard, 20, "\n      "), "base64")
    yield key("hex", RAW.hex(), "hex")
    yield key("hex in capitals", RAW.hex().upper(), "hex")
    for separator, name in ((" ", "spaces"), (":", "colons"), ("-", "hyphens"), (", ", "commas")):
        yield key(f"hex with {name}", binascii.hexlify(RAW, "~").decode().replace("~", separator), "hex")
    yield key("hex with 0x", ", ".join(f"0x{byte:02x}" for byte in RAW), "hex")
    yield key("hex with backslash x", "".join(f"\\x{byte:02X}" for byte in RAW), "escape")
    yield key("hex wrapped at 60", wrapped((RAW * 2).hex(), 60, "\n")[:len(RAW.hex())], "hex")
    yield key("hex wrapped at 7", wrapped(RAW.hex(), 7, "\n"), "hex")
    yield key("hex in pairs of bytes", " ".join(RAW.hex()[i:i + 4] for i in range(0, len(RAW.hex()), 4)), "hex")
    yield key("percent-encoding of what needs it", urllib.parse.quote(KEY), "percent")
    yield key("percent-encoding of all but the unreserved", urllib.parse.quote(KEY, safe=""), "percent")
    yield key("percent-encoding in small letters", urllib.parse.quote(KEY, safe="").lower().replace("canary", "CANARY"), "percent")
    yield key("percent-encoding of every byte", "".join(f"%{byte:02X}" for byte in RAW), "percent")
    yield key("a form", urllib.parse.quote_plus(KEY), "percent")
    yield case("a form without any percent sign", [("F", "CANARY two words")], "f=CANARY+two+words", "f=[REDACTED:F:percent]", {"F:percent": 1})
    yield key("JSON in ASCII", json.dumps(KEY)[1:-1], "escape")
    yield key("JSON in UTF-8", json.dumps(KEY, ensure_ascii=False)[1:-1], "escape")
    yield key("JSON with slashes escaped", json.dumps(KEY)[1:-1].replace("/", "\\/"), "escape")
    yield key("JSON with all characters as numbers", "".join(f"\\u{ord(c):04x}" for c in KEY), "escape")
    yield key("JSON with numbers in capitals", "".join(f"\\u{ord(c):04X}" for c in KEY), "escape")
    yield case("JSON with a surrogate pair", [("E", "CANARY-\U0001f511-x")], json.dumps("CANARY-\U0001f511-x"), '"[REDACTED:E:escape]"', {"E:escape": 1})
    yield case("JSON with bytes as numbers", [("B", b"CANARY\xff\x80\x01")], b"CANARY\\u00ff\\u0080\\u0001", b"[REDACTED:B:escape]", {"B:escape": 1})
    yield case("JSON of a multi-line value", [("PEM", PEM)], json.dumps({"k": PEM}), '{"k": "[REDACTED:PEM:escape]"}', {"PEM:escape": 1})
    for view, text in (("base64", base64.b64encode(bytes(range(256)))), ("hex", bytes(range(256)).hex().encode()), ("raw", bytes(range(256)))):
        shown = b"[REDACTED:ALL]" if view == "raw" else f"[REDACTED:ALL:{view}]".encode()
        yield case(f"every byte, {view}", [("ALL", bytes(range(256)))], b"<" + text + b">", b"<" + shown + b">", {f"ALL:{view}": 1})
    for before in range(3):
        for after in range(3):
            data = b"U" * before + RAW + b"\xaa" * after
            text = base64.b64encode(data).decode()
            first, last = before * 8 // 6, -(-(before + len(RAW)) * 8 // 6)
            rest = text[last:] if after else ""
            yield case(
                f"base64 of longer data, {before} bytes before and {after} behind", [("KEY", KEY)], text,
                text[:first] + "[REDACTED:KEY:base64]" + rest, {"KEY:base64": 1})


def rules():
    yield case("no needles", [], "CANARY-text", "CANARY-text", {})
    yield case("an empty value", [("E", "")], "CANARY-text", "CANARY-text", {})
    yield case("two secrets, one twice", [("A", "CANARY-aaa"), ("B", "CANARY-bbb")], "CANARY-aaa CANARY-bbb CANARY-aaa",
               "[REDACTED:A] [REDACTED:B] [REDACTED:A]", {"A:raw": 2, "B:raw": 1})
    yield case("side by side", [("A", "CANARY-aaa"), ("B", "CANARY-bbb")], "CANARY-aaaCANARY-bbb", "[REDACTED:A][REDACTED:B]", {"A:raw": 1, "B:raw": 1})
    yield case("a prefix of another value", [("A", "CANARY"), ("B", "CANARY-long")], "CANARY-long CANARY-lon", "[REDACTED:B] [REDACTED:A]-lon", {"A:raw": 1, "B:raw": 1})
    yield case("a part of another value", [("A", "NARY"), ("B", "CANARY-long")], "CANARY-long CANARY", "[REDACTED:B] CA[REDACTED:A]", {"A:raw": 1, "B:raw": 1})
    yield case("a tail that is another's head", [("A", "CANARY-xyz"), ("B", "xyzCANARY2")], "CANARY-xyzCANARY2!", "[REDACTED:A][REDACTED:B]!", {"A:raw": 1, "B:raw": 1})
    yield case("a value over itself", [("A", "abcab")], "xabcabcabcaby", "x[REDACTED:A]y", {"A:raw": 1})
    yield case("a chain of three", [("A", "CANab"), ("B", "abCAN"), ("C", "CANxy")], "CANabCANxy.", "[REDACTED:A][REDACTED:B][REDACTED:C].", {"A:raw": 1, "B:raw": 1, "C:raw": 1})
    yield case("equal values: the first name", [("B", "CANARY-eq"), ("A", "CANARY-eq")], "CANARY-eq", "[REDACTED:B]", {"B:raw": 1})
    yield case("a secret named like a part of a placeholder", [("RED", "CANARY-r"), ("ACTED", "RED")], "CANARY-r RED", "[REDACTED:RED] [REDACTED:ACTED]", {"RED:raw": 1, "ACTED:raw": 1})
    yield case("a value that stands in placeholders", [("K", "CANARY-k"), ("C", ":"), ("D", "REDACTED")], "CANARY-k: REDACTED", "[REDACTED:K][REDACTED:C] [REDACTED:D]",
               {"K:raw": 1, "C:raw": 1, "D:raw": 1})
    yield case("a value of one byte", [("ONE", "1")], "1+1=2 %31 MQ==", "[REDACTED:ONE]+[REDACTED:ONE]=2 %3[REDACTED:ONE] MQ==", {"ONE:raw": 3})
    yield case("a value of three bytes in no view but its own", [("T", "abc")], "abc YWJj 616263 %61bc", "[REDACTED:T] YWJj 616263 %61bc", {"T:raw": 1})
    yield case("a value of four bytes in every view", [("F", "a\"bc")], "a\"bc YSJiYw== 61226263 a%22bc a\\\"bc",
               "[REDACTED:F] [REDACTED:F:base64] [REDACTED:F:hex] [REDACTED:F:percent] [REDACTED:F:escape]",
               {"F:raw": 1, "F:base64": 1, "F:hex": 1, "F:percent": 1, "F:escape": 1})
    yield case("almost", [("K", "CANARY-0123")], "CANARY-0124 CANARY-012", "CANARY-0124 CANARY-012", {})
    yield case("case matters", [("K", "CANARY-abcd")], "CANARY-ABCD", "CANARY-ABCD", {})
    yield case("a value in another escape than a view's", [("K", "CANARY-ab\"cd")], "CANARY-ab\\qcd CANARY-ab%2gcd", "CANARY-ab\\qcd CANARY-ab%2gcd", {})
    yield case("a whole PEM", [("PEM", PEM)], f"key:\n{PEM}end", "key:\n[REDACTED:PEM]end", {"PEM:raw": 1})
    yield case("a PEM without its last line end", [("PEM", PEM)], PEM.rstrip("\n") + ";", "[REDACTED:PEM];", {"PEM:raw": 1})
    yield case("one long line of a PEM", [("PEM", PEM)], "2: CANARYMIIEvQIBADANBgkqhkiG9w0.", "2: [REDACTED:PEM].", {"PEM:raw": 1})
    yield case("a long line in base64", [("PEM", PEM)], base64.b64encode(b"CANARYMIIEvQIBADANBgkqhkiG9w0").decode() + ".", "[REDACTED:PEM:base64].", {"PEM:base64": 1})
    yield case("a short line, and a PEM's own first and last", [("PEM", PEM)], "CANARYshort\n-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
               "CANARYshort\n-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", {})
    yield case("lines ended by CR LF", [("PEM", "CANARY-first-line-16\nCANARY-second-line-16")], "CANARY-first-line-16\r\nCANARY-second-line-16\r\n",
               "[REDACTED:PEM]\r\n[REDACTED:PEM]\r\n", {"PEM:raw": 2})
    yield case("bytes around stay as they are", [("K", "CANARY-0123")], b"\xff\x00\xc3CANARY-0123\xa9\x1f\x80", b"\xff\x00\xc3[REDACTED:K]\xa9\x1f\x80", {"K:raw": 1})
    value = "CANARY-0123456789-abcdefghij"
    for mode, count, output in (("agent", 16, "[REDACTED:K]"), ("agent", 15, value[:15]), ("agent", 27, "[REDACTED:K]"), ("person", 27, value[:27])):
        counts = {"K:raw": 1} if output.startswith("[") else {}
        yield case(f"{count} bytes at the end of a stream for the {mode}", [("K", value)], "out " + value[:count], "out " + output, counts, mode=mode)
    yield case("an agent's edge in base64", [("K", value)], base64.b64encode(value.encode()).decode()[:24], "[REDACTED:K:base64]", {"K:base64": 1}, mode="agent")


for name, about, cases in (
        ("views", "One value in each spelling of each view, between words that are no part of it.", views()),
        ("rules", "Which of several values is shown, what is too short, and what happens at the end of a stream.", rules())):
    cases = list(cases)
    lines = ",\n".join("    " + json.dumps(entry, ensure_ascii=False) for entry in cases)
    text = f'{{\n  "about": {json.dumps(about)},\n  "count": {len(cases)},\n  "cases": [\n{lines}\n  ]\n}}\n'
    (HERE / f"{name}.json").write_text(text)
    print(name, len(cases))
