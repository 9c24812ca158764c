"""What must never get through the gateway, byte by byte; in each case the upstream tells what it has seen."""

import time

import pytest

from support.gateway import Gateway, token
from support.upstream import DEFAULT_ANSWER

ROUTES = """
routes:
- {{id: guarded, uri: "http://127.0.0.1:{port}", predicates: [Path=/guarded/**], filters: [AuthorizationHeaderFilter]}}
- id: sized
  uri: "http://127.0.0.1:{port}"
  predicates: [Path=/sized/**]
  filters: [{{name: RequestSize, args: {{maxSize: 1KB}}}}]
- {{id: segment, uri: "http://127.0.0.1:{port}", predicates: ['Path=/segment/{{s}}'], filters: ['AddRequestHeader=X-Segment, {{s}}']}}
- {{id: all, uri: "http://127.0.0.1:{port}", predicates: [Path=/**]}}
"""


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway")
    gateway = Gateway(folder / "gateway.log", folder, ROUTES.format(port=upstream.port), {"server.header-timeout": "1s"})
    gateway.wait_until_ready()
    yield gateway
    gateway.stop()


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.answer = DEFAULT_ANSWER
    upstream.take()
    upstream.broken.clear()


def refused(connect, gateway, upstream, request, status=400):
    """That status, the connection closed, and nothing upstream."""
    client = connect(gateway.port)
    client.send(request)
    got, headers, _ = client.read_answer()
    assert got == status, request
    assert headers.get("connection", "").lower() == "close"
    assert client.is_closed()
    assert upstream.take() == []
    # What an earlier test has broken off may be noted late: those have a path of their own.
    assert [one for one in upstream.broken if b" /broken-off" not in one and b" /sized" not in one] == []


def post(*lines, body="", path="/a"):
    return f"POST {path} HTTP/1.1\r\nHost: g\r\n" + "".join(line + "\r\n" for line in lines) + "\r\n" + body


def claims(**more):
    return {"sub": "u-1", "exp": int(time.time()) + 60, **more}


def test_f32_without_a_token_the_upstream_is_not_touched(gateway, upstream):
    seen = gateway.get("/guarded/a")
    assert seen.status == 401
    assert seen.text == "The requested token is invalid."
    assert seen.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert upstream.take() == []


def test_a_good_token_passes_and_names_its_user(gateway, upstream):
    assert gateway.get("/guarded/a", {"Authorization": f"Bearer {token(claims())}"}).status == 200
    assert upstream.take()[0].header("X-User-Id") == "u-1"


