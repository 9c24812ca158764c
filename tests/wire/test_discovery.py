"""Services that find each other through registries that are not ours."""

import json
import signal
import socket
import subprocess
import time

import pytest

from support.programs import BINARIES, PATIENCE, Program, fetch, free_port, tool, wait_until
from support.registry import Registry

FINDER = "wire_finder"


@pytest.fixture
def zookeeper(program, tmp_path):
    """A ZooKeeper of its own: its address, `.client(command)` by its own client, which takes a while to start, and at once
    `.ephemerals()`, the nodes that go with a session."""
    port = free_port()
    (tmp_path / "zoo.cfg").write_text(
        f"tickTime=500\ndataDir={tmp_path}/zk\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
        "admin.enableServer=false\nminSessionTimeout=1000\n4lw.commands.whitelist=dump\n"
    )
    classes = "/etc/zookeeper/conf:/usr/share/java/*"
    server = program(
        "java", "-Xmx96m", "-cp", classes, "org.apache.zookeeper.server.quorum.QuorumPeerMain", tmp_path / "zoo.cfg"
    )
    server.wait_for_port(port, 30)

    def client(*command):
        return subprocess.run(
            [tool("java"), "-Xmx64m", "-cp", classes, "org.apache.zookeeper.ZooKeeperMain",
             "-server", f"127.0.0.1:{port}", *command],
            capture_output=True, text=True, timeout=30,
        ).stdout

    def ephemerals():
        with socket.create_connection(("127.0.0.1", port), timeout=5 * PATIENCE) as connection:
            connection.sendall(b"dump")
            told = connection.makefile("rb").read().decode()
        assert "Sessions with Ephemerals" in told, told
        return [line.strip() for line in told.splitlines() if line.startswith("\t/")]

    server.address = f"127.0.0.1:{port}"
    server.client = client
    server.ephemerals = ephemerals
    return server


@pytest.fixture
def registry(owner, tmp_path):
    """registry(): `flotilla registry` on a port of its own, or on the one that is given."""

    def start(**properties):
        names = {key.replace("_", "."): value for key, value in properties.items()}
        return owner.add(Registry(owner.log_path("registry"), names)).wait_until_ready()

    return start


def client_of(registry, name, **more):
    return {
        "spring.application.name": name,
        "eureka.client.service-url.defaultZone": registry.url("/eureka"),
        "server.address": "127.0.0.1",
        "flotilla.shutdown.drain-delay": "0",
        **more,
    }


def found_by(finder, name):
    answer = finder.get(f"/find/{name}")
    return [one["uri"] for one in json.loads(answer.body)] if answer.status == 200 else []


def test_services_find_each_other_in_zookeeper(zookeeper, service):
    common = {
        "flotilla.discovery.type": "zookeeper",
        "spring.cloud.zookeeper.connect-string": zookeeper.address,
        "spring.cloud.zookeeper.session-timeout": "2s",
        "server.address": "127.0.0.1",
        "flotilla.shutdown.drain-delay": "0",
    }
    first = service(FINDER, {**common, "spring.application.name": "user-service",
                             "spring.cloud.zookeeper.discovery.metadata.zone": "a"})
    second = service(FINDER, {**common, "spring.application.name": "order-service"})
    third = service(FINDER, {**common, "spring.application.name": "order-service"})
    both = {f"http://127.0.0.1:{one.port}" for one in (second, third)}
    wait_until(lambda: set(found_by(first, "ORDER-SERVICE")) == both, "both found")
    wait_until(lambda: found_by(second, "user-service") == [f"http://127.0.0.1:{first.port}"], "the first found")
    assert json.loads(second.get("/find/user-service").body)[0]["zone"] == "a"
    assert json.loads(first.get("/pick/order-service").body)["uri"] in both
    names = {"user-service", "order-service"}
    wait_until(lambda: set(json.loads(first.get("/services").body)) == names, "both names", 3)

    # In the layout of Curator, as other programs read it.
    listed = zookeeper.client("ls", "/services/user-service").splitlines()[-1].strip("[]")
    node = zookeeper.client("get", f"/services/user-service/{listed}")
    written = json.loads(next(line for line in node.splitlines() if line.startswith("{")))
    assert written["name"] == "user-service" and written["port"] == first.port and written["id"] == listed
    assert written["payload"]["metadata"]["instance_status"] == "UP"

    # Who leaves is gone at once; who is killed, with its session.
    assert third.stop() == 0
    wait_until(lambda: found_by(first, "order-service") == [f"http://127.0.0.1:{second.port}"], "one left", 3)
    second.signal(signal.SIGKILL)
    second.wait_for_exit()
    wait_until(lambda: found_by(first, "order-service") == [], "nobody left", 8)


