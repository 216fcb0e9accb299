"""A policy that chose the designs: how it was trained, and what it is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from activesci.report import figures
from activesci.report.numbers import number

from .base import Picture, Reading


@dataclass(frozen=True, slots=True)
class Training:
    """What the page shows of a policy's training.

    Attributes:
        note: In words.
        picture: Its curve.
    """

    note: str
    picture: Picture


def training(reading: Reading) -> Training | None:
    """Return what is shown of the policy's training; None where there is none, or it is withheld."""
    event = next((one for one in reading.history.notes if one.payload.get("what") == "policy"), None)
    if event is None:
        return None
    said, curve = event.payload, np.asarray(reading.arrays(event)["curve"])
    worth = {way: (found["lower"], found["error"]) for way, found in said["worth"].items()}
    figure = figures.training(curve[0], curve[1], worth)
    return Training(note(said), Picture.of(figure, "information of campaigns over the policy's training"))


def note(said: Mapping[str, Any]) -> str:
    """Return in words what a policy is worth, and what it was trained on."""
    worth = [f"{_range(found)} by {way} choice" for way, found in said["worth"].items()]
    ways = ", ".join(worth).replace("by policy choice", "by the policy")
    text = (
        f"Designs are chosen by a policy that was trained for {said['horizon']} measurements before the first of "
        f"them. Campaigns that the surrogate simulates under the prior tell, in nats: {ways}. Greedy choice is here "
        "the best of some designs by the gain of one measurement, on samples of the prior weighted by the data."
    )
    if said["gap"] is None:
        return text
    off = f"{number(said['gap'], 2)} +- {number(said['gap_error'], 1)}"
    return f"{text} What it was trained on is {off} nats a measurement from the surrogate."


def _range(found: Mapping[str, float]) -> str:
    low, high = number(found["lower"], 3), number(found["upper"], 3)
    return f"{low}{f' to {high}' if high != low else ''} (+- {number(found['error'], 1)})"
