"""Our policies beside Resilience4j 2.2.0: the same seeded scripts, the same state, rates and counts after every step.

FLOTILLA_SEED=n repeats one run, FLOTILLA_STEPS=n makes it longer. Left out, as they differ on purpose (docs/resilience.md):
timers (Resilience4j has real ones), results that come late (here `late-results: record` is set), drained limiters.
"""

import os
import pathlib
import random
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
STEPS = int(os.environ.get("FLOTILLA_STEPS", "300"))
SEEDS = [int(os.environ["FLOTILLA_SEED"])] if "FLOTILLA_SEED" in os.environ else [1, 2, 3, 4]
MS = 1_000_000
STATES = ["CLOSED", "OPEN", "HALF_OPEN", "DISABLED", "FORCED_OPEN", "METRICS_ONLY"]


@pytest.fixture(scope="module")
def resilience4j(maven):
    """Plays a script with the real thing."""
    jar = maven("resilience4j")
    return ["java", "-Xmx128m", "-cp", f"{jar}:{jar.parent}/lib/*", "interop.Replay"]


def play(command, script):
    done = subprocess.run(command, input="\n".join(script) + "\n", capture_output=True, text=True, timeout=300, check=True)
    return done.stdout.splitlines()


def compare(resilience4j, script, agree=lambda ours, theirs: ours == theirs):
    ours = play([ROOT / "build/release/bin/resilience_replay"], script)
    theirs = play(resilience4j, script)
    assert len(ours) == len(theirs) == len(script)
    for step, (op, a, b) in enumerate(zip(script, ours, theirs)):
        if not agree(a, b):
            begin = max(i for i in range(step + 1) if script[i].split()[0] in ("breaker", "limiter", "retrying"))
            played = "\n".join(f"{o:24} ours {x:40} theirs {y}" for o, x, y in list(zip(script, ours, theirs))[begin : step + 1])
            pytest.fail(f"step {step}: {op}: ours {a}, theirs {b}\n{played}")


# ---- breakers -----------------------------------------------------------------------------------------------------------


def breaker_script(rnd):
    size = rnd.choice([1, 2, 3, 5, 10, 30, 100])
    by_time = rnd.random() < 0.4
    if by_time:
        size = rnd.choice([1, 2, 3, 10])
    minimum = rnd.choice([1, 2, 3, 5, 10, size, 100])
    threshold = rnd.choice(["4", "10", "33.333332", "33.333336", "50", "75", "100"])
    slow_rate = rnd.choice(["20", "50", "100", "100"])
    wait = rnd.choice([1, 100, 1000])
    permitted = rnd.choice([1, 2, 3, 10])
    kind = "TIME_BASED" if by_time else "COUNT_BASED"
    script = [
        f"breaker {kind} {size} {minimum} {threshold} {slow_rate} 10 {wait} {rnd.choice(['1', '1.5', '2'])} {4 * wait} {permitted}"
    ]
    failing = rnd.choice([0.02, 0.1, 0.5])
    manual = rnd.choice([0, 0.02])
    stayed = ""  # in a state that only another transition ends
    for _ in range(STEPS):
        chance = rnd.random()
        took = rnd.choice([0, MS, 10 * MS, 10 * MS + 1, 30 * MS])
        if chance < manual:
            state = rnd.choice(["", *STATES])
            # From there into OPEN Resilience4j has a window without room, and divides by zero.
            if state == "OPEN" and stayed in ("DISABLED", "FORCED_OPEN"):
                script.append("reset")
            script.append(f"to {state}" if state else "reset")
            if not (stayed == "METRICS_ONLY" and state in ("OPEN", "HALF_OPEN")):
                stayed = state
        elif chance < 0.45:
            script.append("acquire")
        elif chance < 0.8:
            result = rnd.random()
            if result < failing:
                script.append(f"error {took}")
            elif result < failing + 0.05:
                script.append(rnd.choice([f"ignored {took}", "release"]))
            else:
                script.append(f"success {took}")
        else:
            script.append(f"advance {rnd.choice([0, 1, MS, 100 * MS, 250 * MS, wait * MS, wait * MS + 1, 1000 * MS, 3000 * MS])}")
    return script


@pytest.mark.parametrize("seed", SEEDS)
def test_breakers_agree_at_every_step(resilience4j, seed):
    rnd = random.Random(seed)
    compare(resilience4j, [line for _ in range(60) for line in breaker_script(rnd)])


# ---- rate limiters ------------------------------------------------------------------------------------------------------


def limiter_script(rnd):
    """Always in the middle of a hundredth of a second, since the real thing cannot be wound exactly."""
    period = rnd.choice([1000, 2000])
    script = [f"limiter {rnd.choice([1, 2, 5, 50])} {period} {rnd.choice([0, 500, 1500, 5000])}", f"advance {5 * MS}"]
    for _ in range(STEPS):
        chance = rnd.random()
        if chance < 0.6:
            script.append(f"reserve {rnd.choice([1, 1, 1, 2, 3, 7])}")
        elif chance < 0.95:
            script.append(f"advance {rnd.choice([10, 200, 490, 1000, 3170]) * MS}")
        else:
            script.append(f"limit {rnd.choice([1, 2, 5, 50])}")
    return script


def near(ours, theirs):
    """The same but for the moment between winding and asking."""
    a, b = ours.split(), theirs.split()
    if len(a) < 2:
        return a == b
    return a[1:] == b[1:] and (a[0] == b[0] or min(int(a[0]), int(b[0])) > 0 and abs(int(a[0]) - int(b[0])) < 4 * MS)


@pytest.mark.parametrize("seed", SEEDS)
def test_rate_limiters_agree_at_every_step(resilience4j, seed):
    rnd = random.Random(seed)
    compare(resilience4j, [line for _ in range(30) for line in limiter_script(rnd)], near)


# ---- retries ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_retries_agree_at_every_step(resilience4j, seed):
    rnd = random.Random(seed)
    script = []
    for _ in range(30):
        wait = rnd.choice([10, 100, 333])
        script.append(f"retrying {rnd.choice([1, 2, 3, 5, 9])} {wait} {rnd.choice(['1', '1.5', '2.7'])} {rnd.choice([5, 20]) * wait}")
        script += rnd.choices(["good", "bad", "error", "ignored"], [4, 3, 4, 1], k=STEPS)
    compare(resilience4j, script)
