"""Densities of single numbers: they add up to one, and draws know what they were drawn with."""

import pytest
import torch

from activesci.design.policies.columns import Counted, Labelled, Mixed, Real

COUNTED = Counted(Mixed(2), -1.5, 0.25)
"""The number 0 is at -1.5, and two neighbours are 0.25 apart."""


def drawn(column, n=1):
    return torch.randn(column.size, n, generator=torch.Generator().manual_seed(1))


def generator():
    return torch.Generator().manual_seed(2)


def test_the_density_of_a_real_number_integrates_to_one():
    column = Real(Mixed(3))
    y = torch.linspace(-40.0, 40.0, 400_001, dtype=torch.float64)
    density = column.log_prob(drawn(column).double(), y).exp()
    assert float(torch.trapezoid(density, y)) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("column", "y"), [(COUNTED, -1.5 + 0.25 * torch.arange(400)), (Labelled(4), torch.arange(4.0))]
)
def test_the_probabilities_of_whole_numbers_and_labels_add_up_to_one(column, y):
    assert float(column.log_prob(drawn(column), y).exp().sum()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("column", [COUNTED, Labelled(4)])
def test_draws_come_as_often_as_is_said(column):
    n = 40_000
    y, log = column.draw(drawn(column).expand(-1, n), generator())
    value, counts = torch.unique(y, return_counts=True)
    said = column.log_prob(drawn(column), value).exp()
    assert float((counts / n - said).abs().max()) < 4 * (0.25 / n) ** 0.5
    assert torch.allclose(log, column.log_prob(drawn(column), y))


def test_a_draw_moves_with_its_mean_and_its_width():
    column = Real(Mixed(1))
    parameters = torch.tensor([[0.0], [0.3], [0.2]]).expand(-1, 5).clone().requires_grad_()
    y, _ = column.draw(parameters, generator())
    (slope,) = torch.autograd.grad(y.sum(), parameters)
    assert torch.allclose(slope[1], torch.ones(5), atol=1e-4)
    assert torch.allclose(slope[2], (y - 0.3).detach(), atol=1e-4)


def test_the_mean_of_a_mixture_has_the_gradient_of_its_weights():
    column, n = Real(Mixed(2)), 200_000
    single = torch.tensor([[0.4], [-0.4], [1.0], [-1.0], [-1.0], [-1.0]]).requires_grad_()
    y, _ = column.draw(single.expand(-1, n), generator())
    (slope,) = torch.autograd.grad(y.mean(), single)
    share = torch.sigmoid(torch.tensor(0.8))
    assert float(slope[0]) == pytest.approx(float(share * (1 - share) * 2.0), rel=0.03)
