"""The density of one outcome group as an emulator has it: Gaussian events around a mean that is not quite known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.arrays import below
from activesci.inference.emulator.curve import Curve
from activesci.inference.emulator.events import Events
from activesci.inference.emulator.gaussian_events import between, inverse_root, noise_covariance, within
from activesci.inference.emulator.noise import Noise
from activesci.inference.emulator.reduction import Reduction
from activesci.types import FloatArray

NUMBERS_AT_ONCE = 8_000_000


@dataclass(frozen=True, slots=True)
class Emulated:
    """q(events | theta, xi) = integral over the function f of a product of Gaussians.

        z = f(x) + noise,    f ~ curve of a Gaussian process given the bank,    noise ~ N(0, D(x) R D(x))

    All events at one (theta, xi) share f and with it the emulator's error; so do, more or less, events at designs near
    one another.

    Attributes:
        reduction: The coordinates z of an event.
        means: The curve f of each coordinate.
        noise: Its noise variance D^2.
        correlation: The noise's correlation R between coordinates, (q, q).
    """

    reduction: Reduction
    means: tuple[Curve, ...]
    noise: Noise
    correlation: FloatArray

    @property
    def features(self) -> int:
        """The most features that any of the means has."""
        return max(len(curve.process.weights) for curve in self.means)

    def at(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the mean, its variance, and the noise's covariance at inputs (n, p): (n, q), (n, q), (n, q, q)."""
        moments = [curve.moments(x) for curve in self.means]
        mean, variance = (np.stack([one[i] for one in moments], axis=1) for i in (0, 1))
        return mean, variance, noise_covariance(self.noise(x, mean), self.correlation)

    def log_prob(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the log densities of outcomes (n, events, columns) at inputs (m, p), all pairs, (n, m)."""
        events = Events.of(self.reduction, y)
        mean, variance, noise = self.at(x)
        own = variance[:, :, None] * np.eye(mean.shape[1])
        result = within(events, inverse_root(noise)[:, None]).T
        size = max(1, NUMBERS_AT_ONCE // max(1, len(y) * mean.shape[1]))
        for count in np.unique(events.count[events.count > 0]):
            which = np.flatnonzero(events.count == count)
            for first in range(0, len(x), size):
                part = slice(first, first + size)
                off = events.mean[which] - mean[part, None, :]
                result[which, part] += between(off, own[part] + noise[part] / count).T
        return np.asarray(result)

    def joint(self, x: FloatArray, events: Events) -> FloatArray:
        """Return the log density of sets of events at distinct designs, all of them together, (m,).

        Args:
            x: Inputs of every design for each parameter, (m, u, p).
            events: The sets, (u); the emulator's error is common to a set, and correlated between sets.
        """
        size = max(1, NUMBERS_AT_ONCE // (x.shape[1] * len(self.means)) ** 2)
        return np.concatenate([self._joint(x[i : i + size], events) for i in range(0, len(x), size)])

    def _joint(self, x: FloatArray, events: Events) -> FloatArray:
        m, u, p = x.shape
        q = len(self.means)
        found = [curve.joint(x) for curve in self.means]
        mean = np.stack([mean for mean, _ in found], axis=2)
        noise = self.noise(x.reshape(-1, p), mean.reshape(-1, q))
        noise = noise_covariance(noise, self.correlation).reshape(m, u, q, q)
        total, off = within(events, inverse_root(noise)).sum(axis=1), events.mean - mean
        each = noise / events.count[:, None, None]
        if np.array_equal(self.correlation, np.eye(q)):
            for c, (_, own) in enumerate(found):
                covariance = own + each[:, :, c, c, None] * np.eye(u)
                total += between(off[:, None, :, c], covariance)[:, 0]
            return np.asarray(total)
        whole = np.zeros((m, u, q, u, q))
        for c, (_, own) in enumerate(found):
            whole[:, :, c, :, c] += own
        for t in range(u):
            whole[:, t, :, t, :] += each[:, t]
        flat = whole.reshape(m, u * q, u * q)
        return np.asarray(total + between(off.reshape(m, 1, u * q), flat)[:, 0])

    def drawn(self, x: FloatArray, events: Events, normal: FloatArray) -> FloatArray:
        """Return the log density of sets of events under functions that are drawn from what is known of f.

        Args:
            x: Inputs of every design for each parameter, (m, u, p).
            events: The sets, (u).
            normal: Standard normal numbers, (q, most, draws).

        Returns:
            Log densities up to a term that is common to all draws, (draws, m).
        """
        m, u, p = x.shape
        q, flat = len(self.means), x.reshape(-1, p)
        functions = [curve.drawn(flat, numbers) for curve, numbers in zip(self.means, normal, strict=True)]
        mean = np.stack([one for one, _ in functions], axis=2)
        left = np.stack([one for _, one in functions], axis=1)
        expected = np.stack([curve.mean(flat) for curve in self.means], axis=1)
        noise = noise_covariance(self.noise(flat, expected), self.correlation)
        count = np.tile(events.count, m)[:, None, None]
        covariance = noise / count + left[:, :, None] * np.eye(q)
        off = np.tile(events.mean, (m, 1))[:, None, :] - mean
        return np.asarray(between(off, covariance).reshape(m, u, -1).sum(axis=1).T)

    def sample(self, x: FloatArray, events: int, rng: np.random.Generator) -> FloatArray:
        """Draw events with the same random numbers for every design, (t, n, events, columns).

        Args:
            x: Inputs, (t, n, p).
            events: Number of events.
            rng: Random numbers.
        """
        t, n, p = x.shape
        q = len(self.means)
        shared, normal = rng.standard_normal((n, q)), rng.standard_normal((n, events, q))
        others = rng.standard_normal((n, events, self.reduction.others))
        mean, variance, noise = self.at(x.reshape(-1, p))
        mean = mean.reshape(t, n, 1, q) + (np.sqrt(variance).reshape(t, n, q) * shared)[:, :, None, :]
        root = np.linalg.cholesky(noise).reshape(t, n, q, q)
        z = mean + normal @ root.swapaxes(-1, -2)
        return self.reduction.inverse(z, np.broadcast_to(others, (t, *others.shape)))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        parts = {"reduction": self.reduction.state(), "noise": self.noise.state()}
        parts |= {f"mean{i}": curve.state() for i, curve in enumerate(self.means)}
        named = {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}
        return named | {"correlation": self.correlation}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the density that `state` has described."""
        matrix = np.asarray(state["correlation"], np.float64)
        means = tuple(Curve.restore(below(state, f"mean{i}")) for i in range(len(matrix)))
        return cls(Reduction.restore(below(state, "reduction")), means, Noise.restore(below(state, "noise")), matrix)
