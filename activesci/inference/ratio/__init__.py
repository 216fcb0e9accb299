"""`surrogate: ratio`: the likelihood of large outcomes up to a constant, learned by contrast."""

from activesci.inference.ratio.surrogate import RatioSurrogate

__all__ = ["RatioSurrogate"]
