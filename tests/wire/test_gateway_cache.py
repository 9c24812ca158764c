"""Answers that a gateway keeps: served again, fetched once for many, stale when that is better, forgotten when they change."""

import threading
import time

import pytest

from support.gateway import Gateway, token
from support.programs import wait_until
from support.raw import Raw
from support.upstream import Upstream

ROUTES = """
routes:
- {{id: c, uri: "http://127.0.0.1:{port}", predicates: [Path=/c/**, "Method=GET,HEAD"], filters: [LocalResponseCache=1m]}}
- {{id: w, uri: "http://127.0.0.1:{port}", predicates: [Path=/c/**]}}
- {{id: p, uri: "http://127.0.0.1:{port}", predicates: [Path=/p/**, Method=GET], filters: [StripPrefix=1, LocalResponseCache=1m]}}
- {{id: q, uri: "http://127.0.0.1:{port}", predicates: [Path=/q/**], filters: [StripPrefix=1]}}
- id: limited
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/limited/**]
  filters:
  - name: RequestRateLimiter
    args: {{key-resolver: remoteAddr, redis-rate-limiter.replenishRate: 1000, redis-rate-limiter.burstCapacity: 1000}}
  - LocalResponseCache=1m
- id: guarded
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/guarded/**]
  filters: [{{name: CircuitBreaker, args: {{fallbackUri: "forward:/instead", statusCodes: 500}}}}, LocalResponseCache=1m]
- id: own
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/own/**]
  filters: [RemoveRequestHeader=Authorization, LocalResponseCache=1m]
- id: whose
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/whose/**]
  filters: [AuthorizationHeaderFilter, RemoveRequestHeader=Authorization, LocalResponseCache=1m]
- id: tenants
  uri: "http://127.0.0.1:{port}"
  predicates: ["Path=/tenants/{{tenant}}/items"]
  filters: ["SetRequestHeader=X-Tenant, {{tenant}}", SetPath=/items, LocalResponseCache=1m]
- {{id: instead, uri: "http://127.0.0.1:{port}", predicates: [Path=/instead]}}
"""


def start_cached(owner, tmp_path, upstream, **properties):
    log = owner.log_path("gateway")
    gateway = owner.add(Gateway(log, tmp_path, ROUTES.format(port=upstream.port), properties)).wait_until_ready()
    gateway.upstream = upstream
    return gateway


@pytest.fixture
def cached(owner, tmp_path):
    upstream = Upstream()
    yield start_cached(owner, tmp_path, upstream)
    upstream.stop()


@pytest.fixture
def impatient(owner, tmp_path):
    """Its clients wait no longer than 200 ms for a fresh answer where there is a stale one."""
    upstream = Upstream()
    yield start_cached(owner, tmp_path, upstream, **{"flotilla.gateway.cache.stale-wait": "200ms"})
    upstream.stop()


def kept(control="max-age=60", body=b"stock: 7", *lines):
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Cache-Control: {control}", 'ETag: "1"', *lines, f"Content-Length: {len(body)}"])
    return head.encode() + b"\r\n\r\n" + body


def test_a_kept_answer_does_not_ask_the_service(cached):
    cached.upstream.answer = kept()
    first, second = cached.get("/c/a"), cached.get("/c/a")
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT")
    assert first.text == second.text == "stock: 7"
    assert "age" in second.headers and second.headers["cache-status"] == "flotilla; hit"
    assert len(cached.upstream.take()) == 1
    unchanged = cached.get("/c/a", {"If-None-Match": '"1"'})
    assert unchanged.status == 304 and unchanged.body == b""
    assert cached.get("/c/a", {"Cache-Control": "no-cache"}).headers["x-cache"] == "MISS"
    assert len(cached.upstream.take()) == 1


def test_a_hundred_who_miss_at_once_ask_once(cached):
    go = threading.Event()
    cached.upstream.answer = lambda *_: go.wait(10) and kept()
    seen = []
    clients = [threading.Thread(target=lambda: seen.append(cached.get("/c/many", timeout=20))) for _ in range(100)]
    for client in clients:
        client.start()
    wait_until(lambda: cached.upstream.requests, "one is there")
    go.set()
    for client in clients:
        client.join()
    assert [one.text for one in seen] == ["stock: 7"] * 100
    assert len(cached.upstream.take()) == 1


