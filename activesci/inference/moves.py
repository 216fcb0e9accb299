"""Jumps that leave a density of many particles as it is, and let each forget where it came from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from activesci.inference.cloud import Cloud
from activesci.types import BoolArray, FloatArray

LogDensity = Callable[[FloatArray], FloatArray]
"""(n, d) points of the unit cube to (n,) log densities with respect to the prior, in nats."""
Jumps = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Points (n, d) to where they may jump (n, d), and the log of how much more likely the way back is, (n,)."""

LEAST_SWEEPS, MOST_SWEEPS = 2, 60
FORGOTTEN = float(np.log(5.0))
"""Guided jumps that have moved all but one in five particles do as much as a set of local ones."""
FEWEST = 200
"""Particles below which no cloud is drawn around half of them."""


@dataclass(frozen=True, slots=True)
class Particles:
    """Particles on their way from a floor to a target; jumps change the arrays in place.

    Attributes:
        z: Points in coordinates in which the prior is a standard normal, (n, d).
        log_floor, log_target: The two log densities there, with respect to the prior, (n,).
        floor, target: The densities.
        temperature: The target's power; the floor has the rest.
    """

    z: FloatArray
    log_floor: FloatArray
    log_target: FloatArray
    floor: LogDensity
    target: LogDensity
    temperature: float

    def jump(self, mine: slice, jumps: Jumps, rng: np.random.Generator) -> int:
        """Let some particles jump, by the rule of Metropolis and Hastings; return how many did."""
        z = self.z[mine]
        there, back = jumps(z)
        u = cube(there)
        target = self.target(u)
        floor = self.floor(u) if self.temperature < 1.0 else self.log_floor[mine]
        gain = back + 0.5 * ((z**2).sum(axis=1) - (there**2).sum(axis=1))
        gain += self.temperature * (target - self.log_target[mine])
        gain += (1 - self.temperature) * (floor - self.log_floor[mine])
        yes = np.log(rng.random(len(z))) < gain
        self._replace(mine, yes, there, floor, target)
        return int(yes.sum())

    def _replace(self, mine: slice, yes: BoolArray, z: FloatArray, floor: FloatArray, target: FloatArray) -> None:
        self.z[mine][yes] = z[yes]
        self.log_floor[mine][yes] = floor[yes]
        self.log_target[mine][yes] = target[yes]


def move(
    u: FloatArray,
    log_floor: FloatArray,
    log_target: FloatArray,
    floor: LogDensity,
    target: LogDensity,
    temperature: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Move the particles until each was expected to jump often enough to forget, or MOST_SWEEPS were done.

    Local jumps go along differences of other particles. One is short against the target by about the root of the
    number of dimensions, so it takes as many as there are dimensions, up to a factor, to forget. Guided jumps are
    drawn from a cloud around the others, and one that is taken forgets all. Both are tried; the more effective ones
    go on. At the end of the way particles move half as much again.

    Args:
        u: Points of the unit cube, (n, d), in random order, though equal ones may be next to each other.
        log_floor: The log density there where the way begins, (n,).
        log_target: The one where it ends, (n,).
        floor: The density where the way begins.
        target: The one where it ends.
        temperature: How far along it the particles are.
        rng: Random numbers.

    Returns:
        Points, both log densities there, and the mean share of jumps that were taken.

    References:
        ter Braak, Differential evolution Markov chain, 2006, doi:10.1007/s11222-006-8769-1 (local jumps); Chopin, A
        sequential particle filter method for static models, 2002, doi:10.1093/biomet/89.3.539 (guided ones). Each half
        of the particles is moved by what the other half is like, which keeps detailed balance. They move in normal
        quantiles of the cube, where there are no walls: folding steps back at walls would break the balance, as steps
        in several directions are correlated.
    """
    particles = Particles(normal(u), log_floor.copy(), log_target.copy(), floor, target, temperature)
    halves = slice(0, len(u) // 2), slice(len(u) // 2, len(u))
    pairs = list(zip(halves, halves[::-1], strict=True))
    clouds = [Cloud.around(particles.z[theirs], rng) for _, theirs in pairs] if len(u) >= 2 * FEWEST else []

    def local() -> float:
        jumps = [(mine, differing(particles.z[theirs], rng)) for mine, theirs in pairs]
        return sum(particles.jump(*one, rng) for one in jumps) / len(u)

    def guided() -> float:
        jumps = [(mine, drawn(cloud, rng)) for (mine, _), cloud in zip(pairs, clouds, strict=True)]
        return sum(particles.jump(*one, rng) for one in jumps) / len(u)

    enough = 1.5 if temperature >= 1.0 else 1.0
    rates = forgetting(local, guided if clouds else None, max(2.0, 1 + u.shape[1] / 3), enough)
    return cube(particles.z), particles.log_floor, particles.log_target, float(np.mean(rates))


def forgetting(
    local: Callable[[], float], guided: Callable[[], float] | None, needed: float, enough: float
) -> list[float]:
    """Sweep until enough is forgotten; return the shares of jumps that were taken.

    Args:
        local: Makes a sweep of local jumps and returns the share that was taken.
        guided: Likewise of guided ones, if there are any.
        needed: Local jumps after which a particle has forgotten.
        enough: How many times over they are to forget.
    """
    kinds = {local: lambda rate: rate / needed}
    kinds |= {} if guided is None else {guided: lambda rate: -float(np.log1p(-min(rate, 0.99))) / FORGOTTEN}
    worth, rates, forgotten = dict.fromkeys(kinds, np.inf), list[float](), 0.0
    while len(rates) < LEAST_SWEEPS or (forgotten < enough and len(rates) < MOST_SWEEPS):
        sweep = max(worth, key=lambda kind: worth[kind])
        rates.append(sweep())
        worth[sweep] = kinds[sweep](rates[-1])
        forgotten += worth[sweep]
    return rates


def differing(others: FloatArray, rng: np.random.Generator) -> Jumps:
    """Return jumps along scaled differences of two of the others (n, d), one in ten unscaled (between modes)."""

    def jumps(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        n, dim = z.shape
        first = rng.integers(len(others), size=n)
        second = (first + rng.integers(1, len(others), size=n)) % len(others)
        scale = np.where(rng.random(n) < 0.1, 1.0, 2.38 / np.sqrt(2 * dim) * rng.uniform(0.5, 1.1, n))
        step = scale[:, None] * (others[first] - others[second]) + 1e-5 * rng.standard_normal((n, dim))
        return z + step, np.zeros(n)

    return jumps


def drawn(cloud: Cloud, rng: np.random.Generator) -> Jumps:
    """Return jumps to draws from a cloud, wherever they start."""

    def jumps(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        there = cloud.sample(len(z), rng)
        return there, cloud.log_prob(z) - cloud.log_prob(there)

    return jumps


def normal(u: FloatArray) -> FloatArray:
    """Return points of the unit cube in coordinates in which the prior is a standard normal."""
    return np.asarray(ndtri(np.clip(u, 1e-300, 1 - 1e-16)))


def cube(z: FloatArray) -> FloatArray:
    """Return points in normal coordinates as points of the unit cube."""
    return np.asarray(ndtr(z))
