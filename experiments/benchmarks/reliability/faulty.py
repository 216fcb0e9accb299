"""A line whose simulator, and so whose nature, goes wrong in one call of a hundred, in every way that a function can.

What a call that goes well returns does not depend on the others: failures are no function of the outcome.
"""

SIMULATE = """
import time
import numpy as np

SHARE = {share}

class Rude(BaseException):
    pass

def simulate(theta, design, rng):
    time.sleep(0.001)
    y = rng.normal(theta["slope"] * design["x"], 0.1)
    if rng.random() < SHARE:
        if {silent}:
            return {{"y": 0.0 * y}}
        return FAULTS[rng.integers(len(FAULTS))](y)
    return {{"y": y}}

def fail(error):
    raise error

def hang(y):
    time.sleep(60.0)

FAULTS = [
    lambda y: fail(ValueError("no such thing")), lambda y: fail(SystemExit(3)), lambda y: fail(Rude("rude")),
    lambda y: fail(MemoryError()), hang, lambda y: {{"y": y * np.nan}}, lambda y: {{"y": y + np.inf}},
    lambda y: {{"y": np.array([y, y])}}, lambda y: {{"y": np.array([])}}, lambda y: {{"y": y + 1j}},
    lambda y: {{"y": str(y)}}, lambda y: {{"y": object()}}, lambda y: {{"z": y}}, lambda y: None, lambda y: y,
]
"""
LIKELIHOOD = """
def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - theta["slope"] * design["x"]) / 0.1) ** 2 - np.log(0.1 * np.sqrt(2 * np.pi))
"""
PATIENCE = 2.0  # seconds after which one that hangs is stopped; a busy machine needs some for a likelihood too


def model(share, likelihood=False, silent=False):
    """Return the module of a study.

    Args:
        share: Which share of the calls goes wrong.
        likelihood: Whether it offers the exact likelihood.
        silent: Whether such a call returns 0 as if nothing were wrong.
    """
    return SIMULATE.format(share=share, silent=silent) + (LIKELIHOOD if likelihood else "")
