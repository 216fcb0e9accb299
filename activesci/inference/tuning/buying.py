"""Where to simulate, and with how many events each, for what simulations may cost together."""

from dataclasses import dataclass, field

import numpy as np

from activesci.study.tuning import EventsPart
from activesci.types import FloatArray, IntArray

GROWTH = 0.5
"""By which share of its events a simulation grows at a time."""


def bought(
    known: FloatArray, here: FloatArray, there: FloatArray, noise: FloatArray, knob: EventsPart, budget: float
) -> tuple[IntArray, IntArray]:
    """Return which candidates to simulate, (n,), each once or more often, and with how many events, (n,).

    Bought one after another, each time what lowers the variance at the places that matter by most for its cost: more
    events of a simulation that is bought already, or another one elsewhere, which costs the overhead as well. With a
    variance A there, v / n of its noise and an overhead F, another one lowers it by R / (A + v / n), for F + n: most
    for its cost with n = root(v F / A) events. So a small overhead buys few events at many places, and a large one
    many at few; the better a place is known, the more.

    References:
        Cohn, Ghahramani and Jordan, Active learning with statistical models, 1996, arXiv:cs/9603104: what is lowered.
        Binois, Huang, Gramacy and Ludkovski, Replication or exploration? Sequential design for stochastic simulation
        experiments, 2019, arXiv:1710.03206: when to look again, and when elsewhere.

    Fails when:
        the posterior so far is far from the right one, or events cost other amounts at other parameters.

    Args:
        known: A standard deviation of each feature's weight, (q,).
        here: Features where what is not known matters, (m, q).
        there: Features of the candidates, (c, q).
        noise: Variance of the noise of a simulation of one event at each candidate, (c,).
        knob: How many events a simulation may have, and what it costs.
        budget: What all may cost together, in events; at least one simulation of the fewest events is bought.
    """
    open_ = Open.of(here * known, there * known)
    basket = Basket(knob, max(budget, knob.overhead + knob.range[0]))
    while True:
        fresh, more = _another(open_, noise, basket), _larger(open_, noise, basket)
        if fresh is None and more is None:
            return np.array(basket.places, np.int64), np.array(basket.events, np.int64)
        rate, place, events, grown = max((one for one in (fresh, more) if one is not None), key=lambda one: one[0])
        basket.put(place, events, grown)
        open_.close(place, noise[place] / events)


@dataclass(slots=True)
class Open:
    """What is not known, in units of a usual simulation's noise.

    Attributes:
        there: Features of the candidates, scaled, (c, q).
        left: Covariance of their weights, (q, q).
        common: Covariance of places that matter and candidates, (m, c).
        size: Variance at each candidate, (c,).
    """

    there: FloatArray
    left: FloatArray
    common: FloatArray
    size: FloatArray

    @classmethod
    def of(cls, here: FloatArray, there: FloatArray) -> "Open":
        """Return what is not known before anything is bought."""
        return cls(there, np.eye(there.shape[1]), here @ there.T, (there**2).sum(axis=1))

    @property
    def gain(self) -> FloatArray:
        """By how much a perfect look at each candidate would lower the sum of variances, times its own, (c,)."""
        return np.asarray((self.common**2).sum(axis=0))

    def close(self, place: int, variance: float) -> None:
        """Take into account that a candidate is looked at with noise of some variance."""
        turned = self.left @ self.there[place]
        own = self.there @ turned
        pulled = own / (self.size[place] + variance)
        self.common = self.common - self.common[:, place : place + 1] * pulled
        self.left = self.left - np.outer(turned, turned) / (self.size[place] + variance)
        self.size = np.maximum(self.size - own * pulled, 0.0)


@dataclass(slots=True)
class Basket:
    """What is bought so far.

    Attributes:
        knob: What simulations may have, and cost.
        rest: What is left to spend.
        places, events: Of each simulation.
    """

    knob: EventsPart
    rest: float
    places: list[int] = field(default_factory=list)
    events: list[int] = field(default_factory=list)

    def put(self, place: int, events: int, grown: int | None) -> None:
        """Buy a simulation, or more events of one."""
        if grown is None:
            self.places.append(place)
            self.events.append(events)
            self.rest -= self.knob.overhead + events
        else:
            self.events[grown] += events
            self.rest -= events


Offer = tuple[float, int, int, int | None]
"""What it lowers for its cost, the candidate, events, and which simulation grows by them."""


def _another(open_: Open, noise: FloatArray, basket: Basket) -> Offer | None:
    """Return the best further simulation that can be paid; None if none can."""
    knob = basket.knob
    least, most = knob.range[0], min(knob.range[1], int(basket.rest - knob.overhead))
    if most < least:
        return None
    wanted = np.sqrt(noise * knob.overhead / np.maximum(open_.size, 1e-300))
    events = np.clip(np.round(wanted), least, most)
    rate = open_.gain / ((open_.size + noise / events) * (knob.overhead + events))
    place = int(rate.argmax())
    return float(rate[place]), place, int(events[place]), None


def _larger(open_: Open, noise: FloatArray, basket: Basket) -> Offer | None:
    """Return which bought simulation gains most by more events; None if none can have more."""
    places, events = np.array(basket.places, np.int64), np.array(basket.events, np.int64)
    room = np.minimum(basket.knob.range[1] - events, int(basket.rest))
    more = np.minimum(np.ceil(GROWTH * events).astype(np.int64), room)
    rate = np.where(more > 0, open_.gain[places] / (open_.size[places] * more + noise[places]), 0.0)
    if not len(places) or more.max() <= 0:
        return None
    best = int(rate.argmax())
    return float(rate[best]), int(places[best]), int(more[best]), best
