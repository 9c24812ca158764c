"""examples/node-service: a service in Node.js among ours (S62)."""

import json
import signal
import subprocess

import pytest

from support.programs import BINARIES, ROOT, Program, fetch, free_port, tool, wait_until
from support.registry import Registry
from support.upstream import Upstream

FOLDER = ROOT / "examples/node-service"
TRACE, SPAN = "5e8eeec48b08e26882aba313eb08f0a4", "dcc1df555b5777b3"


class NodeService(Program):
    """The service on a free port; what is in `environment` comes on top."""

    def __init__(self, folder, *options, command=(), environment=None):
        self.port = free_port()
        command = [*(command or (tool("node"), "index.js")), f"--server.port={self.port}", "--server.address=127.0.0.1", *options]
        super().__init__(command, folder / "node-service.log", env=environment, cwd=FOLDER)

    def get(self, path, headers=None):
        return fetch(f"http://127.0.0.1:{self.port}{path}", headers=headers)


@pytest.fixture
def registry(owner):
    return owner.add(Registry(owner.log_path("registry"))).wait_until_ready()


@pytest.fixture
def node_service(owner, tmp_path):
    def start(*options, registry=None, **more):
        zone = f"http://127.0.0.1:{registry.port if registry else free_port()}/eureka/"
        service = owner.add(NodeService(tmp_path, f"--eureka.client.service-url.defaultZone={zone}", *options, **more))
        service.wait_for_port(service.port)
        return service

    return start


@pytest.fixture
def upstream():
    upstream = Upstream()
    yield upstream
    upstream.stop()


def json_answer(value):
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def ids(registry):
    return registry.ids("NODE-SERVICE")


def test_it_appears_in_the_registry_renews_answers_and_leaves(registry, node_service):
    service = node_service("--eureka.instance.lease-renewal-interval-in-seconds=1", registry=registry)
    own_id = f"127.0.0.1:node-service:{service.port}"
    wait_until(lambda: ids(registry) == [own_id], "registered")
    first = registry.instance("NODE-SERVICE", own_id)
    assert first["status"] == "UP"
    assert first["port"] == {"$": service.port, "@enabled": "true"}
    assert first["leaseInfo"]["durationInSecs"] == 90
    wait_until(
        lambda: registry.instance("NODE-SERVICE", own_id)["leaseInfo"]["lastRenewalTimestamp"]
        > first["leaseInfo"]["lastRenewalTimestamp"],
        "renewed",
    )
    for path in ("/node-service/health_check", "/health-check"):
        answer = service.get(path)
        assert (answer.status, answer.text) == (200, f"It's Working in Node Service on PORT {service.port}")
    assert service.get("/actuator/health/readiness").text == '{"status":"UP"}'
    assert service.get("/nowhere").status == 404
    service.signal(signal.SIGTERM)
    assert service.wait_for_exit() == 0
    assert ids(registry) == []


def test_it_renews_every_30_seconds_unless_told_otherwise(registry, node_service):
    service = node_service(registry=registry)
    wait_until(lambda: ids(registry), "registered")
    assert registry.instance("NODE-SERVICE", ids(registry)[0])["leaseInfo"]["renewalIntervalInSecs"] == 30
    assert service.stop() == 0


def test_forgotten_by_the_registry_it_registers_again(registry, node_service):
    node_service("--eureka.instance.lease-renewal-interval-in-seconds=1", registry=registry)
    (own_id,) = wait_until(lambda: ids(registry), "registered")
    registry.delete(f"/eureka/apps/NODE-SERVICE/{own_id}")
    wait_until(lambda: ids(registry) == [own_id], "registered again")


def test_it_waits_for_a_registry_that_comes_later(owner, node_service):
    port = free_port()
    service = node_service(f"--eureka.client.service-url.defaultZone=http://127.0.0.1:{port}/eureka/")
    service.wait_for_log("trying again")
    assert service.get("/actuator/health/readiness").status == 200
    registry = owner.add(Registry(owner.log_path("registry"), {"server.port": port})).wait_until_ready()
    wait_until(lambda: ids(registry), "registered")


