"""The closed-form start: a Gaussian with smooth mean, noise and dependence, before any network is trained."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.arrays import below
from activesci.inference.closed_form.basis import Basis
from activesci.inference.closed_form.dependence import Dependence
from activesci.inference.closed_form.held_out import CLEARLY, TOLERANCE, parts, simplest
from activesci.inference.closed_form.log_scale import bounded, noise, scale_of
from activesci.inference.closed_form.own_noise import OwnNoise
from activesci.inference.closed_form.polynomial import Polynomial, regression
from activesci.inference.closed_form.ridges import SEARCHES, Ridges
from activesci.inference.closed_form.smooth import MOST_APART, Smooth
from activesci.inference.closed_form.tails import heeded
from activesci.inference.closed_form.terms import curved, noises, plain_noises, trends
from activesci.types import FloatArray

HEEDINGS = 3
"""Rounds in which a mean is found anew where tails are heavy."""


@dataclass(frozen=True, slots=True)
class Start:
    """A Gaussian whose mean, log scale and dependence are functions of the inputs.

    What it cannot say, the network learns as a correction; a linear-Gaussian simulator needs no correction.

    Attributes:
        trend: The mean, or what `smooth` is added to.
        smooth: What the means have beyond the trend, column by column or for all at once, or nothing: processes of
            few inputs, or ridges of many.
        log_scale: The log of the noise.
        dependence: How columns depend on one another, or None.
        own: What the log of the noise has beyond that as a function of the mean, or None.
    """

    trend: Polynomial
    smooth: tuple[Smooth | Ridges, ...]
    log_scale: Polynomial
    dependence: Dependence | None = None
    own: OwnNoise | None = None

    @property
    def shares(self) -> list[slice]:
        """The columns of each smooth mean."""
        return shares(self.trend.coefficients.shape[1], len(self.smooth))

    def __call__(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and scale of each column by itself at inputs (n, p), each (n, columns)."""
        mean = self.mean(x)
        return mean, scale_of(self.log_scale, x) if self.own is None else bounded(self.log_scale(x) + self.own(mean))

    def whitening(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return mean, scale (n, columns) and what is below the diagonal of 1 (n, columns, columns).

        The matrix makes (z - mean) / scale independent; columns depend on those before them.
        """
        mean, scale = self(x)
        if self.dependence is None:
            return mean, scale, np.zeros((len(x), mean.shape[1], mean.shape[1]))
        sigma, lower = self.dependence(x)
        return mean, scale * sigma, lower

    def mean(self, x: FloatArray) -> FloatArray:
        """Return the mean at inputs (n, p), (n, columns)."""
        mean = self.trend(x)
        return mean + np.concatenate([smooth(x) for smooth in self.smooth], axis=1) if self.smooth else mean

    def score(self, x: FloatArray, z: FloatArray) -> float:
        """Return the mean log density of outcomes (n, columns) by themselves, in nats per row."""
        return float(self.scores(x, z).mean())

    def scores(self, x: FloatArray, z: FloatArray) -> FloatArray:
        """Return the log density of the outcomes of each row (n, columns) by themselves, (n,), nats."""
        mean, scale = self(x)
        terms = -0.5 * ((z - mean) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
        return np.asarray(terms.sum(axis=1))

    @classmethod
    def fit(cls, x: FloatArray, z: FloatArray) -> Self:
        """Return the simplest start that describes held-out rows about as well as the best one.

        Args:
            x: Inputs, (n, p).
            z: Outcomes in their coordinates, (n, columns).
        """
        return cls.rough(x, z).refined(x, z)

    @classmethod
    def rough(cls, x: FloatArray, z: FloatArray, parameters: int = 0, tolerance: float = TOLERANCE) -> Self:
        """Return the start without smooth means and dependence.

        Args:
            x: Inputs, (n, p).
            z: Outcomes in their coordinates, (n, columns).
            parameters: How many of the inputs, the first ones, are parameters; the others tell of the design.
            tolerance: How much worse than the best, in nats a row, a simpler one may describe held-out rows.
        """
        learn, check = parts(x, z)
        means, scales = trends(x, parameters), noises(x, parameters)
        tried = [cls._of(*learn, one, Basis(min(one.degree, 2))) for one in means]
        trend = means[simplest(tried, *check, tolerance)]
        noisy = scales[simplest([cls._of(*learn, trend, one) for one in scales], *check, tolerance)]
        return cls._of(x, z, trend, noisy)

    def refined(self, x: FloatArray, z: FloatArray, first: int = 1, tolerance: float = TOLERANCE) -> Self:
        """Return the start with smooth means and dependence, each if held-out rows ask for it.

        Args:
            x: Inputs, (n, p).
            z: Outcomes in their coordinates, (n, columns).
            first: The first column that may depend on those before it.
            tolerance: As of `rough`.
        """
        learn, check = parts(x, z)
        best = type(self)._of(*learn, self.trend.basis, self.log_scale.basis).quietened(*learn, *check, tolerance)
        if x.shape[1] > 1:
            ridged = self.ridged(*learn).quietened(*learn, *check, tolerance)
            best = ridged if best._yields(ridged, *check, tolerance) else best
        if curved(self.trend, x):
            smooth = self.smoothed(*learn).quietened(*learn, *check, tolerance)
            best = best if best.clearly_better(smooth, *check, tolerance) else smooth
        terms = best.trend.basis, best.log_scale.basis
        if any(isinstance(one, Ridges) for one in best.smooth):
            best = best.ridged(x, z, SEARCHES)
        whole = best.refitted(x, z) if best.smooth or best.own else self._of(x, z, *terms)
        return whole.heeding(x, z).depending(x, z, first, tolerance)

    @classmethod
    def polynomial(cls, x: FloatArray, z: FloatArray, degree: int, noisy: int) -> Self:
        """Return the start with a mean of one degree and a log scale of another, by rounds of weighting."""
        return cls._of(x, z, Basis(degree), Basis(noisy))

    @classmethod
    def _of(cls, x: FloatArray, z: FloatArray, trend: Basis, noisy: Basis) -> Self:
        """Return the start with these terms, by rounds of weighting."""
        start, features = cls(Polynomial.zero(z.shape[1]), (), Polynomial.zero(z.shape[1])), trend(x)
        for _ in range(3):
            scale = scale_of(start.log_scale, x)
            coefficients = regression(features, z, 1 / scale, ridge_of(trend, scale))
            residual = z - features @ coefficients
            start = cls(Polynomial(trend, coefficients), (), noise(x, residual, noisy))
        return start

    def smoothed(self, x: FloatArray, z: FloatArray) -> Self:
        """Return the start with a linear trend and smooth means, from the noise that this one has found."""
        scale = self(x)[1]
        trend = Polynomial(Basis(1), regression(Basis(1)(x), z, 1 / scale))
        residual = z - trend(x)
        smooth = tuple(
            Smooth.fit(x, residual[:, part], scale[:, part]) for part in shares(z.shape[1], processes(z.shape[1]))
        )
        return replace(self, trend=trend, smooth=smooth).refitted(x, z)

    def quietened(
        self, x: FloatArray, z: FloatArray, x_check: FloatArray, z_check: FloatArray, tolerance: float
    ) -> Self:
        """Return the start with the simplest noise that held-out rows do not clearly speak against.

        Where a rough mean misses the outcomes its noise is the larger: a smooth one leaves a plainer noise. Noise that
        varies for no good reason is costly, as its errors add up over measurements.

        References:
            Breiman et al., Classification and regression trees, 1984: the simplest within standard errors of the best.
        """
        residual = z - self.mean(x)
        tried = [replace(self, log_scale=noise(x, residual, basis)) for basis in plain_noises(x)]
        tried.append(self)
        scores = np.stack([start.scores(x_check, z_check) for start in tried])
        lost = scores[scores.mean(axis=1).argmax()] - scores
        clearly = CLEARLY * np.sqrt(tolerance / TOLERANCE)
        margin = np.maximum(tolerance, clearly * lost.std(axis=1) / np.sqrt(lost.shape[1]))
        plain = tried[int(np.argmax(lost.mean(axis=1) <= margin))]
        owning = tried[0]._owning(x, z)
        return owning if owning.score(x_check, z_check) > plain.score(x_check, z_check) + tolerance else plain

    def clearly_better(self, other: "Start", x: FloatArray, z: FloatArray, tolerance: float) -> bool:
        """Return whether held-out rows (n, p) and (n, columns) clearly speak for it and not for the other start."""
        gained = self.scores(x, z) - other.scores(x, z)
        margin = CLEARLY * np.sqrt(tolerance / TOLERANCE) * gained.std() / np.sqrt(len(gained))
        return bool(gained.mean() > max(tolerance, margin))

    def renewed(self, x: FloatArray, z: FloatArray, first: int = 1) -> Self:
        """Return the start with the same terms and all their coefficients found anew, as from more rows.

        Args:
            x: Inputs, (n, p).
            z: Outcomes in their coordinates, (n, columns).
            first: The first column that may depend on those before it.
        """
        terms = self.trend.basis, self.log_scale.basis
        again = self.smooth or self.own
        whole = replace(self, dependence=None).refitted(x, z) if again else self._of(x, z, *terms)
        whole = whole.heeding(x, z)
        if self.dependence is None:
            return whole
        mean, scale = whole(x)
        return replace(whole, dependence=Dependence.fit(x, (z - mean) / scale, first))

    def ridged(self, x: FloatArray, z: FloatArray, searches: int = 1) -> Self:
        """Return the start with means that are sums of ridges, from the noise that this one has found."""
        ridges = Ridges.fit(x, z, self(x)[1], searches)
        return replace(self, trend=Polynomial.zero(z.shape[1]), smooth=(ridges,)).refitted(x, z)

    def _yields(self, ridged: "Start", x: FloatArray, z: FloatArray, tolerance: float) -> bool:
        """Return whether held-out rows (n, p) and (n, columns) speak for a start with ridges, and not for this one.

        They have to speak clearly, unless ridges are the fewer terms, whose errors add up less.
        """
        if self.trend.basis.knots.shape[1] not in (0, x.shape[1]):
            return simplest((ridged, self), x, z, tolerance) == 0
        return ridged.clearly_better(self, x, z, tolerance)

    def _owning(self, x: FloatArray, z: FloatArray) -> Self:
        """Return the start with a noise that goes with means, if outcomes ask for two numbers a column.

        References:
            Schwarz, Estimating the dimension of a model, 1978, doi:10.1214/aos/1176344136.
        """
        mean = self.mean(x)
        log_scale, own = OwnNoise.fit(mean, z - mean)
        found = replace(self, log_scale=log_scale, own=own)
        gained = float((found.scores(x, z) - self.scores(x, z)).sum())
        taken = np.count_nonzero(own.coefficients)
        return found.refitted(x, z) if taken and gained > 0.5 * np.log(len(x)) * taken else self

    def refitted(self, x: FloatArray, z: FloatArray) -> Self:
        """Return the start with its smooth means and its noise found anew, in turn."""
        start = self
        for _ in range(2):
            start = start._weighted(x, z, start(x)[1])._noised(x, z)
        return start

    def _noised(self, x: FloatArray, z: FloatArray) -> Self:
        """Return the start with its noise found anew."""
        mean = self.mean(x)
        if self.own is None:
            return replace(self, log_scale=noise(x, z - mean, self.log_scale.basis))
        log_scale, own = OwnNoise.fit(mean, z - mean)
        return replace(self, log_scale=log_scale, own=own)

    def heeding(self, x: FloatArray, z: FloatArray) -> Self:
        """Return the start with its mean and its noise found anew, far outcomes heeded less where tails are heavy."""
        start = self
        for _ in range(HEEDINGS):
            mean, scale = start(x)
            if (noises := heeded((z - mean) / scale)) is None:
                return start
            start = start._weighted(x, z, scale * noises)._noised(x, z)
        return start

    def _weighted(self, x: FloatArray, z: FloatArray, scale: FloatArray) -> Self:
        """Return the start with the coefficients of its mean found anew, given the noise of each outcome."""
        if not self.smooth:
            ridge = ridge_of(self.trend.basis, scale)
            coefficients = regression(self.trend.basis(x), z, 1 / scale, ridge)
            return replace(self, trend=replace(self.trend, coefficients=coefficients))
        pairs, residual = zip(self.smooth, self.shares, strict=True), z - self.trend(x)
        return replace(self, smooth=tuple(one.weighted(x, residual[:, part], scale[:, part]) for one, part in pairs))

    def depending(self, x: FloatArray, z: FloatArray, first: int, tolerance: float) -> Self:
        """Return the start with the dependence of its residuals, if held-out rows ask for it."""
        mean, scale = self(x)
        residual = (z - mean) / scale
        if first >= z.shape[1]:
            return self
        learn, check = parts(x, residual)
        tried = Dependence.fit(*learn, first)
        if tried is None or tried.score(*check) < np.mean(-0.5 * (check[1] ** 2 + LOG_2PI).sum(axis=1)) + tolerance:
            return self
        return replace(self, dependence=Dependence.fit(x, residual, first))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the start as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {"smooth": np.array(len(self.smooth))}
        arrays |= {f"trend.{name}": array for name, array in self.trend.state().items()}
        arrays |= {f"log_scale.{name}": array for name, array in self.log_scale.state().items()}
        for i, smooth in enumerate(self.smooth):
            arrays |= {f"smooth{i}.{name}": array for name, array in smooth.state().items()}
        if self.own is not None:
            arrays |= {f"own.{name}": array for name, array in self.own.state().items()}
        if self.dependence is not None:
            arrays |= {f"dependence.{name}": array for name, array in self.dependence.state().items()}
        return arrays

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the start that `state` has described."""
        parts = tuple(bent(below(state, f"smooth{i}")) for i in range(int(state["smooth"])))
        trend, log_scale = (Polynomial.restore(below(state, name)) for name in ("trend", "log_scale"))
        chain, own = below(state, "dependence"), below(state, "own")
        dependence = Dependence.restore(chain) if chain else None
        return cls(trend, parts, log_scale, dependence, OwnNoise.restore(own) if own else None)


def ridge_of(trend: Basis, scale: FloatArray) -> float:
    """Return what is known beforehand of the coefficients of a mean's terms, for noise (n, columns)."""
    return min(1.0, float((scale**2).mean())) if len(trend.knots) else 0.0


LOG_2PI = float(np.log(2 * np.pi))


def bent(state: Mapping[str, NDArray[np.generic]]) -> Smooth | Ridges:
    """Return the functions that `state` has described."""
    return Ridges.restore(state) if "directions" in state else Smooth.restore(state)


def shares(columns: int, parts: int) -> list[slice]:
    """Return the columns of each of so many parts: one each, or all of them."""
    return [slice(i, i + 1) for i in range(columns)] if parts == columns else [slice(0, columns)] * parts


def processes(columns: int) -> int:
    """Return how many processes columns get: each its own where they are few, one for all where they are many."""
    return columns if columns <= MOST_APART else 1
