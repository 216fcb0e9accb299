"""What two campaigns believe, parameter by parameter, in one picture each."""

import numpy as np

from activesci.report.figures.together import together
from activesci.types import FloatArray

from .base import Picture, Reading

MOST = 12
"""Parameters that are drawn."""


def together_pictures(one: Reading, other: Reading) -> list[Picture]:
    """Return a picture for each parameter that both ask for; none while one of the campaigns is blind.

    Args:
        one: The first campaign.
        other: The second.
    """
    if one.history.blinding is not None or other.history.blinding is not None:
        return []
    names = [n for n in _shown(one) if n in _shown(other)][:MOST]
    return [_picture(name, one, other) for name in names if one.beliefs and other.beliefs]


def _picture(name: str, one: Reading, other: Reading) -> Picture:
    unit = one.study.parameter_space.units.get(name)
    truths = {one.truth.get(name), other.truth.get(name)}
    truth = truths.pop() if len(truths) == 1 else None
    drawn = together(name, unit, [_samples(name, reading) for reading in (one, other)], truth)
    return Picture.of(drawn, f"posteriors of {name} in the two campaigns")


def _shown(reading: Reading) -> list[str]:
    return [reading.study.parameter_space.names[i] for i in reading.shown]


def _samples(name: str, reading: Reading) -> FloatArray:
    last = reading.beliefs[max(reading.beliefs)]
    return np.asarray(last[:, reading.study.parameter_space.names.index(name)], dtype=np.float64)
