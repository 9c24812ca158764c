"""The registry with a user of its own, over TLS, and beside another one that has the DNS port."""

import base64
import json
import re
import socket
import ssl
import subprocess

import pytest

from support.programs import BINARIES, Program, fetch, free_port, tool, wait_until
from support.registry import Registry, instance

USER = {"spring.security.user.name": "ann", "spring.security.user.password": "s:eGreT %1"}
JSON = {"Accept": "application/json"}


def basic(user="ann", password="s:eGreT %1"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def registry(owner):
    """registry({...}): one that listens, whatever it answers to strangers."""

    def start(properties=None):
        one = owner.add(Registry(owner.log_path("registry"), properties))
        one.wait_for_port(one.port)
        wait_until(lambda: one.get("/eureka/apps").status != 503, "the registry has asked its peers")
        return one

    return start


@pytest.fixture
def cannot_start():
    """cannot_start({...}): what a registry says that ends at once with exit code 1."""

    def run(properties):
        options = {"server.port": free_port(), "eureka.consul.dns-port": free_port(), **properties}
        done = subprocess.run(
            [str(BINARIES / "flotilla"), "registry", *(f"--{k}={v}" for k, v in options.items())],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


# ---- credentials


def test_everything_but_health_is_for_those_who_know_the_password(registry):
    one = registry(USER)
    body = json.dumps({"instance": instance("SHUT", "1")})
    for method, path in (
        ("GET", "/"), ("GET", "/lastn"), ("GET", "/eureka/apps"), ("GET", "/eureka/apps/"), ("GET", "/eureka/v2/apps"),
        ("GET", "/eureka/apps/delta"), ("GET", "/eureka/apps/stream"), ("POST", "/eureka/apps/SHUT"),
        ("PUT", "/eureka/apps/SHUT/1"), ("DELETE", "/eureka/apps/SHUT/1"), ("PUT", "/eureka/apps/SHUT/1/status?value=DOWN"),
        ("POST", "/eureka/peerreplication/batch/"), ("GET", "/eureka/vips/x"), ("GET", "/eureka/status"),
        ("GET", "/v1/catalog/services"), ("GET", "/v1/health/service/x"), ("GET", "/sd/prometheus"), ("GET", "/prometheus/sd"), ("GET", "/v3/api-docs"),
        ("GET", "/actuator/metrics"), ("GET", "/actuator/prometheus"),
    ):  # fmt: skip
        for headers in ({}, basic("ann", "wrong"), basic("bob"), {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}):
            answer = one.ask(method, path, body if method == "POST" else None, headers)
            assert answer.status == 401, (method, path, headers)
            assert answer.headers["www-authenticate"].startswith("Basic realm="), path
    for path in ("/actuator/health", "/actuator/health/readiness", "/actuator/info"):
        assert one.get(path).status == 200, path
    assert "s:eGreT" not in one.log()


def test_who_knows_it_does_what_he_likes(registry):
    one = registry(USER)
    one.enroll("OPEN", "1", headers=basic())
    assert one.put("/eureka/apps/OPEN/1?status=UP", basic()).status == 200
    assert one.get("/eureka/apps/OPEN/1", basic()).status == 200
    assert "OPEN" in one.get("/", {**basic(), "Accept": "text/html"}).text
    # No session: a cookie is neither given nor looked at.
    assert "set-cookie" not in one.get("/eureka/apps", basic()).headers
    assert one.get("/eureka/apps").status == 401
    assert one.get("/actuator/prometheus", {**basic(), "Accept": "text/plain"}).status == 200


@pytest.mark.parametrize("form", ["{noop}s:eGreT %1", "s:eGreT %1", "bcrypt"])
def test_passwords_in_the_forms_that_spring_has(registry, form, hashed):
    one = registry({"spring.security.user.name": "ann", "spring.security.user.password": hashed if form == "bcrypt" else form})
    for _ in range(3):
        assert one.get("/eureka/apps", basic()).status == 200
        assert one.get("/eureka/apps", basic(password="s:eGreT %2")).status == 401
        assert one.get("/eureka/apps", basic(password="")).status == 401


@pytest.fixture(scope="session")
def hashed():
    """The password as bcrypt has it, by Python's crypt, which is the C library's."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import crypt
    return "{bcrypt}" + crypt.crypt("s:eGreT %1", "$2b$05$abcdefghijklmnopqrstuu")


def test_a_password_in_another_form_is_refused_at_the_start(cannot_start):
    said = cannot_start({"spring.security.user.name": "ann", "spring.security.user.password": "{argon2}x"})
    assert "spring.security.user has a password as {argon2}, which is not read; {bcrypt} and {noop} are" in said
    assert "spring.security.user has a name without a password" in cannot_start({"spring.security.user.name": "ann"})


def test_curl_takes_the_password_out_of_the_url(registry):
    one = registry(USER)

    def curl(*arguments):
        done = subprocess.run(
            [tool("curl"), "-s", "-o", "/dev/null", "-w", "%{http_code}", *arguments], capture_output=True, text=True, timeout=20
        )
        return done.stdout

    assert curl(one.url("/eureka/apps")) == "401"
    assert curl(f"http://ann:s%3AeGreT%20%251@127.0.0.1:{one.port}/eureka/apps") == "200"
    assert curl("-u", "ann:s:eGreT %1", one.url("/eureka/apps")) == "200"


def with_user(one, path="/eureka/", scheme="http"):
    return f"{scheme}://ann:s%3AeGreT%20%251@localhost:{one.port}{path}"


def test_a_service_registers_with_the_password_in_its_url_and_never_tells_it(registry, service):
    one = registry(USER)
    hello = service(
        "hello",
        {
            "eureka.client.service-url.defaultZone": with_user(one),
            "flotilla.shutdown.drain-delay": "0",
            "logging.level.root": "debug",
            "management.endpoints.web.exposure.include": "*",
            "management.endpoint.env.show-values": "always",
            "management.endpoint.configprops.show-values": "always",
        },
    )

    def apps():
        found = json.loads(one.get("/eureka/apps", basic()).body)["applications"]["application"]
        return [app["name"] for app in found]

    wait_until(lambda: apps() == ["HELLO"], "it has registered")
    for path in ("/actuator/env", "/actuator/configprops", "/actuator/health"):
        shown = hello.get(path).text
        assert "eGreT" not in shown, path
    assert hello.stop() == 0
    assert apps() == []
    assert "eGreT" not in hello.log() and "eGreT" not in one.log()


def test_a_service_without_the_password_is_told_what_is_missing(registry, service):
    one = registry(USER)
    hello = service("hello", {"eureka.client.service-url.defaultZone": one.url("/eureka/"), "flotilla.shutdown.drain-delay": "0"})
    line = hello.wait_for_log("status 401")
    assert "user:password@" in line
    assert hello.get("/hello").status == 200


def test_peers_tell_each_other_with_credentials(registry, owner):
    first_port, second_port = free_port(), free_port()
    urls = ",".join(f"http://ann:s%3AeGreT%20%251@localhost:{port}/eureka/" for port in (first_port, second_port))
    both = {**USER, "eureka.client.service-url.defaultZone": urls}
    first = registry({**both, "server.port": first_port})
    first.enroll("TOLD", "1", headers=basic())
    second = registry({**both, "server.port": second_port})
    wait_until(lambda: second.get("/eureka/apps/TOLD/1", basic()).status == 200, "it copies at the start")
    second.enroll("TOLD", "2", headers=basic())
    wait_until(lambda: first.get("/eureka/apps/TOLD/2", basic()).status == 200, "it is told")
    page = first.get("/", {**basic(), "Accept": "text/html"}).text
    assert f"http://localhost:{second_port}/eureka/" in page and "eGreT" not in page
    assert "eGreT" not in first.log() + second.log()


# ---- TLS


@pytest.fixture
def secure(authority):
    certificate, key = authority.issue("registry")
    return {"server.ssl.certificate": certificate, "server.ssl.certificate-private-key": key}


def ask_securely(one, authority, path, identity=None):
    context = authority.client_context()
    if identity:
        context.load_cert_chain(*identity)
    return fetch(f"https://localhost:{one.port}{path}", headers=JSON, context=context)


def secure_registry(owner, properties):
    one = owner.add(Registry(owner.log_path("registry"), properties))
    one.wait_for_port(one.port)
    return one


def registered_over_tls(one, authority, identity=None):
    found = json.loads(ask_securely(one, authority, "/eureka/apps", identity).body)["applications"]["application"]
    return [app["name"] for app in found]


def test_a_service_registers_over_tls_at_whom_it_trusts(owner, authority, secure, service):
    one = secure_registry(owner, secure)
    common = {
        "eureka.client.service-url.defaultZone": f"https://localhost:{one.port}/eureka/",
        "flotilla.shutdown.drain-delay": "0",
    }
    stranger = service("hello", {**common, "spring.application.name": "stranger"})
    stranger.wait_for_log("https://localhost")
    trusting = {"eureka.client.tls.enabled": "true", "eureka.client.tls.trust-store": f"file:{authority.certificate}"}
    service("hello", {**common, **trusting, "spring.application.name": "friend"})
    wait_until(lambda: registered_over_tls(one, authority) == ["FRIEND"], "who trusts it has registered")
    assert re.search(r"certificate|verif", stranger.log()), stranger.log()


def test_a_registry_that_wants_certificates_gets_them(owner, authority, secure, service, tmp_path):
    strict = {**secure, "server.ssl.client-auth": "need", "server.ssl.trust-certificate": authority.certificate}
    one = secure_registry(owner, strict)
    certificate, key = authority.issue("friend")
    both = tmp_path / "friend.pem"
    both.write_text(certificate.read_text() + key.read_text())
    store = tmp_path / "friend.p12"
    subprocess.run(
        [tool("openssl"), "pkcs12", "-export", "-in", certificate, "-inkey", key, "-out", store, "-passout", "pass:changeit"],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    common = {
        "eureka.client.service-url.defaultZone": f"https://localhost:{one.port}/eureka/",
        "eureka.client.tls.enabled": "true",
        "eureka.client.tls.trust-store": authority.certificate,
        "flotilla.shutdown.drain-delay": "0",
    }
    service("hello", {**common, "spring.application.name": "nobody"})
    service("hello", {**common, "eureka.client.tls.key-store": both, "spring.application.name": "pem"})
    service(
        "hello",
        {
            **common,
            "eureka.client.tls.key-store": store,
            "eureka.client.tls.key-store-password": "changeit",
            "spring.application.name": "pkcs12",
        },
    )
    identity = (certificate, key)
    wait_until(lambda: registered_over_tls(one, authority, identity) == ["PEM", "PKCS12"], "both have registered")
    with pytest.raises((ssl.SSLError, OSError)):
        ask_securely(one, authority, "/eureka/apps")


def test_peers_replicate_over_tls(owner, authority, secure):
    first_port, second_port = free_port(), free_port()
    urls = f"https://localhost:{first_port}/eureka/,https://localhost:{second_port}/eureka/"
    both = {
        **secure,
        "eureka.client.service-url.defaultZone": urls,
        "eureka.client.tls.enabled": "true",
        "eureka.client.tls.trust-store": authority.certificate,
    }
    first = secure_registry(owner, {**both, "server.port": first_port})
    second = secure_registry(owner, {**both, "server.port": second_port})
    body = json.dumps({"instance": instance("FAR", "1")}).encode()

    def enroll():
        url = f"https://localhost:{first_port}/eureka/apps/FAR"
        headers = {**JSON, "Content-Type": "application/json"}
        return fetch(url, "POST", body, headers, context=authority.client_context()).status

    wait_until(lambda: enroll() == 204, "the first one has started")
    wait_until(lambda: ask_securely(second, authority, "/eureka/apps/FAR/1").status == 200, "its peer is told")


def test_a_java_key_store_is_named_with_what_to_do(cannot_start, tmp_path):
    store = tmp_path / "trust.jks"
    store.write_bytes(b"\xfe\xed\xfe\xed\x00\x00\x00\x02")
    said = cannot_start({"eureka.client.tls.enabled": "true", "eureka.client.tls.trust-store": store})
    assert "eureka.client.tls.trust-store" in said and "JKS" in said and "keytool -list -rfc" in said
    said = cannot_start({"server.ssl.key-store": store})
    assert "JKS" in said and "keytool -importkeystore" in said


# ---- the port of DNS


def take(port, kind):
    holder = socket.socket(socket.AF_INET, kind)
    holder.bind(("0.0.0.0", port))
    if kind == socket.SOCK_STREAM:
        holder.listen()
    return holder


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_a_dns_port_that_was_chosen_must_be_had(cannot_start, kind):
    port = free_port()
    with take(port, kind):
        said = cannot_start({"eureka.consul.dns-port": port})
    assert f"eureka.consul.dns-port: port {port} is taken" in said


def goes_without(programs):
    """Whoever has 8600, one of ours or somebody else: not both of ours have it, and who has not says so."""
    said = [line for one in programs for line in one.log().splitlines() if "names are not answered over DNS" in line]
    return said and all("port 8600 is taken" in line and "--eureka.consul.dns-port" in line for line in said)


def test_two_registries_on_one_machine_do_not_both_need_the_dns_port(owner):
    both = []
    for _ in range(2):
        one = Registry(owner.log_path("registry"), {"eureka.consul.dns-port": None, "eureka.consul.dns-address": None})
        both.append(owner.add(one).wait_until_ready())
    wait_until(lambda: goes_without(both), "one goes without")
    assert all(one.get("/actuator/health").status == 200 for one in both)


def test_two_fleets_on_one_machine_do_not_need_the_dns_port_twice(owner, tmp_path):
    both = []
    for name in ("first", "second"):
        port = free_port()
        command = [BINARIES / "flotilla", "up", "--only", "registry", "--port", f"registry={port}", "--data", tmp_path / name]
        both.append(owner.add(Program(command, owner.log_path("up"))))
        both[-1].wait_for_log("Up in")
    wait_until(lambda: goes_without(both), "one goes without")
    dns = free_port()
    command = [BINARIES / "flotilla", "up", "--only", "registry", "--port", f"registry={free_port()}"]
    command += ["--data", tmp_path / "third", f"--eureka.consul.dns-port={dns}"]
    third = owner.add(Program(command, owner.log_path("up")))
    third.wait_for_log(f"DNS for *.consul on 0.0.0.0:{dns}")
    third.wait_for_log("Up in")
