"""Section E: one request as one trace, its logs, and the meters of the lesson."""

import collections
import json
import re
import signal
import uuid

import pytest
from shop_support.zipkin import Collector
from support.programs import ROOT, Program, fetch, free_port, tool, wait_until


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


def new_trace():
    return uuid.uuid4().hex[:16]


def b3(trace, sampled="1"):
    return {"b3": f"{trace}-{trace}-{sampled}"}


@pytest.mark.fast
def test_s50_s51_the_tree_of_a_trace(shop_with, collector):
    shop = shop_with({"spring.zipkin.base-url": collector.url, "spring.zipkin.message-timeout": 1})
    tester = shop.enter()

    trace = new_trace()
    assert shop.get(f"/user-service/users/{tester.user_id}", tester, b3(trace)).status == 200
    detail = ["apigateway-service S", "apigateway-service C", "user-service S", "user-service L", "user-service C", "order-service S"]  # fmt: skip
    assert collector.tree(trace, *detail).path_to("order-service", "S") == detail

    trace = new_trace()
    assert shop.order(tester, headers=b3(trace)).status == 201
    order = ["apigateway-service S", "apigateway-service C", "order-service S", "order-service C", "catalog-service S"]
    assert collector.tree(trace, *order).path_to("catalog-service", "S") == order

    # S51: the span that fails says so; those above it, which answered well, do not.
    shop.set_flag("order", "shop.fault.order.get.error-rate", "1")
    trace = new_trace()
    answer = shop.get(f"/user-service/users/{tester.user_id}", tester, b3(trace))
    assert answer.status == 200 and json.loads(answer.body)["orders"] == []
    tree = collector.tree(trace, *detail)
    failed = {tree.word(span) for span in tree.spans if "error" in span.get("tags", {})}
    assert {"order-service S", "user-service C"} <= failed
    assert not failed & {"apigateway-service S", "user-service S"}


@pytest.mark.fast
def test_s52_logs_carry_the_trace_id(shop_with):
    shop = shop_with({"server.access-log": "true"})  # else the gateway has nothing to say of what goes well
    tester = shop.enter()
    trace = new_trace()
    assert shop.get(f"/user-service/users/{tester.user_id}", tester, b3(trace)).status == 200

    def spans_in(name):
        return set(re.findall(rf"{trace},([0-9a-f]{{16}})", shop.log_of(name)))

    wait_until(lambda: spans_in("user"), "the id in the log of user-service")
    wait_until(lambda: any(spans_in(name) for name in shop.parts("order")), "the id in the log of an order-service")
    wait_until(lambda: spans_in("gateway"), "the id in the log of the gateway")
    gateway, user = spans_in("gateway"), spans_in("user")
    order = set().union(*(spans_in(name) for name in shop.parts("order")))
    assert gateway - user - order and user - order and order - gateway, "each has spans of its own"


@pytest.mark.fast
def test_s54_the_timers_of_the_lesson(shop_with):
    shop = shop_with()
    tester = shop.enter()
    (base,) = shop.instances("user")

    def names():
        return json.loads(shop.ask("GET", f"{base}/actuator/metrics", headers=shop.ops()).body)["names"]

    for path in ("welcome", "health_check"):
        assert shop.get(f"/user-service/{path}", tester).status == 200
    assert {"users.welcome", "users.status"} <= set(names())
    welcome = json.loads(shop.ask("GET", f"{base}/actuator/metrics/users.welcome", headers=shop.ops()).body)
    assert {m["statistic"] for m in welcome["measurements"]} == {"ACTIVE_TASKS", "DURATION"}
    assert all(m["value"] == 0 for m in welcome["measurements"])
    assert shop.meter(base, "users_welcome_requests_seconds_count") == 1
    shop.get("/user-service/welcome", tester)
    assert shop.meter(base, "users_welcome_requests_seconds_count") == 2


