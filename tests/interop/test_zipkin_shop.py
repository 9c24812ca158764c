"""S50, S51: the shop's traces at a real Zipkin server, as its API tells them: the trees of what its clients do, without
Kafka. S server, C client, L local."""

import json
import pathlib
import sys
import time

import pytest
from test_zipkin import Zipkin, zipkin_jar  # noqa: F401

from support.programs import fetch, free_port, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
from shop_support.shop import PASSWORD, Shop  # noqa: E402
from shop_support.zipkin import Tree  # noqa: E402

GATEWAY = ["apigateway-service S", "apigateway-service C"]
TO_ORDERS = [*GATEWAY, "user-service S", "user-service L", "user-service C", "order-service S"]
TO_CATALOG = [*GATEWAY, "order-service S", "order-service C", "catalog-service S"]


class TracedShop(Shop):
    """Every request of it is a trace, which goes to Zipkin."""

    def __init__(self, zipkin, folder, arguments=()):
        folder.mkdir()
        self.zipkin = zipkin
        properties = {
            "spring.zipkin.base-url": zipkin.url(),
            "spring.sleuth.sampler.probability": "1.0",
            "tracing.reporter.message-timeout": "20ms",
        }
        super().__init__(folder, properties, arguments=arguments)

    def trace_of(self, number, *words):
        """What Zipkin has of a trace, once spans of these words have come; without the statements at databases, which are
        clients too."""

        def complete():
            answer = fetch(self.zipkin.url(f"/api/v2/trace/{number}"))
            tree = Tree(json.loads(answer.body) if answer.status == 200 else [])
            whole = is_whole(tree)
            tree.spans = [s for s in tree.spans if not s.get("remoteEndpoint", {}).get("serviceName", "").startswith("sqlite-")]
            return whole and set(words) <= {tree.word(span) for span in tree.spans} and tree

        return wait_until(complete, f"Zipkin has {', '.join(words)}", 30)


@pytest.fixture(scope="module")
def zipkin(zipkin_jar, tmp_path_factory):  # noqa: F811
    """One of its own, so that what it says of dependencies is of this shop alone."""
    server = Zipkin(zipkin_jar, free_port(), tmp_path_factory.mktemp("zipkin") / "zipkin.log")
    try:
        yield server.wait_until_ready()
    finally:
        server.stop(limit=20)


@pytest.fixture(scope="module")
def shop(zipkin, tmp_path_factory):
    shop = TracedShop(zipkin, tmp_path_factory.mktemp("shop") / "whole").wait_until_up()
    yield shop
    shop.stop()


_traces = iter(range(1, 1000))


def new_trace():
    """A number of 64 bits, and the header that says that this is the trace."""
    number = f"{0xABCD000000000000 + next(_traces):016x}"
    return number, {"b3": f"{number}-{number}-1"}


def one(tree, word):
    (found,) = [span for span in tree.spans if tree.word(span) == word]
    return found


def failed(tree):
    return {tree.word(span) for span in tree.spans if "error" in span.get("tags", {})}


def is_whole(tree):
    """Every span but the first has a parent that is there, and all have ended."""
    ids = {span["id"] for span in tree.spans}
    begins = [span for span in tree.spans if "parentId" not in span]
    return len(begins) == 1 and all(s.get("parentId", begins[0]["id"]) in ids and s["duration"] > 0 for s in tree.spans)


def test_s50_register_and_log_in(shop):
    for path, body, status, name in (
        ("/user-service/users", {"email": "tree@x.io", "name": "Tree", "pwd": PASSWORD}, 201, "post /users"),
        ("/user-service/login", {"email": "tree@x.io", "password": PASSWORD}, 200, "post /login"),
    ):
        trace, header = new_trace()
        assert shop.ask("POST", path, body, header).status == status
        tree = shop.trace_of(trace, *GATEWAY, "user-service S")
        assert tree.path_to("user-service", "S") == [*GATEWAY, "user-service S"]
        assert len(tree.spans) == 3 and not failed(tree)
        assert one(tree, "user-service S")["name"] == name


def test_s50_the_first_spans_id_is_the_traces(shop):
    known = {trace[0]["traceId"] for trace in shop.zipkin.traces_of("catalog-service")}
    assert shop.get("/catalog-service/CATALOG-002").status == 200

    def unknown():
        return [t for t in shop.zipkin.traces_of("catalog-service") if t[0]["traceId"] not in known and len(t) >= 3]

    trace = wait_until(unknown, "a trace that begins at the gateway")[0]
    (root,) = [span for span in trace if "parentId" not in span]
    assert root["id"] == root["traceId"][-16:] and Tree.word(root) == GATEWAY[0]


