"""The gateway in front of an upstream that records: the acceptance facts, by their numbers."""

import json
import re
import socket
import threading
import time

import pytest

from support.gateway import Gateway
from support.programs import free_port, wait_until
from support.upstream import DEFAULT_ANSWER

ROUTES = """
routes:
- {{id: plain, uri: "http://127.0.0.1:{port}/ignored", predicates: [Path=/plain/**]}}
- {{id: rewrite, uri: "http://127.0.0.1:{port}", predicates: [Path=/user-service/**], filters: ['RewritePath=/user-service/(?<segment>.*), /$\\{{segment}}']}}
- {{id: retry, uri: "http://127.0.0.1:{port}", predicates: [Path=/retry/**], filters: [Retry]}}
- {{id: pair, uri: "lb://pair", predicates: [Path=/pair/**], filters: [Retry=1]}}
- {{id: single, uri: "lb://one_place", predicates: [Path=/single/**]}}
- {{id: none, uri: "lb://NONE", predicates: [Path=/none/**]}}
- {{id: refused, uri: "http://127.0.0.1:{nobody}", predicates: [Path=/refused/**]}}
- {{id: slow, uri: "http://127.0.0.1:{port}", predicates: [Path=/slow/**], metadata: {{response-timeout: 200}}}}
- {{id: patient, uri: "http://127.0.0.1:{port}", predicates: [Path=/patient/**], metadata: {{response-timeout: -1}}}}
- {{id: cors, uri: "http://127.0.0.1:{port}", predicates: [Path=/cors/**], metadata: {{cors: {{allowedOrigins: 'https://a.org', allowedMethods: 'GET,POST'}}}}}}
- id: guarded
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/guarded/**]
  filters: [{{name: CircuitBreaker, args: {{statusCodes: 500, fallbackUri: 'forward:/fb/x'}}}}]
- {{id: fallback, uri: "http://127.0.0.1:{port}", predicates: [Path=/fb/**], filters: [FallbackHeaders, 'AddResponseHeader=X-Fallback, yes']}}
- id: bare
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/bare/**]
  filters: [{{name: CircuitBreaker, args: {{name: bare}}}}]
- id: limited
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/limited/**]
  filters:
  - name: RequestRateLimiter
    args: {{key-resolver: '#{{@remoteAddr}}', redis-rate-limiter: {{replenishRate: 1, burstCapacity: 1}}}}
- {{id: health, uri: 'forward:/actuator/health', predicates: [Path=/is-it-well]}}
- {{id: redirect, uri: 'http://127.0.0.1:{port}', predicates: [Path=/redirect], filters: ['RedirectTo=302, https://acme.org']}}
"""


def start(owner, tmp_path, routes, properties=None, **options):
    return owner.add(Gateway(owner.log_path("gateway"), tmp_path, routes, properties, **options)).wait_until_ready()


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    folder, nobody = tmp_path_factory.mktemp("gateway"), free_port()
    simple = "spring.cloud.discovery.client.simple.instances"
    gateway = Gateway(
        folder / "gateway.log",
        folder,
        ROUTES.format(port=upstream.port, nobody=nobody),
        {
            f"{simple}.pair[0].uri": f"http://127.0.0.1:{nobody}",
            f"{simple}.pair[1].uri": f"http://127.0.0.1:{upstream.port}",
            f"{simple}.one-place[0].uri": f"http://127.0.0.1:{upstream.port}",
            "resilience4j.circuitbreaker.instances.bare.minimumNumberOfCalls": 2,
            "resilience4j.circuitbreaker.instances.bare.slidingWindowSize": 2,
            "resilience4j.timelimiter.instances.bare.timeoutDuration": "200ms",
        },
    ).wait_until_ready()
    yield gateway
    gateway.stop()


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.answer = DEFAULT_ANSWER
    upstream.take()
    upstream.broken.clear()


def answer(status, body=b"", *lines):
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}"])
    return head.encode() + b"\r\n\r\n" + body


def test_the_path_of_the_uri_is_ignored_and_the_request_goes_through(gateway, upstream):
    assert gateway.get("/plain/a%20b?x=1&y=%2F").text == "ok"
    (received,) = upstream.take()
    assert received.target == "/plain/a%20b?x=1&y=%2F"
    assert received.header("Host") == f"127.0.0.1:{upstream.port}"


