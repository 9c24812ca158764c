"""Orders: idempotent, never more than there is, the same on every instance."""

import json
import uuid

import pytest
from support.programs import wait_until

pytestmark = pytest.mark.fast


def test_s14_detail_shows_the_orders(shop):
    tester = shop.enter()
    product = shop.add_product(100)
    made = [json.loads(shop.order(tester, qty, product).body) for qty in (1, 2)]
    detail = json.loads(shop.detail(tester).body)
    assert {k: detail[k] for k in ("email", "name", "userId")} == {
        "email": tester.email,
        "name": "Tester",
        "userId": tester.user_id,
    }
    assert {o["orderId"] for o in detail["orders"]} == {o["orderId"] for o in made}
    first = next(o for o in detail["orders"] if o["qty"] == 2)
    assert first["productId"] == product and first["unitPrice"] == 1500 and first["totalPrice"] == 3000
    assert first["createdAt"].endswith("+00:00")


@pytest.mark.parametrize(
    "style, properties, through_the_gateway",
    [
        ("feign", {}, 0),
        ("resttemplate-lb", {"order_service.url": "http://ORDER-SERVICE/order-service/%s/orders"}, 0),
        ("resttemplate-url", {"order_service.url": "{gateway}/order-service/%s/orders"}, 1),
    ],
)
def test_s14_three_client_styles_show_the_same(shop_with, style, properties, through_the_gateway):
    shop = shop_with({"shop.client": style, **properties})
    tester = shop.enter()
    made = [json.loads(shop.order(tester).body)["orderId"] for _ in range(2)]
    before = shop.meter(shop.url(), "spring_cloud_gateway_requests_seconds_count")
    orders = json.loads(shop.detail(tester).body)["orders"]
    assert {o["orderId"] for o in orders} == set(made)
    assert set(orders[0]) == {"productId", "qty", "unitPrice", "totalPrice", "createdAt", "orderId"}
    after = shop.meter(shop.url(), "spring_cloud_gateway_requests_seconds_count")
    assert after - before == 1 + through_the_gateway


def test_s14_who_has_no_orders_has_an_empty_list(shop):
    assert json.loads(shop.detail(shop.enter()).body)["orders"] == []


def test_s16_two_instances_take_turns_and_tell_the_same(shop):
    tester = shop.enter()
    product = shop.add_product(100)
    for _ in range(10):
        assert shop.order(tester, 1, product).status == 201
    answers = [shop.get(f"/order-service/{tester.user_id}/orders", tester) for _ in range(20)]
    assert len({a.body for a in answers}) == 1
    assert len(json.loads(answers[0].body)) == 10
    # The less busy of two, a coin for a tie: with more of them, one has less than two fifths once in half a million times.
    path = f"/order-service/{tester.user_id}/orders"
    served = [a.headers["x-instance-id"] for a in answers + [shop.get(path, tester) for _ in range(480)]]
    assert len(set(served)) == 2
    assert all(200 <= served.count(instance) <= 300 for instance in set(served)), served.count(served[0])


def test_s16_round_robin(shop_with):
    shop = shop_with({"flotilla.loadbalancer.algorithm": "round-robin"})
    tester = shop.enter()
    for _ in range(10):
        assert shop.order(tester).status == 201
    answers = [shop.get(f"/order-service/{tester.user_id}/orders", tester) for _ in range(20)]
    assert len({a.body for a in answers}) == 1 and len(json.loads(answers[0].body)) == 10
    served = [a.headers["x-instance-id"] for a in answers]
    assert len(set(served)) == 2 and 8 <= served.count(served[0]) <= 12


def test_s16_who_writes_reads_it_on_every_instance_at_once(shop):
    tester = shop.enter()
    product = shop.add_product(100)
    for count in range(1, 6):
        made = json.loads(shop.order(tester, 1, product).body)
        for base in shop.instances("order"):
            orders = shop.orders(tester, base)
            assert len(orders) == count and made["orderId"] in [o["orderId"] for o in orders]


def test_s28_refused_orders(shop):
    tester = shop.enter()
    product = shop.add_product(5)
    too_many = shop.order(tester, 1000, product)
    assert too_many.status == 409
    body = json.loads(too_many.body)
    assert body["code"] == "INSUFFICIENT_STOCK" and body["available"] == 5
    assert shop.order(tester, 1, "CATALOG-999").status == 404
    assert shop.stock(product) == 5


