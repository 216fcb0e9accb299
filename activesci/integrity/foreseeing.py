"""What is to be expected of hypotheses before the first measurement: campaigns played on the models themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from scipy.stats.qmc import Sobol

from activesci.gain.which import Side
from activesci.study.parameters import ParameterSpace
from activesci.types import BoolArray, FloatArray, IntArray

RENEWED = 0.2
"""Share of the sampler's particles that are drawn anew from the prior for each measurement; see `smc.bridge`."""
FEWEST = 10.0
"""The effective sample size, in the median of the campaigns, down to which a campaign is played on."""


@dataclass(frozen=True)
class Played:
    """Campaigns played under each hypothesis.

    Attributes:
        against_rest: The log Bayes factor of each hypothesis against the others together [nats], after each
            measurement, (true hypothesis, campaign, measurements, hypothesis). A campaign that was decided is not
            played on, and keeps its last.
        reached: Which hypothesis was claimed, by its place, (true hypothesis, campaign); -1 for none.
        measurements: After how many measurements, or how many were played, (true hypothesis, campaign).
        exhausted: Whether the samples of the priors became too few before the last measurement.
    """

    against_rest: FloatArray
    reached: IntArray
    measurements: IntArray
    exhausted: bool

    def decided(self, true: int) -> tuple[float, float]:
        """Return the shares of campaigns that claim the true hypothesis, and a false one."""
        found = self.reached[true]
        return float((found == true).mean()), float(((found >= 0) & (found != true)).mean())


def play(
    sides: Sequence[Side],
    xi: FloatArray,
    least: FloatArray,
    steps: int,
    campaigns: int,
    samples: int,
    rng: np.random.Generator,
    chosen: bool = True,
    particles: int | None = None,
) -> Played:
    """Play campaigns of measurements whose outcomes are drawn under each hypothesis in turn.

    Evidences are means of the likelihood over samples of each prior. Of a sampler with so many particles they have the
    error that it is going to state, and a claim waits until the factor is at its threshold even less that error: see
    `Standing.reaches`. In each step all campaigns that are not decided measure the design that tells most about the
    hypotheses on average over them; a campaign that chooses for itself decides no later, on average.

    Args:
        sides: The hypotheses, with samples of their priors.
        xi: The designs that may be measured, again and again, (c, k).
        least: The log Bayes factor against the others together at which each hypothesis is claimed, (k,).
        steps: How many measurements at most.
        campaigns: How many under each hypothesis.
        samples: How many samples of each prior; the truths are others.
        rng: Random numbers.
        chosen: Whether designs are chosen; otherwise each step takes the next at random.
        particles: The particles of the sampler; None for evidences without an error.

    References:
        Stefan, Gronau, Schonbrodt and Wagenmakers, A tutorial on Bayes factor design analysis using an informed prior,
        2019, doi:10.3758/s13428-018-01189-8.

    Fails when:
        the posterior becomes so narrow that hardly a sample of the prior is left in it; the course then ends
        (`exhausted`); or a likelihood is learned, whose networks add an error of their own that is not foreseen.
    """
    game = _Game.begun(sides, campaigns, samples, particles)
    chance = np.array([one.probability for one in sides])
    rest, ended = [], np.zeros(len(game.truth), dtype=bool)
    reached, measured = np.full(len(ended), -1), np.zeros(len(ended), dtype=np.int64)
    last, exhausted = np.zeros((len(ended), len(sides))), False
    for _ in range(steps):
        going = np.flatnonzero(~ended)
        options = xi if chosen else xi[rng.integers(len(xi), size=1)]
        logs, each = game.outcomes(options, going, rng)
        best = _most_telling(logs, game.truth[going], chance)
        game.take(going, [one[best] for one in each], rng)
        last, noisy = last.copy(), logs[best] + game.off[going]
        last[going] = against_rest(noisy, chance)
        rest.append(last)
        measured[going] += 1
        reached[going] = _claims(last[going] - rest_error(noisy, chance, game.variance[going]), least)
        ended = reached >= 0
        if ended.all() or (exhausted := game.effective(np.flatnonzero(~ended)) < FEWEST):
            break
    shape = (len(sides), campaigns)
    found = np.stack(rest, axis=1).reshape(*shape, len(rest), len(sides))
    return Played(found, reached.reshape(shape), measured.reshape(shape), bool(exhausted))


