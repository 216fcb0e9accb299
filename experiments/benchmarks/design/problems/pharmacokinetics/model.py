"""The concentration of a drug some time after a dose of 400, with first-order absorption and elimination."""

import numpy as np

DOSE = 400


def moments(theta, design):
    k_a, k_e, t = theta["k_a"], theta["k_e"], design["time"]
    gap = np.where(np.abs(k_a - k_e) < 1e-9, 1e-9, k_a - k_e)
    mean = DOSE / theta["volume"] * k_a / gap * (np.exp(-k_e * t) - np.exp(-k_a * t))
    return mean, np.sqrt(0.01 * mean**2 + 0.1)


def simulate(theta, design, rng):
    mean, sd = moments(theta, design)
    return {"concentration": mean + sd * rng.standard_normal(len(mean))}


def log_likelihood(theta, design, outcome):
    mean, sd = moments(theta, design)
    return -0.5 * ((outcome["concentration"] - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
