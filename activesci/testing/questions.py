"""Questions for a designer, of every kind that a study can ask, with a gain that is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import numpy as np

from activesci.design import Question
from activesci.gain import Gain
from activesci.study import Study
from activesci.study.designs import DesignSpace
from activesci.types import FloatArray

from .base import frozen

LINE = {"x": {"real": [0, 10]}}
CONSTRAINTS = ("x <= 4", "n + x < 9")
SEVERAL_KINDS = {"x": {"real": [0, 10]}, "n": {"integer": [1, 10]}, "kind": {"choice": ["u", "d", "s"]}}
FEW = {"kind": {"choice": ["u", "d", "s", "c"]}}


@dataclass
class KnownGain:
    """A gain estimator that knows the gain, and what it was asked.

    Attributes:
        truth: The gain of designs (c, k), (c,), nats.
        asked: All designs that it was asked for, in the order of the calls.
    """

    truth: Callable[[FloatArray], FloatArray]
    asked: list[FloatArray] = field(default_factory=list)

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k), with a small error."""
        self.asked.append(xi)
        value = self.truth(xi)
        return Gain(value - 0.01, value + 0.01, np.full(len(xi), 0.01))

    def given(self, xi: FloatArray) -> Any:  # noqa: ANN401 (a NestedGain by the protocol; nothing asks for more)
        """Return the joint gain with designs (q, k): what several measurements tell adds up here."""
        known = self.truth(xi).sum()
        return KnownGain(lambda more: self.truth(more) + known, self.asked)

    def coarse(self) -> Self:
        """Return itself: there are no samples to save."""
        return self


def questions(needs_pool: bool = False) -> dict[str, Question]:
    """Return questions by what they are about, new ones at every call; their arrays cannot be written to.

    Args:
        needs_pool: Leave out those without recorded measurements.
    """
    line, several, few = _spaces()
    pool = np.array([[1.0], [7.4], [3.0], [7.4], [9.5]])
    pooled = {
        "a pool": Question(line, KnownGain(_peaks), pool=pool),
        "a pool of one row": Question(line, KnownGain(_peaks), pool=pool[:1].copy()),
        "a pool with costs": Question(line, KnownGain(_peaks), cost=_dearer, pool=pool.copy()),
    }
    free = {
        "one real variable": Question(line, KnownGain(_peaks)),
        "several kinds of variables under a constraint": Question(several, KnownGain(_peaks)),
        "costs": Question(line, KnownGain(_peaks), cost=_dearer),
        "designs that are asked for already": Question(few, KnownGain(_peaks), taken=np.array([[2.0], [1.0], [0.0]])),
        "hints": Question(line, KnownGain(_peaks), hints=np.array([[2.0], [7.5]])),
    }
    found = pooled if needs_pool else pooled | free
    for question in found.values():
        frozen(question.pool, question.taken, question.hints)
    return found


@cache
def _spaces() -> tuple[DesignSpace, DesignSpace, DesignSpace]:
    return _space(LINE), _space(SEVERAL_KINDS, CONSTRAINTS), _space(FEW)


def _space(design: Mapping[str, Any], constraints: tuple[str, ...] = ()) -> DesignSpace:
    study = Study(
        study="question",
        parameters={"a": {"prior": {"uniform": [0, 1]}}},
        design=design,
        constraints=list(constraints),
        outcome={"y": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )
    return study.design_space


def _peaks(xi: FloatArray) -> FloatArray:
    x = xi[:, 0]
    found: FloatArray = 1.5 * np.exp(-(((x - 2) / 0.8) ** 2)) + 2.0 * np.exp(-(((x - 7.5) / 0.7) ** 2)) + 0.2
    return found


def _dearer(xi: FloatArray) -> FloatArray:
    found: FloatArray = 1.0 + xi[:, 0]
    return found
