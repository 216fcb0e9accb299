"""A posterior a thousand times narrower than its prior: a resonance measured at six energies.

    python experiments/benchmarks/inference/resonance.py

Height, position and width of a resonance; noise 1e-3 of the height; priors of 30 % in height and width and twice the
width in position. Printed, for each seed: how many simulations it took until the posterior was trusted, how far its
means are from the exact ones in exact sd, and its sds as shares of the exact ones. The exact posterior is found by
importance sampling from a widened normal at the least-squares fit.
"""

import argparse
import time

import numpy as np
from scipy.optimize import least_squares

from activesci import Study
from activesci.inference.base import Data
from activesci.inference.likelihood import LikelihoodSurrogate, ZoomedSurrogate
from activesci.inference.posterior import prior, update
from activesci.ledger import Bank
from activesci.loop.learning import doubt_about
from activesci.loop.round import Belief, around
from activesci.rng import Purpose, generator

NOISE, FIRST, MORE = 1e-3, 8000, 1500
ENERGIES = np.array([[-2.5], [-1.2], [-0.3], [0.4], [1.3], [2.4]])
STUDY = Study(
    study="resonance",
    parameters={
        "height": {"prior": {"uniform": [0.7, 1.3]}},
        "position": {"prior": {"uniform": [-2.0, 2.0]}},
        "width": {"prior": {"uniform": [0.7, 1.3]}},
    },
    design={"energy": {"real": [-4, 4]}},
    outcome={"y": {"real": []}},
    simulator={"function": "none:none"},
    experiment={"manual": True},
    stop={"rounds": 1},
)
SPACE = STUDY.parameter_space


def expected(theta, energy):
    """The curve at parameters (n, 3) and energies (n, 1), (n, 1)."""
    half = theta[:, 2:] / 2
    return theta[:, :1] * half**2 / ((energy - theta[:, 1:2]) ** 2 + half**2)


def simulate(theta, energy, rng):
    """The curve with noise."""
    return expected(theta, energy) + NOISE * rng.standard_normal((len(theta), 1))


def exact(data, truth):
    """Mean and sd, (3,) each."""

    def residuals(theta):
        return ((data.y - expected(np.tile(theta, (len(data), 1)), data.xi)) / NOISE)[:, 0]

    fit = least_squares(residuals, truth)
    factor = 1.5 * np.linalg.cholesky(np.linalg.inv(fit.jac.T @ fit.jac))
    z = generator(0, 0, Purpose.REPORT).standard_normal((40_000, 3))
    theta = fit.x + z @ factor.T
    pairs = zip(data.xi, data.y, strict=True)
    logs = sum(-0.5 * ((y - expected(theta, xi[None])[:, 0]) / NOISE) ** 2 for xi, y in pairs)
    weights = np.exp(logs + 0.5 * (z**2).sum(axis=1))
    weights /= weights.sum()
    mean = weights @ theta
    return mean, np.sqrt(weights @ (theta - mean) ** 2)


def learned(seed, most):
    """The posterior when it is trusted or the simulations are used up, the simulations it took, and the data."""
    rng = generator(seed, 0, Purpose.SIMULATE)
    truth = SPACE.from_cube(0.15 + 0.7 * rng.random((1, 3)))[0]
    data = Data(ENERGIES, simulate(np.tile(truth, (len(ENERGIES), 1)), ENERGIES, rng))
    theta = SPACE.from_cube(rng.random((FIRST, 3)))
    energy = np.where(
        rng.random((FIRST, 1)) < 0.5, ENERGIES[rng.integers(6, size=FIRST)], -4 + 8 * rng.random((FIRST, 1))
    )
    bank = Bank.of(0, theta, energy, [{"index": np.arange(FIRST), "y": simulate(theta, energy, rng)}])
    whole = LikelihoodSurrogate(SPACE, STUDY.design_space, STUDY.outcome_space)
    surrogate, _ = ZoomedSurrogate(whole).fit(bank, 0, None, rng)
    nothing = Data(np.empty((0, 1)), np.empty((0, 1)))
    posterior = update(prior(SPACE, 2048, rng), (surrogate, nothing), (surrogate, data), rng)
    while doubt_about(Belief(surrogate, data, posterior)) and len(bank) + MORE <= most:
        theta, energy = around(posterior, MORE, rng), ENERGIES[rng.integers(6, size=MORE)]
        new = Bank.of(len(bank), theta, energy, [{"index": np.arange(MORE), "y": simulate(theta, energy, rng)}])
        bank = Bank.join([bank, new])
        finer, _ = surrogate.fit(bank, MORE, posterior.theta, rng)
        posterior = update(posterior, (surrogate, data), (finer, data), rng)
        surrogate = finer
    return posterior, len(bank), data, truth


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--most", type=int, default=20_000, help="simulations at most")
    options = parser.parse_args()
    print("seed  simulations  mean off, in sd        sd ratio             sd/prior sd  CPU s")
    for seed in range(options.seeds):
        start = time.process_time()
        posterior, simulations, data, truth = learned(seed, options.most)
        seconds = time.process_time() - start
        mean, sd = exact(data, truth)
        off, ratio = (posterior.theta.mean(axis=0) - mean) / sd, posterior.theta.std(axis=0) / sd
        narrow = (sd / SPACE.from_cube(generator(0, 0, Purpose.INFER).random((4000, 3))).std(axis=0)).max()
        print(
            f"{seed:4}  {simulations:11}  {off[0]:+.2f} {off[1]:+.2f} {off[2]:+.2f}   "
            f"{ratio[0]:.2f} {ratio[1]:.2f} {ratio[2]:.2f}   {narrow:.1e}   {seconds:.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
