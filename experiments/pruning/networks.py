"""Nature: a network is trained, pruned, and trained again; its accuracy in each class is observed, before and after.

References:
    Frankle and Carbin, The lottery ticket hypothesis, 2019, arXiv:1803.03635 (rewinding, iterative pruning).
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from digits import CLASSES, held_out, images, tested, training_set
from torch import nn
from torch.nn.utils import prune

HIDDEN = (128, 128)
STEPS, EARLY, RATE = 100, 10, 0.01
"""Steps of Adam, on all images at once, at first and after every pruning; the step that rewinding goes back to."""
ITERATIONS = 4
LAYERS = (0, 2)
"""What is pruned: the layers of hidden units, but not the one that names the class."""

State = Mapping[str, torch.Tensor]
TECHNIQUES: Mapping[str, Callable[[nn.Module, float], None]] = {
    "l1": lambda layer, amount: prune.l1_unstructured(layer, "weight", amount),
    "random": lambda layer, amount: prune.random_unstructured(layer, "weight", amount),
    "l1_units": lambda layer, amount: prune.ln_structured(layer, "weight", amount, n=1, dim=0),
    "random_units": lambda layer, amount: prune.random_structured(layer, "weight", amount, dim=0),
}
GLOBAL = "l1_global"


def measure(theta: object, design: Mapping[str, object], rng: object) -> dict[str, list[float]]:
    """Return what nature says to a design, in the form of a simulator; it knows no parameters."""
    return accuracies(design)


def accuracies(design: Mapping[str, object]) -> dict[str, list[float]]:
    """Train, prune and train again, and return the accuracy in each class, before and after.

    Args:
        design: `technique`, `amount`, `schedule`, `treatment` and `seed`; the seed says what is trained on and all
            random numbers.

    Returns:
        `unpruned` and `pruned`, each (10,): (right + 2) / (tested + 4) (Agresti and Coull 1998, doi:10.2307/2685469).
    """
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):  # pruning at random takes the global random numbers of torch
        torch.manual_seed(int(str(design["seed"])))
        return _accuracies(design)


def _accuracies(design: Mapping[str, object]) -> dict[str, list[float]]:
    data = _tensors(*training_set(int(str(design["seed"]))))
    network = _network()
    early = _trained(network, data, EARLY)
    _trained(network, data, STEPS - EARLY)
    before, amount = _measured(network), float(str(design["amount"]))
    rounds = ITERATIONS if design["schedule"] == "iterative" else 1
    for _ in range(rounds):
        _prune(network, str(design["technique"]), 1.0 - (1.0 - amount) ** (1.0 / rounds))
        _treat(network, str(design["treatment"]), early)
        _trained(network, data, STEPS)
    return {"unpruned": before, "pruned": _measured(network)}


def _network() -> nn.Sequential:
    sizes = (images()[0].shape[1], *HIDDEN, CLASSES)
    layers = [nn.Linear(n, m) for n, m in zip(sizes[:-1], sizes[1:], strict=True)]
    return nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])


def _tensors(x: np.ndarray, classes: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(x, dtype=torch.float32), torch.tensor(classes)


def _trained(network: nn.Module, data: tuple[torch.Tensor, torch.Tensor], steps: int) -> State:
    """Train, and return the weights then."""
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    for _ in range(steps):
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(data[0]), data[1]).backward()
        optimiser.step()
    return {name: value.detach().clone() for name, value in network.named_parameters()}


def _prune(network: nn.Sequential, technique: str, amount: float) -> None:
    """Take out a share of the weights, or of the units, that are left."""
    if technique == GLOBAL:
        chosen = [(network[at], "weight") for at in LAYERS]
        prune.global_unstructured(chosen, pruning_method=prune.L1Unstructured, amount=amount)
        return
    for at in LAYERS:
        TECHNIQUES[technique](network[at], amount)


def _treat(network: nn.Module, treatment: str, early: State) -> None:
    """Leave the weights that are left as they are, or set them to what they were early, or to new random ones."""
    if treatment == "finetuned":
        return
    fresh = dict(_network().named_parameters())
    with torch.no_grad():
        for name, value in network.named_parameters():
            plain = name.removesuffix("_orig")
            value.copy_(early[plain] if treatment == "rewound" else fresh[plain])


def _measured(network: nn.Module) -> list[float]:
    pixels, classes = images()
    x, truth = _tensors(pixels[held_out()], classes[held_out()])
    with torch.no_grad():
        right = network(x).argmax(dim=1) == truth
    found = np.bincount(truth[right].numpy(), minlength=CLASSES)
    return ((found + 2.0) / (tested() + 4.0)).tolist()
