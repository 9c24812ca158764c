#!/usr/bin/python3
"""clang-tidy over the modules, and one rule of our own by clang-query, in minutes instead of an hour.

clang-tidy 19 walks the system headers of every translation unit, and that is where its time goes. So the sources of one
folder (a module's src/, its tests/, its bench/) are looked at together, as one translation unit that includes them all;
where they do not compile together (two files name a helper alike), each is looked at alone. What passed is remembered
until one of its files, a public header or the configuration changes.

    tidy.py COMPILE_COMMANDS CACHE_FOLDER [FOLDER_PREFIX...]     prints findings, then a line; 1 if there was a finding
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Tests and examples get the cheap checks: macros of GoogleTest make the rest slow, and a test fails loudly by itself.
CHECKS_OF_TESTS = "-*,bugprone-use-after-move,performance-for-range-copy,readability-identifier-naming,misc-unused-using-decls"
TEST_FOLDERS = {"tests", "bench", "fuzz", "examples"}

# g++ 12 destroys such temporaries of a co_await expression twice: name them first, or let a function make them.
AWAITED_TEMPORARY = """match expr(
    anyOf(lambdaExpr(forEachLambdaCapture(lambdaCapture())), initListExpr(hasType(hasUnqualifiedDesugaredType(recordType()))),
          conditionalOperator(hasType(hasUnqualifiedDesugaredType(recordType())))),
    unless(isExpansionInSystemHeader()), hasAncestor(coawaitExpr()))"""


def compiler_arguments(entry):
    """The command without the launcher, the output and the precompiled header."""
    words = shlex.split(entry["command"])
    compiler = next(i for i, word in enumerate(words) if os.path.basename(word).startswith("clang++"))
    words = words[compiler:]
    end = words.index("-o")
    words = words[:end] + words[end + 2 :]
    return [word for word in words if word not in ("-c", entry["file"])]


def groups_of(database, prefixes):
    """Folder of sources -> its entries."""
    groups = {}
    for entry in database:
        file = pathlib.Path(entry["file"])
        if not file.is_relative_to(ROOT) or file.is_relative_to(ROOT / "build"):
            continue
        folder = str(file.parent.relative_to(ROOT))
        if folder.startswith("cmake") or not (not prefixes or any(folder.startswith(prefix) for prefix in prefixes)):
            continue
        groups.setdefault(folder, {})[entry["file"]] = entry
    return {folder: list(entries.values()) for folder, entries in groups.items()}


def public_headers_hash():
    digest = hashlib.sha256()
    for path in [ROOT / ".clang-tidy", pathlib.Path(__file__), *sorted(ROOT.glob("modules/*/include/**/*.hpp"))]:
        digest.update(path.read_bytes())
    return digest


class Tidy:
    def __init__(self, cache):
        self.cache = cache
        self.headers = public_headers_hash()
        cache.mkdir(parents=True, exist_ok=True)

    def run(self, file, arguments, checks):
        command = ["nice", "clang-tidy-19", "--quiet", str(file)]
        if checks:
            command.append(f"--checks={checks}")
        done = subprocess.run([*command, "--", *arguments[1:]], capture_output=True, text=True, cwd=ROOT)
        return done.returncode, done.stdout

    def query(self, file, arguments):
        """Places where a temporary that g++ 12 destroys twice stands in a co_await expression."""
        command = ["nice", "clang-query-19", "-c", "set output diag", "-c", " ".join(AWAITED_TEMPORARY.split()), str(file)]
        done = subprocess.run([*command, "--", *arguments[1:]], capture_output=True, text=True, cwd=ROOT)
        places = re.findall(r'^(/\S+:\d+:\d+): note: "root" binds here$', done.stdout, re.MULTILINE)
        return "".join(
            f"{place}: error: a braced, capturing or conditional temporary in co_await: name it first [flotilla-awaited-temporary]\n"
            for place in places
        )

    def look_at(self, folder, entries):
        """Findings of one folder as text, "" if there are none."""
        digest = self.headers.copy()
        for path in sorted((ROOT / folder).glob("*.[ch]pp")):
            digest.update(path.read_bytes())
        passed = self.cache / f"{folder.replace('/', '-')}-{digest.hexdigest()[:24]}"
        if passed.exists():
            return ""
        checks = CHECKS_OF_TESTS if TEST_FOLDERS.intersection(pathlib.Path(folder).parts) else None
        together = self.cache / f"{folder.replace('/', '-')}.cpp"
        together.write_text("".join(f'#include "{entry["file"]}"\n' for entry in entries))
        output = self.findings(together, entries[0], f"{checks or ''},-bugprone-suspicious-include")
        if "clang-diagnostic-error" in output:
            output = "".join(self.findings(entry["file"], entry, checks) for entry in entries)
        if not output:
            passed.touch()
        return output

    def findings(self, file, entry, checks):
        arguments = compiler_arguments(entry)
        status, output = self.run(file, arguments, checks)
        return (output if status else "") + self.query(file, arguments)


def without_repetitions(output):
    """A finding in a header shows in each file that includes it; once is enough, and its first line says it all."""
    lines = re.findall(r"^/\S+:\d+:\d+: (?:error|warning): .*$", output, re.MULTILINE)
    unique = sorted({line.replace(f"{ROOT}/", "").replace(",-warnings-as-errors", "") for line in lines})
    return "\n".join(unique), len(unique)


def main():
    database = json.loads(pathlib.Path(sys.argv[1]).read_text())
    tidy = Tidy(pathlib.Path(sys.argv[2]).resolve())
    groups = groups_of(database, sys.argv[3:])
    findings = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        started = time.monotonic()
        # the largest first, so that no core waits for one at the end
        order = sorted(groups, key=lambda folder: -len(groups[folder]))
        for folder, output in zip(order, pool.map(lambda f: tidy.look_at(f, groups[f]), order)):
            print(f"  [{time.monotonic() - started:4.0f} s] {folder}", flush=True)
            findings.append(output)
    text, count = without_repetitions("\n".join(filter(None, findings)))
    if text:
        print(text)
    print(f"  {count} findings in {len(groups)} folders")
    return 1 if any(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