def test_npm_start_passes_options_on_and_sigterm_through(registry, node_service):
    service = node_service(registry=registry, command=[tool("npm"), "start", "--silent", "--"])
    wait_until(lambda: ids(registry), "registered")
    service.signal(signal.SIGTERM)
    wait_until(lambda: ids(registry) == [], "left")
    service.wait_for_exit()


def test_the_configuration_comes_from_the_config_server(registry, node_service, upstream):
    upstream.answer = json_answer(
        {
            "name": "node-service",
            "profiles": ["default"],
            "propertySources": [
                {"name": "node-service.yml", "source": {"greeting.message": "Ahoy"}},
                {"name": "application.yml", "source": {"greeting.message": "Hello", "gateway.timeout-ms": 100}},
            ],
        }
    )
    service = node_service(registry=registry, environment={"CFG": f"http://127.0.0.1:{upstream.port}"})
    assert service.get("/node-service/welcome").text == "Ahoy"
    (asked,) = upstream.take()
    assert (asked.method, asked.target) == ("GET", "/node-service/default")


def test_without_a_config_server_it_goes_on_with_defaults(registry, node_service):
    service = node_service(registry=registry, environment={"CFG": f"http://127.0.0.1:{free_port()}"})
    assert service.get("/welcome").text == "Welcome to the Simple E-commerce."
    assert "no configuration from" in service.log()


@pytest.mark.parametrize(
    "headers",
    [
        {"b3": f"{TRACE}-{SPAN}-1"},
        {"X-B3-TraceId": TRACE, "X-B3-SpanId": SPAN, "X-B3-Sampled": "1"},
    ],
    ids=["one header", "many headers"],
)
def test_its_call_through_the_gateway_carries_the_trace_and_the_token(node_service, upstream, headers):
    upstream.answer = json_answer([{"orderId": "1"}])
    service = node_service(f"--gateway.url=http://127.0.0.1:{upstream.port}")
    answer = service.get("/node-service/users/u-1/orders", {**headers, "Authorization": "Bearer abc"})
    assert (answer.status, json.loads(answer.body)) == (200, [{"orderId": "1"}])
    assert answer.headers["content-type"] == "application/json"
    (call,) = upstream.take()
    assert (call.method, call.target) == ("GET", "/order-service/u-1/orders")
    assert call.header("Authorization") == "Bearer abc"
    assert call.header("X-B3-TraceId") == TRACE
    assert call.header("X-B3-Sampled") == "1"
    # gateway > node-service > its call: a span of its own between what came and what it sends
    assert len({SPAN, call.header("X-B3-ParentSpanId"), call.header("X-B3-SpanId")}) == 3


@pytest.mark.parametrize("headers", [{}, {"b3": "-"}, {"X-B3-TraceId": "xyz", "X-B3-SpanId": SPAN}])
def test_without_a_readable_trace_it_begins_one(node_service, upstream, headers):
    service = node_service(f"--gateway.url=http://127.0.0.1:{upstream.port}")
    service.get("/node-service/users/u-1/orders", headers)
    (call,) = upstream.take()
    assert call.header("X-B3-ParentSpanId") == call.header("X-B3-TraceId")
    assert call.header("X-B3-Sampled") == "1"


def test_a_refused_trace_is_passed_on_and_not_reported(node_service, upstream):
    endpoint = f"http://127.0.0.1:{upstream.port}/api/v2/spans"
    service = node_service(f"--gateway.url=http://127.0.0.1:{upstream.port}", f"--management.zipkin.tracing.endpoint={endpoint}")
    service.get("/node-service/users/u-1/orders", {"b3": "0"})
    service.get("/node-service/users/u-2/orders", {"b3": f"{TRACE}-{SPAN}-1"})
    wait_until(lambda: len(upstream.requests) == 4, "two calls and the two spans of the second")
    received = upstream.take()
    calls = [one for one in received if one.method == "GET"]
    assert [call.header("X-B3-Sampled") for call in calls] == ["0", "1"]
    spans = {span["kind"]: span for one in received if one.method == "POST" for span in json.loads(one.body)}
    assert {span["traceId"] for span in spans.values()} == {TRACE}
    assert spans["SERVER"]["parentId"] == SPAN
    assert spans["CLIENT"]["parentId"] == spans["SERVER"]["id"]
    assert spans["CLIENT"]["id"] == calls[1].header("X-B3-SpanId")


