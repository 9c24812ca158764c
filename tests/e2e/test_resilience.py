"""Section D: what is seen when something behind the gateway is down, slow or silent."""

import json
import re
import signal
import time

import pytest
from shop_support.stream import Stream
from support.programs import wait_until

COURSE = {"shop.profile": "course"}
WITHOUT_ORDER = ("--without", "order")


def timed(call):
    began = time.monotonic()
    answer = call()
    return answer, time.monotonic() - began


def breaker(shop, name, **labels):
    (base,) = shop.instances("user")
    return shop.meter(base, f"resilience4j_circuitbreaker_{name}", name="circuitbreaker", **labels)


def transitions(shop):
    """What the event log of the breaker has of its states, the oldest first."""
    (base,) = shop.instances("user")
    answer = shop.get(f"{base}/actuator/circuitbreakerevents/circuitbreaker/STATE_TRANSITION", headers=shop.ops())
    assert answer.status == 200, answer.text
    return [event["stateTransition"] for event in json.loads(answer.body)["circuitBreakerEvents"]]


@pytest.mark.fast
def test_s40_without_order_service_the_list_is_empty_and_says_so(shop_with):
    shop = shop_with(arguments=WITHOUT_ORDER)
    answer = shop.detail(shop.enter())
    assert answer.status == 200
    assert json.loads(answer.body)["orders"] == []
    assert answer.headers["x-degraded"] == "orders"


def disable_breaker(shop):
    (base,) = shop.instances("user")
    path = f"{base}/actuator/circuitbreakers/circuitbreaker"
    answer = shop.ask("POST", path, {"updateState": "DISABLE"}, shop.ops())
    assert answer.status == 200, answer.text


@pytest.mark.fast
def test_s40_without_a_breaker_the_failure_cascades(shop_with):
    shop = shop_with(COURSE, arguments=WITHOUT_ORDER)
    tester = shop.enter()
    disable_breaker(shop)
    answer = shop.detail(tester)
    assert answer.status == 500 and json.loads(answer.body)["status"] == 500


@pytest.mark.fast
def test_s15_what_the_client_of_orders_logs_and_makes_of_a_404(shop_with):
    path = "/order-service/{userId}/orders_ng"
    shop = shop_with({"shop.client.orders-path": path, "logging.level.root": "DEBUG"})
    tester = shop.enter()
    enabled = shop.detail(tester)
    assert enabled.status == 200 and json.loads(enabled.body)["orders"] == []
    disable_breaker(shop)
    disabled = shop.detail(tester)
    assert disabled.status == 404 and json.loads(disabled.body)["message"] == "User's orders is empty"
    log = shop.log_of("user")
    assert re.search(rf"\[OrderServiceClient#getOrders\w*\] ---> GET .*/order-service/{tester.user_id}/orders_ng", log)
    assert re.search(r"\[OrderServiceClient#getOrders\w*\] <--- HTTP/1.1 404 .*\(\d+ms\)", log)
    assert re.search(r"\[OrderServiceClient#getOrders\w*\] <--- END HTTP \(\d+-byte body\)", log)


@pytest.mark.fast
def test_s41_s42_the_circuit_opens_and_recovers(shop_with):
    shop = shop_with(COURSE, arguments=WITHOUT_ORDER)
    tester = shop.enter()
    answers = [timed(lambda: shop.detail(tester)) for _ in range(5)]
    assert [json.loads(answer.body)["orders"] for answer, _ in answers] == [[]] * 5
    assert breaker(shop, "not_permitted_calls_total") == 3
    assert all(seconds < 0.1 for _, seconds in answers[2:])  # not 20 ms: Python and two hops are in it
    assert breaker(shop, "state", state="open") == 1
    assert transitions(shop) == ["CLOSED_TO_OPEN"]

    # S42: order-service comes; after a second the next call is let through, and the tenth closes the circuit.
    order = shop.start_beside("shop-order", "order")
    wait_until(lambda: int(order.base.rsplit(":", 1)[1]) in shop.registered("ORDER-SERVICE"), "it is registered")
    wait_until(lambda: "x-degraded" not in shop.detail(tester).headers, "a call goes through")
    assert breaker(shop, "state", state="half_open") == 1
    for _ in range(9):
        assert "x-degraded" not in shop.detail(tester).headers
    assert breaker(shop, "state", state="closed") == 1
    assert transitions(shop)[-1] == "HALF_OPEN_TO_CLOSED"


