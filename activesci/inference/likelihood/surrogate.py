"""The design-conditioned neural likelihood: one density of the outcome for all parameters and all designs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit

from activesci.inference.base import FitInfo, mixed
from activesci.inference.closed_form.arrays import below
from activesci.inference.closed_form.rivals import RIVALS
from activesci.inference.likelihood.density import Density
from activesci.inference.networks.comparisons import Comparisons
from activesci.inference.networks.coordinates import Inputs
from activesci.inference.networks.device import device_for
from activesci.inference.networks.network import Network, one_thread
from activesci.inference.networks.region import Region
from activesci.inference.networks.rows import Rows, split, thinned
from activesci.inference.networks.validity import Validity
from activesci.ledger.bank import Bank
from activesci.study.designs import DesignSpace
from activesci.study.outcomes import OutcomeGroup, OutcomeSpace
from activesci.study.parameters import ParameterSpace
from activesci.types import BoolArray, FloatArray, IntArray

REFIT_AFTER = 2
"""A bank this many times as large as at the last full training is trained on in full again."""
RENEW_AFTER = 1.2
"""One this many times as large as when the closed-form starts were found has their coefficients found anew."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a fit has learned.

    Attributes:
        inputs: The coordinates of parameters and designs.
        densities: The density of each outcome group.
        validity: The probability of a valid outcome; None while no simulation has failed.
        rows: Size of the bank at the last full training.
        started: Size of the bank when the closed-form starts were last found.
        comparisons: What parameters are to designs of the same unit.
    """

    inputs: Inputs
    densities: tuple[Density, ...]
    validity: Validity | None
    rows: int
    started: int
    comparisons: Comparisons

    def of_theta(self, theta: FloatArray) -> FloatArray:
        """Return the inputs for parameters (n, d), and what of them is compared, (n, d + q)."""
        return np.concatenate([self.inputs.of_theta(theta), self.comparisons.of_theta(theta)], axis=1)

    def of_xi(self, xi: FloatArray) -> FloatArray:
        """Return the inputs for designs (n, k), and what of them is compared, (n, p + q)."""
        return np.concatenate([self.inputs.of_xi(xi), self.comparisons.of_xi(xi)], axis=1)

    def plain(self, theta: FloatArray, xi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the inputs (..., d) and (..., p) without what is compared."""
        q = self.comparisons.width
        return theta[..., : theta.shape[-1] - q], xi[..., : xi.shape[-1] - q]