def test_f01_rewrite_path_keeps_the_query(gateway, upstream):
    assert gateway.get("/user-service/users/1?x=2").status == 200
    assert upstream.take()[0].target == "/users/1?x=2"


def test_heads_of_every_length_arrive_as_they_are(gateway, upstream):
    for length in range(0, 700, 3):
        answered = gateway.ask("POST", "/user-service/users", b"body", {"X-Filler": "f" * length})
        assert answered.status == 200, length
        (received,) = upstream.take()
        assert received.header("X-Filler") == "f" * length and received.body == b"body"
        assert b"\0" not in received.head, length


def test_no_route_is_a_404_in_springs_form(gateway):
    refused = gateway.get("/nowhere")
    assert refused.status == 404
    body = json.loads(refused.text)
    assert body["path"] == "/nowhere" and body["status"] == 404 and body["error"] == "Not Found"
    assert "timestamp" in body and "requestId" in body


def test_f12_a_get_is_retried_three_times_and_a_post_not_at_all(gateway, upstream):
    upstream.answer = answer("500 Internal Server Error", b"no")
    assert gateway.get("/retry/a").status == 500
    assert len(upstream.take()) == 4
    assert gateway.ask("POST", "/retry/a", b"body").status == 500
    assert len(upstream.take()) == 1


def test_f13_a_retry_goes_to_another_instance(gateway, upstream):
    for _ in range(20):
        assert gateway.get("/pair/x").status == 200
    assert len(upstream.take()) == 20


def test_a_post_with_an_idempotency_key_is_retried(gateway, upstream):
    for _ in range(6):
        assert gateway.ask("POST", "/pair/x", b"order", {"Idempotency-Key": "k"}).status == 200
    assert [one.body for one in upstream.take()] == [b"order"] * 6


def test_an_underscore_in_a_name_is_a_dash(gateway, upstream):
    assert gateway.get("/single/x").status == 200


def test_f15_a_listed_status_gives_the_fallback(gateway, upstream):
    def reply(request, _):
        return answer("200 OK", b"fallback") if request.target.startswith("/fb/") else answer("500 Broken", b"secret")

    upstream.answer = reply
    seen = gateway.get("/guarded/a?q=1")
    assert (seen.status, seen.text, seen.headers["x-fallback"]) == (200, "fallback", "yes")
    first, second = upstream.take()
    assert second.target == "/fb/x?q=1"
    assert second.header("Execution-Exception-Type") == "status_500"
    breakers = json.loads(gateway.get("/actuator/circuitbreakers").text)
    assert breakers["circuitBreakers"]["guarded"]["failedCalls"] == 1


def test_f16_an_open_breaker_is_503_and_an_expired_call_504(gateway, upstream):
    upstream.answer = lambda *_: time.sleep(0.6) or answer("200 OK")
    began = time.monotonic()
    assert gateway.get("/bare/a").status == 504
    assert time.monotonic() - began < 0.5
    assert gateway.get("/bare/a").status == 504
    refused = gateway.get("/bare/a")
    assert refused.status == 503
    assert int(refused.headers["retry-after"]) >= 1


def test_f17_the_limit_is_told_with_the_refusal(gateway):
    assert gateway.get("/limited/a").status == 200
    refused = gateway.get("/limited/a")
    assert refused.status == 429 and refused.body == b""
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["retry-after"] == "1"


def test_f20_without_an_instance_the_answer_is_503(gateway, owner, tmp_path):
    refused = gateway.get("/none/a")
    assert refused.status == 503
    assert "Unable to find instance for NONE" in refused.text
    other = start(
        owner, tmp_path, "loadbalancer: {use404: true}\nroutes: [{id: none, uri: 'lb://NONE', predicates: [Path=/**]}]"
    )
    assert other.get("/none/a").status == 404


def test_what_nobody_listens_for_is_502(gateway):
    assert gateway.get("/refused/a").status == 502


def test_f21_a_slow_answer_is_504_in_time_and_a_negative_limit_none(gateway, upstream):
    upstream.answer = lambda *_: time.sleep(1) or answer("200 OK")
    began = time.monotonic()
    assert gateway.get("/slow/a").status == 504
    assert 0.2 <= time.monotonic() - began < 0.6
    assert gateway.get("/patient/a").status == 200


