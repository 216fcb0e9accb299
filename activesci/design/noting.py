"""Everything that a search has asked of the gain, kept for the record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from activesci.design.base import Choice, Looked, Question
from activesci.gain.base import Gain, GainEstimator
from activesci.gain.joint import JointGain
from activesci.types import Columns, FloatArray


@dataclass(frozen=True, slots=True)
class Noting:
    """An estimator that keeps every gain that it has told.

    Attributes:
        gain: The estimator.
        notes: Where it keeps them.
        fineness: 0 with all samples, 1 with fewer, 2 with fewer still.
    """

    gain: GainEstimator
    notes: list[Looked]
    fineness: int = 0

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k)."""
        found = self.gain(xi)
        self.notes.append(Looked(xi, found, np.full(len(xi), self.fineness)))
        return found

    def given(self, xi: FloatArray) -> JointGain:
        """Return the estimator of the joint gain with designs (q, k); it keeps nothing."""
        return self.gain.given(xi)

    def coarse(self) -> "Noting":
        """Return the estimator with fewer samples, which keeps what it has told in the same place."""
        return Noting(self.gain.coarse(), self.notes, self.fineness + 1)


def noted(question: Question) -> tuple[Question, list[Looked]]:
    """Return a question of whose gain everything that is told is kept, and where."""
    notes: list[Looked] = []
    return replace(question, gain=Noting(question.gain, notes)), notes


def in_one(notes: Iterable[Looked]) -> Looked | None:
    """Return all notes as one; None if there are none."""
    every = list(notes)
    if not every:
        return None
    xi, fineness = (np.concatenate([getattr(one, name) for one in every]) for name in ("xi", "fineness"))
    return Looked(xi, Gain.joined([one.gains for one in every]), fineness)


def searched(choices: Sequence[Choice]) -> Columns:
    """Return all that was asked of the gain for choices, one after another, as arrays of n rows.

    `looked.place` says for which of the choices, counted from 0: the gain is then what a design adds to those before
    it. Joint gains of whole plans, which a longer horizon compares, are not among them.
    """
    known = [(place, one.looked) for place, one in enumerate(choices) if one.looked is not None]
    if (every := in_one(looked for _, looked in known)) is None:
        return {}
    gains, places = every.gains, np.repeat([i for i, _ in known], [len(looked.xi) for _, looked in known])
    said = {"xi": every.xi, "fineness": every.fineness, "place": places}
    said |= {"gain": gains.value, "lower": gains.lower, "upper": gains.upper, "error": gains.error}
    return {f"looked.{name}": array for name, array in said.items()}
