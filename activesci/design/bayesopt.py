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
"""Share of the evaluations that a space-filling first screen takes; it is told in one call."""
CANDIDATES = 2048
"""Designs at which the model's mean is looked at for the answer, beside the evaluated ones."""


@dataclass(frozen=True, slots=True)
class BayesOpt:
    """A Gaussian-process search for the design of the highest gain per cost.

    The optimiser is a fresh one each round, because the surface moves when the posterior does; it learns the noise of
    the estimates; and the answer is the highest point of its mean, not the luckiest evaluation. A space of no more
    designs than there are evaluations is enumerated.

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
        if countable(question.space.variables) and question.space.grid_size(self.evaluations) <= self.evaluations:
            return best_of(question, question.space.grid(self.evaluations))
        screen = question.space.sample(max(2, round(SCREEN * self.evaluations)), rng)
        search = Search(question.space, integer_seed(rng))
        xi, gains = screen, question.gain(screen)
        search.tell(xi, question.rate(xi, gains.value))
        for _ in range(self.evaluations - len(screen)):
            asked = search.ask()
            gain = question.gain(asked)
            search.tell(asked, question.rate(asked, gain.value))
            xi, gains = np.concatenate([xi, asked]), Gain.joined([gains, gain])
        best = search.best(np.concatenate([xi, question.space.sample(CANDIDATES, rng)]))
        return Choice(best, question.gain(best[None]), None, xi, gains)


class Search:
    """One round's optimiser: ask and tell with designs as rows and values to be maximised.

    Args:
        space: The designs; variables of a single value are left out of the search.
        seed: Seed of the optimiser.
    """

    def __init__(self, space: DesignSpace, seed: int) -> None:
        from skopt import Optimizer

        self.space = space
        self.free = [j for j, variable in enumerate(space.variables) if variable.grid_size(2) > 1]
        self.rest = space.from_cube(np.zeros((1, space.dim)))
        self._optimizer: Any = Optimizer(
            [dimension(space.variables[j]) for j in self.free],
            base_estimator="GP",
            n_initial_points=0,
            initial_point_generator="random",
            acq_func="EI",
            acq_optimizer="sampling",
            acq_optimizer_kwargs={"n_points": 1000 if space.constraints else 10_000},
            random_state=seed % 2**31,
            model_queue_size=1,
            space_constraint=self._feasible if space.constraints else None,
        )

    def tell(self, xi: FloatArray, values: FloatArray) -> None:
        """Learn the values (c,) of designs (c, k)."""
        with quiet():
            self._optimizer.tell([self.point(row) for row in xi], (-values).tolist())

    def ask(self) -> FloatArray:
        """Return the next design to evaluate, (1, k): the highest expected improvement, feasible, not asked before."""
        with quiet():
            return self.row(self._optimizer.ask())

    def best(self, xi: FloatArray) -> FloatArray:
        """Return the design of the highest modelled value, (k,), among feasible candidates (c, k)."""
        with quiet():
            transformed = self._optimizer.space.transform([self.point(row) for row in xi])
            modelled = self._optimizer.models[-1].predict(transformed)
        return np.asarray(xi[int(np.argmin(modelled))])

    def point(self, row: FloatArray) -> list[Any]:
        """Return a design (k,) as skopt's list."""
        return [float(row[j]) if isinstance(self.space.variables[j], RealVariable) else int(row[j]) for j in self.free]

    def row(self, point: Sequence[Any]) -> FloatArray:
        """Return skopt's list as a design (1, k)."""
        row = self.rest.copy()
        row[0, self.free] = [float(value) for value in point]
        return row

    def _feasible(self, point: Sequence[Any]) -> bool:
        return bool(self.space.feasible(self.row(point))[0])


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
