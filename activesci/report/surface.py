"""The gain surface of a round as data: its candidates, its axes, and how they are told from the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.ledger.history import Arrays, RoundRecord
from activesci.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from activesci.study import Study


@dataclass(frozen=True, slots=True)
class GainSurface:
    """The candidates of one round and what each would teach.

    Attributes:
        xi: The designs, (c, k).
        gain: Expected information gain of each [nats], (c,).
        lower: Its lower bound, (c,).
        upper: Its upper bound, (c,).
        error: Monte-Carlo standard error of the gain, (c,).
        picked: Whether it was proposed, (c,).
    """

    xi: FloatArray
    gain: FloatArray
    lower: FloatArray
    upper: FloatArray
    error: FloatArray
    picked: BoolArray

    @property
    def low(self) -> FloatArray:
        """The lower end of the error band, (c,)."""
        return np.fmin(np.fmin(self.lower, self.gain - self.error), self.gain)

    @property
    def high(self) -> FloatArray:
        """The upper end of the error band, (c,)."""
        return np.fmax(np.fmax(self.upper, self.gain + self.error), self.gain)


@dataclass(frozen=True, slots=True)
class Scale:
    """A design variable as an axis.

    Attributes:
        name: The variable.
        unit: Its unit.
        log: Whether it lives on a logarithmic scale.
        choices: What the indices of a choice stand for.
        seam: Its ends, if they are one and the same.
    """

    name: str
    unit: str | None = None
    log: bool = False
    choices: Sequence[str] = field(default=())
    seam: tuple[float, float] | None = None


def gain_span(surfaces: Sequence[GainSurface]) -> tuple[float, float]:
    """Return limits of the gain axis that suit all rounds; from zero, unless a noisy estimate is below."""
    top = max((float(np.nanmax(s.high, initial=0.0)) for s in surfaces), default=0.0)
    bottom = min((float(np.nanmin(s.gain, initial=0.0)) for s in surfaces), default=0.0)
    return min(0.0, 1.05 * bottom), 1.05 * top or 1.0


def gain_spans(surfaces: Sequence[GainSurface]) -> tuple[list[tuple[float, float]], bool]:
    """Return the gain axis of each round, and whether they are all the same.

    They are, for comparison, unless a later round would then lie flat on the axis.
    """
    own = [gain_span([surface]) for surface in surfaces]
    tops = [high for _, high in own]
    if max(tops, default=1.0) > 3.0 * min(tops, default=1.0):
        return own, False
    return [gain_span(surfaces)] * len(surfaces), True


def gain_surface(study: "Study", record: RoundRecord, arrays: Arrays) -> GainSurface | None:
    """Return a round's candidates and gains as its ledger has them, None if it did not look for designs.

    A proposal that is none of the candidates (the optimum of a model of the surface) is added to them.
    """
    found = arrays(record.chosen) if record.chosen is not None and study.design_space.dim > 0 else {}
    if "xi" not in found or "gain" not in found:  # a design that nobody had to look for
        return None
    xi, gain = found["xi"], found["gain"]
    columns = [found.get(name, gain) for name in ("gain", "lower", "upper")] + [
        found.get("error", np.zeros(len(gain)))
    ]
    table = np.column_stack([xi, *columns, np.zeros(len(xi))])
    for proposal in record.proposals:
        row = study.design_space.encode(proposal["design"])
        same = (table[:, : len(row)] == row).all(axis=1)
        table[same, -1] = 1.0
        if not same.any():
            numbers = [_number(proposal.get(key), proposal["gain"]) for key in ("gain", "lower", "upper")]
            table = np.vstack([table, [*row, *numbers, _number(proposal.get("error"), 0.0), 1.0]])
    k = xi.shape[1]
    gain, lower, upper, error = table[:, k : k + 4].T
    return GainSurface(table[:, :k], gain, lower, upper, error, table[:, -1] > 0)


def scales(study: "Study") -> list[Scale]:
    """Return the study's design variables as axes."""
    parts = study.mapping().get("design") or {}
    return [_scale(name, part) for name, part in parts.items()]


def seam_of(part: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the ends of an entry of `design:` if they are one and the same."""
    return (float(part["real"][0]), float(part["real"][1])) if part.get("periodic") else None


def _scale(name: str, part: Mapping[str, Any]) -> Scale:
    choices = tuple(str(c) for c in part.get("choice", ()))
    return Scale(name, part.get("unit"), bool(part.get("log")), choices, seam_of(part))


def _number(value: float | None, default: float | None) -> float:
    return float("nan") if value is None and default is None else float(default if value is None else value)  # type: ignore[arg-type]
