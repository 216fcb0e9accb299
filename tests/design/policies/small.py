"""Small problems with a density in closed form, as surrogates, and studies that go with them."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from activesci.study import Study

LINE = {"x": {"real": [-1.0, 2.0]}}
CIRCLE = {"angle": {"real": [-1.0, 2.0], "periodic": True}, "x": {"real": [-1.0, 2.0]}}
TOOLS = {"tool": {"choice": ["blunt", "sharp"]}, "times": {"integer": [1, 5]}}


def study(design, outcome):
    return Study(
        study="small",
        parameters={"slope": {"prior": {"normal": [0.0, 1.0]}}},
        design=design,
        outcome=outcome,
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        designer={"policy": {"horizon": 2}},
        stop={"rounds": 2},
    )


@dataclass(frozen=True)
class Straight:
    """y ~ normal(slope * reach(xi), 0.5), or whether that is above 0."""

    binary: bool = False
    members: int = 1

    def reach(self, xi):
        return xi[:, 0] if xi.shape[1] == 1 else xi[:, 0] * xi[:, 1] / 5.0

    def sample(self, theta, xi, rng):
        drawn = self.reach(xi)[:, None] * theta[None, :, 0] + 0.5 * rng.standard_normal(len(theta))
        return (drawn > 0).astype(float)[..., None] if self.binary else drawn[..., None]

    def log_prob(self, theta, xi, y):
        mean = (self.reach(xi)[:, None] * theta[None, :, 0])[:, None, None]
        if self.binary:
            return norm.logcdf(np.where(y > 0.5, 1.0, -1.0) * mean / 0.5)
        return norm.logpdf(y, mean, 0.5)
