"""How the values of a smooth function at two inputs go together, and how that is found from data."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, Matern, WhiteKernel

from activesci.types import FloatArray

ROWS_TRIED, ITERATIONS = 200, 30
MEDIAN_LENGTH, LENGTH_SPREAD = float(np.sqrt(2.0)), float(np.sqrt(3.0))
"""Of the log of a length beforehand; the median grows with the root of the number of inputs."""
LENGTHS, HEIGHTS, NOISES = (0.05, 200.0), (1e-5, 1e3), (1e-8, 2.0)


@dataclass(frozen=True, slots=True)
class Kernel:
    """The prior of a function: a constant, a slope for each input, and a rest that changes over given lengths.

    References:
        Hvarfner, Hellsten and Nardi, Vanilla Bayesian optimization performs great in high dimensions, 2024,
        arXiv:2402.02229: lengths that grow with the number of inputs beforehand.

    Attributes:
        constant, slope, height: Variances of the constant, of each slope and of the rest.
        lengths: Over which the rest changes, (p,).
        rough: Whether the rest is only twice differentiable (Matérn 5/2) and not smooth (Gaussian).
    """

    constant: float
    slope: float
    height: float
    lengths: FloatArray
    rough: bool = False

    def rest(self, x: FloatArray, z: FloatArray) -> FloatArray:
        """Return the covariance of the rest at inputs (..., n, p) and (..., m, p), (..., n, m)."""
        return self.height * self._correlation(x / self.lengths, z / self.lengths)

    def _correlation(self, x: FloatArray, z: FloatArray) -> FloatArray:
        square = (x**2).sum(-1)[..., :, None] + (z**2).sum(-1)[..., None, :] - 2 * x @ z.swapaxes(-1, -2)
        square = np.maximum(square, 0.0)
        if not self.rough:
            return np.asarray(np.exp(-0.5 * square))
        distance = np.sqrt(5 * square)
        return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the kernel as named arrays."""
        return {
            "variances": np.array([self.constant, self.slope, self.height, float(self.rough)]),
            "lengths": self.lengths,
        }

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the kernel that `state` has described."""
        constant, slope, height, rough = (float(value) for value in state["variances"])
        return cls(constant, slope, height, np.asarray(state["lengths"], np.float64), bool(rough))


@dataclass(frozen=True, slots=True)
class Found:
    """A kernel, the noise beside it, and how well they describe the data.

    Attributes:
        kernel: The kernel.
        noise: Variance of the noise beside the one that was given.
        evidence: Log evidence with the log prior of the lengths [nats].
        steps: Kernels that were tried.
    """

    kernel: Kernel
    noise: float
    evidence: float
    steps: int


def found(
    x: FloatArray, values: FloatArray, start: Kernel, noise: float | FloatArray, most: int = ITERATIONS
) -> Found:
    """Return the kernel of highest evidence, starting from one.

    Args:
        x: Inputs, (n, p).
        values: Of the function, (n,).
        start: Where to start; its constant and slope are kept.
        noise: The noise's variance if it is known, (n,), or where to start if it is the same everywhere.
        most: Steps of the search at most.
    """
    rows = spread(len(x), ROWS_TRIED)
    known = None if isinstance(noise, float) else noise[rows]
    kernel = composed(start, noise if isinstance(noise, float) else None)
    search = Search(len(start.lengths), most)
    process = GaussianProcessRegressor(kernel, alpha=1e-10 if known is None else known, optimizer=search)
    with bounds_may_be_reached():
        process.fit(x[rows], values[rows])
    params = process.kernel_.get_params()
    extra = float(params["k2__noise_level"]) if known is None else 0.0
    return Found(read(process.kernel_ if known is not None else params["k1"], start), extra, search.best, search.steps)


@contextmanager
def bounds_may_be_reached() -> Iterator[None]:
    """Silence the warning that a search has ended at a bound: it is the answer for what an input does not move."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The optimal value found for dimension .* close to", ConvergenceWarning)
        yield


def read(kernel: Any, start: Kernel) -> Kernel:  # noqa: ANN401 -- scikit-learn ships no types
    """Return the numbers that scikit-learn has found for a kernel, without the noise."""
    params = kernel.get_params()
    lengths = np.asarray(params["k2__k2__length_scale"], np.float64) * np.ones(len(start.lengths))
    return Kernel(start.constant, start.slope, float(params["k2__k1__constant_value"]), lengths, start.rough)


def spread(n: int, wanted: int) -> NDArray[np.int64]:
    """Return at most `wanted` of n rows, evenly spread."""
    return np.linspace(0, n - 1, min(n, wanted)).astype(np.int64)


def composed(start: Kernel, noise: float | None) -> Any:  # noqa: ANN401 -- scikit-learn ships no types
    """Return a kernel as scikit-learn has it, with a noise to be found or none."""
    shape = Matern(start.lengths, LENGTHS, nu=2.5) if start.rough else RBF(start.lengths, LENGTHS)
    line = ConstantKernel(start.constant, "fixed") + ConstantKernel(start.slope, "fixed") * DotProduct(0.0, "fixed")
    smooth = line + ConstantKernel(start.height, HEIGHTS) * shape
    return smooth if noise is None else smooth + WhiteKernel(noise, NOISES)


class Search:
    """The search for the highest evidence, with a prior on the lengths.

    Attributes:
        best: The highest value found; what was wanted.
        steps: How many kernels were tried.
    """

    def __init__(self, lengths: int, most: int) -> None:
        self._lengths, self._most = slice(1, 1 + lengths), most  # after the height
        self._median = MEDIAN_LENGTH + 0.5 * np.log(lengths)
        self.best, self.steps = -np.inf, 0

    def __call__(
        self, cost: Callable[[FloatArray], tuple[float, FloatArray]], first: FloatArray, bounds: FloatArray
    ) -> tuple[FloatArray, float]:
        """Return the logs of the kernel's free numbers at the least cost, and the cost."""

        def whole(free: FloatArray) -> tuple[float, FloatArray]:
            value, gradient = cost(free)
            self.steps += 1
            pull = (free[self._lengths] - self._median) / LENGTH_SPREAD
            gradient = np.array(gradient, np.float64)
            gradient[self._lengths] += pull / LENGTH_SPREAD
            return float(value) + 0.5 * float((pull**2).sum()), gradient

        low, high = bounds.T
        limits, start = Bounds(low, high), np.clip(first, low, high)
        found = minimize(whole, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": self._most})
        best, least = found.x, float(found.fun)
        self.best = -float(least)
        return np.asarray(best), float(least)
