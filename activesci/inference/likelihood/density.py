"""The neural density of one outcome group: coordinates, a closed-form start, and an ensemble of corrections."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from activesci.inference.closed_form.arrays import below
from activesci.inference.closed_form.held_out import CLEARLY, TOLERANCE
from activesci.inference.closed_form.rivals import Rivals
from activesci.inference.closed_form.start import Start
from activesci.inference.closed_form.tails import student
from activesci.inference.likelihood.humps import Humps
from activesci.inference.likelihood.mixture import Layout, Mixture, initial_bias, tailed
from activesci.inference.likelihood.schedule import Schedule
from activesci.inference.likelihood.seen import Seen
from activesci.inference.likelihood.tabulated import table
from activesci.inference.networks.comparisons import Comparisons
from activesci.inference.networks.coordinates import OutcomeScale
from activesci.inference.networks.network import Network, train
from activesci.inference.networks.rows import (
    BATCH,
    Rows,
    batches,
    some_events,
    split,
    thinned,
)
from activesci.rng import torch_generator
from activesci.study.outcomes import OutcomeGroup
from activesci.types import FloatArray

EVENTS_A_STEP = 16
MOST_PAIRS = 250_000
"""Pairs of outcomes and components that are evaluated in one piece: about what a processor has at hand."""
NOTHING = Comparisons()
MARGIN = 0.05
"""Log density [nats] by which the start of a normal marginal must be better than the linear one to be tried."""
TRIAL_STEPS = 250
DECAY, MEMORY = 0.1, 0.98
"""Weight decay, and the share of the averaged weights that is kept a step."""
BETTER = 1e-4
"""Log density [nats] of an outcome by which it has to become better; what is off in one event is off in all."""
FEW_ROWS = 2000
"""Of so few rows to learn from each is seen often enough by steps of half as many."""
NOTICED = 0.3
"""The same of all held-out rows together: of few rows less than that is a matter of chance."""


Option = tuple[tuple[OutcomeScale, ...], Start | None]
"""Coordinates and the start in them."""


@dataclass(frozen=True, slots=True)
class Density:
    """q(events | theta, xi) of one outcome group, events independent given theta and xi.

    Attributes:
        layout: Kinds and columns.
        scales: The map of each real column.
        start: The closed-form start of reals and counts; None where there are neither.
        network: The ensemble of corrections.
        comparisons: What makes inputs of parameters and designs together.
        unsure: How well the start is known; None where there is none.
    """

    layout: Layout
    scales: tuple[OutcomeScale, ...]
    start: Start | None
    network: Network
    comparisons: Comparisons = NOTHING
    unsure: Rivals | None = None

    @classmethod
    def cold(
        cls, group: OutcomeGroup, rows: Rows, members: int, rng: np.random.Generator, device: str = "cpu"
    ) -> Self:
        """Return the density at its start: closed form, and no more trained than it takes to choose coordinates.

        Where an outcome is as broad at one design and parameter as over all of them, a normal marginal is the better
        coordinate (hard edges vanish); where it is narrow, a linear map or a log is, and keeps linear problems
        linear. Where the starts, rough and refined, speak for a normal marginal, a short training of both decides.
        """
        layout = Layout.of(group)
        x, events = some_events(rows, rng)
        first, tolerance = max(1, len(layout.counts)), TOLERANCE / rows.events
        options = [
            (scales, start and start.refined(x, targets(layout, scales, events)[0], first, tolerance))
            for scales, start in starts(layout, x, events, rows.parameters, tolerance)
        ]
        if len(options) > 1 and speaks_for_normal(layout, options, events, x):
            tried = [cls.untrained(layout, *option, x, events, 1, rng, device) for option in options]
            scores = [one.fitted(rows, rng, TRIAL_STEPS)[2] - bends(one.scales) / len(x) for one in tried]
            options = [options[int(np.argmax(scores))]]
        scales, start = options[0]
        density = cls.untrained(layout, scales, start, x, events, members, rng, device)
        if start is None:
            return density
        z = targets(layout, scales, events)[0]
        return replace(density, unsure=Rivals.of(start, x, z, rng.spawn(1)[0]))

    def renewed(self, rows: Rows, rng: np.random.Generator) -> Self:
        """Return the density with the same coordinates and terms, and its start's coefficients found anew."""
        if self.start is None:
            return self
        x, events = some_events(rows, rng)
        z = targets(self.layout, self.scales, events)[0]
        start = self.start.renewed(x, z, max(1, len(self.layout.counts)))
        return replace(self, start=start, unsure=Rivals.of(start, x, z, rng.spawn(1)[0]))

    @classmethod
    def untrained(
        cls,
        layout: Layout,
        scales: tuple[OutcomeScale, ...],
        start: Start | None,
        x: FloatArray,
        events: FloatArray,
        members: int,
        rng: np.random.Generator,
        device: str,
    ) -> Self:
        """Return the density whose networks correct nothing yet."""
        generator = torch_generator(rng)
        noise = torch.randn(members, layout.outputs, generator=generator)
        bias = initial_bias(layout, frequencies(layout, events), members, noise)
        if layout.alone and start is not None:
            mean, scale = start(x)
            z = targets(layout, scales, events)[0]
            bias = tailed(layout, bias, student(((z - mean) / scale)[:, 0]))
        bias = bias.to(device)
        return cls(layout, scales, start, Network.initial(members, x.shape[1], layout.outputs, bias, generator))

    def fitted(self, rows: Rows, rng: np.random.Generator, most: int | None = None) -> tuple[Self, float, float, int]:
        """Return the density trained on, its training loss, its held-out log density and the steps it was allowed.

        Args:
            rows: All valid rows of the bank. Every tenth is never trained on, in this or any later fit. A warm
                fit is a short replay, half of it of fresh rows.
            rng: Random numbers.
            most: The most steps to take.

        Corrections that differ over the inputs without clearly describing held-out rows better are levelled: what a
        network makes of chance adds up over measurements.
        """
        generator, members = torch_generator(rng), self.network.members
        learn, held = split(len(rows))
        size = BATCH // 2 if len(learn) <= FEW_ROWS else BATCH
        draw = batches(learn, rows.fresh if rows.warm else 0, len(rows), members, generator, size)
        held = thinned(held)
        plan = Schedule.warm(draw, held, most) if rows.warm else Schedule.cold(draw, learn, rows, most)
        known = Seen.of(self, rows, np.union1d(plan.learn, held))

        def loss(network: Network, index: Tensor) -> Tensor:
            each, real = self._lost(network, *known.at(index), generator=generator)
            return each.sum(1) / real

        held_rows = torch.tensor(held).expand(members, -1)
        better = max(BETTER, NOTICED / len(held)) / rows.events
        network, recent, least = train(
            self.network, loss, plan.batch, held_rows, plan.steps, plan.rate, DECAY, MEMORY, plan.patience, better
        )
        with torch.no_grad():
            level = network.levelled(known.at(torch.tensor(thinned(plan.learn)).expand(members, -1))[0])
            if self.start is not None and not self._differ_clearly(network, level, known.at(held_rows)):
                network, least = level, loss(level, held_rows)
        final, held_out = (
            known.events_a_row * (known.jacobian_of(part) - float(mean.mean()))
            for part, mean in ((plan.learn, recent), (held, least))
        )
        return replace(self, network=network), -final, held_out, plan.steps

    def _lost(
        self, network: Network, x: Tensor, events: Tensor, *start: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return less the log density of each row, (members, n), and how many events each member has been shown."""
        if events.shape[2] > EVENTS_A_STEP and torch.is_grad_enabled():
            events = events[:, :, torch.randperm(events.shape[2], generator=generator)[:EVENTS_A_STEP]]
        mixture = Mixture.of(self.layout, network(x), *start).map(lambda t: t.unsqueeze(2))
        real = (~torch.isnan(events).any(-1)).sum((1, 2)).clamp(min=1)
        return -mixture.log_prob(events).sum(2), real

    def _differ_clearly(self, network: Network, level: Network, held: list[Tensor]) -> bool:
        """Return whether held-out rows have clearly gained by corrections that differ from input to input."""
        gained = (self._lost(level, *held)[0] - self._lost(network, *held)[0]).mean(0).double().cpu().numpy()
        return bool(gained.mean() > CLEARLY * gained.std() / np.sqrt(len(gained)))

    def log_prob(self, theta: FloatArray, xi: FloatArray, events: FloatArray) -> FloatArray:
        """Return log densities, (t, members, n, m).

        Args:
            theta: Inputs for parameters, and what of them is compared, (m, d + q).
            xi: Inputs for designs, and what of them is compared, (t, p + q).
            events: (t, members or 1, n, events, columns).
        """
        z, jacobian = self.coordinates(events)
        constant = np.nansum(jacobian, axis=-1)[..., None]
        members, size = self.network.members, len(theta) * z.shape[2] * self.network.members * self.layout.components
        found = np.empty((len(xi), members, z.shape[2], len(theta)))
        with torch.no_grad():
            if z.shape[3] == 1 and 2 * size <= MOST_PAIRS:
                for block in np.array_split(np.arange(len(xi)), max(1, len(xi) * size // MOST_PAIRS)):
                    found[block] = self._at_designs(theta, xi[block], z[block]) + constant[block]
            else:
                for i in range(len(xi)):
                    found[i] = self._at_design(theta, xi[i : i + 1], z[i]) + constant[i]
        return found

    def _at_designs(self, theta: FloatArray, xi: FloatArray, z: FloatArray) -> FloatArray:
        """Return log densities at designs, (t, members, n, m), of single events (t, members or 1, n, 1, columns)."""
        mixture = self.judged(theta[None], xi, brief=True).map(lambda t: t.unsqueeze(2))
        events = self.tensor(z[:, :, :, 0].swapaxes(0, 1)).unsqueeze(3)
        return np.asarray(mixture.log_prob(events).double().cpu().numpy().swapaxes(0, 1))

    def _at_design(self, theta: FloatArray, xi: FloatArray, z: FloatArray) -> FloatArray:
        """Return log densities at one design, (members, n, m), of events (members or 1, n, events, columns)."""
        mixture = self.judged(theta[None], xi, brief=True).map(lambda t: t.squeeze(1))
        events = self.tensor(z)
        if tabulated := table(self.layout, mixture, z):
            points, weights = tabulated
            mixture = mixture.map(lambda t: t.unsqueeze(2))
            values = mixture.log_prob(self.tensor(points)[None, None]).double().cpu()
            return np.asarray((torch.tensor(weights) @ values.transpose(1, 2)).numpy())
        mixture = mixture.map(lambda t: t.unsqueeze(1).unsqueeze(3))
        size = self.network.members * len(theta) * self.layout.components * z.shape[-2]
        pieces = torch.split(events, max(1, MOST_PAIRS // size), dim=1)
        found = torch.cat([mixture.log_prob(e.unsqueeze(2)).sum(-1) for e in pieces], 1)
        return np.asarray(found.double().cpu().numpy())

    def scores(self, x: FloatArray, events: FloatArray) -> FloatArray:
        """Return the log density of rows that the start was fitted to, less what that has gained them, (members, n).

        Args:
            x: Inputs, (n, p).
            events: (n, events, columns).
        """
        z, jacobian = self.coordinates(events)
        with torch.no_grad():
            raw = self.network(self.tensor(x)[None])
            mixture = Mixture.of(self.layout, raw, *map(self.tensor, self.started(x))).map(lambda t: t.unsqueeze(2))
            found = mixture.log_prob(self.tensor(z)[None]).sum(-1).double().cpu().numpy()
        gained = 0.0 if self.start is None or self.unsure is None else self.unsure.gained(self.start, x)
        return np.asarray(found + np.nansum(jacobian, axis=-1) - events.shape[1] * gained)

    def log_prob_rows(self, theta: FloatArray, xi: FloatArray, events: FloatArray) -> FloatArray:
        """Return log densities of events given parameters of their own, (t, members, n, k).

        Args:
            theta: Inputs for parameters, and what of them is compared, (members, n, k, d + q).
            xi: Inputs for designs, and what of them is compared, (t, p + q).
            events: (t, members, n, events, columns).
        """
        members, n, k, width = theta.shape
        z, jacobian = self.coordinates(events)
        size = max(1, MOST_PAIRS // (members * n * k * self.layout.components * events.shape[3]))
        found, flat = [], theta.reshape(members, n * k, width)
        with torch.no_grad():
            for first in range(0, len(xi), size):
                here = self.tensor(z[first : first + size].swapaxes(0, 1)).unsqueeze(3)
                mixture = self.judged(flat, xi[first : first + size])
                mixture = mixture.map(lambda t: t.reshape(*t.shape[:2], n, k, 1, *t.shape[3:]))
                found.append(mixture.log_prob(here).sum(-1).double().cpu().numpy().swapaxes(0, 1))
        return np.asarray(np.concatenate(found) + np.nansum(jacobian, axis=-1)[..., None])

    def sample(self, theta: FloatArray, xi: FloatArray, events: int, rng: np.random.Generator) -> FloatArray:
        """Draw events, (t, members, n, events, columns), with the same random numbers for every design.

        Args:
            theta: Inputs for parameters, and what of them is compared, (members, n, d + q).
            xi: Inputs for designs, and what of them is compared, (t, p + q).
            events: Number of events.
            rng: Random numbers.
        """
        columns = len(self.layout.started) + len(self.layout.binaries) + len(self.layout.categories)
        shape = (theta.shape[0], 1, theta.shape[1], events)
        uniform = self.tensor(rng.random((*shape, 1 + columns)))
        normal = self.tensor(rng.standard_normal((*shape, columns)))
        with torch.no_grad():
            mixture = self.mixture(theta, xi).map(lambda t: t.unsqueeze(3))
            drawn = mixture.sample(uniform, normal).double().cpu().numpy().swapaxes(0, 1)
        for column, scale in zip(self.layout.reals, self.scales, strict=True):
            drawn[..., column] = scale.inverse(drawn[..., column])
        return np.asarray(drawn)

    def mixture(self, theta: FloatArray, xi: FloatArray) -> Mixture:
        """Return the mixture for all pairs of theta (members or 1, m, d + q) and xi (t, p + q): (members, t, m)."""
        return Mixture.of(self.layout, *self._corrected(theta, xi))

    def judged(self, theta: FloatArray, xi: FloatArray, brief: bool = False) -> Mixture | Humps:
        """Return what evaluates events for all pairs as `mixture` does, in its fastest form; see `_corrected`."""
        raw, mean, scale, base = self._corrected(theta, xi, brief)
        if self.layout.alone:
            return Humps.of(self.layout, raw, mean, scale)
        return Mixture.of(self.layout, raw, mean, scale, base)

    def _corrected(
        self, theta: FloatArray, xi: FloatArray, brief: bool = False
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return network outputs, and the start's means, scales and regressions that they correct.

        Args:
            theta: As of `mixture`.
            xi: As of `mixture`.
            brief: Whether outputs that do not depend on the inputs may be given once, for all pairs.
        """
        theta, theirs = np.split(theta, [theta.shape[-1] - self.comparisons.width], axis=-1)
        xi, ours = np.split(xi, [xi.shape[-1] - self.comparisons.width], axis=-1)
        pairs = self.comparisons(theirs[:, None], ours[None, :, None])
        level = self.network.level if brief and self.start is not None else None
        raw = self.network.grid(*map(self.tensor, (theta, xi, pairs))) if level is None else level
        each = theta[:, None], xi[None, :, None], pairs
        shape = np.broadcast_shapes(*(one.shape[:-1] for one in each))  # members share a start: once for all of them
        inputs = np.empty((sum(one.shape[-1] for one in each), *shape))  # each input along memory
        for part, one in zip(np.split(inputs, np.cumsum([one.shape[-1] for one in each])[:-1]), each, strict=True):
            part[:] = np.moveaxis(one, -1, 0)
        parts = self.started(inputs.reshape(len(inputs), -1).T)
        shaped = (part.reshape(*shape, -1) if len(part) > 1 else part for part in parts)
        mean, scale, base = map(self.tensor, shaped)
        return raw, mean, scale, base

    def tensor(self, array: FloatArray) -> Tensor:
        """Return an array as float32 where the network is."""
        return torch.tensor(array, dtype=torch.float32, device=self.network.device)

    def started(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the start's mean and scale at inputs (n, p), (n, c + d) each, and regressions (n, q) or (1, 0)."""
        rows = self.layout.chain
        if self.start is None:
            return np.zeros((len(x), 0)), np.ones((len(x), 0)), np.zeros((1, 0))
        if self.start.dependence is None:
            return *self.start(x), np.zeros((1, 0))
        mean, scale, lower = self.start.whitening(x)
        return mean, scale, np.concatenate([lower[:, i, :i] for i in rows], axis=1)

    def coordinates(self, events: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return events with reals in their coordinates, and the log of the map's derivative, summed over columns."""
        return mapped(self.layout, self.scales, events)

    def rivals(self) -> list[Self]:
        """Return densities that the simulations speak for about as well; none without a start."""
        if self.start is None or self.unsure is None:
            return []
        return [replace(self, start=start) for start in self.unsure.starts(self.start)]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {f"scale{i}": s.state() for i, s in enumerate(self.scales)}
        arrays |= {f"start.{name}": array for name, array in (self.start.state() if self.start else {}).items()}
        arrays |= {f"unsure.{name}": array for name, array in (self.unsure.state() if self.unsure else {}).items()}
        return arrays | {f"network.{name}": array for name, array in self.network.state().items()}

    @classmethod
    def restore(
        cls,
        group: OutcomeGroup,
        state: Mapping[str, NDArray[np.generic]],
        device: str = "cpu",
        comparisons: Comparisons = NOTHING,
    ) -> Self:
        """Return the density that `state` has described, its network on a device."""
        layout = Layout.of(group)
        scales = tuple(OutcomeScale.restore(state[f"scale{i}"]) for i in range(len(layout.reals)))
        start = Start.restore(below(state, "start")) if layout.started else None
        doubts = below(state, "unsure")
        unsure = Rivals.restore(doubts) if doubts else None
        return cls(layout, scales, start, Network.restore(below(state, "network"), device), comparisons, unsure)


def mapped(layout: Layout, scales: tuple[OutcomeScale, ...], events: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return events (..., columns) with reals in their coordinates, and the log derivative (...)."""
    z, jacobian = events.copy(), np.zeros(events.shape[:-1])
    for column, scale in zip(layout.reals, scales, strict=True):
        z[..., column], log_derivative = scale.forward(events[..., column])
        jacobian += log_derivative
    return z, jacobian


def starts(layout: Layout, x: FloatArray, events: FloatArray, parameters: int, tolerance: float) -> list[Option]:
    """Return linear or log coordinates and their start and, where it is much better, those of normal marginals."""
    if not layout.started:
        return [((), None)]
    reals = [events[:, column] for column in layout.reals]
    plain = started(layout, tuple(map(OutcomeScale.standard, reals)), x, events, parameters, tolerance)
    if not reals:
        return [plain[:2]]
    logs = tuple(map(OutcomeScale.logarithmic, reals))
    if any(scale.log for scale in logs):
        plain = max(started(layout, logs, x, events, parameters, tolerance), plain, key=lambda option: option[2])
    normal = started(layout, tuple(map(OutcomeScale.gaussian, reals)), x, events, parameters, tolerance)
    return [plain[:2], normal[:2]] if normal[2] > plain[2] + MARGIN else [plain[:2]]


def started(
    layout: Layout,
    scales: tuple[OutcomeScale, ...],
    x: FloatArray,
    events: FloatArray,
    parameters: int,
    tolerance: float,
) -> tuple[tuple[OutcomeScale, ...], Start, float]:
    """Return coordinates, their rough start, and its mean log density of events (n, columns) at inputs (n, p).

    The density is Akaike's: less the number of coefficients over that of rows, which is what fitting them has gained.
    A normal marginal has a coefficient for each knot.
    """
    start = Start.rough(x, targets(layout, scales, events)[0], parameters, tolerance)
    fitted = start.trend.coefficients.size + start.log_scale.coefficients.size
    return scales, start, worth(layout, scales, start, x, events) - fitted / len(x)


def worth(layout: Layout, scales: tuple[OutcomeScale, ...], start: Start, x: FloatArray, events: FloatArray) -> float:
    """Return a start's mean log density of events (n, columns) at inputs (n, p), less what normal marginals gain."""
    z, jacobian = targets(layout, scales, events)
    return start.score(x, z) + float(jacobian.mean()) - bends(scales) / len(z)


def speaks_for_normal(layout: Layout, options: list[Option], events: FloatArray, x: FloatArray) -> bool:
    """Return whether of two refined starts that of normal marginals, the second, is still much the better one."""
    plain, normal = (worth(layout, scales, start, x, events) if start else 0.0 for scales, start in options)
    return normal > plain + MARGIN


def bends(scales: tuple[OutcomeScale, ...]) -> int:
    """Return how many numbers of normal marginals have been fitted to the outcomes; a line has none to spare."""
    return sum(len(scale.knots) - 2 for scale in scales)


def targets(layout: Layout, scales: tuple[OutcomeScale, ...], events: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what a start describes of events (n, columns): counts' roots and reals, and the log derivative."""
    z, jacobian = mapped(layout, scales, events)
    roots = np.sqrt(z[:, list(layout.counts)] + 0.25)
    return np.concatenate([roots, z[:, list(layout.reals)]], axis=1), jacobian


def frequencies(layout: Layout, events: FloatArray) -> dict[int, Tensor]:
    """Return the bank's frequency of ones (binary) and of each category, smoothed by one half."""
    result = {i: (events[:, i].sum(keepdims=True) + 0.5) / (len(events) + 1.0) for i in layout.binaries}
    for i, n in layout.categories:
        result[i] = (np.bincount(events[:, i].astype(np.int64), minlength=n) + 0.5) / (len(events) + 0.5 * n)
    return {i: torch.tensor(value, dtype=torch.float32) for i, value in result.items()}
