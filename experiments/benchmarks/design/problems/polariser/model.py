"""y = cos 2(angle - direction) + noise, of which there is least at 0 and 180 degrees."""

import numpy as np

NOISE, MORE = 0.1, 0.2


def mean(theta, design):
    return np.cos(np.deg2rad(2 * (design["angle"] - theta["direction"])))


def noise(design):
    return NOISE + MORE * (1 - np.cos(np.deg2rad(2 * design["angle"])))


def simulate(theta, design, rng):
    expected = mean(theta, design)
    return {"y": expected + noise(design) * rng.standard_normal(len(expected))}


def log_likelihood(theta, design, outcome):
    sd = noise(design)
    return -0.5 * ((outcome["y"] - mean(theta, design)) / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi))
