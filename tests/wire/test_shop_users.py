"""Users as a process, with real orders behind them: scenarios S10, S14, S16, S40, S42, S43, S45, S47, S48."""

import json
import os
import subprocess
import time

import pytest
from support.openapi import Description
from support.programs import BINARIES, wait_until
from support.registry import Registry
from support.shop import Shop

# Flags are set while it runs; the registry is asked often, so that nobody waits for it.
USERS = {
    "management.endpoint.env.post.enabled": "true",
    "management.endpoints.web.exposure.include": "*",
    "eureka.client.registry-fetch-interval-seconds": "1",
}


@pytest.fixture
def registry(owner):
    return owner.add(Registry(owner.log_path("registry"))).wait_until_ready()


class UserShop(Shop):
    """A shop with users who register and log in."""

    def __init__(self, owner, registry, users=None, **arguments):
        super().__init__(owner, registry, **arguments)
        self.users = self.part("shop-user", "userdb", {**USERS, **(users or {})}).wait_until_ready()

    def somebody(self, email="a@x.io"):
        """The id of a new user, and the headers of who is logged in as that."""
        body = {"email": email, "name": "Tester", "pwd": "test1111"}
        assert self.users.ask("POST", "/users", body).status == 201
        login = self.login(email)
        assert (login.status, login.body) == (200, b"")
        return login.headers["userid"], {"Authorization": f"Bearer {login.headers['token']}"}

    def login(self, email, password="test1111"):
        return self.users.ask("POST", "/user-service/login", {"email": email, "password": password})

    def detail(self, user, token):
        return self.users.ask("GET", f"/user-service/users/{user}", headers=token)

    def finds_orders(self, user, token):
        answer = self.detail(user, token)
        return answer.status == 200 and "x-degraded" not in answer.headers


@pytest.fixture
def shop(owner, registry):
    return lambda **arguments: UserShop(owner, registry, **arguments)


def set_property(part, name, value):
    answer = part.ask("POST", "/actuator/env", {"name": name, "value": value}, Shop.as_user("boss", roles=["admin"]))
    assert answer.status == 200, answer.text


def place(shop, user, token, quantity):
    body = {"productId": "CATALOG-001", "qty": quantity, "unitPrice": 1500}
    answer = shop.orders[0].ask("POST", f"/order-service/{user}/orders", body, token)
    assert answer.status == 201, answer.text
    return json.loads(answer.body)["orderId"]


def took(function):
    """What it gives, and the seconds that it took."""
    began = time.monotonic()
    given = function()
    return given, time.monotonic() - began


def is_degraded(answer):
    """Orders are unknown: empty, and said to be so."""
    if answer.status != 200 or answer.headers.get("x-degraded") != "orders":
        return False
    return json.loads(answer.body)["orders"] == []


def test_s10_s14_a_user_registers_orders_and_sees_it(shop):
    shop = shop()
    user, token = shop.somebody()
    stored = shop.rows("userdb", "select email, name, user_id, encrypted_pwd from users")
    assert stored[0][:3] == ("a@x.io", "Tester", user)
    assert stored[0][3].startswith("$2a$10$") and len(stored[0][3]) == 60
    wait_until(lambda: shop.finds_orders(user, token), "users find orders")
    assert json.loads(shop.detail(user, token).body)["orders"] == []
    first = place(shop, user, token, 10)
    second = place(shop, user, token, 1)
    detail = json.loads(shop.detail(user, token).body)
    assert list(detail) == ["email", "name", "userId", "orders"]
    assert [order["orderId"] for order in detail["orders"]] == [second, first]
    assert list(detail["orders"][0]) == ["productId", "qty", "unitPrice", "totalPrice", "createdAt", "orderId"]
    assert detail["orders"][1]["totalPrice"] == 15000


