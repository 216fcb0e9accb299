"""How many simulations of Pythia do other ways of tuning need for the error that campaigns of activesci have?

    python experiments/pythia_tune/closure.py --truths 10 --placed     # first: activesci's own
    python experiments/pythia_tune/peers.py --truths 10

The hidden truths and pseudo-data are those of closure.py, a simulation has 2 000 events, as there. The error is the
distance of an estimate from the truth, root mean square over the four parameters, each in units of UNIT. Methods:

- `quadratic`, `cubic`: simulations at random, the same for all truths, a polynomial in all parameters fitted to each
  bin, and its least chi-squared within the prior; the classical procedure (Buckley et al. 2010, arXiv:0907.2973);
- `gp_minimize`: scikit-optimize on the logarithm of the chi-squared of single simulations, each with the error of its
  own events, and the best point of its model. For the first truths only: every one needs simulations of its own.

Every simulation and every pair of truth and method is kept under runs/pythia_tune, and is not done again.
"""

import argparse
import json
from itertools import combinations_with_replacement

import numpy as np
from closure import HERE, RUNS, SETS, generated, pseudo_data, rows_of
from scipy.optimize import minimize
from skopt import Optimizer

import activesci as asci

EVENTS, COUNTS, CALLS = 2000, (40, 80, 120, 160, 240, 300, 400, 600), 200
UNIT = np.array([0.0008, 0.13, 0.15, 0.009])
"""About a posterior standard deviation of alpha_s, a_lund, b_lund [GeV^-2] and sigma_pt [GeV]."""
USED = SETS[:2]
"""The mean number of charged particles is held out, as in the campaigns."""


def simulated(space, cube, seed):
    """Return the bins of one simulation at a point of the unit cube."""
    parameters = dict(zip(space.names, space.from_cube(cube[None])[0].tolist(), strict=True))
    found = generated(parameters, EVENTS, seed, RUNS / "peers")
    return np.concatenate([found[name] for name in USED])


def bank(space, count):
    """Return so many random simulations: points of the unit cube (n, 4), and bins (n, bins)."""
    path = RUNS / "peers.jsonl"
    rows = rows_of(path)
    for number in range(len(rows), count):
        cube = np.random.default_rng([71, number]).random(4)
        rows.append({"cube": cube.tolist(), "bins": simulated(space, cube, [72, number]).tolist()})
        with path.open("a") as file:
            file.write(json.dumps(rows[-1]) + "\n")
    return np.array([row["cube"] for row in rows[:count]]), np.array([row["bins"] for row in rows[:count]])


def products(cube, degree):
    """Return all products of up to so many parameters: 15 for two, 35 for three."""
    x = np.column_stack([np.ones(len(cube)), 2 * cube - 1])
    return x[:, np.array(list(combinations_with_replacement(range(5), degree)))].prod(axis=2)


def by_polynomial(cube, bins, y, errors, degree):
    """Return the estimates from the first so many simulations: pairs of a number and (4,) in the unit cube."""
    for count in COUNTS:
        if count < 1.2 * products(cube[:1], degree).shape[1]:
            continue
        weights = np.linalg.lstsq(products(cube[:count], degree), bins[:count], rcond=None)[0]

        def cost(u, weights=weights):
            return float((((products(u[None], degree)[0] @ weights - y) / errors) ** 2).sum())

        starts = cube[np.argsort([cost(u) for u in cube[:count]])[:5]]
        found = [minimize(cost, u, method="L-BFGS-B", bounds=[(0, 1)] * 4) for u in starts]
        yield count, min(found, key=lambda one: one.fun).x


def by_optimiser(space, y, errors, noise, number):
    """Return the estimates from the model of the chi-squared of so many simulations, as `by_polynomial` does."""
    search = Optimizer([(0.0, 1.0)] * 4, "GP", n_initial_points=20, acq_func="EI", random_state=number)
    for count in range(1, CALLS + 1):
        u = np.array(search.ask())
        off = simulated(space, u, [73, number, count]) - y
        search.tell(u.tolist(), float(np.log((off**2 / (errors**2 + noise**2)).sum())))
        if count in COUNTS:
            tried = np.random.default_rng([74, number]).random((4000, 4))
            seen = np.concatenate([tried, search.space.inverse_transform(search.space.transform(search.Xi))])
            yield count, seen[int(np.argmin(search.models[-1].predict(search.space.transform(seen.tolist()))))]


def run(study, number, method):
    """Return what came of one truth by one method."""
    space = study.parameter_space
    truth, measured, stated = pseudo_data(study, number)
    y, errors = (np.concatenate([part[name] for name in USED]) for part in (measured, stated))
    if method == "gp_minimize":
        own = [stated[name] ** 2 - np.array(study.tuning.data[name].errors) ** 2 for name in USED]
        noise = np.sqrt(np.maximum(np.concatenate(own), 0) * 8000 / EVENTS)  # of 8 000 events there, of 2 000 here
        found = by_optimiser(space, y, errors, noise, number)
    else:
        found = by_polynomial(*bank(space, max(COUNTS)), y, errors, {"quadratic": 2, "cubic": 3}[method])
    errors_of = {count: ((space.from_cube(np.asarray(u)[None])[0] - truth) / UNIT).tolist() for count, u in found}
    return {"truth": number, "method": method, "errors": errors_of}


def ours(rows):
    """Return the rows of the campaigns that placed their simulations (closure.py --placed), as `run` has them."""
    for row in rows:
        errors = {
            one["simulations"]: ((np.array(one["mean"]) - row["theta"]) / UNIT).tolist() for one in row["rounds"]
        }
        yield {"truth": row["truth"], "method": "activesci", "errors": errors}


def table(rows):
    """Return the table: the error of each method after at most so many simulations."""
    methods = ("activesci", "quadratic", "cubic", "gp_minimize")
    lines = [f"| simulations | {' | '.join(methods)} |", "|---|---|---|---|---|"]
    for count in COUNTS:
        cells = []
        for method in methods:
            kept = [{int(n): e for n, e in row["errors"].items()} for row in rows if row["method"] == method]
            last = [one[max(n for n in one if n <= count)] for one in kept if min(one) <= count <= max(one) + 40]
            cells.append(f"{np.sqrt(np.square(last).mean()):.2f} ({len(last)})" if last else "")
        lines.append(f"| {count} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truths", type=int, default=10)
    parser.add_argument("--searched", type=int, default=2, help="for so many truths gp_minimize is run")
    asked = parser.parse_args()
    study, path = asci.Study.load(HERE / "study.yaml"), RUNS / "peers_found.jsonl"
    done = rows_of(path)
    known = {(row["truth"], row["method"]) for row in done}
    wanted = [(number, method) for method in ("quadratic", "cubic") for number in range(asked.truths)]
    wanted += [(number, "gp_minimize") for number in range(min(asked.searched, asked.truths))]
    for number, method in wanted:
        if (number, method) not in known:
            done.append(json.loads(json.dumps(run(study, number, method))))
            with path.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
    found = [row for row in done if row["truth"] < asked.truths]
    print(table([*ours(rows_of(RUNS / "placed.jsonl")), *found]))  # noqa: T201


if __name__ == "__main__":
    main()
