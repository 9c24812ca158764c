"""Section G: many users, and parts that die under them."""

import json
import os
import socket
import sqlite3
import subprocess
import time

import pytest
from shop_support.shop import PASSWORD, SECRET
from shop_support.stream import Stream
from support.programs import BINARIES, wait_until

STOCK = 1_000_000
INITIAL = ",".join(f"CATALOG-00{i}={STOCK}" for i in (1, 2, 3))
TWO_OF_EACH = {"user": 2, "catalog": 2, "order": 2}


@pytest.mark.fast
def test_s70_short_and_nothing_is_lost(shop_with):
    shop = shop_with()
    load = shop.load("--users", 30, "--duration", "8s", "--ramp", "4s", "--think", "200ms", "--restock", STOCK)
    assert load.wait_for_exit(60) == 0, load.log()
    report = shop.report()
    assert report["overall"]["failed"] == 0, report
    # How long it took is for the next one to say, which has the machine for itself.
    assert report["ordersCreated"] > 0 and report["ordersUnknown"] == 0
    shop.verify(initial=INITIAL)


def test_s70_two_hundred_users(shop_with):
    shop = shop_with(scale={"order": 1})
    load = shop.load("--users", 200, "--duration", "120s", "--ramp", "20s", "--think", "1s", "--restock", STOCK)
    assert load.wait_for_exit(180) == 0, load.log()
    report = shop.report()
    print(json.dumps(report, indent=1))
    assert report["errorShare"] < 0.001, report
    for operation in [report["overall"], *report["operations"]]:
        assert operation["latencyMs"]["p90"] < 2000, operation
    shop.verify(initial=INITIAL)


def test_s70_two_hundred_requests_in_one_second(shop_with):
    shop = shop_with()
    load = shop.load("--rate", 200, "--users", 20, "--duration", "1s", "--ramp", "0s", "--restock", STOCK)
    assert load.wait_for_exit(60) == 0, load.log()
    assert shop.report()["overall"]["latencyMs"]["p90"] < 2000
    shop.verify(initial=INITIAL)


@pytest.mark.parametrize("part", ["registry", "gateway", "user-1", "order-1", "catalog-1"])
def test_s71_kill_9_loses_nothing_and_doubles_nothing(shop_with, part):
    shop = shop_with(scale=TWO_OF_EACH)
    arguments = ("--users", 50, "--duration", "20s", "--ramp", "3s", "--think", "100ms", "--restock", STOCK)
    load = shop.load("--mix", "order=60,browse=20,detail=20", "--retries", 20, *arguments)
    for second in (6, 9, 12):
        began = time.monotonic()
        wait_until(lambda: load.running and load_age(load) > second, f"second {second}", 30)
        pid = shop.kill(part)
        shop.wait_until_reborn(part, pid, 15)
        assert time.monotonic() - began < 30
    assert load.wait_for_exit(60) == 0, load.log()
    report = shop.report()
    assert report["ordersCreated"] > 100 and report["ordersUnknown"] == 0, report
    shop.verify(initial=INITIAL)


def test_s71_the_only_catalog_dies(shop_with):
    shop = shop_with()
    arguments = ("--users", 20, "--duration", "12s", "--ramp", "2s", "--think", "50ms", "--restock", STOCK)
    load = shop.load("--mix", "order=1", "--retries", 20, "--max-qty", 5, *arguments)
    for second in (4, 6, 8):
        wait_until(lambda: load_age(load) > second, f"second {second}", 30)
        pid = shop.kill("catalog")
        shop.wait_until_reborn("catalog", pid, 15)
    assert load.wait_for_exit(60) == 0, load.log()
    assert shop.report()["ordersUnknown"] == 0
    shop.verify(initial=INITIAL)


