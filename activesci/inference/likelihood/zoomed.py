"""A surrogate that looks closer where the posterior is.

A good experiment leaves a posterior a hundred or a thousand times narrower than the prior. A density that is fitted
all over the prior is too coarse there: its own error, not the noise, then sets the width of the answer. So the
posterior's neighbourhood gets a surrogate of its own, in coordinates that are centred and scaled on it, and, when the
posterior shrinks, another one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import FitInfo, mixed
from activesci.inference.closed_form.arrays import below
from activesci.inference.likelihood.surrogate import LikelihoodSurrogate
from activesci.inference.modes import modes
from activesci.inference.networks.region import TRIMMED, Region
from activesci.inference.networks.rows import split
from activesci.ledger.bank import Bank
from activesci.types import BoolArray, FloatArray

NARROW = 0.14
"""A posterior narrower than this, in standard deviations of what a surrogate was fitted to, wants one of its own."""
FEWEST = 300
"""Simulations inside a region below which no surrogate is fitted to it."""
MOST_MODES = 8
"""Modes that get a finer surrogate, the largest ones."""
SCORED = 200
"""Held-out simulations on which a finer surrogate has to be better than the one before."""
FADED = 2.0
"""How far out, in half-widths of a region, nothing is left of what its surrogate says at its edge."""

Asked = Callable[[LikelihoodSurrogate, FloatArray, BoolArray], FloatArray]
"""What a surrogate says of those of parameters (n, d) that are marked (n,)."""


@dataclass(frozen=True, slots=True)
class ZoomedSurrogate:
    """A likelihood surrogate for the whole prior, and finer ones for ever smaller regions around the posterior.

    Parameters are judged by the finest surrogate whose region holds them. Outside every region the coarse one judges,
    so a posterior that turns out to be elsewhere is found again. The two differ by their errors, which add up over
    measurements to several nats: at a sharp edge between them these would decide how much of the posterior lies on
    which side. So the coarse one goes on from what the fine one says at the edge, by a difference that fades out.

    References:
        Durkan, Murray and Papamakarios, On contrastive learning for likelihood-free inference, 2020, arXiv:2002.03712,
        and Deistler, Goncalves and Macke, Truncated proposals, 2022, arXiv:2210.04815: why simulations belong where
        the posterior is, and what may be left out.

    Fails when:
        the posterior has more than MOST_MODES narrow modes: the smaller ones stay with a coarser surrogate. Just
        outside an edge the density of outcomes is not normalised; little of a posterior that is trusted lies there.

    Attributes:
        whole: The surrogate for all parameters.
        zones: Finer ones, at most two levels of them, the finer last. A level has one for each mode of the posterior.
        finest: How many of them are of the finest level.
    """

    whole: LikelihoodSurrogate
    zones: tuple[LikelihoodSurrogate, ...] = ()
    finest: int = 0

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
        mode = modes(x, rng.spawn(1)[0])
        parts = [x[mode == one] for one in np.argsort(-np.bincount(mode), kind="stable")[:MOST_MODES]]
        wanted = [part for part in parts if len(part) > 2 * x.shape[1] and narrow(part)]
        if not wanted:
            return replace(found, zones=(), finest=0), info
        return found._refocused(bank, fresh, wanted, rng) or (found, info)

    def _refocused(
        self, bank: Bank, fresh: int, parts: list[FloatArray], rng: np.random.Generator
    ) -> tuple[Self, FitInfo] | None:
        """Return the surrogates with the finest fitted to the posterior's modes, inputs (n, d) each, if they can be.

        Regions that the modes still fill are fitted on; other modes get regions of their own, and what was finest is
        kept for what lies around them.
        """
        last, at = self.zones[len(self.zones) - self.finest :], self.whole.inputs_of(bank.theta)
        fitting = [next((one for one in last if one.region and one.region.still_fits(x)), None) for x in parts]
        kept = self.zones[: len(self.zones) - self.finest] if all(fitting) else last
        found, said = list[LikelihoodSurrogate](), None
        for x, zone in zip(parts, fitting, strict=True):
            new = zone or replace(self.whole, region=Region.around(x), learned=None)
            fit = self._finer(new, bank, at, fresh, rng)
            said = said or (fit[1] if fit else None)
            found += [fit[0]] if fit else [zone] if zone else []
        if said is None:
            return None
        return replace(self, zones=(*kept, *found), finest=len(found)), said

    def _finer(
        self, new: LikelihoodSurrogate, bank: Bank, at: FloatArray, fresh: int, rng: np.random.Generator
    ) -> tuple[LikelihoodSurrogate, FitInfo] | None:
        """Return a surrogate fitted to its region, unless that has few simulations or is described as well already.

        Args:
            new: The surrogate.
            bank: All simulations.
            at: Their inputs, (n, d).
            fresh: How many of them are new.
            rng: Random numbers.
        """
        assert new.region is not None  # it is made for one
        inside = new.region.inside(at)
        if (inside & bank.valid).sum() < FEWEST:
            return None
        finer, info = new.fit(bank.where(inside), int(inside[len(bank) - fresh :].sum()), None, rng)
        held = held_out(bank.where(inside))
        return None if score(self, held) > score(finer, held) else (finer, info)

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return which parameters (n, d) a surrogate of the finest level judges, (n,)."""
        if not self.zones:
            return np.ones(len(theta), dtype=np.bool_)
        return np.asarray(self._zone_of(theta) > len(self.zones) - self.finest)

    def resolves(self, theta: FloatArray) -> bool:
        """Return whether posterior samples (n, d) are, in each of its modes, as wide as a surrogate was made for."""
        zone = self._zone_of(theta)
        sets = ((one, theta[zone == number]) for number, one in enumerate((self.whole, *self.zones)))
        return not any(narrow(one.inputs_of(some)) for one, some in sets if len(some) > TRIMMED * len(theta))

    def rivals(self) -> list[Self]:
        """Return surrogates that differ in the finest ones; see `LikelihoodSurrogate.rivals`."""
        if not self.zones:
            return [replace(self, whole=whole) for whole in self.whole.rivals()]
        kept, last = np.split(np.arange(len(self.zones)), [len(self.zones) - self.finest])
        drawn = zip(*(self.zones[i].rivals() for i in last), strict=True)
        return [replace(self, zones=(*(self.zones[i] for i in kept), *zones)) for zones in drawn]

    @property
    def _levels(self) -> tuple[tuple[LikelihoodSurrogate, ...], ...]:
        """The zones, level by level, the finest last."""
        coarser = len(self.zones) - self.finest
        return tuple(level for level in (self.zones[:coarser], self.zones[coarser:]) if level)

    def _zone_of(self, theta: FloatArray) -> NDArray[np.int64]:
        """Return which surrogate judges each parameter, 0 for the whole one, (n,)."""
        found, x, first = np.zeros(len(theta), dtype=np.int64), self.whole.inputs_of(theta), 1
        for level in self._levels:
            zone, reach = nearest(level, x)
            found = np.where(reach <= 1.0, first + zone, found)
            first += len(level)
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

    def _judged(self, theta: FloatArray, which: BoolArray, asked: Asked, levels: int) -> FloatArray:
        """Return log densities by the surrogates of so many levels.

        Args:
            theta: Parameters, (n, d).
            which: Those that are to be judged, (n,).
            asked: The log densities, (..., m), that a surrogate gives those of parameters (n, d) that are marked.
            levels: How many levels of zones there are.
        """
        if levels == 0:
            return asked(self.whole, theta, which)
        level, x = self._levels[levels - 1], self.whole.inputs_of(theta)
        zone, reach = nearest(level, x)
        outside = which & (reach > 1.0)
        pieces = [(outside, self._judged(theta, outside, asked, levels - 1))] if outside.any() else []
        for number, one in enumerate(level):
            inside, shell = (
                which & (zone == number) & part for part in (reach <= 1.0, (reach > 1.0) & (reach < FADED))
            )
            if inside.any():
                pieces.append((inside, asked(one, theta, inside)))
            if shell.any():
                assert one.region is not None  # it is a zone's
                edge = theta.copy()
                edge[shell] = self.whole.theta_of(one.region.at_edge(x[shell]))
                jump = asked(one, edge, shell) - self._judged(edge, shell, asked, levels - 1)
                rest = (FADED - reach[shell]) / (FADED - 1.0)
                pieces[0][1][..., shell[outside]] += rest * np.where(np.isfinite(jump), jump, 0.0)
        found = np.empty((*pieces[0][1].shape[:-1], len(theta)))
        for part, values in pieces:
            found[..., part] = values
        return found[..., which]

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities for all pairs, (t, members, n, m); see `Surrogate.log_prob`."""

        def asked(surrogate: LikelihoodSurrogate, at: FloatArray, which: BoolArray) -> FloatArray:
            return surrogate.log_prob(at[which], xi, y)

        return self._judged(theta, np.ones(len(theta), dtype=np.bool_), asked, len(self._levels))

    def log_prob_rows(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities of outcomes given parameters of their own, (t, n, k); see `Rowwise`."""

        def asked(surrogate: LikelihoodSurrogate, at: FloatArray, which: BoolArray) -> FloatArray:
            return surrogate.log_prob_rows(at.reshape(theta.shape), xi, y)[:, which.reshape(theta.shape[:2])]

        flat = theta.reshape(-1, theta.shape[2])
        found = self._judged(flat, np.ones(len(flat), dtype=np.bool_), asked, len(self._levels))
        return found.reshape(len(xi), *theta.shape[:2])

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
        return arrays | {"finest": np.array(self.finest)}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surrogates with what an earlier fit has learned."""
        count = len({name.split(".")[0] for name in state if name.startswith("zone")})
        zones = tuple(self.whole.restore(below(state, f"zone{number}")) for number in range(count))
        finest = int(state["finest"])
        return replace(self, whole=self.whole.restore(below(state, "whole")), zones=zones, finest=finest)


def nearest(level: Sequence[LikelihoodSurrogate], x: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the zone of a level that inputs (n, d) are nearest to, and how far out of it they are, (n,) each."""
    reach = np.stack([zone.region.reach(x) for zone in level if zone.region is not None])
    zone = reach.argmin(axis=0)
    return zone, reach[zone, np.arange(len(x))]


def held_out(bank: Bank) -> Bank:
    """Return the latest of the simulations that no fit to this bank learns from, at most SCORED."""
    held = np.zeros(len(bank), dtype=np.bool_)
    valid = np.flatnonzero(bank.valid)
    held[valid[split(len(valid))[1]][-SCORED:]] = True
    return bank.where(held)


def score(surrogate: LikelihoodSurrogate | ZoomedSurrogate, bank: Bank) -> float:
    """Return the mean log density of a bank's outcomes, nats per simulation."""
    rows = zip(bank.theta[:, None], bank.xi[:, None], bank.y[:, None, None, None], strict=True)
    found = [mixed(surrogate.log_prob(theta, xi, y)[0, :, 0]) for theta, xi, y in rows]
    return float(np.mean(found))


def narrow(x: FloatArray) -> bool:
    """Return whether samples of inputs (n, d) are narrow along any of their own axes against unit variance."""
    return bool(np.linalg.svd(Region.around(x).factor, compute_uv=False).min() < NARROW)
