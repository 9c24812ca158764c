#!/usr/bin/env python3
"""What connections cost that say nothing: opens them to hello, asks once on each, and reads its resident memory.

    bench/http/idle.py                     10,000 of them
    bench/http/idle.py --connections 2000
"""

import argparse
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from results import BIN, Table  # noqa: E402

REQUEST = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
SPARE_DESCRIPTORS = 200


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connect(port):
    for _ in range(500):
        try:
            return socket.create_connection(("127.0.0.1", port), 5)
        except ConnectionRefusedError:
            time.sleep(0.01)
    sys.exit(f"nothing listens on port {port} after 5 s")


def resident_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def allowed(wanted):
    """As many as the limit of descriptors lets one process have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = hard if hard != resource.RLIM_INFINITY else wanted + SPARE_DESCRIPTORS
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, wanted + SPARE_DESCRIPTORS), hard))
    return min(wanted, limit - SPARE_DESCRIPTORS)


def measure(connections):
    """Resident memory of hello, in MB: before, and with that many connections that have asked once."""
    port = free_port()
    command = [str(BIN / "hello"), f"--server.port={port}", "--flotilla.runtime.loops=1", "--flotilla.shutdown.drain-delay=0",
               "--logging.level.root=WARN"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clients = []
    try:
        clients.append(connect(port))
        before = resident_mb(process.pid)
        while len(clients) < connections:
            clients.append(connect(port))
        for client in clients:
            client.sendall(REQUEST)
            if not client.recv(4096).startswith(b"HTTP/1.1 200 "):
                sys.exit("an answer other than 200")
        return before, resident_mb(process.pid)
    finally:
        for client in clients:
            client.close()
        process.send_signal(signal.SIGTERM)
        process.wait()


def add_rows(table, wanted=10_000):
    connections = allowed(wanted)
    before, after = measure(connections)
    table.add(f"resident memory, {connections:,} idle connections", after, None, "MB", None, "< 150")
    table.add("memory of an idle connection", (after - before) * 1024 / connections, None, "KB", None, None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10_000)
    add_rows(Table("idle"), parser.parse_args().connections)
