"""The logarithm of a signal from two sources, which falls with the square of the distance."""

import numpy as np

BACKGROUND, CLOSEST, NOISE = 0.1, 1e-4, 0.5


def mean(theta, design):
    squares = ((theta[f"x{i}"] - design["x"]) ** 2 + (theta[f"y{i}"] - design["y"]) ** 2 for i in (1, 2))
    return np.log(BACKGROUND + sum(1 / (CLOSEST + square) for square in squares))


def simulate(theta, design, rng):
    expected = mean(theta, design)
    return {"signal": expected + NOISE * rng.standard_normal(len(expected))}


def log_likelihood(theta, design, outcome):
    pull = (outcome["signal"] - mean(theta, design)) / NOISE
    return -0.5 * pull**2 - np.log(NOISE * np.sqrt(2 * np.pi))
