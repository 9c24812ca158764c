"""S85: what balances over gateways: Apache's mod_proxy_balancer, and Flotilla's gateway itself."""

import collections
import contextlib
import signal
import threading

import pytest
from shop_support.front import Apache, Front, Squid, Varnish
from support.gateway import Gateway
from support.programs import Owner, free_port, wait_until
from support.raw import Raw
from support.upstream import Upstream

CLIENT = "127.0.0.9"
READY = "/actuator/health/readiness"


class Pair:
    """Two gateways before a service that notes what it gets. Each names itself in its answers."""

    def __init__(self, folder):
        self.owner = Owner(folder)
        self.upstream = Upstream(self.answer)
        self.slow = threading.Event()
        self.slow.set()
        self.ports = [free_port(), free_port()]
        self.gateways = {}
        for name in "ab":
            self.start(name)

    def answer(self, request, _):
        if request.target.startswith("/slow"):
            self.slow.wait(20)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def start(self, name):
        folder = self.owner.folder / name
        folder.mkdir(exist_ok=True)
        routes = (
            f"routes:\n- {{id: all, uri: 'http://127.0.0.1:{self.upstream.port}', predicates: [Path=/**],"
            f" filters: ['AddResponseHeader=X-Gateway, {name}']}}"
        )
        properties = {"server.port": self.ports["ab".index(name)], "spring.cloud.gateway.trusted-proxies": "127.0.0.1/32"}
        gateway = Gateway(self.owner.log_path(name), folder, routes, properties)
        self.gateways[name] = self.owner.add(gateway).wait_until_ready()

    def kill(self, name):
        self.gateways[name].signal(signal.SIGKILL)
        self.gateways[name].wait_for_exit()

    def stop(self):
        self.owner.stop_all()
        self.upstream.stop()


class OwnFront(Front):
    """Flotilla's gateway before gateways."""

    def __init__(self, pair, folder, properties=None, metadata=""):
        instances = "spring.cloud.discovery.client.simple.instances.gateways"
        own = {f"{instances}[{i}].uri": f"http://127.0.0.1:{port}" for i, port in enumerate(pair.ports)}
        routes = f"routes:\n- {{id: all, uri: 'lb://gateways', predicates: [Path=/**]{metadata}}}"
        folder.mkdir(exist_ok=True)
        gateway = Gateway(pair.owner.log_path("front"), folder, routes, {**own, **(properties or {})})
        self.gateway = pair.owner.add(gateway).wait_until_ready()
        self.port = self.gateway.port


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    pair = Pair(tmp_path_factory.mktemp("pair"))
    yield pair
    pair.stop()


@pytest.fixture
def own_pair(tmp_path):
    pair = Pair(tmp_path)
    yield pair
    pair.stop()


