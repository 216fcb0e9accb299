"""The probability that a simulation gives an outcome at all, learned so that failures bias nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from activesci.inference.networks.network import Network, train
from activesci.inference.networks.rows import COLD_RATE, WARM_RATE, WARM_STEPS, batches, cold_steps, split
from activesci.rng import torch_generator
from activesci.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Validity:
    """P(valid | theta, xi), a logistic ensemble.

    A simulator that fails for some parameters more than for others tells something by not failing: the likelihood of
    a valid outcome is this probability times its density. Dropping the failures instead would bias the posterior.
    """

    network: Network

    @classmethod
    def cold(cls, inputs: int, share: float, members: int, rng: np.random.Generator, device: str = "cpu") -> Self:
        """Return the constant probability `share`, nothing trained, on a device."""
        bias = torch.full((members, 1), float(np.log(share / (1 - share))), device=device)
        return cls(Network.initial(members, inputs, 1, bias, torch_generator(rng)))

    def fitted(self, x: FloatArray, valid: BoolArray, fresh: int, warm: bool, rng: np.random.Generator) -> Self:
        """Return the probability trained on.

        Args:
            x: Inputs of all simulations, (n, d + p).
            valid: Which of them gave an outcome, (n,).
            fresh: How many of the last rows are new.
            warm: Whether a short replay is to be done, half of it of fresh rows, and no full training.
            rng: Random numbers.
        """
        rows, labels = (torch.tensor(a, dtype=torch.float32, device=self.network.device) for a in (x, valid))

        def loss(network: Network, index: Tensor) -> Tensor:
            index = index.to(rows.device)
            logits = network(rows[index]).squeeze(-1)
            terms = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels[index], reduction="none")
            return terms.mean(1)

        members = len(self.network.weights["b0"])
        learn, held = split(len(x))
        batch = batches(learn, fresh, len(x), members, torch_generator(rng))
        steps, rate = (WARM_STEPS, WARM_RATE) if warm else (cold_steps(len(x)), COLD_RATE)
        return type(self)(train(self.network, loss, batch, torch.tensor(held).expand(members, -1), steps, rate)[0])

    def logits(self, theta: FloatArray, xi: FloatArray) -> FloatArray:
        """Return the log odds of a valid outcome for all pairs, (t, members, m).

        Args:
            theta: Inputs for parameters, (members or 1, m, d).
            xi: Inputs for designs, (t, p).
        """
        with torch.no_grad():
            pair = (torch.tensor(a, dtype=torch.float32, device=self.network.device) for a in (theta, xi))
            grid = self.network.grid(*pair)
        return np.asarray(grid.squeeze(-1).double().cpu().numpy().swapaxes(0, 1))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the weights as arrays."""
        return self.network.state()
