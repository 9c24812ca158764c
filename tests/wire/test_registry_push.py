"""What the registry has beyond Eureka: changes pushed, Consul's HTTP and DNS, peers on one host."""

import contextlib
import json
import re
import socket
import struct
import subprocess
import threading
import time

import pytest

from support.programs import free_port, tool
from support.registry import Registry


@pytest.fixture
def fresh(owner):
    return owner.add(Registry(owner.log_path("registry"))).wait_until_ready()


def in_background(function):
    """Calls it on a thread; .result() waits for what it returned."""

    class Call(threading.Thread):
        def run(self):
            began = time.monotonic()
            self.value = function()
            self.took = time.monotonic() - began

        def result(self):
            self.join(30)
            return self.value

    call = Call()
    call.start()
    return call


# ---- pushed changes


def test_a_long_poll_returns_as_soon_as_something_changes(fresh):
    fresh.enroll("A", "1")
    version = fresh.delta()["versions__delta"]
    poll = in_background(lambda: fresh.delta(f"?version={version}&wait=20s"))
    time.sleep(0.2)
    fresh.enroll("A", "2")
    told = poll.result()
    assert poll.took < 1.2
    assert [i["instanceId"] for a in told["application"] for i in a["instance"]] == ["2"]
    assert told["apps__hashcode"] == "UP_2_"
    assert int(told["versions__delta"]) > int(version)


def test_a_long_poll_ends_unchanged_after_its_time(fresh):
    version = fresh.delta()["versions__delta"]
    began = time.monotonic()
    told = fresh.delta(f"?version={version}&wait=300ms")
    assert 0.25 < time.monotonic() - began < 2
    assert told["application"] == [] and told["versions__delta"] == version


def test_changes_since_a_version_are_exact_or_410(fresh):
    fresh.enroll("A", "1")
    version = fresh.delta()["versions__delta"]
    fresh.enroll("B", "2")
    fresh.delete("/eureka/apps/A/1")
    told = {i["instanceId"]: i["actionType"] for a in fresh.delta(f"?since={version}")["application"] for i in a["instance"]}
    assert told == {"1": "DELETED", "2": "ADDED"}
    assert fresh.get("/eureka/apps/delta?since=99999999999999999").status == 410
    assert fresh.get("/eureka/apps/delta?since=x").status == 400
    assert fresh.get("/eureka/apps/delta?version=1&wait=soon").status in (200, 400)


def read_event(raw):
    """Fields of the next event of a chunked stream; comments are passed over."""
    while True:
        size = int(raw.read_until(b"\r\n"), 16)
        chunk = raw.read_exactly(size)
        raw.read_exactly(2)
        fields = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line and line[0] != ":")
        if fields:
            return fields


