"""S76: TLS ends at the edge. Later parts: reload of certificates by the bus; ALPN h2 has tests of its own."""

import json
import re
import socket
import ssl
import subprocess
import urllib.error

import pytest

from support.certificates import Authority
from support.programs import BINARIES, Program, fetch, free_port, tool, wait_until

INSIDE = {"server.address": "127.0.0.1", "eureka.instance.hostname": "127.0.0.1"}
# Every address of 127.0.0.0/8 is this machine's; a socket that is bound to 127.0.0.1 does not answer at this one.
ANOTHER_ADDRESS = "127.0.0.2"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


class Edge(Program):
    """One more gateway of the shop, with TLS to the outside, open to all addresses."""

    def __init__(self, shop, authority, properties=None, more=()):
        self.context = authority.client_context()
        self.port, self.plain_port = free_port(), free_port()
        certificate, key = authority.issue("edge", ["DNS:localhost"])
        properties = {
            **shop.properties,
            "flotilla.gateway.preset": "shop",
            "eureka.client.service-url.defaultZone": shop.registry_url("/eureka/"),
            "server.port": self.port,
            "server.address": "0.0.0.0",
            "server.ssl.certificate": ",".join(map(str, [certificate, *more[:1]])),
            "server.ssl.certificate-private-key": ",".join(map(str, [key, *more[1:]])),
            "flotilla.gateway.https-redirect.port": self.plain_port,
            **(properties or {}),
        }
        self.certificate, self.key = certificate, key
        options = [f"--{name}={value}" for name, value in properties.items()]
        super().__init__([BINARIES / "flotilla", "gateway", *options], shop.folder / "edge.log")
        shop.beside.append(self)
        self.wait_for_port(self.port)

    def get(self, path, headers=None):
        return fetch(f"https://localhost:{self.port}{path}", headers=headers, context=self.context, timeout=10)

    def subject(self, server_name="localhost"):
        """Whom the certificate names that a client gets who asks for that name."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as plain:
            context = ssl.create_default_context(cafile=self.context_file)
            context.check_hostname = False
            with context.wrap_socket(plain, server_hostname=server_name) as secure:
                return dict(pair for group in secure.getpeercert()["subject"] for pair in group)["commonName"]

    @property
    def context_file(self):
        return str(self.certificate.parent / "ca.pem")

    def answers(self):
        try:
            return self.get("/catalog-service/catalogs").status == 200
        except OSError:
            return False


@pytest.mark.fast
def test_s76_https_at_the_edge_and_http_inside(shop_with, authority):
    shop = shop_with(INSIDE)
    edge = Edge(shop, authority)
    wait_until(edge.answers, "the edge answers")
    answer = edge.get("/catalog-service/catalogs", {"Cache-Control": "no-cache"})
    assert answer.status == 200 and len(json.loads(answer.body)) >= 3

    # What the service has seen.
    (catalog,) = shop.instances("catalog")
    seen = json.loads(shop.ask("GET", f"{catalog}/actuator/httpexchanges", headers=shop.ops()).body)["exchanges"]
    through = [one["request"]["headers"] for one in seen if "x-forwarded-proto" in map(str.lower, one["request"]["headers"])]
    lower = [{name.lower(): value[0] for name, value in headers.items()} for headers in through]
    mine = [headers for headers in lower if headers["x-forwarded-proto"] == "https"]
    assert mine, lower
    assert "proto=https" in mine[0]["forwarded"] and mine[0]["x-forwarded-port"] == str(edge.port)
    assert mine[0]["x-forwarded-host"] == f"localhost:{edge.port}"

    # curl, as in the scenario.
    done = subprocess.run(
        [tool("curl"), "-s", "--cacert", edge.context_file, f"https://localhost:{edge.port}/catalog-service/catalogs"],
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert len(json.loads(done.stdout)) >= 3


@pytest.mark.fast
def test_s76_plain_http_to_the_edge_is_sent_to_https(shop_with, authority):
    shop = shop_with(INSIDE)
    edge = Edge(shop, authority)

    def location_of(host, target, method="GET", body=b""):
        with socket.create_connection(("127.0.0.1", edge.plain_port), timeout=5) as client:
            client.sendall(
                f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n".encode() + body
            )
            head = b""
            while piece := client.recv(4096):
                head += piece
        status = int(head.split(b" ")[1])
        return status, re.search(rb"(?im)^location: *(\S+)", head)[1].decode()

    edge.wait_for_port(edge.plain_port)
    here = f"https://localhost:{edge.port}"
    assert location_of("localhost", "/a?b=1%202") == (308, f"{here}/a?b=1%202")
    assert location_of(f"localhost:{edge.plain_port}", "/") == (308, f"{here}/")
    assert location_of("[::1]:80", "/x") == (308, f"https://[::1]:{edge.port}/x")
    assert location_of("localhost", "/user-service/login", "POST", b'{"pwd":"x"}')[0] == 308  # the method stays
    wait_until(edge.answers, "the edge answers")
    done = subprocess.run(
        [tool("curl"), "-sL", "--cacert", edge.context_file, f"http://localhost:{edge.plain_port}/catalog-service/catalogs"],
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert len(json.loads(done.stdout)) >= 3


def handshake(port, low, high, authority):
    """The protocol that was agreed on; None when the server refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(str(authority.certificate))
    context.set_ciphers("ALL:@SECLEVEL=0")  # or this client would not even ask for the old ones
    context.minimum_version, context.maximum_version = low, high
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                return secure.version()
    except (ssl.SSLError, ConnectionError):
        return None


