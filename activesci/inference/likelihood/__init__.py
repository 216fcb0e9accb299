"""`surrogate: likelihood`: the outcome's density, learned number by number."""

from activesci.inference.likelihood.surrogate import LikelihoodSurrogate
from activesci.inference.likelihood.zoomed import ZoomedSurrogate

__all__ = ["LikelihoodSurrogate", "ZoomedSurrogate"]
