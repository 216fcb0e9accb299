"""A policy's training: the total information of a whole campaign, climbed along its gradient."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from activesci.design.policies.drawing import prior, single
from activesci.design.policies.network import PolicyNetwork
from activesci.design.policies.twin import Twin
from activesci.design.policies.weights import Weights, applied, initial
from activesci.inference.networks.network import AdamW, Network, schedule
from activesci.rng import torch_generator
from activesci.study.real import PeriodicVariable
from activesci.study.variables import ChoiceVariable, IntegerVariable
from activesci.types import FloatArray

ENCODING, HIDDEN = 32, 64
RATE, MEMORY = 2e-3, 0.98
WANDERING, SETTLED = 0.7, 0.6
"""Noise of the first designs of the training, and the share of its steps after which there is none."""
CURVE = 100
"""Points of the curve of the training."""
WARMTH = 0.7
"""Temperature at which choices are drawn."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a policy is trained.

    Attributes:
        horizon: Measurements of a campaign.
        steps: Steps of the training.
        rollouts: Campaigns of a step.
        contrasts: Other parameters that each campaign's are told from.
    """

    horizon: int
    steps: int
    rollouts: int
    contrasts: int


@dataclass(frozen=True, slots=True)
class Actor:
    """The policy as torch computes it.

    Attributes:
        twin: What stands for the surrogate.
        weights: Those of the policy.
        plan: How it is trained.
    """

    twin: Twin
    weights: Weights
    plan: Plan

    def design(self, total: Tensor, done: int, wander: float, generator: torch.Generator) -> Tensor:
        """Return the next designs' inputs (b, p) from what has been told, (b, encoding)."""
        share = torch.full((len(total), 1), done / self.plan.horizon)
        raw = applied(self.weights, "decoder", torch.cat([total, share], dim=1))
        if wander:
            raw = raw + wander * torch.randn(raw.shape, generator=generator)
        return self._feasible(raw, wander > 0, generator)

    def _feasible(self, raw: Tensor, by_chance: bool, generator: torch.Generator) -> Tensor:
        """Return inputs of designs that there are, with the gradient of those between them."""
        parts, place = [], 0
        for variable in self.twin.outlook.designs.variables:
            mine = raw[:, place : place + variable.n_features]
            place += variable.n_features
            if isinstance(variable, ChoiceVariable):
                parts.append(2.0 * picked(mine, by_chance, generator) - 1.0)
            elif isinstance(variable, IntegerVariable):
                parts.append(stepped(torch.tanh(0.5 * mine), variable.hi - variable.lo))
            elif isinstance(variable, PeriodicVariable):
                parts.append(torch.nn.functional.normalize(torch.tanh(0.5 * mine), dim=1, eps=1e-3))
            else:
                parts.append(torch.tanh(0.5 * mine))
        return torch.cat(parts, dim=1)

    def told(self, xi: Tensor, y: list[Tensor]) -> Tensor:
        """Return what measurements tell, (b, encoding)."""
        total = torch.zeros(len(xi), ENCODING)
        for g, events in enumerate(y):
            columns = self.twin.columns(g)
            numbers = [column.seen(events[..., j]) for j, column in enumerate(columns)]
            seen = torch.cat([xi.unsqueeze(1).expand(-1, events.shape[1], -1), *numbers], dim=-1)
            total = total + applied(self.weights, f"encoder{g}", seen).mean(1)
        return total

    def bound(self, theta: Tensor, wander: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the lower bound of the information of campaigns, and the log probability of what was drawn in them.

            log p(h | theta_0) - log 1/(L+1) sum_{l=0..L} p(h | theta_l)

        Args:
            theta: What parameters bring to the twin, (rollouts + contrasts, rank): the truths first.
            wander: Noise of the designs.
            generator: Random numbers.

        Returns:
            (rollouts,) each, nats.
        """
        b, told, score = self.plan.rollouts, torch.zeros(self.plan.rollouts, ENCODING), torch.zeros(())
        truths, others, mine, every = theta[:b], theta[b:], torch.zeros(()), torch.zeros(())
        for done in range(self.plan.horizon):
            xi = self.design(told, done, wander, generator)
            y, log = self.twin.draw(truths, xi, generator)
            found = self.twin.log_prob(torch.cat([others, truths]), xi, y)
            mine, every = mine + found[:, len(others) :].diagonal(), every + found[:, : len(others)]
            score, told = score + log, told + self.told(xi, y)
        most = torch.cat([mine[:, None], every], dim=1).logsumexp(1)
        return mine - most + math.log(len(others) + 1), score


def picked(raw: Tensor, by_chance: bool, generator: torch.Generator) -> Tensor:
    """Return one-hot choices (b, p), the likeliest or by chance, with the gradient of their probabilities.

    References:
        Jang, Gu and Poole, Categorical reparameterization with Gumbel-softmax, 2017, arXiv:1611.01144.
    """
    if by_chance:
        uniform = torch.rand(raw.shape, generator=generator).clamp(1e-9, 1 - 1e-9)
        raw = raw - (-uniform.log()).log()
    soft = (raw / WARMTH).softmax(-1)
    hard = torch.nn.functional.one_hot(soft.argmax(-1), raw.shape[-1]).to(soft.dtype)
    return hard + soft - soft.detach()


def stepped(inputs: Tensor, steps: int) -> Tensor:
    """Return inputs from -1 to 1 at the nearest of evenly spaced steps, with the gradient of the inputs."""
    near = 2.0 * ((inputs.detach() + 1) / 2 * max(steps, 1)).round() / max(steps, 1) - 1.0
    return inputs + near - inputs.detach()


def trained(twin: Twin, plan: Plan, rng: np.random.Generator, progress: Progress) -> tuple[PolicyNetwork, FloatArray]:
    """Return a policy trained on a twin, and the curve of its training: steps and information in nats, (2, points).

    Gradients go through designs and outcomes, except for outcomes that are drawn from a list: those take the score.

    Args:
        twin: What stands for the surrogate.
        plan: How.
        rng: Random numbers.
        progress: Told of steps.

    References:
        Foster et al., Deep adaptive design, 2021, arXiv:2103.02438: the bound and its gradient.

    Fails when:
        the information comes near the log of the contrasts: the bound cannot exceed it, and has no gradient there.
    """
    generator = torch_generator(rng)
    optimiser, curve = AdamW(Network(initial(_sizes(twin), generator)), 1e-4, MEMORY), list[float]()
    for step in range(plan.steps):
        progress(step, plan.steps)
        with torch.no_grad():
            drawn = prior(twin.outlook, plan.rollouts + plan.contrasts, rng)
            theta = twin.of_theta(single(twin.outlook.of_theta(drawn)))
        wander = WANDERING * max(0.0, 1.0 - step / (SETTLED * plan.steps))
        found, score = Actor(twin, optimiser.network.weights, plan).bound(theta, wander, generator)
        credit = found.detach() - found.detach().mean()
        (-(found + credit * score).mean()).backward()  # type: ignore[no-untyped-call]
        optimiser.step(RATE * schedule(step, plan.steps))
        curve.append(float(found.detach().mean()))
    progress(plan.steps, plan.steps)
    weights = {name: weight.numpy().astype(np.float64) for name, weight in optimiser.averaged.weights.items()}
    return PolicyNetwork(twin.outlook, weights, plan.horizon), smoothed(np.array(curve))


def _sizes(twin: Twin) -> dict[str, tuple[int, ...]]:
    p, groups = twin.outlook.designs.n_features, range(len(twin.outlook.outcomes.groups))
    seen = {g: p + sum(column.inputs for column in twin.columns(g)) for g in groups}
    encoders = {f"encoder{g}": (inputs, HIDDEN, HIDDEN, ENCODING) for g, inputs in seen.items()}
    return {**encoders, "decoder": (ENCODING + 1, HIDDEN, HIDDEN, p)}


def smoothed(values: FloatArray) -> FloatArray:
    """Return the steps in the middle of at most `CURVE` stretches of a training, and the means there, (2, points)."""
    parts = np.array_split(np.arange(len(values)), min(CURVE, len(values)))
    return np.array([[part.mean() for part in parts], [values[part].mean() for part in parts]])