def test_when_the_one_that_fetches_leaves_one_of_the_others_does(cached, connect):
    go = threading.Event()
    cached.upstream.answer = lambda asked, _: (asked.target == "/later" or go.wait(10)) and kept()
    request = "GET /c/left HTTP/1.1\r\nHost: g\r\n\r\n"
    first = connect(cached.port)
    first.send(request)
    wait_until(lambda: cached.upstream.requests, "one is there")
    others = [connect(cached.port) for _ in range(20)]
    for other in others:
        other.send(request)
    assert cached.get("/q/later").status == 200  # by then they wait
    first.close()
    wait_until(lambda: len(cached.upstream.requests) > 2, "another one fetches it")
    go.set()
    assert [other.read_answer()[2] for other in others] == [b"stock: 7"] * 20
    assert [one.target for one in cached.upstream.take()] == ["/c/left", "/later", "/c/left"]


def test_what_is_somebodys_is_neither_kept_nor_served(cached):
    cached.upstream.answer = kept()
    cached.get("/c/own", {"Authorization": "Basic eA=="})
    cached.get("/c/own", {"Authorization": "Basic eA=="})
    assert len(cached.upstream.take()) == 2
    cached.upstream.answer = kept("private, max-age=60")
    for _ in range(2):
        assert "x-cache" not in cached.get("/c/private").headers
    assert len(cached.upstream.take()) == 2


def test_a_token_that_a_filter_takes_away_is_somebodys_all_the_same(cached):
    cached.upstream.answer = lambda request, _: kept(body=(request.header("X-User-Id") or "?").encode())
    for _ in range(2):
        assert "x-cache" not in cached.get("/own/a", {"Authorization": "Basic eA=="}).headers
    for user in ("ann", "bob"):
        answer = cached.get("/whose/a", {"Authorization": f"Bearer {token({'sub': user, 'exp': int(time.time()) + 60})}"})
        assert answer.status == 200 and "x-cache" not in answer.headers, user
    assert len(cached.upstream.take()) == 4


def test_what_filters_tell_the_service_of_the_uri_tells_answers_apart(cached):
    cached.upstream.answer = lambda request, _: kept(body=request.header("X-Tenant").encode())
    for expected in ("MISS", "HIT"):
        for tenant in ("a", "b"):
            answer = cached.get(f"/tenants/{tenant}/items")
            assert (answer.text, answer.headers["x-cache"]) == (tenant, expected)


@pytest.mark.parametrize("trusted", [True, False])
def test_what_a_front_that_is_believed_says_of_the_uri_tells_answers_apart(owner, tmp_path, trusted):
    upstream = Upstream(kept())
    own = {"spring.cloud.gateway.trusted-proxies": "127.0.0.1/32"} if trusted else {}
    gateway = start_cached(owner, tmp_path, upstream, **own)
    assert gateway.get("/c/a").headers["x-cache"] == "MISS"
    for name, value in (
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "shop.example"),
        ("X-Forwarded-Port", "444"),
        ("X-Forwarded-Prefix", "/shop"),
        ("Forwarded", "for=10.0.0.1;host=shop.example;proto=https"),
    ):
        seen = [gateway.get("/c/a", {name: value}).headers["x-cache"] for _ in range(2)]
        assert seen == (["MISS", "HIT"] if trusted else ["HIT", "HIT"]), name
    assert gateway.get("/c/a", {"X-Forwarded-For": "10.0.0.9"}).headers["x-cache"] == "HIT", "it is the same for all"
    other = {"Forwarded": "for=10.0.0.2; host=shop.example;proto=https"}
    assert gateway.get("/c/a", other).headers["x-cache"] == "HIT"
    upstream.stop()


def test_an_answer_may_vary_by_what_the_gateway_adds(cached):
    cached.upstream.answer = kept("max-age=60", b"stock: 7", "Vary: X-Forwarded-Proto, X-Forwarded-Host")
    assert [cached.get("/c/a").headers["x-cache"] for _ in range(2)] == ["MISS", "HIT"]


