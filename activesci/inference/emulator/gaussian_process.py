"""A Gaussian process in the form of a Bayesian linear regression: what is known of a function, and how well."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from activesci.inference.closed_form.arrays import below
from activesci.inference.emulator.kernel import Kernel
from activesci.types import FloatArray, IntArray

CENTRES = 400
"""Centres at most; fewer simulations than that are all centres, unless some say nothing new."""
FINEST = 1e-9
"""Of the rest's variance: what is left of it at a centre is not looked at."""
LEFT = 1e-3
"""Of the noise's variance: what the centres may leave open at the simulations."""


@dataclass(frozen=True, slots=True)
class Process:
    """A function f(x) = w' features(x) of which w is known with an error, and what the features leave open.

    Features are one, the inputs, and the kernel's rest at centres, which are simulations chosen by pivoting until the
    others add nothing. With all simulations as centres this is the Gaussian process itself.

    References:
        Rasmussen and Williams, Gaussian processes for machine learning, 2006, chapters 2, 5 and 8.
        Foster et al., Stable and efficient Gaussian process calculations, 2009: pivoting.

    Attributes:
        kernel: The prior.
        centres: Inputs of the centres, (r, p).
        weights: What the features are multiplied with to give the mean, (q,), or of several functions that share the
            kernel and the noise, (q, functions).
        error: What they are multiplied with to give independent errors of unit size, (q, q).
        prior: What the kernel's rest at the centres is multiplied with, to give what the centres know of it, (r, r).
    """

    kernel: Kernel
    centres: FloatArray
    weights: FloatArray
    error: FloatArray
    prior: FloatArray

    @classmethod
    def fit(cls, kernel: Kernel, x: FloatArray, values: FloatArray, noise: FloatArray) -> Self:
        """Return the process given values (n,) or (n, functions) at inputs (n, p), of noise variances (n,)."""
        chosen = pivots(kernel, x, LEFT * float(noise.min()))
        centres = x[chosen]
        root = cholesky(kernel.rest(centres, centres) + FINEST * kernel.variance * np.eye(len(chosen)), lower=True)
        prior = solve_triangular(root, np.eye(len(root)), lower=True).T
        blank = cls(kernel, centres, np.empty(0), np.empty((0, 0)), prior)
        raw = blank.features(x)
        basis = blank.basis()
        phi = raw @ basis
        left = np.maximum(kernel.variance - (phi[:, : len(root)] ** 2).sum(axis=1), 0.0)
        heavy = phi / (noise + left)[:, None]
        factor = cho_factor(phi.T @ heavy + np.eye(phi.shape[1]), lower=True)
        weights = cho_solve(factor, heavy.T @ values)
        spread = solve_triangular(factor[0], np.eye(len(weights)), lower=True).T
        return cls(kernel, centres, basis @ weights, basis @ spread, prior)

    def basis(self) -> FloatArray:
        """Return what makes independent features of unit variance beforehand of the raw ones, (q, q)."""
        r, p = self.centres.shape
        basis = np.zeros((r + 1 + p, r + 1 + p))
        basis[:r, :r] = self.prior
        basis[r, r] = np.sqrt(self.kernel.constant)
        basis[r + 1 :, r + 1 :] = np.sqrt(self.kernel.slope) * np.eye(p)
        return basis

    def features(self, x: FloatArray) -> FloatArray:
        """Return the raw features at inputs (n, p), (n, q)."""
        return np.concatenate([self.kernel.rest(x, self.centres), np.ones((len(x), 1)), x], axis=1)

    def mean(self, x: FloatArray) -> FloatArray:
        """Return the expected value at inputs (n, p), (n,) or (n, functions)."""
        return np.asarray(self.features(x) @ self.weights)

    def moments(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the expected value at inputs (n, p), (n,) or (n, functions), and its variance, (n,)."""
        raw = self.features(x)
        known = raw[:, : len(self.centres)] @ self.prior
        left = np.maximum(self.kernel.variance - (known**2).sum(axis=1), 0.0)
        return raw @ self.weights, ((raw @ self.error) ** 2).sum(axis=1) + left

    def joint(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return expected values and their covariance at sets of inputs (m, u, p), (m, u) and (m, u, u)."""
        m, u, p = x.shape
        raw = self.features(x.reshape(-1, p))
        known = (raw[:, : len(self.centres)] @ self.prior).reshape(m, u, -1)
        error = (raw @ self.error).reshape(m, u, -1)
        left = self.kernel.rest(x, x) - known @ known.swapaxes(1, 2)
        return (raw @ self.weights).reshape(m, u), error @ error.swapaxes(1, 2) + left

    def drawn(self, x: FloatArray, normal: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return functions drawn from what is known, and the variance that the draws leave out.

        Args:
            x: Inputs, (n, p).
            normal: Standard normal numbers, a column for each function, (most, draws).

        Returns:
            (n, draws) and (n,).
        """
        raw = self.features(x)
        known = raw[:, : len(self.centres)] @ self.prior
        left = np.maximum(self.kernel.variance - (known**2).sum(axis=1), 0.0)
        return raw @ (self.weights[:, None] + self.error @ normal[: len(self.weights)]), left

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the process as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {
            "centres": self.centres,
            "weights": self.weights,
            "error": self.error,
            "prior": self.prior,
        }
        return arrays | {f"kernel.{name}": array for name, array in self.kernel.state().items()}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the process that `state` has described."""
        arrays = (np.asarray(state[name], np.float64) for name in ("centres", "weights", "error", "prior"))
        return cls(Kernel.restore(below(state, "kernel")), *arrays)


def pivots(kernel: Kernel, x: FloatArray, left: float) -> IntArray:
    """Return the rows of inputs (n, p) that leave a variance of at most `left` of the rest open at all others."""
    open_ = np.full(len(x), kernel.variance)
    columns = np.zeros((min(CENTRES, len(x)), len(x)))
    chosen: list[int] = []
    for step in range(len(columns)):
        worst = int(open_.argmax())
        if chosen and open_[worst] <= max(left, FINEST * kernel.variance):
            break
        chosen.append(worst)
        column = kernel.rest(x[worst : worst + 1], x)[0] - columns[:step, worst] @ columns[:step]
        columns[step] = column / np.sqrt(open_[worst])
        open_ = np.maximum(open_ - columns[step] ** 2, 0.0)
        open_[worst] = 0.0
    return np.array(chosen)