def test_a_stream_of_events_begins_with_everything_and_goes_on_with_changes(fresh, connect):
    fresh.enroll("A", "1")
    raw = connect(fresh.port)
    place = fresh.get("/eureka/apps").headers["x-flotilla-push"]
    assert place == fresh.get("/eureka/apps/delta").headers["x-flotilla-push"] == "apps/stream"
    raw.send(f"GET /eureka/{place} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
    head = raw.read_until(b"\r\n\r\n").decode()
    assert "200" in head and "text/event-stream" in head
    first = read_event(raw)
    assert first["event"] == "full"
    assert json.loads(first["data"])["applications"]["apps__hashcode"] == "UP_1_"
    began = time.monotonic()
    fresh.enroll("A", "2")
    second = read_event(raw)
    assert time.monotonic() - began < 1
    assert second["event"] == "delta"
    assert json.loads(second["data"])["applications"]["apps__hashcode"] == "UP_2_"
    assert int(second["id"]) > int(first["id"])

    again = connect(fresh.port)
    again.send(f"GET /eureka/apps/stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {first['id']}\r\n\r\n")
    again.read_until(b"\r\n\r\n")
    missed = read_event(again)
    assert missed["event"] == "delta"
    assert [i["instanceId"] for a in json.loads(missed["data"])["applications"]["application"] for i in a["instance"]] == ["2"]


# ---- Consul over HTTP


def health(registry, query=""):
    answer = registry.get("/v1/health/service/user-service" + query, timeout=30)
    return answer, json.loads(answer.body)


def test_F30_a_blocking_query_returns_when_the_service_changes_or_unchanged_in_time(fresh):
    fresh.enroll("USER-SERVICE", "1")
    answer, entries = health(fresh, "?passing=1")
    assert len(entries) == 1
    assert answer.headers["x-consul-knownleader"] == "true"
    index = answer.headers["x-consul-index"]

    began = time.monotonic()
    answer, _ = health(fresh, f"?passing=1&index={index}&wait=2s")
    assert 1.95 <= time.monotonic() - began <= 2.5
    assert answer.headers["x-consul-index"] == index

    poll = in_background(lambda: health(fresh, f"?passing=1&index={index}&wait=20s"))
    time.sleep(0.2)
    fresh.enroll("OTHER-SERVICE", "9")  # does not concern it
    time.sleep(0.2)
    assert poll.is_alive()
    fresh.enroll("USER-SERVICE", "2")
    answer, entries = poll.result()
    assert len(entries) == 2 and poll.took < 2
    assert int(answer.headers["x-consul-index"]) > int(index)
    began = time.monotonic()
    health(fresh, "?index=99999999999999&wait=10s")
    assert time.monotonic() - began < 1, "an index ahead of ours does not block"


def test_the_catalog_of_consul(fresh):
    fresh.enroll("USER-SERVICE", "1", metadata={"tags": "blue,eu", "zone": "a"})
    fresh.enroll("USER-SERVICE", "2", status="DOWN")
    get = lambda path: json.loads(fresh.get(path).body)  # noqa: E731
    assert get("/v1/catalog/services") == {"consul": [], "user-service": ["blue", "eu", "zone=a"]}
    assert len(get("/v1/catalog/service/user-service")) == 2
    assert get("/v1/catalog/service/none") == []
    assert get("/v1/catalog/datacenters") == ["dc1"]
    assert get("/v1/agent/self")["Config"]["Datacenter"] == "dc1"
    assert get("/v1/status/leader") == "127.0.0.1:8300"
    assert get("/v1/catalog/nodes")[0]["Node"] == "h1"
    assert len(health(fresh)[1]) == 2
    assert len(health(fresh, "?passing")[1]) == 1
    assert len(health(fresh, "?tag=blue&tag=eu")[1]) == 1
    assert len(health(fresh, "?tag=blue&tag=us")[1]) == 0
    assert fresh.get("/v1/health/service/x?index=abc").status == 400


# ---- Consul over DNS, asked by dig


def dig(registry, *arguments):
    done = subprocess.run(
        [tool("dig"), f"-p{registry.dns_port}", "@127.0.0.1", "+tries=1", "+time=3", *arguments],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_F31_one_service_record_for_one_healthy_instance(fresh):
    fresh.enroll("USER-SERVICE", "1")
    fresh.enroll("USER-SERVICE", "2", status="OUT_OF_SERVICE")
    text = dig(fresh, "User-Service.service.consul", "SRV")
    assert "flags: qr aa rd;" in text
    assert "ANSWER: 1," in text
    assert re.search(r"^user-service\.service\.consul\.\s+0\s+IN\s+SRV\s+1 1 8080 0a000005\.addr\.dc1\.consul\.", text, re.M | re.I)
    assert re.search(r"^0a000005\.addr\.dc1\.consul\.\s+0\s+IN\s+A\s+10\.0\.0\.5", text, re.M)


def test_F32_a_name_that_is_not_there(fresh):
    text = dig(fresh, "nosuch.service.consul")
    assert "status: NXDOMAIN" in text
    assert re.search(r"^consul\.\s+0\s+IN\s+SOA\s+ns\.consul\. hostmaster\.consul\. \d+ 3600 600 86400 0", text, re.M)


def test_many_instances_come_whole_over_tcp(fresh):
    for i in range(40):
        fresh.enroll("MANY", str(i), ipAddr=f"10.0.1.{i}")
    assert " tc " in dig(fresh, "+ignore", "many.service.consul").split("flags:")[1].split(";")[0] + " "
    text = dig(fresh, "many.service.consul")  # dig comes back over TCP by itself
    assert "ANSWER: 40," in text
    assert "ANSWER: 40," in dig(fresh, "+tcp", "+keepopen", "many.service.consul", "SRV")


def test_packets_that_lie_do_no_harm(fresh):
    fresh.enroll("USER-SERVICE", "1")
    name = b"\x0cuser-service\x07service\x06consul\x00"
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.settimeout(3)

    def ask(packet):
        asker.sendto(packet, ("127.0.0.1", fresh.dns_port))

    def header(questions=1, flags=0x0100):
        return struct.pack(">HHHHHH", 7, flags, questions, 0, 0, 0)

    question = struct.pack(">HH", 1, 1)
    for packet in (
        b"",
        b"\x00\x07",
        header()[:11],
        header(flags=0x8100) + name + question,
    ):
        ask(packet)  # nothing comes back
    for packet in (
        header() + b"\xc0\x0c" + question,
        header() + b"\x3fabc" + question,
        header(questions=65535) + name + question,
        header(),
    ):
        ask(packet)
        assert asker.recv(4096)[3] & 15 == 1, packet
    ask(header() + name + question)
    assert asker.recv(4096)[3] & 15 == 0
    with socket.create_connection(("127.0.0.1", fresh.dns_port), timeout=3) as liar:
        liar.sendall(b"\xff\xff" + header())
        try:
            assert liar.recv(10) == b"", "more than it takes: closed"
        except ConnectionResetError:
            pass  # closed with what it had not read


# ---- peers


@pytest.fixture
def pair(owner):
    """Two registries on one host that know each other."""
    ports = [free_port(), free_port()]
    urls = ",".join(f"http://127.0.0.1:{port}/eureka/" for port in ports)

    def start(i, **more):
        properties = {"server.port": ports[i], "eureka.client.service-url.defaultZone": urls, **more}
        return owner.add(Registry(owner.log_path(f"registry{i}"), properties)).wait_until_ready()

    return start


def test_two_registries_on_one_host_tell_each_other(pair, until):
    a, b = pair(0), pair(1)
    a.enroll("SHARED", "1")
    until(lambda: b.ids("SHARED") == ["1"], "b hears of it")
    a.put("/eureka/apps/SHARED/1/status?value=OUT_OF_SERVICE")
    until(lambda: b.instance("SHARED", "1")["status"] == "OUT_OF_SERVICE", "b hears of the override")
    a.delete("/eureka/apps/SHARED/1/status?value=UP")
    until(lambda: b.instance("SHARED", "1")["status"] == "UP", "b hears of its end")
    b.put("/eureka/apps/SHARED/1/metadata?k=v")
    until(lambda: a.instance("SHARED", "1")["metadata"].get("k") == "v", "a hears of the metadata")
    a.delete("/eureka/apps/SHARED/1")
    until(lambda: b.ids("SHARED") == [], "b hears that it is gone")
    assert "does not answer" not in a.get("/", {"Accept": "text/html"}).text


def test_a_restarted_registry_copies_from_its_peer(pair, until):
    a, b = pair(0), pair(1)
    a.enroll("KEPT", "1")
    until(lambda: b.ids("KEPT") == ["1"], "b hears of it")
    b.process.kill()
    b.process.wait()
    a.enroll("KEPT", "2")
    b = pair(1)
    assert b.ids("KEPT") == ["1", "2"]
    until(lambda: "does not answer" not in a.get("/", {"Accept": "text/html"}).text, "a sees that b is back")


def test_F24_a_peer_that_missed_a_registration_gets_it_with_the_next_heartbeat(pair, until):
    a, b = pair(0), pair(1)
    a.enroll("MISSED", "1", headers={"x-netflix-discovery-replication": "true"})  # b is not told
    time.sleep(1)
    assert b.ids("MISSED") == []
    assert a.put("/eureka/apps/MISSED/1?lastDirtyTimestamp=100").status == 200
    until(lambda: b.ids("MISSED") == ["1"], "b asks for it")


def test_F25_a_newer_copy_at_the_peer_is_adopted(pair, until):
    a, b = pair(0), pair(1)
    peer = {"x-netflix-discovery-replication": "true"}
    a.enroll("NEWER", "1", headers=peer, lastDirtyTimestamp=100, ipAddr="10.0.0.1")
    b.enroll("NEWER", "1", headers=peer, lastDirtyTimestamp=200, ipAddr="10.0.0.2")
    a.put("/eureka/apps/NEWER/1?lastDirtyTimestamp=100")
    until(lambda: a.instance("NEWER", "1")["ipAddr"] == "10.0.0.2", "a takes what b has")


def test_F26_what_a_peer_said_is_not_passed_on(owner, until):
    ports = [free_port() for _ in range(3)]
    url = lambda port: f"http://127.0.0.1:{port}/eureka/"  # noqa: E731

    def start(i, *peers):
        properties = {"server.port": ports[i], "eureka.client.service-url.defaultZone": ",".join(url(ports[p]) for p in peers)}
        return owner.add(Registry(owner.log_path(f"registry{i}"), properties)).wait_until_ready()

    c = start(2)
    b = start(1, 2)
    a = start(0, 1)
    a.enroll("HOP", "1")
    until(lambda: b.ids("HOP") == ["1"], "b hears of it")
    time.sleep(1.2)
    assert c.ids("HOP") == [], "one hop only"


def test_a_peer_that_answers_nonsense_late_or_never_disturbs_nobody(owner):
    deaf = socket.socket()
    deaf.bind(("127.0.0.1", 0))
    deaf.listen()
    properties = {
        "eureka.client.service-url.defaultZone": f"http://127.0.0.1:{deaf.getsockname()[1]}/eureka/,"
        f"http://127.0.0.1:{free_port()}/eureka/",
        "eureka.server.peer-node-read-timeout-ms": "300",
    }
    one = owner.add(Registry(owner.log_path("registry"), properties)).wait_until_ready()
    for i in range(50):
        one.enroll("ALONE", str(i))
    assert len(one.ids("ALONE")) == 50
    assert one.stop() == 0
    deaf.close()


class Wire:
    """What lies between two registries: a port that passes bytes on, until it is cut."""

    def __init__(self, to):
        self.to = to
        self.parted = False
        self.open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self.parted = True
        for one in self.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self):
        self.parted = False

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = None if self.parted else socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                far = None  # not there yet
            if far is None:
                near.close()
                continue
            self.open += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(a, b), daemon=True).start()

    @staticmethod
    def _pass_on(a, b):
        try:
            while piece := a.recv(65536):
                b.sendall(piece)
        except OSError:
            pass
        a.close()
        b.close()


