"""Networks on the CPU and on a GPU: one code path, one answer."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from activesci.inference.networks.device import device_for
from activesci.inference.networks.network import Network

from ..problems import PROBLEMS

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


def test_auto_takes_a_gpu_only_where_there_is_one():
    assert device_for("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    assert device_for("cpu") == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_a_gpu_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="torch sees no GPU"):
        device_for("cuda")


@pytest.mark.parametrize("name", ["vector", "several", "categories"])
def test_density_and_samples_are_computed_where_the_network_is(name):
    """The mixture's own tensors must follow the network's device: `meta` has no numbers, but refuses other devices."""
    problem = PROBLEMS[name]
    bank = problem.bank(200, 0)
    density = problem.surrogate()._cold(bank, np.random.default_rng(0)).densities[0]
    moved = {key: tensor.to("meta") for key, tensor in density.network.weights.items()}
    elsewhere = replace(density, network=Network(moved))
    theta, xi = np.zeros((1, 3, 2)), np.zeros((2, 1))
    mixture = elsewhere.mixture(theta, xi)
    events = elsewhere.tensor(np.zeros((1, 2, 3, len(problem.study.outcome_space.groups[0].columns))))
    assert mixture.log_prob(events).device.type == "meta"
    uniform = elsewhere.tensor(np.zeros((1, 2, 3, 9)))
    assert mixture.sample(uniform, uniform[..., :8]).device.type == "meta"


@needs_gpu
@pytest.mark.parametrize("name", ["scalar", "several", "events"])
def test_a_gpu_gives_what_the_cpu_gives(name):
    problem = PROBLEMS[name]
    bank = problem.bank(1000, 0)
    theta, xi, y = problem.draw(40, np.random.default_rng(1))
    fits = [
        replace(problem.surrogate(), device=device).fit(bank, 1000, None, np.random.default_rng(2))[0]
        for device in ("cpu", "cuda")
    ]
    found = [one.log_prob(theta, xi[:2], y[None, None].repeat(2, 0)) for one in fits]
    assert np.median(np.abs(found[0] - found[1])) < 0.05  # float32 sums in another order, over hundreds of steps
    state = fits[1].state()
    assert all(isinstance(array, np.ndarray) for array in state.values())
    back = problem.surrogate().restore(state)
    np.testing.assert_allclose(back.log_prob(theta, xi[:1], y[None, None]), found[1][:1], rtol=1e-3, atol=1e-3)
    assert fits[1].sample(theta, xi[:1], np.random.default_rng(0)).shape == (1, 40, y.shape[1])
