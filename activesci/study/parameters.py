"""The parameters: what the campaign wants to know, and the space they live in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, WithJsonSchema

from activesci.types import FloatArray

from .parts import Alternative, Bounds, Number, Part, Positive, Text, sized, that, wrong
from .priors import (
    HIGHEST,
    LOWEST,
    Beta,
    Exponential,
    Gamma,
    LogNormal,
    LogUniform,
    Normal,
    Prior,
    TruncatedNormal,
    Uniform,
)

Located = Annotated[tuple[Number, Positive], sized("mean", "sd")]
Shaped = tuple[Positive, Positive]


def _truncation_holds_mass(numbers: tuple[float, float, float, float]) -> bool:
    mean, sd, lo, hi = numbers
    return (lo - mean) / sd < 30.0 and (hi - mean) / sd > -30.0


_SINGLE: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "minItems": 1, "maxItems": 1},
    ]
}


def _single(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, list | tuple):
        if len(value) != 1:
            raise wrong("a list [scale]")
        return value[0]
    return value


class PriorPart(Alternative):
    """`prior:` of a parameter, exactly one distribution.

    Attributes:
        uniform: [lo, hi].
        loguniform: [lo, hi], both positive.
        normal: [mean, sd].
        truncated_normal: [mean, sd, lo, hi].
        lognormal: [mean, sd] of the logarithm.
        beta: [a, b].
        gamma: [shape, scale].
        exponential: The mean.
        fixed: A number that is known: passed to the simulator, not inferred.
    """

    one_of: ClassVar[tuple[str, ...]] = (
        "uniform",
        "loguniform",
        "normal",
        "truncated_normal",
        "lognormal",
        "beta",
        "gamma",
        "exponential",
        "fixed",
    )
    uniform: Annotated[Bounds, that("bounds less than 1e300 apart", lambda b: b[1] - b[0] < 1e300)] | None = None
    loguniform: Annotated[Bounds, that("positive bounds", lambda b: b[0] > 0.0)] | None = None
    normal: Located | None = None
    truncated_normal: (
        Annotated[
            tuple[Number, Positive, Number, Number],
            sized("mean", "sd", "lo", "hi"),
            that("lo below hi", lambda v: v[2] < v[3]),
            that("bounds less than 30 sd from the mean", _truncation_holds_mass),
        ]
        | None
    ) = None
    lognormal: (
        Annotated[
            tuple[Number, Positive],
            sized("mu", "sigma"),
            that("mu and sigma of log x, with x below 1e300", lambda v: abs(v[0]) + 40.0 * v[1] < 690.0),
        ]
        | None
    ) = None
    beta: Annotated[Shaped, sized("a", "b")] | None = None
    gamma: Annotated[Shaped, sized("shape", "scale")] | None = None
    exponential: Annotated[Positive, BeforeValidator(_single), WithJsonSchema(_SINGLE)] | None = None
    fixed: Number | None = None


class ParameterPart(Part):
    """One entry of `parameters:`.

    Attributes:
        prior: What is believed of it before anything is measured.
        unit: For people, and to know what can be compared with the design.
        role: `nuisance` is accounted for and not the question: the gain is about the others.
    """

    prior: PriorPart
    unit: Text = ""
    role: Literal["interest", "nuisance"] = "interest"


_KINDS: Mapping[str, Any] = {
    "uniform": Uniform,
    "loguniform": LogUniform,
    "normal": Normal,
    "truncated_normal": TruncatedNormal,
    "lognormal": LogNormal,
    "beta": Beta,
    "gamma": Gamma,
    "exponential": Exponential,
}


def prior_of(part: PriorPart) -> Prior:
    """Return the distribution of a prior that is not `fixed`."""
    settings = part.settings
    prior: Prior = _KINDS[part.kind](*(settings if isinstance(settings, tuple) else (settings,)))
    return prior


@dataclass(frozen=True)
class ParameterSpace:
    """The space of the free parameters.

    Attributes:
        names: The free parameters in the study's order.
        priors: Their priors.
        interest: The positions in `names` of the parameters of interest; the others are nuisances.
        fixed: The fixed parameters and their values.
        units: The unit of every parameter, fixed ones included; "" where none is given.
    """

    names: tuple[str, ...]
    priors: tuple[Prior, ...]
    interest: list[int]
    fixed: Mapping[str, float]
    units: Mapping[str, str]

    @classmethod
    def of(cls, parts: Mapping[str, ParameterPart]) -> "ParameterSpace":
        """Return the space of the `parameters:` of a study."""
        free = {name: part for name, part in parts.items() if part.prior.kind != "fixed"}
        return cls(
            names=tuple(free),
            priors=tuple(prior_of(part.prior) for part in free.values()),
            interest=[i for i, part in enumerate(free.values()) if part.role == "interest"],
            fixed={name: part.prior.settings for name, part in parts.items() if name not in free},
            units={name: part.unit for name, part in parts.items()},
        )

    @property
    def dim(self) -> int:
        """The number of free parameters, d."""
        return len(self.names)

    def from_cube(self, u: FloatArray) -> FloatArray:
        """Map points of the unit cube (n, d) to parameters (n, d), each by its prior's quantile function."""
        u = np.clip(u, LOWEST, HIGHEST)
        theta = np.empty_like(u)
        for j, prior in enumerate(self.priors):
            theta[:, j] = prior.ppf(u[:, j])
        return theta

    def to_cube(self, theta: FloatArray) -> FloatArray:
        """Map parameters (n, d) to the open unit cube (n, d), each by its prior's CDF."""
        theta = np.asarray(theta, dtype=np.float64)
        u = np.empty_like(theta)
        for j, prior in enumerate(self.priors):
            u[:, j] = prior.cdf(theta[:, j])
        return np.clip(u, LOWEST, HIGHEST)

    def log_prior(self, theta: FloatArray) -> FloatArray:
        """Return the log prior density (n,) of parameters (n, d) [nats]; -inf outside the support."""
        theta = np.asarray(theta, dtype=np.float64)
        total = np.zeros(len(theta))
        for j, prior in enumerate(self.priors):
            total += prior.logpdf(theta[:, j])
        return total

    def columns(self, theta: FloatArray) -> dict[str, FloatArray]:
        """Return every parameter's values (n,) by name, in the study's order, fixed ones included."""
        free = {name: theta[:, j] for j, name in enumerate(self.names)}
        return {name: free[name] if name in free else np.full(len(theta), self.fixed[name]) for name in self.units}
