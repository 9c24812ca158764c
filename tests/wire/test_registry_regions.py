"""Registries of other regions, as clients see them through the own one."""

import json

import pytest

from support.programs import free_port, wait_until
from support.registry import Registry


@pytest.fixture
def region(owner):
    """region({"west": west}): a registry that reads those of other regions."""

    def start(others=None, properties=None, port=None):
        urls = {f"eureka.server.remote-region-urls-with-name.{name}": one.url("/eureka/") for name, one in (others or {}).items()}
        properties = {**urls, "eureka.server.remote-region-registry-fetch-interval": 1, **(properties or {})}
        if port:
            properties["server.port"] = port
        return owner.add(Registry(owner.log_path("registry"), properties)).wait_until_ready()

    return start


def seen(registry, path="/eureka/apps"):
    """The ids in a collection, by application."""
    document = json.loads(registry.get(path).body)["applications"]
    return {app["name"]: sorted(one["instanceId"] for one in app["instance"]) for app in document["application"]}


def test_instances_of_other_regions_are_shown_to_who_wants_them(region):
    west, east = region(), region()
    west.enroll("USER", "west-1", vipAddress="user")
    west.enroll("ONLY-WEST", "west-2")
    east.enroll("USER", "east-1", vipAddress="user-of-east")
    own = region({"west": west, "East": east})
    own.enroll("USER", "own-1", vipAddress="user")
    everything = {"USER": ["east-1", "own-1", "west-1"], "ONLY-WEST": ["west-2"]}
    wait_until(lambda: seen(own) == everything, "all regions have been read")
    assert seen(own, "/eureka/apps?regions=west") == {"USER": ["own-1", "west-1"], "ONLY-WEST": ["west-2"]}
    assert seen(own, "/eureka/apps?regions=EAST,west") == everything
    assert seen(own, "/eureka/apps?regions=nowhere") == {"USER": ["own-1"]}
    assert seen(own, "/eureka/vips/user") == {"USER": ["own-1", "west-1"]}
    full = json.loads(own.get("/eureka/apps").body)["applications"]
    assert full["apps__hashcode"] == "UP_4_" == own.delta()["apps__hashcode"]
    assert own.delta("?regions=west")["apps__hashcode"] == "UP_3_"
    # Single reads fall back, writes do not, and what is here is all there is of it.
    assert own.ids("ONLY-WEST") == ["west-2"] and own.ids("USER") == ["own-1"]
    assert own.get("/eureka/apps/ONLY-WEST/west-2").status == 200
    assert own.get("/eureka/instances/west-2").status == 200
    assert own.put("/eureka/apps/ONLY-WEST/west-2").status == 404
    assert own.put("/eureka/apps/ONLY-WEST/west-2/status?value=DOWN").status == 404
    assert own.delete("/eureka/apps/ONLY-WEST/west-2").status == 404
    assert "ONLY-WEST" in own.get("/", {"Accept": "text/html"}).text
    # The other faces are about the own region.
    assert list(json.loads(own.get("/v1/catalog/services").body)) == ["consul", "user"]


def test_what_happens_there_is_told_here(region):
    west = region()
    west.enroll("USER", "west-1")
    own = region({"west": west})
    wait_until(lambda: seen(own) == {"USER": ["west-1"]}, "it is there")
    version = own.delta()["versions__delta"]
    west.put("/eureka/apps/USER/west-1/status?value=OUT_OF_SERVICE")
    west.enroll("USER", "west-2")
    wait_until(lambda: own.delta()["apps__hashcode"] == "OUT_OF_SERVICE_1_UP_1_", "both changes have come")
    told = [one for app in own.delta(f"?since={version}")["application"] for one in app["instance"]]
    assert {one["instanceId"]: one["actionType"] for one in told} == {"west-1": "MODIFIED", "west-2": "ADDED"}
    west.delete("/eureka/apps/USER/west-2")
    wait_until(lambda: seen(own) == {"USER": ["west-1"]}, "it has left")


def test_regions_that_read_each_other_do_not_keep_each_others_dead_alive(region):
    port = free_port()
    west = region({}, {"eureka.server.remote-region-urls-with-name.east": f"http://127.0.0.1:{port}/eureka/"})
    east = region({"west": west}, port=port)
    west.enroll("USER", "west-1")
    east.enroll("USER", "east-1")
    both = {"USER": ["east-1", "west-1"]}
    wait_until(lambda: seen(east) == both and seen(west) == both, "each shows the other's")
    west.delete("/eureka/apps/USER/west-1")
    wait_until(lambda: seen(east) == {"USER": ["east-1"]} == seen(west), "it is gone in both")


def test_a_region_that_is_killed_stays_as_it_was(region):
    west = region()
    west.enroll("USER", "west-1")
    own = region({"west": west})
    wait_until(lambda: seen(own) == {"USER": ["west-1"]}, "it is there")
    west.process.kill()
    west.process.wait()
    own.wait_for_log("127.0.0.1:" + str(west.port))
    assert seen(own) == {"USER": ["west-1"]}


def test_white_lists_and_who_must_ask(region):
    west = region()
    west.enroll("USER", "west-1")
    west.enroll("ORDER", "west-2")
    listed = region({"west": west}, {"eureka.server.remote-region-app-whitelist.west": "USER"})
    wait_until(lambda: seen(listed) == {"USER": ["west-1"]}, "what is listed")
    shy = region({"west": west}, {"eureka.server.disable-transparent-fallback-to-other-region": "true"})
    shown = {"USER": ["west-1"], "ORDER": ["west-2"]}
    wait_until(lambda: seen(shy, "/eureka/apps?regions=west") == shown, "to who asks")
    assert seen(shy) == {} and shy.ids("USER") == []
    assert shy.get("/eureka/instances/west-1").status == 404


def test_a_service_is_told_of_a_region_that_it_names(region, service):
    west = region()
    own = region({"west": west}, {"eureka.server.disable-transparent-fallback-to-other-region": "true"})
    common = {
        "eureka.client.service-url.defaultZone": own.url("/eureka/"),
        "management.endpoint.health.show-details": "always",
        "flotilla.shutdown.drain-delay": "0",
    }
    curious = service("hello", {**common, "eureka.client.fetch-remote-regions-registry": "west"})
    plain = service("hello", {**common, "spring.application.name": "plain"})

    def known(one):
        health = json.loads(one.get("/actuator/health").body)["components"]["discoveryComposite"]["components"]
        return set(health["eureka"].get("details", {}).get("applications", {}))

    wait_until(lambda: known(curious) == known(plain) == {"HELLO", "PLAIN"}, "both know the own region")
    # Told within the interval of 30 s for reads, hence by what the registry pushes.
    west.enroll("FAR-SERVICE", "far-1")
    wait_until(lambda: known(curious) == {"HELLO", "PLAIN", "FAR-SERVICE"}, "it has been told")
    own.enroll("NEAR-SERVICE", "near-1")
    wait_until(lambda: known(plain) == {"HELLO", "PLAIN", "NEAR-SERVICE"}, "the other one hears of its own region alone")
