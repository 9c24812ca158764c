"""A certificate authority and certificates for a test run, made by openssl."""

import ssl
import subprocess

from support.programs import tool


class Authority:
    def __init__(self, folder):
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", self._key, "-out", self.certificate, "-subj", "/CN=Flotilla test authority",
        )  # fmt: skip

    def _openssl(self, *arguments):
        subprocess.run([tool("openssl"), *map(str, arguments)], check=True, capture_output=True, timeout=60)

    def issue(self, name, hosts=("DNS:localhost", "IP:127.0.0.1")):
        """Paths of a new certificate and its key, signed by this authority."""
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(hosts)}\n")
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", request, "-subj", f"/CN={name}",
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", certificate,
        )  # fmt: skip
        return certificate, key

    def client_context(self):
        """What a client of Python's ssl module needs to trust this authority, and nobody else."""
        return ssl.create_default_context(cafile=str(self.certificate))
