"""Spring Cloud Gateway 4.1.5 on the table of tests/wire/gateway_peer: what it does is what is recorded there.

tests/wire/test_gateway_peer.py compares ours with the recording. FLOTILLA_RECORD=1 writes it anew.
"""

import json
import os

import pytest

import conftest
from gateway_peer.observe import Observer, differences
from support.programs import Program, fetch, free_port, tool, wait_until
from support.upstream import Upstream

FOLDER = conftest.HERE.parent / "wire/gateway_peer"
RECORDING = FOLDER / "spring-4.1.5.json"


@pytest.fixture(scope="module")
def upstream():
    upstream = Upstream()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def spring(maven, upstream, tmp_path_factory):
    port, nobody = free_port(), free_port()
    folder = tmp_path_factory.mktemp("gateway")
    command = [
        tool("java"), "-Xmx256m", "-jar", maven("gateway-peer"), f"--server.port={port}", f"--upstream.port={upstream.port}",
        f"--nobody.port={nobody}", f"--spring.config.additional-location=file:{FOLDER / 'routes.yml'}",
    ]  # fmt: skip
    server = Program(command, folder / "spring.log")
    server.wait_for_port(port, limit=120)
    wait_until(lambda: fetch(f"http://127.0.0.1:{port}/raw/warm", timeout=20).status == 200, "Spring's gateway answers", 60)
    for _ in range(50):
        fetch(f"http://127.0.0.1:{port}/raw/warm", timeout=20)
    yield Observer(port, upstream, nobody)
    server.stop(limit=30)


def test_springs_gateway_does_what_is_recorded(spring):
    observed = spring.everything()
    if "FLOTILLA_RECORD" in os.environ:
        lines = (f"{json.dumps(name)}: {json.dumps(seen, sort_keys=True)}" for name, seen in observed.items())
        RECORDING.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    recorded = json.loads(RECORDING.read_text())
    assert list(recorded) == list(observed)
    changed = {name: differences(recorded[name], seen) for name, seen in observed.items()}
    assert {name: found for name, found in changed.items() if found} == {}
