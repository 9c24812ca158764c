"""A fleet of the shop under `flotilla up`, and what its clients do."""

import concurrent.futures
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import uuid

from shop_support.tokens import token_for
from support.programs import BINARIES, ROOT, Program, fetch, free_port, wait_until

SECRET = "the secret of the shop under test, which is long enough for HMAC with SHA-512"
PASSWORD = "test1111"
START_LIMIT = 30


def is_ready(base):
    try:
        return fetch(f"{base}/actuator/health/readiness", timeout=1).status == 200
    except OSError:
        return False


class Customer:
    def __init__(self, email, user_id, token):
        self.email = email
        self.user_id = user_id
        self.token = token

    @property
    def bearer(self):
        return {"Authorization": f"Bearer {self.token}"}


class Shop(Program):
    """`flotilla up` in the foreground. Properties are given to every part, with `{gateway}` for its URL (None takes one
    away that a test has otherwise); `routes` is a file for the gateway."""

    def __init__(
        self, folder, properties=None, scale=None, arguments=(), fleet_file=None, routes=None, env=None, ports=None
    ):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.beside = []
        self.gateway_port, self.registry_port = ports or (free_port(), free_port())
        self.properties = {
            "token.secret": SECRET,
            "eureka.consul.dns-port": free_port(),
            # What a test wants to see soon happens soon.
            "eureka.client.registry-fetch-interval-seconds": 1,
            "management.endpoint.env.post.enabled": "true",
            "management.endpoints.web.exposure.include": "*",
            **(properties or {}),
        }
        self.properties = {name: value for name, value in self.properties.items() if value is not None}
        command = [BINARIES / "flotilla", "up", "--data", self.data]
        command += ["--port", f"gateway={self.gateway_port}", "--port", f"registry={self.registry_port}"]
        for part, count in (scale or {}).items():
            command += ["--scale", f"{part}={count}"]
        if routes:
            fleet_file = self.folder / "fleet.yml"
            preset = "--flotilla.gateway.preset=shop"
            own = f"--spring.config.additional-location={ROOT / routes}"
            fleet_file.write_text(self.printed_fleet().replace(preset, own))
        if fleet_file:
            command += ["--file", fleet_file]
        for name, value in self.properties.items():
            self.properties[name] = str(value).replace("{gateway}", self.url())
        command += [f"--{name}={value}" for name, value in self.properties.items()]
        super().__init__([*command, *arguments], self.folder / "up.log", cwd=ROOT, env=env)

    def wait_until_up(self):
        line = self.wait_for_log("Up in", START_LIMIT)
        self.seconds_to_start = float(re.search(r"Up in ([0-9.]+) s", line)[1])
        return self

    # ---- the fleet ---------------------------------------------------------------------------------------------

    def status(self):
        """By name of the part: pid, port, health, memory_bytes, ..."""
        done = subprocess.run(
            [BINARIES / "flotilla", "status", "--data", self.data, "--json"],
            stdout=subprocess.PIPE,
            text=True,
            timeout=30,
        )
        return {part["name"]: {"pid": None, **part} for part in json.loads(done.stdout)}

    def parts(self, group):
        return {name: part for name, part in self.status().items() if re.fullmatch(rf"{group}(-\d+)?", name)}

    def signal_part(self, name, number):
        pid = self.status()[name]["pid"]
        os.kill(pid, number)
        return pid

    def kill(self, name):
        """kill -9; the supervisor starts it again."""
        return self.signal_part(name, signal.SIGKILL)

    def wait_until_well(self, limit=START_LIMIT):
        wait_until(
            lambda: all(part["health"] == "up" for part in self.status().values()), "every part is well", limit
        )

    def wait_until_reborn(self, name, pid, limit=START_LIMIT):
        def reborn():
            part = self.status()[name]
            return part["pid"] not in (None, pid) and part["health"] == "up"

        wait_until(reborn, f"{name} is up again", limit)

    def instance_url(self, name):
        return f"http://127.0.0.1:{self.status()[name]['port']}"

    def instances(self, group):
        return [f"http://127.0.0.1:{part['port']}" for part in self.parts(group).values()]

    def set_flag(self, group, name, value):
        """A property, at run time, in every instance of a part."""
        for base in self.instances(group):
            answer = self.ask("POST", f"{base}/actuator/env", {"name": name, "value": str(value)}, self.ops())
            assert answer.status == 200, answer.text

    def reset_flags(self, group):
        for base in self.instances(group):
            self.ask("DELETE", f"{base}/actuator/env", headers=self.ops())

    def log_of(self, name):
        return (self.data / "log" / f"{name}.log").read_text(errors="replace")

    def rows(self, database, sql, *values):
        """Out of one of the SQLite files, read only."""
        with sqlite3.connect(f"file:{self.data}/{database}.sqlite?mode=ro", uri=True, timeout=10) as connection:
            return connection.execute(sql, values).fetchall()

    def meters(self, base):
        """Lines of /actuator/prometheus as {name{labels}: value}."""
        answer = self.ask("GET", f"{base}/actuator/prometheus", headers=self.ops())
        assert answer.status == 200, answer.text
        samples = (line.rsplit(" ", 1) for line in answer.text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in samples}

    def meter(self, base, meter, /, **labels):
        """The sum of all samples of that name with these labels."""

        def fits(sample):
            return re.match(rf"{meter}(\{{|$)", sample) and all(f'{k}="{v}"' in sample for k, v in labels.items())

        return sum(value for sample, value in self.meters(base).items() if fits(sample))

    @staticmethod
    def printed_fleet():
        return subprocess.run([BINARIES / "flotilla", "up", "--print"], stdout=subprocess.PIPE, text=True, check=True).stdout

    def reopened(self):
        """The same fleet again, on the same data and ports."""
        return Shop(self.folder, self.properties, ports=(self.gateway_port, self.registry_port))

    def start_beside(self, program, name, properties=None):
        """One more instance of a service (`shop-order`), beside those of the fleet and not supervised by it."""
        database = program.removeprefix("shop-") + "db"
        properties = {
            **self.properties,
            "eureka.client.service-url.defaultZone": f"{self.registry_url('/eureka/')}",
            "spring.datasource.url": f"sqlite:{self.data}/{database}.sqlite",
            "server.port": free_port(),
            **(properties or {}),
        }
        options = [f"--{key}={value}" for key, value in properties.items()]
        one = Program([BINARIES / program, *options], self.folder / f"{name}.log")
        one.base = f"http://127.0.0.1:{properties['server.port']}"
        self.beside.append(one)
        wait_until(lambda: is_ready(one.base), f"{name} is ready")
        return one

    def registered(self, service):
        """Ports of the instances that the registry has as UP."""
        answer = self.ask("GET", self.registry_url(f"/eureka/apps/{service}"), headers={"Accept": "application/json"})
        if answer.status == 404:
            return set()
        instances = json.loads(answer.body)["application"]["instance"]
        return {instance["port"]["$"] for instance in instances if instance["status"] == "UP"}

    def stop(self, limit=20):
        for one in self.beside:
            if one.running:
                one.stop()
        for part in self.status().values():
            if part["pid"]:
                os.kill(part["pid"], signal.SIGCONT)  # a stopped one would not hear that it shall end
        if self.running:
            self.signal(signal.SIGINT)
        return super().stop(limit)

    # ---- as a client -------------------------------------------------------------------------------------------

    def url(self, path=""):
        return f"http://127.0.0.1:{self.gateway_port}{path}"

    def registry_url(self, path=""):
        return f"http://127.0.0.1:{self.registry_port}{path}"

    def admin(self):
        return {"Authorization": f"Bearer {token_for(SECRET, 'admin', roles=['admin'])}"}

    def ops(self):
        return self.admin()

    def ask(self, method, path, body=None, headers=None, who=None, timeout=15):
        """Through the gateway, unless the path is a whole URL."""
        headers = {**(who.bearer if who else {}), **(headers or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        return fetch(path if path.startswith("http") else self.url(path), method, body, headers, timeout)

    def get(self, path, who=None, headers=None, timeout=15):
        return self.ask("GET", path, headers=headers, who=who, timeout=timeout)

    def register(self, email, name="Tester", pwd=PASSWORD):
        members = {"email": email, "name": name, "pwd": pwd}
        return self.ask("POST", "/user-service/users", {k: v for k, v in members.items() if v is not None})

    def login(self, email, password=PASSWORD):
        return self.ask("POST", "/user-service/login", {"email": email, "password": password})

    def enter(self, email=None):
        """Registers and logs in; somebody new unless an address is given."""
        email = email or f"{uuid.uuid4().hex[:20]}@x.io"
        registered = self.register(email)
        assert registered.status == 201, registered.text
        answer = self.login(email)
        assert answer.status == 200, answer.text
        return Customer(email, answer.headers["userid"], answer.headers["token"])

    def order(self, who, qty=1, product="CATALOG-001", key=None, price=1500, user_id=None, headers=None):
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, **(headers or {})}
        return self.ask(
            "POST",
            f"/order-service/{user_id or who.user_id}/orders",
            {"productId": product, "qty": qty, "unitPrice": price},
            headers,
            who,
        )

    def orders(self, who, base="", query=""):
        answer = self.ask("GET", f"{base}/order-service/{who.user_id}/orders{query}", who=who)
        assert answer.status == 200, answer.text
        return json.loads(answer.body)

    def detail(self, who):
        return self.get(f"/user-service/users/{who.user_id}", who)

    def stock(self, product="CATALOG-001"):
        answer = self.get(f"/catalog-service/{product}", headers={"Cache-Control": "no-cache"})
        assert answer.status == 200, answer.text
        return json.loads(answer.body)["stock"]

    def add_product(self, stock, price=1500):
        """A product of the test's own, so that tests do not eat each other's stock."""
        product = f"P-{uuid.uuid4().hex[:12]}"
        answer = self.ask(
            "POST",
            "/catalog-service/catalogs",
            {"productId": product, "productName": "Test", "stock": stock, "unitPrice": price},
            self.admin(),
        )
        assert answer.status == 201, answer.text
        return product

    def at_once(self, count, call):
        """What that many calls return that run side by side."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(call, range(count)))

    # ---- the tools -----------------------------------------------------------------------------------------------

    def load(self, *arguments, name="load"):
        """shop-load in the background; its report is load.json, its journal journal.jsonl."""
        return Program(
            [
                BINARIES / "shop-load",
                "--gateway",
                self.url(),
                "--token-secret",
                SECRET,
                "--journal",
                self.folder / f"{name}.jsonl",
                "--json",
                self.folder / f"{name}.json",
                *map(str, arguments),
            ],
            self.folder / f"{name}.log",
        )

    def report(self, name="load"):
        return json.loads((self.folder / f"{name}.json").read_text())

    def verify(self, *arguments, journal="load", initial=""):
        """The report of shop-verify; the test fails when an invariant does not hold."""
        status, report = self.look(*arguments, journal=journal, initial=initial)
        assert status == 0 and report["ok"], json.dumps(report, indent=1)
        return report

    def look(self, *arguments, journal="load", initial=""):
        """Exit status and report of shop-verify, whatever they are."""
        done = subprocess.run(
            [
                BINARIES / "shop-verify",
                "--gateway",
                self.url(),
                "--registry",
                self.registry_url(),
                "--data",
                self.data,
                "--journal",
                self.folder / f"{journal}.jsonl",
                f"--initial={initial}",
                "--secrets",
                f"{SECRET},{PASSWORD}",
                "--json",
                "-",
                *map(str, arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=180,
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, json.loads(done.stdout)
