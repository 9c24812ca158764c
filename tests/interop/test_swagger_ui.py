"""What our services say of their APIs, before an outside judge; and a person at Swagger UI, with a browser of Debian's."""

import json
import os
import subprocess

import pytest

from support.programs import Service, fetch, tool


@pytest.fixture
def described(programs, tmp_path):
    """described("hello", {...}): one of our programs, ready."""

    def start(name, properties=None):
        properties = {"server.address": "127.0.0.1", **(properties or {})}
        return programs(Service(name, tmp_path / f"{name}.log", properties)).wait_until_ready()

    return start


def run_node(folder, *arguments):
    done = subprocess.run([tool("node"), *arguments], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("version", ["openapi_3_0", "openapi_3_1"])
@pytest.mark.parametrize("name", ["hello", "ferry", "stock"])
def test_an_outside_judge_finds_nothing_wrong_with_a_description(described, node_clients, name, version):
    properties = {"springdoc.api-docs.version": version, "springdoc.show-actuator": "true"}
    service = described(name, {**properties, "management.endpoints.web.exposure.include": "*"})
    assert run_node(node_clients, "check_openapi.mjs", service.url("/v3/api-docs")).strip() == name


def test_the_service_does_what_its_description_says(described, node_clients):
    hello = described("hello", {"springdoc.api-docs.version": "openapi_3_1"})
    seed = os.environ.get("FLOTILLA_SEED", "7")
    result = json.loads(run_node(node_clients, "contract.mjs", hello.url(""), "post", "/orders", seed, "1000"))
    assert result["disagreements"] == [], f"seed {seed}"
    assert min(result["seen"].get("201", 0), result["seen"].get("400", 0)) > 100, result["seen"]


@pytest.mark.parametrize("offers", ["one", "several"])
def test_a_person_tries_out_hello(described, node_clients, offers):
    urls = {
        "springdoc.swagger-ui.urls[0].name": "hello",
        "springdoc.swagger-ui.urls[0].url": "/v3/api-docs",
        "springdoc.swagger-ui.urls[1].name": "copy",
        "springdoc.swagger-ui.urls[1].url": "/v3/api-docs.yaml",
    }
    hello = described("hello", urls if offers == "several" else {})
    seen = json.loads(run_node(node_clients, "swagger_ui.mjs", tool("chromium"), hello.url("/swagger-ui.html")))
    assert seen["title"].startswith("hello")

    greeting = seen["greeting"]
    assert greeting["summary"] == "Greets somebody by name"
    assert greeting["url"] == hello.url("/hello/Ada")
    assert greeting["status"] == "200"
    assert json.loads(greeting["body"]) == {"message": "Hello, Ada"}

    # The example that the page makes of the schema passes the rules beside the fields.
    order = seen["order"]
    assert order["status"] == "201", order
    assert json.loads(order["body"])["status"] == "accepted"

    assert seen["complaints"] == [], "nothing against the content security policy, no error of a script"
    assert seen["styled"] == "1px"
    assert seen["chosen"] == ("copy" if offers == "several" else None)
    assert all(url.startswith(hello.url("/")) for url in seen["asked"]), seen["asked"]


def test_its_files_are_kept_by_the_browser(described):
    hello = described("hello")
    script = fetch(hello.url("/swagger-ui/swagger-ui-bundle.js"), headers={"Accept-Encoding": "gzip"})
    assert script.status == 200 and script.headers["content-encoding"] == "gzip"
    assert "max-age" in script.headers["cache-control"]
    again = fetch(hello.url("/swagger-ui/swagger-ui-bundle.js"), headers={"If-None-Match": script.headers["etag"]})
    assert again.status == 304 and again.body == b""
