"""A policy with what it was trained on and what it is worth, as a campaign keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from activesci.design.policies import drawing
from activesci.design.policies.network import PolicyNetwork
from activesci.design.policies.outlook import Outlook
from activesci.design.policies.training import Plan, Progress, trained
from activesci.design.policies.twin import Twin, fitted
from activesci.design.policies.weights import tensors
from activesci.design.policies.worth import ByChance, ByPolicy, Greedily, Information, Trial, Way
from activesci.inference.base import Surrogate
from activesci.inference.networks.network import one_thread
from activesci.rng import torch_generator
from activesci.study import Study
from activesci.types import FloatArray

COMPONENTS = (1, 3)
"""Normals of the mixtures that are tried."""
CLEARLY = 0.005
"""Nats a measurement by which more of them must be better."""


@dataclass(frozen=True)
class Taught:
    """A trained policy.

    Attributes:
        network: The policy.
        twin: What it was trained on.
        curve: Steps and information of the training, (2, points).
        gap: How far the twin is from the surrogate, nats a measurement, and the error of that.
        worth: The total information of campaigns by way of choosing: policy, greedy, random.
    """

    network: PolicyNetwork
    twin: Twin
    curve: FloatArray = field(repr=False)
    gap: tuple[float, float]
    worth: Mapping[str, Information]

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return all that was learned, as named arrays."""
        outlook, twin = self.twin.outlook, self.twin.weights
        return {
            "centre": outlook.centre,
            "scale": outlook.scale,
            "components": np.array(self.twin.components),
            "horizon": np.array(self.network.horizon),
            "curve": self.curve,
            **{f"policy.{name}": array for name, array in self.network.weights.items()},
            **{f"twin.{name}": weight.numpy() for name, weight in twin.items()},
        }

    def said(self) -> Mapping[str, Any]:
        """Return what a record says of it in plain numbers."""
        worth = {name: found.said() for name, found in self.worth.items()}
        return {"horizon": self.network.horizon, "gap": self.gap[0], "gap_error": self.gap[1], "worth": worth}

    @classmethod
    def restore(cls, study: Study, state: Mapping[str, NDArray[np.generic]], said: Mapping[str, Any]) -> Self:
        """Return the policy that a record describes."""

        def part(prefix: str) -> dict[str, NDArray[Any]]:
            return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}

        centre, scale = (np.asarray(state[name], dtype=np.float64) for name in ("centre", "scale"))
        outlook = Outlook(study.parameter_space, study.design_space, study.outcome_space, centre, scale)
        network = PolicyNetwork(outlook, part("policy."), int(state["horizon"]))
        twin = Twin(outlook, tensors(part("twin.")), int(state["components"]))
        worth = {name: Information(**found) for name, found in said["worth"].items()}
        return cls(network, twin, np.asarray(state["curve"]), (said["gap"], said["gap_error"]), worth)

    def astray(
        self, surrogate: Surrogate, theta: FloatArray, xi: FloatArray, rng: np.random.Generator
    ) -> tuple[float, float]:
        """Return how far the twin is from a surrogate at designs (t, k) for parameters (n, d), nats, and its error."""
        return gap(self.twin, surrogate, theta, xi, rng)


def teach(surrogate: Surrogate, study: Study, plan: Plan, rng: np.random.Generator, progress: Progress) -> Taught:
    """Return a policy trained against a surrogate under the prior, and what it is worth there.

    Args:
        surrogate: The density of outcomes.
        study: The study.
        plan: How it is trained.
        rng: Random numbers.
        progress: Told of the training's steps.
    """
    with one_thread():
        twin = twin_of(surrogate, study, rng)
        network, curve = trained(twin, plan, rng, progress)
        trial = Trial.of(surrogate, twin.outlook, plan.horizon, rng)
        ways: dict[str, Way] = {
            "policy": ByPolicy(network),
            "greedy": Greedily(twin, trial.contrasts),
            "random": ByChance(twin.outlook),
        }
        worth = {name: trial.information(way) for name, way in ways.items()}
        theta = drawing.prior(twin.outlook, 4 * drawing.PARAMETERS, rng)
        off = gap(twin, surrogate, theta, twin.outlook.designs.sample(drawing.DESIGNS, rng), rng)
    return Taught(network, twin, curve, off, worth)


def twin_of(surrogate: Surrogate, study: Study, rng: np.random.Generator) -> Twin:
    """Return a surrogate's twin, of as many components as its outcomes ask for."""
    outlook = outlook_of(surrogate, study, rng)
    pieces = drawing.pieces(surrogate, outlook, drawing.PIECES + drawing.HELD, rng)
    learned, held = pieces[: drawing.PIECES], pieces[drawing.PIECES :]
    mixtures = any(column.kind in ("real", "count") for group in outlook.outcomes.groups for column in group.columns)
    best: tuple[Twin, float] | None = None
    for components in COMPONENTS if mixtures else COMPONENTS[:1]:
        found = fitted(learned, held, Twin.untrained(outlook, components, torch_generator(rng)), rng)
        best = found if best is None or found[1] > best[1] + CLEARLY else best
    assert best is not None  # there is at least one
    return best[0]


def outlook_of(surrogate: Surrogate, study: Study, rng: np.random.Generator) -> Outlook:
    """Return what a policy sees of a study, scaled by outcomes of the surrogate."""
    spaces = study.parameter_space, study.design_space, study.outcome_space
    theta = study.parameter_space.from_cube(rng.random((drawing.PARAMETERS, study.parameter_space.dim)))
    y = surrogate.sample(theta, study.design_space.sample(4 * drawing.DESIGNS, rng), rng)
    return Outlook.of(*spaces, y.reshape(-1, study.outcome_space.width))


def gap(
    twin: Twin, surrogate: Surrogate, theta: FloatArray, xi: FloatArray, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the mean log density that the twin lacks of the surrogate's, nats a measurement, and its error.

        E log p(y | theta, xi) - log q(y | theta, xi), the divergence of the twin from the surrogate

    Args:
        twin: The twin.
        surrogate: The surrogate, whose outcomes are drawn.
        theta: Parameters, (n, d).
        xi: Designs, (t, k).
        rng: Random numbers.
    """
    if not getattr(surrogate, "normalised", True):  # a likelihood up to a function of y cannot be compared
        return float("nan"), float("nan")
    y = surrogate.sample(theta, xi, rng)
    with torch.no_grad():
        found = twin.log_prob_rows(drawing.rows(twin.outlook, theta, xi, y)).numpy().astype(np.float64)
    reals = [
        group.start + event * len(group.columns) + j
        for group in twin.outlook.outcomes.groups
        for event in range(group.events)
        for j, column in enumerate(group.columns)
        if column.kind == "real"
    ]
    missing = drawing.own(surrogate, theta, xi, y) - found + np.log(twin.outlook.scale[reals]).sum()
    missing = np.where(np.isfinite(y).all(axis=2), missing, np.nan)
    each = np.nanmean(missing, axis=0)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))
