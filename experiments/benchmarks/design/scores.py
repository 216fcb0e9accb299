"""How much a campaign has told: bounds of the information of its data, in nats.

    sPCE   log p(h | theta_0) - log 1/(L+1) sum_{l=0..L} p(h | theta_l)   too low on average, never above log(L+1)
    sNMC   log p(h | theta_0) - log 1/L     sum_{l=1..L} p(h | theta_l)   too high on average

with theta_0 the truth and the others from the prior, as in the literature; and the same pair with the others drawn
from a density q that is fitted to the campaign's final posterior, each weighted by prior / q, which has no such cap.

References:
    Foster et al., Deep adaptive design, 2021, arXiv:2103.02438, appendix B.
"""

from dataclasses import dataclass

import numpy as np
from rollouts import Rollout
from scipy.special import gammaln, logsumexp, ndtr, ndtri

from activesci.inference.base import Data
from activesci.simulate import FunctionSimulator
from activesci.study import Study

PIECE, NEGLIGIBLE = 100_000, 60.0
KERNELS, NEIGHBOURS, DRAWN = 512, 48, 6000
FREEDOM, PRIOR = 5.0, 0.03
"""Degrees of freedom of the kernels of q, and the prior's share in it."""


def likelihoods(simulator: FunctionSimulator, theta: np.ndarray, data: Data) -> np.ndarray:
    """Return the log-likelihoods of all measurements (t, m), float64."""
    rows = zip(data.xi, data.y, strict=True)
    return np.stack(
        [simulator.log_likelihood(theta, *(np.repeat(a[None], len(theta), axis=0) for a in row)) for row in rows]
    )


def contrastive(
    study: Study, simulator: FunctionSimulator, rollout: Rollout, samples: dict[int, int], most: float
) -> dict[int, tuple[float, float]]:
    """Return sPCE and sNMC after so many measurements, for each with its number of samples of the prior.

    Samples are drawn and summed piece by piece; they are the same after all lengths. One whose likelihood can no
    longer come to exp(-NEGLIGIBLE) of the truth's at any length is left out from there on.

    Args:
        study: The study.
        simulator: Its simulator.
        rollout: The campaign.
        samples: For each length the number of samples.
        most: What no log density of a measurement exceeds [nats].
    """
    rng = np.random.default_rng([rollout.seed, 6])
    own = np.cumsum(likelihoods(simulator, rollout.truth[None], rollout.data)[:, 0])
    sums: dict[int, list[float]] = {length: [] for length in samples}
    for first in range(0, max(samples.values()), PIECE):
        theta = study.parameter_space.from_cube(rng.random((PIECE, study.parameter_space.dim)))
        place, running = first + np.arange(PIECE), np.zeros(PIECE)
        for t, (xi, y) in enumerate(zip(rollout.data.xi, rollout.data.y, strict=True), start=1):
            running = running + likelihoods(simulator, theta, Data(xi[None], y[None]))[0]
            if t in samples:
                sums[t].append(float(np.logaddexp.reduce(running[place < samples[t]], initial=-np.inf)))
            matters = np.zeros(len(theta), dtype=bool)
            for length in samples:
                if length > t:
                    matters |= running + (length - t) * most > own[length - 1] - NEGLIGIBLE
            theta, place, running = theta[matters], place[matters], running[matters]
    return {n: bounds(own[n - 1], float(logsumexp(sums[n])), size) for n, size in samples.items()}


def bounds(own: float, others: float, size: int) -> tuple[float, float]:
    """Return the lower and the upper bound from the own log term and the log sum of `size` others."""
    return float(own - np.logaddexp(others, own) + np.log(size + 1)), float(own - others + np.log(size))


def unsaturated(study: Study, simulator: FunctionSimulator, rollout: Rollout, length: int) -> tuple[float, float]:
    """Return the bounds after so many measurements, with contrasts drawn around the final posterior."""
    return Contrasts.of(study, simulator, rollout, length).bounds


