"""S78, and S44's list: the gateway keeps what the catalog says may be kept; Squid and Varnish do so before it."""

import json
import math
import re
import signal
import time

import pytest
from shop_support.front import Squid, Varnish
from support.programs import wait_until

LIST = "/catalog-service/catalogs"
MAX_AGE = 5


def calls(shop, catalog=None):
    """How often the catalog's list was asked for, by its own count."""
    base = catalog or shop.instances("catalog")[0]
    return shop.meter(base, "http_server_requests_seconds_count", uri="/catalogs", method="GET")


@pytest.mark.fast
def test_s78_a_thousand_requests_are_one_call(shop_with):
    shop = shop_with()
    assert calls(shop) == 0
    began = time.monotonic()
    missed = shop.at_once(100, lambda _: shop.get(LIST))
    assert calls(shop) == 1, "of those who miss at once one asks"
    assert {answer.status for answer in missed} == {200} and len({answer.body for answer in missed}) == 1
    results = [answer.headers["x-cache"] for answer in missed]
    assert results.count("MISS") == 1 and results.count("HIT") == 99

    answers = [answer for part in shop.at_once(9, lambda _: [shop.get(LIST) for _ in range(100)]) for answer in part]
    elapsed = time.monotonic() - began
    assert len(answers) == 900 and {answer.status for answer in answers} == {200}
    assert calls(shop) <= 1 + math.floor(elapsed / MAX_AGE), "once for each time that it is good for"
    assert {answer.headers["x-cache"] for answer in answers} <= {"HIT", "STALE"}
    for answer in answers:
        if answer.headers["x-cache"] == "HIT":
            assert 0 <= int(answer.headers["age"]) <= MAX_AGE
        assert answer.headers["cache-status"].startswith("flotilla; hit")

    # The age is that of the answer, second by second.
    def ages():
        return int(shop.get(LIST).headers["age"])

    first = wait_until(lambda: time.monotonic() and ages() == 0 and time.monotonic(), "a new one", 2 * MAX_AGE)
    second = wait_until(lambda: ages() == 2 and time.monotonic(), "it is two seconds old", 5)
    assert 0.9 < second - first < 3

    # Another key is another answer; a conditional request is answered here.
    product = shop.get("/catalog-service/CATALOG-001")
    assert product.headers["x-cache"] == "MISS"
    tag = product.headers["etag"]
    unchanged = shop.get("/catalog-service/CATALOG-001", headers={"If-None-Match": tag})
    assert unchanged.status == 304 and unchanged.body == b"" and unchanged.headers["x-cache"] == "HIT"


@pytest.mark.fast
def test_s78_nothing_that_is_somebodys_is_kept(shop_with):
    shop = shop_with()
    tester = shop.enter()
    before = calls(shop)
    for _ in range(3):
        assert "x-cache" not in shop.get(LIST, tester).headers  # with a token, though it is open
    assert calls(shop) == before + 3
    for path in (f"/user-service/users/{tester.user_id}", f"/order-service/{tester.user_id}/orders"):
        for _ in range(2):
            answer = shop.get(path, tester)
            assert answer.status == 200 and "x-cache" not in answer.headers
            assert "no-store" in answer.headers["cache-control"]
        assert shop.get(path).status == 401
    # The truth of the moment goes by the cache, and into it.
    assert shop.get(LIST, headers={"Cache-Control": "no-cache"}).headers["x-cache"] == "MISS"
    assert shop.get(LIST).headers["x-cache"] == "HIT"


@pytest.mark.fast
def test_s78_what_changes_through_the_gateway_is_seen_at_once(shop_with):
    shop = shop_with()
    assert [shop.get(LIST).headers["x-cache"] for _ in range(2)] == ["MISS", "HIT"]
    product = shop.add_product(7)
    changed = shop.get(LIST)
    assert changed.headers["x-cache"] == "MISS"
    assert product in {one["productId"] for one in json.loads(changed.body)}
    path = f"{LIST}/{product}"
    answers = [shop.get(path) for _ in range(2)]
    assert [one.headers["x-cache"] for one in answers] == ["MISS", "HIT"]
    edited = shop.ask("PATCH", path, {"unitPrice": 1700}, {**shop.admin(), "If-Match": answers[0].headers["etag"]})
    assert edited.status == 200, edited.text
    assert json.loads(shop.get(path).body)["unitPrice"] == 1700


