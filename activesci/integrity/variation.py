"""How far an answer moves when what should not matter is changed: between runs against within a run, and a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from activesci.types import FloatArray

SOURCES = {
    "seed": "another seed, the whole campaign again",
    "init": "the same measurements, learned from anew with other random numbers",
    "split": "each part of the measurements by itself",
    "simulator_version": "another version of the simulator, on the same measurements",
    "workers": "other numbers of workers, the same measurements and random numbers",
}
"""What can be varied, in words."""
Verdict = Literal["generalises", "fails", "not tested"]
LEVEL = 0.9
"""The level of the intervals that a verdict is taken from."""
SHARED, FRESH = 0.5, 1.0
"""Spread that an answer may have, in its own sd: between runs on the same data, and on data of their own."""
FEWEST = 3
"""Runs below which nothing is told."""


@dataclass(frozen=True, slots=True)
class Effects:
    """The spread of one parameter over runs.

    Attributes:
        count: How many runs.
        mean: Their pooled mean.
        within: The typical sd that a run states.
        between: The sd of the true effects over runs, beyond what the runs' own errors explain where these are
            independent, and with its limits.
        heterogeneity: I2, the share of all variance that is between runs; None where their data are the same, whose
            error they share.
        p_value: Of the runs' agreeing, where their data are independent.
    """

    count: int
    mean: float
    within: float
    between: tuple[float, float, float]
    heterogeneity: float | None
    p_value: float | None


def same_data(means: FloatArray, sds: FloatArray) -> Effects:
    """Return the spread of runs on the same data, which should agree to much better than their sd.

    Args:
        means: The posterior means, (n,).
        sds: The posterior sds, (n,).

    Fails when:
        Runs differ by rare jumps: the interval of the sd is that of normal deviations.
    """
    n, spread = len(means), float(np.var(means, ddof=1))
    tails = _tails(n - 1)
    low, high = (float(np.sqrt((n - 1) * spread / tail)) for tail in tails)
    within = float(np.sqrt(np.mean(np.square(sds))))
    return Effects(n, float(means.mean()), within, (float(np.sqrt(spread)), low, high), None, None)


def own_data(means: FloatArray, sds: FloatArray) -> Effects:
    """Return the random effects of runs with data of their own.

    Args:
        means: The posterior means, (n,).
        sds: The posterior sds, (n,).

    References:
        DerSimonian and Laird, Controlled Clinical Trials 7 (1986) 177: the estimate of tau. Viechtbauer, Statistics in
        Medicine 26 (2007) 37: its interval, from the generalised Q. Higgins and Thompson, Statistics in Medicine 21
        (2002) 1539: I2.

    Fails when:
        The prior weighs as much as a run's data: it is counted once a run. Posteriors are far from normal.
    """
    from scipy.special import chdtrc  # slow to import, and a report without a variation needs none of it

    weights, n = 1.0 / np.square(sds), len(means)
    q = _q(means, sds, 0.0)
    scale = weights.sum() - np.square(weights).sum() / weights.sum()
    tau2 = max((q - (n - 1)) / scale, 0.0)
    tails = _tails(n - 1)
    low, high = (_tau_at(means, sds, tail) for tail in tails)
    pooled = 1.0 / (np.square(sds) + tau2)
    mean = float((pooled * means).sum() / pooled.sum())
    within = float(np.sqrt((n - 1) / scale))  # Higgins and Thompson's typical variance
    shares = max(0.0, 1.0 - (n - 1) / q) if q > 0 else 0.0
    return Effects(n, mean, within, (float(np.sqrt(tau2)), low, high), shares, float(chdtrc(n - 1, q)))


def _tails(freedom: int) -> list[float]:
    """Return the upper and the lower limit of a chi^2 of so many degrees of freedom."""
    from scipy.special import gammaincinv  # as above

    return [float(2 * gammaincinv(freedom / 2, level)) for level in ((1 + LEVEL) / 2, (1 - LEVEL) / 2)]


def _q(means: FloatArray, sds: FloatArray, tau: float) -> float:
    """Return how much the runs differ beyond sds and tau, chi-square with n - 1 if that is all."""
    weights = 1.0 / (np.square(sds) + tau**2)
    centre = (weights * means).sum() / weights.sum()
    return float((weights * np.square(means - centre)).sum())


def _tau_at(means: FloatArray, sds: FloatArray, q: float) -> float:
    """Return the tau with which the runs differ by q; zero if they differ by less without any."""
    from scipy.optimize import brentq  # as above

    if _q(means, sds, 0.0) <= q:
        return 0.0
    top = float(np.ptp(means)) + 1e-300
    while _q(means, sds, top) > q:
        top *= 2.0
    return float(brentq(lambda tau: _q(means, sds, tau) - q, 0.0, top))


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one source of variation.

    Attributes:
        verdict: 'generalises', 'fails', or 'not tested' where too little was done to tell.
        why: On what grounds.
    """

    verdict: Verdict
    why: str


def judged(effects: Sequence[tuple[str, Effects]]) -> Judged:
    """Return the verdict on all parameters: the worst of each.

    Spread whose upper limit is below the bound is tolerable, one whose lower limit is above it is not, and anything
    else cannot be told from so few runs. The bound is half a posterior sd for runs on the same data, one for others.
    """
    each = [_judged(name, one) for name, one in effects]
    return max(each, key=lambda one: ("generalises", "not tested", "fails").index(one.verdict))


def _judged(name: str, one: Effects) -> Judged:
    if one.count < FEWEST:
        return Judged("not tested", f"{one.count} runs tell nothing, at least {FEWEST} are needed")
    bound = (SHARED if one.p_value is None else FRESH) * one.within
    size, low, high = (value / one.within for value in one.between)
    said = f"{name} differs between runs by {size:.2g} sd ({low:.2g} to {high:.2g})"
    allowed = f"at most {bound / one.within:g} is allowed"
    if one.between[1] > bound or (one.p_value is not None and one.p_value < 0.01):
        return Judged("fails", f"{said}, {allowed}")
    if one.between[2] <= bound:
        return Judged("generalises", f"{said}, {allowed}")
    return Judged("not tested", f"{said}, {allowed}: more runs are needed to tell")
