"""./dev setup installs what is missing and nothing else; tried with a dpkg-query and an apt-get that only pretend."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL_PACKAGES = [line.split()[0] for line in (ROOT / "packages.txt").read_text().splitlines() if re.match(r"[a-z]", line)]


class Machine:
    """Commands that pretend, before the real ones in PATH, and a record of what apt was asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.installed = folder / "installed"
        self.asked = folder / "asked"
        self.asked.touch()
        self.pretend("dpkg-query", f'while read -r p; do echo "$p installed"; done <{self.installed}')
        self.pretend("apt-get", f'echo "$*" >>{self.asked}; echo "E: no network" >&2; exit 100')
        self.pretend("sudo", '[ "$1" = -n ] && shift; exec "$@"')

    def pretend(self, name, body):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        os.chmod(path, 0o755)

    def setup(self, installed):
        self.installed.write_text("\n".join(installed) + "\n")
        done = subprocess.run(
            [str(ROOT / "dev"), "setup"],
            env={
                **os.environ,
                "PATH": f"{self.folder}:/usr/sbin:/usr/bin:/sbin:/bin",
                "FLOTILLA_POLICY_FILE": str(self.folder / "policy"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, self.asked.read_text()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_nothing_is_asked_of_apt_when_nothing_is_missing(machine):
    status, output, asked = machine.setup(ALL_PACKAGES)
    assert (status, asked) == (0, ""), output


def test_only_what_is_missing_is_installed_and_a_failure_says_what_to_do(machine):
    status, output, asked = machine.setup([name for name in ALL_PACKAGES if name != "wrk"])
    assert status == 1
    installs = [line for line in asked.splitlines() if "install" in line.split()]
    assert installs and all(line.split()[-1] == "wrk" for line in installs)
    assert "failed: install packages" in output
    assert not (machine.folder / "policy").exists()  # services may start again
    assert "apt-get install --no-install-recommends wrk" in output
