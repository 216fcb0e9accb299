"""Gain surfaces of known maximum, with noise that depends on the design as common random numbers leave it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from activesci.design import Question
from activesci.gain import Gain
from activesci.study import Study
from activesci.study.designs import DesignSpace


def space_of(design, constraints=()) -> DesignSpace:
    return Study(
        study="surface",
        parameters={"a": {"prior": {"uniform": [0, 1]}}},
        design=design,
        constraints=list(constraints),
        outcome={"seen": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
    ).design_space


@dataclass
class Surface:
    """A gain estimator that knows the gain, and what it was asked."""

    truth: Callable
    noise: float = 0.0
    seed: int = 0
    lucky: Callable = staticmethod(lambda call: 0.0)
    asked: list = field(default_factory=list)

    def __call__(self, xi):
        rng = np.random.default_rng([self.seed, len(self.asked)])
        self.asked.append(xi)
        value = self.truth(xi) + self.noise * rng.standard_normal(len(xi)) + self.lucky(self)
        return Gain(value, value, np.full(len(xi), self.noise))

    def given(self, xi):
        return self

    def coarse(self):
        return self

    @property
    def rows(self):
        return np.concatenate(self.asked)


def two_peaks(xi):
    x = xi[:, 0]
    return 1.5 * np.exp(-(((x - 2) / 0.8) ** 2)) + 2.0 * np.exp(-(((x - 7.5) / 0.7) ** 2)) + 0.2


def plane(xi):
    x, y = xi.T
    return 1 + np.exp(-(((x - 0.3) / 0.25) ** 2) - ((y - 0.7) / 0.2) ** 2) - 0.2 * x


def several_kinds(xi):
    x, n, kind = xi.T
    return 1 + np.exp(-(((x - 3 - kind) / 1.5) ** 2)) * np.array([0.6, 1.0, 0.3])[kind.astype(int)] * (n / 10)


ONE = {"x": {"real": [0, 10]}}
TWO = {"x": {"real": [0, 1]}, "y": {"real": [0, 1]}}
MIXED = {"x": {"real": [0, 10]}, "n": {"integer": [1, 10]}, "kind": {"choice": ["u", "d", "s"]}}


def question(design, surface, constraints=(), **more) -> Question:
    return Question(space_of(design, constraints), surface, **more)
