"""What a kernel takes to be known of a function."""

from dataclasses import replace

import numpy as np

from activesci.inference.emulator.emulating import searched
from activesci.inference.emulator.gaussian_process import Process

NOISE = 0.012
REPEATED = 12


def resonance(theta, xi):
    """What the design changes much, and a parameter little and not straight: below the noise of one simulation."""
    return np.tanh(2 * xi) + np.exp(-(xi**2)) * (-0.03 * theta + 0.008 * theta**2)


def test_what_the_noise_hides_is_not_known_not_to_be_there():
    """A kernel of one height and one length for each input is straight in the parameter, and sure of it."""
    rng, off = np.random.default_rng(0), {True: [], False: []}
    theta, xi = np.meshgrid(np.linspace(-1.6, 1.6, 7), [-0.3, 0.0, 0.3])
    looked_at, true = np.column_stack([theta.ravel(), xi.ravel()]), resonance(theta, xi).ravel()
    for _ in range(REPEATED):
        x = rng.uniform(-1.7, 1.7, (150, 2))
        x[90:, 1] = 0.3 * rng.standard_normal(60)  # most simulations are where measurements are
        y = resonance(*x.T) + NOISE * rng.standard_normal(150)
        found = searched(x, y, None)
        for open_ in off:
            kernel = found.kernel if open_ else replace(found.kernel, unseen=0.0)
            mean, variance = Process.fit(kernel, x, y, np.full(150, found.noise)).moments(looked_at)
            off[open_].append(float(((mean - true) ** 2 / variance).mean()))
    assert np.mean(off[True]) < 1.5
    assert np.mean(off[False]) > 1.7  # and so the bend is what is looked at
