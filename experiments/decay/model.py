"""Exponential decay: y = a exp(-b xi) + noise, noise ~ Normal(0, 0.05)."""

import numpy as np

NOISE_SD = 0.05


def signal(theta, design):
    """Return the expected signal at time xi."""
    return theta["a"] * np.exp(-theta["b"] * design["xi"])


def simulate(theta, design, rng):
    """Measure the signal once."""
    expected = signal(theta, design)
    return {"y": expected + NOISE_SD * rng.standard_normal(np.shape(expected))}


def log_likelihood(theta, design, outcome):
    """Return log p(y | theta, design) of each row."""
    pull = (outcome["y"] - signal(theta, design)) / NOISE_SD
    return -0.5 * pull**2 - np.log(NOISE_SD * np.sqrt(2 * np.pi))
