"""The exact answers, by quadrature: `python experiments/gaussian_cosine/reference.py` (a second)."""

import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import model  # noqa: E402
import oracle  # noqa: E402

THETA = oracle.cells(-2, 2, 2000)
PRIOR = np.full((len(THETA), 1), 1 / len(THETA))
# Computed by numerical integration, independently of this file. Nats.
GOLD_PHI = (0, np.pi / 2, 2, 2.5, 3, np.pi, 3.5, 4, 5, 6)
GOLD_GAIN = (0.6704, 0.975, 1.1663, 1.406, 1.5584, 1.5673, 1.5121, 1.3049, 0.871, 0.6798)
GOLD = dict(zip(GOLD_PHI, GOLD_GAIN, strict=True))


def gain(phi: float, events: int = model.EVENTS) -> float:
    """Return the expected gain [nats] of one experiment: the mean of the events is a sufficient statistic."""
    return oracle.gain(PRIOR, THETA, np.atleast_1d(model.spread({"phi": phi}) / np.sqrt(events)))


def sd_after(phis: np.ndarray, truth: float = 1.0) -> np.ndarray:
    """Return the posterior sd after experiments (..., rounds) that came out exactly at their mean."""
    precision = (model.EVENTS / np.square(model.spread({"phi": phis}))).sum(-1)
    density = np.exp(-0.5 * precision[..., None] * np.square(THETA - truth))
    density /= density.sum(-1, keepdims=True)
    mean = density @ THETA
    return np.sqrt((density * np.square(THETA - mean[..., None])).sum(-1))


if __name__ == "__main__":
    print("phi     exact   gold")
    for phi, gold in GOLD.items():
        print(f"{phi:.4f}  {gain(phi):.4f}  {gold:.4f}")
    random = np.random.default_rng(1).uniform(0, 6, (2000, 3))
    print(f"sd after 3 experiments at pi: {sd_after(np.full(3, np.pi)):.3f}; at random: {sd_after(random).mean():.3f}")
    random[:, 0] = -1
    print(f"the first at phi = -1, as in the notebook: {sd_after(np.array([-1, np.pi, np.pi])):.3f};", end=" ")
    print(f"random: {sd_after(random).mean():.3f}")
