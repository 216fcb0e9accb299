"""What the answer to the star study is, from the images' likelihood: nothing here is activesci's.

    python experiments/star/reference.py runs/star

reads the measurements of a run and holds its posterior against the exact one on a grid.
"""

import json
import sys
from pathlib import Path

import numpy as np
from model import expected
from scipy.stats import poisson

PRIORS = {"x": (0, 24), "y": (0, 12), "flux": (60, 200)}


def grid(ranges, points):
    """Return the points of a grid over ranges, each (n,), by name."""
    axes = [np.linspace(*ends, 2 * points + 1)[1::2] for ends in ranges.values()]
    return dict(zip(ranges, (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")), strict=True))


def log_likelihood(theta, measurements):
    """Return the log-likelihood of all images at the points of a grid, (n,)."""
    total = np.zeros(len(theta["x"]))
    for design, image in measurements:
        for part in np.array_split(np.arange(len(total)), 1 + len(total) // 5000):
            means = expected({name: values[part] for name, values in theta.items()}, design)
            total[part] += poisson.logpmf(image, means).sum(axis=(1, 2))
    return total


def moments(measurements):
    """Return mean and sd of each parameter: a fine grid where a coarse one has found anything."""
    ranges = PRIORS
    for points in (40, 40):
        theta = grid(ranges, points)
        log = log_likelihood(theta, measurements)
        weights = np.exp(log - log.max())
        weights /= weights.sum()
        found = {}
        for name, values in theta.items():
            mean = weights @ values
            found[name] = mean, np.sqrt(weights @ (values - mean) ** 2)
        wide = {name: (mean - 6 * sd - 0.3, mean + 6 * sd + 0.3) for name, (mean, sd) in found.items()}
        ranges = {n: (max(PRIORS[n][0], low), min(PRIORS[n][1], high)) for n, (low, high) in wide.items()}
    return found


def main(folder):
    """Print the exact posterior beside the run's, after each of its rounds."""
    rounds = json.loads((folder / "summary.json").read_text())["rounds"]
    measurements = []
    print("| after | pointing | parameter | exact | the run's | bias [exact sd] | sd / exact sd |")
    print("|---|---|---|---|---|---|---|")
    for one in rounds:
        measurements.append((one["design"], np.array(one["outcome"]["image"])))
        for name, (mean, sd) in moments(measurements).items():
            run = one["posterior"][name]
            print(
                f"| {one['round']} | {one['design']['pointing']:.1f} | {name} | {mean:.3f} +- {sd:.3f} "
                f"| {run['mean']:.3f} +- {run['sd']:.3f} | {(run['mean'] - mean) / sd:+.2f} | {run['sd'] / sd:.2f} |"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