@pytest.mark.fast
def test_s78_without_a_catalog_the_list_is_an_old_one(shop_with):
    shop = shop_with(arguments=("--without", "catalog"))
    assert shop.get(LIST).status == 503
    catalog = shop.start_beside("shop-catalog", "catalog")
    fresh = wait_until(lambda: (answer := shop.get(LIST)).status == 200 and answer, "the catalog is found")
    catalog.signal(signal.SIGKILL)
    catalog.wait_for_exit()
    stale = wait_until(lambda: (a := shop.get(LIST)).headers["x-cache"] == "STALE" and a, "it is stale", 2 * MAX_AGE)
    assert stale.status == 200 and stale.body == fresh.body
    assert int(stale.headers["age"]) >= MAX_AGE and stale.headers["warning"].startswith("110")
    assert shop.get("/catalog-service/CATALOG-002").status >= 500, "what was never asked for is not there"


def test_s44_a_slow_catalog_is_asked_behind_the_clients_backs(shop_with):
    shop = shop_with()
    tester = shop.enter()
    assert shop.get(LIST).headers["x-cache"] == "MISS"
    shop.set_flag("catalog", "shop.fault.catalog.get.delay-ms", 10_000)
    slowest = 0.0

    def is_stale():
        nonlocal slowest
        began = time.monotonic()
        answer = shop.get(LIST)
        slowest = max(slowest, time.monotonic() - began)
        return answer.status == 200 and answer.headers["x-cache"] == "STALE"

    wait_until(is_stale, "the list is stale", 2 * MAX_AGE)
    assert [is_stale() for _ in range(20)] == [True] * 20
    assert slowest < 0.5
    began = time.monotonic()
    assert shop.detail(tester).status == 200 and time.monotonic() - began < 0.5
    # As soon as it is well again there is a new list.
    shop.reset_flags("catalog")
    wait_until(lambda: shop.get(LIST).headers["x-cache"] == "HIT", "it is fresh again", 15)


def results(answers):
    """HIT or MISS of each, as the proxy in front says."""
    return [re.match(r"[A-Z]+", answer.headers.get_all("x-cache")[-1])[0] for answer in answers]


@pytest.mark.parametrize("proxy", [Squid, Varnish])
def test_s78_real_proxies_before_the_gateway(shop_with, tmp_path, proxy):
    shop = shop_with()
    tester = shop.enter()
    front = proxy(tmp_path, shop.gateway_port)
    shop.beside.append(front)
    wait_until(lambda: front.get(LIST).status == 200, f"{proxy.__name__} answers")
    (gateway,) = shop.instances("gateway")

    def passed():
        return shop.meter(gateway, "spring_cloud_gateway_requests_seconds_count", routeId="catalog-read")

    before, began = passed(), time.monotonic()
    answers = [front.get(LIST) for _ in range(1000)]
    elapsed = time.monotonic() - began
    assert {answer.status for answer in answers} == {200}
    seen = results(answers)
    assert seen.count("HIT") > 900, f"{seen.count('HIT')} hits"
    assert passed() - before <= 2 + math.ceil(elapsed), "what is kept is not asked for"
    assert len(json.loads(answers[-1].body)) >= 3

    # Nothing that is somebody's, and nothing that says no-store.
    before = passed()
    for _ in range(3):
        assert front.get(LIST, tester.bearer).status == 200
    assert passed() == before + 3
    path = f"/user-service/users/{tester.user_id}"
    assert front.get(path, tester.bearer).status == 200 and front.get(path).status == 401
