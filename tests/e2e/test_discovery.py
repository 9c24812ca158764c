"""S00, S18: parts come and go, and who calls them notices in time."""

import json
import signal

import pytest
from shop_support.stream import Stream
from support.programs import wait_until


@pytest.mark.fast
def test_s00_one_command_starts_everything_and_leaves_nothing(shop_with):
    shop = shop_with()
    assert shop.seconds_to_start < 15
    tester = shop.enter()
    assert shop.get("/user-service/users", tester).status == 200
    pids = [part["pid"] for part in shop.status().values()]
    assert shop.stop() == 0
    for pid in pids:
        with pytest.raises(OSError):
            open(f"/proc/{pid}/stat", encoding="ascii").read()


@pytest.mark.fast
def test_s00_data_survives_a_restart(shop_with):
    shop = shop_with()
    tester = shop.enter()
    made = json.loads(shop.order(tester).body)
    shop.stop()
    reopened = shop.reopened().wait_until_up()
    try:
        assert [o["orderId"] for o in reopened.orders(tester)] == [made["orderId"]]
    finally:
        reopened.stop()


def test_s18_the_balancer_follows_instances(shop_with):
    shop = shop_with()
    tester = shop.enter()
    with Stream(lambda: shop.get(f"/order-service/{tester.user_id}/orders", tester), 50) as stream:
        wait_until(lambda: len(stream.results) > 50, "requests flow")
        assert set(stream.statuses()) == {200}

        third = shop.start_beside("shop-order", "order-third")
        began = stream.now
        own_id = wait_until(
            lambda: shop.ask("GET", f"{third.base}/order-service/{tester.user_id}/orders", who=tester).headers.get(
                "x-instance-id"
            ),
            "the third answers",
        )
        wait_until(
            lambda: own_id in [a.headers.get("x-instance-id") for _, status, a in stream.since(began) if status == 200],
            "the third gets its share",
            5,
        )

        leaves = stream.now
        third.signal(signal.SIGTERM)
        third.wait_for_exit()
        wait_until(lambda: stream.now > leaves + 2, "two seconds")
        assert set(stream.statuses(leaves)) == {200}, "one that says good-bye loses nothing"

        dies = stream.now
        name = sorted(shop.parts("order"))[0]
        pid = shop.kill(name)
        shop.wait_until_reborn(name, pid)
        wait_until(lambda: stream.now > dies + 5, "five seconds")
        assert set(stream.statuses(dies + 2)) == {200}
        assert stream.statuses(dies).count(200) >= len(stream.statuses(dies)) - 2


def test_s18_a_killed_instance_leaves_the_registry(shop_with):
    shop = shop_with({"eureka.instance.lease-renewal-interval-in-seconds": 1,
                      "eureka.instance.lease-expiration-duration-in-seconds": 3,
                      "eureka.server.enable-self-preservation": "false",
                      "eureka.server.eviction-interval-timer-in-ms": 1000})  # fmt: skip
    third = shop.start_beside("shop-order", "order-third")
    port = int(third.base.rsplit(":", 1)[1])
    wait_until(lambda: port in shop.registered("ORDER-SERVICE"), "it is registered")
    third.signal(signal.SIGKILL)
    third.wait_for_exit()
    wait_until(lambda: port not in shop.registered("ORDER-SERVICE"), "it is evicted", 10)


@pytest.mark.fast
def test_s18_what_a_dead_instance_has_not_heard_another_one_is_told(shop_with):
    shop = shop_with()
    tester = shop.enter()
    third = shop.start_beside("shop-order", "order-third")
    wait_until(lambda: int(third.base.rsplit(":", 1)[1]) in shop.registered("ORDER-SERVICE"), "it is registered")
    path, body = f"/order-service/{tester.user_id}/orders", {"productId": "CATALOG-001", "qty": 1, "unitPrice": 1500}

    def order():
        return shop.ask("POST", path, body, who=tester)  # without a key, so that it must not be sent twice

    own_id = shop.get(f"{third.base}/order-service/health_check", tester).headers["x-instance-id"]
    wait_until(lambda: order().headers.get("x-instance-id") == own_id, "the third one takes an order")
    before = len(shop.orders(tester))
    third.signal(signal.SIGKILL)
    third.wait_for_exit()
    assert [order().status for _ in range(9)] == [201] * 9
    assert len(shop.orders(tester)) == before + 9
