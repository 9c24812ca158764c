"""A registry of ours, and what clients of Eureka send it."""

import json
import urllib.parse

from support.programs import BINARIES, Program, fetch, free_port, wait_until


class Registry(Program):
    """`flotilla registry` on free ports. Further properties by name; one that is None is left to the registry."""

    def __init__(self, log, properties=None):
        properties = {
            "server.port": free_port(),
            "eureka.consul.dns-port": free_port(),
            "eureka.consul.dns-address": "127.0.0.1",
            **(properties or {}),
        }
        properties = {name: value for name, value in properties.items() if value is not None}
        self.port = int(properties["server.port"])
        self.dns_port = int(properties.get("eureka.consul.dns-port", 8600))
        self.properties = properties
        self.headers = {}  # with every request: credentials, say
        super().__init__([BINARIES / "flotilla", "registry", *(f"--{k}={v}" for k, v in properties.items())], log)

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def wait_until_ready(self):
        self.wait_for_port(self.port)
        wait_until(lambda: self.get("/eureka/apps").status != 503, "the registry has asked its peers")
        return self

    def ask(self, method, path, body=None, headers=None, timeout=5):
        """One request; JSON is wanted unless the headers say otherwise."""
        headers = {"Accept": "application/json", **self.headers, **(headers or {})}
        headers = {k: v for k, v in headers.items() if v is not None}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        return fetch(self.url(path), method, body, headers, timeout)

    def get(self, path, headers=None, timeout=5):
        return self.ask("GET", path, headers=headers, timeout=timeout)

    def put(self, path, headers=None):
        return self.ask("PUT", path, headers=headers)

    def delete(self, path, headers=None):
        return self.ask("DELETE", path, headers=headers)

    def enroll(self, app, id, headers=None, **members):
        answer = self.ask("POST", f"/eureka/apps/{app}", {"instance": instance(app, id, **members)}, headers)
        assert answer.status == 204, answer.text
        return answer

    def instance(self, app, id):
        return json.loads(self.get(f"/eureka/apps/{app}/{urllib.parse.quote(id)}").body)["instance"]

    def ids(self, app):
        """The ids of an application; none when it is not there."""
        answer = self.get(f"/eureka/apps/{app}")
        if answer.status == 404:
            return []
        return sorted(i["instanceId"] for i in json.loads(answer.body)["application"]["instance"])

    def delta(self, query=""):
        return json.loads(self.get("/eureka/apps/delta" + query).body)["applications"]


def instance(name, id, /, **members):
    """A registration as Spring's client sends it. A member given as None is left out."""
    whole = {
        "instanceId": id,
        "hostName": "h1",
        "app": name,
        "ipAddr": "10.0.0.5",
        "status": "UP",
        "port": {"$": 8080, "@enabled": "true"},
        "securePort": {"$": 443, "@enabled": "false"},
        "dataCenterInfo": {
            "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo",
            "name": "MyOwn",
        },
        "leaseInfo": {"renewalIntervalInSecs": 30, "durationInSecs": 90},
        "metadata": {"management.port": "8080"},
        "vipAddress": name.lower(),
        "lastDirtyTimestamp": 100,
    }
    whole.update(members)
    return {k: v for k, v in whole.items() if v is not None}
