"""What a section of the page is made of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from activesci.ledger.history import Arrays, History
from activesci.report.figures import svg
from activesci.report.thinning import thinned
from activesci.types import FloatArray

if TYPE_CHECKING:
    from activesci.study import Study


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure ready for the page.

    Attributes:
        svg: The drawing, an SVG element made by us.
        caption: Its text, still to be escaped.
        small: Whether it is one of many of a kind.
    """

    svg: str
    caption: str = ""
    small: bool = False

    @classmethod
    def of(cls, figure: Figure, title: str, caption: str = "", small: bool = False) -> "Picture":
        """Return the picture of a figure; `title` is read to those who cannot see it."""
        return cls(svg(figure, title), caption, small)


@dataclass(frozen=True)
class Reading:
    """A campaign and its arrays, as the sections read them.

    Attributes:
        study: The question.
        history: What happened.
        arrays: Loads an event's arrays.
        beliefs: Posterior samples (N, d) after each round that has them and is drawn, by the round's number.
    """

    study: "Study"
    history: History
    arrays: Arrays
    beliefs: dict[int, FloatArray]

    @classmethod
    def of(cls, study: "Study", history: History, arrays: Arrays) -> "Reading":
        """Return the reading of a campaign, finished or not."""
        done = [(r.number, r.inferred) for r in history.rounds if r.inferred is not None]
        drawn = [done[i] for i in thinned(len(done))]
        return cls(study, history, arrays, {n: np.asarray(arrays(event)["theta"]) for n, event in drawn})

    @property
    def shown(self) -> list[int]:
        """The positions of the parameters of interest; of all, if every one is a nuisance."""
        space = self.study.parameter_space
        return list(space.interest) or list(range(space.dim))

    @property
    def truth(self) -> dict[str, float]:
        """The true parameters where nature is the study's own simulator, else nothing; nothing while it is blind."""
        if self.history.blinding is not None:
            return {}
        experiment = self.study.mapping().get("experiment")
        truth = experiment.get("truth") if isinstance(experiment, dict) else None
        return dict(truth or {}) if self.study.experiment.hypothesis is None else {}


def spread(count: int, budget: int) -> list[int]:
    """Return which of `count` panels to show: all, or the first and the last ones.

    Example:
        >>> spread(3, 5), spread(100, 4)
        ([0, 1, 2], [0, 97, 98, 99])
    """
    if count <= budget:
        return list(range(count))
    return [0, *range(count - budget + 1, count)]
