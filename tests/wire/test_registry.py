"""The registry as clients of Eureka meet it. Tests named Fnn are the acceptance facts of that number."""

import gzip
import json
import threading
import time
import xml.etree.ElementTree as ET

import pytest

from support.programs import free_port
from support.registry import Registry, instance

PEER = {"x-netflix-discovery-replication": "true"}
XML = {"Accept": "application/xml"}


@pytest.fixture
def registry(owner):
    def start(**properties):
        properties = {name.replace("__", "."): value for name, value in properties.items()}
        return owner.add(Registry(owner.log_path("registry"), properties)).wait_until_ready()

    return start


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One registry for tests that keep to applications of their own."""
    program = Registry(tmp_path_factory.mktemp("registry") / "registry.log").wait_until_ready()
    yield program
    program.stop()


@pytest.fixture
def fresh(registry):
    return registry()


# ---- documents


def test_F01_F02_F03_an_empty_registry_in_each_form(fresh):
    empty = {"applications": {"versions__delta": "1", "apps__hashcode": "", "application": []}}
    for path in ("/eureka/apps", "/eureka/apps/", "/eureka/v2/apps", "/eureka/v2/apps/"):
        answer = fresh.get(path)
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.body) == empty
    for accept in (None, "*/*", "application/*", "application/xml"):
        answer = fresh.get("/eureka/apps", {"Accept": accept})
        assert answer.headers["content-type"] == "application/xml"
        assert ET.fromstring(answer.body).tag == "applications"
    for path in ("/eureka/apps//", "/eureka/Apps", "/EUREKA/apps", "/eureka/v1/apps", "/eureka/", "/apps"):
        assert fresh.get(path).status == 404, path


def test_F04_a_registration_is_answered_with_204_and_seen_at_once(shared):
    answer = shared.ask("POST", "/eureka/apps/user-service", {"instance": instance("user-service", "f04")})
    assert (answer.status, answer.body) == (204, b"")
    answer = shared.get("/eureka/apps/USER-SERVICE")
    assert answer.status == 200
    assert json.loads(answer.body)["application"]["name"] == "USER-SERVICE"
    assert shared.get("/eureka/apps/user-service/f04").status == 200
    assert shared.get("/eureka/instances/f04").status == 200


@pytest.mark.parametrize(
    "members, text",
    [
        ({"app": "OTHER"}, "Mismatched appName, expecting REFUSED but was OTHER"),
        ({"ipAddr": None}, "Missing ip address"),
        ({"ipAddr": ""}, "Missing ip address"),
        ({"hostName": None, "ipAddr": None}, "Missing hostname"),
        ({"hostName": None, "instanceId": None}, "Missing instanceId"),
        ({"app": ""}, "Missing appName"),
        ({"dataCenterInfo": None}, "Missing dataCenterInfo"),
        ({"dataCenterInfo": {"name": None}}, "Missing dataCenterInfo Name"),
    ],
)
def test_F05_F06_F35_a_registration_that_lacks_something_is_told_what(shared, members, text):
    answer = shared.ask("POST", "/eureka/apps/REFUSED", {"instance": instance("REFUSED", "1", **members)})
    assert (answer.status, answer.text) == (400, text)
    assert shared.ids("REFUSED") == []


def test_F07_F35_what_cannot_be_parsed_is_400_in_the_requests_format(shared):
    for body in ("{", "null", "[]", '{"instance":{"hostName":"h"}}', '{"instance":[]}', '{"instance":{"app":"B"},"x":1}'):
        answer = shared.ask("POST", "/eureka/apps/B", body)
        assert answer.status == 400, body
        assert json.loads(answer.body) == {"error": "cannot parse request body"}
    for body in ("<", "<instance>", "<!DOCTYPE i [<!ENTITY a 'b'>]><instance><app>&a;</app></instance>", "<application/>"):
        answer = shared.ask("POST", "/eureka/apps/B", body, {"Content-Type": "application/xml"})
        assert (answer.status, answer.headers["content-type"]) == (400, "application/xml")
        assert answer.text == "<error><message>cannot parse request body</message></error>"


def test_F08_ports_in_text_are_read_back_as_numbers(shared):
    shared.enroll("PORTS", "1", port={"$": "8080", "@enabled": True})
    assert shared.instance("PORTS", "1")["port"] == {"$": 8080, "@enabled": "true"}
    shared.enroll("PORTS", "2", port=8080, dataCenterInfo={"name": "MyOwn"})
    assert shared.instance("PORTS", "2")["port"] == {"$": 8080, "@enabled": "true"}


def test_F35_ports_that_are_missing_have_the_defaults(shared):
    shared.enroll("NOPORTS", "1", port=None, securePort=None)
    found = shared.instance("NOPORTS", "1")
    assert found["port"] == {"$": 7001, "@enabled": "true"}
    assert found["securePort"] == {"$": 7002, "@enabled": "false"}


def test_a_registration_in_xml_reads_back_in_json(shared):
    body = (
        '<?xml version="1.0"?><instance><instanceId>x</instanceId><hostName>h</hostName><app>fromxml</app>'
        "<ipAddr>10.0.0.9</ipAddr><status>UP</status><port enabled='true'>81</port><dataCenterInfo class='x'>"
        "<name>MyOwn</name></dataCenterInfo><metadata><my__key>v</my__key></metadata></instance>"
    )
    answer = shared.ask("POST", "/eureka/apps/FROMXML", body, {"Content-Type": "application/xml;charset=UTF-8"})
    assert answer.status == 204
    assert shared.instance("FROMXML", "x")["metadata"] == {"my_key": "v"}
    latin = body.replace("<ipAddr>", "<sid>é</sid><ipAddr>").encode("latin-1")
    answer = shared.ask("POST", "/eureka/apps/FROMXML", latin, {"Content-Type": "application/xml; charset=ISO-8859-1"})
    assert answer.status == 204
    assert shared.instance("FROMXML", "x")["sid"] == "é"


# ---- heartbeats and statuses


def test_F09_F10_heartbeats_are_compared_with_the_copy(shared):
    assert shared.put("/eureka/apps/BEAT/nobody").status == 404
    shared.enroll("BEAT", "h1:beat:8080", lastDirtyTimestamp="100")
    path = "/eureka/apps/BEAT/h1:beat:8080"
    assert shared.put(path + "?status=UP&lastDirtyTimestamp=100").status == 200
    assert shared.put("/eureka/apps/beat/h1%3Abeat%3A8080").status == 200
    assert shared.put(path + "?lastDirtyTimestamp=200").status == 404
    assert shared.put(path + "?lastDirtyTimestamp=50").status == 200
    conflict = shared.put(path + "?lastDirtyTimestamp=50", PEER)
    assert conflict.status == 409
    assert json.loads(conflict.body)["instance"]["instanceId"] == "h1:beat:8080"
    assert shared.put(path + "?lastDirtyTimestamp=abc").status == 500
    assert shared.put(path + "?lastDirtyTimestamp=").status == 500
    assert shared.put(path + "/", {"Content-Length": "0"}).status == 200


def test_F12_F13_F14_F15_F37_overrides(shared):
    path = "/eureka/apps/OVER/1"
    shared.enroll("OVER", "1")
    assert shared.put(path + "/status?value=OUT_OF_SERVICE").status == 200
    found = shared.instance("OVER", "1")
    assert (found["status"], found["overriddenStatus"]) == ("OUT_OF_SERVICE", "OUT_OF_SERVICE")
    told = [i for a in shared.delta()["application"] if a["name"] == "OVER" for i in a["instance"]]
    assert told[0]["actionType"] == "MODIFIED"
    shared.enroll("OVER", "1", lastDirtyTimestamp=200)
    assert shared.instance("OVER", "1")["status"] == "OUT_OF_SERVICE"
    assert json.loads(shared.get("/eureka/serverinfo/statusoverrides").body)["1"] == "OUT_OF_SERVICE"

    assert shared.delete(path + "/status").status == 200
    assert shared.instance("OVER", "1")["status"] == "UNKNOWN"
    assert shared.put(path).status == 404
    shared.enroll("OVER", "1", lastDirtyTimestamp=200)
    assert shared.instance("OVER", "1")["status"] == "UP"

    shared.put(path + "/status?value=DOWN")
    assert shared.delete(path + "/status?value=UP").status == 200
    assert shared.instance("OVER", "1")["status"] == "UP"

    assert shared.put(path + "/status?value=BOGUS").status == 500
    assert shared.put(path + "/status").status == 500
    assert shared.put("/eureka/apps/OVER/none/status?value=BOGUS").status == 404
    assert shared.delete("/eureka/apps/OVER/none/status").status == 404

    shared.put(path + "/status?value=UNKNOWN")
    shared.enroll("OVER", "1", lastDirtyTimestamp=300)
    assert shared.instance("OVER", "1")["status"] == "UNKNOWN"
    assert shared.put(path).status == 404
    shared.delete(path + "/status")
    shared.enroll("OVER", "1", lastDirtyTimestamp=400)
    assert shared.put(path).status == 200


def test_F16_metadata_is_merged(shared):
    shared.enroll("META", "1")
    assert shared.put("/eureka/apps/META/1/metadata?a=1&b=x+y&a=2&d").status == 200
    assert shared.instance("META", "1")["metadata"] == {"management.port": "8080", "a": "1", "b": "x y", "d": ""}
    assert shared.put("/eureka/apps/META/none/metadata?a=1").status == 404


def test_F17_a_cancelled_instance_is_told_in_deltas(shared):
    shared.enroll("GOING", "1")
    assert shared.delete("/eureka/apps/GOING/1").status == 200
    assert shared.delete("/eureka/apps/GOING/1").status == 404
    assert shared.get("/eureka/apps/GOING").status == 404
    told = [i for a in shared.delta()["application"] if a["name"] == "GOING" for i in a["instance"]]
    assert [i["actionType"] for i in told] == ["DELETED"]


def test_F18_the_hash_code_counts_statuses(fresh):
    for i, status in enumerate(["UP", "UP", "UP", "DOWN", "OUT_OF_SERVICE", "OUT_OF_SERVICE"]):
        fresh.enroll("HASH", str(i), status=status)
    whole = json.loads(fresh.get("/eureka/apps").body)["applications"]
    assert whole["apps__hashcode"] == "DOWN_1_OUT_OF_SERVICE_2_UP_3_"
    assert fresh.delta()["apps__hashcode"] == "DOWN_1_OUT_OF_SERVICE_2_UP_3_"


def test_F19_vips(shared):
    shared.enroll("VIPS", "1", vipAddress="vip-a,vip-b", secureVipAddress="vip-s")
    for path, count in (("vips/vip-a", 1), ("vips/vip-b/", 1), ("vips/VIP-A", 0), ("svips/vip-s", 1), ("vips/vip-s", 0)):
        answer = shared.get("/eureka/" + path)
        assert answer.status == 200
        document = json.loads(answer.body)["applications"]
        assert document["versions__delta"] == "-1"
        assert len(document["application"]) == count, path


def test_F20_gzip_inflates_to_the_same_document(fresh):
    for i in range(20):
        fresh.enroll(f"ZIP{i % 3}", str(i))
    for path in ("/eureka/apps", "/eureka/apps/delta", "/eureka/apps/ZIP1"):
        for accept in ("application/json", "application/xml"):
            plain = fresh.get(path, {"Accept": accept})
            packed = fresh.get(path, {"Accept": accept, "Accept-Encoding": "gzip"})
            assert packed.headers["content-encoding"] == "gzip", path
            assert packed.headers["content-type"] == accept
            assert "content-encoding" not in plain.headers
            assert gzip.decompress(packed.body) == plain.body


def test_F21_the_compact_form_has_no_lease_and_no_metadata(shared):
    shared.enroll("COMPACT", "1")
    answer = shared.get("/eureka/apps/COMPACT", {"X-Eureka-Accept": "Compact"})
    found = json.loads(answer.body)["application"]["instance"][0]
    assert "leaseInfo" not in found and "metadata" not in found
    assert isinstance(found["lastUpdatedTimestamp"], int)
    single = json.loads(shared.get("/eureka/apps/COMPACT/1", {"X-Eureka-Accept": "compact"}).body)
    assert "leaseInfo" in single["instance"], "single instances are whole"


def test_F23_without_self_preservation_a_few_are_evicted_at_a_time(registry, until):
    one = registry(eureka__server__enable_self_preservation="false", eureka__server__eviction_interval_timer_in_ms="200")
    for i in range(10):
        one.enroll("FADING", str(i), leaseInfo={"durationInSecs": 1})
    counts = []

    def gone():
        counts.append(len(one.ids("FADING")))
        return counts[-1] == 0

    until(gone, "all are evicted")
    assert len(set(counts)) > 3, f"a few at a time: {counts}"


def test_F24_F25_F38_batches(shared):
    def batch(*items):
        return shared.ask("POST", "/eureka/peerreplication/batch/", {"replicationList": list(items)})

    answer = batch({"appName": "BATCH", "id": "none", "action": "Heartbeat"})
    assert (answer.status, json.loads(answer.body)) == (200, {"responseList": [{"statusCode": 404}]})
    shared.enroll("BATCH", "1", lastDirtyTimestamp=100)
    answer = batch({"appName": "BATCH", "id": "1", "action": "Heartbeat", "lastDirtyTimestamp": 50, "status": "UP"})
    item = json.loads(answer.body)["responseList"][0]
    assert item["statusCode"] == 409
    assert item["responseEntity"]["instanceId"] == "1"
    assert batch({"appName": "BATCH", "id": "1", "action": "Renew"}).status == 400
    assert batch({"appName": "BATCH", "id": "1", "what": 1, "action": "Cancel"}).status == 400
    answer = batch(
        {"appName": "BATCH", "id": "1"},
        {"appName": "BATCH", "id": "2", "action": "Register", "instanceInfo": instance("BATCH", "2", ipAddr=None)},
        {"appName": "BATCH", "id": "1", "action": "StatusUpdate", "status": "DOWN", "lastDirtyTimestamp": 1},
    )
    assert [i["statusCode"] for i in json.loads(answer.body)["responseList"]] == [500, 200, 200]
    assert shared.ids("BATCH") == ["1"]
    assert shared.instance("BATCH", "1")["status"] == "DOWN"
    assert shared.ask("POST", "/eureka/peerreplication/batch", "{}").status == 400


def test_F27_F28_metadata_in_both_formats(shared):
    shared.enroll("KEYS", "1", metadata={"my_key": "v", "a b": "<"})
    text = shared.get("/eureka/apps/KEYS", XML).text
    assert "<my__key>v</my__key>" in text
    assert "<a_.0020b>&lt;</a_.0020b>" in text
    assert shared.instance("KEYS", "1")["metadata"] == {"my_key": "v", "a b": "<"}
    shared.enroll("KEYS", "2", metadata={})
    assert shared.instance("KEYS", "2")["metadata"] == {"@class": "java.util.Collections$EmptyMap"}
    assert '<metadata class="java.util.Collections$EmptyMap"/>' in shared.get("/eureka/apps/KEYS/2", XML).text


def test_F29_an_older_registration_changes_nothing(shared):
    shared.enroll("OLDER", "1", lastDirtyTimestamp=200, ipAddr="10.0.0.1")
    shared.enroll("OLDER", "1", lastDirtyTimestamp=100, ipAddr="10.0.0.2")
    assert shared.instance("OLDER", "1")["ipAddr"] == "10.0.0.1"


def test_F33_what_is_not_spoken_is_406_or_415(shared):
    shared.enroll("SPEAK", "1")
    for method, path in (
        ("GET", "/eureka/apps"),
        ("GET", "/eureka/apps/delta"),
        ("GET", "/eureka/apps/NONE"),
        ("PUT", "/eureka/apps/SPEAK/1"),
        ("PUT", "/eureka/apps/NONE/1"),
        ("DELETE", "/eureka/apps/SPEAK/1"),
        ("GET", "/eureka/vips/x"),
    ):
        for accept in ("text/plain", "text/html", "text/xml", "application/vnd+json", "nonsense"):
            assert shared.ask(method, path, headers={"Accept": accept}).status == 406, (method, path, accept)
    body = json.dumps({"instance": instance("SPEAK", "2")}).encode()
    for content_type in ("text/xml", "application/vnd+json", "application/json;charset=utf-16", "text/plain"):
        answer = shared.ask("POST", "/eureka/apps/SPEAK", body, {"Content-Type": content_type})
        assert answer.status == 415, content_type
    assert shared.ids("SPEAK") == ["1"]


def test_F33_a_post_without_content_type_is_415(shared, connect):
    raw = connect(shared.port)
    raw.send("POST /eureka/apps/SPEAK HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Length: 2\r\n\r\n{}")
    assert raw.read_answer()[0] == 415


def test_F34_statuses_in_small_letters(shared):
    shared.enroll("SMALL", "1", status="up")
    assert shared.instance("SMALL", "1")["status"] == "UNKNOWN"
    assert shared.put("/eureka/apps/SMALL/1").status == 404
    xml = (
        "<instance><instanceId>2</instanceId><hostName>h</hostName><app>SMALL</app><ipAddr>1.2.3.4</ipAddr>"
        "<status>up</status><dataCenterInfo><name>MyOwn</name></dataCenterInfo></instance>"
    )
    assert shared.ask("POST", "/eureka/apps/SMALL", xml, {"Content-Type": "application/xml"}).status == 204
    assert shared.instance("SMALL", "2")["status"] == "UP"


def test_F36_up_and_out_of_service_stick(shared):
    # Overrides are kept by the id alone, as in Eureka: an id of its own.
    shared.enroll("STICK", "sticky")
    shared.enroll("STICK", "sticky", status="OUT_OF_SERVICE", lastDirtyTimestamp=200)
    assert shared.instance("STICK", "sticky")["status"] == "UP"
    shared.enroll("STICK", "sticky", headers=PEER, status="OUT_OF_SERVICE", lastDirtyTimestamp=300)
    assert shared.instance("STICK", "sticky")["status"] == "OUT_OF_SERVICE"
    shared.enroll("STICK", "sticky", status="DOWN", lastDirtyTimestamp=400)
    shared.enroll("STICK", "sticky", status="UP", lastDirtyTimestamp=500)
    assert shared.instance("STICK", "sticky")["status"] == "UP"


def test_other_methods_and_odd_paths(shared):
    assert shared.ask("POST", "/eureka/apps/delta", {"instance": instance("delta", "1")}).status == 405
    assert shared.ask("PATCH", "/eureka/apps").status == 405
    assert shared.ask("OPTIONS", "/eureka/apps").status == 200
    assert shared.ask("HEAD", "/eureka/apps").status == 200
    assert shared.put("/eureka/asg/x/status?value=ENABLED").status == 400
    assert json.loads(shared.get("/eureka/status").body)["healthy"] is True
    assert shared.get("/eureka/apps/A/a%2Fb").status == 400
    assert shared.get("/eureka/apps/A/a%zz").status == 400


def test_bodies_over_the_limit_are_413_and_deep_ones_refused(shared):
    big = json.dumps({"instance": instance("BIG", "1", homePageUrl="x" * (2 << 20))})
    assert shared.ask("POST", "/eureka/apps/BIG", big).status == 413
    deep = '{"instance":{"app":"BIG","x":' + "[" * 1000 + "]" * 1000 + "}}"
    assert shared.ask("POST", "/eureka/apps/BIG", deep).status in (400, 413)
    deep = "<instance>" + "<x>" * 1000 + "</x>" * 1000 + "</instance>"
    assert shared.ask("POST", "/eureka/apps/BIG", deep, {"Content-Type": "application/xml"}).status in (400, 413)
    assert shared.ids("BIG") == []


def test_reads_are_refused_after_a_start_that_found_nobody(registry):
    one = registry(
        **{
            "eureka.instance.registry.default-open-for-traffic-count": "0",
            "eureka.server.wait-time-in-ms-when-sync-empty": "1500",
        }
    )
    one.enroll("WAITING", "1")
    assert one.get("/eureka/apps/WAITING/1").status == 200
    for path in ("apps", "apps/delta", "apps/WAITING", "vips/x"):
        assert one.get("/eureka/" + path).status == 403, path


# ---- the page for people, Prometheus, life


def test_the_dashboard_shows_what_is_there(shared):
    shared.enroll("PAGE", "<b>1</b>", statusPageUrl="http://h1:8080/actuator/info")
    page = shared.get("/", {"Accept": "text/html"})
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "PAGE" in page.text and "&lt;b&gt;1&lt;/b&gt;" in page.text and "Renews threshold" in page.text
    assert "PAGE(&lt;b&gt;1&lt;/b&gt;)" in shared.get("/lastn", {"Accept": "text/html"}).text


def test_the_dashboard_can_be_moved_or_left_out(registry):
    moved = registry(**{"eureka.dashboard.path": "/board"})
    assert moved.get("/board", {"Accept": "text/html"}).status == 200
    assert moved.get("/board/lastn", {"Accept": "text/html"}).status == 200
    assert moved.get("/", {"Accept": "text/html"}).status == 404
    without = registry(**{"eureka.dashboard.enabled": "false"})
    assert without.get("/", {"Accept": "text/html"}).status == 404
    assert without.get("/lastn", {"Accept": "text/html"}).status == 404


def test_prometheus_finds_services_through_the_registry(shared, program, tmp_path, until, ask):
    host, port = "127.0.0.1", shared.port
    shared.enroll("SCRAPED", "itself", ipAddr=host, port={"$": port, "@enabled": "true"}, metadata={"zone": "z1"})
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: fleet\n"
        f"    http_sd_configs: [{{url: 'http://127.0.0.1:{port}/sd/prometheus', refresh_interval: 1s}}]\n"
    )
    web = free_port()
    server = program(
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{web}",
    )
    server.wait_for_port(web)

    def scraped():
        answer = ask(f"http://127.0.0.1:{web}/api/v1/query?query=up%7Bapplication%3D%22scraped%22%7D")
        found = answer.status == 200 and json.loads(answer.body)["data"]["result"]
        return found and found[0]["value"][1] == "1" and found[0]["metric"]

    labels = until(scraped, "Prometheus scrapes what the registry names", limit=30)
    assert labels["zone"] == "z1" and labels["job"] == "scraped"


def targets(registry, query="", path="/sd/prometheus"):
    """The labels by instance id, in the order in which they come."""
    return {group["labels"]["instance_id"]: group["labels"] for group in json.loads(registry.get(path + query).body)}


def test_prometheus_targets_are_chosen_labelled_and_sorted(fresh):
    assert fresh.get("/sd/prometheus").text == "[]"
    fresh.enroll("USER-SERVICE", "user-service:8f3a", metadata={"zone": "defaultZone"}, port={"$": 34251, "@enabled": "true"})
    (group,) = json.loads(fresh.get("/sd/prometheus").body)
    assert group == {
        "targets": ["10.0.0.5:34251"],
        "labels": {
            "__metrics_path__": "/actuator/prometheus", "__scheme__": "http", "job": "user-service",
            "application": "user-service", "instance_id": "user-service:8f3a", "zone": "defaultZone",
            "__meta_flotilla_status": "UP",
        },
    }  # fmt: skip
    for id, status in (("s", "STARTING"), ("o", "OUT_OF_SERVICE"), ("d", "DOWN"), ("k", "UNKNOWN")):
        fresh.enroll("ORDER_SERVICE", id, status=status, metadata={"zone": "z2"})
    assert list(targets(fresh)) == ["o", "s", "user-service:8f3a"]
    assert list(targets(fresh, "?status=all")) == ["d", "k", "o", "s", "user-service:8f3a"]
    assert targets(fresh)["o"]["__meta_flotilla_status"] == "OUT_OF_SERVICE"
    assert list(targets(fresh, "?app=order-service&status=all")) == ["d", "k", "o", "s"]
    assert list(targets(fresh, "?app=USER-SERVICE")) == ["user-service:8f3a"]
    assert list(targets(fresh, "?zone=z2")) == ["o", "s"]
    assert targets(fresh, "?zone=z2&app=user-service") == {}
    assert targets(fresh, path="/prometheus/sd") == targets(fresh)
    metadata = {
        "management.port": "9090", "management.context-path": "/manage",
        "prometheus.label.team": "crew", "prometheus.label.not-a-name": "x",
    }  # fmt: skip
    fresh.enroll("MANAGED", "m", metadata=metadata)
    (group,) = json.loads(fresh.get("/sd/prometheus?app=managed").body)
    assert group["targets"] == ["10.0.0.5:9090"]
    assert group["labels"]["__metrics_path__"] == "/manage/actuator/prometheus"
    assert group["labels"]["team"] == "crew" and "not-a-name" not in group["labels"]


def test_prometheus_targets_are_not_sent_again_to_who_has_them(fresh):
    fresh.enroll("A", "1")
    first = fresh.get("/sd/prometheus")
    tag = first.headers["etag"]
    assert first.headers["content-type"] == "application/json" and tag.startswith('"')
    for path in ("/sd/prometheus", "/prometheus/sd"):
        again = fresh.get(path, {"If-None-Match": tag})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    fresh.enroll("A", "2")
    changed = fresh.get("/sd/prometheus", {"If-None-Match": tag})
    assert changed.status == 200 and changed.headers["etag"] != tag and len(json.loads(changed.body)) == 2


def test_prometheus_interval_is_in_the_log_of_who_wants_to_know(registry):
    one = registry(**{"logging.level.registry.prometheus": "debug"})
    one.get("/sd/prometheus", {"X-Prometheus-Refresh-Interval-Seconds": "15"})
    one.wait_for_log("Prometheus asks for its targets, every 15 s", 5)


def test_it_tells_its_own_figures(fresh, until):
    fresh.enroll("FIGURES", "1")
    fresh.enroll("FIGURES", "2")
    fresh.enroll("FIGURES", "3", status="OUT_OF_SERVICE")

    def figures():
        return fresh.get("/actuator/prometheus", {"Accept": "text/plain"}).text

    up = 'flotilla_registry_instances{app="FIGURES",status="UP"} 2.0'
    out = 'flotilla_registry_instances{app="FIGURES",status="OUT_OF_SERVICE"} 1.0'
    until(lambda: up in figures() and out in figures(), "instances are counted by application and status", 10)
    text = figures()
    for name in ("renewals_last_minute", "renew_threshold", "self_preservation", "registrations_total", "renewals_total"):
        assert f"\nflotilla_registry_{name} " in text, name
    assert "eureka_server_" not in text
    for id in ("1", "2", "3"):
        assert fresh.delete(f"/eureka/apps/FIGURES/{id}").status == 200
    until(lambda: 'app="FIGURES"' not in figures(), "nothing is left of them", 10)


def test_instances_are_counted_as_spring_does_where_that_is_wanted(registry, until):
    one = registry(**{"eureka.server.metrics.enabled": "true"})
    one.enroll("FIGURES", "1")
    line = 'eureka_server_instances{application="FIGURES",status="UP"} 1.0'
    until(lambda: line in one.get("/actuator/prometheus", {"Accept": "text/plain"}).text, line, 10)


def test_failures_are_counted_by_peer(registry, until):
    peer = free_port()
    one = registry(**{"eureka.client.service-url.defaultZone": f"http://ann:secret@127.0.0.1:{peer}/eureka/"})
    one.enroll("LONELY", "1")
    start = f'flotilla_registry_replication_failures_total{{peer="http://127.0.0.1:{peer}/eureka/"}} '

    def failures():
        lines = one.get("/actuator/prometheus", {"Accept": "text/plain"}).text.splitlines()
        return [float(line.removeprefix(start)) for line in lines if line.startswith(start)]

    until(lambda: failures() and failures()[0] > 0, "a peer that is not there is counted", 10)


def test_properties_of_springs_server_that_mean_nothing_here_are_named_once(registry):
    one = registry(
        **{
            "eureka.server.use-read-only-response-cache": "false",
            "eureka.server.responseCacheUpdateIntervalMs": "3000",
            "eureka.server.peer-eureka-nodes-update-interval-ms": "10000",
            "eureka.server.delta-retention-timer-interval-in-ms": "30000",
            "eureka.server.rate-limiter-burst-size": "10",
        }
    )
    lines = [line for line in one.log().splitlines() if "without effect in this registry: " in line]
    assert len(lines) == 1 and " WARN " in lines[0]
    named = lines[0].partition("registry: ")[2].split(", ")
    names = (
        "delta-retention-timer-interval-in-ms", "peer-eureka-nodes-update-interval-ms", "rate-limiter-burst-size",
        "response-cache-update-interval-ms", "use-read-only-response-cache",
    )  # fmt: skip
    assert named == [f"eureka.server.{name}" for name in names]


def test_it_counts_who_asks_where_they_say_so(fresh):
    for name, version, times in (("DefaultServer", "1.0", 3), ("Jersey3DefaultClient", "1.4", 2)):
        for _ in range(times):
            fresh.get("/eureka/apps/delta", {"DiscoveryIdentity-Name": name, "DiscoveryIdentity-Version": version})
    fresh.put("/eureka/apps/NOBODY/1", {"DiscoveryIdentity-Name": "x" * 200})
    for number in range(80):
        fresh.get("/eureka/apps", {"DiscoveryIdentity-Name": f"invented-{number}"})
    text = fresh.get("/actuator/prometheus", {"Accept": "text/plain"}).text
    lines = [line for line in text.splitlines() if line.startswith("flotilla_registry_requests_total{")]
    assert len(lines) == 64 and any('client="other"' in line for line in lines)
    assert any('client="DefaultServer-1.0"' in line and line.endswith(" 3.0") for line in lines), lines[:3]


def test_a_single_instance_in_xml_can_be_shown_as_v1_had_it(registry):
    one = registry(**{"eureka.compat.v1-status": "true"})
    one.enroll("OLD", "1", status="OUT_OF_SERVICE")
    assert "<status>DOWN</status><overriddenstatus>DOWN<" in "".join(one.get("/eureka/apps/OLD/1", XML).text.split())
    assert "<status>OUT_OF_SERVICE</status>" in one.get("/eureka/apps/OLD", XML).text
    assert one.instance("OLD", "1")["status"] == "OUT_OF_SERVICE"


def test_a_killed_registry_knows_its_clients_again_once_they_renew(owner, until):
    first = owner.add(Registry(owner.log_path("registry"))).wait_until_ready()
    first.enroll("SURVIVOR", "1", lastDirtyTimestamp=100)
    first.process.kill()
    first.process.wait()
    again = owner.add(Registry(owner.log_path("registry"), first.properties)).wait_until_ready()
    beat = "/eureka/apps/SURVIVOR/1?status=UP&lastDirtyTimestamp=100"
    assert again.put(beat).status == 404, "a client that hears this registers again"
    again.enroll("SURVIVOR", "1", lastDirtyTimestamp=100)
    assert again.put(beat).status == 200


def test_it_ends_in_order_while_clients_wait_for_changes(fresh):
    version = fresh.delta()["versions__delta"]
    answers = []
    waiting = threading.Thread(
        target=lambda: answers.append(fresh.get(f"/eureka/apps/delta?version={version}&wait=60s", timeout=30))
    )
    waiting.start()
    time.sleep(0.3)  # it is on its way or waits already: both end the same
    assert fresh.stop() == 0
    waiting.join()
    assert answers[0].status == 200


def test_a_property_that_nobody_has_ends_the_start_whatever_stands_beside_it(owner):
    properties = {"eureka.server.use-read-only-response-cache": "false", "eureka.server.evicton-interval-timer-in-ms": "5"}
    one = owner.add(Registry(owner.log_path("registry"), properties))
    assert one.wait_for_exit() == 1
    assert "did you mean 'eureka.server.eviction-interval-timer-in-ms'?" in one.log()
    assert "use-read-only-response-cache" not in one.log()