BAD_TOKENS = {
    "alg none": lambda: token(claims(), header={"alg": "none"}).rsplit(".", 1)[0] + ".",
    "wrong signature": lambda: token(claims(), secret="x" * 64),
    "expired": lambda: token(claims(exp=int(time.time()) - 60)),
    "empty subject": lambda: token(claims(sub="")),
    "other algorithm": lambda: token(claims(), algorithm="HS256"),
    "critical": lambda: token(claims(), header={"alg": "HS512", "crit": ["x"]}),
    "no expiry": lambda: token({"sub": "u"}),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_f33_a_bad_token_is_401(gateway, upstream, name):
    assert gateway.get("/guarded/a", {"Authorization": f"Bearer {BAD_TOKENS[name]()}"}).status == 401
    assert upstream.take() == []


def test_f33_two_authorizations_are_401(gateway, upstream, connect):
    client = connect(gateway.port)
    line = f"Authorization: Bearer {token(claims())}\r\n"
    client.send(f"GET /guarded/a HTTP/1.1\r\nHost: g\r\n{line}{line}\r\n")
    assert client.read_answer()[0] == 401
    assert upstream.take() == []


@pytest.mark.parametrize("name", ["X-User-Id", "x-user-id", "X_User_Id"])
def test_f34_a_clients_user_id_never_reaches_the_upstream(gateway, upstream, name):
    assert gateway.get("/open", {name: "admin"}).status == 200
    assert "admin" not in upstream.take()[0].head.decode()


def test_f35_length_and_chunks_together(gateway, upstream, connect):
    refused(connect, gateway, upstream, post("Content-Length: 6", "Transfer-Encoding: chunked", body="0\r\n\r\nG"))


@pytest.mark.parametrize("value", ["5, 5", "5 5", "+5", "-1", "0x5", "", "1234567890123456789", "5\r\nContent-Length: 6"])
def test_f36_every_odd_content_length(gateway, upstream, connect, value):
    refused(connect, gateway, upstream, post(f"Content-Length: {value}", body="12345"))


@pytest.mark.parametrize(
    "value",
    [
        "xchunked", "chunked, identity", "gzip, chunked", "chunked, chunked", '"chunked"', "chunked\x0b",
        "chunked\r\nTransfer-Encoding: chunked", "identity",
    ],
)  # fmt: skip
def test_f37_every_odd_transfer_encoding(gateway, upstream, connect, value):
    refused(connect, gateway, upstream, post(f"Transfer-Encoding: {value}", body="0\r\n\r\n"))


def test_f37_chunks_in_http_1_0(gateway, upstream, connect):
    refused(connect, gateway, upstream, "POST /a HTTP/1.0\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("line", ["Transfer-Encoding : chunked", ": x", "A\tB: x", "no colon", "\u00e9: x"])
def test_f38_odd_names(gateway, upstream, connect, line):
    refused(connect, gateway, upstream, post(line))


@pytest.mark.parametrize("lines", ["X: a\r\n b", " X: a", "X: a\r\n\tb"])
def test_f39_folded_headers(gateway, upstream, connect, lines):
    refused(connect, gateway, upstream, post(lines))


@pytest.mark.parametrize("request_text", [
    "GET / HTTP/1.1\r\nHost: g\r\nX: a\rb\r\n\r\n", "GET / HTTP/1.1\r\nHost: g\r\nX: a\0b\r\n\r\n",
    "GET / HTTP/1.1\nHost: g\n\n", "GET / HTTP/1.1\r\nHost: g\r\nX: a\x01b\r\n\r\n",
])  # fmt: skip
def test_f40_control_octets_and_bare_line_ends(gateway, upstream, connect, request_text):
    refused(connect, gateway, upstream, request_text)


@pytest.mark.parametrize("line", [" GET / HTTP/1.1", "GET  / HTTP/1.1", "GET\t/ HTTP/1.1", "GET /", "GET / http/1.1",
                                  "GET / HTTP/1.10", "GET /a\x01 HTTP/1.1"])  # fmt: skip
def test_s7_odd_request_lines(gateway, upstream, connect, line):
    refused(connect, gateway, upstream, f"{line}\r\nHost: g\r\n\r\n")


def test_s7_another_version_is_505(gateway, upstream, connect):
    refused(connect, gateway, upstream, "GET / HTTP/2.0\r\nHost: g\r\n\r\n", 505)


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n", "Host: a,b\r\n", "Host: a@b\r\n", "Host: a/b\r\n",
                                   "Host: a b\r\n", "Host: a:x\r\n", "Host: a:99999\r\n"])  # fmt: skip
def test_f41_missing_double_and_malformed_host(gateway, upstream, connect, hosts):
    refused(connect, gateway, upstream, f"GET / HTTP/1.1\r\n{hosts}\r\n")


def test_f41_an_absolute_target_of_another_host(gateway, upstream, connect):
    refused(connect, gateway, upstream, "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n")


def test_s9_connect_and_asterisk(gateway, upstream, connect):
    refused(connect, gateway, upstream, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405)
    refused(connect, gateway, upstream, "GET * HTTP/1.1\r\nHost: g\r\n\r\n")


@pytest.mark.parametrize("size", ["0x1", "+1", "1_0", " 1", "", "1these", "12345678901234567"])
def test_f42_odd_chunk_sizes(gateway, upstream, connect, size):
    client = connect(gateway.port)
    client.send(post("Transfer-Encoding: chunked", body=f"{size}\r\na\r\n0\r\n\r\n", path="/broken-off"))
    assert client.read_answer()[0] == 400
    assert client.is_closed()
    time.sleep(0.05)
    assert upstream.take() == [], "never a whole request"


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding", "Host", "Authorization", "Cookie"])
def test_s11_trailers_that_mean_something(gateway, upstream, connect, name):
    client = connect(gateway.port)
    client.send(post("Transfer-Encoding: chunked", body=f"1\r\na\r\n0\r\n{name}: 1\r\n\r\n", path="/broken-off"))
    try:
        assert client.read_answer()[0] == 400
    except EOFError:
        pass
    assert all(name.lower() + ": 1" not in one.raw_body.decode().lower() for one in upstream.take())


@pytest.mark.parametrize("path", ["/user-service/%2e%2e/actuator/env", "/a/..%2f..%2fb", "/a%00", "/a%2", "/a%0a", "/a\\b",
                                  "/\u00e9", "/../etc", "/a%2Fb", "/a%5Cb"])  # fmt: skip
