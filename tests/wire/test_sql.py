"""modules/sql against real databases: the contract of drivers, a database that dies, processes that share a file."""

import os
import sqlite3
import subprocess

import pytest
from support.programs import BINARIES, Program


@pytest.fixture
def writer(owner):
    """writer(properties, name): a program that writes orders and says what came of each."""

    def start(properties, name="w"):
        options = [f"--{key}={value}" for key, value in {**properties, "writer": name}.items()]
        log = owner.log_path(f"writer-{name}")
        return owner.add(Program([BINARIES / "wire_sql_writer", *options], log))

    return start


def said(program, word):
    """The ids of the lines that begin with that word; the last line may still be on its way."""
    whole = program.log().rpartition("\n")[0]
    return [line.split()[1] for line in whole.splitlines() if line.startswith(word + " ")]


def acknowledged(*programs):
    return {order for program in programs for order in said(program, "ok")}


def test_drivers_keep_their_contract_on_a_real_mariadb(mariadb):
    environment = {
        **os.environ,
        "FLOTILLA_TEST_MARIADB": mariadb.url(),
        "FLOTILLA_TEST_MARIADB_USER": mariadb.user,
        "FLOTILLA_TEST_MARIADB_PASSWORD": mariadb.password,
    }
    done = subprocess.run(
        [BINARIES / "flotilla_sql_tests", "--gtest_filter=*MariaDB*"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr
    assert done.stdout.count("[       OK ]") >= 24, done.stdout


def test_a_killed_mariadb_costs_typed_errors_and_no_order(mariadb, writer, until):
    orders = writer(mariadb.properties())
    until(lambda: len(said(orders, "ok")) > 200, "orders are written")
    mariadb.kill()
    until(lambda: len(said(orders, "failed")) > 20, "errors are reported")
    before = len(said(orders, "ok"))
    mariadb.restart()
    until(lambda: len(said(orders, "ok")) > before + 200, "orders are written again", limit=3)
    assert orders.stop() == 0
    failures = [line for line in orders.log().splitlines() if line.startswith("failed ")]
    assert all("no connection to the database" in line for line in failures), failures

    stored = {row[0] for row in mariadb.query("select order_id from orders")}
    events = {row[0] for row in mariadb.query("select event_id from outbox")}
    assert acknowledged(orders) <= stored
    assert stored == events, "an order without its outbox row, or the other way round"
    # What is stored beyond that is what the kill, and the stop at the end, left unanswered: one each for four tasks.
    assert len(stored - acknowledged(orders)) <= 8


def test_a_mariadb_that_stalls_is_waited_for_no_longer_than_the_deadline(mariadb, writer, until):
    orders = writer(mariadb.properties())
    until(lambda: len(said(orders, "ok")) > 50, "orders are written")
    blocker = subprocess.Popen(
        ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{mariadb.port}", f"-u{mariadb.user}", f"-p{mariadb.password}",
         "-e", "lock tables outbox write; select sleep(6)", "test"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: len(said(orders, "failed")) >= 4, "the deadline comes")
        assert "the statement took too long" in orders.log()
    finally:
        blocker.wait(timeout=30)
    before = len(said(orders, "ok"))
    until(lambda: len(said(orders, "ok")) > before + 50, "orders are written again")
    assert orders.stop() == 0
    stored = {row[0] for row in mariadb.query("select order_id from orders")}
    assert acknowledged(orders) <= stored
    assert stored == {row[0] for row in mariadb.query("select event_id from outbox")}


def test_a_mariadb_that_freezes_costs_deadlines_and_no_connection(mariadb, writer, until):
    orders = writer({**mariadb.properties(), "spring.datasource.hikari.maximum-pool-size": 4})
    until(lambda: len(said(orders, "ok")) > 50, "orders are written")
    mariadb.freeze()
    try:
        until(lambda: len(said(orders, "failed")) >= 8, "the deadline comes, twice for each task", limit=30)
    finally:
        mariadb.thaw()
    before = len(said(orders, "ok"))
    until(lambda: len(said(orders, "ok")) > before + 50, "orders are written again")
    assert orders.stop() == 0
    stored = {row[0] for row in mariadb.query("select order_id from orders")}
    assert acknowledged(orders) <= stored
    assert stored == {row[0] for row in mariadb.query("select event_id from outbox")}


def test_a_wrong_password_stops_the_start_and_is_not_told(mariadb, writer):
    properties = {**mariadb.properties(), "spring.datasource.password": "hunter2"}
    orders = writer(properties)
    assert orders.wait_for_exit() == 1
    assert "HikariPool-1: 127.0.0.1:" in orders.log()
    assert "ccess denied" in orders.log()
    assert "hunter2" not in orders.log()


def test_two_processes_share_one_sqlite_file_and_a_killed_one_loses_nothing(tmp_path, writer, until):
    file = tmp_path / "data" / "orderdb.sqlite"
    properties = {"spring.datasource.url": f"sqlite:{file}"}
    first = writer(properties, "a")
    second = writer(properties, "b")
    until(lambda: len(said(first, "ok")) > 200 and len(said(second, "ok")) > 200, "both write")
    first.process.kill()
    first.wait_for_exit()
    before = len(said(second, "ok"))
    until(lambda: len(said(second, "ok")) > before + 200, "the other one goes on")
    assert second.stop() == 0
    assert said(first, "failed") == said(second, "failed") == []

    with sqlite3.connect(file) as connection:
        stored = {row[0] for row in connection.execute("select order_id from orders")}
        events = {row[0] for row in connection.execute("select event_id from outbox")}
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    assert acknowledged(first, second) <= stored
    assert stored == events
    # A kill, a stop, four tasks each.
    assert len(stored - acknowledged(first, second)) <= 8
