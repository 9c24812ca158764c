"""Orders a second beside what the database could store of the same rows, and what telemetry costs."""

import http.server
import os
import re
import shutil
import socketserver
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from results import BIN, ROOT, median

sys.path += [str(ROOT / "tests/wire"), str(ROOT / "tests/e2e")]
from shop_support.tokens import token_for  # noqa: E402
from support.mariadb import PASSWORD, USER, MariaDb, install  # noqa: E402
from support.programs import Owner  # noqa: E402

HERE = Path(__file__).resolve().parent
CONNECTIONS = 32
PRODUCT = "BENCH-001"
DATABASES = ("userdb", "orderdb", "catalogdb")
ENOUGH = 1_000_000_000


def add_product(fleet, ask, secret):
    """One that is never sold out."""
    admin = {"Authorization": f"Bearer {token_for(secret, 'bench', roles=['admin'])}"}
    product = {"productId": PRODUCT, "productName": "Bench", "unitPrice": 1500, "stock": ENOUGH}
    status, _, text = ask(fleet.gateway, "POST", "/catalog-service/catalogs", product, admin)
    assert status == 201, (status, text)


def orders_a_second(fleet, seconds):
    """Confirmed ones, in a closed loop through the gateway; once it takes any."""
    patience = time.monotonic() + 30
    while fleet.order(PRODUCT)[0] != 201:
        if time.monotonic() > patience:
            sys.exit(f"{fleet.name} takes no orders")
        time.sleep(0.1)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", HERE / "order.lua"]
    command += ["-H", f"Authorization: {fleet.token['Authorization']}"]
    command += [f"http://127.0.0.1:{fleet.gateway}/order-service/{fleet.user}/orders", "--", PRODUCT, uuid.uuid4().hex]
    text = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout
    confirmed, took = re.search(r"confirmed: (\d+) in ([\d.]+) s", text).groups()
    if "Non-2xx" in text or int(confirmed) == 0:
        sys.exit(f"orders are refused:\n{text}")
    return int(confirmed) / float(took)


class SqliteRows:
    """The tables of the shop without the shop: one writer, a transaction for each that an order takes."""

    def __init__(self, data, folder):
        self.connections = []
        for name in ("orderdb", "catalogdb"):
            file = Path(folder) / f"raw-{name}.sqlite"
            with sqlite3.connect(f"file:{data}/{name}.sqlite?mode=ro", uri=True) as ours:
                statements = [row[0] for row in ours.execute("select sql from sqlite_master where sql is not null and name not like 'sqlite_%'")]
            raw = sqlite3.connect(file, isolation_level=None)
            raw.execute("pragma journal_mode = wal")
            raw.execute("pragma synchronous = normal")
            for statement in statements:
                raw.execute(statement)
            self.connections.append(raw)

    def a_second(self, seconds):
        orders, catalog = self.connections
        body = '{"productId":"BENCH-001","qty":1,"unitPrice":1500,"totalPrice":1500,"status":"CONFIRMED"}'
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            order, user = str(uuid.uuid4()), "11111111-2222-3333-4444-555555555555"
            orders.execute("begin immediate")
            orders.execute(
                "insert into idempotency_key(user_id, idem_key, body_sha256, state, status, response, order_id, expires_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
                (user, order, "0" * 64, "done", 201, body, order, "2030-01-01T00:00:00.000Z"),
            )
            orders.execute(
                "insert into orders(order_id, user_id, product_id, qty, unit_price, total_price, status, version, instance_id) values (?, ?, ?, 1, 1500, 1500, 'CONFIRMED', 1, 'x')",
                (order, user, PRODUCT),
            )
            orders.execute("commit")
            catalog.execute(
                "insert into stock_reservation(order_id, product_id, qty, status, updated_at) values (?, ?, 1, 'RESERVED', '2030-01-01T00:00:00.000Z')",
                (order, PRODUCT),
            )
            count += 1
        return count / (time.perf_counter() - began)


