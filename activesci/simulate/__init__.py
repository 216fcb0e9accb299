"""What the model says: the user's simulator, run so that whatever it does ends in a result."""

from .blocks import blocks
from .function import FunctionSimulator

__all__ = ["FunctionSimulator", "blocks"]
