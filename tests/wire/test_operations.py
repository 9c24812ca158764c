"""The operations endpoints as Prometheus and others outside meet them."""

import json
import re
import urllib.request

from support.programs import free_port

# Spring Boot's names and its empty descriptions are part of the wire format; promtool would have them otherwise.
SPRINGS_OWN = re.compile(r"no help text$|^process_cpu_time_ns_total |^system_cpu_count ")


def test_prometheus_scrapes_it(service, prometheus, ask, until):
    hello = service("hello", {"management.endpoints.web.exposure.include": "*"})
    for _ in range(3):
        hello.get("/hello")
    server = prometheus([f"127.0.0.1:{hello.port}"])
    query = f"http://127.0.0.1:{server.port}/api/v1/query?query="

    def value_of(expression):
        answer = ask(query + expression)
        if answer.status != 200:  # still starting
            return None
        results = json.loads(answer.text)["data"]["result"]
        return float(results[0]["value"][1]) if results else None

    until(lambda: value_of("up") == 1, "a scrape")
    until(lambda: value_of('http_server_requests_seconds_count%7Buri=%22/hello%22%7D') == 3, "the three requests")


def test_promtool_has_nothing_to_say_but_to_springs_own_names(service, promtool):
    hello = service("hello", {"management.endpoints.web.exposure.include": "*"})
    hello.get("/hello")
    hello.get("/nothing-here")
    complaints = promtool(hello.get("/actuator/prometheus").text) or ""
    assert [line for line in complaints.splitlines() if not SPRINGS_OWN.search(line)] == []


def test_the_management_port_is_apart_when_asked_for(service, ask, until):
    port = free_port()
    hello = service("hello", {"management.server.port": port})
    assert hello.get("/actuator/health").status == 404
    health = f"http://127.0.0.1:{port}/actuator/health"
    until(lambda: json.loads(ask(health).text)["status"] == "UP", "the readiness of hello")


def test_what_is_exposed_comes_from_the_environment_as_well(service):
    hello = service("hello", env={"MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE": "health,env"})
    assert hello.get("/actuator/env").status == 200
    assert hello.get("/actuator/beans").status == 404


def test_a_watched_breaker_stream_does_not_hold_up_the_end(service):
    hello = service("hello", {"hystrix.stream.enabled": "true"}).wait_until_ready()
    with urllib.request.urlopen(hello.url("/hystrix.stream"), timeout=10) as stream:
        assert stream.readline() == b"ping: \n"
        assert hello.stop() == 0
    assert "cut off" not in hello.log()
