"""How often do the alarms tell, where nothing but the alarms themselves can be at fault?

    .venv/bin/python experiments/benchmarks/inference/alarm_exact.py [--runs 1000]

The campaigns of `alarm.py` with one number an experiment, and its alarms, on a grid of parameters: truths are points
of it, and the posterior, the predictions and the posterior beside a constant are sums over it. A campaign takes a few
ms so, and rates of false alarms and shares near 90 % are known to 1 %.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from alarm import CASES, MEASUREMENTS, NOISE, signal, study
from scipy.special import logsumexp

from activesci.inference.checks.misfit import misfit, too_wide
from activesci.inference.checks.missing import RATE as CONSTANT
from activesci.inference.checks.missing import SIZE, Missing
from activesci.inference.predictive import ALARM
from activesci.loop.looking import RATE as SCATTER

GRID, LEAST = 40, 1e-5
AROUND = np.linspace(-7, 7, 141)
CUBE = np.stack([axis.ravel() for axis in np.meshgrid(*[(np.arange(GRID) + 0.5) / GRID] * 2)], axis=1)


def weights(log_prob):
    found = np.exp(log_prob - log_prob.max())
    return found / found.sum()


def rank(y, mean, weight):
    """Return the predictive probability of outcomes of no higher density than y; all in units of the noise."""
    near = weight > LEAST
    mean, weight = mean[near], weight[near] / weight[near].sum()
    centre = weight @ mean
    outcomes = np.append(centre + AROUND * np.sqrt(1 + weight @ (mean - centre) ** 2), y)
    density = np.exp(-0.5 * (outcomes[:, None] - mean) ** 2) @ weight
    return density[:-1][density[:-1] <= density[-1]].sum() / density[:-1].sum()


def beside(pulls):
    """Return what is said of a constant, from deviations (parameters, outcomes) in units of the noise."""
    precision, alone = pulls.shape[1] + 1 / SIZE**2, -0.5 * (pulls**2).sum(axis=1)
    each = pulls.sum(axis=1) / precision
    shifted = alone + 0.5 * precision * each**2
    size = weights(shifted) @ each
    error = np.sqrt(1 / precision + weights(shifted) @ (each - size) ** 2)
    return Missing(size, error, logsumexp(shifted) - logsumexp(alone) - 0.5 * np.log(precision) - np.log(SIZE))


def run(nature, seed):
    """Return whether each of the four alarms was raised within ten measurements."""
    rng, space = np.random.default_rng(seed), study(1).parameter_space
    theta, xi = space.from_cube(CUBE), 10 * rng.random((MEASUREMENTS, 1))
    truth = theta[rng.integers(len(theta))]
    y = nature.measure(np.tile(truth, (MEASUREMENTS, 1)), xi, rng)[:, 0] / NOISE
    means = signal(theta, xi[:, 0]) / NOISE
    pulls = y - means
    before = np.cumsum(-0.5 * pulls**2, axis=1) + 0.5 * pulls**2
    ranks = [rank(y[t], means[:, t], weights(before[:, t])) for t in range(MEASUREMENTS)]
    rounds = [[max(one, 1e-12)] for one in ranks]
    return min(ranks) < ALARM, misfit(rounds) is not None, too_wide(rounds) <= SCATTER, beside(pulls).told


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    print(f"stated: single {MEASUREMENTS * ALARM:.1%}, together 1 %, scatter {SCATTER:.1%}, constant {CONSTANT:.1%}")
    print("| nature | alarm | single | together | scatter | constant | runs |\n|---|---|---|---|---|---|---|")
    for case, nature in CASES.items():
        if nature.numbers == 1:
            found = np.array([run(nature, seed) for seed in range(runs)])
            shares = (found.any(axis=1).mean(), *found.mean(axis=0))
            print(f"| {case} | " + " | ".join(f"{share:.1%}" for share in shares) + f" | {runs} |", flush=True)


if __name__ == "__main__":
    main()
