"""A world to hold a surrogate against: a straight line through noise, of which everything is known."""

import numpy as np

from activesci.ledger.bank import Bank
from activesci.rng import Purpose, generator
from activesci.simulate import blocks, simulator_for
from activesci.study import Study
from activesci.types import Columns, FloatArray

SD = 0.3
"""The line's noise."""


def simulate(theta: Columns, design: Columns, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Return y = a + b x + noise of sd 0.3."""
    mean = theta["a"] + theta["b"] * design["x"]
    return {"y": mean + SD * rng.standard_normal(len(mean))}


def line(**changes: object) -> Study:
    """Return the study of the line: two parameters, one real design variable, one real outcome.

    Args:
        changes: Sections of the study that are to be others.
    """
    mapping: dict[str, object] = {
        "study": "line",
        "parameters": {"a": {"prior": {"uniform": [-1, 1]}}, "b": {"prior": {"uniform": [0, 1]}}},
        "design": {"x": {"real": [0, 2]}},
        "outcome": {"y": {"real": []}},
        "simulator": {"function": "activesci.testing.worlds:simulate", "batch": True},
        "experiment": {"manual": True},
        "stop": {"rounds": 3},
    }
    return Study(**{**mapping, **changes})


def simulated(study: Study, n: int, seed: int = 0, failing: float = 0.0) -> Bank:
    """Return simulations of a study all over its prior and designs, as a campaign's first round makes them.

    Args:
        study: The study.
        n: How many.
        seed: Their seed.
        failing: The share of them that is made to fail.
    """
    rng = generator(seed, 0, Purpose.PROPOSE)
    theta = study.parameter_space.from_cube(rng.random((n, study.parameter_space.dim)))
    xi = study.design_space.sample(n, rng)
    simulator = simulator_for(study)
    parts = [simulator.run(block) for block in blocks(study, 0, Purpose.SIMULATE, theta, xi)]
    y = np.concatenate([part.y for part in parts])
    y[rng.random(n) < failing] = np.nan
    return Bank.of(0, theta, xi, [{"index": np.arange(n), "y": y}])
