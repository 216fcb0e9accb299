"""Does it bias the answer that simulations and measurements fail? Campaigns over seeds, each with a truth of its own.

    .venv/bin/python experiments/benchmarks/reliability/faults.py [--seeds 200] [--share 0.01] [--mutant]

Truths are drawn from the prior. Three measurements are made at once; the likelihood is the exact one, and in other
campaigns a learned one. The posterior is held against the truth, for coverage, and against the exact one of the same
measurements, which knows of no failure. The mutant does not notice what goes wrong: such a call counts as 0. Results
go to runs/benchmarks/faults.jsonl, and what is there is not run again.
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

RESULTS = ROOT_OF_RUNS / "faults.jsonl"
INSIDE = 0.6827
LEARNED = {"simulations": 300, "per_round": 60, "ensemble": 1, "passes": 1}
SIMULATOR = {"function": "model:simulate", "timeout": faulty.PATIENCE}
INFERENCE = {
    "exact": {"surrogate": "exact", "particles": 4096},
    "learned": {"surrogate": "likelihood", "particles": 512, **LEARNED},
}


def ran(likelihood, seed, share, mutant, folder):
    """Run one campaign, and return what came of it."""
    truth = float(np.random.default_rng(seed).normal())
    changes = {
        "seed": seed,
        "simulator": SIMULATOR | ({"batch": 64} if likelihood == "exact" else {}),
        "experiment": {"truth": {"slope": truth}},
        "inference": INFERENCE[likelihood],
        "designer": {"grid": {"points": 9}, "batch": 3},
        "stop": {"rounds": 1},
    }
    study = Study.load(written(folder, faulty.model(share, likelihood == "exact", mutant), **changes))
    with Campaign(study, folder / "run") as campaign:
        for _ in campaign:  # no report is written
            pass
        theta, history = campaign.posterior.theta[:, 0], campaign.history
        taken = [(one.design["x"], one.outcome["y"]) for one in history.measured()]
        tried = sum(len(record.measured) for record in history.rounds)
    x, y = np.array(taken).T
    sd = float(1.0 / np.sqrt(1.0 + (x**2).sum() / 0.01))
    low, high = np.quantile(theta, [0.5 - INSIDE / 2, 0.5 + INSIDE / 2])
    return {
        "likelihood": likelihood,
        "seed": seed,
        "share": share,
        "mutant": mutant,
        "status": history.status,
        "failed": history.failed,
        "failed_measurements": tried - len(taken),
        "inside": bool(low <= truth <= high),
        "shift": (float(theta.mean()) - sd**2 * float((x * y).sum()) / 0.01) / sd,
        "width": float(theta.std()) / sd,
    }


def main():
    """Run what has not been run yet, and print a line a likelihood and share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--mutant", action="store_true")
    asked = parser.parse_args()
    about = asked.share, asked.mutant
    found = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    known = {(one["likelihood"], one["seed"], one["share"], one["mutant"]) for one in found}
    for likelihood in INFERENCE:
        for seed in range(asked.seeds):
            if (likelihood, seed, *about) in known:
                continue
            with tempfile.TemporaryDirectory(prefix="activesci-") as made:
                found.append(ran(likelihood, seed, *about, Path(made)))
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            with RESULTS.open("a") as file:
                file.write(json.dumps(found[-1]) + "\n")
    table(found)


def table(found):
    """Print what there is, a line for each likelihood and share of failures."""
    heads = ("likelihood", "calls that fail", "campaigns", "finished", "simulations failed", "measurements failed")
    more = ("truth within 68 %", "mean off the exact one, mean and largest [sd]", "sd over the exact one")
    print("| " + " | ".join((*heads, *more)) + " |\n" + "|---" * 9 + "|")
    kinds = [(one["likelihood"], one["share"], one["mutant"]) for one in found]
    for kind in sorted(set(kinds)):
        part = [one for one, its in zip(found, kinds, strict=True) if its == kind]
        sums = [sum(one[name] for one in part) for name in ("failed", "failed_measurements")]
        shift, inside = np.array([one["shift"] for one in part]), np.mean([one["inside"] for one in part])
        error = np.sqrt(INSIDE * (1.0 - INSIDE) / len(part)), shift.std() / np.sqrt(len(part))
        stopped = sum(one["status"] == "stopped" for one in part)
        off = f"{shift.mean():+.3f} +- {error[1]:.3f}, {np.abs(shift).max():.2f}"
        width = f"{np.mean([one['width'] for one in part]):.3f}"
        covered = f"{inside:.3f} +- {error[0]:.3f}"
        cells = (kind[0] + ", mutant" * kind[2], f"{kind[1]:.0%}", len(part), stopped, *sums, covered, off, width)
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
