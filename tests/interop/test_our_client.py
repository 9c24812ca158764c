"""Our client at Spring's Eureka server, and our registry as its neighbour."""

import json

import pytest

from support.programs import Service, fetch, wait_until
from support.registry import instance as registration


@pytest.fixture
def finder(programs, tmp_path):
    """finder(name, port of the registry): wire_finder, which tells whom it finds."""

    def start(name, port):
        properties = {
            "spring.application.name": name,
            "eureka.client.service-url.defaultZone": f"http://127.0.0.1:{port}/eureka",
            "eureka.client.registry-fetch-interval-seconds": 1,
            "eureka.instance.lease-renewal-interval-in-seconds": 1,
            "server.address": "127.0.0.1",
            "flotilla.shutdown.drain-delay": "0",
            "management.endpoints.web.exposure.include": "*",
        }
        return programs(Service("wire_finder", tmp_path / f"{name}.log", properties)).wait_until_ready()

    return start


def found_by(finder, name):
    answer = finder.get(f"/find/{name}")
    return [one["uri"] for one in json.loads(answer.body)] if answer.status == 200 else []


def test_our_client_registers_renews_finds_overrides_and_leaves(spring_eureka, finder):
    port = spring_eureka("--eureka.server.use-read-only-response-cache=false")
    first = finder("user-service", port)
    second = finder("order-service", port)
    own = [f"http://127.0.0.1:{second.port}"]
    wait_until(lambda: found_by(first, "ORDER-SERVICE") == own, "found", 5)

    def instance():
        answer = fetch(
            f"http://127.0.0.1:{port}/eureka/apps/ORDER-SERVICE/127.0.0.1:order-service:{second.port}",
            "GET", None, {"Accept": "application/json"},
        )
        return json.loads(answer.body)["instance"] if answer.status == 200 else None

    registered = instance()
    wait_until(
        lambda: instance()["leaseInfo"]["lastRenewalTimestamp"] > registered["leaseInfo"]["lastRenewalTimestamp"],
        "renewed", 5,
    )

    def override(status):
        return fetch(second.url("/actuator/serviceregistry"), "POST", json.dumps({"status": status}).encode(),
                     {"Content-Type": "application/json"}).status

    assert override("OUT_OF_SERVICE") == 200
    wait_until(lambda: found_by(first, "order-service") == [], "out of service", 5)
    # Without a value the status is unknown until the next registration, which a 404 to the heartbeat asks for.
    assert override("CANCEL_OVERRIDE") == 200
    wait_until(lambda: found_by(first, "order-service") == own, "back", 5)
    assert second.stop() == 0
    assert instance() is None
    wait_until(lambda: found_by(first, "order-service") == [], "gone", 5)
    assert "WARN" not in first.log() and "WARN" not in second.log()


def test_our_registry_shows_springs_as_another_region(spring_eureka, our_registry):
    port = spring_eureka("--eureka.server.use-read-only-response-cache=false")
    west = "eureka.server.remote-region-urls-with-name.west"
    ours = our_registry({west: f"http://127.0.0.1:{port}/eureka/", "eureka.server.remote-region-registry-fetch-interval": 1})

    def at_springs(method, path, body=None):
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return fetch(f"http://127.0.0.1:{port}/eureka{path}", method, json.dumps(body).encode() if body else None, headers).status

    def status():
        answer = ours.get("/eureka/apps/FAR-SERVICE/far:1")
        return json.loads(answer.body)["instance"]["status"] if answer.status == 200 else None

    assert at_springs("POST", "/apps/FAR-SERVICE", {"instance": registration("FAR-SERVICE", "far:1")}) == 204
    wait_until(lambda: status() == "UP", "it is shown")
    assert at_springs("PUT", "/apps/FAR-SERVICE/far:1/status?value=OUT_OF_SERVICE") == 200
    wait_until(lambda: status() == "OUT_OF_SERVICE", "a delta has told its status")
    assert ours.ids("FAR-SERVICE") == ["far:1"]
    assert ours.delta()["apps__hashcode"] == "OUT_OF_SERVICE_1_"
    assert at_springs("DELETE", "/apps/FAR-SERVICE/far:1") == 200
    wait_until(lambda: status() is None, "it is gone")
    assert "WARN" not in ours.log()
