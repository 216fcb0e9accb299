"""From how many simulations on networks are nearer the truth than an emulator: the rule of `surrogate: auto`.

    python experiments/benchmarks/inference/which_surrogate.py run [PROBLEM ...]    # what is missing
    python experiments/benchmarks/inference/which_surrogate.py table

Each simulator has two to five parameters on uniform priors, at most two design variables, and a known likelihood.
Printed is by how much the fitted density describes 600 fresh outcomes worse than the true one, all over prior and
designs [nats per outcome], for the emulator and the networks, mean over seeds. Each finished case is a line in
runs/benchmarks/; what is there is not done again.
"""

import argparse
import json
import time
from pathlib import Path

import few_simulations as kinetics
import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from activesci.inference.base import mixed
from activesci.inference.emulator import EmulatorSurrogate
from activesci.inference.likelihood import LikelihoodSurrogate, ZoomedSurrogate
from activesci.ledger import Bank
from activesci.study import Study

SIMULATIONS, SEEDS, FRESH = (50, 100, 300, 1000), (0, 1), 600
RUNS = Path(__file__).parents[3] / "runs" / "benchmarks" / "which_surrogate.jsonl"


def around(mean, sd, noise=norm):
    """A simulator and its likelihood: independent noise around a mean (n, q)."""
    return (
        lambda t, x, rng: mean(t, x) + sd * noise.rvs(size=mean(t, x).shape, random_state=rng),
        lambda t, x, y: noise.logpdf((y - mean(t, x)) / sd).sum(axis=1) - y.shape[1] * np.log(sd),
    )


def column(mean):
    """A mean of one column."""
    return lambda t, x: mean(*t.T, *x.T)[:, None]


def five(t, x):
    """Three smooth columns of five parameters and two design variables."""
    first = np.sin(2 * t[:, 0]) * x[:, 0] + t[:, 1] * t[:, 2]
    return np.stack([first, np.exp(t[:, 3] * x[:, 1]) + t[:, 4], t.sum(axis=1) * x[:, 0]], axis=1)


def modes(t, x):
    return t[:, :1] + t[:, 1:] * x


def two_modes(t, x, rng):
    side = np.where(rng.random((len(t), 1)) < 0.4, 0.5, -0.5)
    return modes(t, x) + side + 0.1 * rng.standard_normal((len(t), 1))


def log_two_modes(t, x, y):
    high, low = (np.log(p) + norm.logpdf(y, modes(t, x) + s, 0.1)[:, 0] for p, s in ((0.4, 0.5), (0.6, -0.5)))
    return np.logaddexp(high, low)


def log_kinetics(t, x, y):
    constant = 0.5 * np.linalg.slogdet(2 * np.pi * kinetics.CORRELATION)[1]
    return kinetics.log_likelihood(t, y) - constant


def log_vector(t, x, y):
    mean, root = vector(t, x)
    white = np.linalg.solve(root, (y - mean)[..., None])[..., 0]
    return norm.logpdf(white).sum(axis=1) - np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)


def vector(t, x):
    """Three columns whose correlation depends on the parameters: mean and root of the covariance."""
    (a, b), x = t.T, x[:, 0]
    root = np.zeros((len(a), 3, 3))
    root[:, 0, 0], root[:, 1, 1], root[:, 2, 2] = 0.3, 0.2, 0.4
    root[:, 1, 0], root[:, 2, 1] = 0.3 * a, 0.4 * b
    return np.stack([a + b, a * x, b * x**2], axis=1), root


def simulate_vector(t, x, rng):
    mean, root = vector(t, x)
    return mean + (root @ rng.standard_normal((len(t), 3, 1)))[..., 0]