def test_s50_a_user_with_orders(shop):
    tester = shop.enter()
    trace, header = new_trace()
    assert shop.get(f"/user-service/users/{tester.user_id}", tester, header).status == 200
    tree = shop.trace_of(trace, *TO_ORDERS)
    assert tree.path_to("order-service", "S") == TO_ORDERS
    assert one(tree, "user-service S")["name"] == "get /users/{userid}", "Zipkin writes names in small letters"
    assert one(tree, "user-service L")["name"] == "circuitbreaker"
    assert one(tree, "user-service C")["name"] == "get"
    assert one(tree, "order-service S")["name"] == "get /order-service/{userid}/orders"
    assert one(tree, "user-service C")["remoteEndpoint"]["serviceName"] == "order-service"
    assert not failed(tree)


def test_s50_an_order(shop):
    tester = shop.enter()
    trace, header = new_trace()
    assert shop.order(tester, headers=header).status == 201
    tree = shop.trace_of(trace, *TO_CATALOG)
    assert tree.path_to("catalog-service", "S") == TO_CATALOG
    assert one(tree, GATEWAY[0])["tags"]["http.method"] == "POST"
    assert not failed(tree)


def test_s50_a_list_from_the_gateways_cache(shop):
    path = "/catalog-service/catalogs"
    trace, header = new_trace()
    assert shop.get(path, headers={**header, "Cache-Control": "no-cache"}).status == 200
    asked = [*GATEWAY, "catalog-service S"]
    tree = shop.trace_of(trace, *asked)
    assert tree.path_to("catalog-service", "S") == asked
    assert "cache" not in one(tree, GATEWAY[0])["tags"]

    def kept():
        trace, header = new_trace()
        answer = shop.get(path, headers=header)
        return answer.headers["x-cache"] == "HIT" and trace

    tree = shop.trace_of(wait_until(kept, "an answer out of the cache"), GATEWAY[0])
    assert [tree.word(span) for span in tree.spans] == [GATEWAY[0]]
    assert tree.spans[0]["tags"]["cache"] == "hit"


def test_s50_what_depends_on_what(shop):
    tester = shop.enter()
    assert shop.order(tester).status == 201
    assert shop.detail(tester).status == 200
    wanted = {
        ("apigateway-service", "user-service"),
        ("apigateway-service", "order-service"),
        ("apigateway-service", "catalog-service"),
        ("user-service", "order-service"),
        ("order-service", "catalog-service"),
    }
    assert shop.get("/catalog-service/CATALOG-001", headers={"Cache-Control": "no-cache"}).status == 200

    def links():
        found = shop.zipkin.get(f"/dependencies?endTs={int(time.time() * 1000) + 60_000}")
        links = {(link["parent"], link["child"]): link for link in found}
        return wanted <= set(links) and links

    links = wait_until(links, "Zipkin has drawn them", 30)
    assert all(links[pair]["callCount"] >= 1 for pair in wanted)
    assert not [pair for pair in links if pair[1] == "apigateway-service"], "nobody calls the gateway"
    services = set(shop.zipkin.get("/services"))
    assert {"apigateway-service", "user-service", "order-service", "catalog-service"} <= services


def test_s51_a_user_while_orders_are_away(zipkin, tmp_path):
    shop = TracedShop(zipkin, tmp_path / "without-order", ("--without", "order")).wait_until_up()
    try:
        tester = shop.enter()
        path = f"/user-service/users/{tester.user_id}"

        def ask():
            trace, header = new_trace()
            answer = shop.get(path, tester, header)
            assert answer.status == 200 and json.loads(answer.body)["orders"] == []
            tree = shop.trace_of(trace, *GATEWAY, "user-service S", "user-service L")
            assert one(tree, "user-service S")["tags"]["degraded"] == "orders"
            assert not failed(tree) & {*GATEWAY, "user-service S"}
            return tree, one(tree, "user-service L")["tags"]

        tree, tags = ask()
        assert "error" in tags and tags["circuitbreaker.state"] == "CLOSED"
        assert "circuitbreaker.permitted" not in tags

        def refused():
            tree, tags = ask()
            return tags.get("circuitbreaker.permitted") == "false" and (tree, tags)

        tree, tags = wait_until(refused, "the circuit is open", 30)
        assert tags["circuitbreaker.state"] == "OPEN"
        assert "user-service C" not in {tree.word(span) for span in tree.spans}, "nobody is called"
        found = zipkin.get("/traces?serviceName=user-service&annotationQuery=circuitbreaker.permitted%3Dfalse")
        assert tree.spans[0]["traceId"] in {trace[0]["traceId"] for trace in found}
    finally:
        shop.stop()