def against_rest(logs: FloatArray, chance: FloatArray) -> FloatArray:
    """Return log Bayes factors against the others together, (n, k), from log evidences (n, k)."""
    weighted = logs + np.log(chance)
    others = [np.arange(len(chance)) != k for k in range(len(chance))]
    rest = [logsumexp(weighted[:, one], axis=1) - np.log(chance[one].sum()) for one in others]
    return np.asarray(logs - np.stack(rest, axis=1))


def rest_error(logs: FloatArray, chance: FloatArray, variance: FloatArray) -> FloatArray:
    """Return the standard errors of log Bayes factors against the others together, (n, k).

    Args:
        logs: Log evidences, (n, k).
        chance: How probable each hypothesis was beforehand, (k,).
        variance: The squared standard errors of the log evidences, (n, k).
    """
    weighted, found = logs + np.log(chance), []
    for k in range(len(chance)):
        others = np.arange(len(chance)) != k
        share = np.exp(weighted[:, others] - logsumexp(weighted[:, others], axis=1, keepdims=True))
        found.append(variance[:, k] + (share**2 * variance[:, others]).sum(axis=1))
    return np.asarray(np.sqrt(np.stack(found, axis=1)))


def spread(space: ParameterSpace, samples: int, campaigns: int, rng: np.random.Generator) -> FloatArray:
    """Return samples of a prior that fill it evenly, a power of two of them, and behind them truths of campaigns.

    Evidences that are means over them have far less noise than with samples that are independent; noise in
    them would lift some of many looks over a threshold, and so look like power.

    Args:
        space: The parameters.
        samples: How many fill the prior.
        campaigns: How many are truths, (samples + campaigns, d) in all.
        rng: Random numbers.

    References:
        Owen, Scrambled net variance for integrals of smooth functions, 1997, doi:10.1214/aos/1031594731.
    """
    even = Sobol(space.dim, seed=rng).random(samples) if space.dim else np.empty((samples, 0))
    return space.from_cube(np.concatenate([even, rng.random((campaigns, space.dim))]))


def _most_telling(logs: FloatArray, truth: IntArray, chance: FloatArray) -> int:
    """Return the design after which the true hypothesis is most probable in the mean of the log."""
    weighted = logs + np.log(chance)
    right = np.take_along_axis(weighted, truth[None, :, None], axis=2)[:, :, 0] - logsumexp(weighted, axis=2)
    return int(np.argmax((right * chance[truth]).sum(axis=1)))


def _claims(factors: FloatArray, least: FloatArray) -> IntArray:
    """Return which hypothesis has reached its threshold, by its place, (n,); -1 for none."""
    over: BoolArray = factors >= least
    return np.where(over.any(axis=1), np.argmax(over, axis=1), -1)


