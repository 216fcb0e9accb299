"""The probability of choosing 100 in D days over R now, under hyperbolic discounting with lapses."""

import numpy as np
from scipy.special import erf

LAPSES, SMALLEST = 0.01, 1e-3


def chance(theta, design):
    later = 100 / (1 + np.exp(theta["log_k"]) * design["days"])
    preferred = 0.5 + 0.5 * erf((later - design["now"]) / (SMALLEST + theta["alpha"]))
    return LAPSES + (1 - 2 * LAPSES) * preferred


def simulate(theta, design, rng):
    p = chance(theta, design)
    return {"later": (rng.random(len(p)) < p).astype(int)}


def log_likelihood(theta, design, outcome):
    p = chance(theta, design)
    return np.log(np.where(outcome["later"] == 1, p, 1 - p))
