"""flotilla up, status and down, on fleets of web servers that are Python's."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

from support.programs import BINARIES, ROOT, Program, free_port, wait_until

SERVER = "/usr/bin/python3 -m http.server --bind 127.0.0.1 ${port}"
WRAPPED_SERVER = "tests/wire/clients/wrapped_server.sh ${port}"
DEAF_SERVER = "tests/wire/clients/deaf_server.sh ${port}"
FLOTILLA = BINARIES / "flotilla"


class Fleet:
    """A fleet file with a data folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.parts = []

    def add(self, name, command, **more):
        part = {"name": name, "command": command, "port": free_port(), "health": "/", "port_option": "", **more}
        self.parts.append(part)
        # JSON is YAML
        (self.folder / "fleet.yml").write_text(json.dumps({"parts": self.parts}))
        return part["port"]

    def arguments(self, *more):
        return ["up", "--file", str(self.folder / "fleet.yml"), "--data", str(self.folder / "data"), *more]

    def up(self, *more):
        return Program([FLOTILLA, *self.arguments(*more)], self.folder / "up.log", cwd=ROOT)

    def run(self, *words):
        done = subprocess.run(
            [str(FLOTILLA), *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout

    def look(self, command, *more):
        return self.run(command, "--data", str(self.folder / "data"), *more)

    def states(self):
        return {part["name"]: part for part in json.loads(self.look("status", "--json")[1])}


@pytest.fixture
def fleet(tmp_path):
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.look("down")


def runs(pid):
    """A zombie does not: its new parent has not yet noticed."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def pids_of(fleet):
    return [part["pid"] for part in fleet.states().values()]


def test_up_shows_where_everything_is_and_ctrl_c_stops_it_all(fleet, owner):
    bow = fleet.add("bow", SERVER, show=True)
    fleet.add("stern", SERVER, after=["bow"])
    up = owner.add(fleet.up())
    line = up.wait_for_log("Up in")
    assert f"bow http://127.0.0.1:{bow}/" in line
    up.wait_for_log("bow   | ")  # what the part writes, behind its name
    pids = pids_of(fleet)
    assert len(pids) == 2 and all(map(runs, pids))
    up.signal(signal.SIGINT)
    assert up.wait_for_exit() == 0
    assert not any(map(runs, pids))
    assert up.log().endswith("Stopped.\n")


def test_a_part_that_ignores_sigterm_is_killed_at_the_second_ctrl_c(fleet, owner):
    fleet.add("deaf", DEAF_SERVER)
    up = owner.add(fleet.up())
    up.wait_for_log("Up in")
    (pid,) = pids_of(fleet)
    up.signal(signal.SIGINT)
    up.wait_for_log("Stopping")
    assert runs(pid)
    up.signal(signal.SIGINT)
    assert up.wait_for_exit() == 0
    assert not runs(pid)


def test_what_dies_is_started_again_and_the_others_go_on(fleet, owner):
    fleet.add("bow", SERVER)
    fleet.add("stern", SERVER)
    up = owner.add(fleet.up())
    up.wait_for_log("Up in")
    before = fleet.states()
    os.kill(before["bow"]["pid"], signal.SIGKILL)
    up.wait_for_log("bow ended by itself: signal 9 (Killed)")
    up.wait_for_log("bow is up again")
    after = fleet.states()
    assert after["bow"]["pid"] != before["bow"]["pid"]
    assert after["bow"]["restarts"] == 1
    assert after["stern"]["pid"] == before["stern"]["pid"] and after["stern"]["restarts"] == 0


def test_the_parts_end_with_a_supervisor_that_is_killed(fleet, owner):
    fleet.add("bow", SERVER)
    up = owner.add(fleet.up())
    up.wait_for_log("Up in")
    pids = pids_of(fleet)
    up.process.kill()
    wait_until(lambda: not any(map(runs, pids)), "the part ends")
    assert fleet.look("status") == (1, "Nothing runs. Start it with 'flotilla up'.\n")


def test_a_part_that_cannot_start_ends_the_fleet_with_its_last_words(fleet):
    fleet.add("bow", SERVER)
    fleet.add("hull", "/bin/sh -c nonsense-command")
    status, output = fleet.run(*fleet.arguments())
    assert status == 1
    assert "hull ended before it was ready: exit code 127" in output
    assert re.search(r"nonsense-command: .*not found", output)


def test_a_program_that_is_not_there_is_named(fleet):
    fleet.add("hull", "no-such-program")
    status, output = fleet.run(*fleet.arguments())
    assert status == 1
    assert "hull cannot start: no-such-program: No such file or directory" in output


def test_a_detached_fleet_is_seen_by_status_and_stopped_by_down(fleet):
    port = fleet.add("bow", SERVER, show=True)
    status, output = fleet.run(*fleet.arguments("--detach"))
    assert status == 0, output
    assert f"bow http://127.0.0.1:{port}/" in output
    status, output = fleet.look("status")
    assert status == 0, output
    assert re.search(rf"^bow +\d+ +{port} +up +\d+ MB +\d+ s +0  http", output, re.MULTILINE)
    assert fleet.states()["bow"]["memory_bytes"] > 0
    status, output = fleet.run(*fleet.arguments())
    assert status == 1 and "a fleet runs already in" in output
    pids = pids_of(fleet)
    assert fleet.look("down") == (0, "Nothing runs.\n")
    assert not any(map(runs, pids))
    assert fleet.look("status")[0] == 1


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_what_a_part_is_wrapped_around_ends_with_it(fleet):
    port = fleet.add("bow", WRAPPED_SERVER)
    status, output = fleet.run(*fleet.arguments("--detach"))
    assert status == 0, output
    assert fleet.look("down") == (0, "Nothing runs.\n")
    wait_until(lambda: not listens(port), "the server ends")
    assert fleet.run(*fleet.arguments("--detach"))[0] == 0
    os.kill(pids_of(fleet)[0], signal.SIGKILL)
    wait_until(lambda: [part["restarts"] for part in fleet.states().values()] == [1], "the part is started again")
    wait_until(lambda: listens(port), "it serves again")


def test_down_stops_what_a_killed_supervisor_has_left(fleet, owner):
    port = fleet.add("bow", WRAPPED_SERVER)
    up = owner.add(fleet.up())
    up.wait_for_log("Up in")
    up.process.kill()
    up.process.wait()
    assert listens(port)
    assert fleet.look("down") == (0, "Nothing runs.\n")
    wait_until(lambda: not listens(port), "the server ends")


def test_the_lines_of_a_detached_fleet_are_in_the_files_of_its_parts_alone(fleet):
    fleet.add("bow", WRAPPED_SERVER)
    assert fleet.run(*fleet.arguments("--detach"))[0] == 0
    logs = fleet.folder / "data" / "log"
    wait_until(lambda: "wrapped" in (logs / "bow.log").read_text(), "the part's log")
    assert "wrapped" not in (logs / "up.log").read_text()


def test_a_detached_fleet_that_cannot_start_says_why(fleet):
    fleet.add("hull", "/bin/sh -c nonsense-command")
    status, output = fleet.run(*fleet.arguments("--detach"))
    assert status == 1
    assert "hull ended before it was ready: exit code 127" in output


def test_who_holds_a_port_is_said(fleet, program):
    port = fleet.add("bow", SERVER)
    holder = program("python3", "-m", "http.server", "--bind", "127.0.0.1", str(port))
    holder.wait_for_port(port)
    status, output = fleet.run(*fleet.arguments())
    assert status == 1
    assert f"bow wants port {port}, which is held by python3 (pid {holder.pid})" in output
    assert "--port bow=NUMBER" in output


def test_scale_and_only(fleet):
    fleet.add("bow", SERVER)
    fleet.add("stern", SERVER)
    status, output = fleet.run(*fleet.arguments("--detach", "--only", "bow", "--scale=bow=2", f"--port=bow={free_port(2)}"))
    assert status == 0, output
    assert list(fleet.states()) == ["bow-1", "bow-2"]


def test_lines_of_a_part_are_in_its_file(fleet):
    fleet.add("bow", SERVER)
    assert fleet.run(*fleet.arguments("--detach"))[0] == 0
    log = pathlib.Path(fleet.states()["bow"]["log"])
    wait_until(lambda: "Serving HTTP" in log.read_text() or "GET /" in log.read_text(), "the part's log")


def test_dev_up_takes_the_options_of_flotilla_up():
    done = subprocess.run(
        [str(ROOT / "dev"), "up", "--print"],
        env={**os.environ, "FLOTILLA_SKIP_BUILD": "1"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0 and "name: registry" in done.stdout
