"""Where samples fall apart into separate modes."""

import numpy as np
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist, squareform

from activesci.types import FloatArray, IntArray

LOOKED_AT, NEIGHBOURS = 512, 6
"""Samples that are looked at, and how many more a mode has of them at least."""
GAP = 4.0
"""A gap is this many times as wide as the neighbourhoods on both its sides."""
WIDE = 0.5
"""A gap is at least so wide in standard deviations of all samples: some may be near copies of one another."""


def modes(z: FloatArray, rng: np.random.Generator) -> IntArray:
    """Return to which mode each sample (n, d) belongs, numbered from zero, (n,).

    The shortest tree that joins samples is cut where a branch is long against all samples and several times as long as
    its ends are far from their neighbours. What is joined is one mode, however long and curved.

    Args:
        z: Samples in coordinates of about equal scale, (n, d).
        rng: Random numbers.

    References:
        Gower and Ross, Minimum spanning trees and single linkage cluster analysis, 1969, doi:10.2307/2346439.

    Fails when:
        a mode holds less than about one in a hundred samples: it counts as part of the nearest one.
    """
    some = np.unique(z[rng.permutation(len(z))[:LOOKED_AT]], axis=0)
    if len(some) <= 2 * NEIGHBOURS:
        return np.zeros(len(z), dtype=np.int64)
    reach = np.asarray(cKDTree(some).query(some, k=NEIGHBOURS + 1)[0])[:, -1]
    tree = minimum_spanning_tree(squareform(pdist(some))).tocoo()
    size = np.sqrt(some.var(axis=0).sum())
    whole = tree.data <= np.maximum(GAP * np.maximum(reach[tree.row], reach[tree.col]), WIDE * size)
    tree.data = whole.astype(np.float64)
    tree.eliminate_zeros()
    part = connected_components(tree, directed=False)[1]
    big = np.flatnonzero(np.bincount(part) > NEIGHBOURS)
    if len(big) < 2:
        return np.zeros(len(z), dtype=np.int64)
    kept = np.isin(part, big)
    nearest = np.asarray(cKDTree(some[kept]).query(z)[1])
    return np.searchsorted(big, part[kept][nearest]).astype(np.int64)
