"""The pieces of the mixture that are easy to get wrong."""

import numpy as np
import pytest
import torch
from scipy.special import log_ndtr

from activesci.inference.likelihood.mixture import counting, interval, picked


@pytest.mark.parametrize(
    ("lower", "upper"),
    [(-1, 1), (3, 3.1), (-40, -39.5), (-29, -28), (35, 36), (-31, -29.9), (2, 2 + 1e-6), (-45, 3), (29.9, 30.1)],
)
def test_the_probability_of_an_interval_is_accurate_in_both_tails(lower, upper):
    found = interval(torch.tensor([lower], dtype=torch.float64), torch.tensor([upper], dtype=torch.float64)).item()
    high, low = (-lower, -upper) if lower > 0 else (upper, lower)
    difference = log_ndtr(low) - log_ndtr(high)
    assert found == pytest.approx(log_ndtr(high) + np.log(-np.expm1(difference)), rel=1e-6, abs=1e-8)


def test_counts_sum_to_one_however_far_the_root():
    values = torch.arange(4000.0)[:, None, None]
    for loc, scale in ((-3.0, 1.0), (0.2, 0.5), (20.0, 0.01), (40.0, 5.0)):
        log_prob = counting(values, torch.tensor([[loc]]), torch.tensor([[scale]]))
        assert log_prob.double().exp().sum().item() == pytest.approx(1.0, abs=1e-4)


def test_the_gradient_of_an_impossible_count_is_finite():
    loc = torch.tensor([[3.0]], requires_grad=True)
    scale = torch.tensor([[1e-3]], requires_grad=True)
    counting(torch.tensor([[[0.0]], [[9.0]], [[1e6]]]), loc, scale).sum().backward()
    assert torch.isfinite(loc.grad).all()
    assert torch.isfinite(scale.grad).all()


def test_inversion_draws_every_index():
    log_prob = torch.log(torch.tensor([0.2, 0.5, 0.3])).expand(3, 3)
    assert picked(log_prob, torch.tensor([0.1, 0.6, 0.99999])).tolist() == [0, 1, 2]
