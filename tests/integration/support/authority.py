"""Certificates for tests, made on the spot with openssl: an authority and what it signs, good or bad. Every file lies in
the folder given, and nothing is kept."""

import os
import pathlib
import subprocess


def _openssl(*arguments, text=""):
    done = subprocess.run(["openssl", *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise AssertionError(f"openssl {arguments[0]}: {done.stderr}")
    return done.stdout


class Authority:
    def __init__(self, folder, name="Test Authority"):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.name = folder, name
        self.ca, self._key = f"{folder}/ca.pem", f"{folder}/ca.key"
        self._new_key(self._key)
        _openssl("req", "-x509", "-new", "-key", self._key, "-subj", f"/CN={name}", "-days", "2", "-out", self.ca,
                 "-addext", "basicConstraints=critical,CA:TRUE")

    @staticmethod
    def _new_key(path):
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)

    def issue(self, file, *names, days=2, self_signed=False):
        """(certificate, key) for these names: DNS:app.test, IP:127.0.0.1. `days` below 0: it ended then."""
        base = f"{self.folder}/{file}"
        self._new_key(f"{base}.key")
        with open(f"{base}.ext", "w", encoding="ascii") as extensions:
            extensions.write(f"subjectAltName={','.join(names)}\n")
        request = _openssl("req", "-new", "-key", f"{base}.key", "-subj", f"/CN={file}")
        signer = ["-signkey", f"{base}.key"] if self_signed else [
            "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial"]
        _openssl("x509", "-req", *signer, "-days", str(days), "-extfile", f"{base}.ext", "-out", f"{base}.pem",
                 text=request)
        return f"{base}.pem", f"{base}.key"

    def ocsp(self, certificate, response):
        """Writes an OCSP response to that file: the certificate, one that this authority issued, is good."""
        serial = _openssl("x509", "-in", certificate, "-noout", "-serial").strip().partition("=")[2]
        index = pathlib.Path(self.folder, "index.txt")
        index.write_text(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN=any\n", encoding="ascii")
        request = f"{response}.request"
        _openssl("ocsp", "-issuer", self.ca, "-cert", certificate, "-no_nonce", "-reqout", request)
        _openssl("ocsp", "-index", str(index), "-CA", self.ca, "-rsigner", self.ca, "-rkey", self._key,
                 "-reqin", request, "-respout", response, "-ndays", "2")
