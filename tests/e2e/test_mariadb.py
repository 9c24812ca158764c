"""The shop on MariaDB, and S73: its database dies under it."""

import json
import time

import pytest
from shop_support.degradation import Visit
from shop_support.shop import Shop
from support.mariadb import PASSWORD, USER, MariaDb, install
from support.programs import Owner, wait_until
from test_load import INITIAL, STOCK, load_age

DATABASES = ("userdb", "orderdb", "catalogdb")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return install(tmp_path_factory.mktemp("mariadb-template"))


@pytest.fixture
def mariadb(template, tmp_path):
    server = MariaDb(template, tmp_path, Owner(tmp_path))
    for name in DATABASES:
        server.create_database(name)
    yield server
    if server.process.running:
        server.kill()
    server.remove()


@pytest.fixture
def shop(mariadb, tmp_path):
    """The shop's own fleet, with other databases."""
    text = Shop.printed_fleet()
    for name in DATABASES:
        text = text.replace(f"sqlite:${{data}}/{name}.sqlite", mariadb.url(name))
    file = tmp_path / "fleet.yml"
    file.write_text(text)
    properties = {"spring.datasource.username": USER, "spring.datasource.hikari.connection-timeout": "2s"}
    fleet = Shop(
        tmp_path, properties, fleet_file=file, scale={"catalog": 2}, env={"SPRING_DATASOURCE_PASSWORD": PASSWORD}
    ).wait_until_up()
    yield fleet
    fleet.stop()


def verify(shop, mariadb):
    return shop.verify(
        "--order-db",
        mariadb.url("orderdb"),
        "--catalog-db",
        mariadb.url("catalogdb"),
        "--db-user",
        USER,
        "--db-password",
        PASSWORD,
        initial=INITIAL,
    )


def test_the_shop_runs_on_mariadb(shop, mariadb):
    load = shop.load("--users", 30, "--duration", "10s", "--ramp", "4s", "--think", "100ms", "--restock", STOCK)
    assert load.wait_for_exit(60) == 0, load.log()
    report = shop.report()
    assert report["overall"]["failed"] == 0, report
    assert verify(shop, mariadb)["orders"] == report["ordersCreated"]


def test_s29_no_oversell_on_mariadb(shop, mariadb):
    tester = shop.enter()
    product = shop.add_product(10)
    answers = shop.at_once(60, lambda _: shop.order(tester, 1, product))
    assert {a.status for a in answers} <= {201, 409, 429, 503}
    wait_until(
        lambda: all(o["status"] in ("CONFIRMED", "REJECTED", "CANCELLED") for o in shop.orders(tester)), "all ended", 30
    )
    confirmed = [o for o in shop.orders(tester, query="?limit=1000") if o["status"] == "CONFIRMED"]
    assert len(confirmed) == 10 and shop.stock(product) == 0


def test_s73_the_database_dies_under_load(shop, mariadb):
    tester = shop.enter()
    arguments = ("--users", 30, "--duration", "35s", "--ramp", "3s", "--think", "100ms", "--restock", STOCK)
    load = shop.load("--mix", "order=70,browse=15,detail=15", "--retries", 30, *arguments)
    wait_until(lambda: load_age(load) > 8, "users are in", 30)
    mariadb.kill()
    time.sleep(1)
    down = time.monotonic()
    answer = shop.order(tester)
    assert answer.status == 503 and "retry-after" in answer.headers, (answer.status, answer.text)
    assert time.monotonic() - down < 5
    wait_until(lambda: time.monotonic() - down > 9, "ten seconds without a database", 15)
    mariadb.restart()
    back = time.monotonic()
    wait_until(lambda: shop.order(tester).status == 201, "orders go on", 10)
    assert time.monotonic() - back < 3
    assert load.wait_for_exit(90) == 0, load.log()
    report = shop.report()
    print(json.dumps(report, indent=1))
    assert report["ordersUnknown"] == 0, report
    verify(shop, mariadb)


def test_s49_without_the_databases(shop, mariadb):
    visit = Visit.when_whole(shop)
    mariadb.kill()
    visit.expect("databases")


def test_s45_without_a_database_the_services_live_and_say_503(shop, mariadb):
    tester = shop.enter()
    mariadb.kill()
    began = time.monotonic()
    assert shop.get("/user-service/users", tester).status == 503
    assert time.monotonic() - began < 3
    for group in ("user", "order", "catalog"):
        for base in shop.instances(group):
            assert shop.get(f"{base}/actuator/health/liveness").status == 200
