"""Orders and the catalog as processes: scenarios S16, S18, S28, S29, S30, S31, S71, S77 as far as these two go."""

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.programs import BINARIES, Program, wait_until
from support.openapi import Description
from support.registry import Registry
from support.shop import Shop


@pytest.fixture
def registry(owner):
    return owner.add(Registry(owner.log_path("registry"))).wait_until_ready()


@pytest.fixture
def shop(owner, registry):
    """shop(catalogs=1, orders=1, property__with__dots=...)"""

    def start(**arguments):
        return Shop(owner, registry, **arguments)

    return start


@pytest.fixture(params=["sqlite", "mariadb"])
def any_shop(request, shop):
    """The same on either database."""
    mariadb = request.getfixturevalue("mariadb") if request.param == "mariadb" else None

    def start(**arguments):
        return shop(mariadb=mariadb, **arguments)

    return start


def body_of(answer):
    return json.loads(answer.body)


def test_s26_an_order_takes_its_stock(any_shop):
    shop = any_shop()
    answer = shop.order("u1", 10, "k1")
    assert answer.status == 201
    order = body_of(answer)
    assert (order["totalPrice"], order["status"]) == (15000, "CONFIRMED")
    assert list(order)[:5] == ["productId", "qty", "unitPrice", "totalPrice", "orderId"]
    assert answer.headers["cache-control"] == "no-store"
    assert shop.stock() == 90
    shop.verify([order["orderId"]])


def test_s16_two_order_instances_show_the_same(any_shop):
    shop = any_shop(orders=2)
    ids = {body_of(shop.order("u1", 1, f"k{i}", at=i % 2))["orderId"] for i in range(10)}
    lists = {shop.list_of("u1", at=i % 2).body for i in range(20)}
    assert len(lists) == 1
    assert {order["orderId"] for order in json.loads(lists.pop())} == ids
    instances = {part.ask("GET", "/health_check").headers["x-instance-id"] for part in shop.orders}
    assert len(instances) == 2
    # N11: what one instance has taken the other shows at once.
    for i in range(10):
        order = body_of(shop.order("u2", 1, at=i % 2))["orderId"]
        assert order in shop.list_of("u2", at=(i + 1) % 2).text


def test_s28_what_cannot_be_had_is_refused_at_once(shop):
    shop = shop()
    much = shop.order("u1", 1000)
    assert (much.status, body_of(much)["code"], body_of(much)["available"]) == (409, "INSUFFICIENT_STOCK", 100)
    unknown = shop.order("u1", 1, product="CATALOG-999")
    assert (unknown.status, body_of(unknown)["code"]) == (404, "UNKNOWN_PRODUCT")
    for odd in ("../../actuator/env", "a/b", "%2e%2e", "서울", "?x=1", "#", "."):
        assert shop.order("u1", 1, product=odd).status == 404, odd
    assert shop.rows("orderdb", "select count(*) from orders") == [(0,)]


@pytest.mark.parametrize("policy, status, total", [("catalog", 201, 3000), ("strict", 409, None), ("client", 201, 2)])
def test_s28_the_price_is_whose_the_policy_says(shop, policy, status, total):
    shop = shop(shop__order__price_policy=policy)
    body = {"productId": "CATALOG-001", "qty": 2, "unitPrice": 1}
    answer = shop.orders[0].ask("POST", "/u1/orders", body, shop.as_user("u1"))
    assert answer.status == status
    assert body_of(answer).get("totalPrice") == total


def test_s29_nothing_is_sold_twice(any_shop):
    shop = any_shop(catalogs=2, orders=2)
    admin = {**shop.as_user("boss", roles=["admin"]), "If-Match": '"0"'}
    edit = shop.catalogs[0].ask("PATCH", "/catalogs/CATALOG-001", {"stock": 10}, admin)
    assert edit.status == 200
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda i: shop.order("u1", 1, f"k{i}", at=i % 2), range(100)))
    statuses = [answer.status for answer in answers]
    assert statuses.count(201) == 10 and statuses.count(409) == 90, statuses
    assert shop.stock() == 0
    accepted = [body_of(answer)["orderId"] for answer in answers if answer.status == 201]
    assert len(shop.verify(accepted, initial_stock=10)) == 10
    for part in shop.catalogs:
        assert "shop_oversell_total 0.0" in part.ask("GET", "/actuator/prometheus").text


