"""Power-law decay: y = amplitude (1 + t)^-power + noise; what is left falls ever more slowly."""

import numpy as np

NOISE_SD = 0.05


def signal(theta, design):
    """Return the expected signal at time t."""
    return theta["amplitude"] * (1 + design["t"]) ** -theta["power"]


def simulate(theta, design, rng):
    """Measure the signal once."""
    expected = signal(theta, design)
    return {"y": expected + NOISE_SD * rng.standard_normal(np.shape(expected))}


def log_likelihood(theta, design, outcome):
    """Return log p(y | theta, design) of each row."""
    pull = (outcome["y"] - signal(theta, design)) / NOISE_SD
    return -0.5 * pull**2 - np.log(NOISE_SD * np.sqrt(2 * np.pi))
