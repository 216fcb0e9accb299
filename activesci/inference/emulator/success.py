"""The probability that a simulation gives an outcome at all, from few simulations: a Gaussian process classifier."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from activesci.inference.emulator.kernel import ROWS_TRIED, Kernel, Search, bounds_may_be_reached
from activesci.types import BoolArray, FloatArray

WIDE = 10.0
"""Variance beforehand of the log odds' constant."""


@dataclass(frozen=True, slots=True)
class Success:
    """P(valid | x) = 1 / (1 + exp(-f(x))) with the most likely f under a Gaussian process.

    References:
        Rasmussen and Williams, Gaussian processes for machine learning, 2006, chapter 3 (Laplace's approximation).

    Fails when:
        whether a simulation succeeds has a sharp edge that few simulations are near: it is then blurred.

    Attributes:
        kernel: Of the log odds.
        centres: Inputs, (r, p).
        weights: (r,).
    """

    kernel: Kernel
    centres: FloatArray
    weights: FloatArray

    @classmethod
    def fit(cls, x: FloatArray, valid: BoolArray) -> Self:
        """Return the probability that simulations tell of, with some of both kinds among them.

        Args:
            x: Inputs of all simulations, (n, p).
            valid: Which of them gave an outcome, (n,).
        """
        rows = chosen(valid)
        p = x.shape[1]
        rest = ConstantKernel(4.0, (0.1, 100.0)) * RBF(np.full(p, 2.0), (0.1, 100.0))
        search = Search(p, most=20)
        process = GaussianProcessClassifier(ConstantKernel(WIDE, "fixed") + rest, optimizer=search)
        with bounds_may_be_reached():
            base = process.fit(x[rows], valid[rows]).base_estimator_
        params = base.kernel_.get_params()
        lengths = np.asarray(params["k2__k2__length_scale"], np.float64) * np.ones(p)
        kernel = Kernel(WIDE, 0.0, float(params["k2__k1__constant_value"]), lengths)
        return cls(kernel, x[rows], np.asarray(base.y_train_ - base.pi_, np.float64))

    def log_odds(self, x: FloatArray) -> FloatArray:
        """Return the log odds of a valid outcome at inputs (n, p), (n,)."""
        return np.asarray((self.kernel.rest(x, self.centres) + self.kernel.constant) @ self.weights)

    def log_probability(self, x: FloatArray, valid: bool = True) -> FloatArray:
        """Return the log probability of a valid outcome, or of a failure, at inputs (n, p), (n,)."""
        return np.asarray(log_expit(self.log_odds(x) * (1 if valid else -1)))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the probability as named arrays."""
        kernel = {f"kernel.{name}": array for name, array in self.kernel.state().items()}
        return kernel | {"centres": self.centres, "weights": self.weights}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the probability that `state` has described."""
        centres, weights = (np.asarray(state[name], np.float64) for name in ("centres", "weights"))
        kernel = {name[7:]: array for name, array in state.items() if name.startswith("kernel.")}
        return cls(Kernel.restore(kernel), centres, weights)


def chosen(valid: BoolArray) -> NDArray[np.int64]:
    """Return at most ROWS_TRIED rows, evenly spread, with some of both kinds among them."""
    even = np.linspace(0, len(valid) - 1, min(len(valid), ROWS_TRIED)).astype(np.int64)
    return np.unique(np.concatenate([even, *(np.flatnonzero(valid == kind)[:5] for kind in (True, False))]))
