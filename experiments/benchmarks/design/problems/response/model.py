"""A bump over the mean of the design variables, of unknown height and place, on an unknown offset."""

import numpy as np

NOISE = 0.3


def mean(theta, design):
    at = np.mean([value for name, value in sorted(design.items())], axis=0)
    return theta["offset"] + theta["height"] * np.exp(-0.5 * ((at - theta["place"]) / 0.15) ** 2)


def simulate(theta, design, rng):
    expected = mean(theta, design)
    return {"y": expected + NOISE * rng.standard_normal(len(expected))}


def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - mean(theta, design)) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))
