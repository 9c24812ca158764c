"""Pages of the documentation that are run: blocks of ```console, with commands behind `$ ` and what they print below.

Every command of a page runs in one shell. What it prints is compared by shape: ids, tokens, numbers and times may be
others; a line `...` stands for any lines, `...` inside of a line for any text.
"""

import os
import re
import signal
import subprocess
import threading

LIMIT = 40  # seconds for one command
END = "-- end of command --"


class Step:
    def __init__(self, line, command):
        self.line = line
        self.command = command
        self.output = []


def steps_of(markdown):
    steps, inside = [], False
    for number, line in enumerate(markdown.splitlines(), 1):
        if line.startswith("```"):
            inside = line.strip() == "```console"
        elif inside and line.startswith("$ "):
            steps.append(Step(number, line[2:]))
        elif inside and line.startswith("> ") and not steps[-1].output:
            steps[-1].command += "\n" + line[2:]
        elif inside:
            steps[-1].output.append(line)
    return steps


SHAPES = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "TOKEN"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)", "TIME"),
    (r"\b[0-9a-f]{16}([0-9a-f]{16})?\b", "TRACE"),
    (r"\"[0-9a-f-]{6,}\"", "TAG"),
    (r"\d+(\.\d+)?", "N"),
    (r"[ \t]+", " "),
]


def shape(text):
    for pattern, word in SHAPES:
        text = re.sub(pattern, word, text)
    return text.strip()


def fits(expected, actual):
    """Whether lines have the shape of those of the page."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(shape(part)) for part in line.split("...")) + r" *\n"
    return re.fullmatch(pattern, "".join(shape(line) + "\n" for line in actual)) is not None


class Shell:
    """One bash for a whole page."""

    def __init__(self, folder, replacements):
        self.replacements = replacements
        self.process = subprocess.Popen(
            ["/bin/bash", "--norc"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command):
        for what, by in self.replacements:
            command = command.replace(what, by)
        self.process.stdin.write(f"{command}\necho; echo '{END}'\n")
        self.process.stdin.flush()
        lines = []
        watchdog = threading.Timer(LIMIT, self.process.kill)
        watchdog.start()
        for line in self.process.stdout:
            if line.rstrip("\n") == END:
                break
            lines.append(line.rstrip("\r\n"))
        else:
            lines.append(f"(the shell ended, or was killed after {LIMIT} s)")
        watchdog.cancel()
        while lines and not lines[-1].strip():
            lines.pop()
        return lines

    def close(self):
        """What a page has started by hand ends too, when the page is broken off before it says so."""
        self.process.stdin.close()
        self.process.wait(timeout=30)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