def test_what_goes_wrong_behind_the_gateway_is_told(node_service, upstream):
    service = node_service(f"--gateway.url=http://127.0.0.1:{upstream.port}", "--gateway.timeout-ms=200")
    upstream.answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    answer = service.get("/users/u-1/orders")
    assert (answer.status, answer.text) == (503, "{}")
    upstream.answer = lambda request, connection: connection.recv(1) and None  # never answers
    assert service.get("/users/u-1/orders").status == 504
    upstream.stop()
    answer = service.get("/users/u-1/orders")
    assert (answer.status, json.loads(answer.body)["message"]) == (503, "order-service cannot be reached")


def test_prometheus_can_read_it(node_service, promtool):
    service = node_service()
    service.get("/welcome")
    answer = service.get("/actuator/prometheus")
    assert "http_server_requests_seconds_count 1" in answer.text
    assert "nonsense" not in (promtool(answer.text) or "")


def test_s62_through_the_gateway_it_is_reached_and_calls_back_in_the_same_trace(owner, registry, node_service, upstream):
    upstream.answer = json_answer([{"orderId": "1"}])
    port = {"$": upstream.port, "@enabled": "true"}
    registry.enroll("ORDER-SERVICE", "scripted", ipAddr="127.0.0.1", hostName="127.0.0.1", port=port)
    gateway_port = free_port()
    node_service(f"--gateway.url=http://127.0.0.1:{gateway_port}", registry=registry)
    wait_until(lambda: ids(registry), "registered")
    gateway = owner.add(
        Program(
            [BINARIES / "flotilla", "gateway", f"--server.port={gateway_port}",
             f"--eureka.client.service-url.defaultZone={registry.url('/eureka/')}",
             f"--spring.config.additional-location={FOLDER / 'routes.yml'}"],
            owner.log_path("gateway"),
        )
    )  # fmt: skip
    gateway.wait_for_port(gateway_port)
    url = f"http://127.0.0.1:{gateway_port}/node-service"
    wait_until(lambda: fetch(f"{url}/health_check").status == 200, "the gateway finds it")
    answer = fetch(f"{url}/users/u-1/orders", headers={"b3": f"{TRACE}-{SPAN}-1"})
    assert (answer.status, json.loads(answer.body)) == (200, [{"orderId": "1"}])
    (call,) = upstream.take()
    assert call.target == "/order-service/u-1/orders"
    assert call.header("X-B3-TraceId") == TRACE
    assert call.header("X-B3-Sampled") == "1"


def test_flotilla_up_runs_the_fleet_of_the_example(owner, tmp_path):
    ports = {name: free_port() for name in ("registry", "gateway", "node")}
    up = owner.add(
        Program(
            [BINARIES / "flotilla", "up", "--file", FOLDER / "fleet.yml", "--data", tmp_path / "data",
             f"--eureka.consul.dns-port={free_port()}", *(f"--port={name}={port}" for name, port in ports.items())],
            tmp_path / "up.log",
            cwd=ROOT,
        )
    )  # fmt: skip
    up.wait_for_log("Up in")
    url = f"http://127.0.0.1:{ports['gateway']}/node-service/health_check"
    answer = wait_until(lambda: found if (found := fetch(url)).status == 200 else None, "it is reached")
    assert answer.text == f"It's Working in Node Service on PORT {ports['node']}"
    up.signal(signal.SIGINT)
    assert up.wait_for_exit() == 0
    assert "left the registry" in up.log()


def test_the_image_needs_nothing_but_the_two_files():
    package = json.loads((FOLDER / "package.json").read_text())
    assert "dependencies" not in package
    dockerfile = (FOLDER / "Dockerfile").read_text()
    assert "COPY ./index.js" in dockerfile and 'CMD ["npm", "start"]' in dockerfile and "-alpine" in dockerfile
    done = subprocess.run([tool("node"), "--check", FOLDER / "index.js"], capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
