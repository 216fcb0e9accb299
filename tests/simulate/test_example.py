"""The example of a program as a simulator does what it says."""

from pathlib import Path

import numpy as np

from activesci.simulate import simulator_for
from activesci.study import Study
from activesci.types import Block

EXAMPLE = Path(__file__).parents[2] / "examples" / "command"


def test_the_program_draws_poisson_counts_behind_the_slab():
    """Mean and variance of 300 counts: their standard errors are sqrt(mu / n) and about mu sqrt(2 / n)."""
    study = Study.load(EXAMPLE / "study.yaml")
    simulator = simulator_for(study)
    theta, n = np.array([[0.8, 150.0]]), 300
    for thickness in (2.0, 0.5):  # few counts, where waits are added up, and many, where it is a normal number
        blocks = [Block(0, 1, index, theta, np.array([[thickness]])) for index in range(n)]
        counts = np.array([simulator.run(block).y[0, 0] for block in blocks])
        mean = 150.0 * 10 * np.exp(-0.8 * thickness)
        assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / n)
        assert abs(counts.var() - mean) < 4 * mean * np.sqrt(2 / n)
