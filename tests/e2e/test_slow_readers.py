"""Many who have asked the gateway for a long answer and read next to nothing of it."""

import getpass
import socket

import pytest
from support.gateway import Gateway
from support.programs import Owner, Program, free_port, tool, wait_until

READERS = 500
LENGTH = 100_000_000
MOST_RESIDENT = 100_000_000


@pytest.fixture
def owner(tmp_path):
    owner = Owner(tmp_path)
    yield owner
    owner.stop_all()


def long_answers(owner, folder):
    """nginx, which has a long file; its port."""
    port = free_port()
    with open(folder / "long", "wb") as file:
        file.truncate(LENGTH)
    config = folder / "nginx.conf"
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config.write_text(
        f"user {getpass.getuser()}; daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; root {folder}; send_timeout 600s; }} }}\n"
    )
    owner.add(Program([tool("nginx"), "-e", "stderr", "-p", folder, "-c", config], folder / "nginx.log")).wait_for_port(port)
    return port


class Reader:
    """A client with a small buffer that has asked for it, and takes a thousand bytes now and then."""

    def __init__(self, port):
        self.text = b""
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        self.socket.setblocking(False)

    def read(self):
        try:
            part = self.socket.recv(1000)
        except BlockingIOError:
            return
        assert part, f"the answer has ended after {len(self.text)} bytes"
        self.text += part


def test_500_slow_readers_of_100_mb_take_less_than_100_mb(owner, tmp_path):
    upstream = long_answers(owner, tmp_path)
    routes = f"""
routes:
  - id: long
    uri: http://127.0.0.1:{upstream}
    predicates: [ "Path=/**" ]
"""
    # A connection to the upstream for each of them, whichever loop they come to: usually the 257th would wait for one.
    properties = {"spring.cloud.gateway.httpclient.pool.max-connections": 4 * READERS}
    gateway = owner.add(Gateway(tmp_path / "gateway.log", tmp_path, routes, properties)).wait_until_ready()
    readers = [Reader(gateway.port) for _ in range(READERS)]
    resident = []

    def all_have_read(count):
        for reader in readers:
            reader.read()
        resident.append(gateway.resident_bytes())
        return all(len(reader.text) >= count for reader in readers)

    try:
        wait_until(lambda: all_have_read(5_000), "each has read five thousand bytes", 60)
        for reader in readers:
            head = reader.text.partition(b"\r\n\r\n")[0]
            assert head.startswith(b"HTTP/1.1 200") and b"content-length: 100000000" in head.lower()
        assert gateway.get("/nothing").status == 404, "others are served meanwhile"
        print(f"{max(resident) / 1e6:.0f} MB resident")
        assert max(resident) < MOST_RESIDENT
    finally:
        for reader in readers:
            reader.socket.close()
    assert gateway.get("/nothing").status == 404, "it goes on without them"
