"""The gain by an amortised posterior: how well an outcome's posterior finds the parameters it was drawn with."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from activesci.gain.base import Gain
from activesci.gain.beliefs import Beliefs
from activesci.gain.nested import NestedGain, log_mean
from activesci.gain.support import controlled
from activesci.inference.amortised.inverse import Inverse
from activesci.inference.amortised.origins import probit
from activesci.inference.networks.network import one_thread
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.study.designs import DesignSpace
from activesci.study.outcomes import Component, OutcomeSpace
from activesci.types import FloatArray

OUTER, COARSE_OUTER = 1024, 256
SIMULATIONS, EACH = 10_000, 8
"""Outcomes that the posterior is learned from, and how many of them are of one design."""
MEMBERS = 2
BESIDE = "the design"
"""The component that holds a design's features beside its outcome; no outcome has a name with a space."""

LogDensity = Callable[[FloatArray], FloatArray]
"""Parameters (n, d) to the log of what is believed of them against the prior, (n,), in nats."""


@dataclass(frozen=True)
class Beside:
    """Outcomes with the features of their designs beside them, as one outcome.

    Attributes:
        designs: The designs.
        space: The outcomes with their designs' features.
    """

    designs: DesignSpace
    space: OutcomeSpace

    @classmethod
    def of(cls, study: Study) -> Self:
        """Return the outcomes of a study so joined."""
        outcomes, designs = study.outcome_space, study.design_space
        most = {group.iid: group.events for group in outcomes.groups if isinstance(group.iid, str)}
        features = Component(BESIDE, "real", (designs.n_features,))
        return cls(designs, OutcomeSpace.of([*outcomes.components, features], most, designs.names))

    def __call__(self, y: FloatArray, xi: FloatArray) -> FloatArray:
        """Return outcomes (n, width) with the features of their designs (n, k) in their places."""
        rows, features = np.empty((len(y), self.space.width)), self.space.places(BESIDE).ravel()
        rows[:, features] = self.designs.features(xi)
        rows[:, np.setdiff1d(np.arange(self.space.width), features)] = y
        return rows


@dataclass(frozen=True)
class AmortisedGain:
    """Expected information gain about the parameters of interest, in nats, too low on average.

        EIG(xi) >= E[ log q(theta | y, xi) ] - E[ log p(theta) ]

    with theta from what is believed, y from the surrogate and one q, learned from such pairs at designs all over the
    space, for all outcomes of all designs. What the bound is too low by is how far q is from the posterior, on
    average; there is no upper bound, and `Gain.upper` is the same number. It has no cap such as the log of the
    samples, and takes one evaluation an outcome, whatever the outcome's size: it is what `NestedGain` is held against
    where its two bounds are far apart.

    References:
        Barber and Agakov, The IM algorithm, 2003; Foster et al., Variational Bayesian optimal experimental design,
        2019, arXiv:1903.05480.

    Fails when:
        q is learned badly: the bound stays valid and becomes useless, and designs it is worse for look worse.

    Attributes:
        beliefs: Surrogate and posterior samples.
        beside: What puts a design beside its outcome.
        inverse: The density of normal quantiles of the parameters of interest given both.
        known: Mean log density of the samples, against the prior: what is known of them already [nats].
        outer: Number of outcomes.
    """

    beliefs: Beliefs
    beside: Beside
    inverse: Inverse
    known: float = 0.0
    outer: int = OUTER

    @classmethod
    def learned(
        cls,
        study: Study,
        beliefs: Beliefs,
        density: LogDensity | None,
        rng: np.random.Generator,
        simulations: int = SIMULATIONS,
    ) -> Self:
        """Learn the posterior of all outcomes of all designs.

        Args:
            study: The study.
            beliefs: Surrogate and samples of what is believed.
            density: The log density of what is believed, against the prior; None if that is the prior.
            rng: Random numbers.
            simulations: Outcomes to learn from.

        Raises:
            ValueError: If the gain is about a target, or about some of the parameters and something was measured: the
                density of what is believed of these alone is then not known.
        """
        if beliefs.target is not None:
            raise ValueError("found a target, expected none: its density given an outcome is not learned")
        if density is not None and beliefs.marginal:
            raise ValueError("found nuisances and measurements, expected one of them at most; take NestedGain")
        beside = Beside.of(study)
        y, theta = pairs(beside, beliefs, simulations, rng)
        rows = y, asked(beliefs, theta), np.ones(len(y))
        with one_thread():
            cold = Inverse.cold(beside.space, "auto", rows, MEMBERS, rng)
            inverse = cold.fitted(rows, 0, False, rng)[0]
        return cls(beliefs, beside, inverse, 0.0 if density is None else float(density(beliefs.theta).mean()))

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k)."""
        return Gain.joined([self._one(design[None]) for design in xi])

    def given(self, xi: FloatArray) -> NestedGain:
        """Return the estimator of the joint gain with designs (q, k), of which no posterior is learned."""
        return NestedGain(self.beliefs).given(xi)

    def coarse(self) -> Self:
        """Return the estimator with a quarter of the outcomes."""
        return replace(self, outer=min(self.outer, COARSE_OUTER))

    def _one(self, xi: FloatArray) -> Gain:
        members = self.beliefs.surrogate.members
        n = min(self.outer, len(self.beliefs.theta)) // members * members
        theta, support = self.beliefs.theta[:n], self.beliefs.support(n)
        y = self.beliefs.surrogate.sample(theta, xi, generator(self.beliefs.seed, 6, Purpose.GAIN))[0]
        valid, terms = ~np.isnan(y).all(axis=1), np.zeros(n)
        if valid.any():
            terms[valid] = self._log_q(y[valid], xi, theta[valid]) - self.known
        found = controlled(terms[None], np.empty((1, n, 0)), support.features[None], support, np.arange(n) % members)
        return Gain(found.value, found.value, found.error)

    def _log_q(self, y: FloatArray, xi: FloatArray, theta: FloatArray) -> FloatArray:
        """Return the log density of parameters (n, d) given outcomes (n, width) of a design, against the prior."""
        with one_thread():
            seen = self.inverse.seen(self.beside(y, np.repeat(xi, len(y), axis=0))[None])
            return log_mean(self.inverse.log_prob(seen, asked(self.beliefs, theta)).T)


def pairs(beside: Beside, beliefs: Beliefs, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return outcomes with their designs, (n, width), and the parameters they were drawn with, (n, d)."""
    outcomes, parameters = [], []
    for design in beside.designs.towards_ends(beside.designs.sample(count // EACH, rng)):
        theta = beliefs.theta[rng.integers(len(beliefs.theta), size=EACH)]
        y = beliefs.surrogate.sample(theta, design[None], rng)[0]
        valid = ~np.isnan(y).all(axis=1)
        outcomes.append(beside(y[valid], np.repeat(design[None], valid.sum(), axis=0)))
        parameters.append(theta[valid])
    return np.concatenate(outcomes), np.concatenate(parameters)


def asked(beliefs: Beliefs, theta: FloatArray) -> FloatArray:
    """Return the normal quantiles of the parameters of interest, (n, p), of parameters (n, d)."""
    return probit(beliefs.space.to_cube(theta))[:, list(beliefs.space.interest)]