def test_s90_users_answer_as_they_describe(shop):
    shop = shop()
    described = Description(shop.users)

    def ask(expected, method, template, path=None, body=None, headers=None):
        answer = shop.users.ask(method, f"/user-service{template if path is None else path}", body, headers)
        assert answer.status == expected, answer.text
        return described.check(method, f"/user-service{template}", answer)

    hal = {"Accept": "application/hal+json"}
    ask(200, "GET", "/")
    ask(200, "GET", "/welcome")
    ask(200, "GET", "/health_check")
    person = {"email": "b@x.io", "name": "Berta", "pwd": "test1111"}
    ask(201, "POST", "/users", body=person)
    ask(409, "POST", "/users", body=person)
    ask(400, "POST", "/users", body={})
    ask(400, "POST", "/users", body=b"{")
    user, token = shop.somebody()
    ask(200, "POST", "/login", body={"email": "a@x.io", "password": "test1111"})
    ask(401, "POST", "/login", body={"email": "a@x.io", "password": "test1112"})
    assert len(json.loads(ask(200, "GET", "/users", headers=token).body)) == 2
    ask(200, "GET", "/users", headers={**token, **hal})
    ask(200, "GET", "/users/hateoas", headers=token)
    ask(400, "GET", "/users", "/users?limit=0", headers=token)
    ask(401, "GET", "/users")
    wait_until(lambda: shop.finds_orders(user, token), "users find orders")
    place(shop, user, token, 1)
    one = "/users/{userId}"
    found = ask(200, "GET", one, f"/users/{user}", headers=token)
    assert len(json.loads(found.body)["orders"]) == 1
    ask(200, "GET", one, f"/users/{user}", headers={**token, **hal})
    ask(403, "GET", one, "/users/other", headers=token)
    admin = shop.as_user("boss", roles=["admin"])
    ask(404, "GET", one, "/users/none", headers=shop.as_user("none"))
    ask(428, "PATCH", one, f"/users/{user}", {"name": "Other"}, admin)
    match = {"If-Match": found.headers["etag"]}
    ask(200, "PATCH", one, f"/users/{user}", {"name": "Other"}, {**admin, **match})
    ask(412, "PATCH", one, f"/users/{user}", {"name": "Again"}, {**admin, **match})


def test_s16_s18_a_killed_order_instance_is_not_noticed(shop):
    shop = shop(orders=2)
    user, token = shop.somebody()
    wait_until(lambda: shop.finds_orders(user, token), "users find orders")
    order = place(shop, user, token, 1)
    shop.orders[1].kill()
    for _ in range(20):
        answer = shop.detail(user, token)
        assert answer.status == 200 and "x-degraded" not in answer.headers
        assert order in answer.text


def test_s40_s42_orders_that_are_gone_are_empty_until_they_are_back(shop):
    shop = shop(users={"shop.profile": "course"})
    user, token = shop.somebody()
    wait_until(lambda: shop.finds_orders(user, token), "users find orders")
    place(shop, user, token, 1)
    shop.orders[0].kill()
    for _ in range(5):
        answer, seconds = took(lambda: shop.detail(user, token))
        assert is_degraded(answer) and seconds < 1
    breakers = shop.users.ask("GET", "/actuator/circuitbreakers").text
    assert '"state":"OPEN"' in breakers
    assert shop.users.ask("GET", "/users").status == 200
    shop.orders[0].start().wait_until_ready()
    wait_until(lambda: shop.finds_orders(user, token), "orders are back")


def test_s43_s47_slow_orders_cost_the_time_limit_and_isolated_ones_nothing(shop):
    shop = shop(shop__fault__order__get__delay_ms="10000")
    user, token = shop.somebody()
    degraded, seconds = took(lambda: shop.detail(user, token))
    assert is_degraded(degraded)
    if seconds < 1:  # nobody was found yet
        wait_until(lambda: took(lambda: shop.detail(user, token))[1] > 1, "users find orders")
        degraded, seconds = took(lambda: shop.detail(user, token))
    assert is_degraded(degraded) and 1.9 < seconds < 2.6
    set_property(shop.users, "shop.isolate.order-service", "true")
    isolated, seconds = took(lambda: shop.detail(user, token))
    assert is_degraded(isolated) and seconds < 0.5


def test_s45_s48_without_a_database_users_are_not_available_and_alive(shop, mariadb):
    shop = shop(users=mariadb.properties())
    user, token = shop.somebody()
    wait_until(lambda: shop.finds_orders(user, token), "users find orders")
    mariadb.kill()
    for request in (lambda: shop.detail(user, token), lambda: shop.login("a@x.io")):
        answer, seconds = took(request)
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "DATABASE_UNAVAILABLE")
        assert answer.headers["retry-after"] == "1" and seconds < 1
    assert shop.users.ask("GET", "/actuator/health/liveness").status == 200
    assert shop.users.ask("GET", "/actuator/health").status == 503
    mariadb.restart()
    wait_until(lambda: shop.detail(user, token).status == 200, "users are back")

    blocker = subprocess.Popen(
        ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{mariadb.port}", f"-u{mariadb.user}", f"-p{mariadb.password}",
         "-e", "lock tables users write; select sleep(4)", "test"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: mariadb.query("show open tables where In_use > 0"), "the table is locked")
        answer, seconds = took(lambda: shop.detail(user, token))
        assert answer.status == 503 and 1.5 < seconds < 2.8
    finally:
        blocker.wait(timeout=30)


def test_the_repository_is_the_same_on_a_real_mariadb(mariadb):
    environment = {
        **os.environ,
        "FLOTILLA_TEST_MARIADB": mariadb.url(),
        "FLOTILLA_TEST_MARIADB_USER": mariadb.user,
        "FLOTILLA_TEST_MARIADB_PASSWORD": mariadb.password,
    }
    done = subprocess.run(
        [BINARIES / "flotilla_shop_user_tests", "--gtest_filter=UserRepository.*"],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
