"""Bayesian optimisation of the gain surface with scikit-optimize: the only file that imports it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from activesci.design.base import Choice, Question, best_of
from activesci.gain.base import Gain
from activesci.rng import integer_seed
from activesci.study.designs import DesignSpace
from activesci.study.variables import ChoiceVariable, DesignVariable, IntegerVariable, RealVariable
from activesci.types import FloatArray

SCREEN = 0.6
"""Share of the evaluations that a first screen takes; it is told in one call."""
CANDIDATES = 4096
"""Designs among which the model picks the next one to evaluate and, at the end, the answer."""


@dataclass(frozen=True, slots=True)
class BayesOpt:
    """A Gaussian-process search for the design of the highest gain per cost.

    The optimiser is a fresh one each round, because the surface moves when the posterior does; it learns the noise of
    the estimates; and the answer is the highest point of its mean, not the luckiest evaluation. Where there are no
    more designs than evaluations, in the space or in the pool, every one is evaluated. Of a larger pool only designs
    that it holds are evaluated and answered with.

    Attributes:
        evaluations: Designs at which the gain is evaluated.

    References:
        Snoek, Larochelle and Adams, Practical Bayesian optimization, 2012, arXiv:1206.2944.

    Fails when:
        there are more than about 6 variables or the surface has structure finer than the evaluations can find.
    """

    evaluations: int = 40

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Return the design of the highest modelled gain per cost."""
        few = self._few(question)
        if few is not None:
            return best_of(question, few)
        screen = self._screen(question, rng)
        search = Search(question.space, integer_seed(rng))
        xi, gains = screen, question.gain(screen)
        search.tell(xi, question.rate(xi, gains.value))
        for _ in range(self.evaluations - len(screen)):
            asked = search.ask(unlike(candidates(question, rng), xi), xi)
            gain = question.gain(asked)
            search.tell(asked, question.rate(asked, gain.value))
            xi, gains = np.concatenate([xi, asked]), Gain.joined([gains, gain])
        best = search.best(np.concatenate([xi, candidates(question, rng)]))
        return Choice(best, question.gain(best[None]), question.row(best), xi, gains)

    def _few(self, question: Question) -> FloatArray | None:
        """Return all designs, if they are no more than the evaluations."""
        if question.pool is not None:
            return question.distinct if len(question.distinct) <= self.evaluations else None
        small = countable(question.space.variables) and question.space.grid_size(self.evaluations) <= self.evaluations
        return question.space.grid(self.evaluations) if small else None

    def _screen(self, question: Question, rng: np.random.Generator) -> FloatArray:
        """Return the designs to begin with, all different."""
        size = max(2, round(SCREEN * self.evaluations))
        if question.pool is not None:
            return question.distinct[rng.choice(len(question.distinct), size, replace=False)]
        return different(question.space.sample(size, rng))


def candidates(question: Question, rng: np.random.Generator) -> FloatArray:
    """Return designs to pick from, (c, k): the pool's or, without a pool, some that fill the space."""
    return question.space.sample(CANDIDATES, rng) if question.pool is None else question.distinct


def different(xi: FloatArray) -> FloatArray:
    """Return designs (n, k) without repetitions, in the order of their first."""
    return xi[np.sort(np.unique(xi, axis=0, return_index=True)[1])]


def unlike(xi: FloatArray, known: FloatArray) -> FloatArray:
    """Return those of the designs (c, k) that are not among the known ones; all if all are known."""
    rows = {row.tobytes() for row in known}
    new = [row.tobytes() not in rows for row in xi]
    return xi[new] if any(new) else xi


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

    def ask(self, xi: FloatArray, known: FloatArray) -> FloatArray:
        """Return the one of the designs (c, k) that is expected to improve most on the known ones, (1, k)."""
        from skopt.acquisition import gaussian_ei

        least = float(self.modelled(known).min())  # of the model: the least value that was told was the luckiest
        with quiet():
            expected = gaussian_ei(self._transformed(xi), self._optimizer.models[-1], y_opt=least)
        return xi[[int(np.argmax(expected))]]

    def best(self, xi: FloatArray) -> FloatArray:
        """Return the design of the highest modelled value, (k,), among designs (c, k)."""
        return np.asarray(xi[int(np.argmin(self.modelled(xi)))])

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
