"""hello as its users meet it: through curl, openssl and signals."""

import json
import signal
import socket
import subprocess

from support.programs import BINARIES, Program, fetch, tool


def curl(*arguments):
    done = subprocess.run([tool("curl"), "-sS", "-m", "5", *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_greets(hello):
    answer = hello.get("/hello")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert json.loads(answer.text) == {"message": "Hello"}
    assert json.loads(hello.get("/hello/Ada%20Lovelace").text) == {"message": "Hello, Ada Lovelace"}


def test_an_unknown_path_gets_the_classic_error_or_problem_details_as_asked(hello):
    classic = hello.get("/nothing-here", headers={"Accept": "application/json"})
    assert classic.status == 404
    body = json.loads(classic.text)
    assert body["status"] == 404 and body["error"] == "Not Found" and body["path"] == "/nothing-here"

    problem = hello.get("/nothing-here", headers={"Accept": "application/problem+json"})
    assert problem.status == 404
    assert problem.headers["content-type"].startswith("application/problem+json")
    assert json.loads(problem.text)["status"] == 404


def test_who_takes_problem_details_only_gets_them_and_answers_too(hello):
    only = {"Accept": "application/problem+json"}
    assert hello.get("/hello", headers=only).status == 200
    problem = fetch(hello.url("/orders"), "POST", b"{}", {**only, "Content-Type": "application/json"})
    assert problem.status == 400 and problem.headers["content-type"].startswith("application/problem+json")
    assert hello.get("/hello", headers={"Accept": "text/html"}).status == 406


def test_curl_speaks_the_old_version_and_the_new_one(hello):
    url = hello.url("/hello")
    assert curl("--http1.0", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", url) .startswith("200 1")
    assert curl("-I", url).splitlines()[0].startswith("HTTP/1.1 200")
    assert curl("-X", "OPTIONS", "-o", "/dev/null", "-w", "%{http_code}", url) in ("200", "204")
    # two requests, one connection
    assert curl("-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ", url, url).split() == ["1", "0"]


def test_sigterm_answers_what_is_under_way_and_ends_with_zero(service):
    hello = service("hello")
    assert hello.get("/hello").status == 200
    assert hello.stop() == 0


def test_a_taken_port_is_one_clear_line_and_a_failure(service, tmp_path):
    port = service("hello").port
    second = Program([BINARIES / "hello", f"--server.port={port}"], tmp_path / "second.log")
    assert second.wait_for_exit() == 1
    assert str(port) in second.log()


def test_any_property_comes_from_the_command_line_or_the_environment(service):
    hello = service("hello", {"server.servlet.context-path": "/api"})
    assert hello.get("/api/hello").status == 200
    hello = service("hello", env={"SERVER_SERVLET_CONTEXT_PATH": "/api"})
    assert hello.get("/api/hello").status == 200


def test_openssl_finds_its_tls_in_order(service, authority, ask):
    certificate, key = authority.issue("hello")
    hello = service(
        "hello", {"server.ssl.certificate": certificate, "server.ssl.certificate-private-key": key}
    )
    seen = subprocess.run(
        [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{hello.port}", "-servername", "localhost",
         "-CAfile", authority.certificate, "-verify_return_error", "-alpn", "http/1.1", "-ign_eof"],
        input="GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert "Verify return code: 0 (ok)" in seen.stdout
    assert "ALPN protocol: http/1.1" in seen.stdout
    assert "HTTP/1.1 200" in seen.stdout
    assert ask(f"https://localhost:{hello.port}/hello", context=authority.client_context()).status == 200


def names_on(certificate):
    return [value for _, value in certificate.get("subjectAltName", ())]


def test_bundles_are_the_certificates_of_their_names(service, authority, connect):
    pem = "spring.ssl.bundle.pem"
    properties = {"server.ssl.bundle": "edge"}
    for name, hosts in {"edge": ("DNS:localhost",), "market": ("DNS:market.org", "DNS:www.market.org")}.items():
        certificate, key = authority.issue(name, hosts)
        properties[f"{pem}.{name}.keystore.certificate"] = f"file:{certificate}"
        properties[f"{pem}.{name}.keystore.private-key"] = key
    properties["server.ssl.server-name-bundles[0].server-name"] = "www.market.org"
    properties["server.ssl.server-name-bundles[0].bundle"] = "market"
    hello = service("hello", properties)
    context = authority.client_context()
    context.check_hostname = False

    def served_to(name):
        with socket.create_connection(("127.0.0.1", hello.port), 5) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure:
                return names_on(secure.getpeercert())

    assert served_to("www.market.org") == ["market.org", "www.market.org"]
    assert served_to("localhost") == ["localhost"]
    assert served_to("nobody.org") == ["localhost"]


def test_a_bundle_is_read_again_unless_it_is_not_to_be(service, authority, until):
    def start(reload_on_update, name):
        certificate, key = authority.issue(name)
        pem = f"spring.ssl.bundle.pem.{name}"
        hello = service(
            "hello",
            {
                "server.ssl.bundle": name,
                f"{pem}.keystore.certificate": certificate,
                f"{pem}.keystore.private-key": key,
                f"{pem}.reload-on-update": reload_on_update,
            },
        )
        renewed, renewed_key = authority.issue(f"{name}-renewed")
        certificate.write_bytes(renewed.read_bytes())
        key.write_bytes(renewed_key.read_bytes())
        return hello

    def subject(hello):
        context = authority.client_context()
        with socket.create_connection(("127.0.0.1", hello.port), 5) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                return dict(pair for group in secure.getpeercert()["subject"] for pair in group)["commonName"]

    fixed, followed = start("false", "fixed"), start("true", "followed")
    until(lambda: subject(followed) == "followed-renewed", "the renewed certificate")
    assert subject(fixed) == "fixed"
    fixed.signal(signal.SIGHUP)
    until(lambda: subject(fixed) == "fixed-renewed", "what was asked for by a signal")


def test_a_renewed_certificate_is_served_after_sighup(service, authority, ask, until, connect):
    certificate, key = authority.issue("first")
    hello = service(
        "hello", {"server.ssl.certificate": certificate, "server.ssl.certificate-private-key": key}
    )
    context = authority.client_context()

    def subject():
        return dict(pair for group in connect(hello.port, context=context).socket.getpeercert()["subject"] for pair in group)

    assert subject()["commonName"] == "first"
    renewed, renewed_key = authority.issue("second")
    certificate.write_bytes(renewed.read_bytes())
    key.write_bytes(renewed_key.read_bytes())
    hello.signal(signal.SIGHUP)
    until(lambda: subject()["commonName"] == "second", "the renewed certificate")
