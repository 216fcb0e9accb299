"""How far the learned posterior is from the exact one as measurements accumulate.

    .venv/bin/python experiments/benchmarks/inference/growing_data.py prior
    .venv/bin/python experiments/benchmarks/inference/growing_data.py active [--lengths 20 40]
    .venv/bin/python experiments/benchmarks/inference/growing_data.py few
    .venv/bin/python experiments/benchmarks/inference/growing_data.py table      # prints the table, draws the picture

y = a exp(-b xi) + 0.1 t4 with a in [0.5, 2], b in [0.1, 2], xi in [0, 5]. The posterior of T measurements at T random
designs is sought with 4000 simulations: `prior` places all of them over the prior and all designs, and one surrogate
serves every data set; `active` places the first 1000 so and the others, 1500 at a time, as a campaign's loop does,
around the posterior so far and a third of them at the measured designs. Printed is KL(exact || learned) in nats on a
grid, the median over data sets and seeds. Errors of the surrogate add up over measurements, so the figure grows with
T; an engine that is right for one measurement may be far off for forty.

`few` asks of 700 simulations over the prior and ten measurements whether the posterior that a loop states is as wide
as it should be: how far its means are from the exact ones, in its own sds, and its sds over the exact ones.

Every case is a line of `runs/benchmarks/growing_data.jsonl`, and is not done again.
"""

import argparse
import json
import os
import time
from functools import cache
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.special import logsumexp
from scipy.stats import t as student

from activesci import Study
from activesci.inference.base import Data
from activesci.inference.likelihood import LikelihoodSurrogate, ZoomedSurrogate
from activesci.inference.posterior import likelihood
from activesci.ledger import Bank
from activesci.loop import round as rounds
from activesci.loop.learning import doubted_surrogate
from activesci.rng import Purpose, generator

HERE = Path(__file__).resolve().parent
LINES = HERE.parents[2] / "runs" / "benchmarks" / "growing_data.jsonl"
NOISE, DEGREES = 0.1, 4
LENGTHS = (1, 5, 10, 20, 40)
SIMULATIONS, FIRST, MORE, MEMBERS, POINTS = 4000, 1000, 1500, 4, 61
FEW, FEW_MEASURED = 700, 10
PROTOTYPE = (0.017, 0.056, 0.088, 0.238, 0.443)
SETS = (0.664, 0.767, 0.976, 0.944)

STUDY = Study(
    study="growing-data",
    parameters={"a": {"prior": {"uniform": [0.5, 2.0]}}, "b": {"prior": {"uniform": [0.1, 2.0]}}},
    design={"xi": {"real": [0, 5]}},
    outcome={"y": {"real": []}},
    simulator={"function": "none:none"},
    experiment={"manual": True},
    inference={"particles": 512},
    stop={"rounds": 1},
)
SPACE = STUDY.parameter_space


def simulate(theta, xi, rng):
    """Outcomes (n, 1) at parameters (n, 2) and designs (n, 1)."""
    mean = theta[:, :1] * np.exp(-theta[:, 1:] * xi)
    return mean + NOISE * rng.standard_t(DEGREES, size=mean.shape)


def exact(theta, data):
    """Log-likelihood (m,) of all the data."""
    mean = theta[:, 0] * np.exp(-theta[:, 1] * data.xi)  # (t, m)
    return (student.logpdf((data.y - mean) / NOISE, DEGREES) - np.log(NOISE)).sum(axis=0)


def measured(number, length):
    """A data set of so many measurements of a truth of its own."""
    rng = generator(1000 + number, length, Purpose.MEASURE)
    truth = SPACE.from_cube(rng.random((1, 2)))
    xi = 5 * rng.random((length, 1))
    return Data(xi, simulate(np.repeat(truth, length, axis=0), xi, rng))


def simulated(round, theta, xi, rng):
    return Bank.of(round, theta, xi, [{"index": np.arange(len(theta)), "y": simulate(theta, xi, rng)}])


