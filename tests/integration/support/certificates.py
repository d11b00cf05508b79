"""Certificates for tests, made with the openssl command: an authority and what it signs, as files in a folder."""

import os
import subprocess

EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
RSA = ["-newkey", "rsa:2048"]


def openssl(*arguments, text=None):
    done = subprocess.run(["openssl", *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {' '.join(arguments)}: {done.stderr}")
    return done.stdout


class Authority:
    def __init__(self, folder, name="Test Authority"):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.certificate, self.key = f"{folder}/ca.pem", f"{folder}/ca.key"
        openssl("req", "-x509", *EC, "-nodes", "-keyout", self.key, "-out", self.certificate, "-subj", f"/CN={name}",
                "-days", "2")

    def issue(self, file, *names, kind=None, days=90):
        """FILE.pem and FILE.key for these names; their paths."""
        certificate, key, request = (f"{self.folder}/{file}.{ending}" for ending in ("pem", "key", "csr"))
        alternatives = ",".join(f"DNS:{name}" for name in names)
        openssl("req", "-new", *(kind or EC), "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={names[0]}",
                "-addext", f"subjectAltName={alternatives}")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", str(days), "-copy_extensions", "copy", "-out", certificate)
        return certificate, key

    def ocsp(self, file, certificate):
        """A response to staple, good for a day."""
        index, request, response = (f"{self.folder}/{file}.{ending}" for ending in ("index", "ocspreq", "ocsp"))
        serial = openssl("x509", "-in", certificate, "-noout", "-serial").strip().partition("=")[2]
        with open(index, "w", encoding="ascii") as out:
            out.write(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN=any\n")
        openssl("ocsp", "-issuer", self.certificate, "-cert", certificate, "-reqout", request)
        openssl("ocsp", "-index", index, "-rsigner", self.certificate, "-rkey", self.key, "-CA", self.certificate,
                "-reqin", request, "-respout", response, "-ndays", "1")
        return response


def pair(certificate, key, **more):
    """An entry of `certificates`."""
    return {"cert": certificate, "key": key, **more}
