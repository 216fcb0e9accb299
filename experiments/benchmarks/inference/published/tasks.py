"""The eight tasks, and the observations that each seed looks at.

References:
    Lueckmann, Boelts, Greenberg, Goncalves and Macke, Benchmarking simulation-based inference, 2021, arXiv:2101.04653.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported: figures that do not depend on other work

from dynamics import LOTKA_VOLTERRA, SIR
from gaussians import GAUSSIAN_LINEAR, GAUSSIAN_LINEAR_UNIFORM, GAUSSIAN_MIXTURE
from neuron import BERNOULLI_GLM
from shapes import SLCP, TWO_MOONS

TASKS = {
    task.name: task
    for task in (
        TWO_MOONS,
        SLCP,
        GAUSSIAN_LINEAR,
        GAUSSIAN_LINEAR_UNIFORM,
        GAUSSIAN_MIXTURE,
        BERNOULLI_GLM,
        SIR,
        LOTKA_VOLTERRA,
    )
}
OBSERVATIONS = {0: (0, 1, 2), 1: (2, 3, 4)}
"""Places, from 0, of the observations that a seed's fit is asked about."""
SAMPLES = 4000
"""Posterior samples of a run, and reference samples that they are held against."""
