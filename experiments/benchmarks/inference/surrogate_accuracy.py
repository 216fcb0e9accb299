"""How near the learned likelihood is to the exact one, study by study.

    .venv/bin/python experiments/benchmarks/inference/surrogate_accuracy.py [--seeds 2] [STUDY ...]

Prints the divergence of the learned density from the true one on fresh draws from the prior, in nats per experiment:
that of the closed-form start alone, of single members and of their mixture, and the CPU seconds of the fit.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from activesci.inference.base import mixed
from activesci.inference.likelihood.surrogate import LikelihoodSurrogate, events_of
from activesci.ledger.bank import Bank
from activesci.measure import experiment_for
from activesci.simulate.function import FunctionSimulator
from activesci.study import Study
from activesci.types import Block

EXPERIMENTS = Path(__file__).parents[2]
STUDIES = {
    "weinberg": "weinberg/study.yaml",
    "decay": "decay/study_neural.yaml",
    "puromycin": "puromycin/study.yaml",
    "weinberg_toy": "weinberg_toy/study.yaml",
    "gaussian_cosine": "gaussian_cosine/study.yaml",
}
FRESH = 1000


@dataclass
class Problem:
    study: Study

    def __post_init__(self):
        self.simulator = FunctionSimulator(self.study)
        recorded = self.study.experiment.kind == "recorded"
        self.pool = experiment_for(self.study, self.simulator.run).pool().xi if recorded else None

    def draw(self, n, rng):
        space = self.study.parameter_space
        theta = space.from_cube(rng.random((n, space.dim)))
        xi = (
            self.study.design_space.sample(n, rng)
            if self.pool is None
            else self.pool[rng.integers(len(self.pool), size=n)]
        )
        return theta, xi, self.simulator.run(Block(0, 1, int(rng.integers(2**30)), theta, xi)).y

    def fitted(self, n, seed):
        rng = np.random.default_rng(seed)
        theta, xi, y = self.draw(n, rng)
        bank = Bank.of(0, theta, xi, [{"index": np.arange(n), "y": y}])
        parts = (self.study.parameter_space, self.study.design_space, self.study.outcome_space)
        began = time.process_time()
        surrogate = LikelihoodSurrogate(*parts).fit(bank, n, None, rng)[0]
        return surrogate, time.process_time() - began

    def losses(self, surrogate):
        """Return by how much start, members and mixture describe fresh outcomes worse than the truth."""
        theta, xi, y = self.draw(FRESH, np.random.default_rng(99))
        truth = self.simulator.log_likelihood(theta, xi, y)
        rows = range(FRESH)
        members = np.stack(
            [surrogate.log_prob(theta[i : i + 1], xi[i : i + 1], y[None, None, i : i + 1])[0, :, 0, 0] for i in rows]
        )
        return [
            np.mean(truth - start_alone(surrogate, theta, xi, y)),
            np.mean(truth[:, None] - members),
            np.mean(truth - mixed(members.T)),
            np.std(truth - mixed(members.T)) / np.sqrt(FRESH),
        ]


def start_alone(surrogate, theta, xi, y):
    """Return the log density of one real column under the closed-form start."""
    density, inputs = surrogate.learned.densities[0], surrogate.learned.inputs
    z, jacobian = density.coordinates(events_of(surrogate.outcomes.groups[0], y))
    mean, scale = density.start(np.concatenate([inputs.of_theta(theta), inputs.of_xi(xi)], axis=1))
    each = -0.5 * ((z[..., 0] - mean) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
    return (each + jacobian).sum(axis=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", default=list(STUDIES))
    parser.add_argument("--simulations", type=int, default=4000)
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    print(f"{'study':16} {'start':>8} {'member':>8} {'mixture':>8} {'error':>8} {'CPU s':>6}")
    for name in arguments.studies:
        problem = Problem(Study.load(EXPERIMENTS / STUDIES[name]))
        fits = [problem.fitted(arguments.simulations, seed) for seed in range(arguments.seeds)]
        figures = np.mean([[*problem.losses(surrogate), seconds] for surrogate, seconds in fits], axis=0)
        print(f"{name:16}" + "".join(f" {one:8.4f}" for one in figures[:4]) + f" {figures[4]:6.1f}", flush=True)