class MariaDbRows:
    """The same by mariadb-slap, with as many clients as the load has connections."""

    STATEMENTS = (
        "begin",
        "insert into orderdb.idempotency_key(user_id, idem_key, body_sha256, state, status, response, order_id, expires_at)"
        " values ('raw', uuid(), repeat('0', 64), 'done', 201, repeat('x', 200), uuid(), now())",
        "insert into orderdb.orders(order_id, user_id, product_id, qty, unit_price, total_price, status, version, instance_id)"
        f" values (uuid(), 'raw', '{PRODUCT}', 1, 1500, 1500, 'CONFIRMED', 1, 'x')",
        "commit",
        f"insert into catalogdb.stock_reservation(order_id, product_id, qty, status, updated_at) values (uuid(), '{PRODUCT}', 1, 'RESERVED', now())",
    )

    def __init__(self, server):
        self.server = server
        self.last = 200.0

    def a_second(self, seconds):
        orders = max(1, int(self.last * seconds) // CONNECTIONS) * CONNECTIONS
        command = [
            "mariadb-slap", "--no-defaults", "--host=127.0.0.1", f"--port={self.server.port}", f"--user={USER}", f"--password={PASSWORD}",
            f"--concurrency={CONNECTIONS}", f"--number-of-queries={orders * len(self.STATEMENTS)}", "--create-schema=orderdb", "--no-drop",
            "--delimiter=;", f"--query={';'.join(self.STATEMENTS)}", "--commit=0",
        ]  # fmt: skip
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        took = float(re.search(r"Average number of seconds to run all queries: ([\d.]+)", text)[1])
        self.last = orders / took
        return self.last


def compare(table, what, fleet, raw, options):
    orders_a_second(fleet, 1)
    raw.a_second(1)
    rounds = [(orders_a_second(fleet, options.seconds), raw.a_second(options.seconds)) for _ in range(options.rounds)]
    ours, rows = (median(side) for side in zip(*rounds))
    table.add(f"orders on {what}, beside their rows alone", ours, rows, "orders/s", median([a / b for a, b in rounds]), ">= 0.5")


def on_sqlite(table, folder, make_fleet, ask, secret, options):
    fleet = make_fleet("sqlite")
    try:
        fleet.start()
        fleet.fill()
        add_product(fleet, ask, secret)
        compare(table, "SQLite", fleet, SqliteRows(fleet.data, folder), options)
    finally:
        fleet.stop()


def on_mariadb(table, folder, make_fleet, ask, secret, options):
    if not shutil.which("mariadbd"):
        return print("without MariaDB: apt-get install mariadb-server")
    work = Path(tempfile.mkdtemp(dir=folder))
    owner = Owner(work)
    server = MariaDb(install(work), work, owner)
    fleet = None
    try:
        text = subprocess.run([BIN / "flotilla", "up", "--print"], capture_output=True, text=True, check=True).stdout
        for name in DATABASES:
            server.create_database(name)
            text = text.replace(f"sqlite:${{data}}/{name}.sqlite", server.url(name))
        file = work / "fleet.yml"
        file.write_text(text)
        fleet = make_fleet("mariadb", "--file", file, f"--spring.datasource.username={USER}", f"--spring.datasource.password={PASSWORD}")
        fleet.start()
        fleet.fill()
        add_product(fleet, ask, secret)
        compare(table, "MariaDB", fleet, MariaDbRows(server), options)
    finally:
        if fleet:
            fleet.stop()
        server.kill()
        server.remove()


class Sink:
    """Takes spans, and forgets them, in a process of its own on the load's core."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self, core):
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self.Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.pid = os.fork()
        if self.pid == 0:
            os.sched_setaffinity(0, {int(core)})
            server.serve_forever()
        server.server_close()

    def stop(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def cost_of_telemetry(table, make_fleet, core, options):
    """Every trace recorded and sent and every meter counted, beside nothing of it."""
    sink = Sink(core)
    fleets = [
        make_fleet("observed", "--management.tracing.sampling.probability=1.0", f"--spring.zipkin.base-url={sink.url}"),
        make_fleet("unobserved", "--management.tracing.enabled=false", "--metrics.enable.all=false"),
    ]
    try:
        for fleet in fleets:
            fleet.start()
            fleet.fill()
            fleet.pin()
        for fleet in fleets:
            fleet.user_detail(2)
        rounds = [[fleet.user_detail(options.seconds).per_cpu for fleet in fleets] for _ in range(options.rounds)]
        with_it, without = (median(side) for side in zip(*rounds))
        ratio = median([a / b for a, b in rounds])
        table.add("user detail with traces and meters, or neither", with_it, without, "per CPU s", ratio, ">= 0.95")
    finally:
        for fleet in fleets:
            fleet.stop()
        sink.stop()
