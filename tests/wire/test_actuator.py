"""The operations endpoints of a real hello, with the numbers of the acceptance facts that they show."""

import gzip
import json
import os

EVERYTHING = {"management.endpoints.web.exposure.include": "*"}
V3 = "application/vnd.spring-boot.actuator.v3+json"
V2 = "application/vnd.spring-boot.actuator.v2+json"
TEXT = "text/plain;version=0.0.4;charset=utf-8"
OPEN_METRICS = "application/openmetrics-text;version=1.0.0;charset=utf-8"
JSON = {"Content-Type": "application/json"}


def read(service, path, headers=None):
    answer = service.get(path, headers=headers)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def test_f01_by_default_there_is_health_alone(hello):
    links = read(hello, "/actuator")["_links"]
    assert list(links) == ["self", "health", "health-path"]
    assert links["health"]["href"] == hello.url("/actuator/health")
    assert hello.get("/actuator/env").status == 404
    assert hello.get("/actuator/").status == 404


def test_f02_exclude_wins_over_include(service):
    hello = service("hello", {**EVERYTHING, "management.endpoints.web.exposure.exclude": "env"})
    assert hello.get("/actuator/env").status == 404
    for name in ("health", "info", "metrics", "prometheus", "loggers", "mappings", "configprops", "httpexchanges"):
        assert hello.get(f"/actuator/{name}").status == 200, name


def test_f03_health_tells_the_status_alone_and_details_when_shown(hello, service, until):
    until(lambda: hello.get("/actuator/health/readiness").status == 200, "hello is ready")
    assert read(hello, "/actuator/health") == {"status": "UP", "groups": ["liveness", "readiness"]}
    open_one = service("hello", {"management.endpoint.health.show-details": "always"})
    until(lambda: open_one.get("/actuator/health/readiness").status == 200, "the open one is ready")
    disk = read(open_one, "/actuator/health")["components"]["diskSpace"]
    assert disk["status"] == "UP" and disk["details"]["exists"] is True
    old = open_one.get("/actuator/health", headers={"Accept": V2})
    assert old.headers["content-type"] == V2
    assert "components" not in json.loads(old.text), "f08"


def test_f07_probes_on_the_main_port_agree_with_the_groups(service, until):
    hello = service("hello", {"management.endpoint.health.probes.add-additional-paths": "true"})
    until(lambda: hello.get("/readyz").status == 200, "hello is ready")
    assert hello.get("/readyz").text == hello.get("/actuator/health/readiness").text
    assert read(hello, "/livez") == {"status": "UP"}


def test_f09_another_method_is_405_with_allow(hello, ask):
    answer = ask(hello.url("/actuator/health"), method="POST", body=b"")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
    assert ask(hello.url("/actuator/health"), method="OPTIONS").headers["allow"] == "GET,HEAD,OPTIONS"


def test_f11_to_f14_configuration_is_shown_masked_and_refreshed(owner, service, tmp_path, ask):
    config = tmp_path / "application.yml"
    config.write_text("order:\n  max-items: 7\nspring:\n  datasource:\n    password: hidden\n")
    hello = service(
        "hello",
        {
            **EVERYTHING,
            "spring.config.additional-location": f"{tmp_path}/",
            "management.endpoint.env.show-values": "always",
        },
    )
    sources = read(hello, "/actuator/env")["propertySources"]
    values = {key: p["value"] for source in sources for key, p in source["properties"].items()}
    assert values["spring.datasource.password"] == "******"
    assert values["order.max-items"] == 7

    one = read(hello, "/actuator/env/order.max-items")
    winner = [s for s in one["propertySources"] if s["name"] == one["property"]["source"]][0]
    assert "application.yml" in winner["property"]["origin"] and "2:14" in winner["property"]["origin"], "f13"
    assert hello.get("/actuator/env/nope").status == 404, "f12"
    assert hello.get("/actuator/env?pattern=%5B").status == 400, "f12"

    config.write_text("order:\n  max-items: 8\nspring:\n  datasource:\n    password: hidden\n")
    refresh = hello.url("/actuator/refresh")
    assert json.loads(ask(refresh, method="POST", body=b"", headers=JSON).text) == ["order.max-items"], "f14"
    assert json.loads(ask(refresh, method="POST", body=b"", headers=JSON).text) == []
    assert read(hello, "/actuator/env/order.max-items")["property"]["value"] == 8


