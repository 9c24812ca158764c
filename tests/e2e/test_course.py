"""`flotilla up --profile course`: the shop of the lessons, as it stands; what comes of each of its naive ways (the numbers
of shop.md's table), and what the shop answers instead."""

import json

import pytest
from shop_support.shop import Shop
from support.programs import wait_until

AS_IT_STANDS = {"token.secret": None, "management.endpoints.web.exposure.include": None, "management.endpoint.env.post.enabled": None}
COURSE = ("--profile", "course")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    fleet = Shop(tmp_path_factory.mktemp("course"), AS_IT_STANDS, arguments=COURSE).wait_until_up()
    yield fleet
    fleet.stop()


def order(shop, user, qty, product, price=1500, key=None):
    """As anybody: nobody is asked for a token."""
    headers = {"Idempotency-Key": key} if key else {}
    body = {"productId": product, "qty": qty, "unitPrice": price}
    return shop.ask("POST", f"/order-service/{user}/orders", body, headers)


@pytest.mark.fast
def test_one_command_and_no_secret_by_hand(course):
    tester = course.enter()
    before = course.stock("CATALOG-003")
    placed = order(course, tester.user_id, 10, "CATALOG-003", 2000)
    assert placed.status == 201, placed.text
    assert set(json.loads(placed.body)) == {"productId", "qty", "unitPrice", "totalPrice", "orderId"}
    assert course.stock("CATALOG-003") == before - 10
    detail = json.loads(course.detail(tester).body)
    assert [o["orderId"] for o in detail["orders"]] == [json.loads(placed.body)["orderId"]]


@pytest.mark.fast
def test_n1_n2_the_stock_falls_below_zero(course):
    left = course.stock("CATALOG-001")
    assert order(course, "u1", left + 5, "CATALOG-001").status == 201
    assert course.stock("CATALOG-001") == -5


@pytest.mark.fast
def test_n4_the_catalog_hears_of_another_order(course):
    placed = json.loads(order(course, "u4", 1, "CATALOG-002").body)
    wait_until(lambda: "1 of CATALOG-002 taken for order" in course.log_of("catalog"), "the catalog's log")
    assert placed["orderId"] not in course.log_of("catalog")


@pytest.mark.fast
def test_n7_n8_n9_a_request_counts_twice_at_any_price_for_anybody(course):
    before = course.stock("CATALOG-002")
    for _ in range(2):
        assert order(course, "somebody-else", 1, "CATALOG-002", price=1, key="the same").status == 201
    rows = json.loads(course.get("/order-service/somebody-else/orders").body)
    assert [row["totalPrice"] for row in rows] == [1, 1]
    assert course.stock("CATALOG-002") == before - 2


@pytest.mark.fast
def test_operations_are_open_to_everybody_in_the_course(course):
    assert course.ask("POST", "/user-service/actuator/refresh").status == 200
    assert course.get("/order-service/actuator/metrics").status == 200


@pytest.mark.fast
def test_operations_are_for_administrators_in_the_shop(shop):
    for group in ("user", "catalog", "order"):
        for base in (*shop.instances(group), f"/{group}-service"):
            assert shop.get(f"{base}/actuator/health").status == 200
            assert shop.get(f"{base}/actuator/prometheus").status == 200
            assert shop.ask("POST", f"{base}/actuator/refresh").status == 401
            assert shop.get(f"{base}/actuator/env").status == 401
            assert shop.ask("POST", f"{base}/actuator/refresh", who=shop.enter()).status == 403
            assert shop.ask("POST", f"{base}/actuator/refresh", headers=shop.admin()).status == 200


def test_n5_without_the_catalog_orders_stand_and_their_stock_is_lost(shop_with):
    course = shop_with(AS_IT_STANDS, arguments=(*COURSE, "--without", "catalog"))
    assert order(course, "u1", 1, "CATALOG-001").status == 201
    assert len(json.loads(course.get("/order-service/u1/orders").body)) == 1
    wait_until(lambda: "the catalog has not heard of order" in course.log_of("order"), "the log of orders")


def test_n2_n3_a_check_that_holds_nothing_refuses_with_500(shop_with):
    # Between the look and the taking others look too.
    between = {"shop.order.course-precheck": "true", "shop.fault.catalog.reserve.delay-ms": "500"}
    course = shop_with({**AS_IT_STANDS, **between}, arguments=COURSE)
    refused = order(course, "u1", 101, "CATALOG-001")
    assert (refused.status, refused.body) == (500, b"")
    at_once = course.at_once(20, lambda _: order(course, "u1", 50, "CATALOG-001").status)
    assert at_once.count(201) * 50 > 100, "more is sold than there was"


def test_s17_each_instance_has_a_memory_of_its_own(shop_with):
    course = shop_with(AS_IT_STANDS, scale={"order": 2}, arguments=COURSE)
    for _ in range(4):
        assert order(course, "u1", 1, "CATALOG-001").status == 201
    lists = [json.loads(course.get(f"{base}/order-service/u1/orders").body) for base in course.instances("order")]
    assert sum(len(one) for one in lists) == 4
    assert not {row["orderId"] for row in lists[0]} & {row["orderId"] for row in lists[1]}
    seen = {course.get("/order-service/u1/orders").body for _ in range(8)}
    assert len(seen) == 2, "who asks again sees other orders"
