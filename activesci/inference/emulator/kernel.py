"""How the values of a smooth function at two inputs go together, and how that is found from data."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
UNSEEN_LENGTH = float(np.sqrt(2.0))
"""Over which what the noise hides may change; grows with the root of the number of inputs."""
LENGTHS, HEIGHTS, NOISES = (0.05, 200.0), (1e-5, 1e3), (1e-8, 2.0)


@dataclass(frozen=True, slots=True)
class Kernel:
    """The prior of a function: a constant, a slope for each input, and a rest that changes over given lengths.

    What a design changes much and the parameters change little is found straight in the parameters: its one rest has
    the height that the design asks for and lengths in the parameters so great that no bend is left, and so a bend that
    simulations cannot show (it is below their noise) is taken to be known not to be there. A second rest, of the
    height of the noise, leaves it open.

    References:
        Hvarfner, Hellsten and Nardi, Vanilla Bayesian optimization performs great in high dimensions, 2024,
        arXiv:2402.02229: lengths that grow with the number of inputs beforehand.

    Attributes:
        constant, slope, height: Variances of the constant, of each slope and of the rest.
        lengths: Over which the rest changes, (p,).
        rough: Whether the rest is only twice differentiable (Matérn 5/2) and not smooth (Gaussian).
        unseen: The height of the second rest; 0 if there is none.
    """

    constant: float
    slope: float
    height: float
    lengths: FloatArray
    rough: bool = False
    unseen: float = 0.0

    @property
    def variance(self) -> float:
        """The variance of both rests together, at any input."""
        return self.height + self.unseen

    @property
    def lengths_unseen(self) -> FloatArray:
        """Over which the second rest changes, (p,): as long as a function's are beforehand, or twice the first's."""
        return np.asarray(np.minimum(UNSEEN_LENGTH * np.sqrt(len(self.lengths)), 2 * self.lengths))

    def rest(self, x: FloatArray, z: FloatArray) -> FloatArray:
        """Return the covariance of the rests at inputs (..., n, p) and (..., m, p), (..., n, m)."""
        own = self.height * self._correlation(x / self.lengths, z / self.lengths)
        if self.unseen == 0:
            return own
        return own + self.unseen * gaussian(x / self.lengths_unseen, z / self.lengths_unseen)

    def _correlation(self, x: FloatArray, z: FloatArray) -> FloatArray:
        if not self.rough:
            return gaussian(x, z)
        distance = np.sqrt(5 * squared(x, z))
        return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the kernel as named arrays."""
        return {
            "variances": np.array([self.constant, self.slope, self.height, float(self.rough), self.unseen]),
            "lengths": self.lengths,
        }

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the kernel that `state` has described."""
        constant, slope, height, rough, *unseen = (float(value) for value in state["variances"])
        return cls(constant, slope, height, np.asarray(state["lengths"], np.float64), bool(rough), *unseen)


def gaussian(x: FloatArray, z: FloatArray) -> FloatArray:
    """Return the correlation of a smooth rest at inputs in units of its lengths; see `Kernel.rest`."""
    return np.asarray(np.exp(-0.5 * squared(x, z)))


def squared(x: FloatArray, z: FloatArray) -> FloatArray:
    """Return the squared distances of inputs (..., n, p) and (..., m, p), (..., n, m)."""
    square = (x**2).sum(-1)[..., :, None] + (z**2).sum(-1)[..., None, :] - 2 * x @ z.swapaxes(-1, -2)
    return np.asarray(np.maximum(square, 0.0))


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
    """Return the kernel of highest evidence, starting from one, with a second rest of the height of the noise.

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
    numbers, p = np.exp(process.kernel_.theta), len(start.lengths)
    extra = float(numbers[-1]) if known is None else 0.0
    unseen = extra if known is None else float(np.median(known))
    best = replace(start, height=float(numbers[0]), lengths=numbers[1 : 1 + p].copy(), unseen=unseen)
    return Found(best, extra, search.best, search.steps)


@contextmanager
def bounds_may_be_reached() -> Iterator[None]:
    """Silence the warning that a search has ended at a bound: it is the answer for what an input does not move."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The optimal value found for dimension .* close to", ConvergenceWarning)
        yield


def spread(n: int, wanted: int) -> NDArray[np.int64]:
    """Return at most `wanted` of n rows, evenly spread."""
    return np.linspace(0, n - 1, min(n, wanted)).astype(np.int64)


def composed(start: Kernel, noise: float | None) -> Any:  # noqa: ANN401 -- scikit-learn ships no types
    """Return a kernel as scikit-learn has it, with a noise to be found or none."""
    shape = Matern(start.lengths, LENGTHS, nu=2.5) if start.rough else RBF(start.lengths, LENGTHS)
    line = ConstantKernel(start.constant, "fixed") + ConstantKernel(start.slope, "fixed") * DotProduct(0.0, "fixed")
    smooth = line + ConstantKernel(start.height, HEIGHTS) * shape
    if start.unseen > 0:
        smooth += ConstantKernel(start.unseen, "fixed") * RBF(start.lengths_unseen, "fixed")
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