class Prometheus(Program):
    """The real one with a file of deploy/prometheus, whose addresses are those of the shop, scraping each second."""

    def __init__(self, shop, folder, file):
        text = (ROOT / "deploy/prometheus" / file).read_text().replace("15s", "1s")
        text = text.replace("  - alerts.yml", f"  - {ROOT}/deploy/prometheus/alerts.yml")
        for port, own in ((8000, shop.gateway_port), (8761, shop.registry_port)):
            text = text.replace(f"localhost:{port}", f"localhost:{own}")
        config = folder / file
        config.write_text(text)
        self.port = free_port()
        super().__init__(
            [tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            folder / "prometheus.log",
        )  # fmt: skip

    def up(self):
        """(labels, value) of each target."""
        answer = fetch(f"http://127.0.0.1:{self.port}/api/v1/query?query=up")
        results = json.loads(answer.body)["data"]["result"] if answer.status == 200 else []
        return [(result["metric"], result["value"][1]) for result in results]

    def orders(self):
        """{port: "1"} of the instances of order-service; "0" for one that does not answer."""
        return {int(m["instance"].rsplit(":", 1)[1]): v for m, v in self.up() if m["job"] == "order-service"}


@pytest.fixture
def prometheus(tmp_path):
    started = []

    def start(shop, file):
        started.append(Prometheus(shop, tmp_path, file))
        started[-1].wait_for_port(started[-1].port)
        return started[-1]

    yield start
    for one in started:
        one.stop()


def test_s55_prometheus_scrapes_through_the_gateway(shop, prometheus):
    server = prometheus(shop, "seed.yml")
    wanted = {
        ("user-service", "/user-service/actuator/prometheus"),
        ("order-service", "/order-service/actuator/prometheus"),
        ("apigateway-service", "/actuator/prometheus"),
    }

    def targets():
        answer = fetch(f"http://127.0.0.1:{server.port}/api/v1/targets?state=active")
        active = json.loads(answer.body)["data"]["activeTargets"] if answer.status == 200 else []
        return {(t["labels"]["job"], t["scrapeUrl"]) for t in active if t["health"] == "up"}

    gateway = f"http://localhost:{shop.gateway_port}"
    wait_until(lambda: targets() == {(job, gateway + path) for job, path in wanted}, "three targets are up", 30)


def test_s55_prometheus_follows_instances_that_come_and_die(shop_with, prometheus):
    shop = shop_with({"eureka.instance.lease-renewal-interval-in-seconds": 1,
                      "eureka.instance.lease-expiration-duration-in-seconds": 3,
                      "eureka.server.enable-self-preservation": "false",
                      "eureka.server.eviction-interval-timer-in-ms": 1000})  # fmt: skip
    server = prometheus(shop, "discovery.yml")
    jobs = {"registry": 1, "user-service": 1, "catalog-service": 1, "order-service": 2, "apigateway-service": 1}

    def well():
        return collections.Counter(labels["job"] for labels, value in server.up() if value == "1")

    wait_until(lambda: well() == jobs, "one target for each instance", 30)
    two = server.orders()
    third = shop.start_beside("shop-order", "order-third")
    port = int(third.base.rsplit(":", 1)[1])
    wait_until(lambda: server.orders() == {**two, port: "1"}, "the third is scraped", 30)
    third.signal(signal.SIGKILL)
    third.wait_for_exit()
    wait_until(lambda: server.orders() == two, "the dead one is no target any more", 60)
    assert well() == jobs


@pytest.mark.fast
def test_s59_who_asks_decides_what_is_sampled(shop_with, collector):
    shop = shop_with({"spring.zipkin.base-url": collector.url, "tracing.sampler.probability": 0})
    tester = shop.enter()
    silent, told = new_trace(), new_trace()
    path = f"/user-service/users/{tester.user_id}"
    assert shop.get(path, tester, b3(silent, "0")).status == 200
    assert shop.get(path, tester, b3(told, "1")).status == 200
    collector.tree(told, "apigateway-service S", "order-service S")
    assert not collector.of(silent)
    assert not [span for span in collector.spans if not span["traceId"].endswith(told)]


@pytest.mark.fast
def test_s59_debug_wins_and_logs_keep_ids_of_what_is_not_sampled(shop_with, collector):
    shop = shop_with({"spring.zipkin.base-url": collector.url, "tracing.sampler.probability": 0, "server.access-log": "true"})
    tester = shop.enter()
    path = f"/user-service/users/{tester.user_id}"
    debugged = new_trace()
    assert shop.get(path, tester, {"X-B3-TraceId": debugged, "X-B3-SpanId": debugged, "X-B3-Flags": "1"}).status == 200
    tree = collector.tree(debugged, "apigateway-service S", "user-service S", "order-service S")
    assert all(span.get("debug") for span in tree.spans), "debug goes on to the last"
    silent = new_trace()
    assert shop.get(path, tester, {"X-B3-TraceId": silent, "X-B3-SpanId": silent, "X-B3-Sampled": "0"}).status == 200
    for part in ("gateway", "user"):
        wait_until(lambda part=part: f"{silent}," in shop.log_of(part), f"the id in the log of {part}")
    wait_until(lambda: any(f"{silent}," in shop.log_of(name) for name in shop.parts("order")), "the id in an order-service's")
    assert not collector.of(silent)


def test_s59_so_many_of_a_thousand_are_sampled(shop_with, collector):
    shop = shop_with({"spring.zipkin.base-url": collector.url, "spring.zipkin.message-timeout": 1})
    path = "/catalog-service/CATALOG-001"

    def sampled(probability):
        """Of a thousand requests that say nothing, how many the gateway has reported."""
        shop.set_flag("gateway", "tracing.sampler.probability", probability)
        before = {span["traceId"] for span in list(collector.spans)}
        statuses = shop.at_once(10, lambda _: [shop.get(path).status for _ in range(100)])
        assert {status for part in statuses for status in part} == {200}
        # Spans are reported in their order: when the last has come, all have.
        last = new_trace()
        assert shop.get(path, headers=b3(last)).status == 200
        collector.tree(last, "apigateway-service S")
        roots = [s for s in list(collector.spans) if s["traceId"] not in before and "parentId" not in s]
        return len({s["traceId"] for s in roots if s.get("tags", {}).get("http.path") == path} - {collector.of(last)[0]["traceId"]})

    assert sampled(0) == 0
    assert 50 <= sampled(0.1) <= 150
    assert sampled(1.0) == 1000


@pytest.mark.fast
def test_s50_housekeeping_is_no_trace(shop_with, collector):
    often = {"shop.order.sweep-interval": "50ms", "shop.catalog.meter-interval": "100ms", "flotilla.gateway.reload-interval": "50ms"}
    shop = shop_with({"spring.zipkin.base-url": collector.url, "spring.zipkin.message-timeout": 1, **often})
    tester = shop.enter()
    trace = new_trace()
    assert shop.order(tester, headers=b3(trace)).status == 201
    collector.tree(trace, "order-service S", "catalog-service S")
    (order, *_) = shop.instances("order")
    runs = lambda: shop.meter(order, "tasks_scheduled_execution_seconds_count", code_function="sweep")  # noqa: E731
    seen = runs()
    wait_until(lambda: runs() > seen + 20, "the sweeper looks for orders")
    shop.order(tester, headers=b3(new_trace()))
    by_trace = {}
    for span in list(collector.spans):
        by_trace.setdefault(span["traceId"], []).append(span)
    asked_for_by_nobody = [spans for spans in by_trace.values() if all(span.get("kind") != "SERVER" for span in spans)]
    names = {span["name"] for spans in asked_for_by_nobody for span in spans}
    assert not names & {"sweep", "forget-keys", "measure", "reload", "locate"}, names
