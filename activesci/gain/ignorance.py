"""What not knowing the simulator costs: where simulations, not measurements, are worth most."""

import numpy as np

from activesci.gain.beliefs import Beliefs
from activesci.gain.nested import log_mean
from activesci.rng import Purpose, generator
from activesci.types import FloatArray

OUTER, INNER = 32, 128
MOST = 64
"""Designs that are looked at; of more than that, evenly spaced ones."""


def ignorance(beliefs: Beliefs, xi: FloatArray) -> FloatArray:
    """Return how much less designs (c, k) teach if which member of the surrogate is right is not known, (c,), nats.

        E_m I(theta; y | member m) - I(theta; y) = E[ log q_m(y | theta) / q(y | theta) - log q_m(y) / q(y) ]

    with q the mean over members: the mean gain of the members less that of their mixture, which is not negative. It is
    no reason to measure there: simulating there takes it away. It is about all parameters, asked about or not.

    References:
        Houlsby et al., Bayesian active learning for classification and preference learning, 2011, arXiv:1112.5745:
        what an outcome says of the model, here turned round.

    Fails when:
        all members are wrong in the same way.

    Returns:
        Zero for a surrogate of one member; NaN for designs that are not looked at.
    """
    found = np.full(len(xi), np.nan)
    rows = np.unique(np.linspace(0, len(xi) - 1, min(MOST, len(xi))).astype(np.int64))
    found[rows] = 0.0 if beliefs.surrogate.members == 1 else _of(beliefs, xi[rows])
    return found


def _of(beliefs: Beliefs, xi: FloatArray) -> FloatArray:
    members, theta = beliefs.surrogate.members, beliefs.theta[:INNER]
    n = OUTER // members * members or members
    y = beliefs.surrogate.sample(theta[:n], xi, generator(beliefs.seed, 3, Purpose.GAIN))
    pairs = beliefs.surrogate.log_prob(theta, xi, y[:, None])  # (c, members, n, m)
    rows = np.arange(n)
    own, predictive = pairs[:, :, rows, rows], log_mean(pairs)
    drawn = rows % members
    excess = [part[:, drawn, rows] - log_mean(part.swapaxes(1, 2)) for part in (own, predictive)]
    valid = ~np.isnan(y).all(axis=2)
    return np.asarray(np.maximum(np.where(valid, excess[0] - excess[1], 0.0).mean(axis=1), 0.0))
