"""What measurements have taught: the divergence of one posterior from the one before."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from activesci.gain.alike import Asked, alike
from activesci.gain.nested import log_mean
from activesci.study.expressions import Expression
from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray

SAMPLES = 1024
"""Samples of each posterior that are looked at."""
POINTS, DRAWS = 256, 32
"""Samples of the later posterior whose nuisances are averaged over, and draws of them."""
ITERATIONS = 60
APART = 0.3
"""Standard error [nats] above which samples of two posteriors are too far apart for a bridge between them."""


@dataclass(frozen=True, slots=True)
class Realised:
    """What measurements have taught about what is asked.

    Attributes:
        value: The divergence of the later posterior from the earlier one [nats].
        error: Its Monte Carlo standard error.
    """

    value: float
    error: float


def realised(
    space: ParameterSpace,
    target: Expression | None,
    before: FloatArray,
    after: FloatArray,
    change: Callable[[FloatArray], FloatArray],
    rng: np.random.Generator,
    evidence: Realised | None = None,
) -> Realised:
    """Return by how much a posterior differs from the one before it, in what is asked.

        KL = E_after[ log L(asked) ] - log E_before[ L(theta) ],   L(asked) = E_before[ L(theta) | asked ]

    where L is the change of likelihood. Its expectation over the outcomes that were to be expected is the expected
    gain. The second term is found from samples of both posteriors by bridge sampling, so there is no limit of the
    kind log(samples).

    Args:
        space: The parameters.
        target: The function of them that is asked about; None for the parameters of interest.
        before: Samples of the earlier posterior, (n, d).
        after: Samples of the later one, (m, d).
        change: Parameters to the log of the later likelihood of all data over the earlier one, up to a constant, (n,).
        rng: Random numbers.
        evidence: The second term as the sampler of the posteriors knows it, for those that do not overlap.

    References:
        Meng and Wong, Simulating ratios of normalizing constants via a simple identity, 1996.
        Lindley, On a measure of the information provided by an experiment, 1956.

    Fails when:
        the posteriors do not overlap and the evidence is not given; value and error are then not finite. Or as
        `alike` does.
    """
    before, after = (
        theta[rng.choice(len(theta), min(SAMPLES, len(theta)), replace=False)] for theta in (before, after)
    )
    old, new = finite(change(before)), finite(change(after))
    constant, error = bridged(old, new)
    if not error < APART and evidence is not None:
        constant, error = evidence.value, evidence.error
    asked = Asked.of(space, target, before)
    told = averaged(asked, after[:POINTS], change, rng) if asked.marginal else new
    value = float(told.mean()) - constant
    return Realised(float(np.maximum(0.0, value)), float(np.hypot(error, told.std() / np.sqrt(len(told)))))


def averaged(
    asked: Asked, points: FloatArray, change: Callable[[FloatArray], FloatArray], rng: np.random.Generator
) -> FloatArray:
    """Return the log of the change of likelihood given what is asked at points (n, d), (n,)."""
    theta = alike(asked.seen(points), asked, DRAWS, rng).theta
    return log_mean(finite(change(theta.reshape(-1, theta.shape[2]))).reshape(theta.shape[:2]))


def bridged(old: FloatArray, new: FloatArray) -> tuple[float, float]:
    """Return log E_before[ exp(change) ] and its standard error, from changes under both posteriors, (n,) and (m,).

    Neither is finite where the two do not overlap at all.
    """
    share = len(old) / (len(old) + len(new))
    constant = float(np.median(np.concatenate([old, new])))
    for _ in range(ITERATIONS):
        above, below = sides(old - constant, new - constant, share)
        constant += float(np.log(np.maximum(above.mean(), 1e-300)) - np.log(np.maximum(below.mean(), 1e-300)))
    above, below = sides(old - constant, new - constant, share)
    if min(above.mean(), below.mean()) < 1e-9:
        return np.nan, np.inf
    return constant, float(np.sqrt(sum(side.var() / side.mean() ** 2 / len(side) for side in (above, below))))


def sides(old: FloatArray, new: FloatArray, share: float) -> tuple[FloatArray, FloatArray]:
    """Return the weights of samples of both posteriors, (n,) and (m,), whose means agree at the right constant."""
    above = 1.0 / (share * np.exp(np.clip(-old, -700.0, 700.0)) + 1 - share)
    below = 1.0 / (share + (1 - share) * np.exp(np.clip(new, -700.0, 700.0)))
    return above, below


def finite(values: FloatArray) -> FloatArray:
    """Return log likelihoods with the impossible as a very low finite value."""
    return np.nan_to_num(values, nan=-1e30, neginf=-1e30)
