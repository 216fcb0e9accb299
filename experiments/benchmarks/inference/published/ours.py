"""Run activesci's own engine on the tasks, with the simulations and observations that the peer gets.

    .venv/bin/python experiments/benchmarks/inference/published/ours.py [--surrogate auto] [task ...]

What a campaign does in the one round of such a study: it fits the surrogate, samples the posterior, and fits and
samples once more, with the same simulations, where the posterior is much narrower than what the surrogate was fitted
to. Rows go to runs/benchmarks/published/ours.jsonl; what is there of the same engine is not done again.
"""

from tasks import OBSERVATIONS, SAMPLES, TASKS  # isort: skip # first: it sets the number of threads

import argparse
import subprocess
import time
from pathlib import Path

import numpy as np
from references import load
from rows import append, digest, keep, missing
from studies import study

import activesci
from activesci.inference.base import Data
from activesci.ledger import Bank
from activesci.loop import round as rounds
from activesci.loop.surrogates import surrogate_for
from activesci.rng import Purpose, generator
from activesci.simulate import FunctionSimulator

FILE = "ours.jsonl"
PACKAGE = Path(activesci.__file__).parent
SOURCES = sorted(file for room in ("inference", "loop") for file in (PACKAGE / room).rglob("*.py"))
ENGINE = digest(*(np.frombuffer(file.read_bytes(), dtype=np.uint8) for file in SOURCES))
"""What decides what comes out: a digest of the source of the engine, as it was at the start."""


def commit():
    """Return the commit that is checked out, with a plus where the package differs from it; empty outside git."""
    found = subprocess.run(
        ["git", "describe", "--always", "--exclude=*", "--dirty=+"], cwd=PACKAGE, capture_output=True, text=True
    )
    return found.stdout.strip()


def bank_of(task, theta, y):
    """Return simulations as a campaign keeps them."""
    return Bank.of(0, task.to_study(theta), np.empty((len(theta), 0)), [{"index": np.arange(len(theta)), "y": y}])


def belief_of(asked, fitted, bank, y, number):
    """Return the belief after one outcome (width,), and the CPU seconds of fitting and sampling."""
    start = time.process_time()
    data = Data(np.empty((1, 0)), y[None])
    belief = rounds.after_data(asked, 1, rounds.before_data(asked, fitted), fitted, data, number)
    sampled = time.process_time() - start
    if fitted.resolves(belief.posterior.theta):
        return belief, 0.0, sampled
    start, rng = time.process_time(), generator(asked.seed, 1, Purpose.FIT, number)
    closer = fitted.fit(bank, 0, belief.posterior.theta, rng)[0]
    refitted, start = time.process_time() - start, time.process_time()
    belief = rounds.after_data(asked, 1, belief, closer, data, 100 + number)
    return belief, refitted, sampled + time.process_time() - start


def run(task, surrogate, n, seed, observations, said, again):
    """Fit once and sample each of the seed's observations (their places), as far as they are not done."""
    which = {"task": task.name, "method": surrogate, "simulations": n, "seed": seed}
    todo = observations if again else missing(FILE, which, observations, engine=ENGINE)
    if not todo:
        return
    theta, y = task.simulations(n, seed)
    asked = study(task, seed, inference={"surrogate": surrogate, "simulations": n})
    chosen, bank = surrogate_for(asked, FunctionSimulator(asked)), bank_of(task, theta, y)
    start = time.process_time()
    fitted, info = chosen.surrogate.fit(bank, 0, None, generator(seed, 0, Purpose.FIT))
    training = time.process_time() - start
    known = load(task.name)
    for number in todo:
        belief, refit, seconds = belief_of(asked, fitted, bank, known["observations"][number], number)
        samples = belief.posterior.sample(SAMPLES, np.random.default_rng(number))
        z = np.stack(list(samples.values()), axis=1)
        row = which | {"observation": number, "fit": training + refit, "sample": seconds, "kind": chosen.kind}
        row |= {"steps": info.steps, "held_out": info.held_out, "ess": belief.posterior.population.ess}
        row |= {"disagreement": float(belief.posterior.disagreement.max()), "digest": digest(theta, y)}
        row |= {"engine": ENGINE, "commit": said, "closer": refit > 0}
        row["draws"] = f"ours-{ENGINE}-{task.name}-{surrogate}-{n}-{seed}-{number}"
        keep(row["draws"], task.from_study(z))
        append(FILE, row)
        print(task.name, chosen.kind, n, seed, number, *(f"{row[key]:.3g}" for key in ("fit", "sample")), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surrogate", default="auto", choices=["auto", "likelihood", "posterior", "ratio"])
    parser.add_argument("--simulations", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(OBSERVATIONS))
    parser.add_argument("--observations", type=int, default=3, help="of each seed")
    parser.add_argument("--commit", default=commit(), help="what the rows say of the engine's version")
    parser.add_argument("--again", action="store_true", help="run what is there already once more")
    parser.add_argument("tasks", nargs="*", default=list(TASKS), metavar="task")
    options = parser.parse_args()
    for n in options.simulations:
        for seed in options.seeds:
            for name in options.tasks:
                observations = OBSERVATIONS[seed][: options.observations]
                run(TASKS[name], options.surrogate, n, seed, observations, options.commit, options.again)


if __name__ == "__main__":
    main()
