"""Samples that stand for the posterior, and means over them with most of the luck taken out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from activesci.types import FloatArray, IntArray

LIGHTEST, HEAVIEST = 0.2, 5.0
"""Weights against the mean one between which a sample of the support is kept."""
HARDLY = 0.01
"""Controls that differ less than this among a mean's terms, against those that differ most, are left out: an outcome
of one number makes many of them one, and what little else is in them is no guide to what lies outside."""
ROWS_A_FEATURE = 8
"""Rows that a regression needs for each of its features."""


@dataclass(frozen=True)
class Support:
    """Some of the posterior's samples, weighted so that their means and variances are those of all of them.

    References:
        Deville and Särndal, Calibration estimators in survey sampling, 1992: the weights.

    Fails when:
        there are more parameters than a thirty-second of the samples: those beyond are not calibrated.

    Attributes:
        theta: Samples, (m, d).
        log_weight: Logs of their weights, whose mean is one, (m,).
        features: Standardised parameters and their squares, less the mean of all samples, (m, p).
        covariance: Covariance of the features' mean over all samples, (p, p): how well the posterior is known.
    """

    theta: FloatArray
    log_weight: FloatArray
    features: FloatArray
    covariance: FloatArray

    @classmethod
    def of(cls, theta: FloatArray, size: int, order: Sequence[int]) -> Self:
        """Return the support of the first of all samples (n, d).

        Args:
            theta: All samples, in random order.
            size: How many of them at most.
            order: The parameters, those that matter most first.
        """
        size = min(size, len(theta))
        kept = theta[:, list(order[: max(1, size // 32)])]
        spread = kept.std(axis=0)
        z = (kept - kept.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        features = np.concatenate([z, z**2], axis=1)
        features -= features.mean(axis=0)
        covariance = np.atleast_2d(np.cov(features.T)) / len(theta)
        return cls(theta[:size], np.log(calibrated(features[:size])), features[:size], covariance)

    @property
    def weight(self) -> FloatArray:
        """The weights, (m,), of mean one."""
        return np.exp(self.log_weight)


def calibrated(features: FloatArray) -> FloatArray:
    """Return weights (m,) of mean one under which the features (m, p) have mean zero, as nearly as they may."""
    mean = features.mean(axis=0)
    centred = features - mean
    pull = np.linalg.lstsq(centred.T @ centred / len(features), mean, rcond=1e-9)[0]
    weight = np.clip(1.0 - centred @ pull, LIGHTEST, HEAVIEST)
    return np.asarray(weight / weight.mean())


@dataclass(frozen=True, slots=True)
class Mean:
    """Means, one for each design, and their standard errors.

    Attributes:
        value: The means, (c,).
        error: Their standard errors, (c,).
        slopes: By how much of each known luck they were corrected, (c, l).
    """

    value: FloatArray
    error: FloatArray
    slopes: FloatArray


def controlled(
    values: FloatArray,
    lucks: FloatArray,
    features: FloatArray,
    support: Support,
    members: IntArray,
    scatter: FloatArray | None = None,
) -> Mean:
    """Return means of values with the part of their luck that can be known taken out by regression.

    Args:
        values: Terms of each mean, (c, n), of the first n samples of the support.
        lucks: What has mean zero whatever the samples are, (c, n, l).
        features: Expectations of the support's features given each term, (c, n, p), of mean zero over the posterior.
        support: The samples.
        members: Which member of the surrogate each term is of, (n,).
        scatter: The variance of what one of the support's samples adds to the mean, (c,); None where that is the
            terms' own.

    Returns:
        The regression's value where all controls are zero. Its error joins the scatter of the terms, how far the
        members are apart, and the luck of the posterior's own samples. That is told by the slopes, but is not more
        than the scatter: one number of an outcome makes all features follow one curve, which leaves slopes unknown.

    References:
        Owen, Monte Carlo theory, methods and examples, 2013, section 8.9.

    Fails when:
        the terms have far outliers, whose leverage the error does not know.
    """
    n, size, known_lucks = values.shape[1], len(support.theta), lucks.shape[2]
    controls = np.concatenate([lucks, features], axis=2)[:, :, : n // ROWS_A_FEATURE]
    design = np.concatenate([np.ones((*values.shape, 1)), controls], axis=2)
    root = np.sqrt(support.weight[:n])
    inverse = np.linalg.pinv(design * root[:, None], rcond=HARDLY)
    found = (inverse @ (values * root)[:, :, None])[:, :, 0]
    rest = values - (design @ found[:, :, None])[:, :, 0]
    variance = rest.var(axis=1) * n / (n - found.shape[1])
    slopes = np.zeros((len(values), support.features.shape[1]))
    slopes[:, : max(0, found.shape[1] - 1 - known_lucks)] = found[:, 1 + known_lucks :]
    known = np.einsum("ci,ij,cj->c", slopes, support.covariance, slopes)
    known = np.minimum(known, np.fmax(values.var(axis=1), 0.0 if scatter is None else scatter) / size)
    samples = variance / size if n < size else 0.0
    every = variance * (inverse[:, 0] ** 2).sum(axis=1) + samples + known + between(rest, members, variance)
    return Mean(found[:, 0], np.sqrt(every), found[:, 1 : 1 + known_lucks])


def between(rest: FloatArray, members: IntArray, variance: FloatArray) -> FloatArray:
    """Return the variance of means (c,) that is due to members who are apart by more than luck; zero of one member.

    Args:
        rest: What terms are off, (c, n).
        members: Which member each term is of, (n,).
        variance: Their variance, (c,), of which as many terms as a member has leave the luck of its mean.
    """
    means = np.stack([rest[:, members == member].mean(axis=1) for member in np.unique(members)])
    if len(means) == 1:
        return np.zeros(len(rest))
    return apart(np.maximum(means.var(axis=0, ddof=1) - variance * len(means) / len(members), 0.0), len(means))


def apart(variance: FloatArray, members: int) -> FloatArray:
    """Return the variance of the truth about the mean of members whose own variance is given, (c,).

    The simulator is taken to be one more of them: as far from their mean as they are from each other. It is not known
    better for their number, as they learned from the same simulations.
    """
    return variance * (1.0 + 1.0 / members)
