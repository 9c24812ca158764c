"""The demo of examples/harbour.yml: ferries call lighthouses by name, under load, while lighthouses die and come back."""

import collections
import json
import re
import signal
import threading
import urllib.request

import pytest
from shop_support.stream import Stream
from support.programs import BINARIES, ROOT, Owner, Program, Service, fetch, free_port, wait_until

NOBODY = "nobody"


class EventReader:
    """Keeps the JSON of a stream of server-sent events, as a dashboard reads it."""

    def __init__(self, url):
        self.events = collections.deque(maxlen=10_000)
        self._stream = urllib.request.urlopen(url, timeout=30)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for line in self._stream:
                if line.startswith(b"data:"):
                    self.events.append(json.loads(line[5:]))
        except (OSError, ValueError, AttributeError):
            pass  # the ferry has ended, and the stream with it

    def commands(self):
        return [event for event in list(self.events) if event.get("type") == "HystrixCommand"]


class Harbour:
    """The fleet of the file without its lighthouses, which the test starts and kills by itself: nobody starts them again."""

    def __init__(self, owner, folder):
        self.owner = owner
        self.registry_port, self.ferry_port = free_port(), free_port(2)
        self.fleet = owner.add(
            Program(
                [BINARIES / "flotilla", "up", "--file", "examples/harbour.yml", "--without", "hello,lighthouse",
                 "--data", folder / "data", "--scale", "ferry=2", "--port", f"registry={self.registry_port}",
                 "--port", f"ferry={self.ferry_port}", f"--eureka.consul.dns-port={free_port()}"],
                folder / "up.log",
                cwd=ROOT,
            )
        )  # fmt: skip
        self.fleet.wait_for_log("Up in", 30)

    def light(self, port=None):
        properties = {
            "server.port": port or free_port(),
            "server.address": "127.0.0.1",
            "eureka.client.service-url.defaultZone": f"http://127.0.0.1:{self.registry_port}/eureka/",
        }
        return self.owner.add(Service("lighthouse", self.owner.log_path("lighthouse"), properties)).wait_until_ready()

    def url(self, path, ferry=0):
        return f"http://127.0.0.1:{self.ferry_port + ferry}{path}"

    def depart(self):
        return fetch(self.url("/ferry/busan"))

    def teller(self):
        """Which lighthouse the first ferry has heard of the weather, by its process id; or nobody."""
        answer = self.depart()
        assert answer.status == 200, answer.text
        return told_by(answer)

    def breaker(self):
        return json.loads(fetch(self.url("/actuator/circuitbreakers")).body)["circuitBreakers"]["lighthouse"]

    def transitions(self):
        events = json.loads(fetch(self.url("/actuator/circuitbreakerevents/lighthouse/STATE_TRANSITION")).body)
        return [event["stateTransition"] for event in events["circuitBreakerEvents"]]


def told_by(answer):
    return json.loads(answer.body)["weather"]["toldBy"].removeprefix("lighthouse ")


@pytest.fixture
def harbour(tmp_path):
    owner = Owner(tmp_path)
    try:
        yield Harbour(owner, tmp_path)
    finally:
        owner.stop_all()


def kill(lighthouse):
    lighthouse.signal(signal.SIGKILL)
    lighthouse.wait_for_exit()


def test_s18_s41_s42_lighthouses_die_under_load_and_come_back(harbour):
    first, second = harbour.light(), harbour.light()
    both = {str(first.pid), str(second.pid)}
    wait_until(lambda: harbour.teller() in both, "the ferry knows a lighthouse")
    seen = set()
    wait_until(lambda: seen.add(harbour.teller()) or both <= seen, "the ferry knows both")
    hystrix = EventReader(harbour.url("/hystrix.stream"))
    # The other ferry, which calls nobody, tells of both of them.
    turbine = EventReader(harbour.url("/turbine.stream?cluster=ferry", ferry=1))

    threads = 8
    with Stream(harbour.depart, 200, threads) as departures:
        wait_until(lambda: len(departures.results) > 200, "ferries depart")
        kill(first)
        dead = len(departures.results)
        wait_until(lambda: len(departures.results) > dead + 600, "ferries depart with one lighthouse")
        answers = departures.since(0)
        assert {status for _, status, _ in answers} == {200}
        tellers = [told_by(answer) for _, _, answer in answers]
        # Calls that were under way are tried at the other one, three of them at once; no more are lost than were under way.
        assert tellers.count(NOBODY) <= threads - 3, tellers.count(NOBODY)
        assert set(tellers[-200:]) == {str(second.pid)}
        assert harbour.breaker()["state"] == "CLOSED"

        kill(second)
        wait_until(lambda: harbour.breaker()["state"] == "OPEN", "the circuit opens")
        alone = departures.now
        wait_until(lambda: len(departures.since(alone)) > 200, "ferries wait in the harbour")
        answers = departures.since(alone)
        assert {status for _, status, _ in answers} == {200}
        assert {told_by(answer) for _, _, answer in answers[threads:]} == {NOBODY}
    assert set(departures.statuses()) == {200}
    wait_until(lambda: [e for e in hystrix.commands() if e["isCircuitBreakerOpen"] is True], "a dashboard sees it open")

    again = harbour.light(port=first.port)
    states = []

    def recovered():
        teller = harbour.teller()
        states.append(harbour.breaker()["state"])
        return teller == str(again.pid) and states[-1] == "CLOSED"

    # One call at a time, so that each state is seen: three probes close the circuit.
    wait_until(recovered, "the circuit closes", 30)
    assert "HALF_OPEN" in states, states
    assert harbour.transitions()[-2:] == ["OPEN_TO_HALF_OPEN", "HALF_OPEN_TO_CLOSED"]
    closed = r'resilience4j_circuitbreaker_state\{[^}]*name="lighthouse"[^}]*state="closed"\} 1\.0'
    assert re.search(closed, fetch(harbour.url("/actuator/prometheus")).text)

    before = len(hystrix.commands())
    wait_until(
        lambda: [e for e in hystrix.commands()[before:] if e["isCircuitBreakerOpen"] is False], "a dashboard sees it closed"
    )
    assert {e["name"] for e in hystrix.commands()}
    wait_until(lambda: [e for e in turbine.commands() if e.get("reportingHosts") == 2], "both ferries are told of together")
    merged = [e for e in turbine.commands() if e["reportingHosts"] == 2]
    assert {e["name"] for e in merged} == {e["name"] for e in hystrix.commands()}


def test_a_stream_of_a_cluster_that_is_none_is_not_found(harbour):
    answer = fetch(harbour.url("/turbine.stream?cluster=nobody"))
    assert (answer.status, answer.text) == (404, "Cluster not found")
