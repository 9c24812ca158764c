"""An instance that leaves is missed by nobody: fact 25 of the actuator, through the gateway."""

import signal
import threading

from support.gateway import Gateway
from support.programs import wait_until
from support.raw import Raw
from support.registry import Registry

CLIENTS = 16


def test_actuator_f25_sigterm_under_load_through_the_gateway_costs_no_request(owner, service, tmp_path):
    registry = owner.add(Registry(owner.log_path("registry"))).wait_until_ready()
    joins = {
        "eureka.client.service-url.defaultZone": registry.url("/eureka/"),
        "eureka.client.registry-fetch-interval-seconds": 1,
    }
    instances = [
        service("hello", {**joins, "spring.application.name": "hello", "server.address": "127.0.0.1"}) for _ in range(2)
    ]
    gateway = owner.add(
        Gateway(
            owner.log_path("gateway"),
            tmp_path,
            "routes: [{id: hello, uri: 'lb://HELLO', predicates: [Path=/hello]}]",
            {**joins, "eureka.client.enabled": "true", "eureka.client.register-with-eureka": "false"},
        )
    ).wait_until_ready()
    wait_until(lambda: gateway.get("/hello").status == 200, "the gateway knows an instance")

    answered, failures = [0] * CLIENTS, []
    leave = threading.Event()

    def client(index):
        try:
            with Raw(gateway.port, timeout=10) as raw:
                while not leave.is_set():
                    raw.send("GET /hello HTTP/1.1\r\nHost: g\r\n\r\n")
                    status = raw.read_answer()[0]
                    assert status == 200, status
                    answered[index] += 1
        except Exception as failure:
            failures.append(repr(failure))

    clients = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)]
    for each in clients:
        each.start()
    try:
        wait_until(lambda: sum(answered) > 2000, "load")
        instances[0].signal(signal.SIGTERM)
        assert instances[0].wait_for_exit() == 0
        before = sum(answered)
        wait_until(lambda: failures or sum(answered) > before + 1000, "the other one goes on")
    finally:
        leave.set()
        for each in clients:
            each.join(15)
    assert failures == []
