"""Michaelis-Menten kinetics: the rate of an enzyme reaction rises with the substrate and saturates.

rate = v_max * concentration / (k_m + concentration) + noise,    noise ~ Normal(0, noise_sd)
"""

import numpy as np


def velocity(theta, design):
    """Return the expected rate [counts/min^2]."""
    return theta["v_max"] * design["concentration"] / (theta["k_m"] + design["concentration"])


def simulate(theta, design, rng):
    """Measure the initial rate once."""
    expected = velocity(theta, design)
    return {"rate": expected + theta["noise_sd"] * rng.standard_normal(np.shape(expected))}


def log_likelihood(theta, design, outcome):
    """Return log p(rate | theta, design) of each row."""
    pull = (outcome["rate"] - velocity(theta, design)) / theta["noise_sd"]
    return -0.5 * pull**2 - np.log(theta["noise_sd"]) - 0.5 * np.log(2 * np.pi)
