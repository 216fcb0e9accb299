"""The likelihoods of some data and of more, evaluated together: each point is looked at once for both."""

from dataclasses import dataclass, field

import numpy as np

from activesci.inference.base import Data, Joint, Surrogate, mixed
from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray


@dataclass
class Growing:
    """What a surrogate says of data, and of the first of them alone.

    On its way from one posterior to the next a sampler asks both at the same points. What was found at the last points
    is kept for that.

    Attributes:
        space: The parameters.
        surrogate: The surrogate; the log-likelihoods of its measurements add up.
        data: All the data.
        first: How many of them were there before.
    """

    space: ParameterSpace
    surrogate: Surrogate
    data: Data
    first: int
    _last: tuple[FloatArray, FloatArray] | None = field(default=None, init=False, repr=False)

    def before(self, u: FloatArray) -> FloatArray:
        """Return the log-likelihood of the first of the data at points of the unit cube (n, d), (n,)."""
        return mixed(self._each(u)[: self.first].sum(axis=0))

    def after(self, u: FloatArray) -> FloatArray:
        """Return the log-likelihood of all the data at points of the unit cube (n, d), (n,)."""
        return mixed(self._each(u).sum(axis=0))

    def _each(self, u: FloatArray) -> FloatArray:
        """Return the log-likelihood of each measurement by each member, (t, members, n)."""
        if self._last is None or self._last[0] is not u:
            y = self.data.y[:, None, None, :]
            self._last = u, self.surrogate.log_prob(self.space.from_cube(u), self.data.xi, y)[:, :, 0, :]
        return self._last[1]


def growing(space: ParameterSpace, before: tuple[Surrogate, Data], after: tuple[Surrogate, Data]) -> Growing | None:
    """Return both likelihoods as one, if the surrogate is the same and there are only more data than before."""
    (surrogate, known), (now, data) = before, after
    same = surrogate is now and not isinstance(now, Joint) and 0 < len(known) < len(data)
    if not same or any(
        not np.array_equal(one, other[: len(one)], equal_nan=True)
        for one, other in ((known.xi, data.xi), (known.y, data.y))
    ):
        return None
    return Growing(space, now, data, len(known))
