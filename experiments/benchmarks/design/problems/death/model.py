"""Deaths among fifty by a time, each at a constant rate."""

import numpy as np
from scipy.stats import binom

POPULATION = 50


def chance(theta, design):
    return np.clip(-np.expm1(-theta["rate"] * design["time"]), 1e-12, 1 - 1e-12)


def simulate(theta, design, rng):
    return {"dead": rng.binomial(POPULATION, chance(theta, design))}


def log_likelihood(theta, design, outcome):
    return binom.logpmf(outcome["dead"], POPULATION, chance(theta, design))
