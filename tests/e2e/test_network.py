"""S74: the network between the parts misbehaves. Each pair has a link of its own: a proxy that delays, loses, resets, or
lets nothing through. Later parts: the links to Kafka, to the config server and to Redis; delay and loss in the kernel
(`tc netem`), which wants privileges that a test does not have."""

import json
import signal
import time

import pytest
from shop_support.faults import TO_SERVER, Delay, FaultyLink, HalfOpen, Loss, OneWay, Reset
from shop_support.shop import Shop
from support.programs import free_port, wait_until

STOCK = 1_000_000
INITIAL = ",".join(f"CATALOG-00{i}={STOCK}" for i in (1, 2, 3))
SIMPLE = "spring.cloud.discovery.client.simple.instances"

# How long the gateway waits for a service; two calls over a slow link take 1.2 s. And what the one who asks needs himself.
GATEWAY_LIMIT = 1.6
SLACK = 0.6


class Network:
    """A fleet whose every call goes over a link of its own. `links` by name: ("gateway", "order"), ("services",
    "registry")."""

    PAIRS = (("gateway", "user"), ("gateway", "order"), ("gateway", "catalog"), ("user", "order"), ("order", "catalog"))

    def __init__(self, folder, properties=None, registry=None):
        ports = {name: free_port() for name in ("user", "order", "catalog")}
        own = (free_port(), free_port())  # gateway, registry
        self.links = {pair: FaultyLink(ports[pair[1]]) for pair in self.PAIRS}
        self.links["services", "registry"] = FaultyLink(own[1])
        file = folder / "fleet.yml"
        file.write_text(self.fleet(ports, registry or {}))
        properties = {
            "spring.cloud.gateway.httpclient.response-timeout": f"{GATEWAY_LIMIT}s",
            "eureka.instance.lease-renewal-interval-in-seconds": 1,
            "eureka.instance.lease-expiration-duration-in-seconds": 3,
            "eureka.client.eureka-server-connect-timeout-seconds": 1,
            "eureka.client.eureka-server-read-timeout-seconds": 1,
            # An instance that has been left out shall be back as soon as its link is.
            "flotilla.loadbalancer.outlier.base-ejection-time": "300ms",
            "flotilla.loadbalancer.outlier.max-ejection-time": "1s",
            **(properties or {}),
        }
        self.shop = Shop(folder, properties, fleet_file=file, ports=own).wait_until_up()

    def fleet(self, ports, registry):
        """The shop's fleet with ports that are known beforehand, and callers that know the links alone."""

        def pinned(caller):
            return [
                f'"--{SIMPLE}.{callee}-service[0].uri={link.url}"'
                for (by, callee), link in self.links.items()
                if by == caller
            ]

        def part(name, command, database, after="[registry]"):
            options = [f'"--spring.datasource.url=sqlite:${{data}}/{database}.sqlite"', *pinned(name)]
            return (
                f"  - {{name: {name}, command: {command}, port: {ports[name]}, after: {after}, options: [{', '.join(options)}],"
                ' environment: {TOKEN_SECRET: "${secret.token}"}}\n'
            )

        link = self.links["services", "registry"]
        registry_options = ", ".join(f'"--{key}={value}"' for key, value in registry.items())
        return (
            f'common: ["--eureka.client.service-url.defaultZone={link.url}/eureka/"]\n'
            "parts:\n"
            f"  - {{name: registry, command: flotilla registry, port: 8761, show: true, options: [{registry_options}]}}\n"
            + part("user", "shop-user", "userdb")
            + part("catalog", "shop-catalog", "catalogdb")
            + part("order", "shop-order", "orderdb")
            + "  - {name: gateway, command: flotilla gateway, port: 8000, after: [registry, user, catalog, order], options:"
            f" [\"--flotilla.gateway.preset=shop\", {', '.join(pinned('gateway'))}],"
            ' environment: {TOKEN_SECRET: "${secret.token}"}, show: true}\n'
        )

    def stop(self):
        for link in self.links.values():
            link.heal()
        self.shop.stop()
        for link in self.links.values():
            link.stop()


@pytest.fixture
def network(tmp_path):
    started = []

    def start(properties=None, registry=None):
        started.append(Network(tmp_path, properties, registry))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def timed(call):
    began = time.monotonic()
    try:
        status = call().status
    except OSError:
        status = 0
    return status, time.monotonic() - began


FAULTS = {
    "300 ms of delay": lambda: Delay(0.3),
    "a twentieth is lost": lambda: Loss(0.05),
    "half open": HalfOpen,
    "one way: no answers": OneWay,
    "one way: no requests": lambda: OneWay(TO_SERVER),
    "resets": Reset,
}


