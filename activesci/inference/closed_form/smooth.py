"""A Gaussian process's mean on a fixed set of centres: the expected outcomes where no polynomial follows them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import fmin_l_bfgs_b
from torch import Tensor

from activesci.types import FloatArray

CENTRES, CENTRES_TRIED, ROWS_TRIED, ITERATIONS = 300, 100, 1000, 25
ROWS_AT_ONCE = 16_384
JITTER, ROUNDING = 1e-7, 1e-13
FARTHEST = -40.0
MOST_APART = 4
"""Of more columns the noise is taken to grow and fall alike over the inputs: one matrix product serves them all."""
WARP_SPREAD = 0.75
"""Standard deviation that the logs of a warp's two exponents have beforehand."""


@dataclass(frozen=True, slots=True)
class Warp:
    """Maps each input to [0, 1] by the distribution function of Kumaraswamy, u to 1 - (1 - u^a)^b.

    A function that changes fast at one end of an input and slowly at the other, as a decay or a saturation does, is
    evenly rough afterwards.

    References:
        Snoek et al., Input warping for Bayesian optimization of non-stationary functions, 2014, arXiv:1402.0929.

    Attributes:
        low, high: The range of the inputs, (p,); beyond it the map is constant.
        exponents: The logs of a and b, (2, p).
        lengths: The logs of the lengths, after the map, over which the function changes, (p,).
    """

    low: Tensor
    high: Tensor
    exponents: Tensor
    lengths: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return the mapped inputs in units of the lengths, (n, p)."""
        u = ((x - self.low) / (self.high - self.low)).clamp(1e-6, 1 - 1e-6)
        a, b = torch.exp(self.exponents)
        return torch.as_tensor((1 - (1 - u**a) ** b) * torch.exp(-self.lengths))


@dataclass(frozen=True, slots=True)
class Smooth:
    """For each outcome column a sum of bumps of warped inputs, one at each centre; the columns share the bumps.

    References:
        Titsias, Variational learning of inducing variables in sparse Gaussian processes, 2009: how lengths, warp and
        height are found.

    Fails when:
        there are more than about 10 inputs, or the function has a jump; the held-out rows then prefer a polynomial.

    Attributes:
        warp: The map of the inputs.
        height: The log of the function's size.
        centres: Mapped inputs of the centres, (m, p).
        weights: (m, columns).
    """

    warp: Warp
    height: float
    centres: Tensor
    weights: Tensor

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the functions at inputs (n, p), (n, columns)."""
        pieces = torch.split(torch.tensor(x), ROWS_AT_ONCE)
        return torch.cat([bumps(self.warp(piece), self.centres) @ self.weights for piece in pieces]).numpy()

    @classmethod
    def fit(cls, x: FloatArray, residual: FloatArray, scale: FloatArray) -> Self:
        """Return the functions found from all of it: lengths, warp, height and weights.

        Args:
            x: Inputs, (n, p).
            residual: Their values with noise, (n, columns).
            scale: The noise's standard deviation up to a factor, (n, columns).
        """
        rows = spread(len(x), ROWS_TRIED)
        common = pattern(scale) * np.exp(np.log(scale).mean())
        tried = tuple(torch.tensor(a[rows]) for a in (x, residual, 1 / common))
        low, high = torch.tensor(x.min(0)), torch.tensor(x.max(0))
        high = torch.where(high > low, high, low + 1)
        p = x.shape[1]

        def cost(values: FloatArray) -> tuple[float, FloatArray]:
            free = torch.tensor(values, requires_grad=True)
            warp = Warp(low, high, free[: 2 * p].reshape(2, p), free[2 * p : 3 * p])
            loss = -evidence(warp, free[-2], free[-1], *tried) / len(rows)
            loss = loss + 0.5 * (free[: 2 * p] ** 2).sum() / WARP_SPREAD**2 / len(rows)
            loss.backward()  # type: ignore[no-untyped-call]
            gradient = np.zeros(len(values)) if free.grad is None else free.grad.numpy()
            return float(loss.detach()), gradient

        first = np.concatenate([np.zeros(2 * p), np.full(p, -0.5), [0.0, 0.0]])
        bounds = [(-2.0, 2.0)] * (2 * p) + [(-3.5, 3.0)] * p + [(-6.0, 4.0), (-4.0, 3.0)]
        best, *_ = fmin_l_bfgs_b(cost, first, bounds=bounds, maxiter=ITERATIONS)
        found = torch.tensor(best)
        warp = Warp(low, high, found[: 2 * p].reshape(2, p), found[2 * p : 3 * p])
        centres = warp(torch.tensor(x[spread(len(x), CENTRES)]))
        empty = cls(warp, float(found[-2]), centres, torch.zeros(len(centres), dtype=torch.float64))
        return empty.weighted(x, residual, scale)

    def weighted(self, x: FloatArray, residual: FloatArray, scale: FloatArray) -> Self:
        """Return the functions with their weights found anew; of `scale` the size matters now too."""
        between = prior_precision(self.centres, self.height)
        plain, values = bumps(self.warp(torch.tensor(x)), self.centres), torch.tensor(residual)
        if residual.shape[1] > MOST_APART:
            heavy = plain / torch.tensor(pattern(scale))[:, None]
            inner, outer = heavy.T @ heavy, heavy.T @ (values / torch.tensor(pattern(scale))[:, None])
            sizes = torch.tensor(level(scale)) ** 2
            columns = [torch.linalg.solve(between + inner / s, outer[:, i] / s) for i, s in enumerate(sizes)]
        else:
            noises = torch.tensor(1 / scale)
            heavies = [plain * noise[:, None] for noise in noises.T]
            pairs = zip(heavies, (values * noises).T, strict=True)
            columns = [torch.linalg.solve(between + heavy.T @ heavy, heavy.T @ value) for heavy, value in pairs]
        return type(self)(self.warp, self.height, self.centres, torch.stack(columns, dim=1))

    @property
    def size(self) -> int:
        """The number of weights a column has."""
        return len(self.centres)

    def errors(self, x: FloatArray, scale: FloatArray, normal: FloatArray) -> FloatArray:
        """Return errors of the weights, (k, m, columns), as large as rows leave them uncertain.

        Args:
            x: Inputs, (n, p).
            scale: The noise's standard deviation, (n, columns).
            normal: Standard normal numbers, (k, m, columns).
        """
        between = prior_precision(self.centres, self.height)
        one = torch.eye(self.size, dtype=torch.float64)
        plain, found = bumps(self.warp(torch.tensor(x)), self.centres), np.empty_like(normal)
        for column, noise in enumerate(torch.tensor(1 / scale).T):
            heavy = plain * noise[:, None]
            known = between + heavy.T @ heavy
            root = torch.linalg.cholesky(known + ROUNDING * torch.trace(known) * one)
            numbers = torch.tensor(normal[:, :, column].T)
            found[:, :, column] = torch.linalg.solve_triangular(root.T, numbers, upper=True).numpy().T
        return found

    def shifted(self, by: FloatArray) -> Self:
        """Return the functions with (m, columns) added to their weights."""
        return replace(self, weights=self.weights + torch.tensor(by))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the function as named arrays."""
        return {
            "range": torch.stack([self.warp.low, self.warp.high]).numpy(),
            "exponents": self.warp.exponents.numpy(),
            "lengths": self.warp.lengths.numpy(),
            "height": np.array(self.height),
            "centres": self.centres.numpy(),
            "weights": self.weights.numpy(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the function that `state` has described."""
        arrays = {name: torch.tensor(array, dtype=torch.float64) for name, array in state.items()}
        warp = Warp(arrays["range"][0], arrays["range"][1], arrays["exponents"], arrays["lengths"])
        return cls(warp, float(arrays["height"]), arrays["centres"], arrays["weights"])


