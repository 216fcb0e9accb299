"""Samples that stand for the posterior, and means over them with most of the luck taken out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from activesci.types import FloatArray, IntArray

LIGHTEST, HEAVIEST = 0.2, 5.0
"""Weights against the mean one between which a sample of the support is kept."""
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
    """A mean, and its standard error.

    Attributes:
        value: The mean.
        error: Its standard error.
        slopes: By how much of each known luck it was corrected, (l,).
    """

    value: float
    error: float
    slopes: FloatArray


def controlled(
    values: FloatArray, lucks: FloatArray, features: FloatArray, support: Support, members: IntArray
) -> Mean:
    """Return the mean of values with the part of their luck that can be known taken out by regression.

    Args:
        values: Terms of the mean, (n,), of the first n samples of the support.
        lucks: What has mean zero whatever the samples are, (n, l).
        features: Expectations of the support's features given each term, (n, p), of mean zero over the posterior.
        support: The samples.
        members: Which member of the surrogate each term is of, (n,).

    Returns:
        The regression's value where all controls are zero. Its error joins the scatter of the terms, of which that
        between members is one, and the luck of the posterior's own samples.

    References:
        Owen, Monte Carlo theory, methods and examples, 2013, section 8.9.

    Fails when:
        the terms have far outliers, whose leverage the error does not know.
    """
    most = len(values) // ROWS_A_FEATURE
    controls = np.concatenate([lucks, features], axis=1)[:, :most]
    design = np.concatenate([np.ones((len(values), 1)), controls], axis=1)
    root = np.sqrt(support.weight[: len(values)])
    found = np.linalg.lstsq(design * root[:, None], values * root, rcond=1e-9)[0]
    rest = values - design @ found
    variance = float(rest.var()) * len(values) / (len(values) - len(found))
    slopes = np.zeros(support.features.shape[1])
    slopes[: max(0, len(found) - 1 - lucks.shape[1])] = found[1 + lucks.shape[1] :]
    known = float(slopes @ support.covariance @ slopes)
    scatter = max(variance / len(values), between(rest, members))
    samples = variance / len(support.theta) if len(values) < len(support.theta) else 0.0
    return Mean(float(found[0]), float(np.sqrt(scatter + samples + known)), found[1 : 1 + lucks.shape[1]])


def between(rest: FloatArray, members: IntArray) -> float:
    """Return the variance of the mean of terms (n,) that their members' means tell of; zero for a single member."""
    means = [float(rest[members == member].mean()) for member in np.unique(members)]
    return float(np.var(means, ddof=1) / len(means)) if len(means) > 1 else 0.0
