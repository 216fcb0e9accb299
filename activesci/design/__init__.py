"""Where to look next: Bayesian optimisation, a pool, a grid, a trained policy, or chance."""

from activesci.study.settings import DesignerPart

from .ahead import ahead, together
from .base import Choice, Designer, Question
from .bayesopt import BayesOpt
from .believed import believed, beside
from .grid import Grid
from .policy import Policy
from .pool import Pool
from .random import Random

__all__ = [
    "BayesOpt",
    "Choice",
    "Designer",
    "Grid",
    "Policy",
    "Pool",
    "Question",
    "Random",
    "ahead",
    "believed",
    "beside",
    "designer_for",
    "together",
]


def designer_for(part: DesignerPart) -> Designer:
    """Return the designer of a study's `designer:`."""
    if part.bayesopt is not None:
        return BayesOpt(part.bayesopt.evaluations)
    if part.grid is not None:
        return Grid(part.grid.points)
    if (policy := part.policy) is not None:
        return Policy(policy.horizon, policy.steps, policy.rollouts, policy.contrasts)
    return Pool() if part.pool is not None else Random()
