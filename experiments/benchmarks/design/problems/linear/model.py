"""A line through the origin with noise that grows outwards."""

import numpy as np


def noise(design):
    return 0.3 + 0.1 * design["x"] ** 2


def simulate(theta, design, rng):
    expected = theta["slope"] * design["x"]
    return {"y": expected + noise(design) * rng.standard_normal(len(expected))}


def log_likelihood(theta, design, outcome):
    pull = (outcome["y"] - theta["slope"] * design["x"]) / noise(design)
    return -0.5 * pull**2 - np.log(noise(design) * np.sqrt(2 * np.pi))
