"""Figures: plain arrays in, a matplotlib figure out, no state between calls."""

from .base import svg
from .corner import corner
from .effort import seconds, simulations, surprise
from .gain import (
    best_gain,
    gain_curve,
    gain_curves,
    gain_pairs,
    gain_rows,
    gain_slice,
)
from .policy import training
from .predicted import classes, histogram, intervals, pulls, shares
from .ranks import ranks
from .trajectory import trajectory
from .tuned import Bins, tuned

__all__ = [
    "Bins",
    "best_gain",
    "classes",
    "corner",
    "gain_curve",
    "gain_curves",
    "gain_pairs",
    "gain_rows",
    "gain_slice",
    "histogram",
    "intervals",
    "pulls",
    "ranks",
    "seconds",
    "shares",
    "simulations",
    "surprise",
    "svg",
    "training",
    "trajectory",
    "tuned",
]
