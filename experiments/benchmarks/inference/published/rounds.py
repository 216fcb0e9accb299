"""Run whole campaigns that simulate in rounds where the posterior is: 10 rounds of 1000 simulations.

    .venv/bin/python experiments/benchmarks/inference/published/rounds.py [--seeds 0 1] [task ...]

A study with nothing to choose takes its one recorded outcome in its first round; every later round simulates around
the posterior, and a share of it from the prior, refits, and samples again. Rows go to
runs/benchmarks/published/ours.jsonl with the method `rounds`; what is there of the same engine is not done again.
"""

from tasks import OBSERVATIONS, SAMPLES, TASKS  # isort: skip # first: it sets the number of threads

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from ours import ENGINE, FILE, commit
from references import load
from rows import append, keep, missing
from studies import recorded, study

import activesci as asci

PER_ROUND, ROUNDS = 1000, 10
TARGETS = {"two_moons": 0.53, "slcp": 0.70}


def run(task, seed, number, surrogate, said):
    """Run one campaign and keep its posterior."""
    which = {"task": task.name, "method": "rounds", "simulations": ROUNDS * PER_ROUND, "seed": seed}
    if not missing(FILE, which, [number], engine=ENGINE):
        return
    inference = {"surrogate": surrogate, "simulations": PER_ROUND, "per_round": PER_ROUND, "passes": 1}
    start, y = time.process_time(), load(task.name)["observations"][number]
    with tempfile.TemporaryDirectory() as folder:
        experiment = recorded(task, y, Path(folder) / "outcome.jsonl")
        parts = {"inference": inference, "experiment": experiment, "stop": {"rounds": ROUNDS - 1}}
        asked = study(task, 100 * seed + number, **parts)
        with asci.Campaign(asked, Path(folder) / "run") as campaign:
            for state in campaign:
                print(
                    f"{task.name} {number}: round {state.round}, {time.process_time() - start:.0f} CPU s", flush=True
                )
            posterior, simulations = campaign.posterior, campaign.history.simulations
    z = np.stack(list(posterior.sample(SAMPLES, np.random.default_rng(number)).values()), axis=1)
    row = which | {"observation": number, "fit": time.process_time() - start, "sample": 0.0, "done": simulations}
    row |= {"engine": ENGINE, "commit": said, "draws": f"rounds-{ENGINE}-{task.name}-{seed}-{number}"}
    keep(row["draws"], task.from_study(z))
    append(FILE, row)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surrogate", default="auto", choices=["auto", "likelihood", "posterior", "ratio"])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(OBSERVATIONS))
    parser.add_argument("--commit", default=commit(), help="what the rows say of the engine's version")
    parser.add_argument("tasks", nargs="*", default=list(TARGETS), metavar="task")
    options = parser.parse_args()
    for seed in options.seeds:
        for place in range(len(OBSERVATIONS[seed])):
            for name in options.tasks:
                run(TASKS[name], seed, OBSERVATIONS[seed][place], options.surrogate, options.commit)


if __name__ == "__main__":
    main()