def test_f16_levels_of_loggers_are_set_and_restored(service, ask):
    hello = service("hello", EVERYTHING)
    url = hello.url("/actuator/loggers/order")
    assert ask(url, method="POST", body=b'{"configuredLevel":"DEBUG"}', headers=JSON).status == 204
    assert read(hello, "/actuator/loggers/order") == {"configuredLevel": "DEBUG", "effectiveLevel": "DEBUG"}
    assert ask(url, method="POST", body=b"{}", headers=JSON).status == 204
    assert read(hello, "/actuator/loggers/order")["effectiveLevel"] == "INFO"
    assert ask(url, method="POST", body=b'{"configuredLevel":"LOUD"}', headers=JSON).status == 400
    assert ask(url, method="POST", body=b"x", headers={"Content-Type": "text/plain"}).status == 415


def test_f17_metrics_are_narrowed_by_tags(service):
    hello = service("hello", EVERYTHING)
    for path in ("/hello", "/hello", "/nope/1", "/nope/2", "/nope/3"):
        hello.get(path)
    missing = read(hello, "/actuator/metrics/http.server.requests?tag=status:404")
    assert missing["measurements"][0] == {"statistic": "COUNT", "value": 3.0}
    assert hello.get("/actuator/metrics/http.server.requests?tag=status").status == 400
    assert hello.get("/actuator/metrics/nope").status == 404
    scrape = hello.get("/actuator/prometheus").text
    assert scrape.count('uri="NOT_FOUND"') > 0 and "/nope" not in scrape, "metrics f11"


def test_f18_mappings_have_every_route(service):
    hello = service("hello", EVERYTHING)
    context = read(hello, "/actuator/mappings")["contexts"]["hello"]
    routes = context["mappings"]["dispatcherServlets"]["dispatcherServlet"]
    predicates = [route["predicate"] for route in routes]
    for start in ("{GET [/hello]", "{GET [/hello/{name}]", "{POST [/orders]", "{GET [/actuator/health]"):
        assert any(predicate.startswith(start) for predicate in predicates), start


def test_f19_exchanges_are_a_hundred_and_without_credentials(service):
    hello = service("hello", EVERYTHING)
    for number in range(120):
        hello.get(f"/hello/{number}", headers={"Authorization": "Bearer x", "Cookie": "a=b"})
    exchanges = read(hello, "/actuator/httpexchanges")["exchanges"]
    assert len(exchanges) == 100
    assert exchanges[0]["request"]["uri"] == hello.url("/hello/119")
    assert exchanges[0]["timestamp"] >= exchanges[-1]["timestamp"]
    for exchange in exchanges:
        names = {name.lower() for name in exchange["request"]["headers"]}
        assert not names & {"authorization", "cookie"}


def test_f21_the_thread_dump_has_all_threads(service):
    hello = service("hello", EVERYTHING)
    threads = read(hello, "/actuator/threaddump")["threads"]
    ids = {thread["threadId"] for thread in threads}
    assert ids == {int(task) for task in os.listdir(f"/proc/{hello.pid}/task")}
    # A thread that is inside a system call for longer than the budget has no stack.
    assert any(thread["stackTrace"] for thread in threads)
    assert "Full thread dump" in hello.get("/actuator/threaddump", headers={"Accept": "text/plain"}).text


def test_f24_shutdown_answers_and_the_process_exits_with_0(service, ask):
    off = service("hello", EVERYTHING)
    assert ask(off.url("/actuator/shutdown"), method="POST", body=b"").status == 404
    hello = service("hello", {**EVERYTHING, "management.endpoint.shutdown.access": "unrestricted"})
    answer = ask(hello.url("/actuator/shutdown"), method="POST", body=b"", headers=JSON)
    assert json.loads(answer.text) == {"message": "Shutting down, bye..."}
    assert hello.wait_for_exit() == 0