@cache
def from_prior(seed, simulations):
    """The surrogate of simulations over the whole prior, and these."""
    rng = generator(seed, 0, Purpose.SIMULATE)
    theta, xi = SPACE.from_cube(rng.random((simulations, 2))), 5 * rng.random((simulations, 1))
    bank = simulated(0, theta, xi, rng)
    empty = ZoomedSurrogate(LikelihoodSurrogate(SPACE, STUDY.design_space, STUDY.outcome_space, MEMBERS))
    return empty.fit(bank, 0, None, generator(seed, 0, Purpose.FIT))[0], bank


def from_loop(seed, data):
    """What is believed after simulations that are placed where the posterior of these data is, as a campaign does."""
    study = STUDY.with_settings({"seed": seed})
    surrogate, bank = from_prior(seed, FIRST)
    belief = rounds.after_data(study, 1, rounds.before_data(study, surrogate), surrogate, data)
    for step in range((SIMULATIONS - FIRST) // MORE):
        theta, xi = rounds.plan(study, 1, MORE, belief, [data.xi, np.empty((0, 1))], None, step)
        bank = Bank.join([bank, simulated(1, theta, xi, generator(seed, 1 + step, Purpose.SIMULATE))])
        rng = generator(seed, 1, Purpose.FIT, step)
        surrogate = belief.surrogate.fit(bank, MORE, belief.posterior.theta, rng)[0]
        belief = rounds.after_data(study, 1, belief, surrogate, data, 1 + step)
    return rounds.widened(study, 1, belief, 1 + step) if doubted_surrogate(belief) else belief


def divergence(surrogate, data, wide=False):
    """KL(exact || learned) in nats on a grid that is refined around the exact posterior; `wide` as the loop says."""
    grid = SPACE.from_cube(square((0, 1), (0, 1)))
    weights = np.exp(exact(grid, data) - logsumexp(exact(grid, data)))
    centre, sd = weights @ grid, np.sqrt(weights @ (grid - weights @ grid) ** 2)
    low, high = np.maximum(centre - 6 * sd, [0.5, 0.1]), np.minimum(centre + 6 * sd, [2.0, 2.0])
    fine = square((low[0], high[0]), (low[1], high[1]))
    p, q = exact(fine, data), likelihood(surrogate, data, wide)(fine)
    p, q = p - logsumexp(p), q - logsumexp(q)
    return float(np.exp(p) @ (p - q))


def square(first, second):
    """A grid of midpoints over a rectangle, (points**2, 2)."""
    axes = [low + (high - low) * (np.arange(POINTS) + 0.5) / POINTS for low, high in (first, second)]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)


def run(placed, options):
    """Do what is missing, the first data sets and seeds first."""
    done = {(one["placed"], one["seed"], one["length"], one["data_set"]) for one in lines()}
    for number in range(options.data_sets):
        for seed in range(options.seeds):
            for length in options.lengths:
                if (placed, seed, length, number) not in done:
                    began, data = time.process_time(), measured(number, length)
                    said = of_prior(seed, data) if placed == "prior" else of_loop(seed, data)
                    line = {"placed": placed, "seed": seed, "length": length, "data_set": number}
                    record(line | said | {"cpu": time.process_time() - began})


def of_prior(seed, data):
    return {"kl": divergence(from_prior(seed, SIMULATIONS)[0], data)}


def of_loop(seed, data):
    """The divergence, that of the posterior as stated, and what the loop says of its own surrogate."""
    belief = from_loop(seed, data)
    posterior, surrogate = belief.posterior, belief.surrogate
    said = {"apart": float(posterior.disagreement.max()), "outside": posterior.outside, "widened": posterior.widened}
    return {"kl": divergence(surrogate, data), "stated": divergence(surrogate, data, posterior.widened), **said}


def few(options):
    """Do what is missing of few simulations, data sets of their own for each seed."""
    done = {(one["seed"], one["data_set"]) for one in lines() if one["placed"] == "few"}
    for number in range(options.data_sets):
        for seed in range(options.seeds):
            if (seed, number) not in done:
                data = measured(10 * seed + number, FEW_MEASURED)
                record(
                    {"placed": "few", "seed": seed, "length": FEW_MEASURED, "data_set": number} | of_few(seed, data)
                )


