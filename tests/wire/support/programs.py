"""Starting real programs: ours and those of others. Each has its output in a file and must be stopped by its owner."""

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Whose programs are tested, and how many times longer than usual they may take: a sanitizer's are slower.
BINARIES = ROOT / os.environ.get("FLOTILLA_BIN", "build/release/bin")
PATIENCE = float(os.environ.get("FLOTILLA_PATIENCE", "1"))
START_LIMIT = 15.0
STOP_LIMIT = 10.0


# Below those that the kernel gives to outgoing connections: one of them would take the port now and then, between the
# look here and the program that is to listen.
FIRST_PORT = 10_000
LAST_PORT = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]) - 1

_given_ports = set()
_dice = random.SystemRandom()


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def free_port(count=1):
    """A port that nobody listens on at this moment, and another one each time; the first of so many in a row."""
    while True:
        first = _dice.randint(FIRST_PORT, LAST_PORT - count)
        row = range(first, first + count)
        if _given_ports.isdisjoint(row) and all(map(is_free, row)):
            _given_ports.update(row)
            return first


def tool(name):
    """The path of a program that packages.txt brings; a missing one is an error, not a reason to skip."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    assert path, f"{name} is missing: ./dev setup installs it"
    return path


def wait_until(condition, what, limit=START_LIMIT):
    """Polls until the condition gives something true, and returns that."""
    deadline = time.monotonic() + limit * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {limit * PATIENCE:g} s: {what}"
        time.sleep(0.01)


class Program:
    """A running program with its log."""

    def __init__(self, command, log, env=None, cwd=None):
        self.command = [str(word) for word in command]
        self.log_file = pathlib.Path(log)
        self._output = open(self.log_file, "wb")
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process.poll() is None

    def log(self):
        return self.log_file.read_text(errors="replace")

    def wait_for_log(self, text, limit=START_LIMIT):
        """Waits for a text in the log and returns the first line with it."""
        wait_until(lambda: text in self.log() or not self.running, f"{text!r} in the log of {self.command[0]}", limit)
        lines = [line for line in self.log().splitlines() if text in line]
        assert lines, f"{self.command[0]} ended without {text!r}:\n{self.log()}"
        return lines[0]

    def wait_for_port(self, port, limit=START_LIMIT):
        def connects():
            assert self.running, f"{' '.join(self.command)} ended with {self.process.returncode}:\n{self.log()}"
            with socket.socket() as probe:
                probe.settimeout(PATIENCE)
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(connects, f"port {port} of {self.command[0]}", limit)

    def wait_for_exit(self, limit=STOP_LIMIT):
        return self.process.wait(timeout=limit * PATIENCE)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, limit=STOP_LIMIT):
        """SIGTERM, then the exit status; SIGKILL if it does not listen."""
        if self.running:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=limit * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.command[0]} did not stop within {limit * PATIENCE:g} s:\n{self.log()}") from None
        finally:
            self._output.close()

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")


class Service(Program):
    """One of our programs, listening on a free port of its own with the given properties."""

    def __init__(self, name, log, properties=None, env=None, arguments=()):
        properties = {"server.port": free_port(), **(properties or {})}
        self.port = int(properties["server.port"])
        options = [f"--{key}={value}" for key, value in properties.items()]
        super().__init__([BINARIES / name, *options, *arguments], log, env=env)

    def url(self, path="/", scheme="http"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def wait_until_ready(self):
        self.wait_for_port(self.port)
        return self

    def get(self, path, headers=None, timeout=5):
        return fetch(self.url(path), headers=headers, timeout=timeout)


class Owner:
    """Stops what it started, the last first, whatever the test did."""

    def __init__(self, folder):
        self.folder = folder
        self._started = []

    def add(self, program):
        self._started.append(program)
        return program

    def log_path(self, name):
        return self.folder / f"{name}-{len(self._started)}.log"

    def stop_all(self):
        for program in reversed(self._started):
            if program.running:
                program.stop()


class Answer:
    """What came back: status, headers (names in lower case), body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode()


def fetch(url, method="GET", body=None, headers=None, timeout=5, context=None):
    """One HTTP request by Python's own client; an error status is an answer too."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout * PATIENCE, context=context) as answer:
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())
