"""The exact answers, by nested Monte Carlo on cells: `python experiments/weinberg_toy/reference.py` (seconds)."""

import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import model  # noqa: E402
import oracle  # noqa: E402

THETA = oracle.cells(0.5, 1.5, 200)
COSINES = oracle.cells(-1, 1, 200)  # an event is known to its cell: what that loses is below 1e-3 nats
# Computed by numerical integration, independently of this file. Nats.
GOLD_GAIN = (0.492, 0.387, 0.217, 0.101, 0.0256, 0.0, 0.0256, 0.101, 0.217, 0.387, 0.492)
GOLD = dict(zip(range(40, 51), GOLD_GAIN, strict=True))


def cell_probabilities(theta: np.ndarray, phi: float) -> np.ndarray:
    """Return the probability of each cell of the cosine at each theta, (n, cells)."""
    weights = model.density(COSINES, {"theta": theta[:, None]}, {"phi": phi})
    return weights / weights.sum(1, keepdims=True)


def log_likelihoods(counts: np.ndarray, phi: float) -> np.ndarray:
    """Return the log likelihood of events counted in cells (n, cells) at each of THETA, (n, g)."""
    return counts @ np.log(np.maximum(cell_probabilities(THETA, phi), 1e-300)).T


def gain(phi: float, experiments: int = 40_000, seed: int = 1) -> tuple[float, float]:
    """Return the expected gain [nats] of one experiment and its standard error.

    It is the mean, over simulated experiments, of the divergence of posterior from prior, which varies less than the
    log ratio of likelihood to evidence does.
    """
    truth = np.repeat(THETA, experiments // len(THETA))
    counts = np.random.default_rng(seed).multinomial(model.EVENTS, cell_probabilities(truth, phi))
    log_weights = log_likelihoods(counts.astype(float), phi)
    weights = np.exp(log_weights - log_weights.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    divergences = np.log(len(THETA)) + (weights * np.log(np.maximum(weights, 1e-300))).sum(1)
    return float(divergences.mean()), float(divergences.std() / np.sqrt(len(divergences)))


def sd_after(phis: np.ndarray, truth: float = 1.0, seed: int = 1) -> np.ndarray:
    """Return the posterior sd of theta after each of many campaigns, phis (campaigns, rounds)."""
    rng = np.random.default_rng(seed)
    sds = []
    for campaign in phis:
        draws = (rng.multinomial(model.EVENTS, cell_probabilities(np.array([truth]), phi)) for phi in campaign)
        total = sum(log_likelihoods(each.astype(float), phi) for each, phi in zip(draws, campaign, strict=True))
        sds.append(oracle.moments(oracle.normalised(total[0]), THETA[None])[1][0])
    return np.array(sds)


if __name__ == "__main__":
    print("phi  exact             gold")
    for phi, gold in GOLD.items():
        value, error = gain(phi)
        print(f"{phi}   {value:.4f} +- {error:.4f}  {gold:.4f}")
    ends = np.random.default_rng(1).choice([40.0, 50.0], (400, 4))
    anywhere = np.random.default_rng(2).uniform(40, 50, (400, 4))
    print(f"mean sd after 4 experiments at 40 or 50 GeV: {sd_after(ends).mean():.3f};", end=" ")
    print(f"at random: {sd_after(anywhere).mean():.3f}")