@dataclass(frozen=True, slots=True)
class LikelihoodSurrogate:
    """q(y | theta, xi) as an ensemble of mixture densities, with log-likelihoods summed over exchangeable events.

    Valid for any proposal of parameters and designs, so every simulation ever done stays of use; a measurement costs
    one evaluation and no training.

    References:
        Papamakarios, Sterratt and Murray, Sequential neural likelihood, 2019, arXiv:1805.07226.
        Lakshminarayanan, Pritzel and Blundell, Deep ensembles, 2017, arXiv:1612.01474.

    Fails when:
        the outcome has many strongly dependent columns, or the posterior is so narrow against the prior that the bank
        holds few simulations near it; `disagreement` of the posterior then grows.
    """

    parameters: ParameterSpace
    designs: DesignSpace
    outcomes: OutcomeSpace
    members: int = 4
    region: Region | None = None
    learned: Learned | None = None
    device: str = "cpu"

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the surrogate fitted to the bank: in full at first and when it has doubled, else a short replay.

        In between, closed-form starts are found anew with the terms that they have, as the bank grows. Where nothing
        is new since the last full training there is nothing to learn.

        All of the bank counts alike; see `ZoomedSurrogate` for one that heeds the focus.

        Raises:
            ValueError: If fewer than 20 simulations are valid.
        """
        if bank.valid.sum() < 20:
            raise ValueError(f"{bank.valid.sum()} of {len(bank)} simulations are valid, at least 20 are needed to fit")
        if self.learned is not None and not fresh and len(bank) == self.learned.rows:
            return self, self._unchanged(bank)
        warm = self.learned is not None and len(bank) < REFIT_AFTER * self.learned.rows
        with one_thread():
            learned = self._renewed(self.learned, bank, rng) if warm and self.learned else self._cold(bank, rng)
            return self._trained(learned, bank, fresh, warm, rng)

    def on(self, device: str) -> Self:
        """Return the surrogate on a device; see `Movable`."""
        if (found := device_for(device)) == self.device:
            return self
        there = replace(self, device=found)
        return there if self.learned is None else there.restore(self.state())

    def _cold(self, bank: Bank, rng: np.random.Generator) -> Learned:
        inputs = Inputs.of(self.parameters, self.designs, bank.xi, self.region)
        comparisons = Comparisons.of(self.parameters, self.designs, bank.theta, bank.xi)
        blank = Learned(inputs, (), None, len(bank), len(bank), comparisons)
        rows = [self._rows(blank, bank, group) for group in self.outcomes.groups]
        pairs = zip(self.outcomes.groups, rows, strict=True)
        densities = (Density.cold(group, one, self.members, rng, self.device) for group, one in pairs)
        return replace(blank, densities=tuple(replace(one, comparisons=comparisons) for one in densities))

    def _renewed(self, learned: Learned, bank: Bank, rng: np.random.Generator) -> Learned:
        """Return what was learned with its starts found anew, if the bank has grown enough since they were."""
        if len(bank) < RENEW_AFTER * learned.started:
            return learned
        densities = (
            density.renewed(self._rows(learned, bank, group), rng)
            for group, density in zip(self.outcomes.groups, learned.densities, strict=True)
        )
        return replace(learned, densities=tuple(densities), started=len(bank))

    def _trained(
        self, learned: Learned, bank: Bank, fresh: int, warm: bool, rng: np.random.Generator
    ) -> tuple[Self, FitInfo]:
        fits = [
            density.fitted(replace(self._rows(learned, bank, group, fresh), warm=warm), rng)
            for group, density in zip(self.outcomes.groups, learned.densities, strict=True)
        ]
        validity = self._validity(learned, bank, fresh, warm, rng)
        learned = replace(learned, densities=tuple(fit[0] for fit in fits), validity=validity)
        info = FitInfo(sum(fit[1] for fit in fits), sum(fit[2] for fit in fits), fits[0][3], warm)
        return replace(self, learned=learned), info

    def _unchanged(self, bank: Bank) -> FitInfo:
        """Return what is said of a fit without steps."""
        valid = bank.where(bank.valid)
        learn, held = (thinned(rows) for rows in split(len(valid)))
        at = np.arange(len(valid))
        loss, score = (float(self.scores(valid.where(np.isin(at, rows))).mean()) for rows in (learn, held))
        return FitInfo(-loss, score, 0, warm=True)

    def _validity(
        self, learned: Learned, bank: Bank, fresh: int, warm: bool, rng: np.random.Generator
    ) -> Validity | None:
        if bank.valid.all():
            return None
        x = np.concatenate([learned.inputs.of_theta(bank.theta), learned.inputs.of_xi(bank.xi)], axis=1)
        known = learned.validity if warm else None
        last = known or Validity.cold(x.shape[1], float(bank.valid.mean()), self.members, rng, self.device)
        return last.fitted(x, bank.valid, fresh, known is not None, rng)

    def _rows(self, learned: Learned, bank: Bank, group: OutcomeGroup, fresh: int = 0) -> Rows:
        valid = np.flatnonzero(bank.valid)

        def take(rows: IntArray) -> tuple[FloatArray, FloatArray]:
            at = valid[rows]
            theta, xi, compared = bank.theta[at], bank.xi[at], learned.comparisons
            together = compared(compared.of_theta(theta), compared.of_xi(xi))
            x = np.concatenate([learned.inputs.of_theta(theta), learned.inputs.of_xi(xi), together], axis=1)
            return x, events_of(group, bank.y[at])

        parameters = 0 if self.region is None else self.parameters.dim  # plain functions of them near a posterior only
        return Rows(len(valid), take, int((valid >= len(bank) - fresh).sum()), parameters=parameters)

    def scores(self, bank: Bank) -> FloatArray:
        """Return the log density of the outcome of each valid simulation, (n,), nats.

        It is less what those that the surrogate was fitted to have gained by that; see `Rivals.gained`.
        """
        learned, total = self._ready(), np.zeros(())
        with one_thread():
            for group, density in zip(self.outcomes.groups, learned.densities, strict=True):
                rows = self._rows(learned, bank, group)
                total = total + density.scores(*rows.take(np.arange(len(rows))))
        return mixed(total)

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities for all pairs, (t, members, n, m); see `Surrogate.log_prob`."""
        learned = self._ready()
        theta_in, xi_in = learned.of_theta(theta), learned.of_xi(xi)
        valid = np.asarray(~np.isnan(y).all(axis=-1, keepdims=True))
        with one_thread():
            groups = zip(self.outcomes.groups, learned.densities, strict=True)
            parts = (density.log_prob(theta_in, xi_in, events_of(group, y)) for group, density in groups)
            total = reduce(np.add, parts)
            if learned.validity is None:
                return total if valid.all() else np.where(valid, total, 0.0)
            logits = learned.validity.logits(*learned.plain(theta_in[None], xi_in))[:, :, None, :]
        return np.where(valid, total + log_expit(logits), log_expit(-logits))

    def log_prob_rows(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities of outcomes given parameters of their own, (t, n, k); see `Rowwise`."""
        learned, (n, k, d) = self._ready(), theta.shape
        theta_in = by_member(learned.of_theta(theta.reshape(-1, d)).reshape(n, k, -1), self.members)
        xi_in, dealt = learned.of_xi(xi), y.reshape(len(xi), -1, self.members, y.shape[2]).swapaxes(1, 2)
        valid, total = np.asarray(~np.isnan(dealt).all(axis=-1, keepdims=True)), np.zeros(())
        with one_thread():
            for group, density in zip(self.outcomes.groups, learned.densities, strict=True):
                total = total + density.log_prob_rows(theta_in, xi_in, events_of(group, dealt))
            found = np.where(valid, total, 0.0)
            if learned.validity is not None:
                flat = theta_in.reshape(self.members, -1, theta_in.shape[3])
                logits = learned.validity.logits(*learned.plain(flat, xi_in)).reshape(found.shape)
                found = np.where(valid, total + log_expit(logits), log_expit(-logits))
        return np.asarray(found.swapaxes(1, 2).reshape(len(xi), n, k))

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes of every design with the same random numbers, (t, n, width); see `Surrogate.sample`."""
        learned = self._ready()
        xi_in, n = learned.of_xi(xi), len(theta)
        theta_in = by_member(learned.of_theta(theta), self.members)
        y = np.empty((len(xi), self.members, theta_in.shape[1], self.outcomes.width))
        with one_thread():
            for group, density in zip(self.outcomes.groups, learned.densities, strict=True):
                events = density.sample(theta_in, xi_in, group.events, rng)
                y[..., group.start : group.stop] = events.reshape(*y.shape[:3], -1)
            self._pad(y, xi)
            uniform = rng.random(y.shape[1:3])
            if learned.validity is not None:
                y[np.log(uniform) > log_expit(learned.validity.logits(*learned.plain(theta_in, xi_in)))] = np.nan
        return y.swapaxes(1, 2).reshape(len(xi), -1, self.outcomes.width)[:, :n]

    def _pad(self, y: FloatArray, xi: FloatArray) -> None:
        """Make the events that a design does not take padding, in place."""
        for group, counts in zip(self.outcomes.groups, self.outcomes.event_counts(xi), strict=True):
            columns = np.arange(group.stop - group.start) // len(group.columns)
            y[..., group.start : group.stop][columns >= counts[:, None, None, None] + np.zeros(y.shape[:3] + (1,))] = (
                np.nan
            )

    def rivals(self) -> list[Self]:
        """Return surrogates with other closed-form starts that the simulations speak for about as well."""
        learned = self._ready()
        drawn = zip(*(density.rivals() or [density] * RIVALS for density in learned.densities), strict=True)
        return [replace(self, learned=replace(learned, densities=densities)) for densities in drawn]

    def inputs_of(self, theta: FloatArray) -> FloatArray:
        """Return the inputs for parameters (n, d), of about unit variance over what the surrogate was fitted to."""
        return self._ready().inputs.of_theta(theta)

    def theta_of(self, inputs: FloatArray) -> FloatArray:
        """Return the parameters (n, d) that have inputs (n, d), of a surrogate of all of the prior."""
        return self._ready().inputs.theta_of(inputs)

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return for all parameters (n, d) that the surrogate judges them, (n,)."""
        return np.ones(len(theta), dtype=np.bool_)

    def resolves(self, theta: FloatArray) -> bool:
        """Return that no finer surrogate is needed; see `ZoomedSurrogate`."""
        return True

    def _ready(self) -> Learned:
        if self.learned is None:
            raise ValueError("the surrogate has not been fitted")
        return self.learned

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        learned = self._ready()
        arrays: dict[str, NDArray[np.generic]] = {
            "rows": np.array(learned.rows),
            "started": np.array(learned.started),
            "inputs.centre": learned.inputs.centre,
            "inputs.scale": learned.inputs.scale,
        }
        for i, density in enumerate(learned.densities):
            arrays |= {f"density{i}.{name}": array for name, array in density.state().items()}
        arrays |= {f"comparisons.{name}": array for name, array in learned.comparisons.state().items()}
        if self.region is not None:
            arrays |= {f"region.{name}": array for name, array in self.region.state().items()}
        if learned.validity is not None:
            arrays |= {f"validity.{name}": array for name, array in learned.validity.state().items()}
        return arrays

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surrogate with what an earlier fit has learned."""
        inputs = below(state, "inputs")
        centre, scale = (np.asarray(inputs[name], np.float64) for name in ("centre", "scale"))
        compared = Comparisons.restore(self.parameters, self.designs, below(state, "comparisons"))
        densities = tuple(
            Density.restore(group, below(state, f"density{i}"), self.device, compared)
            for i, group in enumerate(self.outcomes.groups)
        )
        weights = below(state, "validity")
        validity = Validity(Network.restore(weights, self.device)) if weights else None
        box = below(state, "region")
        region = Region.restore(box) if box else None
        inputs_ = Inputs(self.parameters, self.designs, centre, scale, region)
        rows, started = int(state["rows"]), int(state.get("started", state["rows"]))
        return replace(self, region=region, learned=Learned(inputs_, densities, validity, rows, started, compared))


def events_of(group: OutcomeGroup, y: FloatArray) -> FloatArray:
    """Return a group's events, (..., events, columns), of flat outcomes (..., width)."""
    return y[..., group.start : group.stop].reshape(*y.shape[:-1], group.events, len(group.columns))


def by_member(rows: FloatArray, members: int) -> FloatArray:
    """Deal rows (n, ...) out to members, row i to member i modulo members: (members, n / members, ...), padded."""
    missing = -len(rows) % members
    padded = np.concatenate([rows, rows[:1].repeat(missing, axis=0)])
    return padded.reshape(-1, members, *rows.shape[1:]).swapaxes(0, 1)
