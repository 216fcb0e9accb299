"""Twenty scattering angles c = cos(angle) with density proportional to max(0, 1 + c^2 + A c).

The asymmetry A = 2 tanh((2 phi - 90) / 9) theta is a caricature of the photon-Z interference: theta stands for the
Fermi constant in units of its value, phi [GeV] for the beam energy, half of sqrt(s); at 45 GeV A vanishes whatever
theta is. The second problem of the notebook from 2017.
"""

import numpy as np

EVENTS = 20


def slope(theta, design):
    """Return A."""
    return 2 * np.tanh((2 * design["phi"] - 90) / 9) * theta["theta"]


def lower_end(steep):
    """Return where the density for A = steep >= 0 begins: it is cut off where 1 + c^2 + A c turns negative."""
    return np.where(steep > 2, (-steep + np.sqrt(np.maximum(steep**2 - 4, 0))) / 2, -1.0)


def integral(c, steep):
    """Return the integral of 1 + c^2 + A c up to c."""
    return c + c**3 / 3 + steep * c**2 / 2


def density(c, theta, design):
    """Return the normalised density of one event."""
    a = slope(theta, design)
    steep = np.abs(a)
    total = integral(1.0, steep) - integral(lower_end(steep), steep)
    return np.where(np.abs(c) <= 1, np.maximum(1 + c**2 + a * c, 0), 0) / total


def simulate(theta, design, rng):
    """Run one experiment of each row: invert the cumulative density of EVENTS uniform numbers by bisection."""
    a = slope(theta, design)[:, None]
    steep = np.abs(a)  # a negative A is its mirror image
    low, high = lower_end(steep), np.ones_like(steep)
    start = integral(low, steep)
    wanted = start + rng.random((len(a), EVENTS)) * (integral(high, steep) - start)
    for _ in range(50):  # to 2^-50 of the interval
        middle = (low + high) / 2
        below = integral(middle, steep) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return {"cos_angle": np.where(a < 0, -1, 1) * (low + high) / 2}


def log_likelihood(theta, design, outcome):
    """Return log p(events | theta, design) of each row; -inf where an event is impossible."""
    columns = ({name: np.asarray(value)[:, None] for name, value in each.items()} for each in (theta, design))
    with np.errstate(divide="ignore"):
        return np.log(density(outcome["cos_angle"], *columns)).sum(axis=1)
