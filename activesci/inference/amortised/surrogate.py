"""The amortised neural posterior: for tuning a simulator to data, q(theta | y) learned at once for all outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, ndtr

from activesci.inference.amortised.inverse import Inverse
from activesci.inference.amortised.nearby import Nearby
from activesci.inference.amortised.origins import Origins, Surroundings, levelled, probit
from activesci.inference.base import Data, FitInfo
from activesci.inference.closed_form.arrays import below
from activesci.inference.embeddings.own import OwnModule
from activesci.inference.likelihood.surrogate import REFIT_AFTER
from activesci.inference.networks.network import Network, one_thread
from activesci.inference.networks.region import Region
from activesci.inference.networks.validity import Validity
from activesci.inference.ratio.pool import chosen
from activesci.ledger.bank import Bank
from activesci.study.outcomes import OutcomeSpace
from activesci.study.parameters import ParameterSpace
from activesci.types import BoolArray, FloatArray

FEWEST = 50
"""Valid simulations below which nothing is fitted."""
RESOLVED = 8.0
"""A predicted outcome must be drawn from at least so many different ones, effectively, at most places."""
PLACES = 64
"""At how many parameters that is looked at."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a fit has learned.

    Attributes:
        inverse: The density of parameters given an outcome.
        nearby: Simulations that outcomes are drawn from.
        validity: The probability of a valid outcome; None while no simulation has failed.
        origins: From what density the parameters of the bank came.
        rows: Size of the bank at the last full training.
    """

    inverse: Inverse
    nearby: Nearby
    validity: Validity | None
    origins: Origins
    rows: int


@dataclass(frozen=True, slots=True)
class PosteriorSurrogate:
    """log q(theta | y) - log p(theta), which is the log-likelihood up to a function of the outcome alone.

    It is for studies without a design. Simulations that were placed around the posterior would teach the posterior
    under their own density as the prior, so each counts as much as

        w(theta) = prior / mean density of all proposals,    and then    w + w / (mean of w for similar outcomes),

    of which the first makes the posterior right and the second, as a posterior is learned for each outcome by itself,
    changes nothing but how much attention an outcome gets. Proposals are known densities (`Surroundings`).

    References:
        Papamakarios and Murray 2016, arXiv:1605.06376; Lueckmann et al., Flexible statistical inference for
        mechanistic models of neural dynamics, 2017, arXiv:1711.01861 (importance weights). Densities: `Inverse`.

    Fails when:
        the outcome observed is unlike all simulations, which no density of the parameters says; or the posterior is so
        narrow that few simulations are near it: `resolves` is then false.

    Attributes:
        embedding: What looks at the outcome: auto, mlp, conv1d, conv2d, set or the user's own.
    """

    normalised: ClassVar[bool] = False
    parameters: ParameterSpace
    outcomes: OutcomeSpace
    members: int = 4
    embedding: "str | OwnModule" = "auto"
    learned: Learned | None = None

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the surrogate fitted to the bank: in full at first and when it has doubled, else a short replay.

        Fresh simulations are held to be drawn by `proposed` around the focus, or from the prior where there is none.
        The info's numbers are mean log posterior densities with respect to the prior, nats per simulation.

        Raises:
            ValueError: If too few simulations are valid.
        """
        if bank.valid.sum() < FEWEST:
            raise ValueError(
                f"{bank.valid.sum()} of {len(bank)} simulations are valid, at least {FEWEST} are needed to fit"
            )
        last = self.learned
        warm = last is not None and len(bank) < REFIT_AFTER * last.rows
        before = Origins((len(bank) - fresh,)) if last is None else last.origins
        origins = before.then(fresh, None if focus is None else self.parameters.to_cube(focus))
        valid, new = bank.where(bank.valid), int(bank.valid[len(bank) - fresh :].sum())
        u = self.parameters.to_cube(valid.theta)
        with one_thread():
            known = last.inverse if warm and last else None
            inverse, info = self._inverse(known, (valid.y, u, np.exp(origins.log_weights(u))), new, rng)
            nearby = self._nearby(probit(u), valid.y, focus, rng)
            validity = self._validity(bank, fresh, warm, rng)
        rows = last.rows if warm and last else len(bank)
        return replace(self, learned=Learned(inverse, nearby, validity, origins, rows)), info

    def _inverse(
        self,
        last: Inverse | None,
        rows: tuple[FloatArray, FloatArray, FloatArray],
        new: int,
        rng: np.random.Generator,
    ) -> tuple[Inverse, FitInfo]:
        """Return the density trained on outcomes, points of the unit cube and their weights, from the last if any."""
        y, u, weights = rows
        if np.ptp(weights) > 0:
            start = last or Inverse.cold(self.outcomes, self.embedding, (y, probit(u), np.ones(len(y))), 1, rng)
            weights = levelled(weights, start.summary(start.readers, y))
        weighted = y, probit(u), weights
        cold = last or Inverse.cold(self.outcomes, self.embedding, weighted, self.members, rng)
        inverse, loss, held_out, steps = cold.fitted(weighted, new, last is not None, rng)
        return inverse, FitInfo(loss, held_out, steps, last is not None)

    def _nearby(self, s: FloatArray, y: FloatArray, focus: FloatArray | None, rng: np.random.Generator) -> Nearby:
        inside = np.zeros(len(s), dtype=np.bool_) if focus is None else self._region(focus).inside(s)
        rows = chosen(len(s), y.shape[1], np.flatnonzero(inside), rng)
        return Nearby(s[rows], y[rows].astype(np.float32))

    def _region(self, theta: FloatArray) -> Region:
        return Region.around(probit(self.parameters.to_cube(theta)))

    def _validity(self, bank: Bank, fresh: int, warm: bool, rng: np.random.Generator) -> Validity | None:
        if bank.valid.all():
            return None
        s = probit(self.parameters.to_cube(bank.theta))
        known = self.learned.validity if warm and self.learned else None
        last = known or Validity.cold(s.shape[1], float(bank.valid.mean()), self.members, rng)
        return last.fitted(s, bank.valid, fresh, known is not None, rng)

    def proposed(self, theta: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
        """Return parameters (n, d) to simulate next, from a known density around posterior samples (m, d)."""
        return self.parameters.from_cube(Surroundings.of(self.parameters.to_cube(theta)).draw(n, rng))

    def posterior(self, data: Data, n: int, rng: np.random.Generator) -> FloatArray | None:
        """Return samples of the posterior in the unit cube, (n, d), without any sampler; None if there is no such way.

        There is one for a single valid outcome.
        """
        if len(data) != 1 or np.isnan(data.y).all():
            return None
        with one_thread():
            return np.asarray(ndtr(self._ready().inverse.draw(data.y[0], n, rng)))

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities for all pairs up to a function of y, (t, members, n, m); see `Surrogate.log_prob`."""
        learned = self._ready()
        s, valid = probit(self.parameters.to_cube(theta)), np.asarray(~np.isnan(y).all(axis=-1, keepdims=True))
        known = np.where(valid, y, learned.nearby.y[0])
        with one_thread():
            found = [self._pairs(one, s) for one in known]
            pairs = np.stack(found) if found else np.empty((0, self.members, y.shape[2], len(theta)))
            if valid.all():
                return pairs
            failed = 0.0 if learned.validity is None else self._failed(learned.validity, s)
        return np.where(valid, pairs, failed)

    def _pairs(self, y: FloatArray, s: FloatArray) -> FloatArray:
        """Return log densities (members, n, m) of quantiles (m, d), each given outcomes (members or 1, n, width)."""
        inverse = self._ready().inverse
        seen, n, m = inverse.seen(y), y.shape[1], len(s)
        rows = seen if n == 1 else seen.rows(np.repeat(np.arange(n), m))
        return inverse.log_prob(rows, np.tile(s, (n, 1))).reshape(-1, n, m)

    def _failed(self, validity: Validity, s: FloatArray) -> FloatArray:
        """Return the log probability that parameters (m, d) give no outcome, (members, 1, m)."""
        return np.asarray(log_expit(-validity.logits(s[None], np.empty((1, 0)))[0])[:, None])

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes, (t, n, width); see `Surrogate.sample`."""
        learned, n = self._ready(), len(theta)
        s, uniform = probit(self.parameters.to_cube(theta)), rng.random((2, n))
        y = np.empty((n, self.outcomes.width))
        with one_thread():
            for member in range(min(self.members, n)):
                mine = slice(member, n, self.members)
                y[mine] = learned.nearby.drawn(learned.inverse, member, s[mine], uniform[0, mine])[0]
                if learned.validity is not None:
                    failed = np.log(uniform[1, mine]) < self._failed(learned.validity, s[mine])[member, 0]
                    y[mine][failed] = np.nan
        return np.broadcast_to(y, (len(xi), *y.shape)).copy()

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return for all parameters (n, d) that the surrogate judges them, (n,)."""
        return np.ones(len(theta), dtype=np.bool_)

    def resolves(self, theta: FloatArray) -> bool:
        """Return whether the bank holds enough outcomes like those that posterior samples (n, d) predict."""
        learned = self._ready()
        some = theta[np.linspace(0, len(theta), PLACES, endpoint=False).astype(np.int64)]
        s, half = probit(self.parameters.to_cube(some)), np.full(len(some), 0.5)
        with one_thread():
            found = [learned.nearby.drawn(learned.inverse, one, s, half)[1] for one in range(self.members)]
        return bool(np.median(np.concatenate(found)) >= RESOLVED)

    def _ready(self) -> Learned:
        if self.learned is None:
            raise ValueError("the surrogate has not been fitted")
        return self.learned

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        learned = self._ready()
        parts = {"inverse": learned.inverse.state(), "nearby": learned.nearby.state()}
        parts |= {"origins": learned.origins.state()}
        parts |= {} if learned.validity is None else {"validity": dict(learned.validity.state())}
        named = {f"{name}.{key}": array for name, part in parts.items() for key, array in part.items()}
        return {"rows": np.array(learned.rows), **named}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surrogate with what an earlier fit has learned."""
        inverse = Inverse.restore(self.outcomes, self.embedding, below(state, "inverse"))
        nearby, weights = Nearby.restore(below(state, "nearby")), below(state, "validity")
        validity = Validity(Network.restore(weights)) if weights else None
        origins = Origins.restore(below(state, "origins"))
        return replace(self, learned=Learned(inverse, nearby, validity, origins, int(state["rows"])))
