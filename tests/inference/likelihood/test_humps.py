"""Mixtures of one real number, component by component, are the mixtures they stand for."""

import pytest
import torch

from activesci.inference.likelihood.humps import Humps
from activesci.inference.likelihood.mixture import Layout, Mixture

LAYOUT = Layout(8, (0,), (), (), ())


def normal(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("steep", [0.3, 3.0])
def test_they_have_the_density_of_the_mixture(steep):
    raw, mean = steep * normal(2, 50, LAYOUT.outputs, seed=1), normal(2, 50, 1, seed=2)
    scale = normal(2, 50, 1, seed=3).exp()
    events = 3 * normal(2, 40, 1, 1, seed=4)
    events[0, 0] = torch.nan
    slow = Mixture.of(LAYOUT, raw, mean, scale, torch.zeros(1, 0))
    fast = Humps.of(LAYOUT, raw, mean, scale)
    assert fast.sharpest == pytest.approx(slow.sharpest)
    slow, fast = (one.map(lambda t: t.unsqueeze(1)).log_prob(events) for one in (slow, fast))
    assert fast.shape == (2, 40, 50)
    assert (fast[0, 0] == 0).all()
    assert torch.allclose(fast, slow, rtol=1e-9, atol=1e-9)
