"""Where the next simulations tell most about the posterior."""

import numpy as np

from activesci.inference.tuning.response import Response
from activesci.types import FloatArray, IntArray

LOOKED_AT = 400
"""Places at which what is not known is looked at."""


def chosen(
    response: Response, weight: FloatArray, samples: FloatArray, candidates: FloatArray, noise: FloatArray, n: int
) -> IntArray:
    """Return the candidates to simulate, (n,), each the best given those before it; a place may be taken twice.

    The best one lowers most, on average over such places, the variance of what is not known of the expectation,
    each number of it weighted by how far its error moves the parameters.

    References:
        Cohn, Ghahramani and Jordan, Active learning with statistical models, 1996, arXiv:cs/9603104.

    Fails when:
        the posterior so far is far from the right one: part of the simulations should go elsewhere.

    Args:
        response: What is expected.
        weight: Of each number, (k,).
        samples: Inputs at which what is not known matters, (m, p).
        candidates: Inputs, (c, p).
        noise: Relative variance of the noise of a simulation at each, (c,).
        n: How many.
    """
    known = certainty(response, weight)
    here, there = (response.basis(x) * known for x in (samples, candidates))
    common, own = here @ there.T, there @ there.T
    found = np.empty(n, dtype=np.int64)
    for i in range(n):
        variance = np.diagonal(own) + noise
        best = found[i] = int(((common**2).sum(axis=0) / variance).argmax())
        pulled = own[best] / variance[best]
        common = common - common[:, best : best + 1] * pulled
        own = own - own[best][:, None] * pulled
    return found


def certainty(response: Response, weight: FloatArray) -> FloatArray:
    """Return how well each feature's weight is known, (q,): a standard deviation in units of a simulation's noise.

    Args:
        response: What is expected.
        weight: Of each number, (k,), by which they are averaged.
    """
    amplitude = float(np.exp(np.average(np.log(response.amplitude / response.noise), weights=weight)))
    return np.asarray(np.sqrt(amplitude / (amplitude * response.basis.known + 1)))


def weights(mean: FloatArray, inputs: FloatArray, hold: FloatArray) -> FloatArray:
    """Return how far an error of each number moves the parameters, in units of the posterior's variance, (k,).

    Args:
        mean: Expected numbers at posterior samples, (m, k).
        inputs: Of these samples, (m, p).
        hold: What the data know of the numbers, (k, k).
    """
    centred = inputs - inputs.mean(axis=0)
    root = np.linalg.cholesky(np.cov(inputs.T).reshape(inputs.shape[1], -1) + 1e-12 * np.eye(inputs.shape[1]))
    slopes = np.linalg.lstsq(np.linalg.solve(root, centred.T).T, mean - mean.mean(axis=0), rcond=None)[0]
    return np.asarray(((slopes @ hold) ** 2).sum(axis=0) + 1e-12)
