"""Tuning: histograms with stated errors, and the simulator's expectation learned from few noisy simulations."""

from activesci.inference.tuning.answer import Answer, Sets, answer, flat
from activesci.inference.tuning.measured import Measured
from activesci.inference.tuning.surrogate import TuningSurrogate

__all__ = ["Answer", "Measured", "Sets", "TuningSurrogate", "answer", "flat"]
