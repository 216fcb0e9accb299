"""The only file that makes random generators.

Every stream is `SeedSequence(seed, spawn_key=(round, purpose, index))`: it depends on what it is for and on nothing
else, so a resumed, replayed or differently parallel run draws the same numbers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


class Purpose(IntEnum):
    """What a random stream is for. The values are part of a campaign's record: never renumber, only add."""

    PROPOSE = 0
    SIMULATE = 1
    FIT = 2
    INFER = 3
    GAIN = 4
    CHOOSE = 5
    MEASURE = 6
    PREDICT = 7
    PILOT = 8
    REPORT = 9
    CALIBRATE = 10
    CHECK = 11
    HYPOTHESIS = 12
    VARY = 13
    REINTERPRET = 14
    SALT = 15
    POLICY = 16


def sequence(seed: int, round: int, purpose: Purpose | int, index: int = 0) -> np.random.SeedSequence:
    """Return the seed sequence of one stream."""
    return np.random.SeedSequence(seed, spawn_key=(round, int(purpose), index))


def generator(seed: int, round: int, purpose: Purpose | int, index: int = 0) -> np.random.Generator:
    """Return the numpy generator of one stream.

    Example:
        >>> generator(1, 0, Purpose.SIMULATE, 7).random() == generator(1, 0, Purpose.SIMULATE, 7).random()
        True
        >>> generator(1, 0, Purpose.SIMULATE, 7).random() == generator(1, 0, Purpose.SIMULATE, 8).random()
        False
    """
    return np.random.default_rng(sequence(seed, round, purpose, index))


def torch_generator(rng: np.random.Generator) -> "torch.Generator":
    """Return a torch generator whose seed is drawn from `rng`."""
    import torch

    generator = torch.Generator()
    generator.manual_seed(int(rng.integers(2**63)))
    return generator


@contextmanager
def torch_seeded(rng: np.random.Generator) -> "Iterator[None]":
    """Let code of the user's that draws from torch's global generator draw what `rng` says, and put it back after."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**63)))
        yield


def integer_seed(rng: np.random.Generator) -> int:
    """Draw a seed below 2**32 for libraries that take an integer (scikit-optimize)."""
    return int(rng.integers(2**32))
