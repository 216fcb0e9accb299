"""Exponential decay: y = amplitude exp(-rate t) + noise; what is left falls by the same factor in equal times."""

import numpy as np

NOISE_SD = 0.05


def signal(theta, design):
    """Return the expected signal at time t."""
    return theta["amplitude"] * np.exp(-theta["rate"] * design["t"])


def simulate(theta, design, rng):
    """Measure the signal once."""
    expected = signal(theta, design)
    return {"y": expected + NOISE_SD * rng.standard_normal(np.shape(expected))}


def log_likelihood(theta, design, outcome):
    """Return log p(y | theta, design) of each row."""
    pull = (outcome["y"] - signal(theta, design)) / NOISE_SD
    return -0.5 * pull**2 - np.log(NOISE_SD * np.sqrt(2 * np.pi))
