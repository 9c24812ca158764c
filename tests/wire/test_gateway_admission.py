"""A gateway that says no at once where a service has enough to do, and what it says when time is up."""

import re
import threading

import pytest
from support.gateway import Gateway, token
from support.programs import wait_until
from support.upstream import DEFAULT_ANSWER, Upstream

ROUTES = """
routes:
- {{id: busy, uri: "http://127.0.0.1:{port}", predicates: [Path=/busy/**]}}
- {{id: retried, uri: "http://127.0.0.1:{port}", predicates: [Path=/retried/**], filters: [Retry]}}
- {{id: kept, uri: "http://127.0.0.1:{port}", predicates: [Path=/kept/**], filters: [LocalResponseCache=1m]}}
- id: guarded
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/guarded/**]
  filters: [{{name: CircuitBreaker, args: {{fallbackUri: "forward:/instead"}}}}]
- {{id: operations, uri: "http://127.0.0.1:{port}", predicates: [Path=/service/actuator/**], filters: [StripPrefix=1]}}
- {{id: other, uri: "http://127.0.0.1:{other}", predicates: [Path=/other/**]}}
- {{id: instead, uri: "http://127.0.0.1:{other}", predicates: [Path=/instead], filters: [FallbackHeaders]}}
"""
ADMISSION = {
    "flotilla.gateway.admission.enabled": "true",
    "flotilla.gateway.admission.algorithm": "fixed",
    "flotilla.gateway.admission.initial-limit": 1,
}


class Gate:
    """Holds what is asked of /…/held until it is opened; answers all else at once."""

    def __init__(self):
        self.opened = threading.Event()
        self.upstream = Upstream(self._reply)

    def _reply(self, request, _):
        if request.target.endswith("/held"):
            assert self.opened.wait(20)
        return DEFAULT_ANSWER

    def is_held(self):
        return any(one.target.endswith("/held") for one in self.upstream.requests)


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()
    gate.upstream.stop()


@pytest.fixture
def beside():
    upstream = Upstream()
    yield upstream
    upstream.stop()


def meter(gateway, name, **labels):
    text = gateway.get("/actuator/prometheus").text
    lines = [line for line in text.splitlines() if re.match(rf"{name}[{{ ]", line)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(f'{k}="{v}"' in line for k, v in labels.items()))


def start(owner, tmp_path, gate, beside, properties):
    routes = ROUTES.format(port=gate.upstream.port, other=beside.port)
    log = owner.log_path("gateway")
    return owner.add(Gateway(log, tmp_path, routes, {"server.access-log": "true", **properties})).wait_until_ready()


def hold(gateway, gate, path="/busy/held"):
    """One request that waits for its answer; join it for its status."""
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(gateway.get(path, timeout=25).status))
    thread.statuses = statuses
    thread.start()
    wait_until(gate.is_held, "it has arrived")
    return thread


@pytest.mark.parametrize("status", [503, 429])
def test_s86_what_is_too_much_is_refused_at_once(owner, tmp_path, gate, beside, status):
    gateway = start(owner, tmp_path, gate, beside, {**ADMISSION, "flotilla.gateway.admission.status": status, "flotilla.gateway.admission.retry-after": "3s"})  # fmt: skip
    held = hold(gateway, gate)
    for path in ("/busy/x", "/retried/x", "/kept/x"):
        answer = gateway.get(path)
        assert (answer.status, answer.headers["retry-after"]) == (status, "3"), path
    assert gateway.get("/other/x").status == 200  # another place is not concerned
    target = f"http://127.0.0.1:{gate.upstream.port}"
    assert meter(gateway, "flotilla_gateway_admission_refused_total", target=target) == 3
    assert meter(gateway, "flotilla_gateway_admission_limit", target=target) == 1
    assert meter(gateway, "flotilla_gateway_admission_inflight", target=target) == 1
    wait_until(lambda: re.search(rf"/busy/x .*status={status} .*flags=UO", gateway.log()), "the access log")
    gate.opened.set()
    held.join()
    assert held.statuses == [200]
    for path in ("/busy/x", "/retried/x", "/kept/x", "/kept/x", "/busy/y"):
        assert gateway.get(path).status == 200  # each gives its place back
    assert meter(gateway, "flotilla_gateway_admission_inflight", target=target) == 0


