"""Twenty events x ~ Normal(theta, 2 + cos(phi)): where theta is seen best depends on phi alone.

The first problem of the notebook from 2017 that this project descends from.
"""

import numpy as np

EVENTS = 20


def spread(design):
    """Return the sd of one event."""
    return 2 + np.cos(design["phi"])


def simulate(theta, design, rng):
    """Run one experiment of each row: EVENTS numbers."""
    noise = rng.standard_normal((len(theta["theta"]), EVENTS))
    return {"x": theta["theta"][:, None] + spread(design)[:, None] * noise}


def log_likelihood(theta, design, outcome):
    """Return log p(events | theta, design) of each row; the study does without it, the tests hold it against it."""
    sd = spread(design)[:, None]
    pull = (outcome["x"] - theta["theta"][:, None]) / sd
    return np.sum(-0.5 * pull**2 - np.log(sd) - 0.5 * np.log(2 * np.pi), axis=1)