@dataclass(frozen=True)
class Contrasts:
    """The truth and draws from around a final posterior.

    Attributes:
        found: Their log-likelihoods, the truth's first, (1 + m,).
        terms: The same with the log of prior / q added.
    """

    found: np.ndarray
    terms: np.ndarray

    @classmethod
    def of(cls, study: Study, simulator: FunctionSimulator, rollout: Rollout, length: int) -> "Contrasts":
        """Return them after so many measurements."""
        rng = np.random.default_rng([rollout.seed, 7])
        space, data = study.parameter_space, Data(rollout.data.xi[:length], rollout.data.y[:length])
        around = Around.of(normal(space.to_cube(rollout.posteriors[length])), rng)
        z = around.sample(DRAWN, rng)
        theta = np.concatenate([rollout.truth[None], space.from_cube(ndtr(z))])
        z = np.concatenate([normal(space.to_cube(rollout.truth[None])), z])
        found = likelihoods(simulator, theta, data).sum(axis=0)
        return cls(found, found + around.log_ratio(z))

    @property
    def bounds(self) -> tuple[float, float]:
        """The lower and the upper bound, without a cap."""
        own, others, size = self.terms[0], logsumexp(self.terms[1:]), len(self.terms) - 1
        lower = self.found[0] - np.logaddexp(others, own) + np.log(size + 1)
        return float(lower), float(self.found[0] - others + np.log(size))

    def expected(self, upper: float, size: int) -> tuple[float, float, float]:
        """Return what sPCE and the information are on average over truths that the data may come from.

        Given the data, the truth is a draw of the posterior. The mean over that draw (Rao and Blackwell) has the same
        expectation as the value at the one truth, and a fraction of its scatter.

        Args:
            upper: The campaign's sNMC, which knows the sum over its contrasts.
            size: Their number.

        Returns:
            sPCE, the information (which is the divergence of the posterior from the prior), and how many draws of the
            posterior the mean is worth.
        """
        share = np.exp(self.terms[1:] - logsumexp(self.terms[1:]))
        others = self.found[0] - upper + np.log(size)
        capped = self.found[1:] - np.logaddexp(others, self.found[1:]) + np.log(size + 1)
        evidence = logsumexp(self.terms[1:]) - np.log(len(self.terms) - 1)
        matter = share > 0
        told = (share * np.where(matter, self.found[1:], 0.0)).sum() - evidence
        return float((share * np.where(matter, capped, 0.0)).sum()), float(told), float(1 / (share**2).sum())


def normal(u: np.ndarray) -> np.ndarray:
    """Return points of the unit cube in coordinates in which the prior is a standard normal."""
    return ndtri(np.clip(u, 1e-300, 1 - 1e-16))


@dataclass(frozen=True)
class Around:
    """Student's t at some samples of a posterior, each shaped as its neighbours lie, and a little of the prior.

    Attributes:
        centres: (k, d).
        factors: Cholesky factors of their scale matrices, (k, d, d).
    """

    centres: np.ndarray
    factors: np.ndarray

    @classmethod
    def of(cls, z: np.ndarray, rng: np.random.Generator) -> "Around":
        """Return the density around samples (n, d), where the prior is a standard normal."""
        d = z.shape[1]
        centres = z[rng.choice(len(z), min(KERNELS, len(z)), replace=False)]
        whole = z.std(axis=0)
        far = (((centres[:, None] - z) / whole) ** 2).sum(axis=2)
        near = z[np.argpartition(far, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]]
        near = near - near.mean(axis=1, keepdims=True)
        covariance = np.einsum("kni,knj->kij", near, near) / NEIGHBOURS
        floor = 1e-6 * np.einsum("kii->k", covariance)[:, None, None] * np.eye(d)
        return cls(centres, np.linalg.cholesky(covariance + floor))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw points (n, d)."""
        d, which = self.centres.shape[1], rng.integers(len(self.centres), size=n)
        pull = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, n))
        z = (
            self.centres[which]
            + np.einsum("nij,nj->ni", self.factors[which], rng.standard_normal((n, d))) * pull[:, None]
        )
        return np.where(rng.random((n, 1)) < PRIOR, rng.standard_normal((n, d)), z)

    def log_ratio(self, z: np.ndarray) -> np.ndarray:
        """Return the log of prior / q at points (n, d)."""
        d = z.shape[1]
        inverse = np.linalg.inv(self.factors)
        logdet = np.log(np.einsum("kii->ki", self.factors)).sum(axis=1)
        constant = gammaln((FREEDOM + d) / 2) - gammaln(FREEDOM / 2) - d / 2 * np.log(FREEDOM * np.pi)
        kernels = np.empty(len(z))
        for part in np.array_split(np.arange(len(z)), max(1, len(z) // 500)):
            far = (np.einsum("kij,nkj->nki", inverse, z[part][:, None] - self.centres) ** 2).sum(axis=2)
            each = constant - logdet - (FREEDOM + d) / 2 * np.log1p(far / FREEDOM)
            kernels[part] = logsumexp(each, axis=1) - np.log(len(self.centres))
        prior = -0.5 * (z**2).sum(axis=1) - d / 2 * np.log(2 * np.pi)
        return prior - np.logaddexp(np.log1p(-PRIOR) + kernels, np.log(PRIOR) + prior)
