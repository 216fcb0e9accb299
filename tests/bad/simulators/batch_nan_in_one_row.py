# reason: outcome\.y: found nan, expected a finite number
# rows: 3
import numpy as np
from good import simulate_batch as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    outcome["y"] = np.where(np.arange(16) == 3, np.nan, 0.0)
    return outcome
