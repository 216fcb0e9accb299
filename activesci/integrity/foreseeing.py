"""What is to be expected of hypotheses before the first measurement: campaigns played on the models themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from activesci.gain.which import Side
from activesci.types import BoolArray, FloatArray, IntArray

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
) -> Played:
    """Play campaigns of measurements whose outcomes are drawn under each hypothesis in turn.

    Evidences are means of the likelihood over samples of each prior. In each step all campaigns that are not decided
    measure the design that tells most about the hypotheses on average over them; a campaign that chooses for itself
    decides no later, on average.

    Args:
        sides: The hypotheses, with samples of their priors.
        xi: The designs that may be measured, again and again, (c, k).
        least: The log Bayes factor against the others together at which each hypothesis is claimed, (k,).
        steps: How many measurements at most.
        campaigns: How many under each hypothesis.
        samples: How many samples of each prior; the truths are others.
        rng: Random numbers.
        chosen: Whether designs are chosen; otherwise each step takes the next at random.

    References:
        Stefan, Gronau, Schonbrodt and Wagenmakers, A tutorial on Bayes factor design analysis using an informed prior,
        2019, doi:10.3758/s13428-018-01189-8.

    Fails when:
        the posterior becomes so narrow that hardly a sample of the prior is left in it; the course then ends
        (`exhausted`).
    """
    game = _Game.begun(sides, campaigns, samples)
    chance = np.array([one.probability for one in sides])
    rest, ended = [], np.zeros(len(game.truth), dtype=bool)
    reached, measured = np.full(len(ended), -1), np.zeros(len(ended), dtype=np.int64)
    last, exhausted = np.zeros((len(ended), len(sides))), False
    for _ in range(steps):
        going = np.flatnonzero(~ended)
        options = xi if chosen else xi[rng.integers(len(xi), size=1)]
        logs, each = game.outcomes(options, going, rng)
        best = _most_telling(logs, game.truth[going], chance)
        game.take(going, [one[best] for one in each])
        last = last.copy()
        last[going] = against_rest(logs[best], chance)
        rest.append(last)
        measured[going] += 1
        reached[going] = _claims(last[going], least)
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
    """

    sides: Sequence[Side]
    truth: IntArray
    thetas: list[FloatArray]
    supports: list[FloatArray]
    logs: list[FloatArray]

    @classmethod
    def begun(cls, sides: Sequence[Side], campaigns: int, samples: int) -> "_Game":
        truth = np.repeat(np.arange(len(sides)), campaigns)
        thetas = [one.theta[np.arange(-campaigns, 0) % len(one.theta)] for one in sides]
        sizes = [max(1, min(samples, len(one.theta) - campaigns)) if one.theta.shape[1] else 1 for one in sides]
        supports = [one.theta[:size] for one, size in zip(sides, sizes, strict=True)]
        return cls(sides, truth, thetas, supports, [np.zeros((len(truth), size)) for size in sizes])

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

    def take(self, going: IntArray, found: Sequence[FloatArray]) -> None:
        """Count an outcome of each campaign that goes on."""
        for logs, one in zip(self.logs, found, strict=True):
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