def test_two_registries_that_were_parted_agree_when_they_are_mended(owner, until):
    ports = [free_port(), free_port()]
    wires = [Wire(ports[1]), Wire(ports[0])]

    def start(i):
        properties = {
            "server.port": ports[i],
            "eureka.client.service-url.defaultZone": f"http://127.0.0.1:{wires[i].port}/eureka/",
            "eureka.server.max-time-for-replication": "1000",
        }
        return owner.add(Registry(owner.log_path(f"registry{i}"), properties)).wait_until_ready()

    a, b = start(0), start(1)
    a.enroll("FLEET", "before", lastDirtyTimestamp=100)
    until(lambda: b.ids("FLEET") == ["before"], "b hears of it")
    for wire in wires:
        wire.cut()
    a.enroll("FLEET", "at-a", lastDirtyTimestamp=100)
    b.enroll("FLEET", "at-b", lastDirtyTimestamp=100)
    a.enroll("FLEET", "before", lastDirtyTimestamp=200, ipAddr="10.0.0.9")
    a.put("/eureka/apps/FLEET/at-a/status?value=OUT_OF_SERVICE")
    time.sleep(2)  # longer than a change waits for its peer
    assert b.ids("FLEET") == ["at-b", "before"]
    for wire in wires:
        wire.mend()

    def agreed():
        a.put("/eureka/apps/FLEET/before?lastDirtyTimestamp=200")
        a.put("/eureka/apps/FLEET/at-a?lastDirtyTimestamp=100")
        b.put("/eureka/apps/FLEET/at-b?lastDirtyTimestamp=100")
        time.sleep(0.3)
        return (
            a.ids("FLEET") == b.ids("FLEET") == ["at-a", "at-b", "before"]
            and b.instance("FLEET", "before")["ipAddr"] == "10.0.0.9"
            and b.instance("FLEET", "at-a")["status"] == "OUT_OF_SERVICE"
            and a.delta()["apps__hashcode"] == b.delta()["apps__hashcode"] == "OUT_OF_SERVICE_1_UP_2_"
        )

    until(agreed, "both say the same", limit=20)


def test_a_peer_that_talks_nonsense_is_not_believed(owner, until):
    liar = socket.create_server(("127.0.0.1", 0))
    heard = []

    def lie():
        while True:
            try:
                one, _ = liar.accept()
            except OSError:
                return
            with one:
                heard.append(one.recv(65536))
                body = b'{"responseList":[{"statusCode":409,"responseEntity":{"app":7}},{"statusCode":404}]}' * 3
                one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)

    threading.Thread(target=lie, daemon=True).start()
    url = f"http://127.0.0.1:{liar.getsockname()[1]}/eureka/"
    one = owner.add(Registry(owner.log_path("registry"), {"eureka.client.service-url.defaultZone": url})).wait_until_ready()
    one.enroll("TRUE", "1")
    until(lambda: len(heard) >= 2, "it has told the liar")
    time.sleep(0.3)
    assert one.instance("TRUE", "1")["app"] == "TRUE"
    assert one.ids("TRUE") == ["1"]
    liar.close()
