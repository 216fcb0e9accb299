"""A height, seen best at x = 1, under a drift that grows with the square of x and is the same in all measurements."""

import numpy as np

NOISE = 0.2


def sensitivity(x):
    """Return what y is made of, of height and drift, (n, 2)."""
    return np.stack([x * np.exp(1 - x), (x / 3) ** 2], axis=-1)


def mean(theta, design):
    return (sensitivity(design["x"]) * np.stack([theta["height"], theta["drift"]], axis=-1)).sum(-1)


def simulate(theta, design, rng):
    expected = mean(theta, design)
    return {"y": expected + NOISE * rng.standard_normal(len(expected))}


def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - mean(theta, design)) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))
