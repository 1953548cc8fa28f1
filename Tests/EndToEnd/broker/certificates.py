"""Certificates for services on this machine, by the `openssl` command."""

import subprocess


def openssl(*words, cwd):
    subprocess.run(["openssl", *words], cwd=cwd, check=True, capture_output=True)


def authority(folder, name):
    """An authority of its own: `NAME.pem` and `NAME.key`."""
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key", cwd=folder)
    openssl("req", "-x509", "-new", "-key", f"{name}.key", "-subj", "/CN=a test", "-days", "2", "-out", f"{name}.pem", cwd=folder)


def leaf(folder, authority, name, hosts):
    """A certificate for hosts, signed by an authority that is there."""
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={hosts[0]}", "-out", f"{name}.csr", cwd=folder)
    (folder / "names").write_text("subjectAltName=" + ",".join(f"DNS:{host}" for host in hosts) + "\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-days", "2", "-extfile", "names", "-out", f"{name}.pem", cwd=folder)
