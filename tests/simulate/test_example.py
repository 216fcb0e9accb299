"""The examples of programs as simulators do what they say."""

from pathlib import Path

import numpy as np

from activesci.simulate import simulator_for
from activesci.study import Study
from activesci.types import Block

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_program_draws_poisson_counts_behind_the_slab():
    """Mean and variance of 300 counts: their standard errors are sqrt(mu / n) and about mu sqrt(2 / n)."""
    study = Study.load(EXAMPLES / "command" / "study.yaml")
    simulator = simulator_for(study)
    theta, n = np.array([[0.8, 150.0]]), 300
    for thickness in (2.0, 0.5):  # few counts, where waits are added up, and many, where it is a normal number
        blocks = [Block(0, 1, index, theta, np.array([[thickness]])) for index in range(n)]
        counts = np.array([simulator.run(block).y[0, 0] for block in blocks])
        mean = 150.0 * 10 * np.exp(-0.8 * thickness)
        assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / n)
        assert abs(counts.var() - mean) < 4 * mean * np.sqrt(2 / n)


def test_the_workflow_counts_decays_inside_the_detector():
    """Each of 300 decays is seen with probability exp(-d / l) - exp(-(d + 1) / l): mean and sd of a binomial."""
    study = Study.load(EXAMPLES / "workflow" / "study.yaml")
    simulator, runs, distance, lifetime = simulator_for(study), 20, 1.5, 2.0
    blocks = [Block(0, 1, index, np.array([[lifetime]]), np.array([[distance]])) for index in range(runs)]
    counts = np.array([simulator.run(block).y[0, 0] for block in blocks])
    seen = np.exp(-distance / lifetime) - np.exp(-(distance + 1) / lifetime)
    assert abs(counts.mean() - 300 * seen) < 4 * np.sqrt(300 * seen * (1 - seen) / runs)
