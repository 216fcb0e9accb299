"""How many simulations does it take to know the parameters as well as the data allow, and how many do peers need?

    python experiments/benchmarks/tuning/peers.py --truths 6

On the cheap generator with 6 parameters (generator.py), whose exact expectation says what a method that knows it would
reach. The error of an estimate is its distance from the truth in units of the standard deviation that the data allow,
root mean square over `peak`, `tail`, `mix`, `mean` and `width + blur`, the five that can be told; 1 is the best that
can be had on average, whoever knows the simulator exactly. Methods:

- `activesci`: the posterior mean after each round of a campaign that places its simulations (toy.py's study);
- `quadratic`, `cubic`: as many simulations at random, a polynomial in all parameters fitted to each bin, and the least
  chi-squared of these within the prior; the classical procedure (Buckley et al. 2010, arXiv:0907.2973), own code;
- `gp_minimize`: scikit-optimize on the chi-squared of single simulations (its logarithm, which is smoother), the best
  point of its model. For the first two truths only: it takes a minute of CPU a truth.

Every pair of truth and method is a line of runs/benchmarks/tuning_peers.jsonl, and is not done again.
"""

import json
import os
import time
from itertools import combinations_with_replacement
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from generator import EVENTS, NAMES, expected, simulate
from kept import kept, truths
from scipy.optimize import minimize
from skopt import Optimizer
from toy import FINE, data, question

import activesci as asci

HERE = Path(__file__).parent
COUNTS = (40, 80, 120, 160, 240, 320, 480, 640)
CALLS, SLOW = 100, 2
TOLD = np.vstack([np.eye(6)[:4], [0, 0, 0, 0, 1, 1]])
"""The five combinations that data can tell."""


def allowed(truth, errors):
    """Return the standard deviations that the data allow the five combinations, (5,)."""
    steps = 1e-4 * np.eye(6)
    slopes = np.array([(expected(truth + step)[0] - expected(truth - step)[0]) / 2e-4 for step in steps])[:5]
    return np.sqrt(np.diag(np.linalg.inv((slopes / errors**2) @ slopes.T)))


def simulated(theta, rng):
    """Return the shares of one simulation each, (n, 40)."""
    found = simulate(dict(zip(NAMES, theta.T, strict=True)), {}, rng)
    return np.concatenate([found["shape"], found["count"]], axis=1)


def products(theta, degree):
    """Return all products of up to so many parameters: 28 for two, 84 for three."""
    x = np.column_stack([np.ones(len(theta)), 2 * theta - 1])
    each = np.array(list(combinations_with_replacement(range(7), degree)))
    return x[:, each].prod(axis=2)


def by_polynomial(y, errors, rng, degree):
    """Return the estimates from so many random simulations: pairs of a number and (6,)."""
    theta = rng.random((max(COUNTS), 6))
    shares = simulated(theta, rng)
    for count in COUNTS:
        if count < 1.2 * products(theta[:1], degree).shape[1]:
            continue
        weights = np.linalg.lstsq(products(theta[:count], degree), shares[:count], rcond=None)[0]

        def cost(u, weights=weights):
            return float((((products(u[None], degree)[0] @ weights - y) / errors) ** 2).sum())

        starts = theta[np.argsort([cost(u) for u in theta[:count]])[:5]]
        found = [minimize(cost, u, method="L-BFGS-B", bounds=[(0, 1)] * 6) for u in starts]
        yield count, min(found, key=lambda one: one.fun).x


def by_optimiser(y, errors, rng):
    """Return the estimates from the model of the chi-squared of so many simulations: pairs of a number and (6,)."""
    search = Optimizer(
        [(0.0, 1.0)] * 6, "GP", n_initial_points=20, acq_func="EI", random_state=int(rng.integers(2**31))
    )
    for count in range(1, CALLS + 1):
        u = np.array(search.ask())
        # a simulation has noise of its own: chi-squared counts it, as anybody would who knows its number of events
        off, noise = simulated(u[None], rng)[0] - y, np.maximum(y, 1e-4) * (1 - y) / EVENTS
        search.tell(u.tolist(), float(np.log((off**2 / (errors**2 + noise)).sum())))
        if count in COUNTS or count == CALLS:
            tried = rng.random((4000, 6))
            model = search.models[-1]
            seen = np.concatenate([tried, search.space.inverse_transform(search.space.transform(search.Xi))])
            yield count, seen[int(np.argmin(model.predict(search.space.transform(seen.tolist()))))]


def by_activesci(y, errors, number):
    """Return the posterior means after each round of a campaign: pairs of a number and (6,)."""
    with TemporaryDirectory() as folder:
        study = Path(folder)
        (study / "generator.py").write_text((HERE / "generator.py").read_text())
        outcome = {"shape": y[:20].tolist(), "count": y[20:].tolist()}
        (study / "data.jsonl").write_text(json.dumps({"design": {}, "outcome": outcome}) + "\n")
        mapping = question(errors, number)
        mapping["inference"] |= {"simulations": 40, "per_round": 20}
        mapping["stop"] = {"simulations": 160}
        (study / "study.yaml").write_text(json.dumps(mapping))
        with asci.Campaign(asci.Study.load(study / "study.yaml"), study / "run") as campaign:
            for state in campaign:
                if state.round:
                    yield campaign.history.simulations, campaign.posterior.theta.mean(axis=0)


def run(number, method):
    """Return what came of one truth by one method."""
    rng = np.random.default_rng([9, number])
    truth = rng.uniform(0.1, 0.9, 6)
    y, errors = data(truth, rng)
    start, sd = time.process_time(), allowed(truth, errors)
    ways = {
        "activesci": lambda: by_activesci(y, errors, number),
        "quadratic": lambda: by_polynomial(y, errors, rng, 2),
        "cubic": lambda: by_polynomial(y, errors, rng, 3),
        "gp_minimize": lambda: by_optimiser(y, errors, rng),
    }
    rows = {str(count): (TOLD @ (np.asarray(u) - truth) / sd).tolist() for count, u in ways[method]()}
    return {"truth": number, "method": method, "errors": rows, "cpu": time.process_time() - start}


def table(rows):
    """Return the table: error of each method at each number of simulations."""
    counts = sorted({int(count) for row in rows for count in row["errors"]})
    methods = ("activesci", "quadratic", "cubic", "gp_minimize")
    lines = [f"| simulations | {' | '.join(methods)} |", "|---|---|---|---|---|"]
    for count in counts:
        cells = []
        for method in methods:
            found = [
                row["errors"][str(count)] for row in rows if row["method"] == method and str(count) in row["errors"]
            ]
            cells.append(f"{np.sqrt(np.square(found).mean()):.2f} ({len(found)})" if found else "")
        lines.append(f"| {count} | {' | '.join(cells)} |")
    return "\n".join(
        [*lines, f"in brackets: truths; relative error of each bin {FINE:g}, {EVENTS} events a simulation"]
    )


def main():
    """Run what is missing, and print the table."""
    asked = truths(__doc__, 6)
    wanted = [(number, method) for method in ("quadratic", "cubic", "activesci") for number in range(asked)]
    wanted += [(number, "gp_minimize") for number in range(min(SLOW, asked))]
    print(table(kept("tuning_peers", [{"truth": number, "method": method} for number, method in wanted], run)))  # noqa: T201


if __name__ == "__main__":
    main()