@dataclass
class _Game:
    """Campaigns under way: what each was drawn with, and the log likelihoods of each prior's samples so far.

    Attributes:
        sides: The hypotheses.
        truth: Which of them is true in each campaign, (n,).
        thetas: Its parameters in the campaigns in which it is, by hypothesis, (campaigns, d).
        supports: Samples of each prior, (m, d).
        logs: Their log likelihoods in each campaign, (n, m), by hypothesis.
        particles: Those of the sampler; None for evidences without an error.
        variance: The squared standard errors of its log evidences in each campaign, (n, k).
        off: By how much they are off, (n, k).
    """

    sides: Sequence[Side]
    truth: IntArray
    thetas: list[FloatArray]
    supports: list[FloatArray]
    logs: list[FloatArray]
    particles: int | None
    variance: FloatArray
    off: FloatArray

    @classmethod
    def begun(cls, sides: Sequence[Side], campaigns: int, samples: int, particles: int | None) -> "_Game":
        truth = np.repeat(np.arange(len(sides)), campaigns)
        thetas = [one.theta[np.arange(-campaigns, 0) % len(one.theta)] for one in sides]
        sizes = [max(1, min(samples, len(one.theta) - campaigns)) if one.theta.shape[1] else 1 for one in sides]
        supports = [one.theta[:size] for one, size in zip(sides, sizes, strict=True)]
        logs = [np.zeros((len(truth), size)) for size in sizes]
        variance, off = (np.zeros((len(truth), len(sides))) for _ in range(2))
        return cls(sides, truth, thetas, supports, logs, particles, variance, off)

    def outcomes(
        self, xi: FloatArray, going: IntArray, rng: np.random.Generator
    ) -> tuple[FloatArray, list[FloatArray]]:
        """Return what evidences (c, n, k) would be after an outcome at each design, and its log likelihoods."""
        y = np.concatenate([self._drawn(k, xi, going, rng) for k in range(len(self.sides))], axis=1)
        each = [self._likelihood(k, xi, y) for k in range(len(self.sides))]
        after = [logsumexp(self.logs[k][going] + one, axis=2) - np.log(one.shape[2]) for k, one in enumerate(each)]
        return np.stack(after, axis=2), each

    def _drawn(self, k: int, xi: FloatArray, going: IntArray, rng: np.random.Generator) -> FloatArray:
        """Return outcomes (c, n, width) of the campaigns going on in which a hypothesis is true."""
        mine = going[self.truth[going] == k] - k * len(self.thetas[k])
        if not len(mine):
            return np.empty((len(xi), 0, self._width(k, xi, rng)))
        return self.sides[k].surrogate.sample(self.thetas[k][mine], xi, rng)

    def _width(self, k: int, xi: FloatArray, rng: np.random.Generator) -> int:
        return int(self.sides[k].surrogate.sample(self.thetas[k][:1], xi[:1], rng).shape[2])

    def _likelihood(self, k: int, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return the log likelihoods (c, n, m) of a prior's samples, by the members' mean density."""
        found = self.sides[k].surrogate.log_prob(self.supports[k], xi, y[:, None])
        mean = logsumexp(found, axis=1) - np.log(found.shape[1])
        failed = np.asarray(np.isnan(y).all(axis=2))
        return np.where(failed[:, :, None], 0.0, mean)

    def take(self, going: IntArray, found: Sequence[FloatArray], rng: np.random.Generator) -> None:
        """Count an outcome of each campaign that goes on."""
        for k, (logs, one) in enumerate(zip(self.logs, found, strict=True)):
            if self.particles and logs.shape[1] > 1:
                more = scatter(logs[going], logs[going] + one) / self.particles
                self.variance[going, k] += more
                self.off[going, k] += np.sqrt(more) * rng.standard_normal(len(going))
            logs[going] += one

    def effective(self, going: IntArray) -> float:
        """Return how many samples the true hypothesis' posterior rests on, in the median of campaigns."""
        free = [k for k in range(len(self.sides)) if self.logs[k].shape[1] > 1]
        sizes = [
            float(np.exp(2 * logsumexp(row) - logsumexp(2 * row)))
            for k in free
            for row in self.logs[k][going[self.truth[going] == k]]
        ]
        return float(np.median(sizes)) if sizes else np.inf


def scatter(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return the relative variance of the sampler's weights from one target to the next, (n,).

    They are of the new posterior against the mixture of the old one and the prior from which the sampler starts. Where
    they differ much it goes in steps, each of which keeps half of its particles and adds about one.

    Args:
        before: Log likelihoods of the prior's samples, (n, m), without the last outcome.
        after: The same with it.
    """
    old, new = (np.exp(logs - logsumexp(logs, axis=1, keepdims=True)) * logs.shape[1] for logs in (before, after))
    square = (new**2 / ((1 - RENEWED) * old + RENEWED)).mean(axis=1) - 1
    return np.asarray(np.minimum(square, np.log2(1 + square)))
