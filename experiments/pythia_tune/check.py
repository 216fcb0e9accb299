"""Is Pythia at its best fit really nearer to the data than as it comes? Simulated anew, and held against them.

    python experiments/pythia_tune/check.py runs/pythia_tune/real --events 20000

What a campaign says of its best fit rests on what it has learned of Pythia. Here both are generated with events of
their own, and chi-squared counts the errors of the data and of these events.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from closure import EVENTS, HERE, SETS, averaged
from scipy.stats import chi2

import activesci as asci


def compared(study, measured, parameters, batches, seed, folder):
    """Return chi-squared, number of bins and the bins 3 sd off, for each data set."""
    mean, own = averaged(parameters, batches, seed, folder)
    found = {}
    for name in SETS:
        error = np.hypot(np.array(study.tuning.data[name].errors), own[name])
        pulls = (np.atleast_1d(measured[name]) - mean[name]) / error
        found[name] = (float((pulls**2).sum()), len(pulls), np.flatnonzero(np.abs(pulls) > 3).tolist())
    return found


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--events", type=int, default=20_000)
    asked = parser.parse_args()
    study = asci.Study.load(HERE / "study.yaml")
    measured = json.loads((HERE / "aleph.jsonl").read_text())["outcome"]
    best = json.loads((asked.run / "summary.json").read_text())["tuning"]["best"]
    batches = max(1, asked.events // EVENTS)
    both = {"best fit": best, "default": study.tuning.default}
    print("| | " + " | ".join(f"chi2 of {name} (bins), p" for name in SETS) + " |\n|---|" + "---|" * len(SETS))  # noqa: T201
    for i, (what, parameters) in enumerate(both.items()):
        found = compared(study, measured, parameters, batches, 7 + i, asked.run / "check")
        cells = [f"{square:.1f} ({k}), {chi2.sf(square, k):.2g}; 3 sd off: {off}" for square, k, off in found.values()]
        print(f"| {what} | {' | '.join(cells)} |")  # noqa: T201


if __name__ == "__main__":
    main()
