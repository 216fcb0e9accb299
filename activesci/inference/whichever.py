"""What is predicted whichever hypothesis is true: the mixture of their predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from activesci.inference.base import Surrogate
from activesci.inference.members import Repeated
from activesci.types import BoolArray, FloatArray


@dataclass(frozen=True)
class Whichever:
    """Densities of outcomes of parameters (n, 1) that are rows of the beliefs under several hypotheses in a row.

    It knows `members`, `sample` and `log_prob` as a surrogate does, so that what is predicted can be asked of it.

    Attributes:
        surrogates: The density under each hypothesis.
        thetas: Posterior samples under each, (n, d).
        probability: How probable each is, (k,).
    """

    surrogates: Sequence[Surrogate | Repeated]
    thetas: Sequence[FloatArray]
    probability: FloatArray

    @property
    def members(self) -> int:
        """The number of members, the same of all."""
        return self.surrogates[0].members

    @property
    def normalised(self) -> bool:
        """Whether densities are known completely."""
        return all(getattr(one, "normalised", True) for one in self.surrogates)

    @cached_property
    def _starts(self) -> FloatArray:
        return np.cumsum([0, *(len(theta) for theta in self.thetas)]).astype(np.float64)

    def rows(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return rows (n, 1), of each hypothesis as many as it is probable."""
        which = rng.choice(len(self.thetas), n, p=self.probability / self.probability.sum())
        sizes = np.array([len(theta) for theta in self.thetas])
        return (self._starts[which] + rng.integers(sizes[which]))[:, None]

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes (t, n, width); see `Surrogate.sample`."""
        parts, drawn = self._parts(theta), None
        for k, mine in enumerate(parts):
            found = self.surrogates[k].sample(self._theta(k, theta[mine]), xi, rng) if mine.any() else None
            if found is not None and drawn is None:
                drawn = np.full((len(xi), len(theta), found.shape[2]), np.nan)
            if found is not None and drawn is not None:
                drawn[:, mine] = found
        assert drawn is not None  # there are parameters
        return drawn

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (t, members, n, m); see `Surrogate.log_prob`."""
        result = np.empty((len(xi), self.members, y.shape[2], len(theta)))
        for k, mine in enumerate(self._parts(theta)):
            if mine.any():
                result[..., mine] = self.surrogates[k].log_prob(self._theta(k, theta[mine]), xi, y)
        return result

    def _parts(self, theta: FloatArray) -> list[BoolArray]:
        which = np.searchsorted(self._starts, theta[:, 0], side="right") - 1
        return [which == k for k in range(len(self.thetas))]

    def _theta(self, k: int, theta: FloatArray) -> FloatArray:
        return np.asarray(self.thetas[k][(theta[:, 0] - self._starts[k]).astype(np.int64)])