@pytest.mark.parametrize("policy, status, price", [("catalog", 201, 1500), ("strict", 409, None), ("client", 201, 1)])
def test_s28_price_policies(shop_with, policy, status, price):
    shop = shop_with({"shop.order.price-policy": policy})
    answer = shop.order(shop.enter(), 1, price=1)
    assert answer.status == status, answer.text
    if price:
        assert json.loads(answer.body)["unitPrice"] == price


def test_s29_no_oversell(shop):
    tester = shop.enter()
    product = shop.add_product(10)
    answers = shop.at_once(100, lambda _: shop.order(tester, 1, product))
    assert {a.status for a in answers} <= {201, 409, 429, 503}
    confirmed = [json.loads(a.body)["orderId"] for a in answers if a.status == 201]

    def final():
        orders = {o["orderId"]: o["status"] for o in shop.orders(tester, query="?limit=1000")}
        return all(orders[id] in ("CONFIRMED", "REJECTED", "CANCELLED") for id in confirmed) and orders

    orders = wait_until(final, "all orders came to their end", 30)
    assert sum(status == "CONFIRMED" for status in orders.values()) == 10
    assert shop.stock(product) == 0
    for base in shop.instances("catalog"):
        assert shop.meter(base, "shop_oversell_total") == 0


def test_s30_the_same_key_is_the_same_order(shop):
    tester = shop.enter()
    product = shop.add_product(100)
    key = uuid.uuid4().hex

    def try_until_known(_):
        answers = []
        wait_until(lambda: answers.append(shop.order(tester, 1, product, key)) or answers[-1].status == 201, "a 201", 20)
        assert all(a.status == 409 and "retry-after" in a.headers for a in answers[:-1])
        return answers[-1]

    answers = shop.at_once(20, try_until_known)
    assert len({json.loads(a.body)["orderId"] for a in answers}) == 1
    assert sum(a.headers.get("idempotent-replayed") == "true" for a in answers) == 19
    assert len(shop.orders(tester)) == 1
    assert shop.stock(product) == 99
    assert shop.order(tester, 2, product, key).status == 422


def test_s30_a_key_is_remembered_after_a_restart(shop_with):
    shop = shop_with()
    tester = shop.enter()
    first = shop.order(tester, 1, key="k7")
    assert first.status == 201
    pids = {name: shop.kill(name) for name in shop.parts("order")}
    for name, pid in pids.items():
        shop.wait_until_reborn(name, pid)
    again = wait_until(
        lambda: next((a for a in [shop.order(tester, 1, key="k7")] if a.status == 201), None), "an answer", 20
    )
    assert json.loads(again.body)["orderId"] == json.loads(first.body)["orderId"]
    assert again.headers["idempotent-replayed"] == "true"
    assert len(shop.orders(tester)) == 1 and shop.stock() == 99


def test_s31_cancelling_gives_the_stock_back_once(shop):
    tester = shop.enter()
    product = shop.add_product(10)
    order = json.loads(shop.order(tester, 4, product).body)["orderId"]
    path = f"/order-service/{tester.user_id}/orders/{order}"
    wait_until(lambda: json.loads(shop.get(path, tester).body)["status"] == "CONFIRMED", "the order is confirmed", 20)
    assert shop.stock(product) == 6
    assert shop.ask("DELETE", path, who=tester).status == 202
    wait_until(lambda: shop.stock(product) == 10, "the stock is back", 20)
    assert shop.ask("DELETE", path, who=tester).status == 409
    assert shop.stock(product) == 10


def test_s77_client_cache(shop):
    tester = shop.enter()
    product = shop.add_product(10)
    path = f"/catalog-service/{product}"
    first = shop.get(path)
    assert "etag" in first.headers and "max-age=5" in first.headers["cache-control"]
    same = shop.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert same.status == 304 and same.body == b""
    assert shop.order(tester, 1, product).status == 201
    # What the gateway keeps is up to five seconds old; who wants the truth of this moment says so.
    changed = shop.get(path, headers={"If-None-Match": first.headers["etag"], "Cache-Control": "no-cache"})
    assert changed.status == 200 and changed.headers["etag"] != first.headers["etag"]
    for private in (f"/order-service/{tester.user_id}/orders", f"/user-service/users/{tester.user_id}"):
        assert "no-store" in shop.get(private, tester).headers["cache-control"]
