"""The access log of the gateway: one line for each request, whatever became of it."""

import json
import re
import threading

import pytest

from support.gateway import Gateway
from support.programs import free_port, wait_until
from support.upstream import DEFAULT_ANSWER

ROUTES = """
routes:
- {{id: plain, uri: "http://127.0.0.1:{port}", predicates: [Path=/plain/**]}}
- {{id: retry, uri: "http://127.0.0.1:{port}", predicates: [Path=/retry/**], filters: [Retry=2]}}
- {{id: refused, uri: "http://127.0.0.1:{nobody}", predicates: [Path=/refused/**]}}
- {{id: none, uri: "lb://NONE", predicates: [Path=/none/**]}}
- {{id: slow, uri: "http://127.0.0.1:{port}", predicates: [Path=/slow/**], metadata: {{response-timeout: 50}}}}
- {{id: guarded, uri: "http://127.0.0.1:{port}", predicates: [Path=/guarded/**], filters: [AuthorizationHeaderFilter]}}
- id: limited
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/limited/**]
  filters:
  - name: RequestRateLimiter
    args: {{key-resolver: '#{{@remoteAddr}}', redis-rate-limiter: {{replenishRate: 1, burstCapacity: 1}}}}
- id: broken
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/broken/**]
  filters: [{{name: CircuitBreaker, args: {{name: broken, statusCodes: 500}}}}]
"""


@pytest.fixture(autouse=True)
def usual_answer(upstream):
    upstream.answer = DEFAULT_ANSWER


def start(folder, upstream, **properties):
    return Gateway(
        folder / "gateway.log",
        folder,
        ROUTES.format(port=upstream.port, nobody=free_port()),
        {
            "server.access-log": "true",
            "resilience4j.circuitbreaker.instances.broken.minimumNumberOfCalls": 1,
            "resilience4j.circuitbreaker.instances.broken.slidingWindowSize": 1,
            **properties,
        },
    ).wait_until_ready()