def test_a_kept_redirection_is_never_unchanged(cached):
    cached.upstream.answer = (
        b'HTTP/1.1 301 Moved Permanently\r\nCache-Control: max-age=60\r\nETag: "1"\r\nLocation: /c/b\r\nContent-Length: 0\r\n\r\n'
    )
    for expected in ("MISS", "HIT"):
        with Raw(cached.port) as raw:
            raw.send('GET /c/a HTTP/1.1\r\nHost: a\r\nIf-None-Match: "1"\r\n\r\n')
            status, headers, _ = raw.read_answer()
        assert (status, headers["x-cache"]) == (301, expected)


def test_a_stale_answer_is_better_than_an_error(cached):
    cached.upstream.answer = kept("max-age=1, stale-if-error=60")
    assert cached.get("/c/a").headers["x-cache"] == "MISS"
    cached.upstream.answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    wait_until(lambda: cached.get("/c/a").headers["x-cache"] == "STALE", "the answer is stale")
    stale = cached.get("/c/a")
    assert stale.status == 200 and stale.text == "stock: 7" and stale.headers["warning"].startswith("110")
    cached.upstream.stop()
    assert cached.get("/c/a").headers["x-cache"] == "STALE", "also when nobody listens"


def test_a_stale_answer_is_renewed_behind_the_clients_backs(cached):
    go = threading.Event()
    cached.upstream.answer = kept("max-age=1, stale-while-revalidate=60")
    assert cached.get("/c/a?b=1").headers["x-cache"] == "MISS"
    cached.upstream.take()
    cached.upstream.answer = lambda *_: go.wait(10) and kept("max-age=60", b"stock: 6")
    wait_until(lambda: cached.get("/c/a?b=1").headers["x-cache"] == "STALE", "the answer is stale")
    # However many come meanwhile: nobody waits, and the service is asked once, for all of it.
    for _ in range(20):
        stale = cached.get("/c/a?b=1", {"If-None-Match": '"0"', "X-Mine": "1"})
        assert (stale.headers["x-cache"], stale.text) == ("STALE", "stock: 7")
    wait_until(lambda: cached.upstream.requests, "the service is asked")
    go.set()
    wait_until(lambda: cached.get("/c/a?b=1").headers["x-cache"] == "HIT", "it is fresh again")
    assert cached.get("/c/a?b=1").text == "stock: 6"
    (asked,) = cached.upstream.take()
    assert (asked.method, asked.target) == ("GET", "/c/a?b=1") and asked.header("If-None-Match") is None
    assert asked.header("X-Forwarded-For") == "127.0.0.1"


def test_a_stale_answer_stays_when_the_service_is_not_well(cached):
    cached.upstream.answer = kept("max-age=1, stale-while-revalidate=60")
    assert cached.get("/c/a").headers["x-cache"] == "MISS"
    cached.upstream.take()
    cached.upstream.answer = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
    wait_until(lambda: cached.get("/c/a").headers["x-cache"] == "STALE", "the answer is stale")
    wait_until(lambda: cached.get("/c/a") and len(cached.upstream.requests) >= 3, "it is asked again and again")
    assert cached.get("/c/a").text == "stock: 7"
    cached.upstream.stop()
    assert cached.get("/c/a").headers["x-cache"] == "STALE", "also when nobody listens"


def test_an_answer_that_is_too_long_to_keep_is_passed_on(cached):
    body = b"x" * (3 << 20)
    cached.upstream.answer = kept("max-age=60", body)
    for _ in range(2):
        assert cached.get("/c/long").body == body


# ---- what changes


def written(*lines, status="201 Created"):
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "Content-Length: 0"]).encode() + b"\r\n\r\n"


