"""What every surrogate is: a density of the outcome given parameters and design, fitted to a bank of simulations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from activesci.ledger.bank import Bank
from activesci.study.tuning import EventsPart
from activesci.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Data:
    """The raw measurements that the posterior is conditioned on.

    Attributes:
        xi: Designs, (t, k).
        y: Flat outcomes, (t, width).
    """

    xi: FloatArray
    y: FloatArray

    def __len__(self) -> int:
        """Return the number of measurements."""
        return len(self.xi)


@dataclass(frozen=True, slots=True)
class FitInfo:
    """What a person may want to know of a fit.

    Attributes:
        loss: Mean negative log-likelihood of the training rows at the end, nats per simulation.
        held_out: Mean log-likelihood of the held-out rows, nats per simulation.
        steps: Optimiser steps taken.
        warm: Whether the fit went on from the last one.
        kind: Which surrogate it is, if that was open before.
        why: Why it is not the one that was expected.
    """

    loss: float
    held_out: float
    steps: int
    warm: bool
    kind: str | None = None
    why: str | None = None


class Surrogate(Protocol):
    """A density q(y | theta, xi) with `members` members, one for all designs.

    Disagreement between members says where the surrogate cannot be trusted.
    """

    members: int

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the surrogate fitted to the bank; self is left as it was.

        Args:
            bank: Every simulation done so far.
            fresh: How many of its last rows are new since the last fit.
            focus: Posterior samples, (n, d), around which it must be right; None before there is a posterior.
            rng: Random numbers.
        """

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return which parameters (n, d) are judged as finely as the posterior is narrow, (n,)."""

    def resolves(self, theta: FloatArray) -> bool:
        """Return whether posterior samples (n, d) are as wide as what the surrogate was fitted to."""

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return the log density of outcomes given parameters at designs, all pairs at once, in nats.

        Args:
            theta: Parameters, (m, d).
            xi: Designs, (t, k).
            y: Flat outcomes at each design, a set for each member, (t, members or 1, n, width). A row of NaN is an
                invalid outcome: its log density is that of the failure.

        Returns:
            Log densities, (t, members, n, m), float64.
        """

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes of every design with the same random numbers.

        Args:
            theta: Parameters, (n, d); row i is drawn from member i modulo `members`.
            xi: Designs, (t, k).
            rng: Random numbers, shared by all designs (common random numbers).

        Returns:
            Flat outcomes, (t, n, width); an invalid outcome is a row of NaN.
        """

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that a fit has learned, as named arrays."""

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surrogate with what an earlier fit has learned."""


@runtime_checkable
class Joint(Protocol):
    """A surrogate whose error is common to measurements, so that their likelihoods do not simply multiply."""

    def log_likelihood(self, theta: FloatArray, data: Data) -> FloatArray:
        """Return the log-likelihood of all the data together, in nats.

        Returns:
            (draws, m): by each of several draws of the error, such that the log of their mean (`mixed`) is what the
            posterior rests on.
        """


@runtime_checkable
class Rowwise(Protocol):
    """A surrogate that evaluates outcomes given parameters of their own at the cost of these pairs, and no others."""

    def log_prob_rows(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return the log density of each outcome given each of its own parameters, in nats.

        Args:
            theta: Parameters of each row, (n, k, d).
            xi: Designs, (t, p).
            y: Flat outcomes at each design, (t, n, width), row i under member i modulo `members`; n is a multiple of
                these.

        Returns:
            Log densities, (t, n, k), float64.
        """


@runtime_checkable
class Drawing(Protocol):
    """A surrogate that draws functions from what it knows, beside the likelihood that averages over them."""

    def drawn_likelihood(self, theta: FloatArray, data: Data) -> FloatArray:
        """Return the log-likelihood of all the data under each of several functions, (draws, m), in nats."""


@runtime_checkable
class Placing(Protocol):
    """A surrogate that says where simulations tell it most of what the posterior rests on."""

    def placed(
        self, theta: FloatArray, data: Data, candidates: FloatArray, n: int, rng: np.random.Generator
    ) -> FloatArray:
        """Return parameters to simulate next, (n, d), some of them perhaps twice.

        Args:
            theta: Posterior samples, (m, d).
            data: What the posterior rests on.
            candidates: Parameters to choose from, (c, d).
            n: How many.
            rng: Random numbers.
        """


@runtime_checkable
class Spending(Protocol):
    """A surrogate that says with how many events simulations tell it most for what they cost."""

    def spent(
        self,
        theta: FloatArray,
        data: Data,
        candidates: FloatArray,
        knob: EventsPart,
        budget: float,
        rng: np.random.Generator,
    ) -> tuple[FloatArray, IntArray]:
        """Return parameters to simulate next, (n, d), and the number of events of each, (n,).

        Args:
            theta: Posterior samples, (m, d).
            data: What the posterior rests on.
            candidates: Parameters to choose from, (c, d).
            knob: How many events there may be, and what they cost.
            budget: What all may cost together, in events.
            rng: Random numbers.
        """

    def of_events(self, events: int) -> Surrogate:
        """Return what predicts simulations of so many events."""


def simulated(surrogate: Surrogate, bank: Bank, row: int) -> Surrogate:
    """Return what predicts a simulation of a bank, which may have another number of events than is usual."""
    if bank.events is None or not isinstance(surrogate, Spending):
        return surrogate
    return surrogate.of_events(int(bank.events[row]))


@runtime_checkable
class Movable(Protocol):
    """A surrogate that computes on a device of the machine that it is on."""

    def on(self, device: str) -> Self:
        """Return the surrogate on a device as `inference.device` names it; itself if it is there.

        Raises:
            ValueError: If this machine has none.
        """


@runtime_checkable
class Observed(Protocol):
    """A surrogate of simulations whose noise is not that of a measurement."""

    def observed(self) -> Surrogate:
        """Return what predicts measurements."""


def predicting(surrogate: Surrogate) -> Surrogate:
    """Return what predicts measurements: the surrogate itself, unless it says otherwise."""
    return surrogate.observed() if isinstance(surrogate, Observed) else surrogate


AT_ONCE = 1000
"""Measurements whose log densities are in memory together: with all of them it would grow with a long campaign."""


def log_likelihood(surrogate: Surrogate, theta: FloatArray, data: Data) -> FloatArray:
    """Return the log-likelihood of all the data by each member, (members, m), in nats; see `Joint`."""
    if len(data) == 0:
        return np.zeros((surrogate.members, len(theta)))
    if isinstance(surrogate, Joint):
        return surrogate.log_likelihood(theta, data)
    total: FloatArray = np.zeros((surrogate.members, len(theta)))
    for start in range(0, len(data), AT_ONCE):
        xi, y = data.xi[start : start + AT_ONCE], data.y[start : start + AT_ONCE]
        found = surrogate.log_prob(theta, xi, y[:, None, None, :])[:, :, 0, :]
        # in the order of one sum over all, so that the answer is the same to the last bit
        total = (np.concatenate([total[None], found]) if start else found).sum(axis=0)
    return total


def mixed(log_prob: FloatArray) -> FloatArray:
    """Return the log of the members' mean likelihood, (m,), from (members, m).

    The mixture is taken over whole data sets and not measurement by measurement, so that members who disagree widen
    the posterior.
    """
    top = log_prob.max(axis=0)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        result: FloatArray = safe + np.log(np.exp(log_prob - safe).mean(axis=0))
    return result
