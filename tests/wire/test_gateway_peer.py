"""Our gateway on the table of gateway_peer/cases.py, beside what a real Spring Cloud Gateway 4.1.5 did there.

Answers and what the upstream received are the same, or docs/gateway-differences.md lists the difference with its reason;
what is listed there and does not differ (any more) fails too. tests/interop/test_gateway_peer.py makes the recording.
"""

import json

import pytest

from gateway_peer import listed
from gateway_peer.observe import Observer, differences
from support.programs import BINARIES, ROOT, Program, fetch, free_port, wait_until
from support.upstream import Upstream

FOLDER = ROOT / "tests/wire/gateway_peer"


@pytest.fixture
def upstream():
    upstream = Upstream()
    yield upstream
    upstream.stop()


@pytest.fixture
def gateway(owner, upstream):
    port, nobody = free_port(), free_port()
    options = {
        "server.port": port,
        "upstream.port": upstream.port,
        "nobody.port": nobody,
        "spring.config.additional-location": FOLDER / "routes.yml",
    }
    command = [BINARIES / "flotilla", "gateway", *(f"--{name}={value}" for name, value in options.items())]
    server = owner.add(Program(command, owner.log_path("gateway")))
    server.wait_for_port(port)
    wait_until(lambda: fetch(f"http://127.0.0.1:{port}/raw/first").status == 200, "the gateway answers")
    return Observer(port, upstream, nobody)


def test_our_gateway_does_what_springs_does_or_the_difference_is_listed(gateway):
    recorded = json.loads((FOLDER / "spring-4.1.5.json").read_text())
    observed = gateway.everything()
    assert list(recorded) == list(observed)
    wrong = listed.check({name: differences(recorded[name], seen) for name, seen in observed.items()})
    assert wrong == [], "\n" + "\n".join(wrong)