def test_s30_one_key_is_one_order(any_shop):
    shop = any_shop(orders=2)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda i: shop.patient_order("u1", 1, "k7"), range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({body_of(answer)["orderId"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    for part in shop.orders:
        assert part.stop() == 0
        part.start().wait_until_ready()
    again = shop.patient_order("u1", 1, "k7")
    assert again.body == answers[0].body and again.headers["idempotent-replayed"] == "true"
    assert shop.order("u1", 2, "k7").status == 422
    assert shop.rows("orderdb", "select count(*) from orders") == [(1,)]
    assert shop.stock() == 99


def test_s31_a_cancelled_order_gives_its_stock_back_once(any_shop):
    shop = any_shop()
    order = body_of(shop.order("u1", 10))["orderId"]
    path = f"/order-service/u1/orders/{order}"
    assert shop.orders[0].ask("DELETE", path, headers=shop.as_user("u1")).status == 202
    assert shop.orders[0].ask("DELETE", path, headers=shop.as_user("u1")).status == 409
    assert body_of(shop.orders[0].ask("GET", path, headers=shop.as_user("u1")))["status"] == "CANCELLED"
    assert shop.stock() == 100


def test_s31_a_catalog_that_is_too_slow_loses_the_order(any_shop):
    shop = any_shop(
        shop__fault__catalog__reserve__delay_ms=3000,
        shop__order__resolve_after="300ms",
        shop__order__pending_timeout="1s",
        shop__order__sweep_interval="100ms",
    )
    answer = shop.order("u1", 10, "k1")
    assert answer.status == 201 and body_of(answer)["status"] in ("PENDING", "CANCELLED")
    shop.verify([body_of(answer)["orderId"]])
    assert shop.rows("orderdb", "select status, reason from orders") == [("CANCELLED", "PENDING_TIMEOUT")]
    # The reservation that was on its way comes too late.
    wait_until(lambda: shop.stock() == 100, "the stock is whole", 5)


def test_s44_without_the_catalog_orders_are_put_off_quickly(shop):
    shop = shop()
    shop.catalogs[0].kill()
    for _ in range(3):
        answer = shop.order("u1", 1)
        assert (answer.status, answer.headers.get("retry-after")) == (503, "1")
    assert shop.list_of("u1").status == 200
    shop.catalogs[0].start().wait_until_ready()
    assert shop.patient_order("u1", 1, "k1").status == 201


def test_s77_clients_keep_the_list_until_the_stock_changes(any_shop):
    shop = any_shop()
    catalog = shop.catalogs[0]
    first = catalog.ask("GET", "/catalog-service/catalogs")
    assert first.headers["cache-control"] == "public, max-age=5, stale-while-revalidate=30, stale-if-error=60"
    known = {"If-None-Match": first.headers["etag"]}
    same = catalog.ask("GET", "/catalog-service/catalogs", headers=known)
    assert (same.status, same.body) == (304, b"")
    assert shop.order("u1", 1).status == 201
    changed = catalog.ask("GET", "/catalog-service/catalogs", headers=known)
    assert changed.status == 200 and changed.headers["etag"] != first.headers["etag"]


def test_faults_change_at_run_time(shop):
    shop = shop(
        management__endpoint__env__post__enabled="true",
        management__endpoints__web__exposure__include="*",
    )
    part = shop.orders[0]

    def fault(name, value):
        body = {"name": f"shop.fault.{name}", "value": value}
        assert part.ask("POST", "/actuator/env", body).status == 401
        assert part.ask("POST", "/actuator/env", body, shop.as_user("u1")).status == 403
        assert part.ask("POST", "/actuator/env", body, shop.as_user("boss", roles=["admin"])).status == 200

    fault("order.get.error-rate", "1")
    assert (shop.list_of("u1").status, body_of(shop.list_of("u1"))["code"]) == (500, "FAULT_ON_DEMAND")
    fault("order.get.error-rate", "0")
    assert shop.list_of("u1").status == 200
    fault("readiness", "true")
    assert part.ask("GET", "/actuator/health/readiness").status == 503
    fault("readiness", "false")
    assert part.ask("GET", "/actuator/health/readiness").status == 200


# kill -9 of one part after the other while people order: nothing is lost, nothing doubled, the stock is exact.
def test_s71_whatever_is_killed_no_order_is_lost_or_doubled(any_shop):
    shop = any_shop(catalogs=2, orders=2, shop__order__resolve_after="1s", shop__order__sweep_interval="200ms")
    admin = {**shop.as_user("boss", roles=["admin"]), "If-Match": '"0"'}
    assert shop.catalogs[0].ask("PATCH", "/catalogs/CATALOG-001", {"stock": 100_000}, admin).status == 200
    done = threading.Event()
    accepted, refused = [], []

    def buyer(number):
        turn = 0
        while not done.is_set():
            answer = shop.patient_order(f"u{number}", 1 + turn % 3, f"k{turn}")
            (accepted if answer.status == 201 else refused).append(body_of(answer))
            turn += 1

    buyers = [threading.Thread(target=buyer, args=(number,)) for number in range(6)]
    for thread in buyers:
        thread.start()
    for part in [*shop.orders, *shop.catalogs, *shop.orders]:
        before = len(accepted)
        part.kill_and_start()
        wait_until(lambda before=before: len(accepted) > before + 10, "orders go on", 30)
    done.set()
    for thread in buyers:
        thread.join(60)
        assert not thread.is_alive()
    assert not refused, refused[:3]
    ids = [order["orderId"] for order in accepted]
    assert len(ids) == len(set(ids)) > 60
    shop.verify(ids, initial_stock=100_000)
    # One row for each key, one order for each row.
    keys = shop.rows("orderdb", "select count(*), count(distinct order_id) from idempotency_key")[0]
    assert keys == (len(ids), len(ids))


def test_s73_a_database_that_is_killed_costs_time_and_no_order(shop, mariadb):
    shop = shop(mariadb=mariadb, shop__order__resolve_after="1s", shop__order__sweep_interval="200ms")
    first = body_of(shop.patient_order("u1", 1, "before"))["orderId"]
    mariadb.kill()
    for _ in range(3):
        away = shop.order("u1", 1, "meanwhile")
        assert (away.status, away.headers.get("retry-after")) == (503, "1"), away.text
    assert shop.orders[0].ask("GET", "/actuator/health/liveness").status == 200
    mariadb.restart()
    meanwhile = shop.patient_order("u1", 1, "meanwhile", limit=10)
    assert meanwhile.status == 201
    assert len(shop.verify([first, body_of(meanwhile)["orderId"]])) == 2


def test_s90_both_describe_themselves(shop):
    shop = shop()
    for part, path in ((shop.orders[0], "/order-service/{userId}/orders"), (shop.catalogs[0], "/catalog-service/catalogs")):
        document = json.loads(part.ask("GET", "/v3/api-docs").body)
        assert path in document["paths"] and not any(each.startswith("/{") for each in document["paths"])
        assert part.ask("GET", "/swagger-ui/index.html").status == 200


def test_s90_orders_answer_as_they_describe(shop):
    shop = shop()
    described = Description(shop.orders[0])
    many, one = "/order-service/{userId}/orders", "/order-service/{userId}/orders/{orderId}"

    def ask(expected, method, template, path, body=None, headers=None):
        headers = shop.as_user("u1") if headers is None else headers
        answer = shop.orders[0].ask(method, f"/order-service/u1/orders{path}", body, headers)
        assert answer.status == expected, answer.text
        return described.check(method, template, answer)

    order = {"productId": "CATALOG-001", "qty": 2, "unitPrice": 1500}
    placed = body_of(ask(201, "POST", many, "", order))["orderId"]
    assert len(body_of(ask(200, "GET", many, ""))) == 1
    ask(200, "GET", one, f"/{placed}")
    ask(202, "DELETE", one, f"/{placed}")
    ask(404, "DELETE", one, "/none")
    ask(404, "GET", one, "/none")
    ask(409, "POST", many, "", {**order, "qty": 1000})
    ask(404, "POST", many, "", {**order, "productId": "CATALOG-999"})
    ask(400, "POST", many, "", {**order, "qty": 0})
    ask(400, "POST", many, "", b"{")
    ask(400, "GET", many, "?limit=0")
    ask(401, "GET", many, "", headers={})
    ask(403, "GET", many, "", headers=shop.as_user("u2"))


def test_s90_the_catalog_answers_as_it_describes(shop):
    shop = shop()
    described = Description(shop.catalogs[0])
    admin, service = shop.as_user("boss", roles=["admin"]), shop.as_user("orders", roles=["service"])

    def ask(expected, method, template, path, body=None, headers=None):
        answer = shop.catalogs[0].ask(method, f"/catalog-service{path}", body, headers)
        assert answer.status == expected, answer.text
        return described.check(method, f"/catalog-service{template}", answer)

    many, one, reservation = "/catalogs", "/catalogs/{productId}", "/reservations/{orderId}"
    ask(200, "GET", "/health_check", "/health_check")
    assert body_of(ask(200, "GET", many, "/catalogs"))
    ask(400, "GET", many, "/catalogs?limit=x")
    found = ask(200, "GET", one, "/catalogs/CATALOG-001")
    ask(200, "GET", "/{productId}", "/CATALOG-001")
    ask(304, "GET", one, "/catalogs/CATALOG-001", headers={"If-None-Match": found.headers["etag"]})
    ask(404, "GET", one, "/catalogs/none")
    product = {"productId": "P-1", "productName": "New", "stock": 5, "unitPrice": 10}
    added = ask(201, "POST", many, "/catalogs", product, admin)
    ask(409, "POST", many, "/catalogs", product, admin)
    ask(403, "POST", many, "/catalogs", product, service)
    ask(401, "POST", many, "/catalogs", product)
    ask(428, "PATCH", one, "/catalogs/P-1", {"stock": 6}, admin)
    ask(200, "PATCH", one, "/catalogs/P-1", {"stock": 6}, {**admin, "If-Match": added.headers["etag"]})
    ask(412, "PATCH", one, "/catalogs/P-1", {"stock": 7}, {**admin, "If-Match": added.headers["etag"]})
    ask(200, "PUT", reservation, "/reservations/o1", {"productId": "P-1", "qty": 2}, service)
    ask(422, "PUT", reservation, "/reservations/o1", {"productId": "P-1", "qty": 3}, service)
    ask(409, "PUT", reservation, "/reservations/o2", {"productId": "P-1", "qty": 20}, service)
    ask(404, "PUT", reservation, "/reservations/o3", {"productId": "none", "qty": 1}, service)
    ask(200, "DELETE", reservation, "/reservations/o1", headers=service)


def test_a_service_without_a_secret_says_so_and_ends(owner, tmp_path):
    for name in ("shop-order", "shop-catalog"):
        command = [BINARIES / name, f"--spring.datasource.url=sqlite:{tmp_path}/x.sqlite"]
        ended = owner.add(Program(command, owner.log_path(name)))
        assert ended.wait_for_exit() == 1
        assert "cannot start: token.secret is not set" in ended.log()


def test_it_ends_in_an_orderly_way(shop):
    shop = shop()
    assert shop.order("u1", 1).status == 201
    for part in (*shop.orders, *shop.catalogs):
        part.signal(signal.SIGTERM)
        assert part.wait_for_exit() == 0, part.log()
