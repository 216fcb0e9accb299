"""`surrogate: emulator`: Gaussian processes of slow simulators, from tens or hundreds of simulations."""

from activesci.inference.emulator.fallback import EmulatorOrElse
from activesci.inference.emulator.surrogate import EmulatorSurrogate

__all__ = ["EmulatorOrElse", "EmulatorSurrogate"]