def test_s74_every_link_misbehaves_in_every_way(network):
    net = network()
    shop = net.shop
    tester = shop.enter()
    load = shop.load(
        "--users", 10, "--duration", "300s", "--ramp", "1s", "--think", "100ms", "--mix", "order=50,browse=20,detail=30",
        "--timeout", "4s", "--retries", 40, "--restock", STOCK,
    )  # fmt: skip
    journal = shop.folder / "load.jsonl"
    wait_until(lambda: journal.exists() and journal.read_text().count("\n") > 20, "orders flow")
    uncached = {"Cache-Control": "no-cache"}
    probes = {
        ("gateway", "user"): lambda: shop.get("/user-service/users", tester),
        ("gateway", "order"): lambda: shop.get(f"/order-service/{tester.user_id}/orders", tester),
        ("gateway", "catalog"): lambda: shop.get("/catalog-service/CATALOG-001", headers=uncached),
        ("user", "order"): lambda: shop.detail(tester),
        ("order", "catalog"): lambda: shop.order(tester),
        ("services", "registry"): lambda: shop.get("/user-service/users", tester),
    }
    # The gateway waits once for who is silent; what is reset it tries three times, which takes no time.
    limits = dict.fromkeys(probes, GATEWAY_LIMIT + SLACK)
    seen = {}
    for pair, link in net.links.items():
        for name, make in FAULTS.items():
            link.fault = make()
            until = time.monotonic() + 0.5
            answers = []
            while not answers or time.monotonic() < until:
                answers.append(timed(probes[pair]))
            link.heal()
            seen[pair, name] = answers
            worst = max(seconds for _, seconds in answers)
            assert worst < limits[pair], f"{pair}, {name}: {worst:.2f} s"
            statuses = {status for status, _ in answers}
            assert statuses <= {200, 201, 502, 503, 504}, f"{pair}, {name}: {statuses}"
            if pair == ("services", "registry"):
                assert statuses == {200}, "nobody needs the registry for a request"
            if pair == ("user", "order"):
                assert statuses <= {200, 504}, "a list that cannot be had is empty"
            if isinstance(make(), (Delay, Loss)) and pair != ("gateway", "order"):
                assert statuses & {200, 201}, f"{pair}, {name}: what is slow is not lost: {statuses}"
            # It heals by itself.
            wait_until(lambda: timed(probes[pair])[0] in (200, 201), f"{pair} after {name}", 10)
    # Guards that have opened close again: the list of orders is there.
    wait_until(lambda: "x-degraded" not in shop.detail(tester).headers, "no breaker is open", 20)
    load.signal(signal.SIGTERM)  # enough; what is under way comes to its end
    assert load.wait_for_exit(30) == 0, load.log()
    report = shop.report()
    assert report["ordersCreated"] > 50 and report["ordersUnknown"] == 0, report
    shop.verify(initial=INITIAL)


def breaker(shop, name, **labels):
    (base,) = shop.instances("user")
    return shop.meter(base, f"resilience4j_circuitbreaker_{name}", name="circuitbreaker", **labels)


@pytest.mark.fast
def test_s74_a_partition_opens_the_breaker_where_its_threshold_says_and_heals(network):
    net = network({"shop.profile": "course", "spring.cloud.gateway.httpclient.response-timeout": "10s"})
    shop, link = net.shop, net.links["user", "order"]
    tester = shop.enter()
    assert json.loads(shop.detail(tester).body)["orders"] == []
    assert "x-degraded" not in shop.detail(tester).headers
    link.fault = Reset()
    answers = [shop.detail(tester) for _ in range(6)]
    assert {a.status for a in answers} == {200} and {a.headers.get("x-degraded") for a in answers} == {"orders"}
    assert breaker(shop, "state", state="open") == 1, "two of two calls have failed"
    connections = link.connections
    status, seconds = timed(lambda: shop.detail(tester))
    assert status == 200 and seconds < 0.1
    assert link.connections == connections, "an open breaker lets nothing out"
    link.heal()
    wait_until(lambda: "x-degraded" not in shop.detail(tester).headers, "it is asked again", 10)
    for _ in range(9):
        shop.detail(tester)
    wait_until(lambda: breaker(shop, "state", state="closed") == 1, "and closed", 10)


@pytest.mark.fast
def test_s74_all_heartbeats_are_lost_and_nobody_is_forgotten(network):
    net = network(
        registry={
            "eureka.server.expected-client-renewal-interval-seconds": 1,
            "eureka.server.renewal-threshold-update-interval-ms": 1000,
            "eureka.server.eviction-interval-timer-in-ms": 200,
        }
    )
    shop, link = net.shop, net.links["services", "registry"]
    tester = shop.enter()
    services = ("USER-SERVICE", "ORDER-SERVICE", "CATALOG-SERVICE", "APIGATEWAY-SERVICE")
    wait_until(lambda: all(len(shop.registered(name)) == 1 for name in services), "all are registered")
    before = {name: shop.registered(name) for name in services}
    link.fault = OneWay(TO_SERVER)
    began = time.monotonic()
    lease = 2 * 3  # Eureka counts the time of a lease twice

    def still_there():
        assert {name: shop.registered(name) for name in services} == before, "self-preservation keeps them"
        return time.monotonic() - began > lease + 2

    wait_until(still_there, "their leases have run out", 20)
    assert shop.get("/user-service/users", tester).status == 200 and shop.order(tester).status == 201
    link.heal()

    def asked(path):
        return json.loads(shop.ask("GET", shop.registry_url(path), headers={"Accept": "application/json"}).body)

    def age_of(name):
        """Of the last heartbeat, in seconds. The list of an application is as of its last change, what one instance is
        as of now."""
        (listed,) = asked(f"/eureka/apps/{name}")["application"]["instance"]
        lease = asked(f"/eureka/apps/{name}/{listed['instanceId']}")["instance"]["leaseInfo"]
        return time.time() - int(lease["lastRenewalTimestamp"]) / 1000

    healed = time.monotonic()

    def renewed():
        return all(age_of(name) < time.monotonic() - healed for name in services)

    wait_until(renewed, "heartbeats come again", 20)
    assert {name: shop.registered(name) for name in services} == before