def test_f27_management_has_a_port_of_its_own(service, ask):
    from support.programs import free_port

    port = free_port()
    hello = service("hello", {**EVERYTHING, "management.server.port": port})
    hello.wait_for_port(port)
    assert hello.get("/actuator/health").status == 404
    assert ask(f"http://127.0.0.1:{port}/actuator/health/liveness").status == 200
    assert ask(f"http://127.0.0.1:{port}/hello").status == 404


def test_f28_security_asks_who_is_calling(service):
    hello = service("hello", {**EVERYTHING, "spring.security.user.name": "ann", "spring.security.user.password": "pw"})
    anonymous = hello.get("/actuator/metrics")
    assert anonymous.status == 401 and anonymous.headers["www-authenticate"].startswith("Basic ")
    assert hello.get("/actuator/metrics", headers={"Authorization": "Basic YW5uOnB3"}).status == 200
    assert hello.get("/actuator/health").status == 200

    weak = service(
        "hello",
        {
            **EVERYTHING,
            "spring.security.user.name": "ann",
            "spring.security.user.password": "pw",
            "spring.security.user.roles": "USER",
        },
    )
    assert weak.get("/actuator/metrics", headers={"Authorization": "Basic YW5uOnB3"}).status == 403


def test_f29_an_unknown_path_gives_the_classic_error(hello):
    error = hello.get("/nope")
    assert list(json.loads(error.text)) == ["timestamp", "status", "error", "message", "path"]
    plain = hello.get("/nope", headers={"Accept": "text/plain"})
    assert (plain.status, plain.body) == (404, b"")


def test_scrapes_are_clean_negotiated_and_compressed(service, promtool):
    hello = service("hello", EVERYTHING)
    hello.get("/hello")
    hello.get("/nope")
    text = hello.get("/actuator/prometheus")
    assert text.headers["content-type"] == TEXT
    assert int(text.headers["content-length"]) == len(text.body)
    # Two names are Micrometer's, which dashboards ask for and promtool's taste does not meet.
    taste = ("process_cpu_time_ns_total", "system_cpu_count")
    faults = (promtool(text.text) or "").splitlines()
    assert [fault for fault in faults if not any(words in fault for words in taste)] == []
    for family in ("http_server_requests_seconds_count", "process_cpu_usage", "flotilla_loop_lag_seconds",
                   "executor_pool_max_threads", "logback_events_total"):  # fmt: skip
        assert f"\n{family}" in text.text, family
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}
    exposition = hello.get("/actuator/prometheus", headers=accept)
    assert exposition.headers["content-type"] == OPEN_METRICS
    assert exposition.text.endswith("# EOF\n")
    assert hello.get("/actuator/prometheus", headers={"Accept": "text/html"}).status == 406
    packed = hello.get("/actuator/prometheus", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body).startswith(b"# HELP")
    one = hello.get("/actuator/prometheus?includedNames=process_uptime_seconds").text.splitlines()
    assert len(one) == 3 and one[2].startswith("process_uptime_seconds ")


def test_a_real_prometheus_scrapes_hello(service, prometheus, ask, until):
    hello = service("hello", EVERYTHING)
    hello.get("/hello")
    server = prometheus([f"127.0.0.1:{hello.port}"])
    api = f"http://127.0.0.1:{server.port}/api/v1"
    query = f"{api}/query?query=http_server_requests_seconds_count%7Buri%3D%22%2Fhello%22%7D"
    until(lambda: '"value":[' in ask(query).text and '"1"]' in ask(query).text, "hello's requests in Prometheus")
    target = json.loads(ask(f"{api}/targets").text)["data"]["activeTargets"][0]
    assert (target["health"], target["lastError"]) == ("up", "")
