"""The surrogate of a tuning study: what simulations are expected to give, and data with errors of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from activesci.inference.base import Data, FitInfo
from activesci.inference.closed_form.arrays import below
from activesci.inference.networks.coordinates import Inputs
from activesci.inference.networks.network import one_thread
from activesci.inference.tuning.axes import Axes
from activesci.inference.tuning.buying import bought
from activesci.inference.tuning.measured import Measured, Told
from activesci.inference.tuning.placing import LOOKED_AT, certainty, chosen, weights
from activesci.inference.tuning.response import Response, kernel_for, smoothest
from activesci.inference.tuning.scatter import covariance, slopes
from activesci.ledger.bank import Bank
from activesci.study.designs import DesignSpace
from activesci.study.outcomes import OutcomeSpace
from activesci.study.parameters import ParameterSpace
from activesci.study.priors import Beta, LogUniform, Uniform
from activesci.study.tuning import EventsPart
from activesci.types import BoolArray, FloatArray, IntArray

FEWEST = 10
"""Valid simulations below which nothing is fitted; for each parameter two more are needed."""
AXES = 12
"""Axes, those along which simulations differ most, that the kernel is looked for with."""
SWEEPS = 2
"""How often noise and response are found in turn."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a fit has learned.

    Attributes:
        axes: The coordinates in which noise and errors are independent.
        response: What is expected along each.
        slopes: By how much the log of the noise's variance grows with each input, (p,).
        normal: Standard normal numbers by which functions are drawn, (draws, most, k).
    """

    axes: Axes
    response: Response
    slopes: FloatArray
    normal: FloatArray


@dataclass(frozen=True, slots=True)
class TuningSurrogate:
    """Data with stated errors around the simulator's expectation, which is a Gaussian process of each bin.

        simulated y = f(theta) + noise / root(events),    measured y = f(theta) + error,    error ~ N(0, covariance)

    A simulation of few events says little of f, many together say much: what is left open of f widens the posterior.
    The likelihood knows the errors of the data alone; how many events a simulation has says how much to learn from it.
    Simulations that failed are left out: a crash of the simulator tells nothing of nature.

    References:
        Kennedy and O'Hagan, Bayesian calibration of computer models, 2001, doi:10.1111/1467-9868.00294.
        Buckley et al., Systematic event generator tuning for the LHC, 2010, arXiv:0907.2973.

    Fails when:
        the simulator's expectation jumps, or the noise's correlations change much over the prior, or the noise has a
        part that more events do not lower; simulations near the posterior that no fit has seen are held against it,
        and raise an alarm.

    Attributes:
        parameters, outcomes: The study's spaces.
        measured: The errors of the data.
        draws: Functions that are drawn to see how far what is not known of f moves the answer.
        known: What a fit has learned.
        usual: Events of a simulation of unit noise, where their number is chosen.
        share: The variance of the noise of simulations that are predicted, in units of a usual one's.
    """

    parameters: ParameterSpace
    outcomes: OutcomeSpace
    measured: Measured
    draws: int = 32
    known: Known | None = None
    usual: int = 1
    share: float = 1.0

    @property
    def fewest(self) -> int:
        """Valid simulations below which nothing is fitted."""
        return FEWEST + 2 * self.parameters.dim

    @property
    def members(self) -> int:
        """One: what is not known is integrated."""
        return 1

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the surrogate of the whole bank; the kernel of an earlier fit is where the search starts.

        Raises:
            ValueError: If there are too few valid simulations.
        """
        valid = bank.valid
        if valid.sum() < self.fewest:
            raise ValueError(
                f"{valid.sum()} of {len(bank)} simulations are valid, at least {self.fewest} are needed to fit"
            )
        x, y, share = self.inputs(bank.theta[valid]), bank.y[valid], self._shares(bank)[valid]
        last = self.known
        with one_thread():
            axes, response, steep, steps = learned(x, y, share, last)
        normal = rng.standard_normal((self.draws, len(response.weights), y.shape[1]))
        fitted = replace(self, known=Known(axes, response, steep, normal))
        loss = -float(fitted.density(x, axes.forward(y), share).mean())
        return fitted, FitInfo(loss, -loss, steps, last is not None, kind="emulator")

    def _shares(self, bank: Bank) -> FloatArray:
        """Return the variances of the noise of simulations in units of usual ones at the same parameters, (n,)."""
        return np.ones(len(bank)) if bank.events is None else self.usual / bank.events

    def of_events(self, events: int) -> Self:
        """Return what predicts simulations of so many events; what is expected of them is the same."""
        return replace(self, share=self.usual / events)

    def inputs(self, theta: FloatArray) -> FloatArray:
        """Return parameters (n, d) as inputs, (n, d)."""
        nowhere = DesignSpace.of({})
        return Inputs.of(self.parameters, nowhere, np.empty((1, 0)), None).of_theta(theta)

    def from_inputs(self, x: FloatArray) -> FloatArray:
        """Return the parameters (n, d) of inputs (n, d), which are drawn in to the prior's range."""
        u = np.where(self._bounded, 0.5 + x / np.sqrt(12.0), ndtr(x))
        return self.parameters.from_cube(np.clip(u, 1e-6, 1 - 1e-6))

    @property
    def _bounded(self) -> BoolArray:
        return np.array([isinstance(prior, Uniform | LogUniform | Beta) for prior in self.parameters.priors])

    def relative_noise(self, x: FloatArray) -> FloatArray:
        """Return the variance of the noise at inputs (n, p), in units of that in the middle, (n,)."""
        return np.asarray(np.exp(np.clip(x @ self.ready().slopes, -5.0, 5.0)))

    def density(self, x: FloatArray, z: FloatArray, share: FloatArray) -> FloatArray:
        """Return the log densities of simulated numbers z (n, k) at inputs (n, p), with noise of such shares, (n,)."""
        mean, variance = self._simulated(x, share[:, None])
        return np.asarray(normal_density(z - mean, variance).sum(axis=1) - self.ready().axes.log_volume)

    def _simulated(self, x: FloatArray, share: float | FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of the numbers of a simulation at inputs (n, p), each (n, k)."""
        response = self.ready().response
        mean, own = response.moments(x)
        return mean, own + response.noise * (self.relative_noise(x)[:, None] * share)

    def expected(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the expectation at parameters (n, d), (n, k), and the covariance of its error, (n, k, k)."""
        axes, (mean, own) = self.ready().axes, self._moments(theta)
        turn = axes.turn[:, : axes.told]
        return axes.inverse(mean), (turn * own[:, None, :]) @ turn.T + self._rest

    def log_likelihood(self, theta: FloatArray, data: Data) -> FloatArray:
        """Return the log-likelihood of all data together, (1, m); see `Joint.log_likelihood`."""
        with one_thread():
            return self.told(data).marginal(*self._moments(theta))[None]

    def drawn_likelihood(self, theta: FloatArray, data: Data) -> FloatArray:
        """Return the log-likelihood under functions drawn from what is known of f, (draws, m)."""
        known = self.ready()
        with one_thread():
            functions = known.response.first(known.axes.told).drawn(self.inputs(theta), known.normal)
            return self.told(data).density(functions)

    def told(self, data: Data) -> Told:
        """Return what data say of the coordinates that depend on the parameters."""
        axes, used = self.ready().axes, self.measured.used
        y = data.y[~np.isnan(data.y).any(axis=1)][:, used]
        covariance = self.measured.counted + self._rest[np.ix_(used, used)]
        return Told.of(y, axes.centre[used], axes.turn[used, : axes.told], covariance)

    def placed(
        self, theta: FloatArray, data: Data, candidates: FloatArray, n: int, rng: np.random.Generator
    ) -> FloatArray:
        """Return which of some parameters (c, d) to simulate next, (n, d); see `Placing.placed`."""
        x = self.inputs(candidates)
        with one_thread():
            response, weight, there = self._open(theta, data, x, rng)
            return candidates[chosen(response, weight, there, x, self.relative_noise(x), n)]

    def spent(
        self,
        theta: FloatArray,
        data: Data,
        candidates: FloatArray,
        knob: EventsPart,
        budget: float,
        rng: np.random.Generator,
    ) -> tuple[FloatArray, IntArray]:
        """Return where to simulate next, (n, d), and with how many events each, (n,); see `Spending.spent`."""
        x = self.inputs(candidates)
        with one_thread():
            response, weight, there = self._open(theta, data, x, rng)
            known, features = certainty(response, weight), (response.basis(there), response.basis(x))
            places, events = bought(known, *features, self.usual * self.relative_noise(x), knob, budget)
            return candidates[places], events

    def _open(
        self, theta: FloatArray, data: Data, x: FloatArray, rng: np.random.Generator
    ) -> tuple[Response, FloatArray, FloatArray]:
        """Return the response, the weight of each number, and inputs at which what is not known matters, (m, p).

        Args:
            theta: Posterior samples, (m, d).
            data: What the posterior rests on.
            x: Inputs to choose from, (c, p).
            rng: Random numbers.
        """
        known, posterior = self.ready(), self.inputs(theta)
        response, told = known.response.first(known.axes.told), self.told(data)
        weight = weights(response.moments(posterior)[0], posterior, told.hold)
        best = told.best(*response.moments(x))
        likely = np.exp(best - best.max())
        return response, weight, x[rng.choice(len(x), LOOKED_AT, p=likely / likely.sum())]

    def _moments(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the coordinates that depend on the parameters, and the variances of their errors, each (n, q)."""
        known = self.ready()
        return known.response.first(known.axes.told).moments(self.inputs(theta))

    @property
    def _rest(self) -> FloatArray:
        """The covariance of what the expectation may depend on the parameters beside them, (k, k)."""
        axes = self.ready().axes
        others = axes.turn[:, axes.told :]
        return np.asarray((others * axes.rest) @ others.T)

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities of simulated outcomes for all pairs, (t, 1, n, m); see `Surrogate.log_prob`."""
        x = self.inputs(theta)
        mean, variance = self._simulated(x, self.share)
        return np.stack([self._pairs(mean, variance, one[0])[None] for one in y])

    def _pairs(self, mean: FloatArray, variance: FloatArray, y: FloatArray) -> FloatArray:
        z = self.ready().axes.forward(y)[:, None]
        total = normal_density(z - mean, np.broadcast_to(variance, (len(z), *variance.shape))).sum(axis=2)
        return np.asarray(total - self.ready().axes.log_volume)

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw simulated outcomes; see `Surrogate.sample`."""
        mean, variance = self._simulated(self.inputs(theta), self.share)
        y = self.ready().axes.inverse(mean + np.sqrt(variance) * rng.standard_normal(mean.shape))
        return np.repeat(y[None], len(xi), axis=0)

    def observed(self) -> "AsMeasured":
        """Return what is expected of a measurement, which has other errors than a simulation."""
        return AsMeasured(self)

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return for all parameters (n, d) that they are judged, (n,): what is not known is in the posterior."""
        return np.ones(len(theta), dtype=np.bool_)

    def resolves(self, theta: FloatArray) -> bool:
        """Return that no finer surrogate is needed: what is not known is in its draws' disagreement."""
        return True

    def ready(self) -> Known:
        """Return what a fit has learned.

        Raises:
            ValueError: If nothing has been fitted.
        """
        if self.known is None:
            raise ValueError("the surrogate has not been fitted")
        return self.known

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        known = self.ready()
        arrays: dict[str, NDArray[np.generic]] = {
            "centre": known.axes.centre,
            "turn": known.axes.turn,
            "rest": known.axes.rest,
        }
        arrays |= {f"response.{name}": array for name, array in known.response.state().items()}
        return arrays | {"slopes": known.slopes, "normal": known.normal}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surrogate with what an earlier fit has learned."""
        centre, turn, rest = (np.asarray(state[name], np.float64) for name in ("centre", "turn", "rest"))
        axes = Axes(centre, turn, len(centre) - len(rest), rest)
        steep, normal = (np.asarray(state[name], np.float64) for name in ("slopes", "normal"))
        return replace(self, known=Known(axes, Response.restore(below(state, "response")), steep, normal))


@dataclass(frozen=True, slots=True)
class AsMeasured:
    """The expectation with the errors of the data in place of a simulation's noise; predicts what is measured.

    Attributes:
        surrogate: What is fitted.
    """

    surrogate: TuningSurrogate

    @property
    def members(self) -> int:
        """One."""
        return 1

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities of measured outcomes for all pairs, (t, 1, n, m); see `Surrogate.log_prob`."""
        mean, own = self.surrogate.expected(theta)
        root = np.linalg.cholesky(own + self.surrogate.measured.covariance)
        log_det = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1) + 0.5 * y.shape[3] * np.log(2 * np.pi)
        off = [np.linalg.solve(each, (one[0] - at).T) for one in y for each, at in zip(root, mean, strict=True)]
        square = np.array([(each**2).sum(axis=0) for each in off]).reshape(len(y), len(mean), -1)
        return np.asarray((-0.5 * square - log_det[:, None]).swapaxes(1, 2)[:, None])

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw measured outcomes; see `Surrogate.sample`."""
        mean, own = self.surrogate.expected(theta)
        root = np.linalg.cholesky(own + self.surrogate.measured.covariance)
        y = mean + np.einsum("nij,nj->ni", root, rng.standard_normal(mean.shape))
        return np.repeat(y[None], len(xi), axis=0)


def normal_density(off: FloatArray, variance: FloatArray) -> FloatArray:
    """Return the log of the normal density at a distance from the mean, of any shape."""
    return np.asarray(-0.5 * (off**2 / variance + np.log(2 * np.pi * variance)))


def learned(
    x: FloatArray, y: FloatArray, share: FloatArray, last: Known | None
) -> tuple[Axes, Response, FloatArray, int]:
    """Return axes, response, slopes of the noise, and how many kernels were tried.

    The response is found in axes that rest on the noise, and the noise from what the response leaves.

    Args:
        x: Inputs, (n, p).
        y: Simulated numbers, (n, k).
        share: The variance of each simulation's noise in units of a usual one's, (n,).
        last: What an earlier fit has learned.
    """
    centre, scale = np.average(y, axis=0, weights=1 / share), y.std(axis=0)
    scale = np.where(scale > 0, scale, np.maximum(np.abs(centre), 1.0))
    z, relative = (y - centre) / scale, share
    kernel = last.response.basis.process.kernel if last else smoothest(x.shape[1])
    steep, steps = np.zeros(x.shape[1]), 0
    response = Response.fit(kernel, x, z, relative)
    errors = residuals(response, x, z, relative) * scale
    for sweep in range(SWEEPS):
        axes = Axes.of(centre, covariance(errors / np.sqrt(relative)[:, None], scale))
        response = Response.fit(kernel, x, axes.forward(y), relative)
        axes = axes.turned(response.moments(x)[0])
        z = axes.forward(y)
        if sweep == 0:
            kernel, steps = kernel_for(x, z[:, :AXES], relative, kernel if last else None)
        response = Response.fit(kernel, x, z, relative)
        left = residuals(response, x, z, relative)
        level, steep = slopes(x, (left**2 / response.noise).mean(axis=1) / share, z.shape[1])
        relative = np.exp(np.clip(x @ steep, -5.0, 5.0)) * share
        response = Response.fit(kernel, x, z, relative)
        errors = residuals(response, x, z, relative) @ axes.turn.T
    # of a mean that counts every simulation by its events
    uncertain = float(np.average(relative / share, weights=1 / share) / (1 / share).sum())
    return axes.reduced(response, uncertain), response, steep, steps


def residuals(response: Response, x: FloatArray, z: FloatArray, relative: FloatArray) -> FloatArray:
    """Return what the response leaves of numbers (n, k), as wide as the noise: fitted ones are nearer than that."""
    off = z - response.moments(x)[0]
    return np.asarray(off / np.sqrt(1 - response.leverage(x, relative)))
