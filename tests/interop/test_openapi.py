"""Schemathesis reads each service's /v3/api-docs and asks for everything in it, well-formed and not: no 5xx, no leak.

FLOTILLA_EXAMPLES=n makes it longer, FLOTILLA_SEED=n another run.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time

import downloads
import pytest

import conftest
from support.programs import Service, wait_until

FOLDER = conftest.HERE / "openapi"
SECRET = "of more than sixty-four letters, so that nobody complains that it is short"
EXAMPLES = os.environ.get("FLOTILLA_EXAMPLES", "40")
SEED = os.environ.get("FLOTILLA_SEED", "1")


@pytest.fixture(scope="session")
def schemathesis(build_dir):
    """The program, in a virtual environment of its own."""
    target = build_dir / "schemathesis"
    wanted = FOLDER / "requirements.txt"
    stamp = target / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", target], check=True, timeout=120)
        command = [target / "bin/pip", "install", "-q", "--disable-pip-version-check", "--retries", "5", "-r", wanted]
        downloads.run("schemathesis, by pip", command)
        stamp.write_text(wanted.read_text())
    return target / "bin/schemathesis"


def token(subject, roles=()):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    claims = {"sub": subject, "exp": int(time.time()) + 3600, "roles": list(roles)}
    text = part(b'{"alg":"HS512"}') + b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.new(SECRET.encode(), text, hashlib.sha512).digest())).decode()


@pytest.fixture
def shop(programs, our_registry, tmp_path):
    """shop("shop-user"): that service on databases of its own."""
    registry = our_registry()

    def start(program):
        properties = {
            "spring.datasource.url": f"sqlite:{tmp_path / program}.sqlite",
            "eureka.client.service-url.defaultZone": registry.url("/eureka/"),
            "server.address": "127.0.0.1",
            "token.secret": SECRET,
            "flotilla.shutdown.drain-delay": "0",
        }
        service = programs(Service(program, tmp_path / f"{program}.log", properties)).wait_until_ready()
        wait_until(lambda: service.get("/actuator/health/readiness").status == 200, f"{program} is ready")
        return service

    return start


@pytest.mark.parametrize("program", ["hello", "shop-user", "shop-order", "shop-catalog"])
def test_nothing_that_the_description_allows_or_forbids_makes_a_service_fail(program, shop, schemathesis, tmp_path):
    if program == "shop-order":
        shop("shop-catalog")
    service = shop(program)
    assert service.get("/v3/api-docs").status == 200
    done = subprocess.run(
        [
            schemathesis, "run", service.url("/v3/api-docs"),
            "--url", service.url(), "--checks", "no_failure,no_leak", "--max-examples", EXAMPLES,
            "--seed", SEED, "--header", f"Authorization: Bearer {token('schemathesis', ['admin'])}",
            "--request-timeout", "10", "--suppress-health-check", "all", "--generation-database", "none", "--no-color",
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(FOLDER / "hooks.py")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    assert service.running and service.get("/actuator/health").status == 200
