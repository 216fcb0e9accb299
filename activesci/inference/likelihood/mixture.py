"""One density for every kind of outcome: a mixture whose components are products of exact heads.

    q(event | theta, xi) = sum_k w_k  N(reals | loc_k, cov_k)  prod P_k(count)  prod P_k(binary)  prod P_k(category)

All parameters depend on (theta, xi) alone, so they are computed once a particle and evaluated against any number of
outcomes. Reals are multivariate Gaussian within a component, given the counts (each real is a linear regression on
the counts' roots and the reals before it), counts a Gaussian of the square root integrated over the
count's interval (under- and overdispersed counts alike), binaries Bernoulli, categories categorical.

References:
    Bishop, Mixture density networks, 1994, Aston University NCRG/94/004.

Fails when:
    an outcome has many real columns with a strongly curved joint density: Gaussians then need many components.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from activesci.inference.closed_form.tails import Student
from activesci.study.outcomes import OutcomeGroup

LOG_2PI = math.log(2 * math.pi)
SMALLEST_SCALE = 1e-3
MOST_APART = 4
"""Of more reals the components share what makes the columns independent."""
FAR_TAIL = 30.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of an event are of which kind, and how many network outputs each head takes.

    Attributes:
        components: Number of mixture components.
        reals, counts, binaries: Column positions.
        categories: Column position and number of categories of each.
    """

    components: int
    reals: tuple[int, ...]
    counts: tuple[int, ...]
    binaries: tuple[int, ...]
    categories: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, group: OutcomeGroup) -> "Layout":
        """Return the layout of an outcome group."""
        kinds = [column.kind for column in group.columns]
        at = {kind: tuple(i for i, other in enumerate(kinds) if other == kind) for kind in set(kinds)}
        categories = tuple((i, group.columns[i].n_categories) for i in at.get("category", ()))
        reals, counts, binaries = (at.get(kind, ()) for kind in ("real", "count", "binary"))
        exact = len(kinds) == 1 and not (reals or counts)
        components = 1 if exact else 8 if len(kinds) <= 4 else 4
        return cls(components, reals, counts, binaries, categories)

    @property
    def alone(self) -> bool:
        """Whether an event is one real number."""
        return len(self.reals) == 1 and not (self.counts or self.binaries or self.categories)

    @property
    def started(self) -> tuple[int, ...]:
        """The columns that have a closed-form start: counts first, then reals."""
        return self.counts + self.reals

    @property
    def chains(self) -> int:
        """How many sets of regressions there are: one a component, or one for all."""
        return self.components if len(self.reals) <= MOST_APART else 1

    @property
    def chain(self) -> tuple[int, ...]:
        """On how many numbers each real depends: the counts and the reals before it."""
        return tuple(len(self.counts) + j for j in range(len(self.reals)))

    @property
    def sizes(self) -> dict[str, int]:
        """Network outputs of each head."""
        k, d = self.components, len(self.reals)
        return {
            "logits": k,
            "loc": k * d,
            "log_diagonal": k * d,
            "lower": self.chains * sum(self.chain),
            "count_loc": k * len(self.counts),
            "count_log_scale": k * len(self.counts),
            "binary": k * len(self.binaries),
            **{f"category{i}": k * n for i, n in self.categories},
        }

    @property
    def outputs(self) -> int:
        """Number of network outputs."""
        return sum(self.sizes.values())


