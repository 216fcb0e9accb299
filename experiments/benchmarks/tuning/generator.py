"""A cheap generator with 6 parameters and two histograms of 20 bins, whose expectation is known exactly.

`width` and `blur` enter only by their sum: no data can tell them apart.
"""

import numpy as np
from scipy.stats import beta, gamma

NAMES = ("peak", "tail", "mix", "mean", "width", "blur")
EVENTS = 10_000
SHAPE = np.linspace(0.0, 1.0, 21)
COUNT = np.linspace(0.0, 60.0, 21)


def expected(u):
    """Return the expected shares of both histograms, (n, 40), for parameters (n, 6), each in [0, 1]."""
    peak, tail, mix, mean, width, blur = np.atleast_2d(u).T[:, :, None]
    share = 0.05 + 0.3 * mix
    shape = (1 - share) * np.diff(beta.cdf(SHAPE, 1.5 + 2 * peak, 4 + 6 * tail))
    shape = shape + share * np.diff(beta.cdf(SHAPE, 3.0, 3.0))
    middle, sd = 15 + 10 * mean + 4 * peak, 4 + 3 * (width + blur)
    below = gamma.cdf(COUNT, (middle / sd) ** 2, scale=sd**2 / middle)
    below[:, -1] = 1.0  # the last bin takes what lies beyond
    return np.concatenate([shape, np.diff(below)], axis=1)


def simulate(theta, design, rng):
    """Return the shares of EVENTS events, or of as many as the design says, in the bins."""
    shares = expected(np.column_stack([theta[name] for name in NAMES]))
    events = np.broadcast_to(design.get("events", EVENTS), len(shares))
    both = [rng.multinomial(events, part / part.sum(axis=1, keepdims=True)) for part in np.split(shares, 2, axis=1)]
    return {name: counts / events[:, None] for name, counts in zip(("shape", "count"), both, strict=True)}
