"""What connections cost that say nothing: each asks once and stays; the server's resident memory tells."""

import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SPARE_DESCRIPTORS = 200


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


def measure(command, port, path, connections):
    """Resident memory of a server in MB: before, and with that many connections that have asked for `path` once."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    clients = []
    try:
        clients.append(connect(port))
        before = resident_mb(process.pid)
        while len(clients) < connections:
            clients.append(connect(port))
        for client in clients:
            client.sendall(request)
            if not client.recv(4096).startswith(b"HTTP/1.1 200 "):
                sys.exit("an answer other than 200")
        return before, resident_mb(process.pid)
    finally:
        for client in clients:
            client.close()
        process.send_signal(signal.SIGTERM)
        process.wait()


def add_rows(table, command, port, path, limit, wanted=10_000):
    connections = allowed(wanted)
    before, after = measure(command, port, path, connections)
    table.add(f"resident memory, {connections:,} idle connections", after, None, "MB", None, f"< {limit}")
    table.add("memory of an idle connection", (after - before) * 1024 / connections, None, "KB", None, None)
