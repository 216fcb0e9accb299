"""What measurements have taught: the divergence of one posterior from the one before it."""

from dataclasses import dataclass

import numpy as np

from activesci.gain.alike import Asked, alike
from activesci.gain.bridge import LogLikelihood, Place, Side, bridged, finite, scores_of, warped
from activesci.gain.nested import log_mean
from activesci.study.expressions import Expression
from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray

SAMPLES = 1024
"""Samples of each posterior that are looked at."""
POINTS, DRAWS = 256, 32
"""Samples of the later posterior whose nuisances are averaged over, and draws of them."""
MOST = 16
"""Terms of the regression that takes the samples' luck out."""
ROWS_A_FEATURE = 8
"""Samples that each of them needs."""


@dataclass(frozen=True, slots=True)
class Realised:
    """What measurements have taught about what is asked.

    Attributes:
        value: The divergence of the later posterior from the earlier one [nats].
        error: Its Monte Carlo standard error.
    """

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Known:
    """A posterior as samples and likelihood.

    Attributes:
        theta: Its samples, (n, d).
        likelihood: Parameters (n, d) to the log likelihood of all its data, up to a constant, (n,).
    """

    theta: FloatArray
    likelihood: LogLikelihood


def realised(
    space: ParameterSpace,
    target: Expression | None,
    before: Known,
    after: Known,
    rng: np.random.Generator,
    evidence: Realised | None = None,
) -> Realised:
    """Return by how much a posterior differs from the one before it, in what is asked.

        KL = E_after[ log L(asked) ] - log E_before[ L(theta) ],   L(asked) = E_before[ L(theta) | asked ]

    where L is the change of likelihood. Its expectation over the outcomes that were to be expected is the expected
    gain. The second term is found by bridge sampling, as the samples lie and moved upon each other, so there is no
    limit of the kind log(samples). The luck of the samples in the first is taken out by regression.

    Args:
        space: The parameters.
        target: The function of them that is asked about; None for the parameters of interest.
        before: The earlier posterior.
        after: The later one.
        rng: Random numbers.
        evidence: The second term as the sampler of the posteriors knows it, which is taken if it knows it better.

    References:
        Lindley, On a measure of the information provided by an experiment, 1956. See also `bridged` and `warped`.

    Fails when:
        the posteriors do not overlap wherever they are moved and the evidence is not given; value and error are then
        not finite. Or as `alike` does.
    """
    constant, error = _constant(space, before, after, rng, evidence)
    asked = Asked.of(space, target, before.theta)
    points = _some(after.theta, POINTS if asked.marginal else SAMPLES, rng)
    told = averaged(asked, points, before, after, rng) if asked.marginal else _change(before, after, points)
    mean, luck = _regressed(told, asked.seen(points).at, asked.seen(after.theta).at)
    return Realised(float(np.maximum(0.0, mean - constant)), float(np.hypot(error, luck)))


def averaged(asked: Asked, points: FloatArray, before: Known, after: Known, rng: np.random.Generator) -> FloatArray:
    """Return the log of the change of likelihood given what is asked at points (n, d), (n,).

    At each there are nuisances of the earlier posterior and, as the points are the later one's, of that: a bridge.
    """
    later = Asked.of(asked.space, asked.target, after.theta)
    near = [alike(side.seen(points), side, DRAWS, rng).theta for side in (asked, later)]
    found, error = bridged(*(_change(before, after, theta) for theta in near))
    if asked.target is None:  # else what is asked is not held while parameters are moved
        rest = asked.rest
        scores = [scores_of(asked.space, theta) for theta in near]
        places = (Place.of(one[..., rest]) for one in scores)
        old, new = map(Side, (before.likelihood, after.likelihood), scores, places)
        other, less = warped(asked.space, old, new, rest.tolist())
        found, error = np.where(less < error, other, found), np.minimum(less, error)
    return np.where(np.isfinite(found), found, log_mean(_change(before, after, near[0])))


def _constant(
    space: ParameterSpace, before: Known, after: Known, rng: np.random.Generator, evidence: Realised | None
) -> tuple[float, float]:
    """Return the log of the mean change of likelihood, and its error, by whichever way knows it best."""
    some = [_some(one.theta, SAMPLES, rng) for one in (before, after)]
    old, new = (
        Side(one.likelihood, scores_of(space, theta), Place.of(scores_of(space, one.theta)))
        for one, theta in zip((before, after), some, strict=True)
    )
    ways = [warped(space, old, new), bridged(*(_change(before, after, theta) for theta in some))]
    known = [(float(value), float(error)) for value, error in ways]
    known += [] if evidence is None else [(evidence.value, evidence.error)]
    return min(known, key=lambda way: way[1])


def _change(before: Known, after: Known, theta: FloatArray) -> FloatArray:
    """Return the log of the change of likelihood at parameters (..., d), (...)."""
    flat = theta.reshape(-1, theta.shape[-1])
    return finite(finite(after.likelihood(flat)) - finite(before.likelihood(flat))).reshape(theta.shape[:-1])


def _regressed(told: FloatArray, at: FloatArray, everywhere: FloatArray) -> tuple[float, float]:
    """Return the mean of what samples tell, and its error, without the luck of where they lie.

    Args:
        told: What each tells, (n,).
        at: Where they lie in what is asked, (n, p).
        everywhere: Where all samples lie that they were taken from, (m, p).
    """
    most = min(MOST, len(told) // ROWS_A_FEATURE)
    every = _parabolas(everywhere, everywhere)[:, :most]
    design = np.concatenate(
        [np.ones((len(told), 1)), _parabolas(at, everywhere)[:, :most] - every.mean(axis=0)], axis=1
    )
    found = np.linalg.lstsq(design, told, rcond=1e-9)[0]
    rest, slopes = told - design @ found, found[1:]
    known = float(((every - every.mean(axis=0)) @ slopes).var() / len(every))
    return float(found[0]), float(np.sqrt(rest.var() / max(1, len(told) - len(found)) + known))


def _parabolas(at: FloatArray, among: FloatArray) -> FloatArray:
    """Return places (n, p), standardised by others (m, p), with their squares and products, (n, q)."""
    z = (at - among.mean(axis=0)) / np.maximum(among.std(axis=0), 1e-300)
    first, second = np.triu_indices(z.shape[1])
    order = np.argsort(second - first, kind="stable")
    return np.concatenate([z, z[:, first[order]] * z[:, second[order]]], axis=1)


def _some(rows: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    return rows[rng.choice(len(rows), min(count, len(rows)), replace=False)]
