"""Our spans at a real Zipkin server: what its API tells of a call from one service of ours to another."""

import json

import downloads
import pytest

from support.gateway import Gateway
from support.programs import Program, Service, fetch, free_port, tool, wait_until

VERSION = "3.4.2"


@pytest.fixture(scope="session")
def zipkin_jar(build_dir):
    """Without its dependencies: the jar has all of them inside."""
    jar = build_dir / "zipkin" / f"zipkin-server-{VERSION}-exec.jar"
    if not jar.exists():
        downloads.run_maven(
            f"Zipkin {VERSION}, by Maven",
            tool("mvn"),
            "dependency:copy",
            f"-Dartifact=io.zipkin:zipkin-server:{VERSION}:jar:exec",
            f"-DoutputDirectory={jar.parent}",
        )
        assert jar.exists(), f"Maven has left no {jar}"
    return jar


class Zipkin(Program):
    def __init__(self, jar, port, log):
        self.port = port
        super().__init__([tool("java"), "-Xmx256m", "-jar", jar], log, env={"QUERY_PORT": str(port)})

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def wait_until_ready(self):
        self.wait_for_port(self.port, limit=120)
        wait_until(lambda: fetch(self.url("/health")).status == 200, "Zipkin is well", limit=60)
        return self

    def get(self, path):
        answer = fetch(self.url("/api/v2" + path))
        assert answer.status == 200, answer.text
        return json.loads(answer.body)

    def traces_of(self, service):
        return self.get(f"/traces?serviceName={service}&limit=100")

    def collected(self, what):
        """A figure of its collector: spans, spans_dropped, messages_dropped."""
        metrics = json.loads(fetch(self.url("/metrics")).body)
        return int(metrics.get(f"counter.zipkin_collector.{what}.http", 0))