def test_s86_operations_are_never_refused(owner, tmp_path, gate, beside):
    gateway = start(owner, tmp_path, gate, beside, ADMISSION)
    held = hold(gateway, gate)
    assert gateway.get("/busy/x").status == 503
    assert gateway.get("/service/actuator/health").status == 200
    assert gateway.get("/actuator/health").status == 200
    gate.opened.set()
    held.join()


def test_s86_who_is_refused_may_have_a_fallback(owner, tmp_path, gate, beside):
    gateway = start(owner, tmp_path, gate, beside, ADMISSION)
    held = hold(gateway, gate)
    assert gateway.get("/guarded/x").status == 200
    assert beside.take()[0].header("Execution-Exception-Type") == "overloaded"
    gate.opened.set()
    held.join()


def test_s86_without_a_connection_in_time_there_is_a_retry_after(owner, tmp_path, gate, beside):
    pool = "spring.cloud.gateway.httpclient.pool"
    gateway = start(owner, tmp_path, gate, beside, {f"{pool}.max-connections": 1, f"{pool}.acquire-timeout": "50ms", "flotilla.runtime.loops": 1})  # fmt: skip
    held = hold(gateway, gate)
    answer = gateway.get("/busy/x")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert meter(gateway, "flotilla_proxy_timeouts_total", phase="acquire") == 1
    gate.opened.set()
    held.join()


def test_s86_a_wrong_setting_ends_the_start(owner, tmp_path):
    properties = {"flotilla.gateway.admission.max-limit": 7}
    gateway = owner.add(Gateway(owner.log_path("gateway"), tmp_path, "routes: []", properties))
    assert gateway.wait_for_exit() == 1
    assert "flotilla.gateway.admission.max-limit: is less than min-limit" in gateway.log()


# ---- time that is up


def test_s48_the_log_names_limit_and_peer_and_a_meter_counts(owner, tmp_path, gate, beside):
    gateway = start(owner, tmp_path, gate, beside, {"spring.cloud.gateway.httpclient.response-timeout": "150ms"})
    peer = f"127.0.0.1:{gate.upstream.port}"
    assert gateway.get("/busy/held").status == 504
    gateway.wait_for_log(f"busy: {peer}: no answer within 150 ms")
    assert meter(gateway, "flotilla_proxy_timeouts_total", phase="response") == 1


def test_s48_a_deadline_of_the_request_is_named_as_such(owner, tmp_path, gate, beside):
    gateway = start(owner, tmp_path, gate, beside, {"spring.cloud.gateway.httpclient.response-timeout": "10s"})
    assert gateway.get("/busy/held", {"X-Request-Deadline-Ms": "200"}).status == 504
    gateway.wait_for_log("ms that the request had left")
    assert re.search(r"busy: \S+: no answer within the [12]\d\d ms that the request had left", gateway.log())


# ---- what is wrong at the start


def test_an_unknown_preset_ends_the_start(owner, tmp_path):
    gateway = owner.add(Gateway(owner.log_path("gateway"), tmp_path, "", {"flotilla.gateway.preset": "nonsense"}))
    assert gateway.wait_for_exit() == 1
    assert "flotilla.gateway.preset: 'nonsense' is neither shop nor course" in gateway.log()


SERVICES = "spring.cloud.discovery.client.simple.instances"


class WithFile(Gateway):
    """Its file is what the test has written, and not routes alone."""

    def write(self, routes):
        self.file.write_text(routes)


