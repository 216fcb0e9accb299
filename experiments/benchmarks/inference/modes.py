"""Do four separated modes keep their weights? Through a learned likelihood, from scratch and over rounds of updates.

    .venv/bin/python experiments/benchmarks/inference/modes.py [--seeds 20] [--exact]

A simulator that sees only sizes: y = x (|a|, |b|) + noise of sd 0.15, with a and b normal of means 0.2 and 0.4 and sd
1. No measurement tells the four signs of (a, b) apart, so that the posterior has four modes, whose weights are those
of the prior there: about 0.39, 0.26, 0.21 and 0.14. They are found by integration on a grid. For each seed a
likelihood is learned from 4000 simulations over the prior (with `--exact` it is taken as known), and the posterior of
six measurements is sampled at once, and again one measurement after the other. Printed are, over the seeds, the errors
of the four weights relative to the weights: mean, spread and largest. The row `surrogate` is what the learned
likelihood itself says, by integration and without a sampler: its own part of the errors.

Every seed is a line of `runs/benchmarks/modes.jsonl`, and is not done again; `--table` shows what is there, and draws.
"""

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm

from activesci import Study
from activesci.inference.base import Data, log_likelihood, mixed
from activesci.inference.exact import ExactSurrogate
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.inference.posterior import prior, update
from activesci.ledger import Bank

HERE = Path(__file__).resolve().parent
LINES = HERE.parents[2] / "runs" / "benchmarks" / "modes.jsonl"
NOISE, SIMULATIONS, MEASUREMENTS, PARTICLES = 0.15, 4000, 6, 4096
MEANS = np.array([0.2, 0.4])
STUDY = Study(
    study="modes",
    parameters={"a": {"prior": {"normal": [0.2, 1.0]}}, "b": {"prior": {"normal": [0.4, 1.0]}}},
    design={"x": {"real": [0.5, 2]}},
    outcome={"y": {"real": [2]}},
    simulator={"function": "none:none"},
    experiment={"manual": True},
    stop={"rounds": 1},
)
SPACE = STUDY.parameter_space
TRUTH = np.array([[1.0, 0.8]])


def simulate(theta, x, rng):
    return x * np.abs(theta) + NOISE * rng.standard_normal((len(theta), 2))


@dataclass(frozen=True)
class Known:
    """The likelihood itself."""

    def log_likelihood(self, theta, xi, y):
        return norm.logpdf(y, xi * np.abs(theta), NOISE).sum(axis=1)


def learned(seed):
    rng = np.random.default_rng([seed, 1])
    theta = SPACE.from_cube(rng.random((SIMULATIONS, 2)))
    xi = STUDY.design_space.sample(SIMULATIONS, rng)
    bank = Bank.of(0, theta, xi, [{"index": np.arange(SIMULATIONS), "y": simulate(theta, xi, rng)}])
    surrogate = LikelihoodSurrogate(SPACE, STUDY.design_space, STUDY.outcome_space)
    return surrogate.fit(bank, 0, None, rng)[0]


def weights_of(theta, each=None):
    """Return the weights of the four signs, (4,)."""
    sign = 2 * (theta[:, 0] < 0) + (theta[:, 1] < 0)
    return np.bincount(sign, weights=each, minlength=4) / (len(theta) if each is None else each.sum())


def exact(data):
    """Return the exact weights, by integration over a grid of four sd around the prior's means."""
    axes = [np.linspace(mean - 5, mean + 5, 1601) for mean in MEANS]
    theta = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    logs = norm.logpdf(theta, MEANS, 1.0).sum(axis=1)
    for x, y in zip(data.xi, data.y, strict=True):
        logs = logs + norm.logpdf(y, x * np.abs(theta), NOISE).sum(axis=1)
    return weights_of(theta, np.exp(logs - logsumexp(logs)))


def integrated(surrogate, data):
    """Return the weights that a surrogate says, by integration over a grid of 6 sd around each mode."""
    axes = [np.linspace(-0.4, 0.4, 41) + middle for middle in TRUTH[0]]
    theta = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    theta = np.concatenate([theta * np.array([a, b]) for a in (1, -1) for b in (1, -1)])
    logs = norm.logpdf(theta, MEANS, 1.0).sum(axis=1) + mixed(log_likelihood(surrogate, theta, data))
    return weights_of(theta, np.exp(logs - logsumexp(logs)))


