"""How outcomes depend on one another, parameters and design given: a linear-Gaussian chain in closed form.

    u_j = (e_j - sum_(i < j) c_ji(x) e_i) / sigma_j(x)

where e are residuals of unit size and u are independent. Only pairs whose dependence the simulations show have a c.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.arrays import below
from activesci.inference.closed_form.basis import Basis, knots_over
from activesci.inference.closed_form.log_scale import bounded, noise
from activesci.inference.closed_form.polynomial import SPLINE_RIDGE, Polynomial, regression
from activesci.types import BoolArray, FloatArray, IntArray

KNOTS = 8
SIGNIFICANT = 4.0
"""Standard errors by which how residuals move together must vary with an input to be taken to."""
MOST_VARYING = 8
"""Earlier residuals of one column, at most, whose influence may vary with the inputs."""


@dataclass(frozen=True, slots=True)
class Dependence:
    """A chain of linear regressions of each residual on earlier ones, with coefficients that depend on the inputs.

    References:
        Schwarz, Estimating the dimension of a model, 1978, doi:10.1214/aos/1176344136: how clearly residuals have to
        move together.
        Pourahmadi, Joint mean-covariance models with applications to longitudinal data, 1999,
        doi:10.1093/biomet/86.3.677: a covariance as regressions, which keeps it positive whatever the coefficients.

    Attributes:
        pairs: Which residual depends on which earlier one, (q, 2).
        influence: The coefficients c as functions of the inputs, q outputs.
        log_scale: The log of sigma, an output for each residual.
    """

    pairs: IntArray
    influence: Polynomial
    log_scale: Polynomial

    def __call__(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return sigma (n, columns), and the matrix (n, columns, columns) below the diagonal of 1 that makes u.

        It applies to e / sigma.
        """
        features = self.influence.basis(x)
        same = len(self.log_scale.coefficients) == features.shape[1]  # a constant, or as `fit` has chosen for both
        sigma = bounded(features @ self.log_scale.coefficients if same else self.log_scale(x))
        lower = np.zeros((len(x), sigma.shape[1], sigma.shape[1]))
        late, early = self.pairs.T
        lower[:, late, early] = -(features @ self.influence.coefficients) * sigma[:, early] / sigma[:, late]
        return sigma, lower

    def score(self, x: FloatArray, e: FloatArray) -> float:
        """Return the mean log density of residuals (n, columns), in nats per row."""
        sigma, lower = self(x)
        u = e / sigma + np.einsum("nji,ni->nj", lower, e / sigma)
        return float((-0.5 * u**2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)).sum(axis=1).mean())

    @classmethod
    def fit(cls, x: FloatArray, e: FloatArray, first: int) -> Self | None:
        """Return the dependence that the residuals show; None if they show none.

        Args:
            x: Inputs, (n, p).
            e: Residuals of unit size, (n, columns).
            first: The first column that may depend on those before it.
        """
        basis = Basis(1, knots_over(x, KNOTS))
        basis = basis if basis.affordable(x) else Basis(1)
        features, enough = basis(x), np.sqrt(np.log(len(x)))
        pairs: list[tuple[int, int]] = []
        coefficients: list[FloatArray] = []
        rest = e.copy()
        for late in range(max(first, 1), e.shape[1]):
            strength = together(features, e[:, :late], e[:, late])
            chosen = np.flatnonzero((strength[0] > enough) | (strength.max(axis=0) > SIGNIFICANT))
            if len(chosen):
                varying = strength[1:].max(axis=0, initial=0.0)[chosen]
                vary = (varying > SIGNIFICANT) & (varying >= np.sort(varying)[-MOST_VARYING:][0])
                found = regressed(features, e[:, chosen], e[:, late], vary)
                rest[:, late] -= ((features @ found.T) * e[:, chosen]).sum(axis=1)
                pairs += [(late, int(early)) for early in chosen]
                coefficients += list(found)
        if not pairs:
            return None
        influence = Polynomial(basis, np.stack(coefficients, axis=1))
        plain = not np.stack(coefficients)[:, 1:].any()
        log_scale = noise(x, rest, Basis(0) if plain else basis)
        return cls(np.array(pairs, dtype=np.int64), influence, log_scale)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the dependence as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {"pairs": self.pairs}
        arrays |= {f"influence.{name}": array for name, array in self.influence.state().items()}
        return arrays | {f"log_scale.{name}": array for name, array in self.log_scale.state().items()}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the dependence that `state` has described."""
        parts = (Polynomial.restore(below(state, name)) for name in ("influence", "log_scale"))
        return cls(np.asarray(state["pairs"], np.int64), *parts)


def together(features: FloatArray, early: FloatArray, late: FloatArray) -> FloatArray:
    """Return in standard errors how much `late` (n,) moves with features (n, f) times each of `early` (n, i): (f, i).

    A feature beyond the constant counts for what it adds to the constant.
    """
    product = early * late[:, None]
    product = np.concatenate([product, product - early**2 * (product.mean(axis=0) / (early**2).mean(axis=0))], axis=1)
    raw, beyond = np.split(np.abs(features.T @ product) / np.sqrt((features**2).T @ product**2 + 1e-300), 2, axis=1)
    return np.concatenate([raw[:1], beyond[1:]])


def regressed(features: FloatArray, early: FloatArray, late: FloatArray, vary: BoolArray) -> FloatArray:
    """Return the coefficients (i, f) of `late` (n,) on each of `early` (n, i), constant where they do not vary."""
    blocks = [features if one else features[:, :1] for one in vary]
    design = np.concatenate([block * e[:, None] for block, e in zip(blocks, early.T, strict=True)], axis=1)
    flat = regression(design, late[:, None], ridge=SPLINE_RIDGE)[:, 0]
    found, start = np.zeros((early.shape[1], features.shape[1])), 0
    for row, block in zip(found, blocks, strict=True):
        row[: block.shape[1]] = flat[start : start + block.shape[1]]
        start += block.shape[1]
    return found
