"""A surrogate that looks closer where the posterior is.

A good experiment leaves a posterior a hundred or a thousand times narrower than the prior. A density that is fitted
all over the prior is too coarse there: its own error, not the noise, then sets the width of the answer. So the
posterior's neighbourhood gets a surrogate of its own, in coordinates that are centred and scaled on it, and, when the
posterior shrinks, another one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import FitInfo, mixed
from activesci.inference.closed_form.start import below
from activesci.inference.likelihood.surrogate import LikelihoodSurrogate
from activesci.inference.networks.region import Region
from activesci.inference.networks.rows import split
from activesci.ledger.bank import Bank
from activesci.types import BoolArray, FloatArray

NARROW = 0.14
"""A posterior narrower than this, in standard deviations of what a surrogate was fitted to, wants one of its own."""
FEWEST = 300
"""Simulations inside a region below which no surrogate is fitted to it."""
SCORED = 200
"""Held-out simulations on which a finer surrogate has to be better than the one before."""


@dataclass(frozen=True, slots=True)
class ZoomedSurrogate:
    """A likelihood surrogate for the whole prior, and finer ones for ever smaller regions around the posterior.

    Parameters are judged by the finest surrogate whose region holds them. Outside every region the coarse one judges,
    so a posterior that turns out to be elsewhere is found again.

    References:
        Durkan, Murray and Papamakarios, On contrastive learning for likelihood-free inference, 2020, arXiv:2002.03712,
        and Deistler, Goncalves and Macke, Truncated proposals, 2022, arXiv:2210.04815: why simulations belong where
        the posterior is, and what may be left out.

    Fails when:
        the posterior has several narrow modes: a region that holds them all is not small.

    Attributes:
        whole: The surrogate for all parameters.
        zones: At most two finer ones, the finer last.
    """

    whole: LikelihoodSurrogate
    zones: tuple[LikelihoodSurrogate, ...] = ()

    @property
    def members(self) -> int:
        """The number of members."""
        return self.whole.members

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the surrogates fitted; see `Surrogate.fit`. The info is that of the finest one."""
        whole, info = self.whole.fit(bank, fresh, None, rng)
        found = replace(self, whole=whole)
        if focus is None:
            return found, info
        x = whole.inputs_of(focus)
        if not narrow(x):
            return replace(found, zones=()), info
        return found._refocused(bank, fresh, x, rng) or (found, info)

    def _refocused(
        self, bank: Bank, fresh: int, x: FloatArray, rng: np.random.Generator
    ) -> tuple[Self, FitInfo] | None:
        """Return the surrogates with the finest fitted to where the posterior's inputs x (n, d) are, if it can be."""
        last, at = self.zones[-1] if self.zones else None, self.whole.inputs_of(bank.theta)
        if last is not None and last.region is not None and last.region.still_fits(x):
            inside, new, kept = last.region.inside(at), last, self.zones[:-1]
        else:
            region = Region.around(x)
            inside, new, kept = region.inside(at), replace(self.whole, region=region, learned=None), self.zones[-1:]
        if (inside & bank.valid).sum() < FEWEST:
            return None
        finer, info = new.fit(bank.where(inside), int(inside[len(bank) - fresh :].sum()), None, rng)
        held = held_out(bank.where(inside))
        if score(self.zones[-1] if self.zones else self.whole, held) > score(finer, held):
            return None
        return replace(self, zones=(*kept, finer)), info

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return which parameters (n, d) the finest surrogate judges, (n,)."""
        if not self.zones:
            return np.ones(len(theta), dtype=np.bool_)
        return np.asarray(self._zone_of(theta) == len(self.zones))

    def resolves(self, theta: FloatArray) -> bool:
        """Return whether posterior samples (n, d) are as wide as the finest surrogate was made for."""
        finest = self.zones[-1] if self.zones else self.whole
        return not narrow(finest.inputs_of(theta))

    def _zone_of(self, theta: FloatArray) -> NDArray[np.int64]:
        """Return which surrogate judges each parameter, 0 for the whole one, (n,)."""
        found, x = np.zeros(len(theta), dtype=np.int64), self.whole.inputs_of(theta)
        for number, zone in enumerate(self.zones, start=1):
            if zone.region is not None:
                found[zone.region.inside(x)] = number
        return found

    def _judges(self, theta: FloatArray) -> Iterator[tuple[BoolArray, LikelihoodSurrogate]]:
        """Yield each surrogate that judges any of the parameters, and which."""
        if not self.zones:
            yield np.ones(len(theta), dtype=np.bool_), self.whole
            return
        zone = self._zone_of(theta)
        for number, surrogate in enumerate((self.whole, *self.zones)):
            if (zone == number).any():
                yield zone == number, surrogate

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities for all pairs, (t, members, n, m); see `Surrogate.log_prob`."""
        result = np.empty((len(xi), self.members, y.shape[2], len(theta)))
        for which, surrogate in self._judges(theta):
            result[..., which] = surrogate.log_prob(theta[which], xi, y)
        return result

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes, (t, n, width); see `Surrogate.sample`."""
        judges = list(self._judges(theta))
        if len(judges) == 1:
            return judges[0][1].sample(theta, xi, rng)
        drawn = np.empty((len(xi), len(theta), self.whole.outcomes.width))
        streams = rng.spawn(len(judges))
        for (which, surrogate), stream in zip(judges, streams, strict=True):
            every = surrogate.sample(theta, xi, stream)  # all rows, so that row i stays with member i modulo members
            drawn[:, which] = every[:, which]
        return drawn

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        arrays = {f"whole.{name}": array for name, array in self.whole.state().items()}
        for number, zone in enumerate(self.zones):
            arrays |= {f"zone{number}.{name}": array for name, array in zone.state().items()}
        return arrays

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surrogates with what an earlier fit has learned."""
        count = len({name.split(".")[0] for name in state if name.startswith("zone")})
        zones = tuple(self.whole.restore(below(state, f"zone{number}")) for number in range(count))
        return replace(self, whole=self.whole.restore(below(state, "whole")), zones=zones)


def held_out(bank: Bank) -> Bank:
    """Return the latest of the simulations that no fit to this bank learns from, at most SCORED."""
    held = np.zeros(len(bank), dtype=np.bool_)
    valid = np.flatnonzero(bank.valid)
    held[valid[split(len(valid))[1]][-SCORED:]] = True
    return bank.where(held)


def score(surrogate: LikelihoodSurrogate, bank: Bank) -> float:
    """Return the mean log density of a bank's outcomes, nats per simulation."""
    rows = zip(bank.theta[:, None], bank.xi[:, None], bank.y[:, None, None, None], strict=True)
    found = [mixed(surrogate.log_prob(theta, xi, y)[0, :, 0]) for theta, xi, y in rows]
    return float(np.mean(found))


def narrow(x: FloatArray) -> bool:
    """Return whether samples of inputs (n, d) are narrow along any of their own axes against unit variance."""
    return bool(np.linalg.svd(Region.around(x).factor, compute_uv=False).min() < NARROW)
