"""The design-conditioned neural ratio: likelihoods of large outcomes up to a constant, learned by contrast."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_expit

from activesci.inference.base import FitInfo, mixed
from activesci.inference.closed_form.arrays import below
from activesci.inference.embeddings.own import OwnModule
from activesci.inference.embeddings.readers import Readers
from activesci.inference.likelihood.surrogate import REFIT_AFTER, by_member
from activesci.inference.networks.coordinates import Inputs
from activesci.inference.networks.network import Network, one_thread
from activesci.inference.networks.region import Region
from activesci.inference.networks.rows import split
from activesci.inference.networks.validity import Validity
from activesci.inference.ratio.contrast import Contrast, tensor
from activesci.inference.ratio.pool import Pool, chosen
from activesci.ledger.bank import Bank
from activesci.study.designs import DesignSpace
from activesci.study.outcomes import OutcomeSpace
from activesci.study.parameters import ParameterSpace
from activesci.types import BoolArray, FloatArray, IntArray

FEWEST = 50
"""Valid simulations below which nothing is fitted."""
SCORED = 500
"""Held-out simulations on which a fit is scored."""
RESOLVED = 8.0
"""A predicted outcome must be drawn from at least so many different ones, effectively, at most places."""
PLACES, LOOKED_AT = 64, 4
"""At how many parameters, and at how many designs, that is looked at."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a fit has learned.

    Attributes:
        contrast: The networks, with the coordinates of parameters and designs.
        pool: Simulations that ratios are relative to, and that outcomes are drawn from.
        validity: The probability of a valid outcome; None while no simulation has failed.
        rows: Size of the bank at the last full training.
    """

    contrast: Contrast
    pool: Pool
    validity: Validity | None
    rows: int


@dataclass(frozen=True, slots=True)
class RatioSurrogate:
    """log p(y | theta, xi) - log p(y), by networks that embed the outcome and are trained by contrast.

    p(y) is the mean likelihood over the pool, a few hundred simulations of the bank; it depends on the fit, so log
    densities are known up to a function of the outcome alone (`normalised` is false): posteriors and gains, which
    compare parameters, are right, and the evidence is not given. Outcomes are drawn from those of the pool.

    References:
        See `Contrast` and `resampled`.

    Fails when:
        the posterior is so narrow against the prior that the bank holds few simulations near it: `resolves` is then
        false, and predicted outcomes are those of parameters near by; or an outcome is unlike all simulations: no
        ratio says so.

    Attributes:
        embedding: What looks at the outcome: auto, mlp, conv1d, conv2d, set or the user's own.
    """

    normalised: ClassVar[bool] = False
    parameters: ParameterSpace
    designs: DesignSpace
    outcomes: OutcomeSpace
    members: int = 4
    embedding: "str | OwnModule" = "auto"
    learned: Learned | None = None

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the surrogate fitted to the bank: in full at first and when it has doubled, else a short replay.

        The info's loss and held-out score are log ratios, nats per simulation: what the outcome tells, on average.

        Raises:
            ValueError: If too few simulations are valid.
        """
        valid = bank.where(bank.valid)
        if len(valid) < FEWEST:
            raise ValueError(f"{len(valid)} of {len(bank)} simulations are valid, at least {FEWEST} are needed to fit")
        warm = self.learned is not None and len(bank) < REFIT_AFTER * self.learned.rows
        with one_thread(), torch.no_grad():
            last = self.learned.contrast if warm and self.learned else self._cold(valid, rng)
            new = int(bank.valid[len(bank) - fresh :].sum())
            with torch.enable_grad():
                contrast, steps = last.fitted(valid.theta, valid.xi, valid.y, new, warm, rng)
                validity = self._validity(contrast.inputs, bank, fresh, warm, rng)
            rows = chosen(len(valid), valid.y.shape[1], near(contrast.inputs, valid.theta, focus), rng)
            pool = Pool.of(contrast, valid.theta[rows], valid.xi[rows], valid.y[rows])
            since = self.learned.rows if warm and self.learned else len(bank)
            fitted = replace(self, learned=Learned(contrast, pool, validity, since))
            return fitted, FitInfo(*fitted._scores(valid), steps, warm)

    def _cold(self, bank: Bank, rng: np.random.Generator) -> Contrast:
        inputs = Inputs.of(self.parameters, self.designs, bank.xi, None)
        return Contrast.cold(inputs, self.outcomes, self.embedding, bank.y, self.members, rng)

    def _validity(
        self, inputs: Inputs, bank: Bank, fresh: int, warm: bool, rng: np.random.Generator
    ) -> Validity | None:
        if bank.valid.all():
            return None
        x = np.concatenate([inputs.of_theta(bank.theta), inputs.of_xi(bank.xi)], axis=1)
        known = self.learned.validity if warm and self.learned else None
        last = known or Validity.cold(x.shape[1], float(bank.valid.mean()), self.members, rng)
        return last.fitted(x, bank.valid, fresh, known is not None, rng)

    def _scores(self, bank: Bank) -> tuple[float, float]:
        """Return minus the mean log ratio of simulations learned from and the mean log ratio of held-out ones."""
        learn, held = (bank.where(np.isin(np.arange(len(bank)), rows[-SCORED:])) for rows in split(len(bank)))
        return -float(self._log_ratios(learn).mean()), float(self._log_ratios(held).mean())

    def _log_ratios(self, bank: Bank) -> FloatArray:
        """Return the log ratio of each of a bank's valid outcomes, (n,)."""
        learned = self._ready()
        inputs, features = learned.contrast.inputs, learned.contrast.features(bank.y[None])
        theta, xi = (tensor(a)[None, :, None] for a in (inputs.of_theta(bank.theta), inputs.of_xi(bank.xi)))
        own, critic = features.unsqueeze(2), learned.contrast.critic
        f = critic(theta, xi, own, critic.guessed(xi, own))[:, :, 0, 0].double().numpy()
        return mixed(f - learned.pool.log_mean_of(learned.contrast, features)[0])

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities for all pairs up to a function of y, (t, members, n, m); see `Surrogate.log_prob`."""
        learned = self._ready()
        contrast, valid = learned.contrast, np.asarray(~np.isnan(y).all(axis=-1, keepdims=True))
        known = np.where(valid, y, learned.pool.y[0])
        at, designs = contrast.inputs.of_theta(theta), contrast.inputs.of_xi(xi)
        with one_thread(), torch.no_grad():
            found = [self._at_design(at, designs[t : t + 1], known[t]) for t in range(len(xi))]
            log_prob = np.stack(found) if found else np.empty((0, self.members, y.shape[2], len(theta)))
            if learned.validity is None:
                return np.where(valid, log_prob, 0.0)
            logits = learned.validity.logits(at[None], designs)[:, :, None, :]
        return np.where(valid, log_prob + log_expit(logits), log_expit(-logits))

    def _at_design(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log ratios at one design's inputs (1, p), (members, n, m), of outcomes (members or 1, n, width)."""
        learned = self._ready()
        features = learned.contrast.features(y)
        f = learned.contrast.pairs(tensor(theta)[None], tensor(xi), features)[0].numpy()
        return np.asarray(f - learned.pool.log_mean_of(learned.contrast, features)[0][..., None])

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes of every design with the same random numbers, (t, n, width); see `Surrogate.sample`."""
        learned, n = self._ready(), len(theta)
        inputs = learned.contrast.inputs
        at, designs = by_member(inputs.of_theta(theta), self.members), inputs.of_xi(xi)
        uniform = rng.random((*at.shape[:2], 3))
        with one_thread(), torch.no_grad():
            drawn = [self._drawn(at, xi[t], designs[t : t + 1], uniform[..., :2])[0] for t in range(len(xi))]
            y = np.stack(drawn) if drawn else np.empty((0, *at.shape[:2], self.outcomes.width))
            if learned.validity is not None:
                y[np.log(uniform[..., 2]) > log_expit(learned.validity.logits(at, designs))] = np.nan
        return y.swapaxes(1, 2).reshape(len(xi), -1, self.outcomes.width)[:, :n]

    def _drawn(
        self, at: FloatArray, xi: FloatArray, design: FloatArray, uniform: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return outcomes at one design, (members, n, width), and the effective number each is drawn from."""
        learned = self._ready()
        pool = learned.pool.at(learned.contrast, self.outcomes, xi)
        index, number = pool.drawn(learned.contrast, at, design, uniform)
        return pool.y[index].astype(np.float64), number

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return for all parameters (n, d) that the surrogate judges them, (n,)."""
        return np.ones(len(theta), dtype=np.bool_)

    def resolves(self, theta: FloatArray) -> bool:
        """Return whether the pool holds enough outcomes like those that posterior samples (n, d) predict.

        It is asked at some of the samples, each at the design of one of the simulations kept.
        """
        learned = self._ready()
        inputs = learned.contrast.inputs
        some = theta[np.linspace(0, len(theta), PLACES, endpoint=False).astype(np.int64)]
        at = by_member(inputs.of_theta(some), self.members)
        uniform = np.full((*at.shape[:2], 2), 0.5)
        designs = learned.pool.xi[:LOOKED_AT]
        with one_thread(), torch.no_grad():
            numbers = [self._drawn(at, xi, inputs.of_xi(xi[None]), uniform)[1] for xi in designs]
        return bool(np.median(np.concatenate(numbers)) >= RESOLVED)

    def _ready(self) -> Learned:
        if self.learned is None:
            raise ValueError("the surrogate has not been fitted")
        return self.learned

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        learned = self._ready()
        contrast = learned.contrast
        arrays: dict[str, NDArray[np.generic]] = {
            "rows": np.array(learned.rows),
            "inputs.centre": contrast.inputs.centre,
            "inputs.scale": contrast.inputs.scale,
        }
        parts = {
            "readers": contrast.readers.state(),
            "network": contrast.network.state(),
            "pool": learned.pool.state(),
        }
        parts |= {} if learned.validity is None else {"validity": learned.validity.state()}
        return arrays | {f"{name}.{key}": array for name, part in parts.items() for key, array in part.items()}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surrogate with what an earlier fit has learned."""
        centre, scale = (np.asarray(state[f"inputs.{name}"], np.float64) for name in ("centre", "scale"))
        inputs = Inputs(self.parameters, self.designs, centre, scale, None)
        readers = Readers.restore(self.outcomes, self.embedding, below(state, "readers"))
        contrast = Contrast(inputs, readers, Network.restore(below(state, "network")))
        weights = below(state, "validity")
        validity = Validity(Network.restore(weights)) if weights else None
        pool = Pool.restore(below(state, "pool"))
        return replace(self, learned=Learned(contrast, pool, validity, int(state["rows"])))


def near(inputs: Inputs, theta: FloatArray, focus: FloatArray | None) -> IntArray:
    """Return which parameters (n, d) are near posterior samples (m, d); none before there is a posterior."""
    if focus is None:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(Region.around(inputs.of_theta(focus)).inside(inputs.of_theta(theta)))
