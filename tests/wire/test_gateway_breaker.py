"""What the breaker of a route hears: how the service does, and nothing of what its clients do."""

import json
import threading

import pytest

from support.gateway import Gateway
from support.upstream import DEFAULT_ANSWER, Upstream

CALLS = 4


@pytest.fixture
def service_behind():
    upstream = Upstream()
    yield upstream
    upstream.stop()


@pytest.fixture
def guarded(owner, tmp_path, service_behind):
    breaker = "resilience4j.circuitbreaker.instances.guard"
    routes = f"""
routes:
- id: guarded
  uri: "http://127.0.0.1:{service_behind.port}"
  predicates: [Path=/**]
  filters: [{{name: CircuitBreaker, args: {{name: guard}}}}]
"""
    properties = {
        f"{breaker}.slidingWindowSize": CALLS,
        f"{breaker}.minimumNumberOfCalls": CALLS,
        "resilience4j.timelimiter.instances.guard.timeoutDuration": "300ms",
    }
    return owner.add(Gateway(owner.log_path("gateway"), tmp_path, routes, properties)).wait_until_ready()


def breaker_of(gateway):
    return json.loads(gateway.get("/actuator/circuitbreakers").text)["circuitBreakers"]["guard"]


def statuses_of(connect, gateway, request, times=CALLS * 2):
    """Of the same bad request, over and over, by as many clients at once."""
    clients = [connect(gateway.port) for _ in range(times)]
    for client in clients:
        client.send(request)
    return {client.read_answer()[0] for client in clients}


def expect_well(gateway):
    assert gateway.get("/well").status == 200
    breaker = breaker_of(gateway)
    assert (breaker["state"], breaker["failedCalls"]) == ("CLOSED", 0)


def test_bodies_that_clients_spoil_do_not_open_it(guarded, connect):
    broken = "POST /x HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n"
    assert statuses_of(connect, guarded, broken) == {400}
    expect_well(guarded)


def test_bodies_that_clients_do_not_send_do_not_open_it(guarded, connect):
    begun = "POST /x HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nhello"
    assert statuses_of(connect, guarded, begun) == {504}
    expect_well(guarded)


def test_handshakes_that_clients_spoil_do_not_open_it(guarded, connect):
    half = "GET /x HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert statuses_of(connect, guarded, half) <= {400, 426}
    expect_well(guarded)


def test_deadlines_that_nobody_can_meet_do_not_open_it(guarded, connect, service_behind):
    late = threading.Event()
    service_behind.answer = lambda *_: late.wait(10) and DEFAULT_ANSWER
    hasty = "GET /x HTTP/1.1\r\nHost: g\r\nX-Request-Deadline-Ms: 50\r\n\r\n"
    assert statuses_of(connect, guarded, hasty) == {504}
    late.set()
    expect_well(guarded)


def test_a_service_that_is_too_late_opens_it(guarded, connect, service_behind):
    late = threading.Event()
    service_behind.answer = lambda *_: late.wait(10) and DEFAULT_ANSWER
    patient = "GET /x HTTP/1.1\r\nHost: g\r\nX-Request-Deadline-Ms: 9000\r\n\r\n"
    assert statuses_of(connect, guarded, patient, CALLS) == {504}
    late.set()
    assert guarded.get("/well").status == 503
