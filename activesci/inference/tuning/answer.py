"""What a tuner asks for: the best fit, how good it is, what the simulator can reach, and what the data cannot tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize
from scipy.stats import chi2, norm

from activesci.inference.base import Data
from activesci.inference.tuning.directions import identified, varied
from activesci.inference.tuning.surrogate import TuningSurrogate
from activesci.types import FloatArray

STARTS, EVALUATIONS = 3, 400
"""Posterior samples from which the best fit is looked for, and likelihoods that each search may take."""
TYPICAL = 200
"""Parameters of the prior at which is looked how well an expectation is known."""
FAR = 3.0
"""Standard deviations from which a bin counts as not described, or as not reached."""


@dataclass(frozen=True, slots=True)
class Sets:
    """The data sets of a study.

    Attributes:
        places: Where the numbers of each are in the flat outcome.
        held_out: Which of them the posterior does not rest on.
    """

    places: Mapping[str, Sequence[int]]
    held_out: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known after a round of tuning.

    Attributes:
        said: In plain numbers.
        arrays: Numbers for each bin, (rows, k), by name: `envelope` (the least, 0.5 %, median, 99.5 % and greatest
            expectation under the prior), `posterior` (mean and standard deviation of the expectation), `best` and
            `default` (expectation, and the standard deviation of its error).
    """

    said: dict[str, Any]
    arrays: dict[str, FloatArray]


def envelope(surrogate: TuningSurrogate, prior: FloatArray) -> FloatArray:
    """Return what the simulator can be expected to give at parameters (n, d) of the prior, (5, k)."""
    mean, _ = surrogate.expected(prior)
    return np.asarray(np.quantile(mean, [0.0, 0.005, 0.5, 0.995, 1.0], axis=0))


def answer(
    surrogate: TuningSurrogate,
    posterior: FloatArray,
    prior: FloatArray,
    data: Data,
    sets: Sets,
    default: FloatArray | None,
    waiting: FloatArray | None = None,
) -> Answer:
    """Return what a tuner asks for; before the data are used, which of them the simulator can reach at all.

    Args:
        surrogate: What simulations are expected to give.
        posterior: Samples, (m, d).
        prior: Samples, (n, d).
        data: The data; empty before they are used.
        sets: What belongs together.
        default: The parameters as the simulator has them, (d,), or None.
        waiting: Data that are there and not used yet, (n, k), or None.

    References:
        Buckley et al., Systematic event generator tuning for the LHC, 2010, arXiv:0907.2973 (envelopes, eigentunes).
        Wilks, The large-sample distribution of the likelihood ratio, 1938, doi:10.1214/aoms/1177732360.

    Fails when:
        the best fit lies at an edge of the prior: the likelihood ratio to the default then has another distribution.
    """
    reach = envelope(surrogate, prior)
    if not len(data):
        return Answer(before_tuning(surrogate, prior, reach, sets, waiting), {"envelope": reach})
    best = best_fit(surrogate, posterior, data)
    points = {"best": best} | ({} if default is None else {"default": default})
    expected = {name: surrogate.expected(theta[None]) for name, theta in points.items()}
    spread, _ = surrogate.expected(posterior)
    y = np.nanmean(data.y, axis=0)
    said = {
        "best": named(surrogate, best),
        "sets": {name: _of_set(surrogate, name, sets, y, expected, reach) for name in sets.places},
        "correlation": np.corrcoef(posterior.T).reshape(len(best), len(best)).tolist(),
        "directions": identified(surrogate, posterior, data),
        "variations": varied(surrogate, posterior, best),
    }
    if default is not None:
        said["default"] = named(surrogate, default)
        said["against_default"] = _ratio(surrogate, best, default, data)
    arrays = {"envelope": reach, "posterior": np.stack([spread.mean(axis=0), spread.std(axis=0)])}
    arrays |= {name: _with_error(*found) for name, found in expected.items()}
    return Answer(said, arrays)


