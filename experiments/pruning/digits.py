"""The digits of scikit-learn: which of them a network is trained on, and what is known of a class beforehand."""

from functools import cache

import numpy as np
from sklearn.datasets import load_digits

CLASSES = 10
COUNTS = np.array([8, 9, 11, 13, 16, 19, 23, 27, 33, 40])
"""How many images of a class a network is trained on; which class has which number depends on the seed."""
SEEDS = 1000
"""Seeds that the study chooses from; the pilot takes later ones."""
LEVELS = 17
"""Values that a pixel can have."""


@cache
def images() -> tuple[np.ndarray, np.ndarray]:
    """Return all images (1797, 64), from 0 to 1, and their classes (1797,)."""
    found = load_digits()
    return found.data / (LEVELS - 1), found.target


@cache
def held_out() -> np.ndarray:
    """Return which images are never trained on, (1797,): all but the first 40 of each class, some 140 a class."""
    _, classes = images()
    place = np.array([(classes[:i] == one).sum() for i, one in enumerate(classes)])
    return place >= COUNTS.max()


@cache
def tested() -> np.ndarray:
    """Return the number of images of each class that accuracies are measured on, (10,)."""
    return np.bincount(images()[1][held_out()], minlength=CLASSES)


def representation(seed: int) -> np.ndarray:
    """Return how many images of each class the networks of a seed are trained on, (10,)."""
    return np.random.default_rng([seed, 1]).permutation(COUNTS)


@cache
def represented() -> np.ndarray:
    """Return the same of every seed that the study can choose, (1000, 10)."""
    return np.stack([representation(seed) for seed in range(SEEDS)])


@cache
def entropies() -> np.ndarray:
    """Return the mean entropy of the images of each class, (10,) [nats]: of how often a pixel value occurs in one."""
    pixels, classes = images()
    shares = np.stack([(np.round(pixels * (LEVELS - 1)) == level).mean(axis=1) for level in range(LEVELS)], axis=1)
    each = -np.sum(shares * np.log(np.where(shares > 0, shares, 1.0)), axis=1)
    return np.array([each[classes == one].mean() for one in range(CLASSES)])


def training_set(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (199, 64) and classes that the networks of a seed are trained on."""
    pixels, classes = images()
    rng = np.random.default_rng([seed, 2])
    rows = [_drawn(one, count, rng) for one, count in enumerate(representation(seed))]
    chosen = np.concatenate(rows)
    return pixels[chosen], classes[chosen]


def _drawn(one: int, count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(np.flatnonzero((images()[1] == one) & ~held_out()), count, replace=False)
