"""A shop of real processes around a registry: catalogs, order services, and users with tokens."""

import base64
import hashlib
import hmac
import json
import pathlib
import signal
import sqlite3
import time
import urllib.error

from support.programs import BINARIES, PATIENCE, Program, fetch, free_port, wait_until

SECRET = "the-secret-of-this-test-" * 3


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(user, roles=None, secret=SECRET, expires_in=3600, algorithm="HS512"):
    """A token as the shop makes them."""
    claims = {"sub": user, "exp": int(time.time()) + expires_in, **({"roles": roles} if roles else {})}
    parts = [base64url(json.dumps(part).encode()) for part in ({"alg": algorithm}, claims)]
    signature = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha512).digest()
    return ".".join([*parts, base64url(signature)])


class Part(Program):
    """One service of the shop on a port that it keeps when it is started anew."""

    def __init__(self, shop, name, properties):
        self.shop, self.name = shop, name
        self.port = free_port()
        properties = {
            "server.port": self.port,
            "server.address": "127.0.0.1",
            "eureka.instance.hostname": "127.0.0.1",
            "eureka.client.service-url.defaultZone": shop.registry.url("/eureka"),
            "flotilla.shutdown.drain-delay": "0",
            "token.secret": SECRET,
            **properties,
        }
        self.options = [f"--{key}={value}" for key, value in properties.items()]
        self.start()

    def start(self):
        log = self.shop.owner.log_path(self.name)
        super().__init__([BINARIES / self.name, *self.options], log)
        self.shop.owner.add(self)
        return self

    def wait_until_ready(self):
        self.wait_for_port(self.port)
        wait_until(lambda: self.ask("GET", "/actuator/health/readiness").status == 200, f"{self.name} is ready")
        return self

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def kill_and_start(self):
        self.kill()
        return self.start().wait_until_ready()

    def ask(self, method, path, body=None, headers=None, timeout=10):
        """One request; a body is sent as JSON."""
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return fetch(f"http://127.0.0.1:{self.port}{path}", method, body, headers, timeout)


class Shop:
    """`owner` stops what is started. Instances of a service share a database: an SQLite file, or one in MariaDB."""

    def __init__(self, owner, registry, catalogs=1, orders=1, mariadb=None, **properties):
        self.owner, self.registry, self.mariadb = owner, registry, mariadb
        self.folder = pathlib.Path(owner.folder)
        common = {key.replace("__", ".").replace("_", "-"): value for key, value in properties.items()}
        self.catalogs = [self.part("shop-catalog", "catalogdb", common) for _ in range(catalogs)]
        self.orders = [self.part("shop-order", "orderdb", common) for _ in range(orders)]
        for part in (*self.catalogs, *self.orders):
            part.wait_until_ready()
        for part in self.orders:
            wait_until(lambda part=part: self.finds_the_catalog(part), "orders find the catalog")

    def part(self, name, database, properties):
        if not self.mariadb:
            source = {"spring.datasource.url": f"sqlite:{self.folder}/{database}.sqlite"}
        else:
            self.mariadb.create_database(database)
            source = self.mariadb.properties(database)
        return Part(self, name, {**source, **properties})

    def finds_the_catalog(self, part):
        """An unknown product is known to be unknown."""
        body = {"productId": "no such product", "qty": 1, "unitPrice": 1}
        return part.ask("POST", "/probe/orders", body, self.as_user("probe")).status == 404

    @staticmethod
    def as_user(user, key=None, roles=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = f"Bearer {token(user, roles)}"
        if key:
            headers["Idempotency-Key"] = key
        return headers

    def order(self, user, qty, key=None, product="CATALOG-001", at=0, **headers):
        body = {"productId": product, "qty": qty, "unitPrice": 1500}
        return self.orders[at].ask("POST", f"/order-service/{user}/orders", body, self.as_user(user, key, **headers))

    def patient_order(self, user, qty, key, product="CATALOG-001", limit=60):
        """Asks until there is an answer that is one, at whichever instance is there: what a good client does."""
        deadline = time.monotonic() + limit * PATIENCE
        attempt = 0
        while True:
            assert time.monotonic() < deadline, f"no answer to {key}"
            try:
                answer = self.order(user, qty, key, product, at=attempt % len(self.orders))
                again = answer.status >= 500 or (answer.status == 409 and b"REQUEST_IN_PROGRESS" in answer.body)
                if not again:
                    return answer
            except (urllib.error.URLError, OSError, EOFError):
                pass
            except Exception as error:  # a connection that broke within an answer
                assert "http.client" in type(error).__module__, error
            attempt += 1
            time.sleep(0.05)

    def list_of(self, user, at=0, query=""):
        return self.orders[at].ask("GET", f"/order-service/{user}/orders{query}", headers=self.as_user(user))

    def stock(self, product="CATALOG-001"):
        return json.loads(self.catalogs[0].ask("GET", f"/catalog-service/{product}").body)["stock"]

    def rows(self, database, query):
        """What is in a database, read beside the service."""
        if self.mariadb:
            rows = self.mariadb.query(query, database)
            return [tuple(int(value) if value.lstrip("-").isdigit() else value for value in row) for row in rows]
        connection = sqlite3.connect(f"file:{self.folder}/{database}.sqlite?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def undecided(self):
        return self.rows("orderdb", "select count(*) from orders where status in ('PENDING', 'CANCELLING')")[0][0]

    def verify(self, accepted, initial_stock=100, product="CATALOG-001"):
        """The invariants of an honest shop: nothing lost, nothing doubled, stock exact."""
        wait_until(lambda: self.undecided() == 0, "every order is decided", 60)
        ids = [row[0] for row in self.rows("orderdb", "select order_id from orders")]
        assert len(ids) == len(set(ids))
        assert set(accepted) <= set(ids), "an accepted order is lost"
        confirmed = self.rows(
            "orderdb", f"select order_id, qty from orders where status = 'CONFIRMED' and product_id = '{product}'"
        )
        reserved = self.rows(
            "catalogdb",
            f"select order_id, qty from stock_reservation where status = 'RESERVED' and product_id = '{product}'",
        )
        assert sorted(confirmed) == sorted(reserved)
        left = self.rows("catalogdb", f"select stock from catalog where product_id = '{product}'")[0][0]
        assert left == initial_stock - sum(qty for _, qty in confirmed)
        assert left >= 0
        return confirmed