def test_s43_a_slow_order_service_is_waited_for_four_seconds(shop_with):
    shop = shop_with(COURSE)
    tester = shop.enter()
    shop.set_flag("order", "shop.fault.order.get.delay-ms", 10_000)
    for _ in range(2):
        answer, seconds = timed(lambda: shop.detail(tester))
        assert answer.status == 200 and json.loads(answer.body)["orders"] == []
        assert 4.0 <= seconds < 4.6
    (base,) = shop.instances("user")
    assert shop.meter(base, "resilience4j_timelimiter_calls_total", kind="timeout") == 2
    answer, seconds = timed(lambda: shop.detail(tester))
    assert answer.status == 200 and seconds < 0.1


@pytest.mark.fast
def test_s44_a_slow_catalog_holds_nobody_up_for_long(shop_with):
    shop = shop_with()
    tester = shop.enter()
    shop.set_flag("catalog", "shop.fault.catalog.get.delay-ms", 10_000)
    answer, seconds = timed(lambda: shop.order(tester))
    assert answer.status == 503 and "retry-after" in answer.headers
    assert seconds < 2.5
    answer, seconds = timed(lambda: shop.detail(tester))
    assert answer.status == 200 and seconds < 0.5


def test_s45_one_after_the_other_falls_silent_and_the_rest_goes_on(shop_with):
    shop = shop_with()
    tester = shop.enter()
    assert shop.order(tester).status == 201
    shop.signal_part("catalog", signal.SIGSTOP)
    answer, seconds = timed(lambda: shop.detail(tester))
    assert answer.status == 200 and len(json.loads(answer.body)["orders"]) == 1 and seconds < 1
    for name in shop.parts("order"):
        shop.signal_part(name, signal.SIGSTOP)
    answer, seconds = timed(lambda: shop.detail(tester))
    assert answer.status == 200 and json.loads(answer.body)["orders"] == [] and seconds < 3
    (base,) = shop.instances("user")
    assert shop.get(f"{base}/actuator/health/liveness").status == 200


def test_s46_a_hanging_order_service_takes_no_more_than_its_share(shop_with):
    # Without a breaker, which would hide the effect.
    shop = shop_with({"resilience4j.circuitbreaker.instances.circuitbreaker.minimum-number-of-calls": 10_000,
                      "resilience4j.circuitbreaker.instances.circuitbreaker.sliding-window-size": 10_000})  # fmt: skip
    tester = shop.enter()
    shop.set_flag("order", "shop.fault.order.get.hang", "true")
    with Stream(lambda: shop.get("/user-service/users", tester), 25) as users, Stream(
        lambda: shop.get("/catalog-service/catalogs"), 25
    ) as catalogs:
        answers = shop.at_once(200, lambda _: timed(lambda: shop.detail(tester)))
        wait_until(lambda: len(users.results) >= 50, "other calls went on")
    assert all(a.status == 200 and json.loads(a.body)["orders"] == [] for a, _ in answers)
    slow = sum(seconds > 1.5 for _, seconds in answers)
    assert slow <= 50  # 25 permits, given to the next when the time limit ends a call
    assert set(users.statuses()) == {200} and set(catalogs.statuses()) == {200}


@pytest.mark.fast
def test_s47_a_dependency_can_be_isolated(shop_with):
    shop = shop_with()
    tester = shop.enter()
    assert shop.order(tester).status == 201
    shop.set_flag("user", "shop.isolate.order-service", "true")
    isolated = shop.detail(tester)
    assert json.loads(isolated.body)["orders"] == [] and isolated.headers["x-degraded"] == "orders"
    shop.reset_flags("user")
    assert len(json.loads(shop.detail(tester).body)["orders"]) == 1


# order: the gateway's own limit of ten seconds; the others are asked by services, which wait for two.
@pytest.mark.parametrize("part, limit", [("order", 10.5), ("catalog", 3.5), ("registry", 1.0)])
def test_s48_a_silent_part_is_given_up_in_time(shop_with, part, limit):
    """A stopped process: its connections are accepted, and nothing answers."""
    shop = shop_with()
    tester = shop.enter()
    shop.order(tester)
    for name in shop.parts(part):
        shop.signal_part(name, signal.SIGSTOP)
    for call in (lambda: shop.detail(tester), lambda: shop.order(tester)):
        answer, seconds = timed(call)
        assert seconds < limit, f"{seconds} s, {answer.status}"
        assert answer.status in (200, 201, 503, 504)
    # The gateway's own client, or that of a service behind it, says whom it has given up, and after how long.
    if part == "order":
        assert re.search(r"order-of-user: \S+:\d+: no answer within 10000 ms", shop.log_of("gateway"))
        assert shop.meter(shop.url(), "flotilla_proxy_timeouts_total", phase="response") >= 1
    if part == "registry":
        assert shop.order(tester).status == 201
