"""Results of a bench: printed as a table for people, kept as JSON for machines."""

import json
import os
import platform
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / "release" / "bin"


def machine():
    """Where the figures were taken: they mean little elsewhere."""
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "commit": commit}


def median(values):
    return statistics.median(values)


class Table:
    """Rows of (what, ours, peer, ratio, wanted)."""

    def __init__(self, name):
        self.name = name
        self.rows = []

    def add(self, what, ours, peer=None, unit="", ratio=None, wanted=None):
        self.rows.append({"what": what, "ours": ours, "peer": peer, "unit": unit, "ratio": ratio, "wanted": wanted})
        self._print_row(self.rows[-1])

    @staticmethod
    def _number(value):
        if value is None:
            return ""
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}".rstrip("0").rstrip(".")

    def _print_row(self, row):
        if len(self.rows) == 1:
            print(f"{'':44} {'flotilla':>12} {'peer':>12} {'unit':10} {'ratio':>6}  wanted", flush=True)
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        print(
            f"{row['what']:44} {self._number(row['ours']):>12} {self._number(row['peer']):>12} {row['unit']:10} {ratio:>6}  {row['wanted'] or ''}",
            flush=True,
        )

    def save(self):
        folder = ROOT / "build" / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.json"
        file.write_text(json.dumps({"bench": self.name, "machine": machine(), "rows": self.rows}, indent=2) + "\n")
        print(f"kept in {file.relative_to(ROOT)}")
