"""The coordinates of an outcome in which an emulator works: standardised, and few where it has many columns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.arrays import below
from activesci.inference.emulator.bend import Bend
from activesci.inference.emulator.gaussian_process import Process
from activesci.inference.emulator.kernel import Kernel, found
from activesci.inference.emulator.noise import Units
from activesci.study.outcomes import OutcomeGroup
from activesci.types import BoolArray, FloatArray

MOST = 12
"""Coordinates that are emulated at most."""
KEPT = 1e-4
"""Share of the variance in units of the noise that the coordinates that are not emulated may hold, if there are so
few."""
LOUDEST = 1e-3
"""Of a column's standard deviation: a smaller noise counts as this one."""
FEW_COUNTS = 5.0
"""Counts below this are no nearly continuous numbers."""
ANSCOMBE = 0.375
STEPS = 15
"""Of the search for what the inputs tell of a component."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """A map of an event's columns (counts by their roots) to coordinates in which the noise is Gaussian.

    Up to MOST columns are standardised, and bent where the noise is. More are turned to their principal components in
    units of their noise, so that noisy columns do not spoil exact ones; those that are not emulated are kept as noise
    of one variance, so that nothing of the outcome is lost and its error is not ignored.

    References:
        Green et al., A transformation for ordering multispectral data in terms of image quality, 1988,
        doi:10.1109/36.3001: components by their share of noise.
        Higdon et al., Computer model calibration using high-dimensional output, 2008, doi:10.1198/016214507000000888.
        Anscombe, The transformation of Poisson, binomial and negative-binomial data, 1948.

    Fails when:
        what tells of a parameter is, in many columns, weaker than their noise: it is then left to the noise.

    Attributes:
        counts: Which columns are counts, (columns,).
        bend: The scales on which the columns' noise is Gaussian.
        centre, scale: Of the columns, (columns,).
        axes: Orthogonal, what columns in these units are multiplied with, (columns, columns).
        size: Standard deviations of the coordinates that are emulated, (emulated,).
        rest: The variance of each of the others.
    """

    counts: BoolArray
    bend: Bend
    centre: FloatArray
    scale: FloatArray
    axes: FloatArray
    size: FloatArray
    rest: float

    def forward(self, events: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the emulated coordinates, and the log density of all else.

        Args:
            events: (..., columns); padding is NaN.

        Returns:
            (..., emulated), and (...): the log of the map's derivative and of the density of the other coordinates.
        """
        bent, derivative = self.bend.forward(rooted(events, self.counts))
        derivative = derivative - np.log(self.scale)
        derivative[..., self.counts] -= 0.5 * np.log(events[..., self.counts] + ANSCOMBE)
        z = ((bent - self.centre) / self.scale) @ self.axes
        others = z[..., len(self.size) :]
        density = -0.5 * others**2 / self.rest - 0.5 * np.log(2 * np.pi * self.rest)
        constant = derivative.sum(axis=-1) + density.sum(axis=-1) - np.log(self.size).sum()
        return z[..., : len(self.size)] / self.size, constant

    def inverse(self, z: FloatArray, normal: FloatArray) -> FloatArray:
        """Return events (..., columns) of emulated coordinates and standard normal numbers for the others."""
        whole = np.concatenate([z * self.size, np.sqrt(self.rest) * normal], axis=-1)
        columns = self.bend.inverse((whole @ self.axes.T) * self.scale + self.centre)
        root = np.maximum(columns[..., self.counts], 0.0) / 2
        columns[..., self.counts] = np.maximum(np.rint(root**2 - ANSCOMBE), 0.0)
        return np.asarray(columns)

    @property
    def units(self) -> Units | None:
        """The columns' centres and scales if coordinates are columns on their own scales; None if they are not."""
        return Units(self.centre, self.scale) if self.bend.straight and self.others == 0 else None

    @property
    def others(self) -> int:
        """How many coordinates are not emulated."""
        return len(self.counts) - len(self.size)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the coordinates as named arrays."""
        return {
            "counts": self.counts,
            "centre": self.centre,
            "scale": self.scale,
            "axes": self.axes,
            "size": self.size,
            "rest": np.array([self.rest]),
            **{f"bend.{name}": array for name, array in self.bend.state().items()},
        }

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the coordinates that `state` has described."""
        centre, scale, axes, size = (
            np.asarray(state[name], np.float64) for name in ("centre", "scale", "axes", "size")
        )
        bend, counts = Bend.restore(below(state, "bend")), np.asarray(state["counts"], np.bool_)
        return cls(counts, bend, centre, scale, axes, size, float(state["rest"][0]))