def test_a_session_that_zookeeper_has_forgotten_is_begun_anew(zookeeper, service):
    finder = service(FINDER, {
        "flotilla.discovery.type": "zookeeper",
        "spring.cloud.zookeeper.connect-string": zookeeper.address,
        "spring.cloud.zookeeper.session-timeout": "2s",
        "server.address": "127.0.0.1",
        "flotilla.shutdown.drain-delay": "0",
    })
    own = [f"http://127.0.0.1:{finder.port}"]
    wait_until(lambda: found_by(finder, "finder") == own, "itself found")
    # Asleep for longer than its session.
    finder.signal(signal.SIGSTOP)
    wait_until(lambda: zookeeper.ephemerals() == [], "its node gone", 20)
    finder.signal(signal.SIGCONT)
    wait_until(lambda: len(zookeeper.ephemerals()) == 1, "its node back", 20)
    assert zookeeper.ephemerals()[0].startswith("/services/finder/")
    wait_until(lambda: found_by(finder, "finder") == own, "itself found again")


def test_a_service_says_in_one_line_that_its_registry_is_wrong(owner):
    command = [BINARIES / FINDER, "--flotilla.discovery.type=etcd", "--server.port=0"]
    wrong = owner.add(Program(command, owner.log_path("wrong")))
    assert wrong.wait_for_exit() == 1
    assert "flotilla.discovery.type" in wrong.log()
    assert "\n" not in wrong.log().strip().partition("cannot start")[2]


def test_services_find_each_other_in_our_registry_within_a_second(registry, service):
    eureka = registry()
    first = service(FINDER, client_of(eureka, "user-service"))
    wait_until(lambda: found_by(first, "user-service"), "itself found", 2)
    second = service(FINDER, client_of(eureka, "order-service"))
    own = [f"http://127.0.0.1:{second.port}"]
    wait_until(lambda: found_by(first, "ORDER-SERVICE") == own, "a new one found", 1)
    assert json.loads(first.get("/pick/order-service").body)["uri"] == own[0]
    assert second.stop() == 0
    wait_until(lambda: found_by(first, "order-service") == [], "one that has left is gone", 1)
    assert eureka.ids("ORDER-SERVICE") == []


def test_a_registry_that_is_killed_and_restarted_takes_no_traffic_away(registry, service):
    eureka = registry()
    first = service(FINDER, client_of(eureka, "user-service"))
    second = service(FINDER, client_of(eureka, "order-service"))
    own = [f"http://127.0.0.1:{second.port}"]
    wait_until(lambda: found_by(first, "order-service") == own, "found", 2)
    eureka.signal(signal.SIGKILL)
    eureka.wait_for_exit()
    assert found_by(first, "order-service") == own, "from the copy"
    again = registry(server_port=eureka.port)
    # Both register again by themselves, and are found at every moment until then.
    deadline = time.monotonic() + 15
    while not (again.ids("ORDER-SERVICE") and again.ids("USER-SERVICE")):
        assert found_by(first, "order-service") == own
        assert time.monotonic() < deadline, "registered again"
        time.sleep(0.05)
    assert found_by(first, "order-service") == own


def test_services_find_each_other_through_the_consul_face_and_dns(registry, service):
    eureka = registry()
    service(FINDER, client_of(eureka, "order-service"))
    wait_until(lambda: eureka.ids("ORDER-SERVICE"), "registered", 2)
    by_consul = service(FINDER, {
        "flotilla.discovery.type": "consul",
        "spring.cloud.consul.host": "127.0.0.1",
        "spring.cloud.consul.port": eureka.port,
        "spring.cloud.consul.discovery.register": "false",
    })
    by_dns = service(FINDER, {
        "flotilla.discovery.type": "dns",
        "flotilla.discovery.dns.server": f"127.0.0.1:{eureka.dns_port}",
        "flotilla.discovery.dns.name": "{service}.service.consul",
        "flotilla.discovery.dns.refresh": "1s",
    })
    for finder in (by_consul, by_dns):
        wait_until(lambda: len(found_by(finder, "order-service")) == 1, finder.command, 3)
    eureka.put(f"/eureka/apps/ORDER-SERVICE/{eureka.ids('ORDER-SERVICE')[0]}/status?value=OUT_OF_SERVICE")
    wait_until(lambda: found_by(by_consul, "order-service") == [], "gone by a blocking query", 1)
    wait_until(lambda: found_by(by_dns, "order-service") == [], "gone from DNS", 4)


def test_a_service_shows_how_it_stands_with_its_registry(registry, service):
    eureka = registry()
    finder = service(FINDER, client_of(eureka, "user-service", **{
        "management.endpoints.web.exposure.include": "*",
        "management.endpoint.health.show-details": "always",
    }))
    wait_until(lambda: found_by(finder, "user-service"), "itself found", 2)
    parts = json.loads(finder.get("/actuator/health").body)["components"]["discoveryComposite"]["components"]
    assert parts["discoveryClient"]["details"]["services"] == ["user-service"]
    assert parts["eureka"]["status"] == "UP" and parts["eureka"]["details"]["applications"] == {"USER-SERVICE": 1}

    def override(status):
        return fetch(finder.url("/actuator/serviceregistry"), "POST", json.dumps({"status": status}).encode(),
                     {"Content-Type": "application/json"}).status

    assert override("OUT_OF_SERVICE") == 200
    assert json.loads(finder.get("/actuator/serviceregistry").body)["status"] == "OUT_OF_SERVICE"
    wait_until(lambda: found_by(finder, "user-service") == [], "out of service", 1)
    assert override("CANCEL_OVERRIDE") == 200
    assert override("ASLEEP") == 400