def test_f22_the_framing_is_the_gateways_own(gateway, upstream, connect):
    upstream.answer = (
        b"HTTP/1.1 200 OK\r\nConnection: X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    )
    seen = gateway.get("/plain/a")
    assert seen.body == b"hi"
    assert "x-private" not in seen.headers and "keep-alive" not in seen.headers


def test_f23_forwarded_values_of_strangers_are_forgotten(gateway, upstream, owner, tmp_path):
    gateway.get("/plain/a", headers={"X-Forwarded-For": "9.9.9.9", "Forwarded": "for=9.9.9.9"})
    received = upstream.take()[0]
    assert received.header("X-Forwarded-For") == "127.0.0.1"
    assert received.header("X-Forwarded-Proto") == "http"
    assert "9.9.9.9" not in received.header("Forwarded")
    trusting = start(
        owner,
        tmp_path,
        f"trusted-proxies: 127.0.0.0/8\nroutes: [{{id: a, uri: 'http://127.0.0.1:{upstream.port}', predicates: [Path=/**]}}]",
    )
    trusting.get("/plain/a", headers={"X-Forwarded-For": "9.9.9.9"})
    assert upstream.take()[0].header("X-Forwarded-For") == "9.9.9.9,127.0.0.1"


def test_f25_events_reach_the_client_one_by_one(gateway, upstream, connect):
    go = threading.Event()

    def reply(_request, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(3):
            go.wait(5)
            go.clear()
            event = b"data: %d\n\n" % number
            connection.sendall(b"%x\r\n%s\r\n" % (len(event), event))
        connection.sendall(b"0\r\n\r\n")

    upstream.answer = reply
    client = connect(gateway.port)
    client.send("GET /plain/events HTTP/1.1\r\nHost: g\r\n\r\n")
    client.read_until(b"\r\n\r\n")
    for number in range(3):
        go.set()
        began = time.monotonic()
        client.read_until(b"data: %d\n\n" % number)
        assert time.monotonic() - began < 0.5


def test_f30_a_preflight_of_a_routes_cors_is_answered_here(gateway, upstream):
    asked = {"Origin": "https://a.org", "Access-Control-Request-Method": "POST"}
    seen = gateway.ask("OPTIONS", "/cors/a", headers=asked)
    assert seen.status == 200 and seen.headers["access-control-allow-origin"] == "https://a.org"
    assert gateway.ask("OPTIONS", "/cors/a", headers={**asked, "Origin": "https://b.org"}).status == 403
    assert gateway.get("/cors/a", headers={"Origin": "https://b.org"}).status == 403
    assert upstream.take() == []
    upstream.answer = answer("200 OK", b"", "Access-Control-Allow-Origin: *")
    assert gateway.get("/cors/a", headers={"Origin": "https://a.org"}).headers["access-control-allow-origin"] == "https://a.org"


def test_forward_is_answered_by_the_gateway_itself(gateway, upstream):
    assert '"UP"' in gateway.get("/is-it-well").text.replace("'", '"')
    assert upstream.take() == []


def test_a_redirect_does_not_ask_the_upstream(gateway, upstream, connect):
    client = connect(gateway.port)
    client.send("GET /redirect HTTP/1.1\r\nHost: g\r\n\r\n")
    status, headers, body = client.read_answer()
    assert (status, headers["location"], body) == (302, "https://acme.org", b"")
    assert upstream.take() == []


def test_the_deadline_goes_on_to_the_upstream(gateway, upstream):
    gateway.get("/plain/a", headers={"X-Request-Deadline-Ms": "5000"})
    assert 0 < int(upstream.take()[0].header("X-Request-Deadline-Ms")) <= 5000


def test_the_trace_goes_on_and_a_strangers_ids_are_continued(gateway, upstream):
    gateway.get("/plain/a", headers={"X-B3-TraceId": "a" * 32, "X-B3-SpanId": "b" * 16, "X-B3-Sampled": "1"})
    received = upstream.take()[0]
    assert received.header("X-B3-TraceId") == "a" * 32
    assert received.header("X-B3-SpanId") not in ("b" * 16, None)
    gateway.get("/plain/a")
    assert len(upstream.take()[0].header("X-B3-TraceId")) in (16, 32)


def test_requests_are_timed_by_route(gateway):
    gateway.get("/plain/timed")
    scraped = gateway.get("/actuator/prometheus").text
    line = next(one for one in scraped.splitlines() if one.startswith("spring_cloud_gateway_requests_seconds_count") and "plain" in one)
    for tag in ('routeId="plain"', 'outcome="SUCCESSFUL"', 'status="OK"', 'httpStatusCode="200"', 'httpMethod="GET"'):
        assert tag in line


def test_the_actuator_shows_routes_and_explains(gateway):
    routes = json.loads(gateway.get("/actuator/gateway/routes").text)
    assert routes[0]["route_id"] == "plain"
    assert gateway.get("/actuator/gateway/routes/nobody").status == 404
    assert json.loads(gateway.get("/actuator/gateway/routes/retry").text)["filters"][0].startswith("[[Retry retries = 3")
    assert "[RewritePathGatewayFilterFactory]" in gateway.get("/actuator/gateway/routefilters").text
    match = json.loads(gateway.get("/actuator/gateway/match?method=GET&path=/retry/x").text)
    assert match["route_id"] == "retry" and match["asked"][0]["failed"].startswith("Paths:")


def test_f52_routes_are_not_writable_unless_asked_for(gateway):
    body = b'{"uri":"http://x","predicates":[],"filters":[{"name":"AddResponseHeader","args":{"name":"X","value":"#{T(java.lang.Runtime)}"}}]}'
    headers = {"Content-Type": "application/json"}
    assert gateway.ask("POST", "/actuator/gateway/routes/x", body, headers).status == 404


def test_f27_f28_f52_and_f23_of_the_actuator_routes_come_and_go_at_run_time(owner, tmp_path, upstream):
    configured = "routes: [{id: configured, uri: 'http://a', predicates: [Path=/c]}]"
    gateway = start(owner, tmp_path, configured, {"flotilla.gateway.actuator-write": "true"})
    headers = {"Content-Type": "application/json"}

    def post(body, name="x"):
        return gateway.ask("POST", f"/actuator/gateway/routes/{name}", body.encode(), headers)

    good = f'{{"uri":"http://127.0.0.1:{upstream.port}","predicates":[{{"name":"Path","args":{{"_genkey_0":"/x/**"}}}}]}}'
    assert post(good).status == 201
    assert gateway.get("/x/a").status == 404, "not before the refresh"
    assert gateway.ask("POST", "/actuator/gateway/refresh").status == 200
    assert gateway.get("/x/a").status == 200
    refused = post('{"uri":"http://a","predicates":[],"filters":[{"name":"Nope"}]}')
    assert refused.status == 400 and "Invalid FilterDefinition: [Nope]" in refused.text
    tried = gateway.ask("POST", "/actuator/gateway/routes/y?dryRun=true", good.encode(), headers)
    assert (tried.status, json.loads(tried.text)["routes"]) == (200, 3) and "y" not in gateway.get("/actuator/gateway/routes").text
    wrong = '{"uri":"http://a","predicates":["Path=/a"],"filters":["StripPrefix=many"]}'
    assert gateway.ask("POST", "/actuator/gateway/routes/y?dryRun=true", wrong.encode(), headers).status == 400
    evil = '{"uri":"http://a","filters":[{"name":"AddResponseHeader","args":{"name":"X","value":"#{T(java.lang.Runtime)}"}}]}'
    assert post(evil).status == 400

    release = threading.Event()
    upstream.answer = lambda *_: release.wait(5) and answer("200 OK", b"late")
    seen = []
    waiting = threading.Thread(target=lambda: seen.append(gateway.get("/x/slow")))
    waiting.start()
    wait_until(lambda: any(one.target == "/x/slow" for one in upstream.requests), "the upstream has the request")
    assert gateway.ask("DELETE", "/actuator/gateway/routes/x").status == 200
    gateway.ask("POST", "/actuator/gateway/refresh")
    assert gateway.get("/x/a").status == 404
    release.set()
    waiting.join()
    assert seen[0].text == "late"
    assert gateway.ask("DELETE", "/actuator/gateway/routes/x").status == 404
    assert gateway.ask("DELETE", "/actuator/gateway/routes/configured").status == 404
    assert [one["route_id"] for one in json.loads(gateway.get("/actuator/gateway/routes").text)] == ["configured"]


def test_lists_of_routes_are_posted_whole_or_not_at_all(owner, tmp_path, upstream):
    gateway = start(owner, tmp_path, "routes: []", {"flotilla.gateway.actuator-write": "true"})

    def post(path, body):
        return gateway.ask("POST", f"/actuator/gateway/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})

    def route(name, **more):
        return {"id": name, "uri": f"http://127.0.0.1:{upstream.port}", "predicates": [f"Path=/{name}/**"], **more}

    def ids(kind="routes"):
        return [one.get("route_id", one.get("id")) for one in json.loads(gateway.get(f"/actuator/gateway/{kind}").text)]

    nameless = {**route("b"), "id": None}
    for wrong in ([route("a"), nameless], [route("a"), {"uri": "http://a"}], [route("a"), "b"], [route("a"), route("b", filters=["Nope"])], route("a")):
        assert post("routes", wrong).status == 400, wrong
        assert ids("routedefinitions") == [], wrong
    tried = post("routes?dryRun=true", [route("a"), route("b")])
    assert (tried.status, json.loads(tried.text)) == (200, {"routes": 2, "problems": []})
    shadowed = post("routes?dryRun=true", [route("a"), {**route("c"), "predicates": ["Path=/a/b"]}])
    assert shadowed.status == 200 and len(json.loads(shadowed.text)["problems"]) == 1
    assert post("routes?dryRun=true", [route("a", filters=["StripPrefix=many"])]).status == 400
    assert ids("routedefinitions") == []

    assert post("routes", [route("a", metadata={"group": "one"}), route("b", metadata={"group": "two", "kind": 7})]).status == 200
    assert ids() == [] and gateway.get("/b/x").status == 404, "not before the refresh"
    assert gateway.ask("POST", "/actuator/gateway/refresh?metadata=group:two,kind:7").status == 200
    assert ids() == ["b"] and gateway.get("/b/x").status == 200 and gateway.get("/a/x").status == 404
    assert gateway.ask("DELETE", "/actuator/gateway/routes/b").status == 200
    assert gateway.ask("POST", "/actuator/gateway/refresh?metadata=group:one").status == 200
    assert sorted(ids()) == ["a", "b"], "b is not of this group, and stays"
    assert gateway.ask("POST", "/actuator/gateway/refresh?metadata=group").status == 400
    assert gateway.ask("POST", "/actuator/gateway/refresh").status == 200
    assert ids() == ["a"]


def test_the_gateway_endpoint_is_opened_step_by_step(owner, tmp_path):
    access, body = "management.endpoint.gateway.access", b"[]"
    headers = {"Content-Type": "application/json"}
    closed = start(owner, tmp_path, "routes: []", {access: None, "flotilla.gateway.actuator-write": "true"})
    assert closed.get("/actuator/gateway/routes").status == 404
    assert "gateway" not in json.loads(closed.get("/actuator").text)["_links"]
    assert closed.ask("POST", "/actuator/gateway/routes", body, headers).status == 404
    closed.stop()
    half = start(owner, tmp_path, "routes: []", {access: "read-only", "flotilla.gateway.actuator-write": "true"})
    assert half.get("/actuator/gateway/routes").status == 200
    assert half.ask("POST", "/actuator/gateway/routes", body, headers).status == 405
    half.stop()
    whole = start(owner, tmp_path, "routes: []", {"flotilla.gateway.actuator-write": "true"})
    assert whole.ask("POST", "/actuator/gateway/routes", body, headers).status == 200
    passed_on = whole.ask("POST", "/actuator/gateway/routes", body, {**headers, "X-Forwarded-For": "10.0.0.7"})
    assert passed_on.status == 403 and "spring.security.user.name" in passed_on.text
    assert whole.ask("POST", "/actuator/gateway/refresh", headers={"X-Forwarded-For": "10.0.0.7"}).status == 403
    whole.stop()
    user = {"spring.security.user.name": "ann", "spring.security.user.password": "secret"}
    known = start(owner, tmp_path, "routes: []", {"flotilla.gateway.actuator-write": "true", **user})
    assert known.ask("POST", "/actuator/gateway/routes", body, headers).status == 401
    basic = {"Authorization": "Basic YW5uOnNlY3JldA==", "X-Forwarded-For": "10.0.0.7"}
    assert known.ask("POST", "/actuator/gateway/routes", body, {**headers, **basic}).status == 200


def test_a_changed_file_is_in_force_and_a_wrong_one_is_not(owner, tmp_path, upstream):
    def routes(path, more=""):
        return f"routes: [{{id: a, uri: 'http://127.0.0.1:{upstream.port}', predicates: [Path={path}]{more}}}]"

    gateway = start(owner, tmp_path, routes("/old/**"))
    assert gateway.get("/old/a").status == 200
    gateway.write(routes("/new/**"))
    wait_until(lambda: gateway.get("/new/a").status == 200, "the new route")
    assert gateway.get("/old/a").status == 404
    gateway.write(routes("/wrong/**", ", filters: [Nope]"))
    gateway.wait_for_log("the routes stay as they are: route 'a': filter 'Nope' is unknown")
    (line,) = [line for line in gateway.log().splitlines() if "stay as they are" in line]
    assert re.search(rf"\({re.escape(str(gateway.file))} - \d+:\d+\)$", line), line
    assert gateway.get("/new/a").status == 200
    gateway.write("routes: 5")
    gateway.wait_for_log("the routes stay as they are: spring.cloud.gateway.routes is a list, not '5'")
    assert gateway.get("/new/a").status == 200
    gateway.file.write_text("spring: [")
    gateway.wait_for_log("the configuration stays as it is")
    assert gateway.get("/new/a").status == 200


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ("id: a, uri: 'http://a', predicates: [Path=/a], filters: [Nope]", "route 'a': filter 'Nope' is unknown; there are: "),
        ("id: a, uri: 'http://a', predicates: [Nope=1]", "route 'a': predicate 'Nope' is unknown; there are: "),
        (
            "id: a, uri: 'http://a', filters: [{name: AddRequestHeader, args: {nam: x, value: y}}]",
            "route 'a': filter 'AddRequestHeader': argument 'nam' is unknown; there are: name, value",
        ),
        ("id: a, uri: 'http://a', filters: ['StripPrefix=x']", "route 'a': filter 'StripPrefix': argument 'parts': 'x'"),
        ("id: a, uri: 'http://a', predicates: ['Header=X, [']", "route 'a': predicate 'Header': argument 'regexp': "),
        ("id: a, uri: 'http://a b'", "route 'a': uri 'http://a b': "),
        ("id: a, uri: 'ht!tp://a'", "route 'a': uri 'ht!tp://a': 'ht!tp' is no scheme, such as lb or http"),
        ("id: a, uri: a", "route 'a': uri 'a' has no scheme, such as lb://NAME or http://host:80"),
        ("id: a", "route 'a': it has no uri"),
        ("id: a, uri: 'http://a', order: first", "route 'a': order 'first' is no number"),
        ("idd: a, uri: 'http://a'", "route without an id: 'idd' is no member of a route; there are: id, uri, "),
    ],
)
def test_a_wrong_route_ends_the_start_with_one_line_that_tells_where(owner, tmp_path, route, said):
    gateway = owner.add(Gateway(owner.log_path("gateway"), tmp_path, f"routes:\n- {{{route}}}"))
    assert gateway.wait_for_exit() == 1
    (line,) = [line for line in gateway.log().splitlines() if "ERROR" in line]
    assert f"cannot start: {said}" in line
    assert re.search(rf"\({re.escape(str(gateway.file))} - \d+:\d+\)$", line), line
    assert gateway.log().splitlines()[-1] == line


def test_what_is_no_list_of_routes_ends_the_start(owner, tmp_path):
    gateway = owner.add(Gateway(owner.log_path("gateway"), tmp_path, "routes: {a: {uri: 'http://a'}}"))
    assert gateway.wait_for_exit() == 1
    assert "cannot start: spring.cloud.gateway.routes is a list, not '{" in gateway.log()


def test_f29_the_locator_makes_a_route_of_each_service(owner, tmp_path, upstream):
    gateway = start(
        owner,
        tmp_path,
        "discovery.locator: {enabled: true, lower-case-service-id: true}",
        {"spring.cloud.discovery.client.simple.instances.MYSERVICE[0].uri": f"http://127.0.0.1:{upstream.port}"},
    )
    wait_until(lambda: gateway.get("/myservice/a").status == 200, "the service's route")
    assert upstream.take()[-1].target == "/a"
    assert gateway.get("/MYSERVICE/a").status == 404


def test_the_locators_routes_may_be_made_otherwise(owner, tmp_path, upstream):
    simple = "spring.cloud.discovery.client.simple.instances"
    gateway = start(
        owner,
        tmp_path,
        "discovery.locator:\n"
        "  enabled: true\n"
        "  include-expression: metadata['edge']\n"
        "  predicates: [{name: Path, args: {pattern: \"'/api/'+serviceId+'/**'\"}}]\n"
        "  filters: [{name: AddRequestHeader, args: {name: \"'X-To'\", value: serviceId}}]\n",
        {
            f"{simple}.ORDERS[0].uri": f"http://127.0.0.1:{upstream.port}",
            f"{simple}.ORDERS[0].metadata.edge": "true",
            f"{simple}.INNER[0].uri": f"http://127.0.0.1:{upstream.port}",
        },
    )
    wait_until(lambda: gateway.get("/api/ORDERS/a").status == 200, "the service's route")
    seen = upstream.take()[-1]
    assert (seen.target, seen.header("X-To")) == ("/api/ORDERS/a", "ORDERS")
    assert gateway.get("/api/INNER/a").status == 404


def test_an_expression_of_the_locator_that_is_none_ends_the_start(owner, tmp_path):
    routes = "discovery.locator: {enabled: true, url-expression: \"T(java.lang.Runtime)\"}"
    gateway = owner.add(Gateway(owner.log_path("bad"), tmp_path, routes))
    assert gateway.wait_for_exit() == 1
    assert "'T(java.lang.Runtime)' is no expression that is understood" in gateway.log()


def test_an_unknown_filter_ends_the_start_with_its_name(owner, tmp_path):
    routes = "routes: [{id: a, uri: 'http://a', predicates: [Path=/a], filters: [RewritPath=x]}]"
    gateway = owner.add(Gateway(owner.log_path("bad"), tmp_path, routes))
    assert gateway.wait_for_exit() == 1
    assert "route 'a': filter 'RewritPath' is unknown (did you mean 'RewritePath'?)" in gateway.log()


def test_a_gateway_of_ones_own_has_filters_and_predicates_of_its_own(owner, tmp_path, upstream):
    uri = f"http://127.0.0.1:{upstream.port}"
    gateway = start(
        owner,
        tmp_path,
        "routes:\n"
        f"- {{id: never, uri: '{uri}', predicates: ['Weekday=7, 1'], filters: [AddTeam=red]}}\n"
        f"- {{id: always, uri: '{uri}', predicates: ['Weekday=1, 7'], filters: [AddTeam=blue]}}\n",
        program=("own_gateway",),
    )
    assert gateway.get("/a").status == 200
    assert upstream.take()[0].header("X-Team") == "blue"


def test_f53_a_stop_lets_requests_finish(owner, tmp_path, upstream):
    gateway = start(
        owner, tmp_path, f"routes: [{{id: a, uri: 'http://127.0.0.1:{upstream.port}', predicates: [Path=/**]}}]"
    )
    release = threading.Event()
    upstream.answer = lambda *_: release.wait(10) and answer("200 OK", b"done")
    seen = []
    clients = [threading.Thread(target=lambda: seen.append(gateway.get("/slow", timeout=20).text)) for _ in range(100)]
    for client in clients:
        client.start()
    wait_until(lambda: len(upstream.requests) == 100, "all requests are with the upstream")
    gateway.signal(15)

    def refuses():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", gateway.port)) != 0

    wait_until(refuses, "no new connections")
    release.set()
    for client in clients:
        client.join()
    assert seen == ["done"] * 100
    assert gateway.wait_for_exit() == 0
