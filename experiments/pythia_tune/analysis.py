"""From charged particles to histograms as ALEPH has published them: the later steps of workflow.yaml."""

import json
from functools import cache

import numpy as np

THRUST = (
    np.array([0, 5, 10, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100, 120, 140, 160, 180, 200, 250, 300, 350, 400]) / 1000
)  # edges of 1 - T
CHARGED = np.arange(3, 56, 2)
"""Edges of the charged multiplicity: every bin holds one even number."""


def select(parameters, inputs, outputs, rng):
    """Write the charged multiplicity and 1 - thrust (of the charged particles) of every event with two of them."""
    rows = np.load(inputs["particles"]).astype(np.float64)
    events = int(rows[0, 0])
    ends = np.searchsorted(rows[1:, 0], np.arange(events + 1))
    momenta = [rows[1:, 1:][first:last] for first, last in zip(ends[:-1], ends[1:], strict=True)]
    np.save(outputs["shapes"], np.array([(len(p), 1 - thrust(p)) for p in momenta if len(p) > 1]))


def thrust(momenta):
    """Return max over axes n of sum |n p| / sum |p| for momenta (k, 3), exactly.

    The best axis is the sum of all momenta with signs by which side of a plane through two of them they are on.

    References:
        Brandt and Dahmen, Axes and scalar measures of two-jet and three-jet events, 1979, doi:10.1007/BF01450381.
    """
    first, second = pairs(len(momenta))
    normals = np.cross(momenta[first], momenta[second])
    sides = np.where(normals @ momenta.T >= 0, 1.0, -1.0)
    rows = np.arange(len(first))
    sides[rows, first] = sides[rows, second] = 0.0  # in the plane: either side is tried
    sums, one, other = sides @ momenta, momenta[first], momenta[second]
    best = max(((sums + a * one + b * other) ** 2).sum(axis=1).max() for a in (-1, 1) for b in (-1, 1))
    return float(np.sqrt(best) / np.sqrt((momenta**2).sum(axis=1)).sum())


@cache
def pairs(k):
    """Return all pairs of k things, as two arrays."""
    return np.triu_indices(k, 1)


def histogram(parameters, inputs, outputs, rng):
    """Write densities in 1 - T, shares of each charged multiplicity, and its mean."""
    charged, less = np.load(inputs["shapes"]).T
    shares = np.histogram(less, THRUST)[0] / len(less)
    found = {
        "thrust": (shares / np.diff(THRUST)).tolist(),
        "charged": (np.histogram(charged, CHARGED)[0] / len(charged)).tolist(),
        "mean_charged": float(charged.mean()),
    }
    outputs["histograms"].write_text(json.dumps(found))