@pytest.fixture(scope="module")
def zipkin(zipkin_jar, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zipkin")
    server = Zipkin(zipkin_jar, free_port(), folder / "zipkin.log")
    try:
        yield server.wait_until_ready()
    finally:
        server.stop(limit=20)


@pytest.fixture
def traced(programs, tmp_path):
    """traced("ferry", "my-ferry", url of Zipkin, {...}): one of our programs that reports every span."""

    def start(program, name, url, properties=None):
        properties = {
            "spring.application.name": name,
            "server.address": "127.0.0.1",
            "spring.zipkin.base-url": url,
            "spring.sleuth.sampler.probability": "1.0",
            "tracing.reporter.message-timeout": "20ms",
            **(properties or {}),
        }
        return programs(Service(program, tmp_path / f"{name}.log", properties)).wait_until_ready()

    return start


@pytest.fixture
def crossing(traced):
    """crossing(zipkin, prefix, {...}): a ferry that calls a lighthouse, both traced, under names of their own."""

    def start(zipkin, prefix, properties=None):
        lighthouse = traced("lighthouse", f"{prefix}-lighthouse", zipkin.url(), properties)
        ferry = traced(
            "ferry",
            f"{prefix}-ferry",
            zipkin.url(),
            {"spring.cloud.discovery.client.simple.instances.lighthouse[0].uri": lighthouse.url(""), **(properties or {})},
        )
        return ferry, lighthouse

    return start


def only_trace(zipkin, service, spans):
    """The one trace of a service, once so many of its spans have come."""

    def complete():
        traces = zipkin.traces_of(service)
        return traces if traces and sum(map(len, traces)) >= spans else None

    traces = wait_until(complete, f"{spans} spans of {service}")
    assert len(traces) == 1, traces
    return zipkin.get(f"/trace/{traces[0][0]['traceId']}")


def one(spans, service, kind):
    found = [s for s in spans if s["localEndpoint"]["serviceName"] == service and s.get("kind") == kind]
    assert len(found) == 1, spans
    return found[0]


@pytest.mark.parametrize("encoding", ["json-v2", "proto3"])
def test_a_call_is_one_tree(zipkin, crossing, encoding):
    prefix = encoding.split("-")[0]
    ferry, lighthouse = crossing(zipkin, prefix, {"tracing.reporter.encoding": encoding})
    assert ferry.get("/ferry/busan?secret=1").status == 200
    spans = only_trace(zipkin, f"{prefix}-ferry", 3)

    root = one(spans, f"{prefix}-ferry", "SERVER")
    client = one(spans, f"{prefix}-ferry", "CLIENT")
    served = one(spans, f"{prefix}-lighthouse", "SERVER")

    assert len(root["traceId"]) == 32 and {s["traceId"] for s in spans} == {root["traceId"]}
    assert root["id"] == root["traceId"][16:], "the root's id is the trace's"
    assert "parentId" not in root
    parents = {s["id"]: s.get("parentId") for s in spans}
    above = client["parentId"]
    while above != root["id"]:  # the circuit breaker may stand between
        above = parents[above]
    # Joined: the two halves of one span.
    assert served["id"] == client["id"] and served["parentId"] == client["parentId"] and served["shared"] is True

    assert root["name"] == "get /ferry/{harbor}"
    assert root["tags"]["http.method"] == "GET" and root["tags"]["http.path"] == "/ferry/busan"
    assert "http.status_code" not in root["tags"] and "error" not in root["tags"]
    assert served["name"] == "get /lighthouse/{harbor}/weather"
    assert client["name"] == "get"

    assert root["localEndpoint"] == {"serviceName": f"{prefix}-ferry", "ipv4": "127.0.0.1", "port": ferry.port}
    assert client["remoteEndpoint"] == {"serviceName": "lighthouse", "ipv4": "127.0.0.1", "port": lighthouse.port}
    assert served["remoteEndpoint"]["ipv4"] == "127.0.0.1"
    assert root["timestamp"] <= client["timestamp"] and client["duration"] <= root["duration"]

    links = zipkin.get(f"/dependencies?endTs={root['timestamp'] // 1000 + 60_000}")
    assert {"parent": f"{prefix}-ferry", "child": f"{prefix}-lighthouse", "callCount": 1} in links


def test_a_call_through_the_gateway_is_one_tree(zipkin, traced, programs, tmp_path):
    hello = traced("hello", "routed-hello", zipkin.url())
    routes = f"""
routes:
  - id: greetings
    uri: {hello.url("")}
    predicates: [ "Path=/hello/**" ]
"""
    properties = {
        "spring.application.name": "routing-gateway",
        "spring.zipkin.base-url": zipkin.url(),
        "spring.sleuth.sampler.probability": "1.0",
    }
    gateway = programs(Gateway(tmp_path / "gateway.log", tmp_path, routes, properties)).wait_until_ready()
    assert json.loads(gateway.get("/hello/Ada").body) == {"message": "Hello, Ada"}

    spans = only_trace(zipkin, "routed-hello", 3)
    root = one(spans, "routing-gateway", "SERVER")
    client = one(spans, "routing-gateway", "CLIENT")
    served = one(spans, "routed-hello", "SERVER")
    assert "parentId" not in root and client["parentId"] == root["id"]
    assert served["id"] == client["id"] and served["shared"] is True
    assert "greetings" in (root["tags"].get("gateway.route.id"), client["tags"].get("gateway.route.id"))


def test_what_fails_is_found_by_its_error(zipkin, crossing):
    ferry, lighthouse = crossing(zipkin, "failing")
    lighthouse.stop()
    assert ferry.get("/ferry/busan").status == 200, "nobody knows the weather"
    assert ferry.get("/nowhere").status == 404

    def failures():
        traces = zipkin.get("/traces?serviceName=failing-ferry&annotationQuery=error")
        return traces if len(traces) == 2 else None

    spans = [span for trace in wait_until(failures, "two traces with errors") for span in trace]
    attempts = [span for span in spans if span.get("kind") == "CLIENT"]
    assert attempts and all("refused" in span["tags"]["error"] for span in attempts), "each attempt is a span"
    assert len({span["parentId"] for span in attempts}) == 1
    lost = [s for s in spans if s.get("name") == "get not_found"]
    assert lost[0]["tags"]["http.status_code"] == "404" and lost[0]["tags"]["error"] == "404"


def test_a_burst_arrives_whole_and_an_end_leaves_nothing_behind(zipkin, traced):
    before = zipkin.collected("spans")
    dropped = zipkin.collected("spans_dropped"), zipkin.collected("messages_dropped")
    hello = traced("hello", "burst", zipkin.url(), {"tracing.reporter.message-timeout": "1h"})
    for _ in range(300):
        assert hello.get("/hello").status == 200
    assert zipkin.collected("spans") == before, "they wait for company"
    assert hello.stop() == 0
    wait_until(lambda: zipkin.collected("spans") == before + 300, "all have come")
    assert dropped == (zipkin.collected("spans_dropped"), zipkin.collected("messages_dropped"))


def test_an_outage_is_told_once_and_counted(zipkin_jar, programs, traced, tmp_path):
    port = free_port()
    properties = {"management.endpoints.web.exposure.include": "prometheus"}
    hello = traced("hello", "patient", f"http://127.0.0.1:{port}", properties)

    def figure(name):
        lines = hello.get("/actuator/prometheus").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"zipkin_reporter_{name}"))

    for lost in (1, 2):
        assert hello.get("/hello").status == 200
        wait_until(lambda lost=lost: figure("messages_dropped_total") == lost, "given up")
    assert figure("spans_dropped_total") == 2
    assert hello.log().count("spans are not reported") == 1
    late = programs(Zipkin(zipkin_jar, port, tmp_path / "late.log")).wait_until_ready()
    assert hello.get("/hello").status == 200
    wait_until(lambda: late.traces_of("patient"), "it is reported")
    hello.wait_for_log("spans are reported again")