PRIORS, DESIGN, UNIT = [("a", -1, 1), ("b", 0, 1)], [("x", 0, 2)], [("u", 0, 1), ("v", 0, 1)]
KINETICS = [*zip("abc", kinetics.LOW.tolist(), kinetics.HIGH.tolist(), strict=True)]
PROBLEMS = {
    "kink": (PRIORS, DESIGN, 1, *around(column(lambda a, b, x: np.abs(a * x - 0.3) + b), 0.1)),
    "five": ([(name, -1, 1) for name in "abcde"], UNIT, 3, *around(five, 0.1)),
    "kinetics": (KINETICS, [], 10, lambda t, x, rng: kinetics.simulate(t, rng), log_kinetics),
    "vector": (PRIORS, DESIGN, 3, simulate_vector, log_vector),
    "jump": (PRIORS, DESIGN, 1, *around(column(lambda a, b, x: np.where(a + x > 1, b, -b) + 0.3 * a), 0.1)),
    "tails": (PRIORS, DESIGN, 1, *around(column(lambda a, b, x: np.exp(-2 * b * x) + a), 0.1, student(3))),
    "twofold": (PRIORS, DESIGN, 1, two_modes, log_two_modes),
}


def study_of(priors, designs, width):
    return Study(
        study="which",
        parameters={name: {"prior": {"uniform": [low, high]}} for name, low, high in priors},
        design={name: {"real": [low, high]} for name, low, high in designs},
        outcome={"y": {"real": [width]}},
        simulator={"function": "slow:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )


def drawn(study, simulate, n, seed):
    rng, space = np.random.default_rng(seed), study.parameter_space
    theta, xi = space.from_cube(rng.random((n, space.dim))), study.design_space.sample(n, rng)
    return theta, xi, simulate(theta, xi, rng)


def empty(kind, study):
    spaces = (study.parameter_space, study.design_space, study.outcome_space)
    return EmulatorSurrogate(*spaces) if kind == "emulator" else ZoomedSurrogate(LikelihoodSurrogate(*spaces))


def lost(surrogate, truth, theta, xi, y):
    """By how much outcomes are less likely than they should be, (FRESH,) [nats]."""
    rows = [(theta[i : i + 1], xi[i : i + 1], y[None, None, i : i + 1]) for i in range(len(theta))]
    return truth - np.concatenate([mixed(surrogate.log_prob(*row)[0, :, 0]) for row in rows])


def run(name):
    """Do what is missing of one problem."""
    *shape, simulate, log_likelihood = PROBLEMS[name]
    study = study_of(*shape)
    fresh = drawn(study, simulate, FRESH, 99)
    for seed, n, kind in ((s, n, k) for s in SEEDS for n in SIMULATIONS for k in ("emulator", "likelihood")):
        case = {"problem": name, "n": n, "seed": seed, "kind": kind}
        if any(all(one[key] == case[key] for key in case) for one in lines()):
            continue
        theta, xi, y = drawn(study, simulate, n, seed)
        bank, start = Bank.of(0, theta, xi, [{"index": np.arange(n), "y": y}]), time.process_time()
        fitted, _ = empty(kind, study).fit(bank, n, None, np.random.default_rng(seed))
        seconds, off = time.process_time() - start, lost(fitted, log_likelihood(*fresh), *fresh)
        record(case | {"lost": float(off.mean()), "error": float(off.std() / FRESH**0.5), "seconds": seconds})


def record(line):
    RUNS.parent.mkdir(parents=True, exist_ok=True)
    with RUNS.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(line, flush=True)


def lines():
    return [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []


def table():
    """Print, for each problem and number of simulations, emulator / networks, mean over seeds."""
    print("| simulator |" + "".join(f" {n} |" for n in SIMULATIONS))
    print("|---" * (1 + len(SIMULATIONS)) + "|")
    for name in PROBLEMS:
        print(f"| {name} |" + "".join(f" {cell(name, n)} |" for n in SIMULATIONS))


def cell(name, n):
    found = []
    for kind in ("emulator", "likelihood"):
        values = [one["lost"] for one in lines() if (one["problem"], one["n"], one["kind"]) == (name, n, kind)]
        found.append(f"{np.mean(values):.2f}" if values else "-")
    return " / ".join(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["run", "table"])
    parser.add_argument("problems", nargs="*", help="some of them")
    options = parser.parse_args()
    if options.command == "table":
        table()
    else:
        for one in options.problems or PROBLEMS:
            run(one)
