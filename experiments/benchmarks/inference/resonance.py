"""A posterior a thousand times narrower than its prior: a resonance measured at six energies.

    .venv/bin/python experiments/benchmarks/inference/resonance.py [--seeds 10]
    .venv/bin/python experiments/benchmarks/inference/resonance.py --table       # of what is there, and the picture

Height, position and width of a resonance; noise 1e-3 of the height; priors of 30 % in height and width and twice the
width in position. Printed, for each seed: how many simulations it took until the posterior was trusted, how far its
means are from the exact ones in exact sd, and its sds as shares of the exact ones. The exact posterior is found by
importance sampling from a widened normal at the least-squares fit. Every seed is a line of
`runs/benchmarks/resonance.jsonl`, and is not done again.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

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

HERE = Path(__file__).resolve().parent
LINES = HERE.parents[2] / "runs" / "benchmarks" / "resonance.jsonl"
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
SHOWN = (("off", "+.2f"), ("ratio", ".2f"))


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


def tried(seed, most):
    """What one seed came to, as a line of the results."""
    start = time.process_time()
    posterior, simulations, data, truth = learned(seed, most)
    seconds = time.process_time() - start
    mean, sd = exact(data, truth)
    wide = SPACE.from_cube(generator(0, 0, Purpose.INFER).random((4000, 3))).std(axis=0)
    return {
        "seed": seed,
        "most": most,
        "simulations": simulations,
        "off": ((posterior.theta.mean(axis=0) - mean) / sd).tolist(),
        "ratio": (posterior.theta.std(axis=0) / sd).tolist(),
        "narrow": (sd / wide).tolist(),
        "cpu": seconds,
    }


def lines(most):
    every = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    return {line["seed"]: line for line in every if line["most"] == most}


def record(line):
    LINES.parent.mkdir(parents=True, exist_ok=True)
    with LINES.open("a") as file:
        file.write(json.dumps(line) + "\n")


def table(found):
    """Print a row for each seed, and draw how far means and sds are off."""
    print("| seed | simulations | mean off, in sd | sd ratio | sd / prior sd | CPU s |\n|---|---|---|---|---|---|")
    for seed, line in sorted(found.items()):
        off, ratio = (" ".join(f"{value:{how}}" for value in line[what]) for what, how in SHOWN)
        narrow = max(line["narrow"])
        print(f"| {seed} | {line['simulations']} | {off} | {ratio} | {narrow:.1e} | {line['cpu']:.0f} |")
    picture([line for _, line in sorted(found.items())])


def picture(found):
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.8))
    for panel, what, middle, margin in zip(axes, ("off", "ratio"), (0.0, 1.0), (0.2, 0.15), strict=True):
        panel.axhspan(middle - margin, middle + margin, color="0.9")
        for i, name in enumerate(SPACE.names):
            panel.plot([line["seed"] for line in found], [line[what][i] for line in found], "o", label=name, ms=4)
        panel.set(xlabel="seed", ylim=(middle - 3 * margin, middle + 3 * margin))
    axes[0].set_ylabel("mean off, in exact sd")
    axes[1].set_ylabel("sd over the exact one")
    axes[1].legend(fontsize=7, frameon=False)
    figure.tight_layout()
    figure.savefig(HERE / "resonance.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--most", type=int, default=20_000, help="simulations at most")
    parser.add_argument("--table", action="store_true", help="only show what is there")
    options = parser.parse_args()
    for seed in range(0 if options.table else options.seeds):
        if seed not in lines(options.most):
            record(tried(seed, options.most))
    table(lines(options.most))


if __name__ == "__main__":
    main()
