"""What the data say with some parameters held: support of points, and upper limits of one parameter against another.

Held parameters are looked at on their own; what is left is averaged over its prior, with draws where the posterior's
samples are, each weighed by how much rarer the prior draws it. All of it works in the unit cube, where every prior is
uniform.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import multivariate_t, norm

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
WIDE = 0.25
"""Share of the draws that come from all of the prior, in case the samples have missed something."""
TAILS = 5
"""Degrees of freedom of the others."""
BEYOND = 4.0
"""Posterior sd beyond its outermost samples up to which a parameter is looked at."""
NOTHING = 12.0
"""Nats below the best cell at which a cell need not be known: that of its best draw bounds what it can hold."""


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
    density: LogDensity, dim: int, held: Sequence[int], u: FloatArray, log_evidence: float, rng: np.random.Generator,
    around: FloatArray | None = None,
) -> Support:  # fmt: skip
    """Return how much the data speak for points, all else averaged over its prior.

    Args:
        density: The log-likelihood of the data on the unit cube.
        dim: How many parameters there are.
        held: Which of them the points say.
        u: The points, in the unit cube, (n, len(held)).
        log_evidence: log p(data | model) [nats].
        rng: Random numbers.
        around: Samples of the posterior in the unit cube, (N, dim), near which the draws are made; without them these
            are the prior's.

    References:
        Dickey 1971, The weighted likelihood ratio, Ann. Math. Stat. 42, 204. Owen and Zhou 2000, Safe and effective
        importance sampling, J. Am. Stat. Assoc. 95, 135 (a share of the draws from the prior).

    Fails when:
        The likelihood, with the points held, is much narrower than the prior in what is averaged over and not where
        the samples lead to expect: few of the draws then carry all, and NaN is returned where fewer than FEWEST do.
    """
    value, error = _mean(_over_the_rest(density, dim, held, u, around, rng)[0])
    return Support(value - log_evidence, error)


def upper_limits(
    density: LogDensity, dim: int, parameter: int, other: int | None, at: FloatArray, level: float,
    rng: np.random.Generator, around: FloatArray | None = None,
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
        around: Samples of the posterior in the unit cube, (N, dim): near them are the draws, and with no other one
            held also the cells; without them both are all over the prior.

    References:
        Helene 1983, Upper limit of peak area, Nucl. Instrum. Meth. 212, 319 (the credible limit). Owen and Zhou 2000,
        Safe and effective importance sampling, J. Am. Stat. Assoc. 95, 135 (a share of the draws from the prior).

    Fails when:
        The posterior, with another one held, is narrower than a few cells, or few draws of the other parameters carry
        it: NaN then. The credible limit depends on the prior of the parameter, which has to be stated with it; the
        limit by likelihood does not, and is a frequentist one only where the likelihood is nearly Gaussian.
    """
    held = [parameter] if other is None else [parameter, other]
    low, high = _stretch(around, parameter) if other is None else (0.0, 1.0)
    count = CELLS if len(held) == dim else COARSE
    cells = low + (high - low) * (np.arange(count) + 0.5) / count
    pairs = np.array([(cell, value) for value in at for cell in cells])[:, : len(held)]
    logs = _known(*_over_the_rest(density, dim, held, pairs, around, rng)).reshape(len(at), count)
    each = np.array([_limits(one, level) for one in logs]).reshape(len(at), 3)
    credible, likelihood = (low + (high - low) * each[:, i] for i in range(2))
    return UpperLimits(np.asarray(at), credible, likelihood, each[:, 2] - each[:, 2].mean())


def _stretch(around: FloatArray | None, parameter: int) -> tuple[float, float]:
    """Return between which places of the unit interval a parameter is looked at."""
    if around is None:
        return 0.0, 1.0
    found, margin = around[:, parameter], BEYOND * float(around[:, parameter].std())
    return max(0.0, float(found.min()) - margin), min(1.0, float(found.max()) + margin)


def _known(logs: FloatArray, best: FloatArray) -> FloatArray:
    """Return the log of the mean likelihood of each cell; NaN where few draws carry it, and it may matter.

    Args:
        logs: Logarithms of its draws' weights, (n, draws).
        best: The log-likelihood of its best draw, (n,): a mean over the prior is not more.
    """
    means = _mean(logs)[0]
    negligible = np.isnan(means) & (best < np.nanmax(means, initial=-np.inf) - NOTHING)
    return np.where(negligible, best, means)


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
    density: LogDensity, dim: int, held: Sequence[int], u: FloatArray, around: FloatArray | None,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Draw all other parameters for each point, and say how likely the data are there.

    Returns:
        The log-likelihood of each draw less the log of how much oftener it is made than by the prior, (n, draws), and
        the highest log-likelihood of each point, (n,).
    """
    rest = [i for i in range(dim) if i not in held]
    drawn, often = _draws(rest, held, u, around, rng)
    points = np.empty((len(u), drawn.shape[1], dim))
    points[:, :, held] = u[:, None, :]
    points[:, :, rest] = np.clip(drawn, 0.0, 1.0)
    flat = points.reshape(-1, dim)
    parts = [density(flat[start : start + MOST]) for start in range(0, len(flat), MOST)]
    logs = np.concatenate(parts).reshape(often.shape)
    return np.where((drawn == points[:, :, rest]).all(axis=2), logs - often, -np.inf), logs.max(axis=1)


def _draws(
    rest: Sequence[int], held: Sequence[int], u: FloatArray, around: FloatArray | None, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return draws (n, draws, len(rest)), some outside the cube, and the log of their density, (n, draws).

    They are Student's about the line on which the posterior's samples expect the rest, given what is held, with the
    spread of the samples about that line; a share comes from the prior. Each point has the same random numbers.
    """
    count = DRAWS if rest else 1
    uniform = rng.random((count, len(rest)))
    if around is None or not rest:
        return np.broadcast_to(uniform, (len(u), count, len(rest))), np.zeros((len(u), count))
    centre, spread = _expected(around, rest, held, u)
    near = multivariate_t(np.zeros(len(rest)), spread, df=TAILS, seed=rng)
    drawn = centre[:, None, :] + near.rvs(count).reshape(1, count, len(rest))
    wide = int(WIDE * count)
    drawn[:, :wide] = uniform[:wide]
    away = (drawn - centre[:, None, :]).reshape(-1, len(rest))
    dense = near.logpdf(away).reshape(len(u), count)
    return drawn, np.logaddexp(np.log(WIDE), np.log1p(-WIDE) + dense)


def _expected(
    around: FloatArray, rest: Sequence[int], held: Sequence[int], u: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return what samples expect of some parameters, given others, (n, len(rest)), and with which covariance."""
    of = np.column_stack([np.ones(len(around)), around[:, held]])
    line = np.linalg.lstsq(of, around[:, rest], rcond=None)[0]
    off = around[:, rest] - of @ line
    tiny = 1e-12 * np.eye(len(rest))
    return np.column_stack([np.ones(len(u)), u]) @ line, np.atleast_2d(np.cov(off, rowvar=False)) + tiny


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
