"""A model of one round's gain surface, by scikit-optimize: the only file that imports it."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.design.lengths import Lengths
from activesci.study.designs import DesignSpace
from activesci.study.real import PeriodicVariable, RealVariable
from activesci.study.variables import ChoiceVariable, DesignVariable, IntegerVariable
from activesci.types import FloatArray

RESTARTS = 1
"""Random starts, beside the usual one, of the first search for the model's lengths; later ones start from its end."""


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
            [one for j in self.free for one in dimensions(space.variables[j])],
            base_estimator="GP",
            n_initial_points=0,
            acq_func="EI",
            acq_optimizer="sampling",
            acq_optimizer_kwargs={"n_points": 2},  # ours are the candidates: feasible, of the pool, not asked before
            random_state=seed % 2**31,
            model_queue_size=1,
        )
        self._optimizer.base_estimator_.set_params(n_restarts_optimizer=RESTARTS)
        self._told = list[tuple[FloatArray, FloatArray]]()

    def tell(self, xi: FloatArray, values: FloatArray) -> None:
        """Learn the values (c,) of designs (c, k)."""
        self._told.append((self._transformed(xi), -values))
        if not self._optimizer.space.is_categorical:  # its kernel is another then
            places, costs = (np.concatenate(parts) for parts in zip(*self._told, strict=True))
            self._optimizer.base_estimator_.set_params(optimizer=Lengths.of(places, costs))
        with quiet():
            self._optimizer.tell([self.point(row) for row in xi], (-values).tolist())
        model = self._optimizer.models[-1]
        kernel = model.kernel_.k1 + type(model.kernel_.k2)(model.noise_)  # skopt has put its noise aside
        self._optimizer.base_estimator_.set_params(kernel=kernel, n_restarts_optimizer=0)

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
        return [column[0].item() for column in self._columns(row[None])]

    def _transformed(self, xi: FloatArray) -> FloatArray:
        """Return designs (c, k) in skopt's coordinates, by its own transforms, a dimension at once."""
        pairs = zip(self._optimizer.space.dimensions, self._columns(xi), strict=True)
        return np.hstack([np.asarray(one.transform(column)).reshape(len(xi), -1) for one, column in pairs])

    def _columns(self, xi: FloatArray) -> list[NDArray[Any]]:
        """Return designs (c, k) as values of skopt's dimensions, (c,) each."""
        return [column for j in self.free for column in columns(self.space.variables[j], xi[:, j])]


def countable(variables: Sequence[DesignVariable]) -> bool:
    """Return whether all variables have finitely many values."""
    return not any(isinstance(variable, RealVariable) for variable in variables)


def dimensions(variable: DesignVariable) -> list[Any]:
    """Return skopt's dimensions for a variable: one, or two where it is periodic, of the plane of its circle."""
    from skopt.space import Categorical, Integer, Real

    if isinstance(variable, ChoiceVariable):
        return [Categorical(range(len(variable.choices)))]
    if isinstance(variable, IntegerVariable):
        return [Integer(variable.lo, variable.hi)]
    if isinstance(variable, PeriodicVariable):
        return [Real(0.0, 1.0), Real(0.0, 1.0)]
    return [Real(variable.lo, variable.hi, prior="log-uniform" if variable.log else "uniform")]


def columns(variable: DesignVariable, values: FloatArray) -> list[NDArray[Any]]:
    """Return the values (c,) of a variable as those of its dimensions, (c,) each."""
    if isinstance(variable, PeriodicVariable):
        return list(variable.features(values).T)
    return [values if isinstance(variable, RealVariable) else values.astype(np.int64)]


class quiet(warnings.catch_warnings):  # noqa: N801 (used as a function)
    """Silences scikit-learn's remarks on kernel bounds and skopt's on points it has asked before."""

    def __enter__(self) -> Any:  # noqa: ANN401 (as the parent)
        entered = super().__enter__()
        warnings.simplefilter("ignore")
        return entered
