"""The harness itself, against programs that are not ours: a test that fails elsewhere then means what it says."""

from support.programs import free_port

HELLO_SERVER = "server { listen 127.0.0.1:{port}; location / { return 200 'ahoy'; } }"


def test_a_program_starts_answers_and_ends_with_its_status(nginx, ask):
    server = nginx(HELLO_SERVER)
    assert ask(f"http://127.0.0.1:{server.port}/").text == "ahoy"
    assert server.resident_bytes() > 0
    assert server.stop() == 0


def test_a_raw_connection_reads_answers_one_by_one(nginx, connect):
    raw = connect(nginx(HELLO_SERVER).port)
    raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
    for _ in range(2):
        status, headers, body = raw.read_answer()
        assert (status, headers["content-length"], body) == (200, "4", b"ahoy")
    raw.send("nonsense\r\n\r\n")
    assert raw.read_answer()[0] == 400
    assert raw.is_closed()


def test_certificates_are_trusted_by_their_authority_only(nginx, ask, authority):
    certificate, key = authority.issue("ships")
    server = nginx(
        "server { listen 127.0.0.1:{port} ssl; "
        f"ssl_certificate {certificate}; ssl_certificate_key {key}; return 200 'ahoy'; }}"
    )
    answer = ask(f"https://localhost:{server.port}/", context=authority.client_context())
    assert answer.text == "ahoy"


def test_prometheus_scrapes_a_target(nginx, prometheus, ask, until):
    target = nginx("server { listen 127.0.0.1:{port}; location / { return 200 'ships 3\\n'; } }")
    server = prometheus([f"127.0.0.1:{target.port}"], metrics_path="/metrics")
    query = f"http://127.0.0.1:{server.port}/api/v1/query?query=ships"
    until(lambda: '"3"' in ask(query).text, "ships scraped")


def test_promtool_tells_good_from_bad(promtool):
    assert promtool("# HELP ships_total Ships.\n# TYPE ships_total counter\nships_total 3\n") is None
    assert promtool("ships{ 3\n") is not None


def test_a_free_port_is_free(program):
    port = free_port()
    server = program("python3", "-m", "http.server", "--bind", "127.0.0.1", str(port))
    server.wait_for_port(port)
