"""What is believed of a parameter whichever hypothesis is true."""

from collections.abc import Sequence

import numpy as np

from activesci.integrity.rivals import Rival, values
from activesci.types import FloatArray

QUANTILES = {"q05": 0.05, "q50": 0.5, "q95": 0.95}


def averaged(rivals: Sequence[Rival], probability: FloatArray, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return mean, sd and quantiles of parameters, averaged over the hypotheses.

    Args:
        rivals: The hypotheses and their beliefs.
        probability: Their posterior probabilities, (k,).
        names: The parameters; those of which some hypothesis says nothing are left out.

    References:
        Hoeting et al., Bayesian model averaging: a tutorial, 1999, doi:10.1214/ss/1009212519.
    """
    known = [name for name in names if all(name in one.hypothesis.space.units for one in rivals)]
    sizes = [len(one.posterior.theta) for one in rivals]
    weight = np.repeat(probability / np.array(sizes), sizes)
    return {name: _moments(np.concatenate([values(one, name) for one in rivals]), weight) for name in known}


def _moments(x: FloatArray, weight: FloatArray) -> dict[str, float]:
    mean = float(weight @ x)
    order = np.argsort(x, kind="stable")
    below = np.cumsum(weight[order])
    places = {name: np.searchsorted(below, q * below[-1]) for name, q in QUANTILES.items()}
    quantiles = {name: float(x[order[min(int(at), len(x) - 1)]]) for name, at in places.items()}
    return {"mean": mean, "sd": float(np.sqrt(weight @ (x - mean) ** 2)), **quantiles}
