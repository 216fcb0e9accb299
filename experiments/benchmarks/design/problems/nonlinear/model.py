"""y = theta^3 x^2 + theta exp(-|0.2 - x|) + noise."""

import numpy as np

NOISE = 0.01


def mean(theta, design):
    x = design["x"]
    return theta["theta"] ** 3 * x**2 + theta["theta"] * np.exp(-np.abs(0.2 - x))


def simulate(theta, design, rng):
    expected = mean(theta, design)
    return {"y": expected + NOISE * rng.standard_normal(len(expected))}


def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - mean(theta, design)) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))
