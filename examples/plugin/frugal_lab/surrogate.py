"""A surrogate for smooth simulators: least squares on all terms up to second order, with Gaussian residuals."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from activesci import Study
from activesci.inference.base import FitInfo
from activesci.ledger.bank import Bank


@dataclass(frozen=True)
class Quadratic:
    """q(y | theta, xi) = normal(quadratic in (theta, xi), constant covariance), fitted in microseconds.

    Fails when:
        the mean bends more than a parabola does, or the noise depends on parameters or design: the held-out check of
        every round will say so.

    Args:
        low: The least values of (theta, xi) that were fitted to, (d + k,); inputs are scaled with them.
        high: The largest.
        weights: The coefficients, (terms, width); None before a fit.
        covariance: Of the residuals, (width, width).
        failing: The share of simulations that failed.
    """

    members = 1  # one fit, no ensemble: nothing that could disagree

    low: np.ndarray | None = None
    high: np.ndarray | None = None
    weights: np.ndarray | None = None
    covariance: np.ndarray | None = None
    failing: np.ndarray | None = None

    @classmethod
    def of(cls, study: Study) -> "Quadratic":
        """Return the surrogate of a study, nothing fitted yet: what the entry point names."""
        columns = [column for group in study.outcome_space.groups for column in group.columns]
        if any(column.kind != "real" for column in columns):
            raise ValueError("the quadratic surrogate expects outcomes of real numbers")
        return cls()

    def fit(
        self, bank: Bank, fresh: int, focus: np.ndarray | None, rng: np.random.Generator
    ) -> tuple["Quadratic", FitInfo]:
        """Return the fit to every simulation that succeeded; `self` stays as it is."""
        good = bank.where(bank.valid)
        inputs = np.concatenate([good.theta, good.xi], axis=1)
        scaled = replace(self, low=inputs.min(axis=0), high=inputs.max(axis=0))
        terms = scaled._terms(inputs)
        if len(good) <= terms.shape[1] + good.y.shape[1]:
            raise ValueError(f"found {len(good)} simulations, expected more than the {terms.shape[1]} terms of a fit")
        weights = np.linalg.lstsq(terms, good.y, rcond=None)[0]
        residual = good.y - terms @ weights
        covariance = residual.T @ residual / (len(good) - terms.shape[1])
        failing = np.array((len(bank) - len(good) + 0.5) / (len(bank) + 1.0))
        fitted = replace(scaled, weights=weights, covariance=covariance, failing=failing)
        loss = -float(fitted._density(residual).mean())
        return fitted, FitInfo(loss=loss, held_out=-loss, steps=1, warm=False)

    def _terms(self, inputs: np.ndarray) -> np.ndarray:
        """Return 1, each input and each product of two, (n, terms)."""
        u = (inputs - self.low) / np.where(self.high > self.low, self.high - self.low, 1.0)
        first, second = np.triu_indices(u.shape[1])
        return np.concatenate([np.ones((len(u), 1)), u, u[:, first] * u[:, second]], axis=1)

    def _means(self, theta: np.ndarray, xi: np.ndarray) -> np.ndarray:
        """Return the means of all pairs, (t, m, width)."""
        pairs = [np.concatenate([theta, np.tile(design, (len(theta), 1))], axis=1) for design in xi]
        return np.stack([self._terms(pair) @ self.weights for pair in pairs])

    def _density(self, residual: np.ndarray) -> np.ndarray:
        """Return the log density of residuals (..., width), nats, with the chance that there is an outcome at all."""
        root = np.linalg.cholesky(self.covariance)
        pull = residual @ np.linalg.inv(root).T
        constant = residual.shape[-1] * np.log(2 * np.pi) / 2 + np.log(np.diagonal(root)).sum()
        return -0.5 * (pull**2).sum(axis=-1) - constant + np.log1p(-self.failing)

    def log_prob(self, theta: np.ndarray, xi: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return log densities (t, 1, n, m) of outcomes (t, 1, n, width) for all pairs; NaN is a failure."""
        found = self._density(y[:, :1, :, None, :] - self._means(theta, xi)[:, None, None])
        return np.where(np.isnan(found), np.log(self.failing), found)

    def sample(self, theta: np.ndarray, xi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return outcomes (t, n, width), with the same random numbers for every design."""
        means = self._means(theta, xi)
        noise = rng.standard_normal(means.shape[1:]) @ np.linalg.cholesky(self.covariance).T
        failed = rng.random(len(theta)) < self.failing
        return np.where(failed[:, None], np.nan, means + noise)

    def trusted(self, theta: np.ndarray) -> np.ndarray:
        """Return that one fit is as fine everywhere, (m,)."""
        return np.ones(len(theta), dtype=bool)

    def resolves(self, theta: np.ndarray) -> bool:
        """Return that no posterior is too narrow for it."""
        return True

    def state(self) -> Mapping[str, np.ndarray]:
        """Return what was learned, which the ledger keeps."""
        return {name: getattr(self, name) for name in ("low", "high", "weights", "covariance", "failing")}

    def restore(self, state: Mapping[str, Any]) -> "Quadratic":
        """Return the surrogate as it was."""
        return replace(self, **state)
