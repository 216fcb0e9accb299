"""Shuffled labels: which choice, and which category, is which is hidden until a blind campaign is opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from activesci.ledger.sealing import Key
from activesci.study import Study
from activesci.study.outcomes import Component
from activesci.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Shuffle:
    """For each name, the order in which its labels are shown: label i under the name of label `order[i]`.

    Attributes:
        study: The study.
        orders: By the name of a choice among the designs, or of an outcome with categories or of yes and no.
    """

    study: Study
    orders: Mapping[str, IntArray]

    @classmethod
    def of(cls, study: Study, key: Key) -> Self:
        """Return the shuffle of a study, which follows from the key alone; all orders are as probable."""
        names = study.shuffled
        return cls(study, {name: drawn_order(key, name, size) for name, size in names.items()})

    def named(self) -> dict[str, list[list[Any]]]:
        """Return for each name its labels, each with the one that it is shown as."""
        components = {one.name: one for one in self.study.outcome_space.components}
        found = {}
        for name, order in self.orders.items():
            labels = self.study.design[name].choice if name in self.study.design else components[name].categories
            every = labels or (0, 1)
            found[name] = [[label, every[int(order[i])]] for i, label in enumerate(every)]
        return found

    def design(self, design: Mapping[str, Any]) -> dict[str, Any]:
        """Return a design as it is shown."""
        return {name: self._choice(name, value) if name in self.orders else value for name, value in design.items()}

    def _choice(self, name: str, value: Any) -> Any:  # noqa: ANN401 - a word or a number
        choices = self.study.design[name].choice or ()
        return choices[int(self.orders[name][choices.index(value)])]

    def outcome(self, y: FloatArray) -> FloatArray:
        """Return flat outcomes (n, width) as they are shown."""
        shown = np.array(y)
        for one in self.study.outcome_space.components:
            if one.name in self.orders:
                places = self.study.outcome_space.places(one.name)
                shown[:, places] = self._categories(one, y[:, places])
        return shown

    def _categories(self, component: Component, values: FloatArray) -> FloatArray:
        known = ~np.isnan(values)
        found = np.array(values)
        found[known] = self.orders[component.name][np.rint(values[known]).astype(np.int64)]
        return found


def drawn_order(key: Key, name: str, size: int) -> IntArray:
    """Return a permutation of so many labels, drawn by the key (Fisher and Yates)."""
    found = np.arange(size)
    for last in range(size - 1, 0, -1):
        other = int((last + 1) * key.share(f"label {last} of {name}"))
        found[[last, other]] = found[[other, last]]
    return found
