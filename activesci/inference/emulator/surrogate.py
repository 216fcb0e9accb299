"""The emulator: the outcome's density from the tens or hundreds of simulations that a slow simulator allows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import Data, FitInfo, mixed
from activesci.inference.closed_form.arrays import below
from activesci.inference.emulator.emulated import Emulated
from activesci.inference.emulator.emulating import emulated, ungaussian
from activesci.inference.emulator.events import Events
from activesci.inference.emulator.reduction import refused
from activesci.inference.emulator.success import Success
from activesci.inference.likelihood.surrogate import events_of
from activesci.inference.networks.coordinates import Inputs
from activesci.inference.networks.network import one_thread
from activesci.ledger.bank import Bank
from activesci.study.designs import DesignSpace
from activesci.study.outcomes import OutcomeSpace
from activesci.study.parameters import ParameterSpace
from activesci.types import BoolArray, FloatArray, IntArray

FEWEST = 10
"""Valid simulations below which nothing is fitted; for each input two more are needed."""
ROWS_AT_ONCE = 16_384
"""Pairs of parameters and designs that are looked at together."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a fit has learned.

    Attributes:
        inputs: The coordinates of parameters and designs.
        parts: The density of each outcome group.
        success: The probability of a valid outcome; None while no simulation has failed.
        normal: Standard normal numbers by which each group's functions are drawn, each (q, most, members).
    """

    inputs: Inputs
    parts: tuple[Emulated, ...]
    success: Success | None
    normal: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class EmulatorSurrogate:
    """q(y | theta, xi): Gaussian processes of the outcome's mean over parameters and designs, and smooth noise.

    The emulator's own error widens the likelihood. It is no noise, though: it does not average out over measurements
    at one design. So `log_likelihood` takes all data at once, with the error that they share; `log_prob` is of single
    outcomes. The error is integrated in closed form, so there is one member; `log_likelihood` still tells the
    draws of the function apart, and their disagreement says how much of the posterior's width is the emulator's.

    References:
        Kennedy and O'Hagan, Bayesian calibration of computer models, 2001, doi:10.1111/1467-9868.00294.
        Järvenpää et al., Parallel Gaussian process surrogate Bayesian inference with noisy likelihood evaluations,
        2021, arXiv:1905.01252 (the emulator's error in the posterior).

    Fails when:
        the noise is far from Gaussian (skewed, heavy-tailed, of several modes) in the outcome's units; the mean has
        jumps; or there are more than about 10 parameters and design variables. Data at more than about 100 distinct
        designs times outcome columns make every posterior slow (the cube of that number). The gain of a next
        experiment counts the emulator's error as if earlier measurements had told nothing of it.

    Attributes:
        parameters, designs, outcomes: The study's spaces.
        draws: Functions that are drawn to see how far the emulator's error moves the answer.
        known: What a fit has learned.
    """

    parameters: ParameterSpace
    designs: DesignSpace
    outcomes: OutcomeSpace
    draws: int = 4
    known: Known | None = None

    def __post_init__(self) -> None:
        """Refuse outcomes that no emulator can serve."""
        if said := next((said for group in self.outcomes.groups if (said := refused(group))), None):
            raise ValueError(said)

    @property
    def fewest(self) -> int:
        """Valid simulations below which nothing is fitted."""
        return FEWEST + 2 * (self.parameters.dim + self.designs.n_features)

    @property
    def members(self) -> int:
        """One: the emulator's error is integrated."""
        return 1

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the emulator of the whole bank; the kernels of an earlier fit are where the search starts.

        Raises:
            ValueError: If there are too few valid simulations, or counts are too small for an emulator.
        """
        last, valid = self.known, bank.valid
        inputs = last.inputs if last else Inputs.of(self.parameters, self.designs, bank.xi, None)
        x = np.concatenate([inputs.of_theta(bank.theta), inputs.of_xi(bank.xi)], axis=1)
        if valid.sum() < self.fewest:
            raise ValueError(
                f"{valid.sum()} of {len(bank)} simulations are valid, at least {self.fewest} are needed to fit"
            )
        with one_thread():
            fits = [
                emulated(group, x[valid], events_of(group, bank.y[valid]), last.parts[i] if last else None)
                for i, group in enumerate(self.outcomes.groups)
            ]
            success = None if valid.all() else Success.fit(x, valid)
        parts = tuple(fit.density for fit in fits)
        normal = tuple(rng.standard_normal((len(part.means), part.features, self.draws)) for part in parts)
        loss, held_out = (sum(getattr(fit, name) for fit in fits) for name in ("learned", "left_out"))
        info = FitInfo(-loss, held_out, sum(fit.steps for fit in fits), last is not None)
        return replace(self, known=Known(inputs, parts, success, normal)), info

    def unlike(self, bank: Bank) -> str | None:
        """Return in words what the simulations it was fitted to show that it cannot describe; None if nothing."""
        valid, known = bank.valid, self._ready()
        x = np.concatenate([known.inputs.of_theta(bank.theta), known.inputs.of_xi(bank.xi)], axis=1)[valid]
        for group, part in zip(self.outcomes.groups, known.parts, strict=True):
            if (column := ungaussian(part, x, events_of(group, bank.y[valid]))) is not None:
                alone = len(part.means) == len(group.columns)
                return f"the noise of {group.columns[column].name if alone else 'the outcome'} is far from Gaussian"
        return None

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities for all pairs, (t, 1, n, m); see `Surrogate.log_prob`."""
        with one_thread():
            return np.stack([self._at_design(theta, xi[t : t + 1], y[t, 0])[None] for t in range(len(xi))])

    def _at_design(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities at one design, (n, m), of outcomes (n, width)."""
        known, valid = self._ready(), ~np.isnan(y).all(axis=1)
        x = self._inputs(theta, xi)[:, 0]
        total = np.zeros((len(y), len(theta)))
        for group, part in zip(self.outcomes.groups, known.parts, strict=True):
            total[valid] += part.log_prob(x, events_of(group, y[valid]))
        if known.success is not None:
            total[valid] += known.success.log_probability(x)
            total[~valid] = known.success.log_probability(x, valid=False)
        return total

    def log_likelihood(self, theta: FloatArray, data: Data) -> FloatArray:
        """Return the log-likelihood of all data together, (draws, m); see `Joint.log_likelihood`."""
        size = max(1, ROWS_AT_ONCE // max(1, len(data)))
        with one_thread():
            parts = [self._likelihood(theta[first : first + size], data) for first in range(0, len(theta), size)]
        return np.concatenate(parts, axis=1)

    def _likelihood(self, theta: FloatArray, data: Data) -> FloatArray:
        known, valid = self._ready(), ~np.isnan(data.y).all(axis=1)
        designs, place = distinct(data.xi)
        x = self._inputs(theta, designs)
        together, drawn = np.zeros(len(theta)), np.zeros((self.draws, len(theta)))
        for group, part, normal in zip(self.outcomes.groups, known.parts, known.normal, strict=True):
            events = Events.of(part.reduction, events_of(group, data.y[valid])).pooled(place[valid], len(designs))
            some = np.flatnonzero(events.count > 0)
            if len(some):
                together += part.joint(x[:, some], events[some])
                drawn += part.drawn(x[:, some], events[some], normal)
        if known.success is not None:
            for kind in (True, False):
                often = np.bincount(place[valid == kind], minlength=len(designs))
                chance = known.success.log_probability(x.reshape(-1, x.shape[2]), kind)
                together += chance.reshape(len(theta), -1) @ often
        return together + drawn - mixed(drawn)

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes of every design with the same random numbers, (t, n, width); see `Surrogate.sample`."""
        known = self._ready()
        x = self._inputs(theta, xi).swapaxes(0, 1)
        y = np.full((len(xi), len(theta), self.outcomes.width), np.nan)
        with one_thread():
            counts = self.outcomes.event_counts(xi)
            for group, part, count in zip(self.outcomes.groups, known.parts, counts, strict=True):
                events = part.sample(x, group.events, rng)
                unused = np.arange(group.events) >= np.asarray(count)[:, None]
                events = np.where(unused[:, None, :, None], np.nan, events)
                y[..., group.start : group.stop] = events.reshape(*y.shape[:2], -1)
            uniform = rng.random(len(theta))
            if known.success is not None:
                chance = known.success.log_probability(x.reshape(-1, x.shape[2])).reshape(y.shape[:2])
                y[np.log(uniform) > chance] = np.nan
        return y

    def _inputs(self, theta: FloatArray, xi: FloatArray) -> FloatArray:
        """Return the inputs for all pairs of parameters (m, d) and designs (t, k), (m, t, p)."""
        inputs = self._ready().inputs
        theta_in, xi_in = inputs.of_theta(theta), inputs.of_xi(xi)
        pairs = (len(theta), len(xi))
        parts = (
            np.broadcast_to(theta_in[:, None], (*pairs, theta_in.shape[1])),
            np.broadcast_to(xi_in, (*pairs, xi_in.shape[1])),
        )
        return np.concatenate(parts, axis=2)

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return for all parameters (n, d) that the emulator judges them, (n,): it knows its own error."""
        return np.ones(len(theta), dtype=np.bool_)

    def resolves(self, theta: FloatArray) -> bool:
        """Return that no finer surrogate is needed: what the emulator lacks is in its draws' disagreement."""
        return True

    def _ready(self) -> Known:
        if self.known is None:
            raise ValueError("the surrogate has not been fitted")
        return self.known

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        known = self._ready()
        arrays: dict[str, NDArray[np.generic]] = {
            "inputs.centre": known.inputs.centre,
            "inputs.scale": known.inputs.scale,
        }
        for i, (part, normal) in enumerate(zip(known.parts, known.normal, strict=True)):
            arrays |= {f"part{i}.{name}": array for name, array in part.state().items()} | {f"normal{i}": normal}
        if known.success is not None:
            arrays |= {f"success.{name}": array for name, array in known.success.state().items()}
        return arrays

    @staticmethod
    def owns(state: Mapping[str, NDArray[np.generic]]) -> bool:
        """Return whether it is an emulator's state."""
        return "inputs.centre" in state and "normal0" in state

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the emulator with what an earlier fit has learned."""
        inputs, success = below(state, "inputs"), below(state, "success")
        centre, scale = (np.asarray(inputs[name], np.float64) for name in ("centre", "scale"))
        groups = range(len(self.outcomes.groups))
        parts = tuple(Emulated.restore(below(state, f"part{i}")) for i in groups)
        normal = tuple(np.asarray(state[f"normal{i}"], np.float64) for i in groups)
        known = Known(Inputs(self.parameters, self.designs, centre, scale), parts, None, normal)
        return replace(self, known=replace(known, success=Success.restore(success) if success else None))


def distinct(xi: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the distinct ones of designs (t, k), (u, k), and which of them each is, (t,)."""
    if xi.shape[1] == 0:
        return xi[:1], np.zeros(len(xi), dtype=np.int64)
    designs, place = np.unique(xi, axis=0, return_inverse=True)
    return designs, place.reshape(len(xi))
