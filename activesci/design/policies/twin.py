"""A twin of the surrogate: a density of outcomes that is cheap for many pairs and has gradients everywhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from torch import Tensor

from activesci.design.policies.columns import Column, Counted, Labelled, Mixed, Real
from activesci.design.policies.outlook import Outlook
from activesci.design.policies.weights import Weights, applied, initial
from activesci.inference.networks.network import AdamW, Network, schedule
from activesci.study.outcomes import ColumnSpec

RANK, WIDTH = 48, 96
"""Numbers in which parameters and designs meet, and the width of the networks that make them."""
STEPS, RATE = 2500, 4e-3
MEMORY = 0.99


@dataclass(frozen=True, slots=True)
class Rows:
    """Outcomes of some designs for some parameters, all pairs: one piece of what a twin learns from.

    Attributes:
        theta: Inputs of parameters, (n, d).
        xi: Inputs of designs, (t, p).
        y: Scaled outcomes of each group, (t, n, events, columns).
        valid: 1 for outcomes, 0 for failures, (t, n).
    """

    theta: Tensor
    xi: Tensor
    y: tuple[Tensor, ...]
    valid: Tensor


@dataclass(frozen=True)
class Twin:
    """q(y | theta, xi), number after number; each one's parameters are inner products of two networks' outputs.

    So a pair costs a product of two short vectors, and gradients reach designs and outcomes. A group's events are
    independent; the numbers of an event depend on those before them.

    Fails when:
        the outcome changes within a small part of the design space at places that differ from parameter to parameter
        (narrow peaks): `RANK` products are too few for that, and `gap` says by how much.

    Attributes:
        outlook: What inputs are.
        weights: Those of all networks.
        components: Normals of the mixtures.
    """

    outlook: Outlook
    weights: Weights = field(repr=False)
    components: int

    @classmethod
    def untrained(cls, outlook: Outlook, components: int, generator: torch.Generator) -> Self:
        """Return a twin with random weights."""
        d, p = outlook.parameters.dim, outlook.designs.n_features
        empty = cls(outlook, {}, components)
        sizes: dict[str, tuple[int, ...]] = {"parameters": (d, WIDTH, WIDTH, RANK)}
        for name, column, before in empty.named():
            inputs = p + sum(one.inputs for one in before)
            sizes[name] = (inputs, WIDTH, WIDTH, column.size * RANK)
            sizes[f"{name}.level"] = (inputs, column.size)
        return cls(outlook, initial(sizes, generator), components)

    def columns(self, group: int) -> list[Column]:
        """Return the densities of a group's numbers."""
        found = self.outlook.outcomes.groups[group]
        return [self._column(spec, found.start + j) for j, spec in enumerate(found.columns)]

    def _column(self, spec: ColumnSpec, place: int) -> Column:
        mixed, outlook = Mixed(self.components), self.outlook
        if spec.kind == "real":
            return Real(mixed)
        if spec.kind == "count":
            centre, scale = float(outlook.centre[place]), float(outlook.scale[place])
            return Counted(mixed, -centre / scale, 1.0 / scale)
        return Labelled(2 if spec.kind == "binary" else spec.n_categories)

    def named(self) -> Iterator[tuple[str, Column, list[Column]]]:
        """Yield for each number the name of its network, its density, and those that it depends on."""
        for g in range(len(self.outlook.outcomes.groups)):
            columns = self.columns(g)
            for j, column in enumerate(columns):
                yield f"number{g}_{j}", column, columns[:j]

    def of_theta(self, theta: Tensor) -> Tensor:
        """Return what parameters (n, d) bring to every product, (n, rank)."""
        return applied(self.weights, "parameters", theta)

    def of_xi(self, name: str, column: Column, xi: Tensor) -> tuple[Tensor, Tensor]:
        """Return what designs, and numbers before, (..., inputs) bring: (size, ..., rank) and (size, ...)."""
        out = applied(self.weights, name, xi)
        out = out.reshape(*out.shape[:-1], column.size, RANK).movedim(-2, 0)
        return out / RANK**0.5, applied(self.weights, f"{name}.level", xi).movedim(-1, 0)

    def log_prob(self, theta: Tensor, xi: Tensor, y: Sequence[Tensor]) -> Tensor:
        """Return log densities, in nats of the scaled outcome, of outcomes for all parameters.

        Args:
            theta: What parameters bring, (m, rank).
            xi: Inputs of designs, (..., p).
            y: Scaled outcomes of each group, (..., events, columns).

        Returns:
            (..., m).
        """
        total = torch.zeros(())
        for name, column, seen, number in self._numbers(xi, y):
            product, level = self.of_xi(name, column, seen)
            parameters = product @ theta.T + level.unsqueeze(-1)
            total = total + column.log_prob(parameters, number.unsqueeze(-1)).sum(-2)
        return total

    def log_prob_rows(self, rows: Rows) -> Tensor:
        """Return the log density of each of the rows' own outcomes, (t, n), NaN for failures."""
        theta, total = self.of_theta(rows.theta), torch.zeros(())
        for name, column, seen, number in self._numbers(rows.xi[:, None].expand(-1, len(theta), -1), rows.y):
            if seen.dim() == 4 and seen.shape[2] == 1 and seen.stride(1) == 0:  # the same for all parameters
                product, level = self.of_xi(name, column, seen[:, 0, 0])
                parameters = (product @ theta.T + level.unsqueeze(-1)).unsqueeze(-1)
            else:
                product, level = self.of_xi(name, column, seen)
                parameters = (product * theta[:, None]).sum(-1) + level
            total = total + column.log_prob(parameters, number).sum(-1)
        return total

    def _numbers(self, xi: Tensor, y: Sequence[Tensor]) -> Iterator[tuple[str, Column, Tensor, Tensor]]:
        """Yield each number's network, its density, the inputs (..., events or 1, inputs) and itself (..., events)."""
        for name, column, before in self.named():
            g, j = (int(part) for part in name.removeprefix("number").split("_"))
            seen = xi.unsqueeze(-2)
            if before:
                parts = [one.seen(y[g][..., i]) for i, one in enumerate(before)]
                seen = torch.cat([seen.expand(*parts[0].shape[:-1], -1), *parts], dim=-1)
            yield name, column, seen, y[g][..., j]

    def draw(self, theta: Tensor, xi: Tensor, generator: torch.Generator) -> tuple[list[Tensor], Tensor]:
        """Return an outcome of each design for its own parameters, and its log probability where no gradient goes.

        Args:
            theta: What parameters bring, (b, rank), or of several to each design.
            xi: Inputs of designs, (b, p), or (t, 1, p) for as many outcomes of each as there are parameters.
            generator: Random numbers.

        Returns:
            Scaled outcomes of each group, (..., events, columns), and (...).
        """
        drawn, score = [], torch.zeros(())
        for g, group in enumerate(self.outlook.outcomes.groups):
            seen, numbers = xi.unsqueeze(-2), list[Tensor]()
            for j, column in enumerate(self.columns(g)):
                product, level = self.of_xi(f"number{g}_{j}", column, seen)
                parameters = (product * theta.unsqueeze(-2)).sum(-1) + level
                y, log = column.draw(parameters.expand(*parameters.shape[:-1], group.events), generator)
                score = score if log is None else score + log.sum(-1)
                numbers.append(y)
                seen = torch.cat([seen.expand(*y.shape, -1), column.seen(y)], dim=-1)
            drawn.append(torch.stack(numbers, dim=-1))
        return drawn, score


