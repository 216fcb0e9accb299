"""Bayesian optimisation of the gain surface."""

from dataclasses import dataclass

import numpy as np

from activesci.design.base import Choice, Question, best_of, unlike
from activesci.design.glance import spaced
from activesci.design.refine import refined
from activesci.design.search import Search, countable
from activesci.gain.base import Gain
from activesci.rng import integer_seed
from activesci.study.designs import DesignSpace
from activesci.study.variables import RealVariable
from activesci.types import FloatArray

SCREEN = 0.6
"""Share of the evaluations that a first screen takes; it is told in one call."""
GLANCED = 400
"""Designs that are glanced at, with so few samples that all of them cost about as much as the screen."""
SURE = 3
"""So many of the best designs that were evaluated are held against the model's answer."""
TOGETHER = 8
"""Designs that are picked from one model, evaluated in one call and told together."""
CANDIDATES, NEARBY = 2048, 1024
"""Designs that fill the space, and designs around the best so far, among which the model picks those to evaluate and,
at the end, the answer."""
BEST, FARTHEST = 4, 2.0
"""How many of the best designs others are placed around, and up to which power of ten their distances shrink."""


@dataclass(frozen=True, slots=True)
class BayesOpt:
    """A Gaussian-process search for the design of the highest gain per cost.

    Very many designs are glanced at first, with very few samples: half of them fill the space, half are at what is
    believed (`believed`), and half of the first screen are the best of them, some way apart, so that a narrow hill is
    not missed. The optimiser is a fresh one each round, because the surface moves when the posterior does; it learns
    the noise of the estimates. The search is with few samples, which all designs share. At its end the highest point
    of the model's mean is held, with many samples, against the best of the designs that were evaluated: the answer
    is neither the luckiest evaluation nor a hill that the model is too smooth for. It is then moved uphill along real
    variables (`refined`). Where there are no more designs than evaluations, in the space or in the pool, every one is
    evaluated. Of a larger pool only designs that it holds are evaluated and answered with. No design is evaluated
    twice.

    Attributes:
        evaluations: Designs at which the gain is evaluated in the search.

    References:
        Snoek, Larochelle and Adams, Practical Bayesian optimization, 2012, arXiv:1206.2944.
        Gonzalez et al., Batch Bayesian optimization via local penalization, 2016, arXiv:1505.08052: several at once.

    Fails when:
        there are more than about 10 variables, or the best hill is narrower than designs glanced at are apart and not
        at what is believed.
    """

    evaluations: int = 40

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Return the design of the highest modelled gain per cost."""
        few = self._few(question)
        if few is not None:
            return best_of(question, few)
        gain, search = question.gain.coarse(), Search(question.space, integer_seed(rng))
        xi = self._screen(question, rng)
        gains = gain(xi)
        search.tell(xi, question.rate(xi, gains.value))
        while (left := self.evaluations - len(xi)) > 0:
            asked = search.ask(unlike(candidates(question, search.ranked(xi), rng), xi), xi, min(left, TOGETHER))
            new = gain(asked)
            search.tell(asked, question.rate(asked, new.value))
            xi, gains = np.concatenate([xi, asked]), Gain.joined([gains, new])
        modelled = search.ranked(np.concatenate([xi, candidates(question, search.ranked(xi), rng)]))[:1]
        surer = surest(question, np.concatenate([modelled, ordered(question, xi, gains)[:SURE]]))
        best, found = refined(question, *surer)
        return Choice(best, found, question.row(best), xi, gains)

    def _few(self, question: Question) -> FloatArray | None:
        """Return all designs, if they are no more than the evaluations."""
        if question.pool is not None:
            return question.distinct if len(question.distinct) <= self.evaluations else None
        small = countable(question.space.variables) and question.space.grid_size(self.evaluations) <= self.evaluations
        return question.free(question.space.grid(self.evaluations)) if small else None

    def _screen(self, question: Question, rng: np.random.Generator) -> FloatArray:
        """Return the designs to begin with, all different: half of them the best at a glance, half fill the space."""
        size, looked = max(2, round(SCREEN * self.evaluations)), glanced(question, rng)
        rates = question.rate(looked, question.gain.coarse().coarse()(looked).value)
        best = looked[spaced(question.space.features(looked), rates, size // 2)]
        return np.concatenate([best, unlike(looked, best)[: size - len(best)]])


def glanced(question: Question, rng: np.random.Generator) -> FloatArray:
    """Return the designs to glance at, all different: first those that fill the space, or some of a pool."""
    if question.pool is not None:
        return rng.permutation(question.distinct)[:GLANCED]
    hints = np.empty((0, question.space.dim)) if question.hints is None else question.hints[: GLANCED // 2]
    return different(question.free(np.concatenate([question.space.sample(GLANCED - len(hints), rng), hints])))


def ordered(question: Question, xi: FloatArray, gains: Gain) -> FloatArray:
    """Return designs (c, k) in the order of their gains per cost, the highest first."""
    return np.asarray(xi[np.argsort(-question.rate(xi, gains.value), kind="stable")])


def surest(question: Question, xi: FloatArray) -> tuple[FloatArray, Gain]:
    """Return that of a few designs (n, k) of the highest gain per cost with all samples, (k,), and its gain."""
    few = different(xi)
    gains = question.gain(few)
    best = int(np.argmax(question.rate(few, gains.value)))
    return few[best], gains[best]


def candidates(question: Question, ranked: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return designs to pick from, (c, k): the pool's, or some that fill the space and some near the best.

    Args:
        question: What is asked.
        ranked: Designs that were evaluated, the best first, (n, k).
        rng: Random numbers.
    """
    if question.pool is not None:
        return question.distinct
    filling = question.space.sample(CANDIDATES, rng)
    near = nearby(question.space, ranked[:BEST], filling[:NEARBY], rng)
    hints = [] if question.hints is None else [question.hints]
    return question.free(np.concatenate([filling, near, *hints]))


def nearby(space: DesignSpace, best: FloatArray, filling: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return feasible designs (c, k) around the best ones: some of their variables moved towards those of others.

    Args:
        space: The designs.
        best: The best designs, (b, k).
        filling: Designs that fill the space, (n, k).
        rng: Random numbers.
    """
    from_, k = best[rng.integers(len(best), size=len(filling))], space.dim
    moved = rng.random(filling.shape) < np.maximum(rng.random((len(filling), 1)), 1 / k)
    share = 10 ** -rng.uniform(0, FARTHEST, (len(filling), 1))
    real = np.array([isinstance(variable, RealVariable) for variable in space.variables])
    near = np.where(real, from_ + share * (filling - from_), filling)
    near = np.where(moved, near, from_)
    return near[space.feasible(near)]


def different(xi: FloatArray) -> FloatArray:
    """Return designs (n, k) without repetitions, in the order of their first."""
    return xi[np.sort(np.unique(xi, axis=0, return_index=True)[1])]
