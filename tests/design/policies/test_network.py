"""The policy at work: it does not mind the order of measurements, and is what was trained."""

import numpy as np
import pytest
import torch

from activesci.design.policies.network import PolicyNetwork
from activesci.design.policies.outlook import Outlook
from activesci.design.policies.training import Actor, Plan, _sizes
from activesci.design.policies.twin import Twin
from activesci.design.policies.weights import initial
from activesci.inference.base import Data

from .small import CIRCLE, LINE, TOOLS, study

OUTCOMES = {
    "reals": {"y": {"real": [2]}, "n": {"count": []}},
    "events": {"y": {"real": [], "iid": 3}, "kind": {"categories": ["a", "b", "c"]}},
}


def actor(design, outcome):
    asked = study(design, OUTCOMES[outcome])
    spaces = asked.parameter_space, asked.design_space, asked.outcome_space
    rng = np.random.default_rng(3)
    y = np.stack([_outcome(asked, rng) for _ in range(50)])
    twin = Twin.untrained(Outlook.of(*spaces, y), 2, torch.Generator().manual_seed(1))
    weights = initial(_sizes(twin), torch.Generator().manual_seed(2))
    return Actor(twin, weights, Plan(4, 1, 1, 1)), asked, Data(asked.design_space.sample(3, rng), y[:3])


def _outcome(asked, rng):
    kinds = {"y": rng.normal(size=2).tolist(), "n": int(rng.poisson(4))}
    if "kind" in asked.outcome_space.names:
        kinds = {"y": rng.normal(size=3).tolist(), "kind": str(rng.choice(["a", "b", "c"]))}
    return asked.outcome_space.flatten(kinds, {})


def network(one):
    weights = {name: weight.numpy().astype(float) for name, weight in one.weights.items()}
    return PolicyNetwork(one.twin.outlook, weights, one.plan.horizon)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("design", [LINE, TOOLS, CIRCLE], ids=["real", "mixed", "periodic"])
def test_it_chooses_what_the_trained_one_would(design, outcome):
    one, asked, data = actor(design, outcome)
    outlook = one.twin.outlook
    groups = asked.outcome_space.groups
    y = [torch.tensor(outlook.events(outlook.of_y(data.y), group), dtype=torch.float32) for group in groups]
    told = one.told(torch.tensor(outlook.of_xi(data.xi), dtype=torch.float32), y).sum(0, keepdim=True)
    inputs = one.design(told, 3, 0.0, torch.Generator())[0].double().numpy()
    assert network(one).next(data) == pytest.approx(outlook.design(inputs), abs=1e-4)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_order_of_measurements_does_not_matter_but_what_they_are_does(outcome):
    one, _, data = actor(LINE, outcome)
    chosen = network(one)
    turned = Data(data.xi[::-1], data.y[::-1])
    assert chosen.next(turned) == pytest.approx(chosen.next(data), abs=1e-9)
    assert chosen.next(Data(data.xi, data.y[[0, 1, 0]])) != pytest.approx(chosen.next(data), abs=1e-9)


def test_it_chooses_designs_that_there_are_before_any_measurement():
    one, asked, data = actor(TOOLS, "reals")
    xi = network(one).next(Data(data.xi[:0], data.y[:0]))
    asked.design_space.encode(asked.design_space.decode(xi))