@dataclass(frozen=True, slots=True)
class Mixture:
    """The mixture's parameters for a batch of (theta, xi), leading shape S.

    Attributes:
        layout: Kinds and columns.
        log_weight: (S, K).
        mean, scale: The start's, of the counts' roots and the reals in their coordinates, (S, c + d).
        base: The start's regressions of reals on counts and earlier reals, row by row, (S, q); (S, 0) if it has none.
        loc: Means of what these leave, in units of the start, (S, K, d).
        log_diagonal, lower: Inverse Cholesky factor of its covariance, (S, K, d) and, counts included and row by row,
            (S, L, q); L is K or 1.
        count_loc, count_scale: Of the square root of the counts, (S, K, c).
        binary: Logits, (S, K, b).
        categories: Logits of each category column, each (S, K, n).
    """

    layout: Layout
    log_weight: Tensor
    mean: Tensor
    scale: Tensor
    base: Tensor
    loc: Tensor
    log_diagonal: Tensor
    lower: Tensor
    count_loc: Tensor
    count_scale: Tensor
    binary: Tensor
    categories: tuple[Tensor, ...]

    @classmethod
    def of(cls, layout: Layout, raw: Tensor, mean: Tensor, scale: Tensor, base: Tensor) -> "Mixture":
        """Return the mixture that network outputs describe as a correction to the start.

        Args:
            layout: Kinds and columns.
            raw: Network outputs, (S, outputs), or what broadcasts to that, if events are only to be evaluated.
            mean: The start's means, counts then reals, broadcastable to (S, c + d).
            scale: The start's scales, likewise.
            base: The start's regressions, broadcastable to (S, q), or (1, 0).
        """
        parts = dict(zip(layout.sizes, torch.split(raw, list(layout.sizes.values()), dim=-1), strict=True))
        k, d, c = layout.components, len(layout.reals), len(layout.counts)
        shape = raw.shape[:-1]
        whole = np.broadcast_shapes(shape, mean.shape[:-1])
        spread = torch.exp(parts["count_log_scale"].reshape(*shape, k, c).clamp(-7, 7))
        return cls(
            layout,
            parts["logits"].log_softmax(-1),
            mean.expand(*whole, c + d),
            scale.expand(*whole, c + d),
            base.expand(*whole, base.shape[-1]),
            parts["loc"].reshape(*shape, k, d),
            parts["log_diagonal"].reshape(*shape, k, d).clamp(-7, 7),
            parts["lower"].reshape(*shape, layout.chains, sum(layout.chain)),
            mean[..., None, :c] + scale[..., None, :c] * parts["count_loc"].reshape(*shape, k, c),
            scale[..., None, :c] * spread,
            parts["binary"].reshape(*shape, k, len(layout.binaries)),
            tuple(parts[f"category{i}"].reshape(*shape, k, n) for i, n in layout.categories),
        )

    def map(self, change: Callable[[Tensor], Tensor]) -> "Mixture":
        """Return the mixture with every tensor changed, as for inserting an axis."""
        return Mixture(
            self.layout,
            change(self.log_weight),
            change(self.mean),
            change(self.scale),
            change(self.base),
            change(self.loc),
            change(self.log_diagonal),
            change(self.lower),
            change(self.count_loc),
            change(self.count_scale),
            change(self.binary),
            tuple(change(t) for t in self.categories),
        )

    @property
    def sharpest(self) -> float:
        """The highest precision of a real that stands alone, one over its coordinate's unit."""
        return float((self.log_diagonal.exp() / self.scale[..., None, len(self.layout.counts) :]).max())

    def log_prob(self, events: Tensor) -> Tensor:
        """Return the log density of events (..., columns) whose leading shape broadcasts with S, in nats.

        Padding (NaN) has log density zero.
        """
        layout = self.layout
        padding = torch.isnan(events).any(-1)
        events = torch.nan_to_num(events)
        total = self.log_weight
        if layout.reals:
            total = total + self._reals(events)
        if layout.counts:
            total = total + counting(events[..., None, list(layout.counts)], self.count_loc, self.count_scale)
        if layout.binaries:
            values = events[..., None, list(layout.binaries)]
            total = total + torch.nn.functional.logsigmoid((2 * values - 1) * self.binary).sum(-1)
        for (column, _), logits in zip(layout.categories, self.categories, strict=True):
            total = total + chosen(logits.log_softmax(-1), events[..., column])
        return torch.where(padding, 0.0, total.logsumexp(-1))

    def _reals(self, events: Tensor) -> Tensor:
        """Return each component's log density of the reals of events (..., columns), counts given, (..., K)."""
        layout = self.layout
        known = events[..., list(layout.started)]
        c = len(layout.counts)
        rest = (rooted(known, c) - self.mean) / self.scale
        if self.base.shape[-1]:
            rest = torch.cat([rest[..., :c], rest[..., c:] + regressions(rest, self.base, layout.chain)], dim=-1)
        apart = rest[..., None, c:] - self.loc
        if c:
            apart = torch.cat([rest[..., None, :c].expand(*apart.shape[:-1], c), apart], dim=-1)
        white = apart[..., c:] * self.log_diagonal.exp() + regressions(apart, self.lower, layout.chain)
        log_det = self.log_diagonal.sum(-1) - self.scale[..., None, c:].log().sum(-1)
        return log_det - 0.5 * (white**2).sum(-1) - 0.5 * len(layout.reals) * LOG_2PI

    def sample(self, uniform: Tensor, normal: Tensor) -> Tensor:
        """Draw one event for each of the leading shape S.

        Args:
            uniform: Uniform numbers, broadcastable to (S, 1 + columns): the first picks the component.
            normal: Standard normal numbers, broadcastable to (S, columns).
        """
        layout = self.layout
        component = picked(self.log_weight, uniform[..., 0])
        events = torch.zeros(*component.shape, normal.shape[-1], dtype=self.log_weight.dtype, device=normal.device)
        if layout.counts:
            root = taken(self.count_loc, component)
            root = root + taken(self.count_scale, component) * normal[..., list(layout.counts)]
            events[..., list(layout.counts)] = torch.ceil(root.clamp(min=0.0) ** 2 - 0.5).clamp(min=0.0)
        if layout.reals:
            events[..., list(layout.reals)] = self._drawn(events, component, normal[..., list(layout.reals)])
        if layout.binaries:
            chance = taken(self.binary, component).sigmoid()
            events[..., list(layout.binaries)] = (uniform[..., [1 + i for i in layout.binaries]] < chance).to(events)
        for (column, _), logits in zip(layout.categories, self.categories, strict=True):
            probabilities = taken(logits, component).log_softmax(-1)
            events[..., column] = picked(probabilities, uniform[..., 1 + column]).to(events)
        return events

    def _drawn(self, events: Tensor, component: Tensor, normal: Tensor) -> Tensor:
        """Return reals (S, d) given the events' counts, from standard normal numbers (S, d)."""
        layout, c = self.layout, len(self.layout.counts)
        loc, sd = taken(self.loc, component), torch.exp(-taken(self.log_diagonal, component))
        lower = taken(self.lower, component if layout.chains > 1 else torch.zeros_like(component))
        counts = rooted(events[..., list(layout.counts)], c)
        columns = list(((counts - self.mean[..., :c]) / self.scale[..., :c]).unbind(-1))
        columns = solved(columns, sd * normal, lower * repeated(sd, layout.chain), layout.chain)
        columns = [*columns[:c], *(loc + torch.stack(columns[c:], dim=-1)).unbind(-1)]
        if self.base.shape[-1]:
            columns = solved(columns[:c], torch.stack(columns[c:], dim=-1), self.base, layout.chain)
        return self.mean[..., c:] + self.scale[..., c:] * torch.stack(columns[c:], dim=-1)