def bumps(x: Tensor, centres: Tensor) -> Tensor:
    """Return exp(-|x - c|^2 / 2) for mapped inputs (n, p) and centres (m, p), (n, m)."""
    exponent = torch.addmm(-0.5 * (centres**2).sum(1), x, centres.T) - 0.5 * (x**2).sum(1)[:, None]
    # never so small that it underflows, which would make everything that is computed with it slow
    if exponent.requires_grad:
        return torch.exp(exponent.clamp(min=FARTHEST))
    return exponent.clamp_(min=FARTHEST).exp_()


def prior_precision(centres: Tensor, height: float) -> Tensor:
    """Return the precision that the weights of bumps have beforehand, (m, m)."""
    jitter = JITTER * torch.eye(len(centres), dtype=torch.float64)
    return (bumps(centres, centres) + jitter) * float(np.exp(-2 * height))


def evidence(warp: Warp, height: Tensor, noise: Tensor, x: Tensor, residual: Tensor, precision: Tensor) -> Tensor:
    """Return Titsias's lower bound of the log evidence of a Gaussian process, up to a constant.

    Args:
        warp: The map of the inputs.
        height: The log of the process's standard deviation.
        noise: The log of the factor of the noise's standard deviation.
        x: Inputs, (n, p), of which the first CENTRES_TRIED are the centres.
        residual: Values, (n, columns).
        precision: One over the noise's standard deviation up to a factor, (n,).
    """
    mapped = warp(x)
    centres = mapped[spread(len(x), CENTRES_TRIED)]
    heavy = precision * torch.exp(-noise)
    one = torch.eye(len(centres), dtype=torch.float64)
    root = torch.linalg.cholesky(bumps(centres, centres) + JITTER * one)
    half = torch.linalg.solve_triangular(root, bumps(centres, mapped), upper=False) * torch.exp(height) * heavy
    whole = torch.linalg.cholesky(half @ half.T + one)
    known = torch.linalg.solve_triangular(whole, half @ (residual * heavy[:, None]), upper=False)
    quadratic = (((residual * heavy[:, None]) ** 2).sum() - (known**2).sum()) / residual.shape[1]
    log_det = 2 * torch.diagonal(whole).log().sum() - 2 * heavy.log().sum()
    unexplained = torch.exp(2 * height) * (heavy**2).sum() - (half**2).sum()
    return torch.as_tensor(-0.5 * (quadratic + log_det + unexplained))


def level(scale: FloatArray) -> FloatArray:
    """Return each column's size of the noise, the geometric mean over rows (n, columns), (columns,)."""
    return np.asarray(np.exp(np.log(scale).mean(axis=0)))


def pattern(scale: FloatArray) -> FloatArray:
    """Return how the noise (n, columns) grows and falls over rows, whatever the columns' sizes, (n,)."""
    return np.asarray(np.exp(np.log(scale / level(scale)).mean(axis=1)))


def spread(n: int, wanted: int) -> NDArray[np.int64]:
    """Return at most `wanted` of n rows, evenly spread."""
    return np.linspace(0, n - 1, min(n, wanted)).astype(np.int64)
