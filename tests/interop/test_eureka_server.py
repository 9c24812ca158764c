"""Our registry beside a real Spring Cloud Netflix Eureka server: the same seeded requests, the same answers.

What may differ is told by excuse(), with its reason in docs/discovery.md. FLOTILLA_SEED=n repeats one run,
FLOTILLA_REQUESTS=n makes it longer.
"""

import http.client
import json
import os
import random
import re
import urllib.parse
import xml.etree.ElementTree as ET

import pytest

from support.registry import instance

REQUESTS = int(os.environ.get("FLOTILLA_REQUESTS", "3000"))
SEEDS = [int(os.environ["FLOTILLA_SEED"])] if "FLOTILLA_SEED" in os.environ else [1, 2, 3]
APPS = ["ALPHA", "BETA_TWO", "GAMMA"]
STATUSES = ["UP", "DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN"]
PEER = {"x-netflix-discovery-replication": "true"}


class Server:
    """One of the two, over one connection."""

    def __init__(self, port):
        self.port = port
        self.connection = None

    def ask(self, method, path, headers, body):
        for attempt in range(2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                self.connection.putrequest(method, path, skip_accept_encoding=True)
                for name, value in headers.items():
                    self.connection.putheader(name, value)
                if body is not None or method in ("PUT", "POST"):
                    self.connection.putheader("Content-Length", str(len(body or b"")))
                self.connection.endheaders(body)
                answer = self.connection.getresponse()
                return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt:
                    raise


# ---- requests -----------------------------------------------------------------------------------------------------------


class Maker:
    """Requests that mean something more often than not: few applications, few ids."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.dirty = 1000

    def one(self):
        kinds = [self.enroll] * 5 + [self.heartbeat] * 5 + [self.override, self.delete_override, self.metadata, self.cancel]
        kinds += [self.read] * 6 + [self.malformed, self.odd]
        return self.random.choice(kinds)()

    def app(self):
        return self.random.choice(APPS)

    def id_of(self, app):
        return f"host-{self.random.randrange(4)}:{app.lower()}:8080"

    def path(self, app, id):
        shown = app.lower() if self.random.random() < 0.2 else app
        return f"/eureka/apps/{shown}/" + (urllib.parse.quote(id) if self.random.random() < 0.3 else id)

    def headers(self, **more):
        accept = self.random.choice(["application/json"] * 6 + ["application/xml", "*/*", None, "application/json, application/*+json"])
        headers = {"Accept": accept} if accept else {}
        if self.random.random() < 0.15:
            headers.update(PEER)
        headers.update(more)
        return headers

    def timestamp(self):
        if self.random.random() < 0.3:
            self.dirty += 1
        return self.random.choice([self.dirty, self.dirty, self.dirty, self.dirty - 5, self.dirty + 3])

    def document(self, app, id):
        status = self.random.choice(STATUSES + ["UP"] * 5)
        members = {
            "status": status,
            "lastDirtyTimestamp": self.random.choice([str, int])(self.timestamp()),
            "leaseInfo": {"renewalIntervalInSecs": 30, "durationInSecs": self.random.choice([90, 600, "300"])},
            "vipAddress": app.lower(),
            "secureVipAddress": f"{app.lower()}-s",
            "metadata": self.random.choice([{}, {"zone": "a"}, {"my_key": "x", "a b": "<&>"}, {"n": 1, "t": True}, None]),
        }
        spice = self.random.random()
        if spice < 0.05:
            members["port"] = {"$": str(self.random.randrange(65536)), "@enabled": self.random.choice([True, "false", False])}
        elif spice < 0.08:
            members["port"] = None
        elif spice < 0.11:
            members["countryId"] = self.random.choice(["7", 2.9, "x"])
        elif spice < 0.14:
            members["unknownMember"] = self.random.choice([1, "text", True, None])
        elif spice < 0.17:
            members["status"] = self.random.choice(["up", "Nonsense", None])
        elif spice < 0.2:
            members["homePageUrl"] = self.random.choice(["", "http://h/é€", None])
        elif spice < 0.23:
            members["overriddenStatus"] = self.random.choice(STATUSES)
        elif spice < 0.26:
            members["appGroupName"] = "group"
            members["asgName"] = "asg"
            members["sid"] = self.random.choice(["na", "s1"])
        elif spice < 0.3:
            lacking = self.random.choice(["hostName", "ipAddr", "instanceId", "dataCenterInfo", "app", "leaseInfo", "vipAddress"])
            members[lacking] = self.random.choice([None, ""]) if lacking not in ("dataCenterInfo", "leaseInfo") else None
        return instance(app, id, **members)

    def enroll(self):
        app = self.app()
        id = self.id_of(app)
        document = self.document(app, id)
        if self.random.random() < 0.05:
            document["app"] = "OTHER"
        if self.random.random() < 0.25:
            return "POST", f"/eureka/apps/{app}", self.headers(**{"Content-Type": "application/xml"}), to_xml(document).encode()
        body = json.dumps({"instance": document}).encode()
        return "POST", f"/eureka/apps/{app}", self.headers(**{"Content-Type": "application/json"}), body

    def heartbeat(self):
        app = self.app()
        query = self.random.choice(["", f"?lastDirtyTimestamp={self.timestamp()}", f"?status=UP&lastDirtyTimestamp={self.timestamp()}"])
        if self.random.random() < 0.03:
            query = self.random.choice(["?lastDirtyTimestamp=abc", "?lastDirtyTimestamp="])
        return "PUT", self.path(app, self.id_of(app)) + query, self.headers(), None

    def override(self):
        app = self.app()
        value = self.random.choice([f"?value={s}" for s in STATUSES] + ["", "?value=BOGUS", "?value=up"])
        return "PUT", self.path(app, self.id_of(app)) + "/status" + value, self.headers(), None

    def delete_override(self):
        app = self.app()
        value = self.random.choice(["", "?value=UP", "?value=BOGUS", "?value=DOWN"])
        return "DELETE", self.path(app, self.id_of(app)) + "/status" + value, self.headers(), None

    def metadata(self):
        app = self.app()
        query = self.random.choice(["a=1&b=2", "k=x+y", "d", "a=1&a=2", "my_key=z"])
        return "PUT", self.path(app, self.id_of(app)) + "/metadata?" + query, self.headers(), None

    def cancel(self):
        app = self.app()
        return "DELETE", self.path(app, self.id_of(app)), self.headers(), None

    def read(self):
        app = self.app()
        id = self.id_of(app)
        path = self.random.choice(
            ["/eureka/apps", "/eureka/apps/", "/eureka/v2/apps", "/eureka/apps/delta", f"/eureka/apps/{app}", f"/eureka/apps/{app}/",
             f"/eureka/apps/{app}/{id}", f"/eureka/instances/{id}", f"/eureka/vips/{app.lower()}", f"/eureka/svips/{app.lower()}-s",
             "/eureka/apps/NOBODY", "/eureka/vips/nobody", "/eureka/instances/nobody"]
        )
        headers = self.headers()
        if self.random.random() < 0.2 and "vips" not in path:  # the original's compact vips are stale for minutes
            headers["X-Eureka-Accept"] = "compact"
        return "GET", path, headers, None

    def malformed(self):
        app = self.app()
        whole = json.dumps({"instance": self.document(app, self.id_of(app))})
        xml = to_xml(self.document(app, self.id_of(app)))
        kind, body = self.random.choice(
            [("json", "{"), ("json", "[]"), ("json", "null"), ("xml", "<application/>"), ("json", "{}"), ("json", '{"other":{}}'), ("json", whole[: len(whole) // 2]),
             ("json", '{"instance":{"hostName":"h"}}'), ("json", '{"instance":{"app":"' + app + '","port":"http"}}'),
             ("json", '{"instance":{"app":"' + app + '","dataCenterInfo":{"@class":"x","name":"MyOwn"}}}'),
             ("json", '{"instance":{"app":"' + app + '","dataCenterInfo":{"name":"Nowhere"}}}'),
             ("xml", "<"), ("xml", "text"), ("xml", "<instance>"), ("xml", xml[: len(xml) // 2]), ("xml", xml + "more"),
             ("xml", "<!DOCTYPE instance>" + xml), ("xml", "<!DOCTYPE i [<!ENTITY a 'b'>]><instance><app>&a;</app></instance>")]
        )
        return "POST", f"/eureka/apps/{app}", {"Accept": "application/json", "Content-Type": f"application/{kind}"}, body.encode()

    def odd(self):
        app = self.app()
        body = json.dumps({"instance": instance(app, self.id_of(app))}).encode()
        return self.random.choice(
            [("GET", "/eureka/apps", {"Accept": "text/plain"}, None),
             ("PUT", self.path(app, self.id_of(app)), {"Accept": "text/html"}, None),
             ("DELETE", f"/eureka/apps/{app}/none", {"Accept": "text/plain"}, None),
             ("POST", f"/eureka/apps/{app}", {"Accept": "application/json", "Content-Type": "text/xml"}, body),
             ("POST", f"/eureka/apps/{app}", {"Accept": "application/json"}, body),
             ("POST", f"/eureka/apps/{app}", {"Accept": "application/json", "Content-Type": "application/json;charset=utf-16"}, body),
             ("POST", "/eureka/apps/delta", {"Accept": "application/json", "Content-Type": "application/json"}, body),
             ("GET", "/eureka/Apps", {"Accept": "application/json"}, None),
             ("GET", "/eureka/apps//", {"Accept": "application/json"}, None),
             ("GET", "/eureka/v1/apps", {"Accept": "application/json"}, None),
             ("PATCH", "/eureka/apps", {"Accept": "application/json"}, None),
             ("PUT", "/eureka/asg/x/status?value=ENABLED", {"Accept": "application/json"}, None),
             ("GET", f"/eureka/apps/{app}/a%2Fb", {"Accept": "application/json"}, None)]
        )


def to_xml(document):
    """The registration as XML, as the documents of Eureka have it."""
    root = ET.Element("instance")
    for name, value in document.items():
        if value is None:
            continue
        if name in ("port", "securePort"):
            if isinstance(value, dict):
                port = ET.SubElement(root, name, enabled=str(value["@enabled"]).lower())
                port.text = str(value["$"])
        elif name == "dataCenterInfo":
            ET.SubElement(ET.SubElement(root, name, {"class": value["@class"]}), "name").text = value["name"]
        elif name == "metadata":
            metadata = ET.SubElement(root, name)
            for key, text in value.items():
                escaped = key.replace("_", "__").replace(" ", "_.0020")
                ET.SubElement(metadata, escaped).text = str(text)
        elif name == "leaseInfo":
            lease = ET.SubElement(root, name)
            for key, number in value.items():
                ET.SubElement(lease, key).text = str(number)
        else:
            ET.SubElement(root, name).text = str(value)
    return ET.tostring(root, encoding="unicode")


# ---- what counts as the same ----------------------------------------------------------------------------------------------

TIMES = ("lastUpdatedTimestamp", "registrationTimestamp", "lastRenewalTimestamp")


def settled_instance(found):
    """Without what depends on the time of day."""
    out = {k: v for k, v in found.items() if k not in TIMES}
    if out.get("instanceId") == "":
        del out["instanceId"]  # the original writes an empty one
    if isinstance(out.get("leaseInfo"), dict):
        lease = {k: v for k, v in out["leaseInfo"].items() if k not in TIMES}
        for moment in ("serviceUpTimestamp", "evictionTimestamp"):
            lease[moment] = str(lease.get(moment, 0)) != "0"
        out["leaseInfo"] = lease
    if len(str(out.get("lastDirtyTimestamp", ""))) > 10:
        out["lastDirtyTimestamp"] = "now"
    return out


def name_of(node):
    return str(node.get("instanceId", node.get("name", ""))) if isinstance(node, dict) else ""


def settled_json(node):
    if isinstance(node, list):
        return sorted((settled_json(n) for n in node), key=lambda n: (name_of(n), json.dumps(n, sort_keys=True)))
    if isinstance(node, dict):
        if "hostName" in node or "ipAddr" in node:
            node = settled_instance(node)
        return {k: settled_json(v) for k, v in node.items() if k not in ("versions__delta", "timestamp")}
    return node


def xml_name(name):
    name = re.sub(r"_\.([0-9a-fA-F]{4})|__|_-", lambda m: chr(int(m[1], 16)) if m[1] else {"__": "_", "_-": "$"}[m[0]], name)
    return name


def xml_tree(element):
    """Elements as dicts, so that the same rules hold as for JSON."""
    if element.tag in ("applications", "application"):
        out = {"#": []}
        for child in element:
            if child.tag in ("application", "instance"):
                out["#"].append(xml_tree(child))
            elif child.tag != "versions__delta":
                out[child.tag] = child.text or ""
        return out
    if len(element) == 0:
        return [element.text or "", dict(element.attrib)] if element.attrib else (element.text or "")
    out = {xml_name(child.tag): xml_tree(child) for child in element}
    out.update({"@" + k: v for k, v in element.attrib.items()})
    return out


def settled(answer, single):
    """The body as something that can be compared; None for what only means an error."""
    status, headers, body = answer
    text = body.decode(errors="replace")
    if status == 400:
        return text if text.startswith(("Missing", "Mismatched")) or "cannot parse" in text else None
    if status not in (200, 204, 409):
        return None  # the framework's own documents
    if not body:
        return ""
    if text.lstrip().startswith("<"):
        tree = xml_tree(ET.fromstring(text))
        if single and tree.get("status") in ("OUT_OF_SERVICE", "UNKNOWN"):
            tree["status"] = "DOWN"  # the original shows it so
        if single and tree.get("overriddenstatus") in ("OUT_OF_SERVICE", "UNKNOWN"):
            tree["overriddenstatus"] = "DOWN"
        return settled_json(tree)
    return settled_json(json.loads(text))


def first_difference(a, b, path=""):
    """Where two settled bodies part."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            if a.get(key, "absent") != b.get(key, "absent"):
                return first_difference(a.get(key, "absent"), b.get(key, "absent"), f"{path}/{key}")
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return first_difference(x, y, f"{path}/{name_of(x)}")
    return f"{path}: {str(a)[:400]} / {str(b)[:400]}"


def excuse(method, path, headers, body, theirs, ours):
    """The name of a difference that docs/discovery.md explains, or None."""
    text = (body or b"").decode(errors="replace")
    if method == "POST" and theirs[0] == 500 and ours[0] == 400 and text in ("null", "<application/>"):
        return "a document of nothing is the client's mistake"
    return None


# ---- the test -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_agree_with_springs_server(spring_eureka, our_registry, seed):
    theirs, ours = Server(spring_eureka()), Server(our_registry().port)
    maker = Maker(seed)
    differences = []
    excused = {}
    for number in range(REQUESTS):
        method, path, headers, body = maker.one()
        a = theirs.ask(method, path, headers, body)
        b = ours.ask(method, path, headers, body)
        single = re.search(r"/apps/[^/]+/[^/?]+(\?|$)", path) is not None or "/instances/" in path
        same = a[0] == b[0] and settled(a, single) == settled(b, single)
        if same and a[0] == 200 and a[2] and a[1].get("content-type") != b[1].get("content-type"):
            same = False
        if same:
            continue
        reason = excuse(method, path, headers, body, a, b)
        if reason:
            excused[reason] = excused.get(reason, 0) + 1
            continue
        differences.append(
            f"#{number} {method} {path} {headers}\n  > {(body or b'').decode(errors='replace')}\n"
            f"  Spring / ours: {a[0]} {a[1].get('content-type')} / {b[0]} {b[1].get('content-type')}\n"
            f"  {first_difference(settled(a, single), settled(b, single))}"
        )
        if len(differences) >= 10:
            break
    print(f"seed {seed}: {REQUESTS} requests, excused: {excused}")
    assert not differences, "\n\n".join(differences)
