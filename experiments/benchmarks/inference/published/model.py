"""The tasks' simulators as a study calls them: `model:two_moons` and so on, with `batch: true`."""

from math import prod

import numpy as np
from tasks import TASKS


def named(task, y):
    """Return outcomes (n, width) as a mapping of the names in the study."""
    shapes = {name: tuple(next(iter(part.values()))) for name, part in task.outcome.items()}
    ends = np.cumsum([prod(shape) for shape in shapes.values()])[:-1]
    parts = zip(shapes.items(), np.split(y, ends, axis=1), strict=True)
    return {name: part.reshape(len(y), *shape) for (name, shape), part in parts}


def simulator(task):
    """Return `simulate(theta, design, rng)` of a task."""

    def simulate(theta, design, rng):
        z = np.stack([np.asarray(theta[name], dtype=np.float64) for name in task.parameters], axis=1)
        return named(task, task.simulate(task.from_study(z), rng))

    return simulate


two_moons = simulator(TASKS["two_moons"])
slcp = simulator(TASKS["slcp"])
gaussian_linear = simulator(TASKS["gaussian_linear"])
gaussian_linear_uniform = simulator(TASKS["gaussian_linear_uniform"])
gaussian_mixture = simulator(TASKS["gaussian_mixture"])
bernoulli_glm = simulator(TASKS["bernoulli_glm"])
sir = simulator(TASKS["sir"])
lotka_volterra = simulator(TASKS["lotka_volterra"])
