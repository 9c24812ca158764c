"""docs/gateway-differences.md as data: which case may differ in what."""

import fnmatch
import re

from support.programs import ROOT

FILE = ROOT / "docs/gateway-differences.md"


class Row:
    """Cases and aspects, each possibly with `*`; a difference is excused when both fit."""

    def __init__(self, cases, aspects, reason):
        self.cases, self.aspects, self.reason = cases, aspects, reason
        self.used = set()

    def excuses(self, case, aspect):
        hits = [("case", one) for one in self.cases if fnmatch.fnmatchcase(case, one)]
        kinds = [("aspect", one) for one in self.aspects if fnmatch.fnmatchcase(aspect, one)]
        if not hits or not kinds:
            return False
        self.used.update(hits + kinds)
        return True

    def unused(self):
        everything = [("case", one) for one in self.cases] + [("aspect", one) for one in self.aspects]
        return [f"{kind} {one!r}" for kind, one in everything if (kind, one) not in self.used]


def read_rows():
    rows = []
    for line in FILE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("| `") or len(cells) != 5:
            continue
        cases, aspects = (re.findall(r"`([^`]+)`", cell) for cell in cells[:2])
        rows.append(Row(cases, aspects, cells[4]))
    return rows


def check(found):
    """`found` is {case: {aspect: (theirs, ours)}}; gives what is wrong with the list, as lines."""
    rows = read_rows()
    wrong = []
    for case, aspects in found.items():
        for aspect, (theirs, ours) in aspects.items():
            excused = [row for row in rows if row.excuses(case, aspect)]
            if not excused:
                wrong.append(f"not listed: `{case}` `{aspect}`: Spring {theirs!r}, Flotilla {ours!r}")
    for row in rows:
        wrong += [f"listed, but does not differ: {what} of {row.cases} {row.aspects}" for what in row.unused()]
        if len(row.reason) < 10:
            wrong.append(f"without a reason: {row.cases} {row.aspects}")
    return wrong
