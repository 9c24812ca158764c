"""A gateway with routes of a test's own in front of a recording upstream."""

import base64
import hashlib
import hmac
import json

from support.programs import BINARIES, Program, fetch, free_port

SECRET = "a-secret-of-a-gateway-test-that-is-long-enough-for-hs512-and-then-some"


class Gateway(Program):
    """`routes` is the YAML below spring.cloud.gateway, in a file that a test may write again. Properties that are None are not set."""

    def __init__(self, log, folder, routes, properties=None, program=("flotilla", "gateway")):
        self.file = folder / "routes.yml"
        self.write(routes)
        own = {
            "server.port": free_port(),
            "server.address": "127.0.0.1",
            "spring.config.additional-location": self.file,
            "management.endpoints.web.exposure.include": "*",
            "management.endpoint.gateway.access": "unrestricted",
            "eureka.client.enabled": "false",
            "token.secret": SECRET,
            "flotilla.shutdown.drain-delay": "0s",
            "flotilla.gateway.reload-interval": "50ms",
            **(properties or {}),
        }
        own = {name: value for name, value in own.items() if value is not None}
        self.port = int(own["server.port"])
        super().__init__([BINARIES / program[0], *program[1:], *(f"--{k}={v}" for k, v in own.items())], log)

    def wait_until_ready(self):
        self.wait_for_port(self.port)
        return self

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path, headers=None, timeout=5):
        return fetch(self.url(path), headers=headers, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, timeout=5):
        return fetch(self.url(path), method=method, body=body, headers=headers, timeout=timeout)

    def write(self, routes):
        lines = ["spring:", "  cloud:", "    gateway:"]
        lines += ["      " + line for line in routes.strip("\n").splitlines()]
        self.file.write_text("\n".join(lines) + "\n")


def token(claims, algorithm="HS512", secret=SECRET, header=None):
    """A compact JWS, right or wrong as the test wants it."""

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    head = part(json.dumps(header or {"alg": algorithm}, separators=(",", ":")).encode())
    signed = head + b"." + part(json.dumps(claims, separators=(",", ":")).encode())
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
    return (signed + b"." + part(hmac.new(secret.encode(), signed, digest).digest())).decode()
