"""A posterior a thousand times narrower than its prior, and the surrogate that looks closer."""

from dataclasses import replace

import numpy as np
import pytest

from activesci.inference.base import Data
from activesci.inference.likelihood.zoomed import ZoomedSurrogate, narrow
from activesci.inference.networks.region import EDGE, Region
from activesci.inference.posterior import prior, update
from activesci.ledger import Bank
from tests.inference.problems import Problem, study_of

NOISE = 1e-3
XI = np.array([[0.3], [0.9], [1.7]])


def expected(theta, xi):
    return np.sin(3 * theta[:, :1] + xi) + theta[:, 1:] * xi


def simulate(theta, xi, rng):
    return expected(theta, xi) + NOISE * rng.standard_normal((len(theta), 1))


def log_likelihood(theta, xi, y):
    return -0.5 * ((y - expected(theta, xi))[:, 0] / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))


WAVE = Problem(
    study_of(
        {"y": {"real": []}}, parameters={"a": {"prior": {"uniform": [-0.5, 0.5]}}, "b": {"prior": {"uniform": [0, 1]}}}
    ),
    simulate,
    log_likelihood,
)


def exact(data, posterior):
    """Mean and sd of the exact posterior by importance sampling from a widened normal fit to the samples."""
    rng = np.random.default_rng(0)
    centre, factor = posterior.theta.mean(axis=0), 2 * np.linalg.cholesky(np.cov(posterior.theta.T))
    z = rng.standard_normal((40_000, 2))
    theta = centre + z @ factor.T
    logs = sum(log_likelihood(theta, xi[None], y[None]) for xi, y in zip(data.xi, data.y, strict=True))
    weights = np.exp(logs + 0.5 * (z**2).sum(axis=1) - (logs + 0.5 * (z**2).sum(axis=1)).max())
    weights /= weights.sum()
    mean = weights @ theta
    return mean, np.sqrt(weights @ (theta - mean) ** 2)


def learned(seed):
    """The posterior after three passes of simulations around it, with its surrogate and the data."""
    rng = np.random.default_rng(seed)
    truth = np.array([[0.11, 0.42]])
    data = Data(XI, simulate(np.repeat(truth, 3, axis=0), XI, rng))
    theta, xi = WAVE.draw(2000, rng)[:2]
    xi[::2] = XI[rng.integers(3, size=1000)]
    bank = Bank.of(0, theta, xi, [{"index": np.arange(2000), "y": simulate(theta, xi, rng)}])
    surrogate, _ = ZoomedSurrogate(WAVE.surrogate()).fit(bank, 0, None, rng)
    space = WAVE.study.parameter_space
    nothing = Data(np.empty((0, 1)), np.empty((0, 1)))
    posterior = update(prior(space, 1024, rng), (surrogate, nothing), (surrogate, data), rng)
    for number in range(1, 4):
        centre = posterior.theta.mean(axis=0)
        wide = centre + rng.uniform(0, 3, (600, 1)) * (posterior.theta[rng.integers(1024, size=600)] - centre)
        wide = np.clip(wide, [-0.5, 0.0], [0.5, 1.0])
        at = XI[rng.integers(3, size=600)]
        new = Bank.of(number, wide, at, [{"index": np.arange(600), "y": simulate(wide, at, rng)}])
        bank = Bank.join([bank, new])
        finer, _ = surrogate.fit(bank, 600, posterior.theta, rng)
        posterior = update(posterior, (surrogate, data), (finer, data), rng)
        surrogate = finer
    return posterior, surrogate, data


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_a_narrow_posterior_is_as_wide_as_the_exact_one(seed):
    posterior, surrogate, data = learned(seed)
    mean, sd = exact(data, posterior)
    assert surrogate.resolves(posterior.theta), "by a surrogate of its own, or as the whole one is found to do as well"
    assert (sd < 0.02).all(), "the problem is a narrow one"
    # 1024 particles know a mean to 0.05 sd and an sd to 4 %; the rest is what learning may cost
    assert np.abs(posterior.theta.mean(axis=0) - mean).max() < 0.35 * sd.max()
    np.testing.assert_allclose(posterior.theta.std(axis=0), sd, rtol=0.25)
    again = surrogate.restore(surrogate.state())
    theta, y = posterior.theta[:50], data.y[:, None, None, :]
    np.testing.assert_array_equal(again.log_prob(theta, data.xi, y), surrogate.log_prob(theta, data.xi, y))


def test_a_region_holds_its_samples_along_their_own_axes():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((4000, 2)) @ np.array([[1.0, 0.99], [0.0, 0.1]]) * 0.01 + 0.3
    region = Region.around(x)
    assert region.inside(x).mean() > 0.999
    assert not region.inside(np.array([[0.3 + 0.04, 0.3 - 0.04]])).any(), "a box along the parameters would hold it"
    np.testing.assert_allclose(region.local(x).std(axis=0), np.sqrt(3) / EDGE, rtol=0.05)
    assert region.still_fits(x)
    assert not region.still_fits(0.3 + 0.2 * (x - 0.3)), "a posterior five times narrower wants another region"


def test_far_samples_do_not_stretch_a_region():
    rng = np.random.default_rng(4)
    x = 0.01 * rng.standard_normal((1000, 2))
    stretched = np.concatenate([x, np.full((5, 2), 2.0)])
    assert not Region.around(stretched).inside(np.full((1, 2), 2.0)).any()


