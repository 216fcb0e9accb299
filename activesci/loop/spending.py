"""Where a round simulates, and with how many events, for what its simulations may cost; pure."""

import numpy as np

from activesci.inference.base import Spending
from activesci.loop.round import CANDIDATES, PLACED_SHARE, Belief, around, proposed
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.study.tuning import EventsPart
from activesci.types import FloatArray, IntArray


def spent(
    study: Study, knob: EventsPart, round: int, n: int, belief: Belief | None, step: int = 0
) -> tuple[FloatArray, IntArray]:
    """Return where to simulate next, (p, d), and with how many events each, (p,).

    Before there are data these are n simulations of the usual number of events. Afterwards they cost no more than
    that: a tenth of the cost goes to usual ones anywhere under the prior, which find what the posterior so far has
    missed, and the rest to where and to how many events the surrogate says.

    Args:
        study: The study.
        knob: What a simulation may have, and what it costs.
        round: The round.
        n: How many usual simulations the round may cost.
        belief: What is believed; None in the first round.
        step: How many passes the round has had.
    """
    rng, space = generator(study.seed, round, Purpose.PROPOSE, step), study.parameter_space
    theta = space.from_cube(rng.random((n, space.dim)))
    if belief is None or not isinstance(belief.surrogate, Spending) or not len(belief.data):
        theta = theta if belief is None else proposed(belief, theta, rng)
        return theta, np.full(n, knob.usual)
    near = int(np.ceil(n * PLACED_SHARE))
    candidates, budget = around(belief.posterior, CANDIDATES, rng), near * (knob.overhead + knob.usual)
    found, events = belief.surrogate.spent(belief.posterior.theta, belief.data, candidates, knob, budget, rng)
    order = rng.permutation(len(found) + n - near)
    events = np.concatenate([events, np.full(n - near, knob.usual)])
    return np.concatenate([found, theta[near:]])[order], events[order]
