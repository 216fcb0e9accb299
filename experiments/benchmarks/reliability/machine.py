"""Trial 23: campaigns in somebody's hands, asked, told, paused, crashed, resumed in any order: 500 runs of 50 steps.

    python experiments/benchmarks/reliability/machine.py [--runs 500] [--steps 50] [--to FILE]

The machine is the tests' (`tests/loop/machine.py`); runs come in blocks of 50, each with a seed of its own, and a line
of the file each; blocks that are there are not run again.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, core, settings
from hypothesis.stateful import run_state_machine_as_test

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))
from activesci.ledger import Ledger  # noqa: E402 - after the path
from tests.loop.machine import Machine  # noqa: E402 - found beside the package, not installed

BLOCK = 50


def counting(found):
    """Return the machine, adding up what has happened in its runs."""

    class Counting(Machine):
        def check_invariants(self, *given):
            found["steps"] += 1
            return super().check_invariants(*given)

        def does(self, step):
            error = super().does(step)
            found["crashes" if type(error).__name__ == "Crash" else "refused" if error else "done"] += 1
            return error

        def teardown(self):
            found["runs"] += 1
            if Ledger.exists(self.folder):
                found.update(str(event.kind) for event in self.read())
            super().teardown()

    return Counting


def block(seed, runs, steps):
    core.global_force_seed = seed
    found, begun = Counter(), time.process_time()
    said = settings(
        max_examples=runs,
        stateful_step_count=steps,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(counting(found), settings=said)
    return {"seed": seed, "steps_asked": steps, **found, "cpu_s": round(time.process_time() - begun, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--to", type=Path, default=ROOT / "runs" / "benchmarks" / "machine.jsonl")
    given = parser.parse_args()
    lines = [json.loads(line) for line in given.to.read_text().splitlines()] if given.to.exists() else []
    there = {one["seed"]: one for one in lines if one["steps_asked"] == given.steps}
    for seed in range(-(-given.runs // BLOCK)):
        if seed not in there:
            there[seed] = block(seed, BLOCK, given.steps)
            with given.to.open("a") as file:
                file.write(json.dumps(there[seed]) + "\n")
    total = Counter()
    for one in there.values():
        total.update({name: count for name, count in one.items() if name not in ("seed", "steps_asked")})
    print("\n".join(f"{name:12} {count:10g}" for name, count in total.items()))


if __name__ == "__main__":
    main()
