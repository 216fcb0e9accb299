"""A star on a dark sky, seen by a camera of 12 by 12 pixels: photons are counted."""

import numpy as np
from scipy.special import gammaln, ndtr

SIDE = 12
BLUR = 1.2
SKY = 2.0


def shares(place):
    """Return the share of a star's light that falls into each row or column, for places (n,) in pixels, (n, SIDE)."""
    edges = ndtr((np.arange(SIDE + 1) - np.asarray(place)[..., None]) / BLUR)
    return np.diff(edges, axis=-1)


def expected(theta, design):
    """Return the expected photons in each pixel, (..., rows, columns)."""
    columns, rows = shares(theta["x"] - design["pointing"]), shares(theta["y"])
    return SKY + np.asarray(theta["flux"])[..., None, None] * rows[..., :, None] * columns[..., None, :]


def simulate(theta, design, rng):
    """Take an image."""
    return {"image": rng.poisson(expected(theta, design))}


def log_likelihood(theta, design, outcome):
    """Return log p(image | theta, design) of each row: what the ratio does without, and can be held against."""
    mean, image = expected(theta, design), outcome["image"]
    return (image * np.log(mean) - mean - gammaln(image + 1)).sum(axis=(1, 2))
