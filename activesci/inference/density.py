"""The neural density of one outcome group: coordinates, a closed-form start, and an ensemble of corrections."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from activesci.inference.coordinates import OutcomeScale
from activesci.inference.mixture import Layout, Mixture, initial_bias
from activesci.inference.network import Network, train
from activesci.inference.rows import COLD_RATE, WARM_RATE, WARM_STEPS, Rows, batches, cold_steps, some_events, split
from activesci.inference.start import Start, below
from activesci.inference.tabulated import table
from activesci.rng import torch_generator
from activesci.study.outcomes import OutcomeGroup
from activesci.types import FloatArray

EVENTS_A_STEP = 16
MOST_PAIRS = 1_000_000
MARGIN = 0.05
"""Log density [nats] by which the start of a normal marginal must be better than the linear one to be tried."""
TRIAL_STEPS = 250


@dataclass(frozen=True, slots=True)
class Density:
    """q(events | theta, xi) of one outcome group, events independent given theta and xi.

    Attributes:
        layout: Kinds and columns.
        scales: The map of each real column.
        start: The closed-form start of reals and counts; None where there are neither.
        network: The ensemble of corrections.
    """

    layout: Layout
    scales: tuple[OutcomeScale, ...]
    start: Start | None
    network: Network

    @classmethod
    def cold(cls, group: OutcomeGroup, rows: Rows, members: int, rng: np.random.Generator) -> Self:
        """Return the density at its start: closed form, and no more trained than it takes to choose coordinates.

        Where an outcome is as broad at one design and parameter as over all of them, a normal marginal is the better
        coordinate (hard edges vanish); where it is narrow, a linear map is, and keeps linear problems linear. Where
        the starts speak for a normal marginal, a short training of both decides.
        """
        layout = Layout.of(group)
        options = starts(layout, rows, rng)
        if len(options) > 1:
            tried = [cls.untrained(layout, *option, rows, 1, rng) for option in options]
            scores = [density.fitted(rows, rng, TRIAL_STEPS)[2] for density in tried]
            options = [options[int(np.argmax(scores))]]
        return cls.untrained(layout, *options[0], rows, members, rng)

    @classmethod
    def untrained(
        cls,
        layout: Layout,
        scales: tuple[OutcomeScale, ...],
        start: Start | None,
        rows: Rows,
        members: int,
        rng: np.random.Generator,
    ) -> Self:
        """Return the density whose networks correct nothing yet."""
        generator = torch_generator(rng)
        noise = torch.randn(members, layout.outputs, generator=generator)
        bias = initial_bias(layout, frequencies(layout, rows.all_events), members, noise)
        return cls(layout, scales, start, Network.initial(members, rows.x.shape[1], layout.outputs, bias, generator))

    def fitted(self, rows: Rows, rng: np.random.Generator, most: int | None = None) -> tuple[Self, float, float, int]:
        """Return the density trained on, its training loss, its held-out log density and the steps taken.

        Args:
            rows: All valid rows of the bank. Every tenth is never trained on, in this or any later fit. A warm
                fit is a short replay, half of it of fresh rows.
            rng: Random numbers.
            most: The most steps to take.
        """
        z, jacobian = self.coordinates(rows.events)
        tensors = [torch.tensor(a, dtype=torch.float32) for a in (rows.x, z, *self.started(rows.x))]
        generator = torch_generator(rng)

        def loss(network: Network, index: Tensor) -> Tensor:
            x, events, mean, scale = (tensor[index] for tensor in tensors)
            if events.shape[2] > EVENTS_A_STEP and torch.is_grad_enabled():
                events = events[:, :, torch.randperm(events.shape[2], generator=generator)[:EVENTS_A_STEP]]
            mixture = Mixture.of(self.layout, network(x), mean, scale).map(lambda t: t.unsqueeze(2))
            real = (~torch.isnan(events).any(-1)).sum((1, 2)).clamp(min=1)
            return -mixture.log_prob(events).sum((1, 2)) / real

        members = len(self.network.weights["b0"])
        learn, held = split(len(rows))
        batch = batches(learn, rows.fresh, len(rows), members, generator)
        steps, rate = (WARM_STEPS, WARM_RATE) if rows.warm else (cold_steps(*rows.events.shape[:2]), COLD_RATE)
        steps = min(steps, most or steps)
        held_rows = torch.tensor(held).expand(members, -1)
        network, recent, least = train(self.network, loss, batch, held_rows, steps, rate)
        events_a_row = float(np.mean((~np.isnan(rows.events).any(axis=2)).sum(axis=1)))
        final, held_out = (
            events_a_row * (float(np.nanmean(jacobian[part])) - float(lost.mean()))
            for part, lost in ((learn, recent), (held, least))
        )
        return replace(self, network=network), -final, held_out, steps

    def log_prob(self, theta: FloatArray, xi: FloatArray, events: FloatArray) -> FloatArray:
        """Return log densities, (t, members, n, m).

        Args:
            theta: Inputs for parameters, (m, d).
            xi: Inputs for designs, (t, p).
            events: (t, members or 1, n, events, columns).
        """
        z, jacobian = self.coordinates(events)
        constant = np.nansum(jacobian, axis=-1)[..., None]
        with torch.no_grad():
            pairs = [self._at_design(theta, xi[t : t + 1], z[t]) for t in range(len(xi))]
        return np.asarray(np.stack(pairs) + constant)

    def _at_design(self, theta: FloatArray, xi: FloatArray, z: FloatArray) -> FloatArray:
        """Return log densities at one design, (members, n, m), of events (members or 1, n, events, columns)."""
        mixture = self.mixture(theta[None], xi).map(lambda t: t.squeeze(1))
        events = torch.tensor(z, dtype=torch.float32)
        if tabulated := table(self.layout, mixture, z):
            points, weights = tabulated
            mixture = mixture.map(lambda t: t.unsqueeze(2))
            values = mixture.log_prob(torch.tensor(points, dtype=torch.float32)[None, None]).double()
            return np.asarray((torch.tensor(weights) @ values.transpose(1, 2)).numpy())
        mixture = mixture.map(lambda t: t.unsqueeze(1).unsqueeze(3))
        size = mixture.log_weight.numel() * z.shape[-2]
        pieces = torch.split(events, max(1, MOST_PAIRS // size), dim=1)
        return np.asarray(torch.cat([mixture.log_prob(e.unsqueeze(2)).sum(-1) for e in pieces], 1).double().numpy())

    def sample(self, theta: FloatArray, xi: FloatArray, events: int, rng: np.random.Generator) -> FloatArray:
        """Draw events, (t, members, n, events, columns), with the same random numbers for every design.

        Args:
            theta: Inputs for parameters, (members, n, d).
            xi: Inputs for designs, (t, p).
            events: Number of events.
            rng: Random numbers.
        """
        columns = len(self.layout.started) + len(self.layout.binaries) + len(self.layout.categories)
        shape = (theta.shape[0], 1, theta.shape[1], events)
        uniform = torch.tensor(rng.random((*shape, 1 + columns)), dtype=torch.float32)
        normal = torch.tensor(rng.standard_normal((*shape, columns)), dtype=torch.float32)
        with torch.no_grad():
            mixture = self.mixture(theta, xi).map(lambda t: t.unsqueeze(3))
            drawn = mixture.sample(uniform, normal).double().numpy().swapaxes(0, 1)
        for column, scale in zip(self.layout.reals, self.scales, strict=True):
            drawn[..., column] = scale.inverse(drawn[..., column])
        return np.asarray(drawn)

    def mixture(self, theta: FloatArray, xi: FloatArray) -> Mixture:
        """Return the mixture for all pairs of inputs theta (members or 1, m, d) and xi (t, p): (members, t, m)."""
        raw = self.network.grid(torch.tensor(theta, dtype=torch.float32), torch.tensor(xi, dtype=torch.float32))
        grid = np.concatenate(
            [
                np.broadcast_to(theta[:, None], (len(theta), len(xi), *theta.shape[1:])),
                np.broadcast_to(xi[None, :, None], (len(theta), len(xi), theta.shape[1], xi.shape[1])),
            ],
            axis=-1,
        )
        mean, scale = self.started(grid.reshape(-1, grid.shape[-1]))
        shape = (*grid.shape[:-1], mean.shape[-1])
        mean_, scale_ = (torch.tensor(a.reshape(shape), dtype=torch.float32) for a in (mean, scale))
        return Mixture.of(self.layout, raw, mean_, scale_)

    def started(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the start's mean and scale at inputs (n, p), each (n, reals + counts)."""
        if self.start is None:
            return np.zeros((len(x), 0)), np.ones((len(x), 0))
        return self.start(x)

    def coordinates(self, events: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return events with reals in their coordinates, and the log of the map's derivative, summed over columns."""
        return mapped(self.layout, self.scales, events)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {f"scale{i}": s.state() for i, s in enumerate(self.scales)}
        arrays |= {f"start.{name}": array for name, array in (self.start.state() if self.start else {}).items()}
        return arrays | {f"network.{name}": array for name, array in self.network.state().items()}

    @classmethod
    def restore(cls, group: OutcomeGroup, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the density that `state` has described."""
        layout = Layout.of(group)
        scales = tuple(OutcomeScale.restore(state[f"scale{i}"]) for i in range(len(layout.reals)))
        start = Start.restore(below(state, "start")) if layout.started else None
        return cls(layout, scales, start, Network.restore(below(state, "network")))


def mapped(layout: Layout, scales: tuple[OutcomeScale, ...], events: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return events (..., columns) with reals in their coordinates, and the log derivative (...)."""
    z, jacobian = events.copy(), np.zeros(events.shape[:-1])
    for column, scale in zip(layout.reals, scales, strict=True):
        z[..., column], log_derivative = scale.forward(events[..., column])
        jacobian += log_derivative
    return z, jacobian


def starts(
    layout: Layout, rows: Rows, rng: np.random.Generator
) -> list[tuple[tuple[OutcomeScale, ...], Start | None]]:
    """Return linear coordinates and their start and, where that start is much better, those of normal marginals."""
    if not layout.started:
        return [((), None)]
    x, events = some_events(rows, rng)
    linear, *normal = [started(layout, scales, x, events) for scales in candidates(layout, rows.all_events)]
    return [linear[:2], *(option[:2] for option in normal if option[2] > linear[2] + MARGIN)]


def started(
    layout: Layout, scales: tuple[OutcomeScale, ...], x: FloatArray, events: FloatArray
) -> tuple[tuple[OutcomeScale, ...], Start, float]:
    """Return coordinates, their start, and its mean log density of events (n, columns) at inputs (n, p)."""
    z, jacobian = mapped(layout, scales, events)
    z = z[:, list(layout.started)]
    z[:, len(layout.reals) :] = np.sqrt(z[:, len(layout.reals) :] + 0.25)
    start = Start.fit(x, z)
    return scales, start, start.score(x, z) + float(jacobian.mean())


def candidates(layout: Layout, events: FloatArray) -> list[tuple[OutcomeScale, ...]]:
    """Return the coordinates to try for the reals: all linear, all with a normal marginal."""
    reals = [events[:, column] for column in layout.reals]
    linear, normal = tuple(map(OutcomeScale.standard, reals)), tuple(map(OutcomeScale.gaussian, reals))
    return [linear, normal] if reals else [()]


def frequencies(layout: Layout, events: FloatArray) -> dict[int, Tensor]:
    """Return the bank's frequency of ones (binary) and of each category, smoothed by one half."""
    result = {i: (events[:, i].sum(keepdims=True) + 0.5) / (len(events) + 1.0) for i in layout.binaries}
    for i, n in layout.categories:
        result[i] = (np.bincount(events[:, i].astype(np.int64), minlength=n) + 0.5) / (len(events) + 0.5 * n)
    return {i: torch.tensor(value, dtype=torch.float32) for i, value in result.items()}