@pytest.fixture
def apache(tmp_path, pair):
    started = []

    def start(ports=None, **options):
        started.append(Apache(tmp_path, ports or pair.ports, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop(20)


def shares(front, count, headers=lambda _: {}):
    """How many of so many requests, one after the other, each gateway has answered."""
    connection = front.connection()
    seen = collections.Counter()
    for i in range(count):
        answer = front.get_by(connection, f"/r/{i}", headers(i))
        assert answer.status == 200
        seen[answer.headers["X-Gateway"]] += 1
    connection.close()
    return seen


def expect_shares(seen, **wanted):
    """Within five percent of all."""
    total = sum(seen.values())
    whole = sum(wanted.values())
    for name, share in wanted.items():
        assert abs(seen[name] / total - share / whole) <= 0.05, f"{name}: {seen} for {wanted}"


# ---- Flotilla's gateway in front


@pytest.mark.fast
def test_s85_round_robin(pair, tmp_path):
    front = OwnFront(pair, tmp_path, {"flotilla.loadbalancer.algorithm": "round-robin"})
    seen = shares(front, 400)
    assert abs(seen["a"] - seen["b"]) <= 2


@pytest.mark.fast
@pytest.mark.parametrize("algorithm", ["random", "least-loaded"])
def test_s85_random_and_random_two(pair, tmp_path, algorithm):
    # One request at a time: of two that are equally loaded it is a coin's choice. A deviation by five percent of 2000
    # throws is one in a hundred thousand runs.
    expect_shares(shares(OwnFront(pair, tmp_path, {"flotilla.loadbalancer.algorithm": algorithm}), 2000), a=1, b=1)


@pytest.mark.fast
def test_s85_least_connections(pair, tmp_path):
    """Whoever has fewer requests under way gets the next one; of two instances both are always compared."""
    front = OwnFront(pair, tmp_path, {"flotilla.loadbalancer.algorithm": "least-loaded"})
    pair.upstream.take()
    pair.slow.clear()
    seen, threads = collections.Counter(), []
    try:
        for i in range(40):
            call = lambda: seen.update([front.get("/slow").headers["X-Gateway"]])  # noqa: E731
            threads.append(threading.Thread(target=call))
            threads[-1].start()
            wait_until(lambda: len(pair.upstream.requests) > i, "it is under way")
    finally:
        pair.slow.set()
        for thread in threads:
            thread.join(20)
    assert abs(seen["a"] - 20) <= 1 and sum(seen.values()) == 40, seen


@pytest.mark.fast
def test_s85_weighted(pair, tmp_path):
    weights = {
        f"spring.cloud.discovery.client.simple.instances.gateways[{i}].metadata.weight": weight
        for i, weight in enumerate((3, 1))
    }
    front = OwnFront(pair, tmp_path, {"flotilla.loadbalancer.algorithm": "weighted", **weights})
    expect_shares(shares(front, 400), a=3, b=1)


@pytest.mark.fast
@pytest.mark.parametrize("algorithm", ["ring-hash", "maglev"])
def test_s85_consistent_hash(own_pair, tmp_path, algorithm):
    front = OwnFront(
        own_pair,
        tmp_path / "front",
        {"flotilla.loadbalancer.algorithm": algorithm, "flotilla.loadbalancer.ring-size": 65536},
        ", metadata: {lb: {key: 'header:X-User'}}",
    )
    users = 2000
    connection = front.connection()

    def home(i):
        return front.get_by(connection, "/r", {"X-User": f"user-{i}"}).headers["X-Gateway"]

    first = [home(i) for i in range(users)]
    expect_shares(collections.Counter(first), a=1, b=1)
    assert [home(i) for i in range(0, users, 7)] == first[::7], "who was there once is there again"
    # Without one, all are with the other; when it is back, everybody is where he was.
    own_pair.kill("a")
    wait_until(lambda: front.get_by(connection, "/r", {"X-User": "user-0"}).status == 200, "the other one is asked")
    wait_until(lambda: {home(i) for i in range(20)} == {"b"}, "all are with the other one")


@pytest.mark.fast
def test_s85_a_gateway_that_dies_is_left_out_until_it_is_well(own_pair, tmp_path):
    checks = "spring.cloud.loadbalancer"
    front = OwnFront(
        own_pair,
        tmp_path / "front",
        {
            "flotilla.loadbalancer.algorithm": "round-robin",
            f"{checks}.configurations": "health-check",
            f"{checks}.health-check.interval": "200ms",
            f"{checks}.health-check.path": READY,
        },
    )
    expect_shares(shares(front, 100), a=1, b=1)
    # Silent, not dead: only the check can tell.
    own_pair.gateways["a"].signal(signal.SIGSTOP)
    front.gateway.wait_for_log("fails its health check")
    assert shares(front, 100) == {"b": 100}
    own_pair.gateways["a"].signal(signal.SIGCONT)
    front.gateway.wait_for_log("passes its health check")
    expect_shares(shares(front, 100), a=1, b=1)
    own_pair.kill("b")
    wait_until(lambda: front.gateway.log().count("fails its health check") == 2, "it is left out")
    assert shares(front, 100) == {"a": 100}
    own_pair.start("b")
    wait_until(lambda: front.gateway.log().count("passes its health check") == 2, "it is back")
    expect_shares(shares(front, 100), a=1, b=1)


def chain(pair, front, headers):
    pair.upstream.take()
    assert front.get("/chain", headers, source=CLIENT).status == 200
    (received,) = [one for one in pair.upstream.take() if one.target == "/chain"]
    return received


LIES = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Host": "evil.example.org",
    "X-Forwarded-Port": "evil",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Proto": "evil",
    "Forwarded": "for=6.6.6.6",
}


@pytest.mark.fast
def test_s85_the_chain_of_addresses(pair, tmp_path):
    received = chain(pair, OwnFront(pair, tmp_path), LIES)
    assert [one.strip() for one in received.header("X-Forwarded-For").split(",")] == [CLIENT, "127.0.0.1"]
    assert "6.6.6.6" not in received.head.decode() and "evil" not in received.head.decode()
    hops = [one.replace('"', "") for one in received.values("Forwarded")]
    assert [f"for={CLIENT}" in hops[0], "for=127.0.0.1" in hops[1], len(hops)] == [True, True, 2], hops


# ---- Apache in front


def test_s85_apache_by_requests(pair, apache):
    expect_shares(shares(apache(), 400), a=1, b=1)


def test_s85_apache_with_weights(pair, apache):
    expect_shares(shares(apache(weights=(3, 1)), 400), a=3, b=1)


def test_s85_apache_by_busyness(pair, apache):
    expect_shares(shares(apache(method="bybusyness"), 400), a=1, b=1)


def test_s85_apache_leaves_out_who_is_not_well(own_pair, apache):
    front = apache(own_pair.ports)
    expect_shares(shares(front, 100), a=1, b=1)
    own_pair.kill("a")
    front.wait_for_log("Health check DISABLING", 20)
    assert shares(front, 100) == {"b": 100}
    own_pair.start("a")
    front.wait_for_log("Health check ENABLING", 20)
    expect_shares(shares(front, 400), a=1, b=1)


def test_s85_the_chain_behind_apache(pair, apache):
    received = chain(pair, apache(), LIES)
    assert [one.strip() for one in received.header("X-Forwarded-For").split(",")] == [CLIENT, "127.0.0.1"]
    assert set(received.header("X-Forwarded-Proto").split(",")) == {"http"}
    assert "6.6.6.6" not in received.head.decode() and "evil" not in received.head.decode()


# ---- what nobody reaches from outside

# A gateway reads them all as /actuator/env, or might.
HIDDEN = [
    "/actuator/env",
    "//actuator/env",
    "/./actuator/env",
    "/%61ctuator/env",
    "/x/../actuator/env",
    "/x/%2e%2e/actuator/env",
    "/x/%2E./actuator/env",
    "/x%3f/../actuator/env",
    "/actuator;a/env",
    "http://localhost/actuator/env",
    "http://localhost/%61ctuator/env",
]


@contextlib.contextmanager
def shipped(kind, folder):
    """One of deploy/proxies, and what it sends on to."""
    services = [Upstream(), Upstream()]
    front = kind(folder, [one.port for one in services] if kind is Apache else services[0].port)
    try:
        wait_until(lambda: front.get("/catalog-service/x").status == 200, "it asks the gateway")
        yield front, services
    finally:
        front.stop(20)
        for one in services:
            one.stop()


@pytest.mark.fast
@pytest.mark.parametrize("kind", [Apache, Squid, Varnish])
def test_s85_what_clients_say_of_themselves_goes_no_further(kind, tmp_path):
    with shipped(kind, tmp_path) as (front, services):
        assert front.get("/lies", LIES).status == 200
        (received,) = [request for one in services for request in one.take() if request.target == "/lies"]
    assert "6.6.6.6" not in received.head.decode() and "evil" not in received.head.decode()


@pytest.mark.fast
@pytest.mark.parametrize("kind", [Apache, Squid, Varnish])
def test_s85_operations_are_not_for_the_outside_however_they_are_spelled(kind, tmp_path):
    with shipped(kind, tmp_path) as (front, services):
        assert front.get("/.well-known/%EC%95%84?a=1").status == 200, "what only looks odd passes"
        for target in HIDDEN:
            with Raw(front.port) as raw:
                raw.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert raw.read_until(b"\r\n").split()[1] in (b"400", b"403", b"404"), target
        seen = {request.target for one in services for request in one.take()}
        assert seen <= {READY, "/catalog-service/x", "/.well-known/%EC%95%84?a=1"}
