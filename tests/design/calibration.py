"""A linear-Gaussian world with an offset that is a nuisance: calibrate it, or do without."""

import numpy as np

from activesci.gain import Beliefs, NestedGain
from activesci.inference.exact import ExactSurrogate
from activesci.rng import generator
from activesci.study import Study
from activesci.types import BlockResult

KINDS = ((1.0, 1.0, 0.5), (0.0, 1.0, 0.5), (1.0, 0.0, 1.2))
"""What can be measured: the factors of the quantity and of the offset in the outcome, and its noise."""
BOTH, OFFSET, ROUGH = range(3)
PRIOR = np.diag([1.0, 9.0])
XI = np.array([[0.0], [1.0], [2.0]])
STUDY = Study(
    study="calibration",
    parameters={"a": {"prior": {"normal": [0, 1]}}, "b": {"prior": {"normal": [0, 3]}, "role": "nuisance"}},
    design={"kind": {"choice": ["both", "offset", "rough"]}},
    outcome={"y": {"real": []}},
    simulator={"function": "model:simulate"},
    experiment={"manual": True},
    stop={"rounds": 9},
)
ALONE = STUDY.with_settings({"parameters": {"a": {"prior": {"normal": [0, 1]}}}})


class Shared:
    """The offset is the same in all measurements: a parameter."""

    space = STUDY.parameter_space

    def moments(self, theta, xi):
        a, b, noise = np.array(KINDS)[xi[:, 0].astype(int)].T
        return a * theta[:, 0] + b * theta[:, 1], noise

    def run(self, block):
        mean, sd = self.moments(block.theta, block.xi)
        noise = generator(0, block.round, block.purpose, block.first).standard_normal(len(mean))
        return BlockResult(0, (mean + sd * noise)[:, None], {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        mean, sd = self.moments(theta, xi)
        return -0.5 * ((y[:, 0] - mean) / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi))


class Fresh(Shared):
    """The offset is another one in each measurement: the simulator draws it."""

    space = ALONE.parameter_space

    def moments(self, theta, xi):
        a, b, noise = np.array(KINDS)[xi[:, 0].astype(int)].T
        return a * theta[:, 0], np.sqrt(noise**2 + 9.0 * b**2)


def after(kinds, fresh=False):
    """Return the covariance of quantity and offset after measurements, by matrices; of the quantity alone if fresh."""
    rows = np.array([KINDS[kind] for kind in kinds]).reshape(-1, 3)
    if fresh:
        return np.linalg.inv([[1.0 + (rows[:, 0] ** 2 / (rows[:, 2] ** 2 + 9.0 * rows[:, 1] ** 2)).sum()]])
    return np.linalg.inv(np.linalg.inv(PRIOR) + rows[:, :2].T @ (rows[:, :2] / rows[:, 2:] ** 2))


def exact(kinds, before=(), fresh=False):
    """Return the joint gain about the quantity of measurements after others, nats."""
    return 0.5 * float(np.log(after(before, fresh)[0, 0] / after([*before, *kinds], fresh)[0, 0]))


def gain(world, before=(), seed=0):
    """Return the estimator after measurements, by samples of the exact posterior."""
    rng = np.random.default_rng(seed)
    covariance = after(before, fresh=isinstance(world, Fresh))
    theta = rng.multivariate_normal(np.zeros(len(covariance)), covariance, 4096)
    return NestedGain(Beliefs.of(ExactSurrogate(world), world.space, theta, rng))
