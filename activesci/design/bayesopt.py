"""Bayesian optimisation of the gain surface."""

from dataclasses import dataclass

import numpy as np

from activesci.design.base import Choice, Question, best_of, unlike
from activesci.design.glance import first, sighted
from activesci.design.near import candidates, different
from activesci.design.refine import refined
from activesci.design.search import Search, countable
from activesci.gain.base import Gain
from activesci.rng import integer_seed
from activesci.types import FloatArray

SCREEN = 0.6
"""Share of the evaluations that a first screen takes; it is told in one call."""
SURE = 3
"""So many of the best designs that were evaluated are held against the model's answer."""
TOGETHER = 8
"""Designs that are picked from one model, evaluated in one call and told together."""


@dataclass(frozen=True, slots=True)
class BayesOpt:
    """A Gaussian-process search for the design of the highest gain per cost.

    Very many designs are glanced at first, with very few samples: half of them fill the space, half are at what is
    believed (`believed`); then at others near the best of these. Half of the first screen are the best of all of them,
    some way apart, so that a narrow hill is not missed. The optimiser is a fresh one each round, because the surface
    moves when the posterior does; it learns the noise of the estimates. The search is with few samples, which all
    designs share. At its end the highest point of the model's mean is held, with many samples, against the best of
    the designs that were evaluated: the answer is neither the luckiest evaluation nor a hill that the model is too
    smooth for. It is then moved uphill along real variables (`refined`). Where there are no more designs than
    evaluations, in the space or in the pool, every one is evaluated. Of a larger pool only designs that it holds are
    evaluated and answered with. No design is evaluated twice.

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
        size, filling = max(2, round(SCREEN * self.evaluations)), first(question, rng)
        best = sighted(question, filling, size // 2, rng)
        return np.concatenate([best, unlike(filling, best)[: size - len(best)]])


def ordered(question: Question, xi: FloatArray, gains: Gain) -> FloatArray:
    """Return designs (c, k) in the order of their gains per cost, the highest first."""
    return np.asarray(xi[np.argsort(-question.rate(xi, gains.value), kind="stable")])


def surest(question: Question, xi: FloatArray) -> tuple[FloatArray, Gain]:
    """Return that of a few designs (n, k) of the highest gain per cost with all samples, (k,), and its gain."""
    few = different(xi)
    gains = question.gain(few)
    best = int(np.argmax(question.rate(few, gains.value)))
    return few[best], gains[best]