def fitted(pieces: Sequence[Rows], held: Sequence[Rows], twin: Twin, rng: np.random.Generator) -> tuple[Twin, float]:
    """Return a twin fitted to outcomes, and its mean log density of those held out, nats of the scaled outcome."""
    optimiser = AdamW(Network(twin.weights), 1e-4, MEMORY)
    for step in range(STEPS):
        now = Twin(twin.outlook, optimiser.network.weights, twin.components)
        (-mean_of(now, pieces[int(rng.integers(len(pieces)))])).backward()  # type: ignore[no-untyped-call]
        optimiser.step(RATE * schedule(step, STEPS))
    learned = {name: weight.detach().clone() for name, weight in optimiser.averaged.weights.items()}
    best = Twin(twin.outlook, learned, twin.components)
    with torch.no_grad():
        return best, float(np.mean([float(mean_of(best, piece)) for piece in held]))


def mean_of(twin: Twin, rows: Rows) -> Tensor:
    """Return the mean log density of the valid outcomes."""
    return (twin.log_prob_rows(rows) * rows.valid).sum() / rows.valid.sum().clamp(min=1.0)


def state(twin: Twin) -> Mapping[str, np.ndarray]:
    """Return the weights as arrays."""
    return {name: weight.numpy() for name, weight in twin.weights.items()}
