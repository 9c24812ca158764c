"""The gateway's connections: WebSockets, TLS on both sides, bodies that do not stay in memory."""

import base64
import hashlib
import os
import socket
import ssl
import struct
import threading
import time

import pytest

from support.gateway import Gateway
from support.programs import wait_until
from support.raw import Raw
from support.upstream import Upstream

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE, TEXT = 8, 1


def frame(opcode, payload, masked):
    assert len(payload) < 126
    mask = os.urandom(4) if masked else b""
    body = bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if masked else payload
    return bytes([0x80 | opcode, (0x80 if masked else 0) | len(payload)]) + mask + body


def read_frame(read):
    first, second = read(2)
    assert second & 0x7F < 126
    mask = read(4) if second & 0x80 else b"\0\0\0\0"
    return first & 0x0F, bytes(b ^ mask[i % 4] for i, b in enumerate(read(second & 0x7F)))


class Echo:
    """Speaks WebSocket as a server, echoes texts, and notes how it was closed."""

    def __init__(self):
        self.closed_with = []

    def __call__(self, request, connection):
        if request.target.endswith("/forbidden"):
            return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
        key = request.header("Sec-WebSocket-Key")
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        if request.target.endswith("/leaves"):
            connection.sendall(frame(CLOSE, struct.pack("!H", 4002), False))

        def read(count):
            data = b""
            while len(data) < count:
                piece = connection.recv(count - len(data))
                if not piece:
                    raise EOFError
                data += piece
            return data

        try:
            while True:
                opcode, payload = read_frame(read)
                if opcode == CLOSE:
                    self.closed_with.append(struct.unpack("!H", payload[:2])[0])
                    connection.sendall(frame(CLOSE, payload, False))
                    return None
                connection.sendall(frame(opcode, payload, False))
        except (EOFError, OSError):
            return None


@pytest.fixture
def echo():
    echo = Echo()
    upstream = Upstream(echo)
    echo.port = upstream.port
    yield echo
    upstream.stop()


def start(owner, tmp_path, routes, properties=None):
    return owner.add(Gateway(owner.log_path("gateway"), tmp_path, routes, properties))


@pytest.fixture
def sockets(owner, tmp_path, echo):
    return start(
        owner,
        tmp_path,
        "routes: [{id: ws, uri: 'lb:ws://sockets', predicates: [Path=/ws/**]}]",
        {"spring.cloud.discovery.client.simple.instances.sockets[0].uri": f"http://127.0.0.1:{echo.port}"},
    ).wait_until_ready()


def open_socket(connect, port, path):
    client = connect(port)
    client.send(
        f"GET {path} HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return client


def test_f26_frames_pass_and_a_close_code_arrives_as_it_was(sockets, echo, connect):
    client = open_socket(connect, sockets.port, "/ws/a")
    status, headers, _ = client.read_answer()
    assert status == 101 and headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    client.send(frame(TEXT, b"hello", True))
    assert read_frame(client.read_exactly) == (TEXT, b"hello")
    client.send(frame(CLOSE, struct.pack("!H", 4001), True))
    assert read_frame(client.read_exactly)[0] == CLOSE
    wait_until(lambda: echo.closed_with == [4001], "the upstream sees the code")


def test_f26_the_upstreams_code_arrives_too(sockets, connect):
    client = open_socket(connect, sockets.port, "/ws/leaves")
    assert client.read_answer()[0] == 101
    assert read_frame(client.read_exactly) == (CLOSE, struct.pack("!H", 4002))


def test_f26_a_refused_handshake_is_the_upstreams_answer(sockets, connect):
    client = open_socket(connect, sockets.port, "/ws/forbidden")
    status, _, body = client.read_answer()
    assert (status, body) == (403, b"no")


def test_tls_ends_here_and_the_upstream_is_told(owner, tmp_path, authority):
    upstream = Upstream()
    certificate, key = authority.issue("gateway")
    gateway = start(
        owner,
        tmp_path,
        f"routes: [{{id: a, uri: 'http://127.0.0.1:{upstream.port}', predicates: [Path=/**]}}]",
        {"server.ssl.certificate": certificate, "server.ssl.certificate-private-key": key},
    ).wait_until_ready()
    with Raw(gateway.port, context=authority.client_context()) as client:
        client.send("GET /a HTTP/1.1\r\nHost: shop.example.org\r\n\r\n")
        assert client.read_answer()[0] == 200
    received = upstream.take()[0]
    assert received.header("X-Forwarded-Proto") == "https"
    assert received.header("X-Forwarded-Port") == "443"
    upstream.stop()


def test_an_upstream_behind_tls_must_have_a_certificate_that_is_trusted(owner, tmp_path, authority):
    certificate, key = authority.issue("upstream")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
    port = listener.getsockname()[1]

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    routes = f"routes: [{{id: a, uri: 'https://localhost:{port}', predicates: [Path=/**]}}]"
    trusting = f"httpclient.ssl.trusted-x509-certificates: [{authority.certificate}]\n{routes}"
    gateway = start(owner, tmp_path, trusting).wait_until_ready()
    assert gateway.get("/a").text == "secret"
    stranger = start(owner, tmp_path, routes).wait_until_ready()
    assert stranger.get("/a").status == 502
    listener.close()


def test_f14_a_long_post_on_a_route_with_retries_is_not_kept(owner, tmp_path):
    upstream = Upstream()
    gateway = start(
        owner,
        tmp_path,
        f"routes: [{{id: a, uri: 'http://127.0.0.1:{upstream.port}', predicates: [Path=/**], filters: [Retry]}}]",
    ).wait_until_ready()
    body = b"a" * (1 << 20)
    assert gateway.ask("POST", "/warm", body).status == 200
    before = gateway.resident_bytes()
    for _ in range(3):
        assert gateway.ask("POST", "/a", b"b" * (10 << 20), timeout=20).status == 200
    assert gateway.resident_bytes() - before < (1 << 20)
    assert [len(one.body) for one in upstream.take()][1:] == [10 << 20] * 3
    upstream.stop()


class AnswersFirst:
    """Sends a long answer as soon as the head of a request is there, whatever its body is."""

    LENGTH = 8 << 20

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            connection, _ = self.listener.accept()
            with connection:
                seen = b""
                while b"\r\n\r\n" not in seen:
                    seen += connection.recv(65536)
                connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {self.LENGTH}\r\n\r\n".encode())
                connection.sendall(bytes(self.LENGTH))
                while connection.recv(65536):
                    pass
        except OSError:
            return


def test_a_client_may_read_slowly_while_it_still_sends(owner, tmp_path):
    service = AnswersFirst()
    route = f"routes: [{{id: early, uri: 'http://127.0.0.1:{service.port}', predicates: [Path=/**]}}]"
    gateway = start(owner, tmp_path, route, {"server.write-timeout": "150ms"}).wait_until_ready()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    client.settimeout(10)
    client.connect(("127.0.0.1", gateway.port))
    with client:
        client.sendall(b"POST /early HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        taken = 0
        # Slower than the write timeout would like at a time, and never still; the body comes all the while.
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            client.sendall(b"1\r\nx\r\n")
            piece = client.recv(4096)
            assert piece, f"cut after {taken} bytes: {gateway.log()}"
            taken += len(piece)
            time.sleep(0.01)
        assert gateway.running, gateway.log()
        client.sendall(b"0\r\n\r\n")
        while taken < service.LENGTH:
            piece = client.recv(1 << 20)
            assert piece, f"cut after {taken} bytes"
            taken += len(piece)
    service.listener.close()
