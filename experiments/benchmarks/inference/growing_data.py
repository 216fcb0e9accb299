"""How far the learned posterior is from the exact one as measurements accumulate.

    python experiments/benchmarks/inference/growing_data.py

y = a exp(-b xi) + 0.1 t4 with a in [0.5, 2], b in [0.1, 2], xi in [0, 5]: one surrogate, trained once on 4000
simulations over the whole prior and all designs, is asked for the posterior of T measurements at T different designs.
Printed is KL(exact || learned) in nats on a grid, the median of several data sets. Errors of the surrogate add up over
measurements, so the figure grows with T; an engine that is right for one measurement may be far off for forty.
"""

import argparse
import time

import numpy as np
from scipy.special import logsumexp
from scipy.stats import t as student

from activesci import Study
from activesci.inference.base import Data, log_likelihood, mixed
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.ledger import Bank
from activesci.rng import Purpose, generator

NOISE, DEGREES = 0.1, 4
LENGTHS = (1, 5, 10, 20, 40)

STUDY = Study(
    study="growing-data",
    parameters={"a": {"prior": {"uniform": [0.5, 2.0]}}, "b": {"prior": {"uniform": [0.1, 2.0]}}},
    design={"xi": {"real": [0, 5]}},
    outcome={"y": {"real": []}},
    simulator={"function": "none:none"},
    experiment={"manual": True},
    stop={"rounds": 1},
)


def simulate(theta, xi, rng):
    """Outcomes (n, 1) at parameters (n, 2) and designs (n, 1)."""
    mean = theta[:, :1] * np.exp(-theta[:, 1:] * xi)
    return mean + NOISE * rng.standard_t(DEGREES, size=mean.shape)


def exact(theta, data):
    """Log-likelihood (m,) of all the data."""
    mean = theta[:, 0] * np.exp(-theta[:, 1] * data.xi)  # (t, m)
    return (student.logpdf((data.y - mean) / NOISE, DEGREES) - np.log(NOISE)).sum(axis=0)


def fitted(seed, simulations, members):
    """The surrogate, trained once on simulations over the whole prior."""
    rng = generator(seed, 0, Purpose.SIMULATE)
    theta = STUDY.parameter_space.from_cube(rng.random((simulations, 2)))
    xi = 5 * rng.random((simulations, 1))
    y = simulate(theta, xi, rng)
    bank = Bank.of(0, theta, xi, [{"index": np.arange(simulations), "y": y}])
    surrogate = LikelihoodSurrogate(STUDY.parameter_space, STUDY.design_space, STUDY.outcome_space, members)
    return surrogate.fit(bank, 0, None, generator(seed, 0, Purpose.FIT))[0]


def divergence(surrogate, data, points):
    """KL(exact || learned) in nats on a grid that is refined around the exact posterior."""
    grid = STUDY.parameter_space.from_cube(square(points, (0, 1), (0, 1)))
    weights = np.exp(exact(grid, data) - logsumexp(exact(grid, data)))
    centre, sd = weights @ grid, np.sqrt(weights @ (grid - weights @ grid) ** 2)
    low, high = np.maximum(centre - 6 * sd, [0.5, 0.1]), np.minimum(centre + 6 * sd, [2.0, 2.0])
    fine = square(points, (low[0], high[0]), (low[1], high[1]))
    p, q = exact(fine, data), mixed(log_likelihood(surrogate, fine, data))
    p, q = p - logsumexp(p), q - logsumexp(q)
    return float(np.exp(p) @ (p - q))


def square(points, first, second):
    """A grid of midpoints over a rectangle, (points**2, 2)."""
    axes = [low + (high - low) * (np.arange(points) + 0.5) / points for low, high in (first, second)]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=4000)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-sets", type=int, default=6)
    parser.add_argument("--points", type=int, default=61)
    options = parser.parse_args()
    rows = []
    for seed in range(options.seeds):
        start = time.process_time()
        surrogate = fitted(seed, options.simulations, options.members)
        seconds = time.process_time() - start
        rows.append([])
        for length in LENGTHS:
            found = []
            for number in range(options.data_sets):
                rng = generator(1000 + number, length, Purpose.MEASURE)
                truth = STUDY.parameter_space.from_cube(rng.random((1, 2)))
                xi = 5 * rng.random((length, 1))
                data = Data(xi, simulate(np.repeat(truth, length, axis=0), xi, rng))
                found.append(divergence(surrogate, data, options.points))
            rows[-1].append(float(np.median(found)))
        print(f"seed {seed}: fit {seconds:.1f} CPU s, KL", *(f"{value:.3f}" for value in rows[-1]), flush=True)
    print("T     ", *(f"{length:5d}" for length in LENGTHS))
    print("median", *(f"{value:5.3f}" for value in np.median(rows, axis=0)))


if __name__ == "__main__":
    main()
