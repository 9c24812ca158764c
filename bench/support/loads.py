"""Servers side by side and wrk against them."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time

from results import median

SERVER_CORE, CLIENT_CORE = 0, min(1, os.cpu_count() - 1)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_open(port, process):
    for _ in range(500):
        if process.poll() is not None:
            sys.exit(f"the server on port {port} ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    sys.exit(f"nothing listens on port {port} after 5 s")


@contextlib.contextmanager
def running(command, port, cores):
    """A server of its own, on the given cores, ended in the end."""
    process = subprocess.Popen(["taskset", "-c", cores, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_open(port, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def certificate(folder):
    """cert.pem and key.pem for localhost."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
        check=True, capture_output=True,
    )


def to_ms(text):
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text)
    if not match:
        sys.exit(f"wrk gave a time that is none: {text}")
    value, unit = match.groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}[unit]


def load(url, seconds, script=None, connections=64, core=CLIENT_CORE, header=None):
    """Requests a second and the 99th percentile in milliseconds; `script` is a path, `header` one line."""
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    if header:
        command[-1:-1] = ["-H", header]
    if script:
        command[-1:-1] = ["-s", str(script)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        sys.exit(f"errors from {url}:\n{text}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), to_ms(re.search(r"^\s+99%\s+(\S+)", text, re.MULTILINE)[1])


def in_turns(rounds, *runs):
    """Runs each once per round, the first of a round changing, and gives the results by run."""
    results = [[] for _ in runs]
    for round_ in range(rounds):
        for i in range(len(runs)):
            which = (i + round_) % len(runs)
            results[which].append(runs[which]())
    return results


def ratio_of(ours, peers, index=0):
    """The median of the ratios of neighbours, which a drift of the machine does not touch."""
    return median([a[index] / b[index] for a, b in zip(ours, peers)])
