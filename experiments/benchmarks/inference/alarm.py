"""Does a wrong simulator raise the alarm, and does a right one keep quiet?

    .venv/bin/python experiments/benchmarks/inference/alarm.py [--runs 100] [--learned]

A decaying signal y = a exp(-b xi) with noise of sd 0.05 is what the simulator says, and is measured ten times at
random times xi in [0, 10], with the truth drawn from the prior. Nature is the same in the first case and differs in
the others: its noise is larger, or it has a background that the simulator lacks. Before each outcome is used its
predictive tail probability is computed; an alarm is a tail probability below 0.003 (`single`), evidence of all
outcomes together of 100 to 1 (`together`) or, at the look after ten measurements, outcomes that scatter as widely as
0.5 % of right simulators' do (`scatter`), or that ask for a constant beside the simulator as surely as 1.5 % do
(`constant`). Printed is the share of runs with an alarm within ten measurements. `--learned` replaces the likelihood
by one that is learned from 5000 simulations. The column `best` is what no test can exceed on average over truths: that
of the test which knows how nature differs and by how much (the quotient of the evidences, after all ten measurements),
at the rate of false alarms that is stated for the four alarms together.

Every run is a line of `runs/benchmarks/alarm.jsonl`, and is not done again; `--table` shows what is there, and draws.
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

from activesci import Study
from activesci.inference.base import Data
from activesci.inference.checks.misfit import RATE, misfit, too_wide
from activesci.inference.checks.missing import RATE as CONSTANT
from activesci.inference.checks.missing import Missing, missing, noise, reals
from activesci.inference.exact import ExactSurrogate
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.inference.posterior import prior, update
from activesci.inference.predictive import ALARM, surprise
from activesci.ledger import Bank
from activesci.loop.looking import FIRST
from activesci.loop.looking import RATE as SCATTER
from activesci.rng import generator
from activesci.types import BlockResult

HERE = Path(__file__).resolve().parent
LINES = HERE.parents[2] / "runs" / "benchmarks" / "alarm.jsonl"
NOISE, MEASUREMENTS, SIMULATIONS, PARTICLES = 0.05, 10, 5000, 512
GRID, BOUND_RUNS = 45, 3000
STATED = MEASUREMENTS * ALARM + RATE + SCATTER + CONSTANT
assert FIRST == MEASUREMENTS  # there is one look, after the last of them


@dataclass(frozen=True)
class Nature:
    """What is measured: numbers an experiment, noise and background as multiples of the simulator's noise."""

    numbers: int = 1
    noise: float = 1.0
    background: float = 0.0
    after: float = 0.0

    def measure(self, theta, xi, rng):
        mean = signal(theta, xi) + self.background * NOISE * (xi > self.after)
        return mean + self.noise * NOISE * rng.standard_normal((len(theta), self.numbers))


CASES = {
    "right": Nature(),
    "noise three times as large": Nature(noise=3.0),
    "noise twice as large, five numbers an experiment": Nature(numbers=5, noise=2.0),
    "a background of 6 sd missing": Nature(background=6.0),
    "a background of 4 sd missing": Nature(background=4.0),
    "noise twice as large": Nature(noise=2.0),
    "right, five numbers an experiment": Nature(numbers=5),
    "a background of 4 sd after xi = 5 missing": Nature(background=4.0, after=5.0),
}

RIGHT = ("right", "right, five numbers an experiment")


def signal(theta, xi):
    return theta[:, :1] * np.exp(-theta[:, 1:] * xi)


