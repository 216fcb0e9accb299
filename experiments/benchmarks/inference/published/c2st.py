"""The classifier two-sample test: how well a network tells two sets of samples apart; 0.5 where it cannot, 1 at worst.

References:
    Lopez-Paz and Oquab, Revisiting classifier two-sample tests, 2017, arXiv:1610.06545.
    Lueckmann et al., Benchmarking simulation-based inference, 2021, arXiv:2101.04653: two hidden layers of 10 units a
    dimension, five folds, both sets scaled by the reference's mean and standard deviation.
"""

import numpy as np
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

FOLDS, SEED = 5, 1
FEW_FOLDS, MANY = 2, 10


def folds_of(dim):
    """Return how many folds are evaluated in so many dimensions: with many, where one takes long, not all."""
    return FEW_FOLDS if dim >= MANY else FOLDS


def c2st(reference, samples, evaluated=FOLDS):
    """Return the held-out accuracy of telling samples (n, d) from as many reference samples.

    Args:
        reference: Reference samples, (at least n, d).
        samples: Samples, (n, d).
        evaluated: How many of the five folds are trained for and evaluated.
    """
    n = min(len(reference), len(samples))
    centre, scale = reference[:n].mean(axis=0), reference[:n].std(axis=0)
    rows = (np.concatenate([reference[:n], samples[:n]]) - centre) / scale
    rows = rows.astype(np.float32)  # as the authors have it
    whose = np.repeat([0, 1], n)
    width = 10 * rows.shape[1]
    network = MLPClassifier((width, width), activation="relu", solver="adam", max_iter=1000, random_state=SEED)
    folds = list(KFold(FOLDS, shuffle=True, random_state=SEED).split(rows))[:evaluated]
    return float(cross_val_score(network, rows, whose, cv=folds, scoring="accuracy").mean())