def is_kept(gateway, path):
    """Whether it was; afterwards it is."""
    gateway.upstream.answer = kept()
    return gateway.get(path).headers["x-cache"] == "HIT"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_makes_the_kept_answer_of_its_uri_obsolete(cached, method):
    assert not is_kept(cached, "/c/a") and not is_kept(cached, "/c/b") and is_kept(cached, "/c/a")
    cached.upstream.answer = written(status="204 No Content" if method == "DELETE" else "200 OK")
    assert cached.ask(method, "/c/a").status in (200, 204)
    assert not is_kept(cached, "/c/a"), "it came in by another route, and the same URI"
    assert is_kept(cached, "/c/b")


def test_a_change_that_failed_and_a_question_change_nothing(cached):
    assert not is_kept(cached, "/c/a")
    cached.upstream.answer = written(status="400 Bad Request")
    assert cached.ask("POST", "/c/a").status == 400
    cached.upstream.answer = written(status="500 Internal Server Error")
    assert cached.ask("POST", "/c/a").status == 500
    cached.upstream.answer = written(status="200 OK")
    assert cached.ask("OPTIONS", "/c/a").status == 200
    assert is_kept(cached, "/c/a")


def test_what_a_change_says_it_made_is_obsolete_too(cached):
    port = cached.upstream.port
    for path in ("/c/1", "/c/2", "/c/3", "/c/4"):
        assert not is_kept(cached, path)
    cached.upstream.answer = written("Location: /c/1", f"Content-Location: http://127.0.0.1:{port}/c/2")
    assert cached.ask("POST", "/c/all").status == 201
    cached.upstream.answer = written("Location: http://elsewhere.example/c/3")
    assert cached.ask("POST", "/c/all").status == 201
    assert [is_kept(cached, path) for path in ("/c/1", "/c/2", "/c/3", "/c/4")] == [False, False, True, True]


def test_a_change_by_another_name_of_the_same_thing_counts(cached):
    assert not is_kept(cached, "/p/thing?x=1") and is_kept(cached, "/p/thing?x=1")
    cached.upstream.answer = written()
    assert cached.ask("POST", "/q/thing?x=1").status == 201
    assert not is_kept(cached, "/p/thing?x=1"), "the service knows both as /thing?x=1"


def test_what_was_asked_for_before_a_change_is_not_kept_after_it(cached):
    go = threading.Event()
    cached.upstream.answer = lambda request, _: kept() if request.method == "POST" or go.wait(10) else None
    old = threading.Thread(target=cached.get, args=("/c/a",))
    old.start()
    wait_until(lambda: cached.upstream.requests, "the service is asked")
    assert cached.ask("POST", "/c/a").status == 200
    go.set()
    old.join()
    assert not is_kept(cached, "/c/a")


def test_one_cache_for_all_routes(owner, tmp_path):
    upstream = Upstream(kept())
    enabled = "spring.cloud.gateway.filter.local-response-cache"
    gateway = start_cached(owner, tmp_path, upstream, **{f"{enabled}.enabled": "true", f"{enabled}.time-to-live": "30s"})
    for path in ("/q/a", "/instead", "/c/a"):
        assert [gateway.get(path).headers["x-cache"] for _ in range(2)] == ["MISS", "HIT"], path
    assert gateway.get("/q/instead").headers["x-cache"] == "MISS", "the service knows it as /instead, but the route is another"
    assert gateway.ask("DELETE", "/q/a").status == 200
    assert gateway.get("/q/a").headers["x-cache"] == "MISS"
    upstream.stop()


# ---- services that are not well


def stale(body=b"stock: 7"):
    """An answer that has been on its way for so long that it is stale when it is kept."""
    return kept("max-age=1, stale-if-error=60", body, "Age: 1")