@pytest.mark.fast
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_s76_protocols_names_and_renewed_certificates(shop_with, authority):
    shop = shop_with(INSIDE, arguments=("--without", "order"))
    market, market_key = authority.issue("market", ["DNS:market.example.org"])
    edge = Edge(shop, authority, more=(market, market_key))
    versions = ssl.TLSVersion
    assert handshake(edge.port, versions.TLSv1_3, versions.TLSv1_3, authority) == "TLSv1.3"
    assert handshake(edge.port, versions.TLSv1_2, versions.TLSv1_2, authority) == "TLSv1.2"
    assert handshake(edge.port, versions.TLSv1, versions.TLSv1, authority) is None
    assert handshake(edge.port, versions.TLSv1_1, versions.TLSv1_1, authority) is None

    assert edge.subject() == "edge"
    assert edge.subject("market.example.org") == "market"
    assert edge.subject("MARKET.example.org") == "market"
    assert edge.subject("other.example.org") == "edge"

    # New files, and nobody tells it; a connection that is open stays.
    with socket.create_connection(("127.0.0.1", edge.port)) as plain:
        with edge.context.wrap_socket(plain, server_hostname="localhost") as open_one:
            renewals = (
                ("renewed", "localhost", edge.certificate, edge.key),
                ("new-market", "market.example.org", market, market_key),
            )
            for name, host, certificate, key in renewals:
                fresh, fresh_key = authority.issue(name, [f"DNS:{host}"])
                certificate.write_bytes(fresh.read_bytes())
                key.write_bytes(fresh_key.read_bytes())
            wait_until(lambda: edge.subject() == "renewed", "the renewed certificate")
            wait_until(lambda: edge.subject("market.example.org") == "new-market", "the other one too")
            open_one.sendall(b"GET /actuator/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert open_one.recv(15).startswith(b"HTTP/1.1 ")
    edge.certificate.write_text("nonsense")
    edge.wait_for_log("certificate stays as it is")
    assert edge.subject() == "renewed"


def accepts(address, port):
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0


@pytest.mark.fast
def test_s76_services_are_reached_from_the_inside_only(shop_with, authority):
    shop = shop_with(INSIDE)
    edge = Edge(shop, authority)
    for name, part in shop.status().items():
        assert accepts("127.0.0.1", part["port"]), name
        assert not accepts(ANOTHER_ADDRESS, part["port"]), name
    assert accepts(ANOTHER_ADDRESS, edge.port) and accepts(ANOTHER_ADDRESS, edge.plain_port)


def test_s76_inside_both_sides_may_have_to_show_certificates(shop_with, authority):
    shop = shop_with(INSIDE, arguments=("--without", "catalog"))
    certificate, key = authority.issue("catalog", ["IP:127.0.0.1", "DNS:localhost"])
    own, own_key = authority.issue("gateway-inside")
    port = free_port()
    properties = {
        **shop.properties,
        "eureka.client.service-url.defaultZone": shop.registry_url("/eureka/"),
        "spring.datasource.url": f"sqlite:{shop.data}/catalogdb.sqlite",
        "server.port": port,
        "server.ssl.certificate": certificate,
        "server.ssl.certificate-private-key": key,
        "server.ssl.client-auth": "need",
        "server.ssl.trust-certificate": authority.certificate,
    }
    options = [f"--{name}={value}" for name, value in properties.items()]
    catalog = Program([BINARIES / "shop-catalog", *options], shop.folder / "secure-catalog.log")
    shop.beside.append(catalog)
    catalog.wait_for_port(port)
    edge = Edge(
        shop,
        authority,
        {
            "spring.cloud.gateway.httpclient.ssl.trusted-x509-certificates[0]": authority.certificate,
            "spring.cloud.gateway.httpclient.ssl.certificate": own,
            "spring.cloud.gateway.httpclient.ssl.certificate-private-key": own_key,
        },
    )
    wait_until(edge.answers, "the edge reaches the catalog")
    # The gateway of the fleet has no certificate to show, and so is refused; neither may anybody else in.
    assert shop.get("/catalog-service/catalogs").status >= 500
    with pytest.raises((ssl.SSLError, urllib.error.URLError, ConnectionError)):
        fetch(f"https://localhost:{port}/catalogs", context=authority.client_context())
    mine = authority.client_context()
    mine.load_cert_chain(own, own_key)
    assert fetch(f"https://localhost:{port}/catalogs", context=mine).status == 200