def weighed(seed, kind):
    """Return exact weights, and those found at once and one measurement after the other."""
    rng = np.random.default_rng(seed)
    xi = STUDY.design_space.sample(MEASUREMENTS, rng)
    data = Data(xi, simulate(np.tile(TRUTH, (MEASUREMENTS, 1)), xi, rng))
    surrogate = ExactSurrogate(Known()) if kind == "exact" else learned(seed)
    start, nothing = prior(SPACE, PARTICLES, rng), Data(xi[:0], data.y[:0])
    at_once = update(start, (surrogate, nothing), (surrogate, data), rng)
    belief, last = start, nothing
    for count in range(1, MEASUREMENTS + 1):
        more = Data(xi[:count], data.y[:count])
        belief, last = update(belief, (surrogate, last), (surrogate, more), rng), more
    surrogates = integrated(surrogate, data)
    found = {
        "exact": exact(data),
        "surrogate": surrogates,
        "at_once": weights_of(at_once.theta),
        "one_by_one": weights_of(belief.theta),
    }
    return {name: values.tolist() for name, values in found.items()}


def lines(kind):
    """Return the lines of the seeds that are done."""
    known = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    return {line["seed"]: line for line in known if line["kind"] == kind}


def run(kind, seeds):
    LINES.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(seeds):
        if seed not in lines(kind):
            began = time.process_time()
            line = {"kind": kind, "seed": seed} | weighed(seed, kind)
            with LINES.open("a") as opened:
                opened.write(json.dumps(line | {"cpu": time.process_time() - began}) + "\n")


def table(kind):
    """Print the errors of a likelihood's weights."""
    found = list(lines(kind).values())
    truth = np.array([line["exact"] for line in found])
    print(f"{kind} likelihood, {len(found)} seeds; weights: " + " ".join(f"{one:.3f}" for one in truth.mean(axis=0)))
    print("| | relative error: mean | spread over seeds | largest | largest absolute |\n|---|---|---|---|---|")
    for name in ("surrogate", "at_once", "one_by_one"):
        off = np.array([line[name] for line in found]) - truth
        share = off / truth
        cells = [" ".join(f"{v:+.1%}" for v in share.mean(axis=0)), " ".join(f"{v:.1%}" for v in share.std(axis=0))]
        print(f"| {name} | " + " | ".join([*cells, f"{np.abs(share).max():.1%}", f"{np.abs(off).max():.3f}"]) + " |")


def picture(kinds):
    """Draw every seed's errors, with the target as a band."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(kinds), figsize=(3.6 * len(kinds), 2.9), squeeze=False)
    for panel, kind in zip(axes[0], kinds, strict=True):
        found = list(lines(kind).values())
        panel.axhspan(-10, 10, color="0.9")
        for i, (name, colour) in enumerate((("surrogate", "0.4"), ("at_once", "C0"), ("one_by_one", "C3"))):
            truth = np.array([line["exact"] for line in found])
            share = 100 * (np.array([line[name] for line in found]) / truth - 1)
            places = np.arange(4) + 0.22 * (i - 1)
            panel.plot(np.tile(places, (len(share), 1)), share, ".", color=colour, markersize=4)
            panel.plot([], [], "o", color=colour, label=name.replace("_", " "))
        panel.set(title=f"{kind} likelihood", xlabel="mode", xticks=range(4))
    axes[0][0].set_ylabel("error of the weight [%]")
    axes[0][0].legend(fontsize=7, frameon=False)
    figure.tight_layout()
    figure.savefig(HERE / "modes.png", dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--table", action="store_true", help="only show what is there")
    options = parser.parse_args()
    kinds = [kind for kind in ("exact", "learned") if lines(kind)] if options.table else []
    if not kinds:
        kinds = ["exact" if options.exact else "learned"]
        run(kinds[0], options.seeds)
    for kind in kinds:
        table(kind)
    picture(kinds)


if __name__ == "__main__":
    main()
