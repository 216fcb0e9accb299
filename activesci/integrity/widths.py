"""How much a Bayes factor depends on the width of a prior that nobody may have believed in."""

from collections.abc import Mapping

import numpy as np

from activesci.integrity.rivals import Rival, values
from activesci.study.hypotheses import Hypothesis
from activesci.study.priors import LogNormal, LogUniform, Prior
from activesci.types import FloatArray


def probed(hypothesis: Hypothesis, null: Hypothesis) -> dict[str, float]:
    """Return the parameters that a hypothesis has otherwise than the null, and what their priors are stretched about.

    That is the value which the null fixes, or the prior's median where it fixes none.
    """
    known = dict(zip(null.space.names, null.space.priors, strict=True))
    own = zip(hypothesis.space.names, hypothesis.space.priors, strict=True)
    return {name: _anchor(name, prior, null) for name, prior in own if known.get(name) != prior}


def _anchor(name: str, prior: Prior, null: Hypothesis) -> float:
    return null.space.fixed.get(name, float(prior.ppf(np.array([0.5]))[0]))


def stretched(rival: Rival, about: Mapping[str, float], factor: float) -> tuple[float, float]:
    """Return by how much the log evidence changes if priors are so many times as wide, and its standard error.

        Z' / Z = E[ prior'(theta) / prior(theta) ]   over the posterior

    Args:
        rival: The hypothesis and its belief.
        about: The parameters whose priors are stretched, and the point that stays where it is.
        factor: How many times as wide; what is positive by its nature (loguniform, lognormal) on the log scale.

    Returns:
        The change [nats]; minus infinity where the narrower prior rules out all that is believed.

    References:
        Bartlett, A comment on D. V. Lindley's statistical paradox, 1957, doi:10.2307/2332888.

    Fails when:
        the data allow much beyond the prior's edge: the likelihood there is taken for zero, and the change of a wider
        prior is then too low.
    """
    logs = np.zeros(len(rival.posterior.theta))
    priors = dict(zip(rival.hypothesis.space.names, rival.hypothesis.space.priors, strict=True))
    for name, anchor in about.items():
        logs += _log_ratio(priors[name], values(rival, name), anchor, factor)
    weights = np.exp(logs)
    mean = float(weights.mean())
    if mean <= 0:
        return -np.inf, np.inf
    return float(np.log(mean)), float(rival.posterior.population.error_of_mean(weights)) / mean


def _log_ratio(prior: Prior, x: FloatArray, anchor: float, factor: float) -> FloatArray:
    """Return the log of the stretched prior's density over the prior's at x, (n,)."""
    if isinstance(prior, LogUniform | LogNormal):
        centre = np.log(anchor if anchor > 0 else float(prior.ppf(np.array([0.5]))[0]))
        at = np.exp(centre + (np.log(x) - centre) / factor)
        return np.asarray(prior.logpdf(at) + np.log(at) - np.log(x) - np.log(factor) - prior.logpdf(x))
    return np.asarray(prior.logpdf(anchor + (x - anchor) / factor) - np.log(factor) - prior.logpdf(x))
