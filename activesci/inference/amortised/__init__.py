"""`surrogate: posterior`: the posterior for any outcome, learned at once."""

from activesci.inference.amortised.surrogate import PosteriorSurrogate

__all__ = ["PosteriorSurrogate"]
