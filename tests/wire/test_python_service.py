"""examples/python-service: the same as the one in Node.js, with Python's standard library."""

import signal

from support.programs import ROOT, Program, fetch, free_port, wait_until
from support.registry import Registry
from support.upstream import Upstream

TRACE, SPAN = "5e8eeec48b08e26882aba313eb08f0a4", "dcc1df555b5777b3"


def test_it_appears_renews_calls_in_the_trace_of_its_caller_and_leaves(owner, tmp_path):
    registry = owner.add(Registry(owner.log_path("registry"))).wait_until_ready()
    gateway = Upstream(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
    port = free_port()
    service = owner.add(
        Program(
            ["/usr/bin/python3", ROOT / "examples/python-service/service.py", f"--server.port={port}",
             "--eureka.instance.lease-renewal-interval-in-seconds=1", f"--gateway.url=http://127.0.0.1:{gateway.port}",
             f"--eureka.client.service-url.defaultZone={registry.url('/eureka/')}"],
            tmp_path / "python.log",
        )
    )  # fmt: skip
    own_id = f"127.0.0.1:python-service:{port}"
    wait_until(lambda: registry.ids("PYTHON-SERVICE") == [own_id], "registered")
    service.wait_for_port(port)
    url = f"http://127.0.0.1:{port}/python-service"
    assert fetch(f"{url}/health_check").text == f"It's Working in Python Service on PORT {port}"
    answer = fetch(f"{url}/users/u-1/orders", headers={"b3": f"{TRACE}-{SPAN}-1", "Authorization": "Bearer abc"})
    assert (answer.status, answer.text) == (200, "[]")
    (call,) = gateway.take()
    assert (call.target, call.header("Authorization")) == ("/order-service/u-1/orders", "Bearer abc")
    assert (call.header("X-B3-TraceId"), call.header("X-B3-ParentSpanId")) == (TRACE, SPAN)
    assert call.header("X-B3-Sampled") == "1"
    gateway.stop()
    assert fetch(f"{url}/users/u-1/orders").status == 503
    registry.delete(f"/eureka/apps/PYTHON-SERVICE/{own_id}")
    wait_until(lambda: registry.ids("PYTHON-SERVICE") == [own_id], "registered again")
    service.signal(signal.SIGTERM)
    assert service.wait_for_exit() == 0
    assert registry.ids("PYTHON-SERVICE") == []