def before_tuning(
    surrogate: TuningSurrogate, prior: FloatArray, reach: FloatArray, sets: Sets, waiting: FloatArray | None
) -> dict[str, Any]:
    """Return which numbers of data that are not used yet lie where no parameters of the prior lead."""
    if waiting is None or not len(waiting):
        return {}
    y, (_, own) = np.nanmean(waiting, axis=0), surrogate.expected(prior[:TYPICAL])
    error = np.sqrt(np.diagonal(surrogate.measured.covariance) + np.median(np.diagonal(own, axis1=1, axis2=2), axis=0))
    return {"reach": {name: _outside(y, reach, error, places) for name, places in sets.places.items()}}


def _outside(y: FloatArray, reach: FloatArray, error: FloatArray, places: Sequence[int]) -> list[int]:
    """Return the places in a data set whose numbers lie FAR errors (k,) or more outside of the envelope."""
    outside = np.maximum(reach[0] - y, y - reach[-1])
    return np.flatnonzero((outside > FAR * error)[np.asarray(places)]).tolist()


def best_fit(surrogate: TuningSurrogate, posterior: FloatArray, data: Data) -> FloatArray:
    """Return the parameters of the highest likelihood within the prior, (d,)."""
    space = surrogate.parameters

    def cost(u: FloatArray) -> float:
        return -float(surrogate.log_likelihood(space.from_cube(u[None]), data)[0, 0])

    likely = surrogate.log_likelihood(posterior, data)[0]
    starts = space.to_cube(posterior[np.argsort(-likely)[:STARTS]])
    limits = Bounds(np.full(space.dim, 1e-6), np.full(space.dim, 1 - 1e-6))
    found = [
        minimize(cost, u, method="L-BFGS-B", bounds=limits, options={"maxfun": EVALUATIONS, "eps": 1e-5})
        for u in starts
    ]
    return np.asarray(space.from_cube(min(found, key=lambda one: float(one.fun)).x[None])[0])


def named(surrogate: TuningSurrogate, theta: FloatArray) -> dict[str, float]:
    """Return parameters (d,) by name."""
    return dict(zip(surrogate.parameters.names, theta.tolist(), strict=True))


def _with_error(mean: FloatArray, covariance: FloatArray) -> FloatArray:
    return np.stack([mean[0], np.sqrt(np.diagonal(covariance[0]))])


def _of_set(
    surrogate: TuningSurrogate,
    name: str,
    sets: Sets,
    y: FloatArray,
    expected: Mapping[str, tuple[FloatArray, FloatArray]],
    reach: FloatArray,
) -> dict[str, Any]:
    """Return how well a data set is described: chi-squared with the errors of data and expectation together."""
    places = np.asarray(sets.places[name])
    block = np.ix_(places, places)
    own = surrogate.measured.covariance[block]
    said: dict[str, Any] = {"bins": len(places), "held_out": name in sets.held_out}
    for what, (mean, covariance) in expected.items():
        off, whole = y[places] - mean[0, places], own + covariance[0][block]
        square = float(off @ np.linalg.solve(whole, off))
        pulls = off / np.sqrt(np.diagonal(whole))
        said[what] = {"chi2": square, "p_value": float(chi2.sf(square, len(places))), "pulls": pulls.tolist()}
    error = np.sqrt(np.diagonal(surrogate.measured.covariance + expected["best"][1][0]))
    said["unreachable"] = _outside(y, reach, error, sets.places[name])
    said["undescribed"] = np.flatnonzero(np.abs(said["best"]["pulls"]) > FAR).tolist()
    return said


def _ratio(surrogate: TuningSurrogate, best: FloatArray, default: FloatArray, data: Data) -> dict[str, float]:
    """Return twice the log of the likelihood ratio, and how often it would be as large if the default were true."""
    high, low = surrogate.log_likelihood(np.stack([best, default]), data)[0]
    square, d = max(2 * float(high - low), 0.0), len(best)
    log_p = float(chi2.logsf(square, d))
    sigma = float(norm.isf(np.exp(log_p) / 2)) if log_p > -600 else float(np.sqrt(square))
    return {"ratio": square, "parameters": d, "p_value": float(np.exp(log_p)), "sigma": sigma}


def flat(found: Answer) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of an answer under names of their own."""
    return {f"tuning.{name}": array for name, array in found.arrays.items()}
