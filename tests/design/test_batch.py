"""Batches: each design the best given those before it."""

import numpy as np
import pytest

from activesci.design import BayesOpt, Grid, Pool, Random
from activesci.inference.exact import ExactSurrogate
from activesci.loop import round as rounds
from activesci.rng import generator
from activesci.study import Study
from activesci.types import BlockResult

STUDY = Study(
    study="line",
    parameters={"a": {"prior": {"normal": [0, 1]}}, "b": {"prior": {"normal": [0, 1]}}},
    design={"x": {"real": [-1, 1]}},
    outcome={"y": {"real": []}},
    simulator={"function": "model:simulate"},
    experiment={"manual": True},
    stop={"rounds": 1},
)


class Line:
    def run(self, block):
        noise = generator(0, block.round, block.purpose, block.first).standard_normal((len(block.theta), 1))
        return BlockResult(0, block.theta[:, :1] + block.theta[:, 1:] * block.xi + 0.2 * noise, {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        return -0.5 * ((y[:, 0] - theta[:, 0] - theta[:, 1] * xi[:, 0]) / 0.2) ** 2 - np.log(0.2 * np.sqrt(2 * np.pi))


def choose(designer, batch, pool=None):
    belief = rounds.before_data(STUDY, ExactSurrogate(Line()))
    return rounds.choose(STUDY, 1, belief, designer, None, pool, batch)


@pytest.mark.parametrize("designer", [Grid(9), BayesOpt(14)])
def test_two_designs_of_a_batch_tell_different_things(designer):
    """A line is known from both ends, not from one end measured twice."""
    one, two = (choice.xi[0] for choice in choose(designer, 2))
    assert one * two < 0
    assert min(abs(one), abs(two)) > 0.7


@pytest.mark.parametrize("designer", [Pool(), Grid(9), BayesOpt(14), Random()])
def test_a_pool_gives_each_row_once_and_no_more_than_it_has(designer):
    pool = np.array([[-1.0], [1.0], [1.0], [0.0]])
    chosen = choose(designer, 6, pool)
    assert sorted(choice.xi[0] for choice in chosen) == [-1.0, 0.0, 1.0, 1.0]


def test_the_first_two_of_a_pool_are_its_ends():
    pool = np.array([[0.9], [0.1], [1.0], [-1.0], [0.95]])
    assert {float(choice.xi[0]) for choice in choose(Pool(), 2, pool)} == {1.0, -1.0}