def coordinates(group: OutcomeGroup, x: FloatArray, y: FloatArray) -> list[tuple[Reduction, list[Bend]]]:
    """Return the coordinates to try for a bank, and with each the scales on which the coordinates' means are smooth.

    Where a scale is bent the noise may be Gaussian on it, or on the linear one. Where an outcome has several events or
    many columns, all scales are linear.

    Args:
        group: The outcome group.
        x: Inputs, (n, p).
        y: Events, (n, events, columns); padding is NaN.

    Raises:
        Unsuited: If there are small counts.
    """
    counts = np.array([column.kind == "count" for column in group.columns])
    events = y[~np.isnan(y).any(axis=2)]
    check(group, events)
    columns, q = rooted(events, counts), len(counts)
    alone, straight = len(events) == len(x), Bend.none(q)
    if q <= MOST:
        smooth = Bend.of(x, columns) if alone else straight
        linear = standard(counts, straight, columns)
        tried = [(linear, smooth.within(linear.centre, linear.scale))]
        return tried if smooth.straight else [*tried, (standard(counts, smooth, columns), [Bend.none(1)] * q)]
    reduction = standard(counts, straight, columns)
    centred = (columns - reduction.centre) / reduction.scale
    scale = noise_of(x, centred) if alone else np.ones(q)
    axes, size, rest = components(centred / scale)
    found_ = replace(reduction, scale=reduction.scale * scale, axes=axes, size=size, rest=rest)
    return [(found_, [Bend.none(1)] * len(size))]


def standard(counts: BoolArray, bend: Bend, columns: FloatArray) -> Reduction:
    """Return coordinates that are the columns (n, columns) on scales, standardised."""
    bent = bend.forward(columns)[0]
    centre, scale = bent.mean(axis=0), bent.std(axis=0)
    scale = np.where(scale > 0, scale, np.maximum(np.abs(centre), 1.0))
    q = len(counts)
    return Reduction(counts, bend, centre, scale, np.eye(q), np.ones(q), 1.0)


def components(columns: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return the principal axes of columns (n, columns), the sizes along the first of them, and the others' variance.

    Returns:
        (columns, columns), (emulated,), and a number.
    """
    variances, axes = np.linalg.eigh(np.cov(columns.T))
    variances, axes = np.maximum(variances[::-1], 1e-12), axes[:, ::-1]
    left = 1 - np.cumsum(variances) / variances.sum()
    emulated = min(MOST, 1 + int((left > KEPT).sum()))
    return np.ascontiguousarray(axes), np.sqrt(variances[:emulated]), float(variances[emulated:].mean())


def noise_of(x: FloatArray, columns: FloatArray) -> FloatArray:
    """Return about how large the noise of standardised columns (n, columns) is beside their signal, (columns,).

    What the inputs (n, p) tell is what Gaussian processes find in the first principal components.
    """
    axes, size, _ = components(columns)
    axes = axes[:, : len(size)]
    told = np.stack([smoothed(x, z) for z in (columns @ axes / size).T], axis=1) * size
    return np.asarray(np.clip((columns - told @ axes.T).std(axis=0), LOUDEST, 1.0))


def smoothed(x: FloatArray, values: FloatArray) -> FloatArray:
    """Return what a Gaussian process says of values (n,) at their own inputs (n, p), (n,)."""
    search = found(x, values, Kernel(10.0, 10.0, 1.0, np.full(x.shape[1], 3.0)), 0.1, STEPS)
    return Process.fit(search.kernel, x, values, np.full(len(x), search.noise)).mean(x)


def rooted(events: FloatArray, counts: BoolArray) -> FloatArray:
    """Return events (..., columns) with twice the root of the counts, whose noise is about one."""
    columns = events.copy()
    columns[..., counts] = 2 * np.sqrt(columns[..., counts] + ANSCOMBE)
    return columns


def refused(group: OutcomeGroup) -> str | None:
    """Return in words which column an emulator cannot serve; None if it can serve them all."""
    wrong = [column.name for column in group.columns if column.kind not in ("real", "count")]
    if not wrong:
        return None
    return (
        f"outcome.{wrong[0]}: found a binary or categorical outcome, but an emulator describes smooth numbers: "
        "real outcomes and large counts; take inference.surrogate: likelihood"
    )


class Unsuited(ValueError):
    """Outcomes that an emulator cannot serve, as simulations have shown."""


def check(group: OutcomeGroup, events: FloatArray) -> None:
    """Refuse outcomes that are no nearly continuous numbers.

    Raises:
        Unsuited: Naming the column and what to do.
    """
    for i, column in enumerate(group.columns):
        small = float((events[:, i] < FEW_COUNTS).mean())
        if column.kind == "count" and small > 0.05:
            raise Unsuited(
                f"outcome.{column.name}: found counts below {FEW_COUNTS:g} in {small:.0%} of the simulations, but an "
                "emulator takes counts for nearly continuous numbers; take inference.surrogate: likelihood"
            )