def load_age(load):
    """Seconds since the program began."""
    ticks = int(open(f"/proc/{load.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[19])
    uptime = float(open("/proc/uptime", encoding="ascii").read().split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")


def chaos(shop, *arguments):
    return subprocess.run(
        [BINARIES / "shop-chaos", "--data", shop.data, "--token-secret", SECRET, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


@pytest.mark.fast
def test_s84_the_same_seed_gives_the_same_order_of_faults(shop_with):
    shop = shop_with()
    plans = [chaos(shop, "--print", "--seed", seed).stdout for seed in (7, 7, 8)]
    assert plans[0] == plans[1] != plans[2]
    assert "kill" in plans[0]


def test_s84_game_day(shop_with):
    shop = shop_with(scale=TWO_OF_EACH)
    arguments = ("--users", 30, "--duration", "40s", "--ramp", "3s", "--think", "200ms", "--restock", STOCK)
    load = shop.load("--retries", 20, *arguments)
    wait_until(lambda: load_age(load) > 5, "users are in", 30)
    done = chaos(shop, "--seed", 11, "--duration", "30s", "--pause", "2s", "--longest", "3s", "--json", shop.folder / "chaos.json")
    assert done.returncode == 0, done.stdout
    assert load.wait_for_exit(90) == 0, load.log()
    timeline = json.loads((shop.folder / "chaos.json").read_text())
    assert timeline["healed"] and len(timeline["faults"]) >= 4
    assert not [fault for fault in timeline["faults"] if fault.get("trouble")], timeline
    assert shop.report()["ordersUnknown"] == 0
    shop.verify(initial=INITIAL)


def slow_reader(shop, path, times=1):
    """A client that asks that many times at once, and reads nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", shop.gateway_port))
    connection.setblocking(False)
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    left = request * times
    try:
        while left:
            left = left[connection.send(left) :]
    except BlockingIOError:
        pass  # the gateway has stopped to read: it waits for its answers to be taken
    return connection


def is_cut(connection):
    """Whether the other side has given this connection up: what it had sent is read, and then there is no more."""
    connection.settimeout(5)
    try:
        while connection.recv(1 << 16):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def test_s86_slow_clients_are_cut_and_do_not_slow_others(shop_with):
    shop = shop_with({"server.write-timeout": "3s", "server.body-timeout": "3s"})
    before = shop.status()["gateway"]["memory_bytes"]
    slow = [slow_reader(shop, "/catalog-service/catalogs") for _ in range(500)]
    # What these have asked for is more than all buffers on the way hold.
    stuck = [slow_reader(shop, "/actuator/prometheus", 400) for _ in range(20)]
    silent = [socket.create_connection(("127.0.0.1", shop.gateway_port), timeout=30) for _ in range(100)]
    trickling = [socket.create_connection(("127.0.0.1", shop.gateway_port), timeout=30) for _ in range(100)]
    post = b"POST /user-service/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    cut = set()

    def one_byte_each():
        for connection in set(trickling) - cut:
            try:
                connection.sendall(b" ")
            except OSError:
                cut.add(connection)

    try:
        for connection in silent + trickling:
            connection.sendall(post)
        with Stream(lambda: shop.get("/catalog-service/catalogs"), 40) as stream:
            wait_until(lambda: len(stream.results) > 80, "others are served")
            assert shop.status()["gateway"]["memory_bytes"] - before < 50 << 20
            # A byte a second: no pause is long enough, but after ten seconds it has been too little.
            for _ in range(40):
                one_byte_each()
                if len(cut) == len(trickling):
                    break
                time.sleep(1)
        assert set(stream.statuses()) == {200}
        assert len(cut) == len(trickling)
        assert all(is_cut(connection) for connection in stuck)
        for connection in silent:
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
    finally:
        for connection in slow + stuck + silent + trickling:
            connection.close()


# Calls to one service at once, and how long each takes: what it can do is known, whatever else the machine does.
PLACES = 10
TIME = 0.5
CAPACITY = PLACES / TIME


def test_s86_the_excess_is_refused_at_once_and_the_rest_is_done(shop_with):
    admission = "flotilla.gateway.admission"
    shop = shop_with({f"{admission}.algorithm": "fixed", f"{admission}.initial-limit": PLACES})
    tester = shop.enter()
    shop.set_flag("order", "shop.fault.order.get.delay-ms", int(TIME * 1000))
    seconds, clients = 8, 50
    path = f"/order-service/{tester.user_id}/orders"
    ends = time.monotonic() + seconds

    def insist(_):
        """Asks again and again; some ten times what there is room for, in all."""
        answers = []
        while time.monotonic() < ends:
            answers.append(shop.get(path, tester))
            if answers[-1].status != 200:
                time.sleep(clients / (10 * CAPACITY))
        return answers

    answers = [answer for one in shop.at_once(clients, insist) for answer in one]
    done = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status != 200]
    assert len(answers) > 4 * CAPACITY * seconds, "it was no overload"
    assert {answer.status for answer in refused} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert len(done) >= 0.8 * CAPACITY * seconds, f"{len(done)} done, {len(refused)} refused"
    assert shop.meter(shop.url(), f"{admission}.refused_total".replace(".", "_")) == len(refused)
    # As the gateway sees it: what its clients wait for is their own machine's.
    told = {kind: shop.meter(shop.url(), f"spring_cloud_gateway_requests_seconds_{kind}", routeId="order-of-user", httpStatusCode="503") for kind in ("sum", "count")}  # fmt: skip
    assert told["count"] == len(refused) and told["sum"] / told["count"] < 0.05, told
    # Others were never concerned, and this service is well again as soon as the crowd has gone.
    assert shop.get("/catalog-service/catalogs").status == 200
    assert [shop.get(path, tester).status for _ in range(5)] == [200] * 5
    assert shop.get("/order-service/actuator/health").status == 200


def test_s86_a_burst_is_survived(shop_with):
    shop = shop_with()
    load = shop.load("--mix", "browse=90,detail=10", "--rate", 20_000, "--users", 10, "--duration", "5s", "--ramp", "0s", "--timeout", "3s")  # fmt: skip
    assert load.wait_for_exit(60) == 0, load.log()
    shop.wait_until_well()
    after = shop.load("--users", 10, "--duration", "4s", "--ramp", "1s", "--think", "50ms", "--restock", STOCK, name="after")
    assert after.wait_for_exit(30) == 0, after.log()
    report = shop.report("after")
    assert report["overall"]["failed"] == 0, report
    assert report["overall"]["latencyMs"]["p99"] < 1000


def test_shop_load_ends_early_with_its_report(shop_with):
    shop = shop_with()
    load = shop.load("--users", 5, "--duration", "60s", "--ramp", "1s", "--think", "20ms", "--restock", STOCK)
    wait_until(lambda: load_age(load) > 3, "it runs", 20)
    load.signal(2)
    assert load.wait_for_exit(15) == 0
    assert shop.report()["seconds"] < 20
    assert SECRET not in load.log()
    shop.verify(initial=INITIAL)


@pytest.mark.fast
def test_shop_verify_sees_what_is_wrong(shop_with):
    shop = shop_with()
    load = shop.load("--users", 3, "--duration", "3s", "--ramp", "1s", "--think", "20ms", "--restock", STOCK)
    assert load.wait_for_exit(30) == 0, load.log()
    shop.verify(initial=INITIAL)
    with sqlite3.connect(shop.data / "catalogdb.sqlite", timeout=10) as catalog:
        catalog.execute("update catalog set stock = stock - 1 where product_id = 'CATALOG-001'")
    with sqlite3.connect(shop.data / "orderdb.sqlite", timeout=10) as orders:
        orders.execute("delete from orders where id = (select max(id) from orders)")
    with open(shop.data / "log/user.log", "a", encoding="utf-8") as log:
        log.write(f"somebody wrote {PASSWORD}\n")
    status, report = shop.look(initial=INITIAL)
    assert status == 1 and not report["ok"]
    assert {violation["invariant"] for violation in report["violations"]} == {1, 2, 6}
    assert PASSWORD not in json.dumps(report)