def rooted(known: Tensor, counts: int) -> Tensor:
    """Return columns (..., c + d) with the counts, the first ones, as their square roots."""
    if counts == 0:
        return known
    return torch.cat([(known[..., :counts] + 0.25).sqrt(), known[..., counts:]], dim=-1)


def regressions(rest: Tensor, lower: Tensor, chain: tuple[int, ...]) -> Tensor:
    """Return for each real the sum over the columns before it, (..., d).

    Args:
        rest: Counts and reals, (..., c + d).
        lower: Coefficients row by row, (..., q).
        chain: The lengths of the rows.
    """
    if sum(chain) == 0:
        return torch.zeros_like(rest)
    rows = torch.split(lower, list(chain), dim=-1)
    return torch.stack([(row * rest[..., :i]).sum(-1) for i, row in zip(chain, rows, strict=True)], -1)


def solved(first: list[Tensor], rest: Tensor, lower: Tensor, chain: tuple[int, ...]) -> list[Tensor]:
    """Return columns, the first ones given, that with their regressions on those before them make `rest` (..., d)."""
    columns = list(first)
    for j, row in enumerate(torch.split(lower, list(chain), dim=-1)):
        before = [row[..., i] * column for i, column in enumerate(columns)]
        columns.append(rest[..., j] - sum(before, torch.zeros_like(rest[..., j])))
    return columns


def repeated(each: Tensor, chain: tuple[int, ...]) -> Tensor:
    """Return each real's number (..., d) once for each of the columns before it, (..., q)."""
    return torch.cat([each[..., j : j + 1].expand(*each.shape[:-1], i) for j, i in enumerate(chain)], dim=-1)


