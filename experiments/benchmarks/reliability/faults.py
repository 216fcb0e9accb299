"""Does it bias the answer that simulations and measurements fail? Campaigns over seeds, each with a truth of its own.

    .venv/bin/python experiments/benchmarks/reliability/faults.py [--seeds 200] [--share 0.01] [--mutant]

Truths are drawn from the prior, and three measurements are made of each. With the exact likelihood it is nature that
fails, and is asked again: each seed is a campaign. With a learned likelihood it is the simulations that it is learned
of: a campaign learns it of 300, and posteriors of ten truths are sampled with it. Posteriors are held against the
truths, for coverage, and against the exact ones of the same measurements, which know of no failure. The mutant does
not notice what goes wrong: such a call counts as 0. Results go to runs/benchmarks/faults.jsonl, and what is there is
not run again.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import faulty
import numpy as np
from reference import ROOT_OF_RUNS, written

from activesci import Campaign, Study
from activesci.inference.base import Data
from activesci.loop import round as rounds

RESULTS = ROOT_OF_RUNS / "faults.jsonl"
INSIDE = 0.6827
NOISE = 0.1  # as in faulty.py
SIMULATOR = {"function": "model:simulate", "timeout": faulty.PATIENCE}
LEARNED = {"surrogate": "likelihood", "simulations": 300, "particles": 512, "ensemble": 1}
TRUTHS = 10
"""Truths of one learned likelihood."""
DESIGNS = np.array([[2.0], [2.0], [1.0]])


def measured(seed, share, mutant, folder):
    """Measure a truth and infer it with the exact likelihood, in a campaign; return what came of it."""
    truth = float(np.random.default_rng(seed).normal())
    changes = {
        "seed": seed,
        "simulator": SIMULATOR | {"batch": 64},
        "experiment": {"truth": {"slope": truth}},
        "inference": {"surrogate": "exact", "particles": 1024},
        "designer": {"random": {}, "batch": 3},
        "stop": {"rounds": 1},
    }
    study = Study.load(written(folder, faulty.model(share, likelihood=True, silent=mutant), **changes))
    with Campaign(study, folder / "run") as campaign:
        for _ in campaign:  # no report is written
            pass
        theta, history = campaign.posterior.theta[:, 0], campaign.history
    taken = [(one.design["x"], one.outcome["y"]) for one in history.measured()]
    tried = sum(len(record.measured) for record in history.rounds)
    return [{"failed": tried - len(taken), **held(truth, theta, *np.array(taken).T)}]


def learned(seed, share, mutant, folder):
    """Learn the likelihood of simulations of which some fail, and infer truths with it; return what came of each."""
    changes = {"seed": seed, "simulator": SIMULATOR, "inference": LEARNED, "designer": {"random": {}}}
    study = Study.load(written(folder, faulty.model(share, silent=mutant), **changes))
    with Campaign(study, folder / "run") as campaign:
        next(iter(campaign))
        belief, failed = campaign._memory.belief(), campaign.history.failed
    found = []
    for turn in range(TRUTHS):
        rng = np.random.default_rng([seed, turn])
        truth = float(rng.normal())
        y = truth * DESIGNS + NOISE * rng.standard_normal(DESIGNS.shape)
        after = rounds.after_data(study, 1 + turn, belief, belief.surrogate, Data(DESIGNS, y))
        found.append(
            {"failed": failed * (not turn), **held(truth, after.posterior.theta[:, 0], DESIGNS[:, 0], y[:, 0])}
        )
    return found


def held(truth, theta, x, y):
    """Hold a posterior against the truth and against the exact posterior of the measurements."""
    precision = 1.0 + (x**2).sum() / NOISE**2
    mean, sd = (x * y).sum() / NOISE**2 / precision, precision**-0.5
    low, high = np.quantile(theta, [0.5 - INSIDE / 2, 0.5 + INSIDE / 2])
    shift, width = float(theta.mean() - mean) / sd, float(theta.std()) / sd
    return {"inside": bool(low <= truth <= high), "shift": shift, "width": width}


STUDIES = {"exact": (measured, 1), "learned": (learned, TRUTHS)}
"""How each kind is run, and how many truths it takes at once."""


def main():
    """Run what has not been run yet, and print a line a likelihood and share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--mutant", action="store_true")
    parser.add_argument("--only", choices=list(STUDIES), help="one likelihood of the two")
    asked = parser.parse_args()
    found = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    known = {tuple(one[name] for name in ABOUT) for one in found}
    for likelihood, (run, size) in STUDIES.items():
        if asked.only not in (None, likelihood):
            continue
        for seed in range(asked.seeds // size):
            about = dict(zip(ABOUT, (likelihood, seed, asked.share, asked.mutant), strict=True))
            if tuple(about.values()) in known:
                continue
            with tempfile.TemporaryDirectory(prefix="activesci-") as made:
                found += (new := [about | one for one in run(seed, asked.share, asked.mutant, Path(made))])
            kept(new)
    table(found)


ABOUT = ("likelihood", "seed", "share", "mutant")


def kept(rows):
    """Write rows to the results."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def mean(rows, name):
    """Return the mean of something and its error; truths of one likelihood are not independent."""
    seeds = sorted({one["seed"] for one in rows})
    each = np.array([np.mean([one[name] for one in rows if one["seed"] == seed]) for seed in seeds])
    return each.mean(), each.std() / np.sqrt(len(each))


def table(found):
    """Print what there is, a line for each likelihood and share of failures."""
    heads = "likelihood | calls that fail | truths | that failed | truth within 68 %"
    print(f"| {heads} | mean off the exact one: mean and largest [sd] | sd over the exact one |\n|" + "---|" * 7)
    kinds = [(one["likelihood"], one["share"], one["mutant"]) for one in found]
    for kind in sorted(set(kinds)):
        part = [one for one, its in zip(found, kinds, strict=True) if its == kind]
        (inside, unsure), (shift, error) = mean(part, "inside"), mean(part, "shift")
        off = f"{shift:+.3f} +- {error:.3f}, {max(abs(one['shift']) for one in part):.2f}"
        width, failed = f"{np.mean([one['width'] for one in part]):.3f}", sum(one["failed"] for one in part)
        name, covered = kind[0] + ", mutant" * kind[2], f"{inside:.3f} +- {unsure:.3f}"
        print("| " + " | ".join(map(str, (name, f"{kind[1]:.0%}", len(part), failed, covered, off, width))) + " |")


if __name__ == "__main__":
    main()
