"""./dev up, status and down, on a table of parts that are web servers of Python."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from support.programs import ROOT, Program, free_port

SERVER = "/usr/bin/python3 -m http.server --bind 127.0.0.1"
DEAF_SERVER = "tests/wire/clients/deaf_server.sh"


class Dev:
    """./dev with a table of parts and a run folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.parts = {}

    def add_part(self, name, command):
        port = free_port()
        self.parts[name] = port
        with open(self.folder / "rows", "a") as rows:
            url = f"http://127.0.0.1:{port}/"
            rows.write(f"{name} | {port} | {url} | {url} | {command} {port}\n")
        (self.folder / "parts.sh").write_text(f"parts_table() {{ cat '{self.folder}/rows'; }}\n")
        return port

    @property
    def environment(self):
        return {
            "FLOTILLA_PARTS": str(self.folder / "parts.sh"),
            "FLOTILLA_RUN_DIR": str(self.folder / "run"),
            "FLOTILLA_SKIP_BUILD": "1",
        }

    def run(self, *arguments):
        done = subprocess.run(
            [str(ROOT / "dev"), *arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout

    def up(self):
        return Program([ROOT / "dev", "up"], self.folder / "up.log", env=self.environment)


@pytest.fixture
def dev(tmp_path):
    dev = Dev(tmp_path)
    yield dev
    dev.run("down")


def pids_in(text):
    """Of the lines that say what runs where. Ports may be somebody else's by the time one asks."""
    return [int(pid) for pid in re.findall(r"pid (\d+)", text)]


def runs(pid):
    """A zombie does not: its new parent has not yet noticed."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_up_shows_what_runs_where_and_ctrl_c_stops_it_all(dev, owner):
    dev.add_part("bow", SERVER)
    dev.add_part("stern", SERVER)
    up = owner.add(dev.up())
    up.wait_for_log("Ctrl-C stops everything", limit=60)
    for name, port in dev.parts.items():
        assert any(name in line and f":{port}/" in line and "pid" in line for line in up.log().splitlines())
    up.wait_for_log("bow       |")  # what the part writes, behind its name
    started = time.monotonic()
    up.signal(signal.SIGINT)
    assert up.wait_for_exit() == 0
    assert time.monotonic() - started < 15  # 5 on a machine that has nothing else to do
    assert len(pids_in(up.log())) == 2 and not any(map(runs, pids_in(up.log())))


def test_a_part_that_ignores_sigterm_is_killed_in_time(dev, owner):
    dev.add_part("deaf", DEAF_SERVER)
    up = owner.add(dev.up())
    up.wait_for_log("Ctrl-C stops everything", limit=60)
    started = time.monotonic()
    up.signal(signal.SIGINT)
    assert up.wait_for_exit() == 0
    assert time.monotonic() - started < 15  # 5 on a machine that has nothing else to do
    assert "deaf did not stop" in up.log()
    assert not any(map(runs, pids_in(up.log())))


def test_up_says_which_part_died_and_ends_with_the_last(dev, owner):
    dev.add_part("bow", SERVER)
    dev.add_part("stern", SERVER)
    up = owner.add(dev.up())
    up.wait_for_log("Ctrl-C stops everything", limit=60)
    status, output = dev.run("status", "--json")
    assert status == 0
    pids = {part["name"]: part["pid"] for part in json.loads(output)}
    os.kill(pids["bow"], signal.SIGKILL)
    up.wait_for_log("bow ended by itself", limit=10)
    assert runs(pids["stern"])
    os.kill(pids["stern"], signal.SIGKILL)
    assert up.wait_for_exit() == 1
    assert not any(map(runs, pids_in(up.log())))


def test_detached_parts_are_seen_by_status_and_stopped_by_down(dev):
    port = dev.add_part("bow", SERVER)
    status, output = dev.run("up", "--detach")
    assert status == 0, output
    status, output = dev.run("status", "--json")
    (part,) = json.loads(output)
    assert status == 0
    assert (part["name"], part["port"], part["health"]) == ("bow", port, "up")
    assert part["memory_bytes"] > 1_000_000 and part["uptime_seconds"] >= 0
    status, output = dev.run("status")
    assert str(part["pid"]) in output and " up " in output

    status, output = dev.run("up", "--detach")  # once more changes nothing
    assert status == 0 and "bow runs already" in output

    status, output = dev.run("down")
    assert status == 0
    assert not runs(part["pid"])
    status, output = dev.run("status")
    assert status == 1 and "down" in output


def test_a_port_in_use_is_said_with_its_holder(dev, program):
    port = dev.add_part("bow", SERVER)
    holder = program("python3", "-m", "http.server", "--bind", "127.0.0.1", str(port))
    holder.wait_for_port(port)
    status, output = dev.run("up", "--detach")
    assert status == 1
    assert f"port {port} is held by python3 (pid {holder.pid})" in output
    assert holder.running


def test_a_part_that_cannot_start_is_said_with_its_last_words(dev):
    dev.add_part("bow", "/usr/bin/python3 -m no_such_module")
    status, output = dev.run("up", "--detach")
    assert status == 1
    assert "No module named no_such_module" in output
    assert "start bow" in output