def test_a_stalled_service_costs_one_client_a_moment_and_the_others_nothing(impatient):
    impatient.upstream.answer = stale()
    assert impatient.get("/c/a").headers["x-cache"] == "MISS"
    go = threading.Event()
    impatient.upstream.take()
    impatient.upstream.answer = lambda *_: go.wait(20) and kept("max-age=60", b"stock: 6")
    began = time.monotonic()
    first = impatient.get("/c/a")
    took = time.monotonic() - began
    assert (first.headers["x-cache"], first.text) == ("STALE", "stock: 7")
    assert 0.15 < took < 3, took
    began = time.monotonic()
    assert {impatient.get("/c/a").headers["x-cache"] for _ in range(30)} == {"STALE"}
    assert time.monotonic() - began < 4, "that it is slow is known: nobody waits again"
    go.set()
    wait_until(lambda: impatient.get("/c/a").headers["x-cache"] == "HIT", "it has been fetched all the same")
    assert impatient.get("/c/a").text == "stock: 6"
    asked = impatient.upstream.take()
    assert len(asked) == 2, "by the first client, and behind its back"
    for one in asked:
        assert int(one.header("X-Request-Deadline-Ms") or 10_000) > 1_000, "whoever waits: the service has time"
    assert [one.values("X-Forwarded-For") for one in asked] == [["127.0.0.1"]] * 2