def test_a_preset_may_stand_in_a_file(owner, tmp_path, beside):
    properties = {f"{SERVICES}.{name}-service[0].uri": f"http://127.0.0.1:{beside.port}" for name in ("user", "catalog")}
    text = "flotilla: {gateway: {preset: shop}}\n"
    gateway = owner.add(WithFile(owner.log_path("gateway"), tmp_path, text, properties)).wait_until_ready()
    assert gateway.get("/catalog-service/catalogs").status == 200
    assert beside.take()[0].target == "/catalogs"


def test_s12_no_cookie_reaches_a_service_of_the_shop(owner, tmp_path, beside):
    names = ("user", "catalog", "order")
    properties = {f"{SERVICES}.{name}-service[0].uri": f"http://127.0.0.1:{beside.port}" for name in names}
    gateway = Gateway(owner.log_path("gateway"), tmp_path, "", {**properties, "flotilla.gateway.preset": "shop"})
    owner.add(gateway).wait_until_ready()
    sent = {"Cookie": "session=1", "X-User-Id": "forged", "Authorization": f"Bearer {token({'sub': 'u-1', 'exp': 4102444800})}"}
    asked = [
        ("GET", "/user-service/users"),
        ("POST", "/user-service/login"),
        ("GET", "/catalog-service/catalogs"),
        ("GET", "/order-service/u-1/orders"),
        ("POST", "/order-service/u-1/orders"),
        ("GET", "/order-service/health_check"),
    ]
    for method, path in asked:
        assert gateway.ask(method, path, b"{}" if method == "POST" else None, sent).status == 200, path
        (received,) = beside.take()
        assert received.header("Cookie") is None, path
        assert received.header("X-User-Id") in (None, "u-1"), path


def test_messages_about_the_secret_can_be_read(owner, tmp_path):
    gateway = Gateway(owner.log_path("gateway"), tmp_path, "", {"token.secret": "abc", "token.min-key-check": "error"})
    assert owner.add(gateway).wait_for_exit() == 1
    assert "token.secret is too short: HS512 asks for a key of 64 bytes, this one has 3" in gateway.log()


def test_messages_about_files_of_tls_say_what_the_system_says(owner, tmp_path):
    ssl = {"server.ssl.certificate": "/nope", "server.ssl.certificate-private-key": "/nope"}
    gateway = owner.add(Gateway(owner.log_path("gateway"), tmp_path, "", ssl))
    assert gateway.wait_for_exit() == 1
    assert "'/nope': No such file or directory\n" in gateway.log()


# ---- what the parser may let pass


def test_s12_s20_what_is_refused_or_dropped_is_a_setting(owner, tmp_path, beside):
    route = f"routes: [{{id: all, uri: 'http://127.0.0.1:{beside.port}', predicates: [Path=/a/**]}}]"

    def started(number, **properties):
        folder = tmp_path / str(number)
        folder.mkdir()
        own = {name.replace("_", "-"): value for name, value in properties.items()}
        return owner.add(Gateway(owner.log_path("gateway"), folder, route, own)).wait_until_ready()

    usual, lenient, strict = (
        started(1),
        started(2, **{"server.encoded_slash": "keep", "server.headers_with_underscores": "allow"}),
        started(3, **{"server.headers_with_underscores": "reject"}),
    )
    assert usual.get("/a/b%2Fc").status == 400 and not beside.take()
    assert usual.get("/a/b", {"X_Odd": "1"}).status == 200 and beside.take()[0].header("X_Odd") is None
    assert lenient.get("/a/b%2Fc%5Cd", {"X_Odd": "1"}).status == 200
    (received,) = beside.take()
    assert received.target == "/a/b%2Fc%5Cd" and received.header("X_Odd") == "1"
    assert lenient.get("/a/..%2f..%2fb").status == 400 and not beside.take()  # whoever decodes it is led astray
    assert lenient.get("/%2e%2e/x").status == 400
    assert strict.get("/a/b", {"X_Odd": "1"}).status == 400 and not beside.take()
    assert strict.get("/a/b").status == 200
