"""Learning a likelihood up to a constant by contrast: to which of several simulations does this outcome belong?

A group is a set of simulations (theta_k, xi_k, y_k) chosen in any way that does not look at outcomes. One of them,
each as probable as any other, shows its outcome y. By Bayes' rule the probability that it is number k is

    p(k | y, group) = p(y | theta_k, xi_k) / sum_j p(y | theta_j, xi_j)

because all else that the group says, the proposal of theta and of xi and how they hang together, is common to all k.
So the logits that answer best are f(theta, xi, y) = log p(y | theta, xi) + c(y), for every way of choosing groups at
once. Parameters and design are contrasted *together*, as simulated: were parameters alone exchanged between designs, a
bank in which they depend on one another (simulations are sent where the posterior is) would teach log pi(theta | xi) -
log pi(theta) as if it were likelihood.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from activesci.inference.embeddings.critic import Critic, part
from activesci.inference.embeddings.own import OwnModule
from activesci.inference.embeddings.readers import Readers
from activesci.inference.networks.coordinates import Inputs
from activesci.inference.networks.network import Network, train
from activesci.inference.networks.rows import COLD_RATE, WARM_RATE, WARM_STEPS, cold_steps, split
from activesci.inference.ratio.groups import GROUP, GROUPS, Forest, Groups
from activesci.study.outcomes import OutcomeSpace
from activesci.types import FloatArray, IntArray

DECAY, MEMORY = 0.1, 0.98
"""Weights are drawn to zero this fast, as an outcome may have more numbers than the bank has simulations, and averaged
over so many of the last steps."""
HELD_GROUPS = 48
"""Groups of held-out simulations that say when a member is at its best."""
PAIRS = 32_768
"""Pairs of parameters and outcomes that are compared at once, over all members: more do not fit the cache."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """f(theta, xi, y), a log-likelihood but for what depends on y alone, by an ensemble.

    References:
        Miller, Weniger and Forré, Contrastive neural ratio estimation, 2022, arXiv:2210.06170. Durkan, Murray and
        Papamakarios, On contrastive learning for likelihood-free inference, 2020, arXiv:2002.03712. Hermans, Begy and
        Louppe, Likelihood-free MCMC with amortized approximate ratio estimators, 2020, arXiv:1903.04057.

    Attributes:
        inputs: The coordinates of parameters and designs.
        readers: What looks at the outcome.
        network: All weights, by name.
    """

    inputs: Inputs
    readers: Readers
    network: Network

    @classmethod
    def cold(
        cls,
        inputs: Inputs,
        outcomes: OutcomeSpace,
        asked: "str | OwnModule",
        y: FloatArray,
        members: int,
        rng: np.random.Generator,
    ) -> Self:
        """Return networks that know nothing, made for parameters, designs and valid outcomes (n, width)."""
        readers = Readers.of(outcomes, asked, y)
        critic = Critic.initial(members, readers.features, dims_of(inputs), rng)
        weights = readers.initial(members, rng) | {f"critic.{name}": w for name, w in critic.items()}
        return cls(inputs, readers, Network(weights))

    def fitted(
        self, theta: FloatArray, xi: FloatArray, y: FloatArray, fresh: int, warm: bool, rng: np.random.Generator
    ) -> tuple[Self, int]:
        """Return the networks trained on, and the steps taken.

        Args:
            theta: Parameters of the valid simulations, (n, d). Every tenth row is never trained on.
            xi: Their designs, (n, k).
            y: Their flat outcomes, (n, width).
            fresh: How many of the last rows are new since the last fit.
            warm: Whether a short replay is to be done, half of it around fresh rows, and no full training.
            rng: Random numbers.
        """
        at = self.inputs.of_theta(theta), self.inputs.of_xi(xi)
        learn, held = split(len(theta))
        new = np.flatnonzero(learn >= len(theta) - fresh) if warm else np.empty(0, dtype=np.int64)
        batch = self._groups(at, learn, new, GROUPS, rng)
        check = self._groups(at, held, new[:0], HELD_GROUPS, rng)()[:1].expand(self.members, -1)
        steps, rate = (WARM_STEPS, WARM_RATE) if warm else (cold_steps(len(theta)), COLD_RATE)
        loss, start = self._loss(*at, y), Network(marked(self.network.weights))
        network, _, _ = train(start, loss, batch, check, steps, rate, DECAY, MEMORY)
        return replace(self, network=Network(unmarked(network.weights))), steps

    def _groups(
        self, at: tuple[FloatArray, FloatArray], rows: IntArray, new: IntArray, groups: int, rng: np.random.Generator
    ) -> Groups:
        forest = Forest.over(at[0][rows], at[1][rows], rng)
        return Groups(forest, rows, new, self.members, groups, rng)

    def _loss(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> Callable[[Network, Tensor], Tensor]:
        """Return the mean loss of the groups that the rows given make, nats per simulation: contrast and guess."""
        inputs = tensor(theta), tensor(xi)
        encoded = self.readers.encoded(y)

        def loss(network: Network, index: Tensor) -> Tensor:
            weights = unmarked(network.weights)
            features = self.readers.embedded(weights, [tuple(x[index] for x in parts) for parts in encoded])
            critic = Critic.of(part(weights, "critic"), dims_of(self.inputs))
            return losses(critic, *(in_groups(x) for x in (inputs[0][index], inputs[1][index], features)))

        return loss

    @property
    def members(self) -> int:
        """The number of members."""
        return len(self.network.weights["critic.skip"])

    @property
    def critic(self) -> Critic:
        """What compares features with parameters and designs."""
        return Critic.of(part(self.network.weights, "critic"), dims_of(self.inputs))

    def features(self, y: FloatArray) -> Tensor:
        """Return the features of flat outcomes (members or 1, n, width), (members, n, features)."""
        return self.readers.embedded(self.network.weights, self.readers.encoded(y))

    def pairs(self, theta: Tensor, xi: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return f and its Gaussian part for all pairs, each (members, n, m), double.

        Args:
            theta: Inputs for parameters, (members or 1, m, d).
            xi: Inputs for designs, (m, p), or (1, p) for one design.
            features: Of outcomes, (members, n, features).
        """
        critic, found = self.critic, []
        for some in torch.split(features, max(1, PAIRS // (len(features) * theta.shape[1])), dim=1):
            guess = critic.guessed(xi[None, None], some.unsqueeze(1))
            f = critic(theta.unsqueeze(1), xi[None, None], some.unsqueeze(1), guess)
            rough = guess.log_prob(guess.pull(theta[:, None, :, None]))
            found.append(torch.stack([f[:, 0], rough[:, 0]]))
        whole, rough = torch.cat(found, dim=3).double().transpose(2, 3)
        return whole, rough


def losses(critic: Critic, theta: Tensor, xi: Tensor, features: Tensor) -> Tensor:
    """Return each member's mean loss over groups, (members,): the contrast's and, for the guess, the regression's.

    Args:
        critic: What is trained.
        theta: Inputs for parameters, (members, groups, GROUP, d).
        xi: Inputs for designs, (members, groups, GROUP, p).
        features: Of outcomes, (members, groups, GROUP, features).
    """
    with torch.no_grad():  # the guess learns by regression alone
        guess = critic.guessed(xi if xi.shape[-1] else xi[:, :, :1], features)
    logits = critic(theta, xi, features, guess)
    contrast = torch.logsumexp(logits, dim=2) - torch.diagonal(logits, dim1=2, dim2=3)
    each = [x.flatten(1, 2).unsqueeze(2) for x in (xi, features)]
    own = critic.guessed(*each).map(lambda t: t[:, :, 0, 0])
    return contrast.mean((1, 2)) - own.log_prob(own.pull(theta.flatten(1, 2))).mean(1)


def in_groups(x: Tensor) -> Tensor:
    """Return rows (members, n, ...) as groups, (members, groups, GROUP, ...)."""
    return x.reshape(len(x), -1, GROUP, *x.shape[2:])


def marked(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under names by which `train` tells those that decay, which begin with w, from biases."""
    return {f"{'w' if name.rpartition('.')[2][:1] != 'b' else 'b'}:{name}": tensor for name, tensor in weights.items()}


def unmarked(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under their own names."""
    return {name[2:]: tensor for name, tensor in weights.items()}


def dims_of(inputs: Inputs) -> tuple[int, int]:
    """Return how many inputs parameters and designs have."""
    return inputs.parameters.dim, len(inputs.centre)


def tensor(x: FloatArray) -> Tensor:
    """Return an array as float32."""
    return torch.tensor(x, dtype=torch.float32)
