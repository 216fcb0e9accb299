"""The simulator: what the experiment would give if the parameters were known."""

from collections.abc import Mapping

import numpy as np

NOISE = 0.3  # the standard deviation of one measurement [V]


def simulate(theta: Mapping[str, float], design: Mapping[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Return one simulated measurement.

    Args:
        theta: The parameters by name: rate [1/s] and amplitude [V].
        design: The design by name: time [s].
        rng: Where all randomness must come from, so that a run can be repeated exactly.
    """
    expected = theta["amplitude"] * np.exp(-theta["rate"] * design["time"])
    return {"signal": float(rng.normal(expected, NOISE))}


# If you can write the likelihood down, name a function `log_likelihood` here, and it is used instead of a network
# that learns it from simulations:
#
# def log_likelihood(theta, design, outcome):
#     expected = theta["amplitude"] * np.exp(-theta["rate"] * design["time"])
#     return -0.5 * ((outcome["signal"] - expected) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))
