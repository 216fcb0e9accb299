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

from activesci.inference.base import FitInfo
from activesci.inference.closed_form.arrays import below
from activesci.inference.likelihood.surrogate import LikelihoodSurrogate
from activesci.inference.modes import modes
from activesci.inference.networks.region import TRIMMED, Region
from activesci.ledger.bank import Bank
from activesci.types import BoolArray, FloatArray

NARROW = 0.14
"""A posterior narrower than this, in standard deviations of what a surrogate was fitted to, wants one of its own."""
FEWEST = 300
"""Simulations inside a region below which no surrogate is fitted to it."""
MOST_MODES = 8
"""Modes that get a finer surrogate, the largest ones."""
SCORED = 2000
"""Simulations on which a finer surrogate has to be better than the one before."""
CLEARLY = 3.0
"""Standard errors by which it has to be: its terms and lengths were chosen by the same simulations."""
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
        enough: Regions that what is there describes as well as a surrogate of their own would.
    """

    whole: LikelihoodSurrogate
    zones: tuple[LikelihoodSurrogate, ...] = ()
    finest: int = 0
    enough: tuple[Region, ...] = ()

    @property
    def members(self) -> int:
        """The number of members."""
        return self.whole.members

    def on(self, device: str) -> Self:
        """Return the surrogates on a device; see `Movable`."""
        return replace(self, whole=self.whole.on(device), zones=tuple(zone.on(device) for zone in self.zones))

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the surrogates fitted; see `Surrogate.fit`. The info is that of the finest one."""
        whole, info = self.whole.fit(bank, fresh, None, rng)
        found = self if whole is self.whole else replace(self, whole=whole)
        if focus is None:
            return found, info
        x = whole.inputs_of(focus)
        mode = modes(x, rng.spawn(1)[0])
        parts = [x[mode == one] for one in np.argsort(-np.bincount(mode), kind="stable")[:MOST_MODES]]
        wanted = [part for part in parts if len(part) > 2 * x.shape[1] and narrow(part)]
        if not wanted:
            known = found.zones or found.enough
            return (replace(found, zones=(), finest=0, enough=()) if known else found), info
        return found._refocused(bank, fresh, wanted, info, rng)

    def _refocused(
        self, bank: Bank, fresh: int, parts: list[FloatArray], info: FitInfo, rng: np.random.Generator
    ) -> tuple[Self, FitInfo]:
        """Return the surrogates with the finest fitted to the posterior's modes, inputs (n, d) each, if they can be.

        Regions that the modes still fill are fitted on; other modes get regions of their own, and what was finest is
        kept for what lies around them.
        """
        last, at = self.zones[len(self.zones) - self.finest :], self.whole.inputs_of(bank.theta)
        fitting = [next((one for one in last if one.region and one.region.still_fits(x)), None) for x in parts]
        kept = self.zones[: len(self.zones) - self.finest] if all(fitting) else last
        again = ((one, self._finer(one, bank, at, fresh, rng)) for one in kept)
        kept = tuple(fit[0] if isinstance(fit, tuple) else one for one, fit in again)
        found, enough, said = list[LikelihoodSurrogate](), list[Region](), list[FitInfo]()
        for x, zone in zip(parts, fitting, strict=True):
            region = zone.region if zone and zone.region else Region.around(x)
            fit = self._finer(zone or replace(self.whole, region=region, learned=None), bank, at, fresh, rng)
            if isinstance(fit, Region):
                enough.append(fit)
            said += [fit[1]] if isinstance(fit, tuple) else []
            found += [fit[0]] if isinstance(fit, tuple) else [zone] if zone else []
        if not found:
            return (replace(self, enough=tuple(enough)) if enough or self.enough else self), info
        zones = (*kept, *found)
        return replace(self, zones=zones, finest=len(found), enough=tuple(enough)), (said or [info])[0]

    def _finer(
        self, new: LikelihoodSurrogate, bank: Bank, at: FloatArray, fresh: int, rng: np.random.Generator
    ) -> tuple[LikelihoodSurrogate, FitInfo] | Region | None:
        """Return a surrogate fitted to its region, or the region if what is there describes it as well.

        None where there are too few simulations to say.

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
        some = latest(bank.where(inside & bank.valid))
        gained = finer.scores(some) - self._scores(some)
        needed = gained.std() / np.sqrt(len(gained)) * (CLEARLY if new.learned is None else -CLEARLY)
        return (finer, info) if gained.mean() > needed else new.region

    def _scores(self, bank: Bank) -> FloatArray:
        """Return the log density of the outcome of each of a bank's valid simulations, by who judges it, (n,)."""
        found = np.empty(len(bank))
        for which, surrogate in self._judges(bank.theta):
            found[which] = surrogate.scores(bank.where(which))
        return found

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return which parameters (n, d) a surrogate of the finest level judges, (n,)."""
        if not self.zones:
            return np.ones(len(theta), dtype=np.bool_)
        return np.asarray(self._zone_of(theta) > len(self.zones) - self.finest)

    def resolves(self, theta: FloatArray) -> bool:
        """Return whether posterior samples (n, d) are, in each of its modes, as wide as a surrogate was made for."""
        zone, x = self._zone_of(theta), self.whole.inputs_of(theta)
        sets = ((one, zone == number) for number, one in enumerate((self.whole, *self.zones)))
        many = ((one, some) for one, some in sets if some.sum() > TRIMMED * len(theta))
        return not any(narrow(one.inputs_of(theta[some])) and not self._is_enough(x[some]) for one, some in many)

    def _is_enough(self, x: FloatArray) -> bool:
        """Return whether inputs (n, d) fill a region that has been found to be described well enough."""
        return any(region.still_fits(x) for region in self.enough)

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
        if levels == 0 or not which.any():
            return asked(self.whole, theta, which)
        zone, reach = nearest(self._levels[levels - 1], self.whole.inputs_of(theta))
        outside = which & (reach > 1.0)
        pieces = [(outside, self._beyond(theta, outside, asked, levels))] if outside.any() else []
        for number, one in enumerate(self._levels[levels - 1]):
            inside = which & (zone == number) & (reach <= 1.0)
            pieces += [(inside, asked(one, theta, inside))] if inside.any() else []
        found = np.empty((*pieces[0][1].shape[:-1], len(theta)))
        for part, values in pieces:
            found[..., part] = values
        return found[..., which]

    def _beyond(self, theta: FloatArray, outside: BoolArray, asked: Asked, levels: int) -> FloatArray:
        """Return log densities outside all regions of a level: the coarser one's, going on from the finer one's."""
        x, found = self.whole.inputs_of(theta), np.array(self._judged(theta, outside, asked, levels - 1))
        zone, reach = nearest(self._levels[levels - 1], x)
        for number, one in enumerate(self._levels[levels - 1]):
            shell = outside & (zone == number) & (reach < FADED)
            if shell.any() and one.region is not None:
                edge = theta.copy()
                edge[shell] = self.whole.theta_of(one.region.at_edge(x[shell]))
                jump = asked(one, edge, shell) - self._judged(edge, shell, asked, levels - 1)
                left = (FADED - reach[shell]) / (FADED - 1.0)
                found[..., shell[outside]] += left * np.where(np.isfinite(jump), jump, 0.0)
        return found

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
        for number, region in enumerate(self.enough):
            arrays |= {f"enough{number}.{name}": array for name, array in region.state().items()}
        return arrays | {"finest": np.array(self.finest)}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surrogates with what an earlier fit has learned."""
        count = len({name.split(".")[0] for name in state if name.startswith("zone")})
        zones = tuple(self.whole.restore(below(state, f"zone{number}")) for number in range(count))
        finest, sure = int(state["finest"]), {name.split(".")[0] for name in state if name.startswith("enough")}
        enough = tuple(Region.restore(below(state, f"enough{number}")) for number in range(len(sure)))
        return replace(
            self, whole=self.whole.restore(below(state, "whole")), zones=zones, finest=finest, enough=enough
        )


def nearest(level: Sequence[LikelihoodSurrogate], x: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the zone of a level that inputs (n, d) are nearest to, and how far out of it they are, (n,) each."""
    reach = np.stack([zone.region.reach(x) for zone in level if zone.region is not None])
    zone = reach.argmin(axis=0)
    return zone, reach[zone, np.arange(len(x))]


def latest(bank: Bank) -> Bank:
    """Return the latest of a bank's simulations, at most SCORED."""
    return bank.where(np.arange(len(bank)) >= len(bank) - SCORED)


def narrow(x: FloatArray) -> bool:
    """Return whether samples of inputs (n, d) are narrow along any of their own axes against unit variance."""
    return bool(np.linalg.svd(Region.around(x).factor, compute_uv=False).min() < NARROW)
