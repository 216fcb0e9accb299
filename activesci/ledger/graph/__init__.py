"""The experiment graph: states of a campaign as nodes, the recipes that made them as edges."""

from .graph import Graph
from .growing import TAG
from .state import Recipe, State, identity
from .stored import Restored

__all__ = ["TAG", "Graph", "Recipe", "Restored", "State", "identity"]
