#!/usr/bin/env python3
"""A service in Python among others: registers at the registry, renews, passes traces on, leaves. Standard library only.

    python3 service.py --server.port=9130
"""

import http.server
import json
import os
import re
import secrets
import signal
import socket
import sys
import threading
import urllib.error
import urllib.request

NAME = "python-service"
DEFAULTS = {
    "server.port": "0",
    "server.address": "127.0.0.1",
    "greeting.message": "Welcome to the Simple E-commerce.",
    "gateway.url": "http://127.0.0.1:8000",
    "eureka.client.service-url.defaultZone": "http://127.0.0.1:8761/eureka/",
    "eureka.instance.lease-renewal-interval-in-seconds": "30",
}


def log(text):
    print(f"[{NAME}] {text}", flush=True)


def ask(method, url, body=None, headers=None):
    """Status, headers and body of an answer, whatever its status; OSError without one."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return answer.status, answer.headers, answer.read(1 << 20)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read(1 << 20)


def read_configuration():
    """The command line, then the config server ($CFG) if there is one, then the defaults."""
    given = dict(re.fullmatch(r"--([^=]+)=(.*)", word).groups() for word in sys.argv[1:])
    remote = {}
    if "CFG" in os.environ:
        url = f"{os.environ['CFG'].rstrip('/')}/{NAME}/default"
        try:
            sources = json.loads(ask("GET", url)[2])["propertySources"]
            for source in reversed(sources):
                remote.update(source["source"])
        except (OSError, ValueError, KeyError) as error:
            log(f"no configuration from {url} ({error}); going on without")
    return {**DEFAULTS, **remote, **given}


class Lease:
    """A place in the registry, kept by a thread of its own."""

    def __init__(self, configuration, host, port):
        self.url = configuration["eureka.client.service-url.defaultZone"].split(",")[0].rstrip("/")
        self.interval = float(configuration["eureka.instance.lease-renewal-interval-in-seconds"])
        self.path = f"{self.url}/apps/{NAME.upper()}"
        self.id = f"{host}:{NAME}:{port}"
        self.document = {
            "instanceId": self.id,
            "app": NAME.upper(),
            "hostName": host,
            "ipAddr": host,
            "status": "UP",
            "port": {"$": port, "@enabled": "true"},
            "vipAddress": NAME,
            "dataCenterInfo": {
                "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo",
                "name": "MyOwn",
            },
            "leaseInfo": {"renewalIntervalInSecs": int(self.interval), "durationInSecs": int(3 * self.interval)},
        }
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._keep)

    def _keep(self):
        registered = False
        while not self.ending.is_set():
            wait = self.interval
            try:
                status = ask("PUT", f"{self.path}/{self.id}")[0] if registered else 404
                if status == 404:  # new, or forgotten
                    status = ask("POST", self.path, {"instance": self.document})[0]
                registered = status < 300
            except OSError as error:
                log(f"registry: {error}")
                wait = min(self.interval, 1)
            self.ending.wait(wait)
        if registered:
            ask("DELETE", f"{self.path}/{self.id}")
            log("left the registry")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self):
        path = self.path.split("?")[0].removeprefix(f"/{NAME}")
        orders = re.fullmatch(r"/users/([\w.~-]{1,64})/orders", path)
        if orders:
            self.orders(orders[1])
        elif path in ("/health_check", "/health-check"):
            self.answer(200, f"It's Working in Python Service on PORT {self.server.server_port}", "text/plain")
        elif path == "/welcome":
            self.answer(200, self.server.configuration["greeting.message"], "text/plain")
        elif path.startswith("/actuator/health"):
            self.answer(200, '{"status":"UP"}')
        else:
            self.answer(404, json.dumps({"status": 404, "error": "Not Found", "path": path}))

    def orders(self, user):
        """From order-service through the gateway, in the trace of the request."""
        headers = {name: value for name in ("Authorization",) if (value := self.headers.get(name))}
        try:
            url = f"{self.server.configuration['gateway.url'].rstrip('/')}/order-service/{user}/orders"
            status, answered, body = ask("GET", url, headers={**headers, **self.trace()})
            self.answer(status, body.decode(), answered.get("Content-Type", "application/json"))
        except OSError as error:
            self.answer(503, json.dumps({"status": 503, "error": "Service Unavailable", "message": str(error)}))

    def trace(self):
        """B3 headers of a span below the caller's; of a new trace when there is none."""
        ids = (self.headers.get("b3") or "").split("-")
        if len(ids) < 2:
            ids = [self.headers.get("X-B3-TraceId"), self.headers.get("X-B3-SpanId"), self.headers.get("X-B3-Sampled")]
        if not all(one and re.fullmatch(r"[0-9a-f]{16}|[0-9a-f]{32}", one) for one in ids[:2]):
            ids = [secrets.token_hex(8), None, "1"]
        found = {"X-B3-TraceId": ids[0], "X-B3-SpanId": secrets.token_hex(8), "X-B3-ParentSpanId": ids[1]}
        if len(ids) > 2 and ids[2] in ("0", "1"):
            found["X-B3-Sampled"] = ids[2]
        return {name: value for name, value in found.items() if value}

    def answer(self, status, text, kind="application/json"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """A line for every request is too much."""


def main():
    configuration = read_configuration()
    host = configuration["server.address"]
    server = http.server.ThreadingHTTPServer((host, int(configuration["server.port"])), Handler)
    server.daemon_threads = True
    server.configuration = configuration
    own = socket.gethostbyname(socket.gethostname()) if host in ("", "0.0.0.0") else host
    lease = Lease(configuration, own, server.server_port)

    def stop(*_):
        # Not in the handler itself: shutdown() waits for the loop that it interrupts.
        lease.ending.set()
        threading.Thread(target=lambda: (lease.thread.join(), server.shutdown())).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    lease.thread.start()
    log(f"listens on port {server.server_port}")
    server.serve_forever()


if __name__ == "__main__":
    main()