def counting(values: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """Return the log probability of counts (..., 1, c): a Gaussian root integrated from n - 1/2 to n + 1/2."""
    loc, scale = loc.double(), scale.double().clamp(min=SMALLEST_SCALE)
    upper = ((values.double() + 0.5).sqrt() - loc) / scale
    lower = ((values.double() - 0.5).clamp(min=0.0).sqrt() - loc) / scale
    lower = torch.where(values == 0, -FAR_TAIL - 10 - upper.abs(), lower)  # a root below zero is no count at all
    return interval(lower, upper).sum(-1).to(values.dtype)


def interval(lower: Tensor, upper: Tensor) -> Tensor:
    """Return log(Phi(upper) - Phi(lower)), accurate in both tails."""
    flip = lower > 0
    high, low = torch.where(flip, -lower, upper), torch.where(flip, -upper, lower)
    far = high < -FAR_TAIL
    near_high, near_low = high.clamp(min=-FAR_TAIL), torch.where(far, -FAR_TAIL - 1, low)
    # by erfc, as torch's ndtr is not accurate below -6
    root = -math.sqrt(0.5)
    near = torch.log((0.5 * (torch.erfc(root * near_high) - torch.erfc(root * near_low))).clamp(min=1e-300))
    if not (far.is_meta or far.any()):  # of a tensor without numbers nobody knows
        return near
    top, bottom = tail(high), tail(low)
    return torch.where(far, top + torch.log(-torch.expm1((bottom - top).clamp(max=-1e-12))), near)


def tail(x: Tensor) -> Tensor:
    """Return log Phi(x) for x below -FAR_TAIL, by its asymptotic series; above it stays at its value there."""
    x = x.clamp(max=-FAR_TAIL)
    return -0.5 * x**2 - torch.log(-x) - 0.5 * LOG_2PI - 1 / x**2 + 2.5 / x**4


def chosen(log_prob: Tensor, index: Tensor) -> Tensor:
    """Return log_prob (..., K, n) at category indices whose shape broadcasts with (...), (..., K)."""
    one_hot = torch.nn.functional.one_hot(index.long(), log_prob.shape[-1]).to(log_prob)
    return torch.sum(log_prob * one_hot.unsqueeze(-2), -1)


def picked(log_prob: Tensor, uniform: Tensor) -> Tensor:
    """Return indices drawn from log probabilities (..., n) by inversion of uniform numbers (...)."""
    cumulative = log_prob.exp().cumsum(-1)[..., :-1]
    return (uniform.unsqueeze(-1) > cumulative).sum(-1)


def taken(tensor: Tensor, component: Tensor) -> Tensor:
    """Return the entries (S, ...) of a tensor (S, K, ...) that belong to components (S)."""
    index = component.reshape(*component.shape, *[1] * (tensor.dim() - component.dim()))
    index = index.expand(*component.shape, 1, *tensor.shape[component.dim() + 1 :])
    whole = tensor.expand(*component.shape, *tensor.shape[component.dim() :])
    return torch.squeeze(torch.gather(whole, component.dim(), index), component.dim())


def initial_bias(layout: Layout, frequencies: Mapping[int, Tensor], members: int, noise: Tensor) -> Tensor:
    """Return the last layer's bias, (members, outputs), at which the mixture is about the start.

    Args:
        layout: Kinds and columns.
        frequencies: For each discrete column the bank's frequencies (n,), or (1,) of ones for a binary.
        members: Ensemble members.
        noise: Standard normal numbers, (members, outputs), which keep the components from being copies.
    """
    bias = 0.1 * noise / math.sqrt(max(1, len(layout.reals)))
    offset = 0
    for name, size in layout.sizes.items():
        part = slice(offset, offset + size)
        offset += size
        if name in ("log_diagonal", "count_log_scale", "lower"):
            bias[:, part] *= 0.3
        if name == "binary" and layout.binaries:
            bias[:, part] += torch.cat([torch.logit(frequencies[i]) for i in layout.binaries]).repeat(
                layout.components
            )
        if name.startswith("category"):
            bias[:, part] += frequencies[int(name[8:])].log().repeat(layout.components)
    return bias


def tailed(layout: Layout, bias: Tensor, tails: Student | None) -> Tensor:
    """Return the last layer's bias (members, outputs) of a real that stands alone, with tails as heavy as they are."""
    if tails is None:
        return bias
    weights, sds = (torch.tensor(each, dtype=bias.dtype) for each in tails.normals(layout.components))
    logits, loc, log_diagonal = torch.split(bias, layout.components, dim=1)
    return torch.cat([logits + weights.log(), loc, log_diagonal - sds.log()], dim=1)
