"""Jumps leave exact draws of a density as they are, and are worth what they are taken to be worth."""

import numpy as np
from scipy.special import ndtr, ndtri

from activesci.inference.moves import forgetting, move

PARTICLES = 2048


def rng(seed):
    return np.random.default_rng(seed)


def flat(u):
    return np.zeros(len(u))


def test_moves_leave_draws_of_a_slanted_target_near_walls_as_they_are():
    """From exact draws, 100 times: five sweeps that fold steps at the walls shift the first mean by nine errors."""
    mean, covariance = np.array([0.31, -0.56]), np.array([[0.0417, -0.0546], [-0.0546, 0.1108]])
    precision, root = np.linalg.inv(covariance), np.linalg.cholesky(covariance)

    def target(u):
        z = ndtri(u)
        return 0.5 * (z**2).sum(1) - 0.5 * (((z - mean) @ precision) * (z - mean)).sum(1)

    shifts = []
    for seed in range(100):
        stream = rng(seed)
        u = ndtr(mean + stream.standard_normal((PARTICLES, 2)) @ root.T)
        moved = move(u, flat(u), target(u), flat, target, 1.0, stream)[0]
        white = np.linalg.solve(root, (ndtri(moved) - mean).T).T
        shifts.append([*white.mean(0), *((white**2).mean(0) - 1) / np.sqrt(2)])
    off = np.mean(shifts, axis=0) * np.sqrt(PARTICLES * len(shifts))
    assert np.abs(off).max() < 4  # four normal numbers, of sd a little above one as jumps remember


def bent(u):
    """The log density, against the prior, of a crescent: a normal number, and another around its square."""
    z = ndtri(u)
    return 0.5 * (z**2).sum(1) - 0.5 * z[:, 0] ** 2 - 0.5 * ((z[:, 1] - 0.3 * z[:, 0] ** 2) / 0.1) ** 2


def test_moves_leave_draws_of_a_crescent_as_they_are():
    shifts = []
    for seed in range(40):
        stream = rng(seed)
        noise = stream.standard_normal((PARTICLES, 2))
        u = ndtr(np.stack([noise[:, 0], 0.3 * noise[:, 0] ** 2 + 0.1 * noise[:, 1]], 1))
        z = ndtri(move(u, flat(u), bent(u), flat, bent, 1.0, stream)[0])
        back = np.stack([z[:, 0], (z[:, 1] - 0.3 * z[:, 0] ** 2) / 0.1], 1)
        shifts.append([*back.mean(0), *((back**2).mean(0) - 1) / np.sqrt(2)])
    off = np.mean(shifts, axis=0) * np.sqrt(PARTICLES * len(shifts))
    assert np.abs(off).max() < 4


def test_moved_particles_have_forgotten_where_they_were():
    """Copies of few points become as many different ones: neighbours that were equal are no more alike than others."""
    u = ndtr(rng(0).standard_normal((PARTICLES // 8, 3)) * 0.2).repeat(8, axis=0)

    def target(u):
        return 0.5 * (1 - 25) * (ndtri(u) ** 2).sum(1)

    z = ndtri(move(u, flat(u), target(u), flat, target, 1.0, rng(1))[0])
    alike = (z[0::8] * z[1::8]).mean() / (z**2).mean()
    assert abs(alike) < 4 / np.sqrt(3 * PARTICLES / 8) + 0.1  # all but about a tenth have moved for good
    assert abs(z.std() - 0.2) < 0.02


def test_sweeps_go_on_with_the_kind_that_forgets_faster():
    taken = []

    def kind(name, rate):
        def sweep():
            taken.append(name)
            return rate

        return sweep

    forgetting(kind("local", 0.3), kind("guided", 0.8), 4.0, 1.5)
    assert taken == ["local", "guided", "guided"]
    taken.clear()
    forgetting(kind("local", 0.3), kind("guided", 0.01), 2.0, 1.0)
    assert taken.count("guided") == 1
    assert 6 <= taken.count("local") <= 7
