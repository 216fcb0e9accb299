"""Bayesian optimisation of the gain surface with scikit-optimize: the only file that imports it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from activesci.design.base import Choice, Question, best_of, unlike
from activesci.design.refine import refined
from activesci.gain.base import Gain
from activesci.rng import integer_seed
from activesci.study.designs import DesignSpace
from activesci.study.variables import ChoiceVariable, DesignVariable, IntegerVariable, RealVariable
from activesci.types import FloatArray

SCREEN = 0.6
"""Share of the evaluations that a first screen takes; it is told in one call."""
HINTED = 2
"""One in so many of the first screen is at what is believed, where that is a design."""
SURE = 4
"""Where narrow hills are expected, so many of the designs that were evaluated are held against the model's answer."""
TOGETHER = 4
"""Designs that are picked from one model, evaluated in one call and told together."""
CANDIDATES, NEARBY = 4096, 1024
"""Designs that fill the space, and designs around the best so far, among which the model picks those to evaluate and,
at the end, the answer."""
BEST, FARTHEST = 4, 2.0
"""How many of the best designs others are placed around, and up to which power of ten their distances shrink."""


@dataclass(frozen=True, slots=True)
class BayesOpt:
    """A Gaussian-process search for the design of the highest gain per cost.

    The optimiser is a fresh one each round, because the surface moves when the posterior does; it learns the noise of
    the estimates; and the answer is the highest point of its mean, not the luckiest evaluation, moved uphill along
    real variables (`refined`). It searches with few samples, which all designs share, and evaluates its answer with
    many. Where there are no more designs than
    evaluations, in the space or in the pool, every one is evaluated. Of a larger pool only designs that it holds are
    evaluated and answered with. No design is evaluated twice.

    Attributes:
        evaluations: Designs at which the gain is evaluated in the search.

    References:
        Snoek, Larochelle and Adams, Practical Bayesian optimization, 2012, arXiv:1206.2944.
        Gonzalez et al., Batch Bayesian optimization via local penalization, 2016, arXiv:1505.08052: several at once.

    Fails when:
        there are more than about 10 variables or the surface has structure finer than the evaluations can find.
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
        best = search.ranked(np.concatenate([xi, candidates(question, search.ranked(xi), rng)]))[0]
        if question.hints is not None:
            best = surest(
                question, np.concatenate([best[None], xi[np.argsort(-question.rate(xi, gains.value))[:SURE]]])
            )
        best, found = refined(question, best)
        return Choice(best, found, question.row(best), xi, gains)

    def _few(self, question: Question) -> FloatArray | None:
        """Return all designs, if they are no more than the evaluations."""
        if question.pool is not None:
            return question.distinct if len(question.distinct) <= self.evaluations else None
        small = countable(question.space.variables) and question.space.grid_size(self.evaluations) <= self.evaluations
        return question.free(question.space.grid(self.evaluations)) if small else None

    def _screen(self, question: Question, rng: np.random.Generator) -> FloatArray:
        """Return the designs to begin with, all different."""
        size = max(2, round(SCREEN * self.evaluations))
        if question.pool is not None:
            return question.distinct[rng.choice(len(question.distinct), size, replace=False)]
        hints = np.empty((0, question.space.dim)) if question.hints is None else question.hints[: size // HINTED]
        return different(question.free(np.concatenate([hints, question.space.sample(size - len(hints), rng)])))


def surest(question: Question, xi: FloatArray) -> FloatArray:
    """Return that of a few designs (n, k) of the highest gain per cost with all samples, (k,)."""
    few = different(xi)
    return np.asarray(few[int(np.argmax(question.rate(few, question.gain(few).value)))])


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


class Search:
    """One round's optimiser: tell it designs as rows and values to be maximised, and ask it for the next design.

    Args:
        space: The designs; variables of a single value are left out of the search.
        seed: Seed of the optimiser.
    """

    def __init__(self, space: DesignSpace, seed: int) -> None:
        from skopt import Optimizer

        self.space = space
        self.free = [j for j, variable in enumerate(space.variables) if variable.grid_size(2) > 1]
        self._optimizer: Any = Optimizer(
            [dimension(space.variables[j]) for j in self.free],
            base_estimator="GP",
            n_initial_points=0,
            acq_func="EI",
            acq_optimizer="sampling",
            acq_optimizer_kwargs={"n_points": 2},  # ours are the candidates: feasible, of the pool, not asked before
            random_state=seed % 2**31,
            model_queue_size=1,
        )

    def tell(self, xi: FloatArray, values: FloatArray) -> None:
        """Learn the values (c,) of designs (c, k)."""
        with quiet():
            self._optimizer.tell([self.point(row) for row in xi], (-values).tolist())

    def ask(self, xi: FloatArray, known: FloatArray, count: int) -> FloatArray:
        """Return those of the designs (c, k) that are expected to improve most on the known ones, (count, k).

        After each of them what is expected near it shrinks as if it were known.
        """
        from skopt.acquisition import gaussian_ei

        least = float(self.modelled(known).min())  # of the model: the least value that was told was the luckiest
        points, model = self._transformed(xi), self._optimizer.models[-1]
        with quiet():
            expected = gaussian_ei(points, model, y_opt=least)
        scale, picked = float(model.kernel_.diag(points[:1])[0]), list[int]()
        for _ in range(min(count, len(xi))):
            picked.append(int(np.argmax(expected)))
            likeness = model.kernel_(points, points[picked[-1:]])[:, 0] / scale
            expected = expected * (1.0 - np.minimum(likeness, 1.0) ** 2)
            expected[picked] = -1.0
        return xi[picked]

    def ranked(self, xi: FloatArray) -> FloatArray:
        """Return designs (c, k) in the order of their modelled values, the highest first."""
        return np.asarray(xi[np.argsort(self.modelled(xi), kind="stable")])

    def modelled(self, xi: FloatArray) -> FloatArray:
        """Return the model's mean at designs (c, k), (c,), to be minimised."""
        with quiet():
            return np.asarray(self._optimizer.models[-1].predict(self._transformed(xi)))

    def point(self, row: FloatArray) -> list[Any]:
        """Return a design (k,) as skopt's list."""
        return [float(row[j]) if isinstance(self.space.variables[j], RealVariable) else int(row[j]) for j in self.free]

    def _transformed(self, xi: FloatArray) -> FloatArray:
        return np.asarray(self._optimizer.space.transform([self.point(row) for row in xi]))


def countable(variables: Sequence[DesignVariable]) -> bool:
    """Return whether all variables have finitely many values."""
    return not any(isinstance(variable, RealVariable) for variable in variables)


def dimension(variable: DesignVariable) -> Any:  # noqa: ANN401 (skopt has no types)
    """Return skopt's dimension for a variable."""
    from skopt.space import Categorical, Integer, Real

    if isinstance(variable, ChoiceVariable):
        return Categorical(range(len(variable.choices)))
    if isinstance(variable, IntegerVariable):
        return Integer(variable.lo, variable.hi)
    return Real(variable.lo, variable.hi, prior="log-uniform" if variable.log else "uniform")


class quiet(warnings.catch_warnings):  # noqa: N801 (used as a function)
    """Silences scikit-learn's remarks on kernel bounds and skopt's on points it has asked before."""

    def __enter__(self) -> Any:  # noqa: ANN401 (as the parent)
        entered = super().__enter__()
        warnings.simplefilter("ignore")
        return entered
