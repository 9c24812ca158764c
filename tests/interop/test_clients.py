"""Clients of Eureka as they come, at our registry."""

import base64
import json
import subprocess

import pytest

from support.programs import Program, fetch, free_port, tool, wait_until


def test_eureka_js_client_registers_renews_reads_and_leaves(our_registry, node_clients, tmp_path):
    registry = our_registry()
    registry.enroll("JS-SERVICE", "other", vipAddress="js-service")
    log = tmp_path / "client.log"
    with open(log, "wb") as output:
        client = subprocess.Popen(
            [tool("node"), "eureka.mjs", str(registry.port), "js-service"],
            cwd=node_clients,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: registry.ids("JS-SERVICE") == ["js-service:node", "other"], "it has registered")
        wait_until(lambda: log.read_text().count("heartbeat") >= 3, "it renews")
        found = registry.instance("JS-SERVICE", "js-service:node")
        assert found["port"] == {"$": 8081, "@enabled": "true"}
        assert found["leaseInfo"]["lastRenewalTimestamp"] > found["leaseInfo"]["registrationTimestamp"]
        wait_until(lambda: "registryUpdated 2 " in log.read_text(), "it sees both instances")
        registry.delete("/eureka/apps/JS-SERVICE/other")
        wait_until(lambda: "registryUpdated 1 js-service:node" in log.read_text(), "it sees one leave")
        registry.delete("/eureka/apps/JS-SERVICE/js-service:node")  # forgotten: the 404 makes it come again
        wait_until(lambda: registry.ids("JS-SERVICE") == ["js-service:node"], "it registers again")
        client.stdin.close()
        assert client.wait(10) == 0
        assert registry.ids("JS-SERVICE") == []
        assert "error" not in log.read_text(), log.read_text()
    finally:
        client.kill()
        client.wait()


@pytest.mark.parametrize("user", ["", "ann:s%40ecret@"], ids=["plain", "with-credentials"])
def test_springs_client_registers_renews_reads_and_leaves(our_registry, maven, programs, tmp_path, user):
    registry = our_registry({"spring.security.user.name": "ann", "spring.security.user.password": "s@ecret"} if user else {})
    if user:
        assert registry.get("/eureka/apps").status == 401
        registry.headers = {"Authorization": "Basic " + base64.b64encode(b"ann:s@ecret").decode()}
    registry.enroll("CPP-SERVICE", "cpp:1", vipAddress="cpp-service")
    port = free_port()
    client = programs(
        Program(
            [
                tool("java"),
                "-Xmx256m",
                "-jar",
                maven("eureka-client"),
                f"--server.port={port}",
                f"--eureka.client.service-url.defaultZone=http://{user}127.0.0.1:{registry.port}/eureka/",
            ],
            tmp_path / "client.log",
        )
    )
    client.wait_for_port(port, limit=120)
    me = f"java:{port}"
    wait_until(lambda: registry.ids("JAVA-SERVICE") == [me], "it has registered", limit=60)
    assert registry.instance("JAVA-SERVICE", me)["status"] == "UP"

    def found(service):
        return json.loads(fetch(f"http://127.0.0.1:{port}/found/{service}").body)

    wait_until(lambda: found("cpp-service") == ["cpp:1"], "it finds another service", limit=30)
    registry.enroll("CPP-SERVICE", "cpp:2", vipAddress="cpp-service")
    wait_until(lambda: found("cpp-service") == ["cpp:1", "cpp:2"], "it follows by deltas", limit=30)
    registry.put("/eureka/apps/CPP-SERVICE/cpp:1/status?value=OUT_OF_SERVICE")
    wait_until(lambda: found("cpp-service") == ["cpp:2"], "it leaves out what is out of service", limit=30)

    renewed = registry.instance("JAVA-SERVICE", me)["leaseInfo"]["lastRenewalTimestamp"]
    wait_until(
        lambda: registry.instance("JAVA-SERVICE", me)["leaseInfo"]["lastRenewalTimestamp"] > renewed, "it renews", limit=30
    )
    registry.delete(f"/eureka/apps/JAVA-SERVICE/{me}")
    wait_until(lambda: registry.ids("JAVA-SERVICE") == [me], "it registers again when it is forgotten", limit=30)
    client.stop(limit=30)
    assert registry.ids("JAVA-SERVICE") == []