def of_few(seed, data):
    """How far the stated means are from the exact ones, in stated sds, and the stated sds over the exact ones."""
    study, surrogate = STUDY.with_settings({"seed": seed}), from_prior(seed, FEW)[0]
    belief = rounds.after_data(study, 1, rounds.before_data(study, surrogate), surrogate, data)
    belief = rounds.widened(study, 1, belief) if doubted_surrogate(belief) else belief
    grid = SPACE.from_cube(square((0, 1), (0, 1)))
    weights = np.exp(exact(grid, data) - logsumexp(exact(grid, data)))
    mean, theta = weights @ grid, belief.posterior.theta
    sd, apart = np.sqrt(weights @ (grid - mean) ** 2), belief.posterior.disagreement
    shift, ratio = (theta.mean(axis=0) - mean) / theta.std(axis=0), theta.std(axis=0) / sd
    return {"kl": divergence(surrogate, data), "shift": list(shift), "ratio": list(ratio), "apart": float(max(apart))}


def record(line):
    LINES.parent.mkdir(parents=True, exist_ok=True)
    with LINES.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(line, flush=True)


def lines():
    return [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []


def found(placed):
    """The divergences of each number of measurements that is done."""
    every = {n: [one["kl"] for one in lines() if (one["placed"], one["length"]) == (placed, n)] for n in LENGTHS}
    return {length: np.array(each) for length, each in every.items() if each}


def table():
    """Print the medians with quartiles and the number of cases, and draw them."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(5.2, 3.4))
    print("| simulations |" + "".join(f" T = {length} |" for length in LENGTHS) + "\n|---|" + "---|" * len(LENGTHS))
    for placed, colour in (("prior", "C0"), ("active", "C3")):
        cases = found(placed)
        quartiles = {length: np.quantile(each, [0.25, 0.5, 0.75]) for length, each in cases.items()}
        cells = [
            f"{quartiles[n][1]:.3f} ({quartiles[n][0]:.3f} to {quartiles[n][2]:.3f}, n = {len(cases[n])})"
            if n in cases
            else ""
            for n in LENGTHS
        ]
        print(f"| {placed} | " + " | ".join(cells) + " |")
        if cases:
            low, middle, high = np.array(list(quartiles.values())).T
            axes.plot(list(cases), middle, "o-", color=colour, label=f"4000 simulations, {placed}")
            axes.fill_between(list(cases), low, high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(LENGTHS, PROTOTYPE, "s--", color="0.5", label="prototype", markersize=4)
    axes.plot(LENGTHS[: len(SETS)], SETS, "^:", color="0.5", label="posterior of sets, learned at once", markersize=4)
    axes.plot([20, 40], [0.12, 0.2], "_", color="C0", markersize=16, label="target, prior")
    axes.plot([20, 40], [0.05, 0.1], "_", color="C3", markersize=16, label="target, active")
    if cases := [one for one in lines() if one["placed"] == "few"]:
        shift, ratio = (np.array([one[name] for one in cases]) for name in ("shift", "ratio"))
        kl = np.median([one["kl"] for one in cases])
        print(f"{FEW} simulations, T = {FEW_MEASURED}, {len(cases)} cases: KL {kl:.3f}")
        print("root mean square of shifts in stated sd", np.sqrt((shift**2).mean(axis=0)).round(2))
        print("what means scatter over what is stated", (shift**2 + 1 / ratio**2).mean(axis=0).round(2))
    axes.set(xscale="log", yscale="log", xlabel="measurements", ylabel="KL(exact || learned) [nats]")
    axes.set_xticks(LENGTHS, [str(length) for length in LENGTHS])
    axes.legend(fontsize=7, frameon=False)
    figure.tight_layout()
    figure.savefig(HERE / "growing_data.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["prior", "active", "few", "table"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--data-sets", type=int, default=6)
    parser.add_argument("--lengths", type=int, nargs="+", choices=LENGTHS, default=list(LENGTHS))
    options = parser.parse_args()
    if options.what in ("prior", "active"):
        run(options.what, options)
    else:
        table() if options.what == "table" else few(options)


if __name__ == "__main__":
    main()
