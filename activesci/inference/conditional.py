"""What the data say with some parameters held: support of points, and upper limits of one parameter against another.

Held parameters are looked at on their own; what is left is averaged over its prior. Both work in the unit cube, where
every prior is uniform.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from activesci.inference.moves import LogDensity
from activesci.types import FloatArray

DRAWS = 256
"""Draws of the parameters that are averaged over."""
MOST = 32_768
"""Points whose likelihood is computed at a time."""
FEWEST = 16.0
"""Draws, or cells, that the average has to rest on in effect for a number to be stated."""
CELLS, COARSE = 1024, 128
"""Cells of the limited parameter, equally probable beforehand; where other parameters are averaged over, fewer."""


@dataclass(frozen=True, slots=True)
class Support:
    """How much the data speak for points.

    Attributes:
        value: log p(data | point) - log p(data | model) for each point, (n,) [nats]; by the Savage-Dickey ratio also
            the log of the posterior's over the prior's density there. NaN where too few draws carry it.
        error: Its standard error from the draws of the other parameters, (n,).
    """

    value: FloatArray
    error: FloatArray


@dataclass(frozen=True, slots=True)
class UpperLimits:
    """Upper limits of one parameter with another one held.

    Attributes:
        at: The values of the other one, in the unit cube, (m,).
        credible: Below which the parameter lies with the level's probability, in the unit cube, (m,); NaN where too
            few cells or draws carry it.
        likelihood: The largest value that the likelihood ratio to the best one does not rule out at the level (one
            sided, asymptotic), (m,); 1 where the prior ends before that.
        support: log p(data | the other one held) less its mean over the values, (m,) [nats].
    """

    at: FloatArray
    credible: FloatArray
    likelihood: FloatArray
    support: FloatArray


def support(
    density: LogDensity, dim: int, held: Sequence[int], u: FloatArray, log_evidence: float, rng: np.random.Generator
) -> Support:
    """Return how much the data speak for points, all else averaged over its prior.

    Args:
        density: The log-likelihood of the data on the unit cube.
        dim: How many parameters there are.
        held: Which of them the points say.
        u: The points, in the unit cube, (n, len(held)).
        log_evidence: log p(data | model) [nats].
        rng: Random numbers.

    References:
        Dickey 1971, The weighted likelihood ratio, Ann. Math. Stat. 42, 204.

    Fails when:
        The likelihood is much narrower than the prior in the parameters that are averaged over: few of the draws then
        carry all, and NaN is returned where fewer than FEWEST do.
    """
    logs = _over_the_rest(density, dim, held, u, rng)
    value, error = _mean(logs)
    return Support(value - log_evidence, error)


def upper_limits(
    density: LogDensity, dim: int, parameter: int, other: int | None, at: FloatArray, level: float,
    rng: np.random.Generator,
) -> UpperLimits:  # fmt: skip
    """Return upper limits of a parameter, with another one held at each of some values.

    The posterior of the parameter, given the other one, is its prior times the likelihood, all else averaged over its
    prior, summed on cells that are equally probable beforehand.

    Args:
        density: The log-likelihood of the data on the unit cube.
        dim: How many parameters there are.
        parameter: Which is limited.
        other: Which is held; None if none is, and then `at` has one entry that is not used.
        at: Values of that, in the unit cube, (m,).
        level: The credible level.
        rng: Random numbers.

    References:
        Helene 1983, Upper limit of peak area, Nucl. Instrum. Meth. 212, 319 (the credible limit).

    Fails when:
        The posterior is narrower than a few cells, or few draws of the other parameters carry it: NaN then. The
        credible limit depends on the prior of the parameter, which has to be stated with it; the limit by likelihood
        does not, and is a frequentist one only where the likelihood is nearly Gaussian.
    """
    held = [parameter] if other is None else [parameter, other]
    count = CELLS if len(held) == dim else COARSE
    cells = (np.arange(count) + 0.5) / count
    pairs = np.array([(cell, value) for value in at for cell in cells])[:, : len(held)]
    logs = _mean(_over_the_rest(density, dim, held, pairs, rng))[0].reshape(len(at), count)
    each = np.array([_limits(one, level) for one in logs]).reshape(len(at), 3)
    return UpperLimits(np.asarray(at), each[:, 0], each[:, 1], each[:, 2] - each[:, 2].mean())


def _limits(logs: FloatArray, level: float) -> tuple[float, float, float]:
    """Return the credible limit, that by likelihood, and the log of the mean likelihood, of one row of cells."""
    if not np.isfinite(logs).any() or np.isnan(logs).any():
        return np.nan, np.nan, np.nan
    top = float(logs.max())
    weights = np.exp(logs - top)
    allowed = logs >= top - 0.5 * float(norm.ppf(level)) ** 2
    edge = (int(np.flatnonzero(allowed)[-1]) + 1) / len(logs)
    cumulative = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    credible = float(np.interp(level, cumulative, np.linspace(0.0, 1.0, len(cumulative))))
    effective = weights.sum() ** 2 / np.square(weights).sum()
    return (credible if effective >= FEWEST else np.nan), edge, top + float(np.log(weights.mean()))


def _over_the_rest(
    density: LogDensity, dim: int, held: Sequence[int], u: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return log-likelihoods (n, draws) at points, the same draws of all other parameters for each."""
    rest = [i for i in range(dim) if i not in held]
    drawn = rng.random((DRAWS if rest else 1, len(rest)))
    points = np.empty((len(u), len(drawn), dim))
    points[:, :, held] = u[:, None, :]
    points[:, :, rest] = drawn[None]
    flat = points.reshape(-1, dim)
    parts = [density(flat[start : start + MOST]) for start in range(0, len(flat), MOST)]
    return np.concatenate(parts).reshape(len(u), len(drawn))


def _mean(logs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the log of the mean of likelihoods (n, draws) and its error, (n,); NaN where few draws carry it."""
    top = np.where(np.isfinite(logs).any(axis=1), logs.max(axis=1), 0.0)
    weights = np.exp(logs - top[:, None])
    total, squares, draws = weights.sum(axis=1), np.square(weights).sum(axis=1), logs.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = total**2 / squares
        value = top + np.log(total / draws)
        error = np.sqrt(np.maximum(0.0, 1.0 / effective - 1.0 / draws))
    known = (draws == 1) | (total == 0.0) | (effective >= FEWEST)
    return np.where(known, value, np.nan), np.where(known, error, np.nan)
