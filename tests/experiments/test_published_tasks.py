"""The published tasks: simulators, likelihoods, priors and exact samplers must belong together."""

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "benchmarks" / "inference" / "published"
NAMES = ("two_moons", "slcp", "gaussian_linear", "gaussian_linear_uniform", "gaussian_mixture")
NAMES += ("bernoulli_glm", "sir", "lotka_volterra")
SMOOTH = ("gaussian_linear", "gaussian_mixture", "bernoulli_glm", "sir")
"""Those with an exact sampler whose posterior has no edges."""


@pytest.fixture(scope="module")
def published() -> Iterator[Callable[[str], Any]]:
    """Import a module of the benchmark; they stand beside each other under short names."""
    before, known = sys.path[:], set(sys.modules)
    for name in ("model", "tasks"):
        sys.modules.pop(name, None)
    sys.path.insert(0, str(FOLDER))
    yield import_module
    sys.path[:] = before
    for name in set(sys.modules) - known:
        if str(FOLDER) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture(scope="module")
def tasks(published: Callable[[str], Any]) -> Mapping[str, Any]:
    return published("tasks").TASKS


@pytest.mark.parametrize("name", NAMES)
def test_likelihood_is_that_of_the_simulator(tasks: Mapping[str, Any], name: str) -> None:
    # E over y ~ p(y | theta) of p(y | other) / p(y | theta) is 1 where both have one support; within 5 standard errors
    task, rng, n = tasks[name], np.random.default_rng(5), 4000
    z = np.array([one.distribution.ppf(0.6) for one in task.marginals])
    nearby = z.copy()
    nearby[-1] = task.marginals[-1].distribution.ppf(0.602)
    theta, other = (np.repeat(task.from_study(one[None]), n, axis=0) for one in (z, nearby))
    if name == "two_moons":
        other[:, 0] -= other[:, 1] - theta[:, 1]  # the sum stays, so the crescent's edge does
    y = task.simulate(theta, rng)
    ratio = np.exp(task.log_likelihood(other, y) - task.log_likelihood(theta, y))
    assert ratio.std() > 0
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / np.sqrt(n)


@pytest.mark.parametrize("name", NAMES)
def test_study_and_task_agree_on_parameters_and_outcomes(
    published: Callable[[str], Any], tasks: Mapping[str, Any], name: str
) -> None:
    task, studies = tasks[name], published("studies")
    theta, y = task.simulations(50, 0)
    space = studies.study(task).outcome_space
    flat, failures = space.flatten_batch(published("model").named(task, y), np.empty((50, 0)), 50)
    assert not failures
    np.testing.assert_array_equal(flat, y)
    np.testing.assert_allclose(task.from_study(task.to_study(theta)), theta, atol=1e-12)
    np.testing.assert_array_equal(task.simulations(50, 0)[1], y)


@pytest.mark.parametrize("name", SMOOTH)
def test_exact_samples_are_those_of_the_likelihood(
    published: Callable[[str], Any], tasks: Mapping[str, Any], name: str
) -> None:
    # the score of the posterior has mean zero over its samples, tested along a line inside the prior, in 5 errors
    task, rng, n = tasks[name], np.random.default_rng(6), 4000
    y = task.simulate(task.from_study(np.array([[one.distribution.ppf(0.45) for one in task.marginals]])), rng)[0]
    theta = published("exact").EXACT[name](task, y, n, rng)
    assert theta.shape == (n, task.dim)
    scale = theta.std(axis=0)
    direction, step = np.ones(task.dim) * scale, 1e-4
    ends = [theta + sign * step * direction for sign in (-1, 1)]
    low, high = (task.log_likelihood(end, y) + task.log_prior(end) for end in ends)
    score = (high - low) / (2 * step)
    assert abs(score.mean()) < 5 * score.std() / np.sqrt(n)
