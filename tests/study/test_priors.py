"""Every prior against scipy.stats, in the middle and far out in the tails."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from activesci.study import priors

PRIORS = {
    "uniform": (priors.Uniform(-1.0, 3.0), stats.uniform(-1.0, 4.0)),
    "loguniform": (priors.LogUniform(1e-3, 1e3), stats.loguniform(1e-3, 1e3)),
    "normal": (priors.Normal(91.19, 0.5), stats.norm(91.19, 0.5)),
    "truncated": (priors.TruncatedNormal(1.0, 2.0, 0.0, 4.0), stats.truncnorm(-0.5, 1.5, 1.0, 2.0)),
    "truncated-above": (priors.TruncatedNormal(0.0, 1.0, 8.0, 12.0), stats.truncnorm(8.0, 12.0)),
    "truncated-below": (priors.TruncatedNormal(0.0, 1.0, -12.0, -8.0), stats.truncnorm(-12.0, -8.0)),
    "truncated-one-side": (priors.TruncatedNormal(0.0, 1.0, 0.0, 1e9), stats.truncnorm(0.0, 1e9)),
    "lognormal": (priors.LogNormal(0.5, 0.3), stats.lognorm(0.3, scale=np.exp(0.5))),
    "beta": (priors.Beta(1.5, 3.0), stats.beta(1.5, 3.0)),
    "gamma": (priors.Gamma(2.5, 0.2), stats.gamma(2.5, scale=0.2)),
    "gamma-sharp": (priors.Gamma(0.1, 1.0), stats.gamma(0.1)),
    "exponential": (priors.Exponential(3.0), stats.expon(scale=3.0)),
}
TAILS = np.array([1e-300, 1e-100, 1e-30, 1e-10])
CUBE = np.concatenate([TAILS, np.linspace(0.001, 0.999, 99), 1.0 - np.array([1e-6, 1e-10])])

each = pytest.mark.parametrize(("prior", "truth"), PRIORS.values(), ids=PRIORS)


@each
def test_the_quantile_is_that_of_scipy(prior, truth):
    # absolutely, where scipy itself adds to lo a number too small to be seen there
    atol = 1e-14 if "uniform" in str(truth.dist.name) or isinstance(prior, priors.TruncatedNormal) else 1e-300
    np.testing.assert_allclose(prior.ppf(CUBE), truth.ppf(CUBE), rtol=1e-7, atol=atol)


@each
def test_the_density_is_that_of_scipy(prior, truth):
    x = truth.ppf(np.linspace(0.01, 0.99, 99))
    np.testing.assert_allclose(prior.logpdf(x), truth.logpdf(x), rtol=1e-9, atol=1e-9)


@each
def test_the_probability_is_that_of_scipy(prior, truth):
    x = truth.ppf(CUBE)
    np.testing.assert_allclose(prior.cdf(x), truth.cdf(x), rtol=1e-6, atol=1e-17)


@each
def test_the_cdf_undoes_the_quantile(prior, truth):
    u = CUBE[CUBE > 1e-11] if "Uniform" in type(prior).__name__ else CUBE  # lo + 1e-30 is lo
    back = prior.cdf(prior.ppf(u))
    known = prior.ppf(u) > priors.LOWEST
    if isinstance(prior, priors.TruncatedNormal):
        known &= u > 1e-9  # near lo the spacing of floats decides, not we
    np.testing.assert_allclose(back[known], u[known], rtol=1e-4)


@each
def test_the_density_integrates_to_one(prior, truth):
    edges = truth.ppf(np.linspace(0.3, 0.999, 41))  # below, a sharp gamma is too much for quadrature
    pieces = (integrate.quad(lambda x: np.exp(prior.logpdf(np.float64(x))), *ends)[0] for ends in pairwise(edges))
    assert sum(pieces) == pytest.approx(0.699, abs=1e-6)


@each
def test_outside_the_support_there_is_no_density(prior, truth):
    lo, hi = truth.support()
    outside = np.array([x for x in (lo - 1.0, hi + 1.0, np.nan) if not np.isinf(x)])
    if isinstance(prior, priors.Normal):
        return
    assert (prior.logpdf(outside) == -np.inf).all()
    assert prior.cdf(np.array([lo - 1.0]))[0] == 0.0


@each
def test_the_edges_of_the_cube_are_finite_and_in_the_support(prior, truth):
    x = prior.ppf(np.array([priors.LOWEST, priors.HIGHEST]))
    assert np.isfinite(x).all()
    assert np.isfinite(prior.logpdf(x)).all()