@pytest.mark.parametrize(("scale", "wanted"), [(1.0, False), (0.3, False), (0.1, True)])
def test_narrow_is_judged_against_what_the_surrogate_was_fitted_to(scale, wanted):
    assert narrow(scale * np.random.default_rng(5).standard_normal((2000, 3))) is wanted


def sizes(theta, xi, rng):
    """What does not see the first parameter's sign: two modes, each a few hundred times narrower than the prior."""
    return np.cos(40 * theta[:, :1]) + theta[:, 1:] * xi + NOISE * rng.standard_normal((len(theta), 1))


def test_each_of_two_narrow_modes_gets_a_surrogate_of_its_own():
    rng, space = np.random.default_rng(6), WAVE.study.parameter_space
    modes = space.from_cube(np.repeat([[0.2, 0.5], [0.8, 0.5]], 512, axis=0) + 0.002 * rng.standard_normal((1024, 2)))
    theta = np.concatenate([space.from_cube(rng.random((400, 2))), modes[rng.permutation(1024)[:800]]])
    xi = XI[rng.integers(3, size=1200)]
    bank = Bank.of(0, theta, xi, [{"index": np.arange(1200), "y": sizes(theta, xi, rng)}])
    surrogate = ZoomedSurrogate(replace(WAVE.surrogate(), members=1)).fit(bank, 0, modes, rng)[0]
    assert len(surrogate.zones) == surrogate.finest == 2
    assert surrogate.trusted(modes).mean() > 0.99
    assert not surrogate.trusted(space.from_cube(np.array([[0.5, 0.5]]))).any(), "nothing is known between them"
    # mirror images are as likely: by each surrogate of its own, with an error of a few coefficients of 400 rows
    near, other = modes[:512], modes[:512] * np.array([-1.0, 1.0])
    y = sizes(near, XI[:1], rng)[None, None]
    one, mirrored = (np.diagonal(surrogate.log_prob(of, XI[:1], y)[0, 0]) for of in (near, other))
    assert np.mean(one) == pytest.approx(np.mean(mirrored), abs=0.1)
    again = surrogate.restore(surrogate.state())
    np.testing.assert_array_equal(again.trusted(modes), surrogate.trusted(modes))


def test_where_nothing_is_new_nothing_is_learned_or_sampled_again():
    """A fit to the same simulations, of which too few lie near a narrow posterior, and the same data."""
    rng, space = np.random.default_rng(7), WAVE.study.parameter_space
    theta, xi = space.from_cube(rng.random((400, 2))), XI[rng.integers(3, size=400)]
    bank = Bank.of(0, theta, xi, [{"index": np.arange(400), "y": sizes(theta, xi, rng)}])
    first, said = ZoomedSurrogate(replace(WAVE.surrogate(), members=1)).fit(bank, 0, None, rng)
    narrow_focus = space.from_cube(0.5 + 0.002 * rng.standard_normal((512, 2)))
    again, then = first.fit(bank, 0, narrow_focus, rng)
    assert again is first
    assert said.steps > 0 == then.steps
    data = Data(XI[:1], bank.y[:1])
    posterior = prior(space, 256, rng)
    assert update(posterior, (first, data), (again, data), rng) is posterior
    fresh = {"index": np.arange(300), "y": sizes(theta[:300], xi[:300], rng)}
    more = Bank.of(1, theta[:300], xi[:300], [fresh])
    assert first.fit(Bank.join([bank, more]), 300, None, rng)[0] is not first


class Off:
    """A surrogate of a normal likelihood around zero that is off by as many nats, over a region or everywhere."""

    members = 1

    def __init__(self, nats, region=None):
        self.nats, self.region = nats, region

    inputs_of = theta_of = staticmethod(lambda values: values)

    def log_prob(self, theta, xi, y):
        return np.broadcast_to(self.nats - 0.5 * theta[:, 0] ** 2, (len(xi), 1, y.shape[2], len(theta)))

    def log_prob_rows(self, theta, xi, y):
        return np.broadcast_to(self.nats - 0.5 * theta[..., 0] ** 2, (len(xi), *theta.shape[:2]))


@pytest.mark.parametrize("nats", [-5.0, 0.0, 5.0])
def test_errors_of_a_coarse_surrogate_move_nothing_across_the_edge(nats):
    # the region ends at 2 sd of the posterior; errors of 5 nats are those of forty measurements
    theta = np.linspace(-20, 20, 4001)[:, None]
    zone = Off(0.0, Region(np.array([-4.0]), np.array([[1.0]])))
    surrogate, y = ZoomedSurrogate(Off(nats), (zone,), 1), np.zeros((1, 1, 1, 1))
    found = surrogate.log_prob(theta, np.zeros((1, 1)), y)[0, 0, 0]
    steps = np.abs(np.diff(found - zone.log_prob(theta, np.zeros((1, 1)), y)[0, 0, 0]))
    assert steps.max() < 0.01, "no jump at the edge"
    weight = np.exp(found - found.max()) / np.exp(found - found.max()).sum()
    assert weight[theta[:, 0] > 2].sum() == pytest.approx(0.0228, rel=0.3 if nats <= 0 else 0.6)
    np.testing.assert_allclose(
        found[theta[:, 0] > EDGE * 2 - 4], nats - 0.5 * theta[theta[:, 0] > EDGE * 2 - 4, 0] ** 2
    )
    by_row = surrogate.log_prob_rows(theta[None], np.zeros((1, 1)), y)[0, 0]
    np.testing.assert_allclose(by_row, found)
