"""Whose turn it is: cookies and hints of Spring's load balancer, as they come in by the gateway."""

import json

import pytest

from support.gateway import Gateway
from support.upstream import Upstream

SIMPLE = "spring.cloud.discovery.client.simple.instances.order-service"
BALANCER = "spring.cloud.loadbalancer"
ROUTES = """
routes:
- {id: o, uri: "lb://ORDER-SERVICE", predicates: [Path=/o/**]}
- {id: green, uri: "lb://order-service", predicates: [Path=/green/**], filters: ["AddRequestHeader=X-SC-LB-Hint, green"]}
- {id: bare, uri: "lb://order-service", predicates: [Path=/bare/**], filters: [RemoveRequestHeader=Cookie]}
- {id: v1, uri: "lb://order-service", predicates: [Path=/v/**, Version=1.1], filters: ["AddRequestHeader=X-Route, one"]}
- {id: v2, uri: "lb://order-service", predicates: [Path=/v/**, "Version=1.2+"], filters: ["AddRequestHeader=X-Route, two"]}
"""


class Fleet:
    """Three instances, which answer their ids: i0 and i1 with the hint blue, i2 with green."""

    def __init__(self, owner, folder, **properties):
        self.upstreams = [Upstream() for _ in range(3)]
        own = {"spring.webflux.apiversion.use.header": "X-API-Version", **properties}
        for i, upstream in enumerate(self.upstreams):
            upstream.answer = f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\ni{i}".encode()
            own[f"{SIMPLE}[{i}].uri"] = f"http://127.0.0.1:{upstream.port}"
            own[f"{SIMPLE}[{i}].instance-id"] = f"i{i}"
            own[f"{SIMPLE}[{i}].metadata.hint"] = "green" if i == 2 else "blue"
        self.gateway = owner.add(Gateway(owner.log_path("gateway"), folder, ROUTES, own)).wait_until_ready()

    def ask(self, path="/o/a", times=30, **headers):
        """Who has answered."""
        return {self.gateway.get(path, {k.replace("_", "-"): v for k, v in headers.items()}).text for _ in range(times)}

    def last(self):
        (one,) = [request for upstream in self.upstreams for request in upstream.take()]
        return one


@pytest.fixture
def fleet(owner, tmp_path):
    started = []

    def start(**properties):
        started.append(Fleet(owner, tmp_path, **properties))
        return started[-1]

    yield start
    for one in started:
        for upstream in one.upstreams:
            upstream.stop()


def test_a_cookie_pins_requests_to_an_instance(fleet):
    sticky = fleet(**{f"{BALANCER}.configurations": "request-based-sticky-session"})
    assert sticky.ask() == {"i0", "i1", "i2"}
    for i in range(3):
        assert sticky.ask(Cookie=f"a=b; sc-lb-instance-id=i{i}; c=d") == {f"i{i}"}
    assert len(sticky.ask(Cookie="sc-lb-instance-id=gone")) > 1
    assert len(sticky.ask("/bare/a", Cookie="sc-lb-instance-id=i1")) > 1, "the route has taken the cookie away"


def test_without_the_setting_a_client_does_not_choose(fleet):
    assert len(fleet().ask(Cookie="sc-lb-instance-id=i1")) > 1


def test_the_service_is_told_which_instance_was_chosen(fleet):
    telling = fleet(
        **{
            f"{BALANCER}.configurations": "request-based-sticky-session",
            f"{BALANCER}.sticky-session.add-service-instance-cookie": "true",
            f"{BALANCER}.clients.order-service.sticky-session.instance-id-cookie-name": "chosen",
        }
    )
    assert telling.ask(times=1, Cookie="a=b; chosen=i1; c=\"d e\"") == {"i1"}
    assert telling.last().header("Cookie") == 'a=b; c="d e"; chosen=i1'
    (who,) = telling.ask(times=1)
    assert telling.last().header("Cookie") == f"chosen={who}"


def test_a_hint_narrows_the_choice(fleet):
    hinted = fleet()
    assert hinted.ask(X_SC_LB_Hint="green") == {"i2"}
    assert hinted.ask(X_SC_LB_Hint="blue") == {"i0", "i1"}
    assert len(hinted.ask(X_SC_LB_Hint="pink")) > 1, "nobody has that one"
    assert hinted.ask("/green/a") == {"i2"}, "a filter gave it"


def test_a_hint_may_be_configured_by_service_and_its_header_renamed(fleet):
    green = fleet(**{f"{BALANCER}.hint.ORDER_SERVICE": "green", f"{BALANCER}.hint-header-name": "X-Colour"})
    assert green.ask() == {"i2"}
    assert green.ask(X_Colour="blue") == {"i0", "i1"}


def test_the_version_that_a_request_asks_for_chooses_its_route(fleet):
    versions = fleet()
    routes = []
    for version in ("1.1", "v1.2", "2.0.1"):
        versions.ask("/v/a", times=1, X_API_Version=version)
        routes.append(versions.last().header("X-Route"))
    assert routes == ["one", "two", "two"]
    assert versions.gateway.get("/v/a", {"X-API-Version": "1.0"}).status == 404


def test_who_asks_for_a_version_that_is_none_is_told(fleet):
    versions = fleet(
        **{"spring.webflux.apiversion.required": "true", "spring.webflux.apiversion.supported": "1.5"}
    ).gateway

    def refusal(path, headers):
        answer = versions.get(path, headers)
        return answer.status, json.loads(answer.text).get("message")

    for path in ("/v/a", "/o/a"):  # with or without Version, as in Spring
        assert refusal(path, {}) == (400, "API version is required.")
        assert refusal(path, {"X-API-Version": "soon"}) == (400, "Invalid API version: 'soon'.")
        assert refusal(path, {"X-API-Version": "1.4"}) == (400, "Invalid API version: '1.4'.")
        assert versions.get(path, {"X-API-Version": "1.5"}).status == 200
    assert versions.get("/nobody/a", {"X-API-Version": "soon"}).status == 404
    assert versions.get("/actuator/health").status == 200
