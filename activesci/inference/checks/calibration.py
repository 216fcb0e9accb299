"""Is the posterior as wide as it says? The whole inference repeated on data whose truth is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, kstest

from activesci.inference.base import Data, Surrogate
from activesci.inference.moves import LogDensity
from activesci.inference.posterior import Posterior, density
from activesci.inference.smc import bridge, prior_population
from activesci.types import FloatArray

LEVELS = (0.5, 0.68, 0.9, 0.95)
PARTICLES = 1000
"""Particles of each repetition: ranks are known to about 1.5 %."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """Where a known truth lies in the posterior that its data give; each uniform in [0, 1] if inference is right.

    Attributes:
        ranks: Share of samples below the truth, for each parameter, (d,).
        density: Share of samples of a higher posterior density with respect to the prior: what a region of highest
            density would have to hold to reach the truth.
        distance: Share of samples nearer than the truth to a point drawn at random (TARP).
    """

    ranks: FloatArray
    density: float
    distance: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What many repetitions say.

    Attributes:
        names: Parameters.
        ranks: (n, d).
        density: (n,).
        distance: (n,).
    """

    names: tuple[str, ...]
    ranks: FloatArray
    density: FloatArray
    distance: FloatArray

    @classmethod
    def of(cls, names: Sequence[str], repetitions: Sequence[Repetition]) -> "Calibration":
        """Return the repetitions together."""
        ranks = np.array([one.ranks for one in repetitions]).reshape(len(repetitions), len(names))
        shares = ([getattr(one, what) for one in repetitions] for what in ("density", "distance"))
        return cls(tuple(names), ranks, *(np.array(share, dtype=np.float64) for share in shares))

    def __len__(self) -> int:
        """Return the number of repetitions."""
        return len(self.ranks)

    def coverage(self) -> dict[str, dict[str, float]]:
        """Return, for each parameter and jointly, the share of truths inside intervals of the stated level.

        A parameter's intervals are central, the joint ones regions of highest density.
        """
        central = {name: np.abs(2 * self.ranks[:, j] - 1) for j, name in enumerate(self.names)}
        held = {**central, "joint": self.density}
        return {
            what: {f"{level:g}": float((share <= level).mean()) for level in LEVELS} for what, share in held.items()
        }

    def distances(self) -> dict[str, float]:
        """Return how far truths are from the middle, as the mean level of the interval that just holds them.

        It is a half, known to 0.29 / sqrt(repetitions), if intervals are as wide as they say, and more if they are too
        narrow.
        """
        found = {name: float(np.abs(2 * self.ranks[:, j] - 1).mean()) for j, name in enumerate(self.names)}
        return {**found, "joint": float(self.density.mean())}

    def p_values(self) -> dict[str, float]:
        """Return Kolmogorov-Smirnov p-values of uniform ranks; a small one means that inference is wrong."""
        found = {name: self.ranks[:, j] for j, name in enumerate(self.names)}
        found |= {"joint": self.density, "distance": self.distance}
        return {what: float(kstest(share, "uniform").pvalue) for what, share in found.items()}

    def under_covered(self) -> list[str]:
        """Say where fewer truths are inside than a right posterior would have in 99 of 100 such checks."""
        n = len(self)
        return [
            f"{what}: {share:.0%} of truths inside {float(level):.0%} intervals"
            for what, shares in self.coverage().items()
            for level, share in shares.items()
            if binom.cdf(round(share * n), n, float(level)) < 0.01
        ]


def repeat_from_prior(
    surrogate: Surrogate, posterior: Posterior, data: Data, truth: FloatArray, rng: np.random.Generator
) -> Repetition:
    """Return where a truth drawn from the prior lies in the posterior of data simulated at it.

    Args:
        surrogate: The density that inference rests on.
        posterior: Says what the parameters are; its samples are not used.
        data: Outcomes that the *simulator* gave for the truth, at the designs of the campaign.
        truth: The parameters, (d,).
        rng: Random numbers.

    References:
        Talts et al., Validating Bayesian inference algorithms with simulation-based calibration, 2018,
        arXiv:1804.06788. Hermans et al., A crisis in simulation-based inference, 2022, arXiv:2110.06581 (expected
        coverage). Lemos et al., Sampling-based accuracy testing of posterior estimators, 2023, arXiv:2302.03026
        (TARP).

    Fails when:
        the real data lie where prior and simulator never put any: calibration cannot see a wrong model.
    """
    space = posterior.space
    start = prior_population(PARTICLES, space.dim, rng)
    found = bridge(start, lambda u: np.zeros(len(u)), density(space, surrogate, data), rng, renew=1.0)
    return placed(found.u, found.log_like, density(space, surrogate, data), space.to_cube(truth[None])[0], rng)


def repeat_from_posterior(
    surrogate: Surrogate, posterior: Posterior, old: Data, new: Data, truth: FloatArray, rng: np.random.Generator
) -> Repetition:
    """Return where a truth drawn from the posterior lies after a second set of data simulated at it.

    If the posterior of the old data is right, it is the prior of the new ones, and ranks are uniform again. This looks
    where the answer is, not all over the prior.

    Args:
        surrogate: The density that inference rests on.
        posterior: The posterior of the old data.
        old: The campaign's data.
        new: Outcomes that the *simulator* gave for the truth, at the designs of the campaign.
        truth: The parameters, (d,), drawn from `posterior`.
        rng: Random numbers.

    References:
        Säilynoja, Schmitt, Bürkner and Vehtari, Posterior SBC, 2025, arXiv:2502.03279.

    Fails when:
        the surrogate errs in the same way for old and new data: both posteriors are then shifted alike.
    """
    space = posterior.space
    both = Data(np.concatenate([old.xi, new.xi]), np.concatenate([old.y, new.y]))
    after = density(space, surrogate, both)
    start = posterior.population.thinned(PARTICLES, rng)
    found = bridge(start, density(space, surrogate, old), after, rng)
    return placed(found.u, found.log_like, after, space.to_cube(truth[None])[0], rng)


def placed(
    u: FloatArray, log_like: FloatArray, target: LogDensity, truth: FloatArray, rng: np.random.Generator
) -> Repetition:
    """Return where a truth (d,) lies among samples (n, d), all in the unit cube."""
    at_truth = float(target(truth[None])[0])
    point = rng.random(u.shape[1])
    nearer = ((u - point) ** 2).sum(axis=1) < ((truth - point) ** 2).sum()
    return Repetition((u < truth).mean(axis=0), float((log_like > at_truth).mean()), float(nearer.mean()))
