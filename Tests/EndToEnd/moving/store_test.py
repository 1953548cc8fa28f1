"""Stores of pass and gopass: made here by gpg, in the layout and forms that the two write."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from mover import expect, main, plain

ENTRIES = {
    "email/work": b"CANARY-pass-work\nlogin: ana\nurl: https://mail.example.com\notpauth://totp/x?secret=CANARYTOTP\nsome words\n\nand: more of them\n",
    "single": b"CANARY-pass-single\n",
    "bare": b"CANARY-pass-bare",
    "ssh/key": b"-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY-pass-pem\n-----END OPENSSH PRIVATE KEY-----\n",
    "binary": b"CANARY-pass\x00\xff\xfe",
    "yaml": b"CANARY-gopass-yaml\n---\nuser: bob\nport: 5432\nquoted: 'CANARY-gopass quoted'\n",
    "nested": b"CANARY-gopass-nested\n---\nuser: bob\nlist:\n  - CANARY-gopass-deep\n",
    "mime": b"GOPASS-SECRET-1.0\nPassword: CANARY-gopass-mime\nUser: carol\n\nCANARY-gopass-body\n",
    "attached": b"GOPASS-SECRET-1.0\nContent-Disposition: attachment; filename=\"x\"\nContent-Transfer-Encoding: Base64\n\nQ0FOQVJZ\nLWJpbg==\n",
    "With space & é": b"CANARY-pass-named\n",
}


def stores(mover):
    home = pathlib.Path(tempfile.mkdtemp(prefix="gpg-"))
    os.chmod(home, 0o700)
    mover.environment["GNUPGHOME"] = str(home)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--trust-model", "always"]
    try:
        for user in ("own", "other"):
            subprocess.run([*gpg, "--passphrase", "", "--quick-generate-key", user, "future-default", "default", "never"], check=True, capture_output=True)
        store = mover.home / "store"
        for name, text in ENTRIES.items():
            file = store / f"{name}.gpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(subprocess.run([*gpg, "-r", "own", "--encrypt"], input=text, check=True, capture_output=True).stdout)
        unmarked = mover.bring(store, "pass", code=2)
        assert b"no password store" in unmarked.stderr, unmarked.stderr
        (store / ".gpg-id").write_text("own\n")
        (store / ".git").mkdir()
        (store / ".git" / "x.gpg").write_bytes(b"no entry")
        (store / "README").write_text("read me")
        (store / "away.gpg").symlink_to("single.gpg")
        sealed = subprocess.run([*gpg, "-r", "other", "--encrypt"], input=b"CANARY-pass-other\n", check=True, capture_output=True).stdout
        (store / "others.gpg").write_bytes(sealed)
        fingerprint = subprocess.run([*gpg, "--with-colons", "-K", "other"], check=True, capture_output=True, text=True).stdout
        fingerprint = next(line.split(":")[9] for line in fingerprint.splitlines() if line.startswith("fpr"))
        subprocess.run([*gpg, "--yes", "--delete-secret-keys", fingerprint], check=True, capture_output=True)

        told = mover.bring(store, "pass")
        mover.bring(store, "gopass", "--format", "gopass")
        for words in (b"README: it is no entry", b"away.gpg: it is a link", b"others: gpg cannot open it", b"nested: its YAML is not simple"):
            assert words in told.stderr, (words, told.stderr)
        assert b"still holds" not in told.stderr
        stored = mover.stored("pass")
        expect(stored, {
            "email/work": {
                "password": "CANARY-pass-work", "login": plain("ana"), "url": plain("https://mail.example.com"), "totp": "otpauth://totp/x?secret=CANARYTOTP",
                "and": "more of them", "notes": "some words"},
            "single": {"value": "CANARY-pass-single"}, "bare": {"value": "CANARY-pass-bare"}, "ssh/key": {"value": ENTRIES["ssh/key"].decode()},
            "binary": {"value": ENTRIES["binary"]},
            "yaml": {"password": "CANARY-gopass-yaml", "user": plain("bob"), "port": plain("5432"), "quoted": "CANARY-gopass quoted"},
            "nested": {"password": "CANARY-gopass-nested", "notes": "user: bob\nlist:\n  - CANARY-gopass-deep"},
            "mime": {"password": "CANARY-gopass-mime", "user": plain("carol"), "notes": "CANARY-gopass-body"},
            "attached": {"value": "CANARY-bin"}, "With-space-e": {"value": "CANARY-pass-named"}})
        expect(mover.stored("gopass"), stored)

        # Without its key a store is refused.
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
        shutil.rmtree(home / "private-keys-v1.d")
        refused = mover.bring(store, "closed", code=1)
        assert b"gpg opens no entry" in refused.stderr, refused.stderr
        mover.environment["PATH"], before = str(mover.home), mover.environment["PATH"]
        missing = mover.bring(store, "closed", code=1)
        assert b"`gpg` is not there" in missing.stderr, missing.stderr
        mover.environment["PATH"] = before
        expect(mover.stored("closed"), {})
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


main(stores)
