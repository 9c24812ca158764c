"""Spans on their way out, when nobody takes them."""

import socket
import statistics
import time

import pytest


@pytest.fixture
def silence():
    """The port of a listener that accepts and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def milliseconds(service, times):
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        assert service.get("/hello").status == 200
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def test_S48_a_silent_trace_server_slows_nobody_and_what_is_lost_is_counted(service, silence):
    options = {"tracing.sampler.probability": "1", "management.endpoints.web.exposure.include": "prometheus"}
    reporting = {
        "management.zipkin.tracing.endpoint": f"http://127.0.0.1:{silence}/api/v2/spans",
        "tracing.reporter.queued-max-spans": "20",
        "tracing.reporter.message-timeout": "1ms",
        "tracing.reporter.close-timeout": "100ms",
    }
    without = service("hello", options)
    traced = service("hello", {**options, **reporting})
    usual, troubled = [], []
    for _ in range(10):  # in turns, so that what else this machine does meets both
        usual += milliseconds(without, 20)
        troubled += milliseconds(traced, 20)
    assert statistics.median(troubled) < statistics.median(usual) + 5

    scrape = traced.get("/actuator/prometheus").text
    figures = dict(line.split() for line in scrape.splitlines() if line.startswith("zipkin_reporter_"))
    assert float(figures["zipkin_reporter_queue_spans"]) == 20
    assert float(figures["zipkin_reporter_spans_dropped_total"]) == 180
    began = time.monotonic()
    assert traced.stop() == 0
    assert time.monotonic() - began < 3, "its end does not wait for an answer that never comes"
    assert "20 spans were not reported in time" in traced.log()
