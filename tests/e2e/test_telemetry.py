"""Section E: one request as one trace, its logs, and the meters of the lesson."""

import json
import re
import uuid

import pytest
from shop_support.zipkin import Collector
from support.programs import ROOT, Program, free_port, tool, wait_until


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
def test_s52_logs_carry_the_trace_id(shop):
    tester = shop.enter()
    trace = new_trace()
    assert shop.get(f"/user-service/users/{tester.user_id}", tester, b3(trace)).status == 200

    def spans_in(name):
        return set(re.findall(rf"{trace},([0-9a-f]{{16}})", shop.log_of(name)))

    wait_until(lambda: spans_in("user"), "the id in the log of user-service")
    wait_until(lambda: any(spans_in(name) for name in shop.parts("order")), "the id in the log of an order-service")
    order = set().union(*(spans_in(name) for name in shop.parts("order")))
    assert order and spans_in("user") - order, "each has spans of its own"


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


def test_s55_prometheus_scrapes_through_the_gateway(shop, tmp_path):
    text = (ROOT / "deploy/prometheus/seed.yml").read_text()
    config = tmp_path / "prometheus.yml"
    config.write_text(text.replace("localhost:8000", f"localhost:{shop.gateway_port}").replace("15s", "1s"))
    port = free_port()
    prometheus = Program(
        [
            tool("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        tmp_path / "prometheus.log",
    )
    try:
        prometheus.wait_for_port(port)

        def up():
            answer = shop.get(f"http://127.0.0.1:{port}/api/v1/query?query=up")
            results = json.loads(answer.body)["data"]["result"] if answer.status == 200 else []
            return {r["metric"]["job"] for r in results if r["value"][1] == "1"}

        wait_until(lambda: up() == {"user-service", "order-service", "apigateway-service"}, "three targets are up", 30)
    except AssertionError:
        print(shop.get(f"http://127.0.0.1:{port}/api/v1/targets").text)
        raise
    finally:
        prometheus.stop()


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
