"""What the breaker of a route hears: how the service does, and nothing of what its clients do."""

import base64
import hashlib
import json
import socket
import threading

import pytest

from support.gateway import Gateway
from support.programs import wait_until
from support.upstream import DEFAULT_ANSWER, Upstream

CALLS = 4
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


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
        f"{breaker}.permittedNumberOfCallsInHalfOpenState": 1,
        f"{breaker}.waitDurationInOpenState": "200ms",
        f"{breaker}.automaticTransitionFromOpenToHalfOpenEnabled": "true",
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


def shake_hands(request):
    accept = base64.b64encode(hashlib.sha1((request.header("Sec-WebSocket-Key") + GUID).encode()).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()


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


@pytest.fixture
def half_open(guarded, service_behind):
    """One good answer closes it; until then it lets one request through at a time."""
    service_behind.answer = lambda _, connection: connection.shutdown(socket.SHUT_RDWR)
    for _ in range(CALLS):
        assert guarded.get("/broken").status == 502
    assert guarded.get("/refused").status == 503
    wait_until(lambda: breaker_of(guarded)["state"] == "HALF_OPEN", "it lets somebody through")
    service_behind.answer = DEFAULT_ANSWER
    return guarded


def test_a_client_that_does_not_read_keeps_nobody_out(half_open, connect, service_behind):
    body = bytes(64 << 20)
    service_behind.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    slow = connect(half_open.port)
    slow.send("GET /long HTTP/1.1\r\nHost: g\r\n\r\n")
    assert slow.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    service_behind.answer = DEFAULT_ANSWER
    expect_well(half_open)


def test_a_client_that_stays_in_a_websocket_keeps_nobody_out(half_open, connect, service_behind):
    left = threading.Event()
    service_behind.answer = lambda request, connection: connection.sendall(shake_hands(request)) or left.wait(10) and None
    client = connect(half_open.port)
    client.send(
        "GET /ws HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101")
    service_behind.answer = DEFAULT_ANSWER
    expect_well(half_open)
    left.set()
