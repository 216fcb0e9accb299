"""A posterior that is too narrow, widened: the power of the likelihood at which known truths are covered as stated."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from activesci.inference.base import Data, Surrogate
from activesci.inference.checks.calibration import PARTICLES, Calibration, Repetition, placed
from activesci.inference.moves import LogDensity
from activesci.inference.posterior import Posterior, density
from activesci.inference.smc import Population, bridge, prior_population
from activesci.types import FloatArray

POWERS = (0.1, 0.2, 0.35, 0.6, 1.0)
"""Powers at which repetitions are looked at; between them the width is interpolated."""


def repeat_tempered(
    surrogate: Surrogate,
    posterior: Posterior,
    old: Data | None,
    new: Data,
    truth: FloatArray,
    powers: tuple[float, ...],
    rng: np.random.Generator,
) -> list[Repetition]:
    """Return where a truth lies in the posteriors of data simulated at it, the likelihood taken to several powers.

    What is believed beforehand is the prior or, with old data, their posterior as it stands. The truth is drawn from
    the same, so that ranks are uniform at the power at which the likelihood is as sharp as the data are.

    Args:
        surrogate: The density that inference rests on.
        posterior: The posterior of the old data.
        old: The campaign's data; None if the truth is from the prior.
        new: Outcomes that the simulator gave for the truth, at the designs of the campaign.
        truth: The parameters, (d,).
        powers: The powers, increasing.
        rng: Random numbers.

    Returns:
        A repetition for each power.

    References:
        Syring and Martin, Calibrating general posterior credible regions, 2019, arXiv:1509.00922; Grünwald and van
        Ommen, Inconsistency of Bayesian inference for misspecified linear models, 2017, arXiv:1412.3730.

    Fails when:
        the posterior is shifted and not narrow: a power widens it about the wrong place. One power serves all
        parameters, so those that were right become too wide.
    """
    space, likelihood = posterior.space, density(posterior.space, surrogate, new)
    population, before = _beforehand(surrogate, posterior, old, rng)
    found, u, target = [], space.to_cube(truth[None])[0], before
    for power in powers:
        last, target = target, _sum(before, likelihood, power)
        population = bridge(population, last, target, rng)
        found.append(placed(population.u, population.log_like, target, u, rng))
    return found


def _beforehand(
    surrogate: Surrogate, posterior: Posterior, old: Data | None, rng: np.random.Generator
) -> tuple[Population, LogDensity]:
    if old is None:
        return prior_population(PARTICLES, posterior.space.dim, rng), lambda u: np.zeros(len(u))
    return posterior.population.thinned(PARTICLES, rng), density(posterior.space, surrogate, old)


def _sum(one: LogDensity, other: LogDensity, power: float) -> LogDensity:
    return lambda u: one(u) + power * other(u)


def power_for(calibrations: Mapping[float, Calibration]) -> float:
    """Return the largest power at which no parameter, and not all together, is covered less than stated.

    Truths are covered as stated where their mean distance from the middle of the intervals is a half; it is known to
    0.29 / sqrt(repetitions). Where even the lowest power looked at is too high, that one is returned.

    Args:
        calibrations: By the power of the likelihood.

    Example:
        >>> ranks = {1.0: [0.02, 0.97, 0.99, 0.01], 0.1: [0.3, 0.6, 0.45, 0.7]}
        >>> made = {p: Calibration(("a",), np.array(r)[:, None], np.full(4, 0.5), np.full(4, 0.5))
        ...         for p, r in ranks.items()}
        >>> round(power_for(made), 2)
        0.21
    """
    powers = sorted(calibrations)
    distances = np.array([list(calibrations[power].distances().values()) for power in powers])
    return float(min(_crossing(np.log(powers), column) for column in distances.T))


def _crossing(log_powers: FloatArray, distance: FloatArray) -> float:
    """Return the highest power at which the mean distance, interpolated, is a half."""
    for i in range(len(distance) - 1, 0, -1):
        low, high = distance[i - 1], distance[i]
        if high <= 0.5:
            return float(np.exp(log_powers[i]))
        if low <= 0.5:
            return float(np.exp(np.interp(0.5, [low, high], log_powers[i - 1 : i + 1])))
    return float(np.exp(log_powers[0]))


def tempered(
    posterior: Posterior, surrogate: Surrogate, data: Data, power: float, rng: np.random.Generator
) -> Posterior:
    """Return the posterior with its likelihood taken to a power: wider, if the power is below one."""
    likelihood = density(posterior.space, surrogate, data)
    population = bridge(posterior.population, likelihood, lambda u: power * likelihood(u), rng)
    return replace(posterior, theta=posterior.space.from_cube(population.u), population=population)