@dataclass(frozen=True)
class Simulator:
    """The simulator, with its likelihood."""

    numbers: int

    def run(self, block):
        rng = generator(1, block.round, block.purpose, block.first)
        return BlockResult(block.first, Nature(self.numbers).measure(block.theta, block.xi, rng), {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        return (-0.5 * ((y - signal(theta, xi)) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))).sum(axis=1)


def study(numbers):
    return Study(
        study="alarm",
        parameters={"a": {"prior": {"uniform": [0.5, 2.0]}}, "b": {"prior": {"uniform": [0.1, 2.0]}}},
        design={"xi": {"real": [0, 10]}},
        outcome={"y": {"real": [numbers] if numbers > 1 else []}},
        simulator={"function": "none:none"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )


def learned(numbers):
    asked, rng = study(numbers), np.random.default_rng(0)
    theta, xi = asked.parameter_space.from_cube(rng.random((SIMULATIONS, 2))), 10 * rng.random((SIMULATIONS, 1))
    y = Nature(numbers).measure(theta, xi, rng)
    bank = Bank.of(0, theta, xi, [{"index": np.arange(SIMULATIONS), "y": y}])
    spaces = (asked.parameter_space, asked.design_space, asked.outcome_space)
    return LikelihoodSurrogate(*spaces).fit(bank, 0, None, rng)[0]


def run(nature, surrogate, seed):
    """Return tails and ranks of the measurements of one campaign, and the constant that they ask for in the end."""
    rng, asked = np.random.default_rng([seed, nature.numbers]), study(nature.numbers)
    space, other = asked.parameter_space, np.random.default_rng([seed, nature.numbers, 1])
    truth, data = space.from_cube(rng.random((1, 2))), Data(np.empty((0, 1)), np.empty((0, nature.numbers)))
    belief, tails, ranks, units = prior(space, PARTICLES, rng), [], [], []
    for _ in range(MEASUREMENTS):
        xi = 10 * rng.random((1, 1))
        y = nature.measure(truth, xi, rng)
        found = surprise(surrogate, belief.theta, xi[0], y[0], rng)
        tails.append(found.tail)
        ranks.append(found.rank)
        units.append(noise(surrogate, belief.theta, xi[0], reals(asked.outcome_space), other))
        more = Data(np.concatenate([data.xi, xi]), np.concatenate([data.y, y]))
        belief, data = update(belief, (surrogate, data), (surrogate, more), rng), more
    began = time.process_time()
    term = missing(belief, surrogate, data, np.array(units), other)
    cpu = time.process_time() - began
    constant = {"size": term.size, "error": term.error, "log_factor": term.log_factor, "cpu": cpu}
    return {"tails": tails, "ranks": ranks, "constant": constant}


def evidence(xi, y, nature):
    """Return the log evidence of outcomes (n, numbers) at times (n, 1) under a nature, but for a constant."""
    axes = [low + width * (np.arange(GRID) + 0.5) / GRID for low, width in ((0.5, 1.5), (0.1, 1.9))]
    theta = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    mean = signal(theta, xi[:, 0]) + nature.background * NOISE * (xi[:, 0] > nature.after)
    sd = nature.noise * NOISE
    square = (((y.mean(axis=1) - mean) / sd) ** 2).sum(axis=1) * y.shape[1] + y.size * (y.var(axis=1) / sd**2).mean()
    return logsumexp(-0.5 * square) - y.size * np.log(sd)


def quotients(true, nature, runs):
    """Return log quotients of the evidences of a nature and of the simulator, where outcomes are from a true one."""
    space, right, rng = study(nature.numbers).parameter_space, Nature(nature.numbers), np.random.default_rng(0)
    found = np.empty(runs)
    for place in range(runs):
        theta, xi = space.from_cube(rng.random((1, 2))), 10 * rng.random((MEASUREMENTS, 1))
        y = true.measure(np.repeat(theta, MEASUREMENTS, axis=0), xi, rng)
        found[place] = evidence(xi, y, nature) - evidence(xi, y, right)
    return found


def bound(nature, runs=BOUND_RUNS):
    """Return the share of runs that the best test tells, at the rate of false alarms that all alarms state."""
    least = np.quantile(quotients(Nature(nature.numbers), nature, runs), 1 - STATED)
    return float((quotients(nature, nature, runs) > least).mean())


def bounds():
    """Return the best test's shares, as far as they are known: those that are missing are found now."""
    known = {line["case"]: line["share"] for line in read() if line["kind"] == "best" and line.get("rate") == STATED}
    for case, nature in CASES.items():
        if case not in known and case not in RIGHT:
            known[case] = bound(nature)
            with LINES.open("a") as opened:
                line = {"kind": "best", "case": case, "rate": STATED, "runs": BOUND_RUNS, "share": known[case]}
                opened.write(json.dumps(line) + "\n")
    return known


def read():
    return [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []


def lines(kind):
    """Return the runs that are done, for each case those in the order of their seeds."""
    known = [line for line in read() if "log_factor" in line.get("constant", ())]
    done = {(line["case"], line["seed"]): line for line in known if line["kind"] == kind}
    return {case: [done[key] for key in sorted(done) if key[0] == case] for case in CASES}


def play(kind, runs, only):
    """Do what is missing of some cases, a seed of each at a time."""
    surrogates = {}
    LINES.parent.mkdir(parents=True, exist_ok=True)
    done = {(case, line["seed"]) for case, found in lines(kind).items() for line in found}
    for seed in range(runs):
        for case, nature in CASES.items():
            if case in only and (case, seed) not in done:
                if (n := nature.numbers) not in surrogates:
                    surrogates[n] = ExactSurrogate(Simulator(n)) if kind == "exact" else learned(n)
                began = time.process_time()
                line = {"kind": kind, "case": case, "seed": seed, **run(nature, surrogates[n], seed)}
                with LINES.open("a") as opened:
                    opened.write(json.dumps(line | {"cpu": time.process_time() - began}) + "\n")


def alarmed(found):
    """Return for each run and number of measurements whether each of the four alarms has been raised."""
    single = np.array([np.minimum.accumulate(line["tails"]) < ALARM for line in found])
    places = [misfit([[rank] for rank in line["ranks"]]) for line in found]
    last = np.arange(MEASUREMENTS) == MEASUREMENTS - 1
    together = np.array([np.arange(MEASUREMENTS) >= (MEASUREMENTS if one is None else one.place) for one in places])
    scatter = np.array([last * (too_wide([[rank] for rank in line["ranks"]]) <= SCATTER) for line in found])
    terms = [Missing(*(line["constant"][name] for name in ("size", "error", "log_factor"))) for line in found]
    constant = np.array([last * term.told for term in terms])
    return single, together, scatter.astype(bool), constant.astype(bool)


def table(kind):
    columns = ("nature", "alarm", "single", "together", "scatter", "constant", "best", "runs")
    print(f"{kind} likelihood\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    best = bounds()
    for case, found in lines(kind).items():
        if found:
            each = [one[:, -1] for one in alarmed(found)]
            shares = (np.any(each, axis=0).mean(), *(one.mean() for one in each))
            cells = [f"{share:.0%}" for share in shares] + [
                f"{best[case]:.0%}" if case in best else "",
                str(len(found)),
            ]
            print(f"| {case} | " + " | ".join(cells) + " |", flush=True)
    seconds = [line["constant"]["cpu"] for found in lines(kind).values() for line in found]
    print(f"CPU s for the constant, median {np.median(seconds):.3f}, 95 % below {np.quantile(seconds, 0.95):.3f}")


def picture(kinds):
    """Draw the share of runs with an alarm against the number of measurements."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(kinds), figsize=(4.2 * len(kinds) + 2.4, 3.2), squeeze=False, sharey=True)
    for panel, kind in zip(axes[0], kinds, strict=True):
        for case, found in lines(kind).items():
            if found:
                share = np.any(alarmed(found), axis=0).mean(axis=0)
                style = {"color": "0.3", "linestyle": "-" if case == "right" else ":"} if case in RIGHT else {}
                panel.plot(np.arange(1, MEASUREMENTS + 1), share, label=case, linewidth=1.4, **style)
        panel.axhline(0.9, color="0.7", linewidth=0.8, linestyle="--")
        panel.set(title=f"{kind} likelihood", xlabel="measurements", ylim=(0, 1.02))
    axes[0][0].set_ylabel("runs with an alarm")
    axes[0][-1].legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.02, 0.5))
    figure.tight_layout()
    figure.savefig(HERE / "alarm.png", dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--learned", action="store_true")
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--table", action="store_true", help="only show what is there")
    options = parser.parse_args()
    if not options.table:
        play("learned" if options.learned else "exact", options.runs, options.only)
    kinds = [kind for kind in ("exact", "learned") if any(lines(kind).values())]
    for kind in kinds:
        table(kind)
    picture(kinds)


if __name__ == "__main__":
    main()