def test_f43_paths_that_mean_two_things(gateway, upstream, connect, path):
    refused(connect, gateway, upstream, f"GET {path} HTTP/1.1\r\nHost: g\r\n\r\n")


def test_f44_sizes_of_heads(gateway, upstream, connect):
    refused(connect, gateway, upstream, f"GET /{'a' * 9216} HTTP/1.1\r\nHost: g\r\n\r\n", 414)
    refused(connect, gateway, upstream, f"GET / HTTP/1.1\r\nHost: g\r\nX: {'a' * 40960}\r\n\r\n", 431)
    lines = "".join(f"X-{i}: a\r\n" for i in range(101))
    refused(connect, gateway, upstream, f"GET / HTTP/1.1\r\nHost: g\r\n{lines}\r\n", 431)


def test_f44_a_head_that_trickles_is_given_up(gateway, upstream, connect):
    client = connect(gateway.port)
    began = time.monotonic()
    for octet in "GET / HTTP/1.1\r\nHost: g\r\n" * 10:
        try:
            client.send(octet)
        except OSError:
            break
        if time.monotonic() - began > 0.8:
            break
        time.sleep(0.05)
    assert client.read_answer()[0] == 408
    assert 0.9 < time.monotonic() - began < 3
    assert upstream.take() == []


def test_f47_other_upgrades_are_not_relayed(gateway, upstream, connect):
    client = connect(gateway.port)
    client.send(
        "GET /a HTTP/1.1\r\nHost: g\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    )
    assert client.read_answer()[0] == 200
    received = upstream.take()[0]
    assert received.header("Upgrade") is None and received.header("HTTP2-Settings") is None


def test_f48_connection_takes_no_header_away_that_security_hangs_on(gateway, upstream, connect):
    client = connect(gateway.port)
    client.send(
        f"GET /guarded/a HTTP/1.1\r\nHost: g\r\nConnection: X-User-Id, Authorization\r\n"
        f"Authorization: Bearer {token(claims())}\r\n\r\n"
    )
    assert client.read_answer()[0] == 200
    received = upstream.take()[0]
    assert received.header("X-User-Id") == "u-1"
    assert received.header("Authorization").startswith("Bearer ")


def test_s17_expectations_nobody_knows(gateway, upstream, connect):
    client = connect(gateway.port)
    client.send("GET /a HTTP/1.1\r\nHost: g\r\nExpect: miracles\r\n\r\n")
    assert client.read_answer()[0] == 417
    assert upstream.take() == []


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"garbage\r\n\r\n",
    b"HTTP/1.1 2x0 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
])  # fmt: skip
def test_s18_answers_that_mean_two_things_are_502(gateway, upstream, answer):
    upstream.answer = answer
    assert gateway.get("/a").status == 502
    upstream.answer = DEFAULT_ANSWER
    assert gateway.get("/a").text == "ok"


def test_f49_what_follows_an_early_answer_is_not_a_request(gateway, upstream, connect):
    client = connect(gateway.port)
    client.send(f"POST /guarded/a HTTP/1.1\r\nHost: g\r\nContent-Length: {1 << 20}\r\n\r\n")
    assert client.read_answer()[0] == 401
    try:
        client.send("GET /smuggled HTTP/1.1\r\nHost: g\r\n\r\n" * 2000)
        client.read_answer()
        raise AssertionError("an answer to what is no request")
    except (OSError, EOFError):
        pass
    assert upstream.take() == []


def test_f50_a_chunked_body_over_its_size_never_arrives_whole(gateway, upstream, connect):
    client = connect(gateway.port)
    chunk = f"200\r\n{'a' * 512}\r\n"
    client.send("POST /sized/a HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 4 + "0\r\n\r\n")
    try:
        assert client.read_answer()[0] == 413
    except (EOFError, ConnectionError):
        pass
    time.sleep(0.05)
    assert upstream.take() == []


def test_f51_a_segment_injects_no_header(gateway, upstream, connect):
    refused(connect, gateway, upstream, "GET /segment/a%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: g\r\n\r\n")
    assert gateway.get("/segment/a%20b").status == 200
    assert upstream.take()[0].header("X-Segment") == "a b"


def test_s20_headers_with_underscores_are_dropped(gateway, upstream):
    assert gateway.get("/a", {"X_Odd": "1"}).status == 200
    assert "X_Odd" not in upstream.take()[0].head.decode()
