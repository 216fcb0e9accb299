"""What a limited number of simulations leaves unknown of a gain."""

from dataclasses import dataclass, field

import numpy as np

from activesci.gain import NestedGain, doubted
from activesci.inference.exact import ExactSurrogate

from .worlds import line, line_gain

XI = np.array([[0.0], [4.0]])


@dataclass(frozen=True)
class Unsure(ExactSurrogate):
    """A likelihood that knows others it might as well be."""

    others: list = field(default_factory=list)

    def rivals(self):
        return self.others


def test_the_error_is_how_far_gains_under_rivals_are_apart():
    noises = [0.2, 0.25, 0.3, 0.36, 0.43]
    world = line()
    surrogate = Unsure(world, others=[ExactSurrogate(line(noise)) for noise in noises])

    def estimator(one):
        return NestedGain(world.beliefs(surrogate=one))

    gain = estimator(surrogate)(XI)
    found = doubted(gain, surrogate, XI, estimator)
    spread = np.std([[line_gain(x, noise=noise) for x in XI] for noise in noises], axis=0, ddof=1)
    np.testing.assert_allclose(np.sqrt(found.error**2 - gain.error**2), spread, rtol=0.15)
    assert np.array_equal(found.value, gain.value)


def test_a_likelihood_that_is_known_leaves_no_doubt():
    gain = line().nested()(XI)
    assert doubted(gain, ExactSurrogate(line()), XI, lambda one: line().nested(surrogate=one)) is gain