class Lines:
    """What stands in the log since the last look."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.seen = 0

    def next(self):
        """The one line that a request has left."""
        lines = wait_until(self._new, "a line of the access log")
        assert len(lines) == 1, lines
        self.seen += 1
        return lines[0]

    def _new(self):
        lines = [json.loads(line) for line in self.gateway.log().splitlines() if '"http.access"' in line]
        return lines[self.seen :]


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    gateway = start(tmp_path_factory.mktemp("gateway"), upstream, **{"logging.format": "json"})
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def lines(gateway):
    return Lines(gateway)


def test_a_line_tells_status_bytes_times_and_whom_it_asked(gateway, upstream, lines):
    assert gateway.ask("POST", "/plain/a?x=1", b"12345").text == "ok"
    line = lines.next()
    assert line["message"] == "POST /plain/a?x=1 HTTP/1.1" and line["client"] == "127.0.0.1"
    assert (line["status"], line["received"], line["sent"], line["flags"]) == (200, 5, 2, "-")
    assert (line["upstream"], line["attempts"]) == (f"127.0.0.1:{upstream.port}", 1)
    assert 0 < line["upstreamMicros"] <= line["micros"]


def test_what_streams_is_counted(gateway, upstream, lines, connect):
    upstream.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n"
    client = connect(gateway.port)
    client.send("POST /plain/a HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    assert client.read_answer()[2] == b"abcdefg"
    line = lines.next()
    assert (line["received"], line["sent"]) == (3, 7)


@pytest.mark.parametrize(
    "path, status, flags",
    [
        ("/nowhere", 404, "NR"),
        ("/none/a", 503, "UH"),
        ("/refused/a", 502, "UF"),
        ("/guarded/a", 401, "UAEX"),
        ("/plain/a%00", 400, "DPE"),
    ],
)
def test_why_nobody_was_asked(gateway, lines, path, status, flags):
    assert gateway.get(path).status == status
    line = lines.next()
    assert (line["status"], line["flags"]) == (status, flags)


def test_a_limit_and_an_open_breaker(gateway, upstream, lines):
    assert gateway.get("/limited/a").status == 200 and lines.next()["flags"] == "-"
    assert gateway.get("/limited/a").status == 429 and lines.next()["flags"] == "RL"
    upstream.answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    assert gateway.get("/broken/a").status == 500
    line = lines.next()
    assert (line["status"], line["attempts"]) == (500, 1)
    assert gateway.get("/broken/a").status == 503 and lines.next()["flags"] == "UO"


@pytest.mark.parametrize(
    "path, answer, status, attempts, flags",
    [
        ("/plain/a", b"nonsense\r\n\r\n", 502, 1, "UPE"),
        ("/plain/a", None, 502, 1, "UC"),
        ("/retry/a", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 503, 3, "URX"),
        ("/retry/a", None, 502, 3, "UC,URX"),
    ],
)
def test_what_the_upstream_did_wrong(gateway, upstream, lines, path, answer, status, attempts, flags):
    upstream.answer = answer if answer else lambda *_: None
    assert gateway.get(path).status == status
    line = lines.next()
    assert (line["status"], line["attempts"], line["flags"]) == (status, attempts, flags)
    assert line["upstream"] == f"127.0.0.1:{upstream.port}"


def test_an_upstream_that_is_too_slow(gateway, upstream, lines):
    go = threading.Event()
    upstream.answer = lambda *_: go.wait(10) and None
    assert gateway.get("/slow/a").status == 504
    go.set()
    line = lines.next()
    assert (line["flags"], line["upstreamMicros"]) == ("UT", "-") and line["micros"] >= 50_000


def test_an_answer_that_breaks_off(gateway, upstream, lines, connect):
    def half(_request, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    upstream.answer = half
    client = connect(gateway.port)
    client.send("GET /plain/a HTTP/1.1\r\nHost: g\r\n\r\n")
    client.read_until(b"\r\n\r\n")
    assert client.read_exactly(4) == b"half" and client.is_closed()
    line = lines.next()
    assert (line["status"], line["sent"], line["flags"]) == (200, 4, "UC")


def test_a_message_that_is_refused_has_its_line(gateway, lines, connect):
    client = connect(gateway.port)
    client.send("GET /plain/a HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert client.read_answer()[0] == 400
    line = lines.next()
    assert line["message"].startswith("refused by S1: ")
    assert (line["status"], line["flags"], "upstream" in line) == (400, "DPE", False)


def test_a_client_that_goes_away_has_its_line(gateway, upstream, lines, connect):
    asked, go = threading.Event(), threading.Event()
    upstream.answer = lambda *_: asked.set() or go.wait(10) and None
    client = connect(gateway.port)
    client.send("GET /plain/gone HTTP/1.1\r\nHost: g\r\n\r\n")
    assert asked.wait(5)
    client.close()
    line = lines.next()
    go.set()
    assert (line["message"], line["status"], line["flags"]) == ("GET /plain/gone HTTP/1.1", 0, "DC")
    assert line["upstream"] == f"127.0.0.1:{upstream.port}"


def test_many_requests_on_one_connection_have_a_line_each(gateway, lines, connect):
    client = connect(gateway.port)
    client.send("".join(f"GET /plain/{i} HTTP/1.1\r\nHost: g\r\n\r\n" for i in range(5)))
    assert [client.read_answer()[0] for _ in range(5)] == [200] * 5
    wait_until(lambda: len(lines._new()) == 5, "five lines")
    assert [line["message"] for line in lines._new()] == [f"GET /plain/{i} HTTP/1.1" for i in range(5)]
    lines.seen += 5


def test_on_the_console_and_off(owner, tmp_path, upstream):
    gateway = owner.add(start(tmp_path, upstream))
    gateway.get("/plain/a")
    line = gateway.wait_for_log("GET /plain/a HTTP/1.1")
    pattern = (
        r" INFO \[apigateway-service,[0-9a-f]{32},[0-9a-f]{16}\] \d+ --- \[.*\] http\.access +: "
        r"GET /plain/a HTTP/1\.1 client=127\.0\.0\.1 status=200 received=0 sent=2 micros=\d+ "
        rf"upstream=127\.0\.0\.1:{upstream.port} upstreamMicros=\d+ attempts=1 flags=-$"
    )
    assert re.search(pattern, line), line
    folder = tmp_path / "silent"
    folder.mkdir()
    silent = owner.add(start(folder, upstream, **{"server.access-log": "false"}))
    assert silent.get("/plain/a").status == 200
    assert silent.stop() == 0 and "http.access" not in silent.log()
