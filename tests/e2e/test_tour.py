"""docs/tour.md does what it says."""

import os

import pytest
from shop_support.page import Shell, fits, steps_of
from support.programs import BINARIES, ROOT, free_port


@pytest.mark.fast
def test_the_tour_can_be_taken(tmp_path):
    gateway, registry = free_port(), free_port()
    up = (
        f"{BINARIES}/flotilla up --data {tmp_path}/data --port gateway={gateway} --port registry={registry} "
        f"--eureka.consul.dns-port={free_port()}"
    )
    shell = Shell(
        ROOT,
        [
            ("build/release/bin/", f"{BINARIES}/"),
            ("./dev up", up),
            ("./dev status", f"{BINARIES}/flotilla status --data {tmp_path}/data"),
            ("./dev down", f"{BINARIES}/flotilla down --data {tmp_path}/data"),
            ("localhost:8000", f"localhost:{gateway}"),
            ("localhost:8761", f"localhost:{registry}"),
            ("DATA=build/data", f"DATA={tmp_path}/data"),
        ],
    )
    try:
        for step in steps_of((ROOT / "docs/tour.md").read_text()):
            printed = shell.run(step.command)
            assert fits(step.output, printed), (
                f"docs/tour.md:{step.line}: {step.command}\nsays\n{os.linesep.join(step.output)}\n"
                f"and prints\n{os.linesep.join(printed)}"
            )
    finally:
        shell.run(f"{BINARIES}/flotilla down --data {tmp_path}/data")
        shell.close()
