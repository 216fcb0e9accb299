"""A cloud is a normalised density that is near that of its points."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from activesci.inference.cloud import Cloud


def rng(seed):
    return np.random.default_rng(seed)


def two_clusters(n, stream):
    z = 0.05 * stream.standard_normal((n, 2))
    return stream.permutation(z + np.where(np.arange(n)[:, None] < 0.3 * n, -1.0, 1.0))


def test_points_of_a_gaussian_get_its_density():
    mean, root = np.array([0.5, -1.0, 0.0]), np.array([[1.0, 0, 0], [0.9, 0.2, 0], [0, 0.5, 0.7]])
    z = mean + rng(0).standard_normal((2048, 3)) @ root.T
    cloud = Cloud.around(z, rng(1))
    exact = multivariate_normal(mean, root @ root.T).logpdf(z) + 1.5 * np.log(2 * np.pi)
    assert np.mean(exact - cloud.log_prob(z)) == pytest.approx(0.0, abs=0.1)  # nats; a tenth of it reaches farther


@pytest.mark.parametrize("seed", range(3))
def test_draws_fall_on_every_cluster_and_a_density_that_is_theirs(seed):
    cloud = Cloud.around(two_clusters(2048, rng(seed)), rng(1))
    drawn = cloud.sample(20_000, rng(2))
    near = np.abs(np.abs(drawn).mean(1) - 1.0) < 0.2
    assert near.mean() > 0.85
    assert (drawn[near, 0] < 0).mean() == pytest.approx(0.3, abs=0.04)
    # the mean of one over the density, where it is known to be above zero, is the volume of that region
    box = (np.abs(drawn - 1.0) < 0.05).all(1)
    volume = np.mean(box * np.exp(-cloud.log_prob(drawn))) * 2 * np.pi
    assert volume == pytest.approx(0.01, rel=0.1)


def test_the_same_random_numbers_give_the_same_cloud_also_around_copies_of_one_point():
    z = np.concatenate([two_clusters(600, rng(3)), np.ones((600, 2))])
    one, two = (Cloud.around(z, rng(4)).sample(10, rng(5)) for _ in range(2))
    assert np.isfinite(one).all()
    assert np.array_equal(one, two)


def test_components_are_as_narrow_as_their_points_where_others_are_wide():
    """Either of two numbers is the well-known one: a component of both widths would be fifty times too wide."""
    scales = np.array([[0.02, 1.0], [1.0, 0.02]])
    z = rng(6).permutation(scales[np.arange(512) % 2] * rng(7).standard_normal((512, 2)))
    exact = np.log(np.mean([multivariate_normal(np.zeros(2), np.diag(s**2)).pdf(z) for s in scales], axis=0))
    lost = exact + np.log(2 * np.pi) - Cloud.around(z, rng(8)).log_prob(z)
    assert lost.mean() < 0.5  # nats; a tenth of the cloud reaches farther
