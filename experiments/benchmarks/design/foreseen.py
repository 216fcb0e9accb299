"""What a campaign was going to tell: the sum of what each measurement is expected to tell, given those before it.

    E[ log p(h | theta) - log p(h) ]  =  E[ sum_t I(theta; y_t | h_1 .. h_t-1) ]

The chain rule of information holds for designs that depend on what was measured. So the sum over one campaign has the
expectation of its score, and neither the luck of its truth nor that of its last outcome. Each term is computed from
the exact posterior of what was measured before, sampled anew with random numbers that chose nothing, and integrated
over the outcome: it owes nothing to the product's estimates of gains.

References:
    Cover and Thomas, Elements of information theory, 2006, section 2.5.
"""

import numpy as np
from kept import exact

from activesci.inference.base import Data, Surrogate
from activesci.loop import round as rounds
from activesci.study import Study

APART = 10**6
"""What is added to a campaign's seed: these random numbers have chosen none of its designs."""
SAMPLES, NODES, MARGIN = 4096, 256, 0.3
"""Samples of each posterior; outcomes to integrate over, and how far beyond those drawn they reach, in their range."""
MISSING = 0.01
"""What may be missing of the integral over the outcome."""


def foreseen(study: Study, data: Data) -> np.ndarray:
    """Return what each measurement of a campaign was expected to tell, given those before it, (t,) [nats]."""
    settings = {"seed": APART + study.seed, "inference.surrogate": "exact", "inference.particles": SAMPLES}
    fresh = study.with_settings(settings)
    surrogate = exact(fresh)
    belief, found = rounds.before_data(fresh, surrogate), []
    for number, xi in enumerate(data.xi, start=1):
        found.append(told(fresh, surrogate, belief.posterior.theta, xi[None]))
        if number < len(data):
            known = Data(data.xi[:number], data.y[:number])
            belief = rounds.after_data(fresh, number, belief, surrogate, known)
    return np.array(found)


def told(study: Study, surrogate: Surrogate, theta: np.ndarray, xi: np.ndarray) -> float:
    """Return what a measurement at a design (1, k) tells on average of parameters, given samples (n, d) [nats]."""
    rng = np.random.default_rng([study.seed, 9])
    values, step = outcomes(study, surrogate.sample(theta, xi, rng)[0, :, 0])
    log_q = surrogate.log_prob(theta, xi, values[None, None, :, None])[0, 0]
    chance = step * np.exp(log_q)
    if abs(missing := 1.0 - float(chance.sum(axis=0).mean())) > MISSING:
        raise ValueError(f"found {missing:.3f} of the outcome missing at {xi[0]}, expected less than {MISSING}")
    predictive = np.log(np.maximum(chance.mean(axis=1, keepdims=True), 1e-300))
    known = np.where(chance > 0, log_q + np.log(step) - predictive, 0.0)
    return float((chance * known).sum(axis=0).mean())


def outcomes(study: Study, drawn: np.ndarray) -> tuple[np.ndarray, float]:
    """Return all that one number's outcome may be, or equally spaced values of a real one, and how far apart they are.

    Args:
        study: The study.
        drawn: Outcomes that were drawn, (n,).
    """
    kind, low, high = study.outcome_space.groups[0].columns[0].kind, drawn.min(), drawn.max()
    margin = MARGIN * (high - low)
    if kind == "real":
        values = np.linspace(low - margin, high + margin, NODES)
        return values, float(values[1] - values[0])
    if kind == "count":
        return np.arange(max(0.0, np.floor(low - margin) - 5), np.ceil(high + margin) + 6), 1.0
    return np.arange(2.0), 1.0
