"""Fetching and building what real peers are made of: tried again when the network fails, and named when it stays away."""

import subprocess
import time

import pytest

ATTEMPTS = 3
_failed = {}  # by what: who needs it again need not wait again


def run(what, command, limit=180, retry=()):
    """Runs a command that downloads. `retry` is added to it from the second attempt on."""
    if what in _failed:
        pytest.fail(_failed[what], pytrace=False)
    command = [str(word) for word in command]
    said = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(5 * attempt)
        try:
            done = subprocess.run(
                command + list(retry if attempt else ()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=limit,
            )
            if done.returncode == 0:
                return
            said = f"exit status {done.returncode}\n{done.stdout[-4000:]}"
        except subprocess.TimeoutExpired as slow:
            output = slow.stdout or b""
            said = f"not within {limit} s\n{output.decode(errors='replace')[-4000:]}"
    _failed[what] = f"could not fetch {what}, {ATTEMPTS} times:\n{' '.join(command)}\n{said}"
    pytest.fail(_failed[what], pytrace=False)


def run_maven(what, mvn, *arguments):
    """Maven remembers what it did not find; -U makes it look again."""
    run(what, [mvn, "-q", "-B", "-ntp", "--fail-fast", *arguments], retry=["-U"])
