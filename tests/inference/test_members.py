"""Surrogates with different numbers of members, seen as if they had the same."""

import numpy as np

from activesci.inference.members import in_step


class Shifted:
    """Members that are normal around theta plus a shift of their own."""

    def __init__(self, shifts):
        self.shifts, self.members = np.array(shifts), len(shifts)

    def sample(self, theta, xi, rng):
        own = self.shifts[np.arange(len(theta)) % self.members]
        return np.broadcast_to((theta[:, 0] + own)[None, :, None], (len(xi), len(theta), 1))

    def log_prob(self, theta, xi, y):
        centre = theta[None, None, None, :, 0] + self.shifts[None, :, None, None]
        return np.broadcast_to(-0.5 * (y - centre) ** 2, (len(xi), self.members, y.shape[2], len(theta)))


THETA, XI = np.arange(12.0)[:, None], np.zeros((2, 1))


def test_members_take_turns_and_every_outcome_is_judged_by_the_one_it_is_dealt_to():
    two, three = Shifted([0.0, 1.0]), Shifted([0.0, 10.0, 20.0])
    found = in_step([two, three])
    assert [one.members for one in found] == [6, 6]
    for plain, one in zip((two, three), found, strict=True):
        drawn = one.sample(THETA, XI, np.random.default_rng(0))
        dealt = drawn.reshape(2, 2, 6, 1).swapaxes(1, 2)
        logs = one.log_prob(THETA, XI, dealt)
        assert logs.shape == (2, 6, 2, 12)
        for member in range(6):  # row i is drawn from member i modulo 6, and most probable under its own parameters
            assert (logs[0, member].argmax(axis=1) == np.arange(12).reshape(2, 6)[:, member]).all()
        each = plain.log_prob(THETA, XI, drawn[:, None])
        assert (one.log_prob(THETA, XI, drawn[:, None]) == each[:, np.arange(6) % plain.members]).all()


def test_surrogates_with_equal_numbers_of_members_are_left_as_they_are():
    one, other = Shifted([0.0, 1.0]), Shifted([2.0, 3.0])
    assert in_step([one, other]) == [one, other]