def test_many_who_wait_for_a_stalled_service_all_get_the_stale_answer(impatient):
    impatient.upstream.answer = stale()
    assert impatient.get("/c/a").headers["x-cache"] == "MISS"
    go = threading.Event()
    impatient.upstream.take()
    impatient.upstream.answer = lambda *_: go.wait(20) and kept()
    seen = []
    clients = [threading.Thread(target=lambda: seen.append(impatient.get("/c/a"))) for _ in range(30)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    go.set()
    assert [(one.headers["x-cache"], one.text) for one in seen] == [("STALE", "stock: 7")] * 30
    assert len(impatient.upstream.take()) <= 3


@pytest.mark.parametrize(
    ("late", "expected"),
    [(kept(body=b"stock: 6"), (200, "stock: 6")), (written(status="500 Internal Server Error"), (500, ""))],
)
def test_a_stale_answer_that_has_changed_meanwhile_is_not_given(owner, tmp_path, late, expected):
    upstream = Upstream(stale())
    gateway = start_cached(owner, tmp_path, upstream, **{"flotilla.gateway.cache.stale-wait": "700ms"})
    assert gateway.get("/c/a").headers["x-cache"] == "MISS"
    go = threading.Event()

    def answer(request, _):
        return written() if request.method == "POST" else go.wait(20) and late

    upstream.take()
    upstream.answer = answer
    seen = []
    client = threading.Thread(target=lambda: seen.append(gateway.get("/c/a", timeout=20)))
    client.start()
    wait_until(lambda: upstream.requests, "the service is asked")
    assert gateway.ask("POST", "/c/a").status == 201
    wait_until(lambda: len(upstream.requests) == 3, "it is asked again")
    go.set()
    client.join()
    assert [(one.status, one.text) for one in seen] == [expected]
    upstream.stop()


def test_who_loses_patience_in_the_queue_for_a_connection_has_it_fetched_all_the_same(owner, tmp_path):
    upstream = Upstream(stale())
    one = {"flotilla.runtime.loops": 1, "spring.cloud.gateway.httpclient.pool.max-connections": 1}
    gateway = start_cached(owner, tmp_path, upstream, **one, **{"flotilla.gateway.cache.stale-wait": "200ms"})
    assert gateway.get("/c/a").headers["x-cache"] == "MISS"
    upstream.take()
    go = threading.Event()
    upstream.answer = lambda request, _: (request.target == "/c/a" or go.wait(20)) and kept(body=b"stock: 6")
    other = threading.Thread(target=gateway.get, args=("/instead",), kwargs={"timeout": 20})
    other.start()
    wait_until(lambda: upstream.requests, "the only connection is in use")
    assert gateway.get("/c/a").headers["x-cache"] == "STALE"
    wait_until(lambda: len(upstream.requests) == 2, "it is fetched behind the client's back")
    go.set()
    other.join()
    upstream.stop()


def test_who_asks_for_a_fresh_answer_waits_for_it(impatient):
    impatient.upstream.answer = stale()
    assert impatient.get("/c/a").headers["x-cache"] == "MISS"
    impatient.upstream.answer = lambda *_: time.sleep(0.5) or kept("max-age=60", b"stock: 6")
    assert impatient.get("/c/a", {"Cache-Control": "no-cache"}).text == "stock: 6"


def test_nobody_waits_where_the_patience_is_nothing(owner, tmp_path):
    upstream = Upstream(stale())
    gateway = start_cached(owner, tmp_path, upstream, **{"flotilla.gateway.cache.stale-wait": "0"})
    assert gateway.get("/c/a").headers["x-cache"] == "MISS"
    go = threading.Event()
    upstream.answer = lambda *_: go.wait(20) and kept("max-age=60", b"stock: 6")
    assert gateway.get("/c/a").text == "stock: 7"
    go.set()
    wait_until(lambda: gateway.get("/c/a").headers["x-cache"] == "HIT", "it is fetched behind the clients' backs")
    assert gateway.get("/c/a").text == "stock: 6"
    upstream.stop()


def test_a_fallback_is_not_kept_for_what_it_stands_for(cached):
    down = True

    def answer(request, _):
        if request.target == "/instead":
            return kept(body=b"sorry")
        return written(status="500 Internal Server Error") if down else kept()

    cached.upstream.answer = answer
    assert cached.get("/guarded/a").text == "sorry"
    guarded, instead = cached.upstream.take()
    assert 0 < int(guarded.header("X-Request-Deadline-Ms")) <= 1_000
    assert instead.header("X-Request-Deadline-Ms") is None, "the breaker's limit is none of the fallback's"
    down = False
    assert cached.get("/guarded/a").text == "stock: 7"


def test_an_answer_that_is_too_long_to_keep_is_no_failure(owner, tmp_path):
    upstream = Upstream(kept("max-age=60", b"x" * (2 << 20)))
    breaker = "resilience4j.circuitbreaker.instances.guarded"
    few = {f"{breaker}.minimumNumberOfCalls": 2, f"{breaker}.slidingWindowSize": 2}
    gateway = start_cached(owner, tmp_path, upstream, **few)
    for _ in range(3):
        assert len(gateway.get("/guarded/long").body) == 2 << 20
    assert {one.target for one in upstream.take()} == {"/guarded/long"}, "the breaker has stayed closed"
    upstream.stop()


@pytest.mark.parametrize("path", ["/c/half", "/limited/half"])
def test_half_an_answer_is_no_answer(cached, path):
    cached.upstream.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf"
    assert cached.get(path).status == 502


def test_what_this_request_is_told_is_told_once_and_not_kept(cached):
    cached.upstream.answer = kept("max-age=60", b"stock: 7", "Date: Sat, 21 Nov 2026 17:38:14 GMT")
    seen = []
    for expected in ("MISS", "HIT", "HIT"):
        with Raw(cached.port) as raw:
            raw.send("GET /limited/a HTTP/1.1\r\nHost: a\r\n\r\n")
            _, headers, _ = raw.read_answer()
        assert headers["x-cache"] == expected
        assert "," not in headers["x-ratelimit-remaining"] and headers["date"] == "Sat, 21 Nov 2026 17:38:14 GMT"
        seen.append(int(headers["x-ratelimit-remaining"]))
    assert all(count >= 990 for count in seen), "each has its own"


def test_a_long_answer_is_asked_for_again_with_the_same_headers(cached):
    cached.upstream.answer = kept("max-age=60", b"x" * (2 << 20))
    assert cached.get("/c/long").status == 200
    assert [one.values("X-Forwarded-For") for one in cached.upstream.take()] == [["127.0.0.1"]] * 2


def test_hits_and_misses_are_counted(cached):
    def gets(result):
        lines = cached.get("/actuator/prometheus").text.splitlines()
        (line,) = (line for line in lines if line.startswith("cache_gets_total") and 'cache="c"' in line and f'result="{result}"' in line)
        return float(line.rsplit(" ", 1)[1])

    for _ in range(5):
        assert cached.get("/c/counted").status == 200
    assert (gets("hit"), gets("miss")) == (4, 1)
    assert cached.get("/c/counted", {"Cache-Control": "no-cache"}).status == 200
    assert cached.get("/c/counted", {"Authorization": "Bearer x"}).status == 200  # none of the cache's business
    assert (gets("hit"), gets("miss")) == (4, 2)
