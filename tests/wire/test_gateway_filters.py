"""Filters that hold bodies or choose another target, on the wire."""

import gzip
import json

import pytest

from support.gateway import Gateway
from support.upstream import DEFAULT_ANSWER

ROUTES = """
routes:
- id: removed
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/removed/**]
  filters: ['RemoveJsonAttributesResponseBody=secret, true', 'AddResponseHeader=X-After, yes']
- id: short
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/short/**]
  filters: [{{name: RemoveJsonAttributesResponseBody, args: {{fieldList: secret, maxSize: 100B}}}}]
- id: kept
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/kept/**]
  filters: [LocalResponseCache=1m, RemoveJsonAttributesResponseBody=secret]
- {{id: cards, uri: "http://127.0.0.1:{port}", predicates: [Path=/cards/**], filters: [MaskCards, Retry=1]}}
- {{id: set, uri: "http://192.0.2.1:1", predicates: [Path=/set/**], filters: ['SetRequestUri=http://127.0.0.1:{port}/there?x=1']}}
- {{id: nowhere, uri: "no://op", predicates: [Path=/nowhere], filters: ['SetRequestUri=http://127.0.0.1:{port}/there']}}
- id: header
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/header/**]
  filters: [{{name: RequestHeaderToRequestUri, args: {{name: X-To, hosts: 127.0.0.1}}}}]
"""

CARD = b"1234567812345678"
MASKED = b"************5678"


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway")
    gateway = Gateway(
        folder / "gateway.log", folder, ROUTES.format(port=upstream.port), program=("own_gateway",)
    ).wait_until_ready()
    yield gateway
    gateway.stop()


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.answer = DEFAULT_ANSWER
    upstream.take()


def answer(body, *lines, content_type="application/json", status="200 OK"):
    lines = (f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *lines)
    return "\r\n".join([f"HTTP/1.1 {status}", *lines]).encode() + b"\r\n\r\n" + body


SECRET = b'{"id": 1, "inner": [{"secret": 2, "x": 1.5}], "secret": 3}'


def test_members_are_taken_out_and_the_length_is_right(gateway, upstream):
    upstream.answer = answer(SECRET, "ETag: W/1")
    seen = gateway.get("/removed/a", {"Accept-Encoding": "br", "Range": "bytes=0-3"})
    assert seen.text == '{"id":1,"inner":[{"x":1.5}]}'
    assert seen.headers["content-type"] == "application/json" and seen.headers["x-after"] == "yes"
    assert seen.headers["content-length"] == str(len(seen.text))
    received = upstream.take()[0]
    assert received.header("Accept-Encoding") == "gzip" and received.header("Range") is None


def test_chunks_and_gzip_are_put_together_first(gateway, upstream):
    packed = gzip.compress(SECRET)
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (packed[:7], packed[7:]))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    upstream.answer = head + pieces + b"0\r\n\r\n"
    seen = gateway.get("/removed/a")
    assert seen.text == '{"id":1,"inner":[{"x":1.5}]}' and "content-encoding" not in seen.headers


@pytest.mark.parametrize(
    "given, status",
    [
        (answer(b'{"secret":'), 500),
        (answer(SECRET, "Content-Encoding: br"), 502),
        (answer(SECRET, "Content-Encoding: gzip"), 502),
    ],
)
def test_what_cannot_be_read_does_not_pass(gateway, upstream, given, status):
    upstream.answer = given
    seen = gateway.get("/removed/a")
    assert seen.status == status and json.loads(seen.text)["status"] == status and "secret" not in seen.text


def test_other_media_types_and_answers_without_a_body_pass(gateway, upstream, connect):
    upstream.answer = answer(SECRET, content_type="text/plain")
    assert gateway.get("/removed/a").body == SECRET
    upstream.answer = b"HTTP/1.1 304 Not Modified\r\nContent-Type: application/json\r\n\r\n"
    assert gateway.get("/removed/a").status == 304
    upstream.answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 58\r\n\r\n"
    client = connect(gateway.port)
    client.send("HEAD /removed/a HTTP/1.1\r\nHost: g\r\n\r\n")
    assert client.read_answer(head_only=True)[0] == 200


def test_a_longer_answer_than_may_be_held_is_an_error(gateway, upstream):
    for length in (200, 2 << 20):
        upstream.answer = answer(b'{"a":"' + b"x" * length + b'"}')
        assert gateway.get("/short/a").status == 502


def test_what_is_kept_is_changed_each_time(gateway, upstream):
    upstream.answer = answer(SECRET, "Cache-Control: max-age=60")
    seen = [gateway.get("/kept/a") for _ in range(2)]
    assert [one.headers["x-cache"] for one in seen] == ["MISS", "HIT"]
    assert {one.text for one in seen} == {'{"id":1,"inner":[{"secret":2,"x":1.5}]}'}


def test_a_filter_of_ones_own_changes_both_bodies(gateway, upstream, connect):
    upstream.answer = lambda request, _: answer(request.body + b"|" + CARD, content_type="text/plain")
    assert gateway.ask("POST", "/cards/a", b"pay with " + CARD).body == b"pay with " + MASKED + b"|" + MASKED
    assert upstream.take()[0].framing == "length 25"
    client = connect(gateway.port)
    chunks = b"5\r\n12345\r\nb\r\n67812345678\r\n0\r\n\r\n"
    client.send(b"POST /cards/a HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert client.read_answer()[2] == MASKED + b"|" + MASKED
    assert upstream.take()[0].body == MASKED
    assert gateway.get("/cards/a").body == b"|" + MASKED


def test_a_held_body_is_sent_again(gateway, upstream):
    answers = [answer(b"", status="503 No"), answer(b"ok", content_type="text/plain")]
    upstream.answer = lambda *_: answers.pop(0)
    assert gateway.ask("POST", "/cards/a", CARD, {"Idempotency-Key": "k"}).body == b"ok"
    assert [one.body for one in upstream.take()] == [MASKED, MASKED]


def test_a_longer_request_than_may_be_held_is_refused(gateway, upstream, connect):
    assert gateway.ask("POST", "/cards/a", b"x" * (64 * 1024 + 1)).status == 413
    client = connect(gateway.port)
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    client.send(b"POST /cards/a HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 5)
    assert client.read_answer()[0] == 413
    assert upstream.take() == []


def test_a_broken_request_body_is_refused_before_anybody_hears_of_it(gateway, upstream, connect):
    client = connect(gateway.port)
    client.send("POST /cards/a HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n")
    assert client.read_answer()[0] == 400 and client.is_closed()
    assert upstream.take() == []


def test_another_target_than_the_routes(gateway, upstream):
    assert gateway.get("/set/a?y=2").text == "ok"
    received = upstream.take()[0]
    assert (received.target, received.header("Host")) == ("/there?x=1", f"127.0.0.1:{upstream.port}")
    assert gateway.get("/nowhere").text == "ok"
    assert upstream.take()[0].target == "/there"


def test_a_header_says_where_to_go_within_limits(gateway, upstream):
    there = f"http://127.0.0.1:{upstream.port}/there"
    assert gateway.get("/header/a", {"X-To": there}).text == "ok"
    assert gateway.get("/header/a").text == "ok"
    assert [one.target for one in upstream.take()] == ["/there", "/header/a"]
    assert gateway.get("/header/a", {"X-To": "http://169.254.169.254/latest"}).status == 403
    assert upstream.take() == []
