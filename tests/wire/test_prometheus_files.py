"""deploy/prometheus: the files are valid, the alerts fire, and a real Prometheus finds what they name."""

import json
import re
import signal
import subprocess
import urllib.parse

import pytest

from support.programs import BINARIES, ROOT, Program, fetch, free_port, tool, wait_until
from support.registry import Registry

FOLDER = ROOT / "deploy/prometheus"

# The three jobs, word for word.
SEED = """\
scrape_configs:
  - { job_name: user-service, scrape_interval: 15s, metrics_path: /user-service/actuator/prometheus, static_configs: [{ targets: ['localhost:8000'] }] }
  - { job_name: order-service, scrape_interval: 15s, metrics_path: /order-service/actuator/prometheus, static_configs: [{ targets: ['localhost:8000'] }] }
  - { job_name: apigateway-service, scrape_interval: 15s, metrics_path: /actuator/prometheus, static_configs: [{ targets: ['localhost:8000'] }] }
"""


def promtool(*arguments):
    done = subprocess.run([tool("promtool"), *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["seed.yml", "discovery.yml"])
def test_the_configuration_is_valid(name):
    promtool("check", "config", name)


def test_the_rules_are_valid_and_each_alert_fires_as_its_example_says():
    promtool("check", "rules", "alerts.yml")
    promtool("test", "rules", "alerts_test.yml")


def test_every_alert_has_an_example():
    alerts = re.findall(r"- alert: (\w+)", (FOLDER / "alerts.yml").read_text())
    examples = re.findall(r"alertname: (\w+)", (FOLDER / "alerts_test.yml").read_text())
    assert len(alerts) == len(set(alerts)) and set(alerts) == set(examples)
    listed = (FOLDER / "README.md").read_text()
    assert [alert for alert in alerts if alert not in listed] == []


def test_metrics_f21_instances_are_listed_within_a_second_and_dropped_when_they_leave(owner):
    registry = owner.add(Registry(owner.log_path("registry"))).wait_until_ready()

    def targets():
        return json.loads(registry.get("/sd/prometheus").text)

    assert targets() == []
    port = {"$": 8081, "@enabled": "true"}
    registry.enroll("ORDER-SERVICE", "one", ipAddr="10.0.0.7", port=port, metadata={"zone": "z1"})
    wait_until(targets, "the instance is listed", 1)
    (group,) = targets()
    assert group["targets"] == ["10.0.0.7:8081"] and group["labels"]["application"] == "order-service"
    assert registry.delete("/eureka/apps/ORDER-SERVICE/one").status == 200
    wait_until(lambda: targets() == [], "it is gone", 1)


def metrics_of(expression):
    """The names of the metrics in a PromQL expression."""
    expression = re.sub(r'"[^"]*"', "", expression)
    expression = re.sub(r"\{[^}]*\}|\[[^]]*\]|\b(by|without|on|ignoring) *\([^)]*\)", " ", expression)
    words = re.findall(r"[a-zA-Z_][a-zA-Z0-9_:]*(?! *\(|[a-zA-Z0-9_:])", expression)
    return {word for word in words if word not in ("and", "or", "unless", "up") and ":" not in word}


def test_metrics_f23_rules_name_only_metrics_that_a_whole_shop_has(owner, tmp_path):
    assert metrics_of('sum by (job, le) (rate(a_b{x="c_d"}[5m])) > 2 * e_f and up == 0') == {"a_b", "e_f"}
    rules = (FOLDER / "alerts.yml").read_text()
    expressions = re.findall(r"expr: (?:\|\n((?: {10,}.*\n)+)|(.*))", rules)
    assert len(expressions) == 21
    wanted = set().union(*(metrics_of(block or line) for block, line in expressions))

    gateway, registry = free_port(), free_port()
    up = owner.add(
        Program(
            [BINARIES / "flotilla", "up", "--data", tmp_path / "data", "--scale", "order=1",
             "--port", f"gateway={gateway}", "--port", f"registry={registry}", f"--eureka.consul.dns-port={free_port()}",
             "--metrics.distribution.percentiles-histogram.http.server.requests=true",
             f"--spring.zipkin.base-url=http://127.0.0.1:{free_port()}"],
            tmp_path / "up.log",
            cwd=ROOT,
        )
    )  # fmt: skip
    up.wait_for_log("Up in", 60)
    applications = json.loads(fetch(f"http://127.0.0.1:{registry}/eureka/apps", headers={"Accept": "application/json"}).text)
    ports = {one["port"]["$"] for app in applications["applications"]["application"] for one in app["instance"]}
    assert len(ports) == 4
    assert fetch(f"http://127.0.0.1:{gateway}/catalog-service/catalogs").status == 200
    seen = set()
    for port in ports | {registry}:
        text = fetch(f"http://127.0.0.1:{port}/actuator/prometheus").text
        seen |= set(re.findall(r"^([a-zA-Z_][a-zA-Z0-9_]*)[{ ]", text, re.MULTILINE))
    assert wanted <= seen, wanted - seen
    up.signal(signal.SIGINT)
    assert up.wait_for_exit(30) == 0


def test_the_seeds_file_is_as_it_was():
    assert (FOLDER / "seed.yml").read_text() == SEED


class Prometheus(Program):
    """A Prometheus with one of the files, its ports replaced, scraping each second."""

    def __init__(self, folder, file, ports):
        text = re.sub(r"(interval: )15s", r"\g<1>1s", (FOLDER / file).read_text())
        text = text.replace("  - alerts.yml", f"  - {FOLDER}/alerts.yml")
        for port, replacement in ports.items():
            text = text.replace(f"localhost:{port}", f"127.0.0.1:{replacement}")
        config = folder / file
        config.write_text(text)
        self.port = free_port()
        super().__init__(
            [tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            folder / "prometheus.log",
        )  # fmt: skip
        self.wait_for_port(self.port)

    def ask(self, path):
        answer = fetch(f"http://127.0.0.1:{self.port}/api/v1/{path}")
        return json.loads(answer.body)["data"] if answer.status == 200 else None

    def query(self, expression):
        """[(labels, value)]"""
        found = self.ask("query?query=" + urllib.parse.quote(expression)) or {"result": []}
        return [(one["metric"], float(one["value"][1])) for one in found["result"]]

    def up(self):
        return {labels["job"]: value for labels, value in self.query("up")}


def test_metrics_f22_discovery_scrapes_every_instance_of_every_service_as_a_job_of_its_name(owner, service, tmp_path):
    registry = owner.add(Registry(owner.log_path("registry"))).wait_until_ready()
    hello = service(
        "hello",
        {
            "spring.application.name": "hello",
            "server.address": "127.0.0.1",
            "management.endpoints.web.exposure.include": "prometheus",
            "eureka.client.service-url.defaultZone": registry.url("/eureka/"),
        },
    )
    node_port = free_port()
    owner.add(
        Program(
            [tool("node"), ROOT / "examples/node-service/index.js", f"--server.port={node_port}", "--server.address=127.0.0.1",
             f"--eureka.client.service-url.defaultZone={registry.url('/eureka/')}"],
            tmp_path / "node.log",
        )
    )  # fmt: skip
    prometheus = owner.add(Prometheus(tmp_path, "discovery.yml", {8761: registry.port}))
    wait_until(lambda: prometheus.up() == {"registry": 1, "hello": 1, "node-service": 1}, "all are scraped", 30)
    ((labels, _),) = prometheus.query('up{job="hello"}')
    assert labels["instance"] == f"127.0.0.1:{hello.port}"
    assert labels["application"] == "hello" and labels["instance_id"]
    rules = prometheus.ask("rules")
    assert sum(len(group["rules"]) for group in rules["groups"]) == (FOLDER / "alerts.yml").read_text().count(" expr: ")
    wait_until(lambda: prometheus.query("job:http_server_requests:rate1m"), "the recording rules work", 30)
    # Pending is fine: a registry of a minute's age has not seen its renewals yet, as Eureka's has not.
    assert not [alert for alert in prometheus.ask("alerts")["alerts"] if alert["state"] == "firing"]


def test_the_seeds_file_scrapes_users_orders_and_the_gateway_through_the_gateway(owner, tmp_path):
    gateway = free_port()
    up = owner.add(
        Program(
            [BINARIES / "flotilla", "up", "--data", tmp_path / "data", "--scale", "order=1",
             "--port", f"gateway={gateway}", "--port", f"registry={free_port()}", f"--eureka.consul.dns-port={free_port()}"],
            tmp_path / "up.log",
            cwd=ROOT,
        )
    )  # fmt: skip
    up.wait_for_log("Up in", 60)
    prometheus = owner.add(Prometheus(tmp_path, "seed.yml", {8000: gateway}))
    jobs = ("user-service", "order-service", "apigateway-service")
    wait_until(lambda: prometheus.up() == dict.fromkeys(jobs, 1), "all three are scraped", 30)
    # what the course looks at in Grafana: requests, meters of its own, the gateway's routes, the machine
    for expression in (
        *(f'http_server_requests_seconds_count{{job="{job}"}}' for job in jobs),
        *(f'process_cpu_usage{{job="{job}"}}' for job in jobs),
        'spring_cloud_gateway_requests_seconds_count{routeId="user-operations"}',
        'spring_cloud_gateway_requests_seconds_sum{routeId="order-operations"}',
        'resilience4j_circuitbreaker_state{job="user-service", state="closed"}',
        'hikaricp_connections_max{job="order-service"}',
    ):
        wait_until(lambda wanted=expression: prometheus.query(wanted), expression, 30)
    up.signal(signal.SIGINT)
    assert up.wait_for_exit(30) == 0
