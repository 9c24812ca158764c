"""Services that are none of ours beside the shop: S13's echo and S62's Node.js."""

import json

import pytest
from shop_support.shop import Shop
from shop_support.zipkin import Collector
from support.programs import ROOT, fetch, wait_until
from support.registry import instance
from support.upstream import Upstream

NODE = """
  - name: node
    command: node examples/node-service/index.js
    after: [registry]
    options: ["--server.address=127.0.0.1", "--gateway.url=http://127.0.0.1:${port.gateway}"]
    page: /node-service/health_check
"""
NODE_ROUTE = """
        - id: node-service
          uri: lb://NODE-SERVICE
          predicates:
            - Path=/node-service/**
"""


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def neighbourhood(tmp_path, collector):
    """The shop with a service in Node.js, which the gateway knows."""
    routes = tmp_path / "routes.yml"
    routes.write_text((ROOT / "deploy/routes/shop.yml").read_text().rstrip() + NODE_ROUTE)
    fleet = tmp_path / "fleet.yml"
    preset, own = "--flotilla.gateway.preset=shop", f"--spring.config.additional-location={routes}"
    fleet.write_text(Shop.printed_fleet().rstrip().replace(preset, own) + NODE)
    endpoint = f"{collector.url}/api/v2/spans"
    shop = Shop(tmp_path, {"management.zipkin.tracing.endpoint": endpoint}, fleet_file=fleet).wait_until_up()
    yield shop
    shop.stop()


@pytest.mark.fast
def test_s62_a_service_in_node_joins_and_calls_orders_through_the_gateway(neighbourhood, collector):
    shop = neighbourhood
    (port,) = wait_until(lambda: shop.registered("NODE-SERVICE"), "node-service is in the registry")
    answer = wait_until(lambda: (a := shop.get("/node-service/health_check")).status == 200 and a, "the gateway finds it")
    assert answer.text == f"It's Working in Node Service on PORT {port}"

    tester = shop.enter()
    order = json.loads(shop.order(tester).body)
    trace = "5e8eeec48b08e268"
    answer = shop.get(f"/node-service/users/{tester.user_id}/orders", tester, {"b3": f"{trace}-{trace}-1"})
    assert answer.status == 200, answer.text
    assert [one["orderId"] for one in json.loads(answer.body)] == [order["orderId"]]
    way = ["apigateway-service S", "apigateway-service C", "node-service S", "node-service C", "order-service S"]
    tree = collector.tree(trace, *way)
    names = [tree.word(span) for span in tree.spans]
    assert names.count("apigateway-service S") == 2, "once for who asked, once for node-service"

    # It is a part as others are: killed, it comes back and is found again.
    pid = shop.kill("node")
    shop.wait_until_reborn("node", pid)
    wait_until(lambda: shop.get("/node-service/health_check").status == 200, "it is found again", 30)


@pytest.mark.fast
def test_s13_headers_are_added_on_the_way_to_the_echo_and_back(shop_with):
    course = shop_with(arguments=("--profile", "course"))
    echo = Upstream()
    try:
        for number, name in (("first", "MY-FIRST-SERVICE"), ("second", "MY-SECOND-SERVICE")):
            port = {"$": echo.port, "@enabled": "true"}
            body = {"instance": instance(name, f"{number}:1", ipAddr="127.0.0.1", hostName="127.0.0.1", port=port)}
            url = course.registry_url(f"/eureka/apps/{name}")
            assert fetch(url, "POST", json.dumps(body).encode(), {"Content-Type": "application/json"}).status == 204
            path = f"/{number}-service/message"
            answer = wait_until(lambda path=path: (a := course.get(path)).status == 200 and a, "the echo is found")
            assert answer.headers[f"{number}-response"] == f"{number}-response-header2"
            request = echo.take()[-1]
            assert request.target == path
            assert request.header(f"{number}-request") == f"{number}-request-header2"
        # The LoggingFilter of the second one and the GlobalFilter of all have their say.
        wait_until(lambda: "Hi, there." in course.log_of("gateway"), "the gateway's log")
        assert "Spring Cloud Gateway Global Filter" in course.log_of("gateway")
    finally:
        echo.stop()
