import numpy as np
import pytest
import torch

from activesci.inference.amortised.flow import Flow

MEMBERS, FEATURES = 2, 3


def flow_of(dim, size=0.15, seed=0):
    """Return a flow with weights far from its start, and features for one outcome."""
    generator = torch.Generator().manual_seed(seed)
    flow = Flow.of(FEATURES, dim)
    weights = {name: w.double() for name, w in flow.initial(MEMBERS, generator).items()}
    for name in weights:
        if name.startswith(("out", "rest")):
            weights[name] = size * torch.randn(weights[name].shape, generator=generator, dtype=torch.float64)
    return flow, weights, torch.randn(MEMBERS, 1, FEATURES, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("dim", [1, 2])
def test_a_flow_is_a_density(dim):
    flow, weights, features = flow_of(dim, size=0.15 if dim == 1 else 0.05)  # a grid has to resolve it
    axis = torch.linspace(-12, 12, 2001 if dim == 1 else 301, dtype=torch.float64)
    grid = torch.cartesian_prod(*[axis] * dim).reshape(-1, dim)
    mass = flow.log_prob(weights, features, grid[None]).exp().sum(1) * (axis[1] - axis[0]) ** dim
    assert mass.numpy() == pytest.approx([1.0, 1.0], abs=0.01)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_what_is_drawn_follows_the_density(dim):
    """The inverse undoes the flow, and the density of what it gives is that of its noise times the volume."""
    flow, weights, features = flow_of(dim)
    noise = torch.randn(MEMBERS, 200, dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    drawn = flow.draw(weights, features, noise)
    log_normal = -0.5 * (noise**2).sum(-1) - 0.5 * dim * np.log(2 * np.pi)
    for member in range(MEMBERS):
        one = {name: w[member : member + 1] for name, w in weights.items()}
        jacobian = torch.stack(
            [
                torch.autograd.functional.jacobian(
                    lambda z, one=one, member=member: flow.draw(one, features[member : member + 1], z[None, None])[
                        0, 0
                    ],
                    noise[member, i],
                )
                for i in range(5)
            ]
        )
        expected = log_normal[member, :5] - torch.linalg.slogdet(jacobian).logabsdet
        found = flow.log_prob(one, features[member : member + 1], drawn[member : member + 1])[0, :5]
        assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-6)


def test_a_flow_begins_as_nothing_but_the_start():
    flow = Flow.of(FEATURES, 3)
    weights = flow.initial(MEMBERS, torch.Generator().manual_seed(0))
    s = torch.randn(1, 500, 3, generator=torch.Generator().manual_seed(1))
    log_prob = flow.log_prob(weights, torch.zeros(MEMBERS, 1, FEATURES), s)
    expected = -0.5 * (s**2).sum(-1) - 1.5 * np.log(2 * np.pi)
    assert (log_prob - expected).abs().max() < 0.6
