"""The schedule that trains networks."""

import torch

from activesci.inference.networks.network import Network, train


def steps_taken(better):
    """Train a network to a slope, and return after how many steps it was held to be no better."""
    generator, drawn = torch.Generator().manual_seed(0), []
    x = torch.linspace(-1, 1, 64)[:, None]
    start = Network.initial(1, 1, 1, torch.zeros(1, 1), generator)

    def loss(network, index):
        return ((network(x[index]) - 3 * x[index]) ** 2).mean((1, 2))

    def batch():
        drawn.append(1)
        return torch.randint(64, (1, 16), generator=generator)

    train(start, loss, batch, torch.arange(64)[None], 1000, 1e-3, patience=50, better=better)
    return len(drawn)


def test_training_ends_when_nothing_gets_better_by_as_much_as_is_asked():
    assert steps_taken(better=10.0) <= 75
    assert steps_taken(better=0.05) < steps_taken(better=1e-9)
