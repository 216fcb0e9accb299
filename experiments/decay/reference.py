"""The exact answers, on a grid: `python experiments/decay/reference.py` (seconds)."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import model  # noqa: E402
import oracle  # noqa: E402

TRUTH = {"a": 1.0, "b": 0.5}
VALUES = oracle.mesh(oracle.cells(0.5, 2.0, 120), oracle.cells(0.1, 2.0, 160))
THETA = dict(zip(("a", "b"), VALUES, strict=True))
TIMES = np.linspace(0, 10, 41)
MEANS = np.array([model.signal(THETA, {"xi": xi}) for xi in TIMES])
NOISE = np.array([model.NOISE_SD])


def log_weights(times: Sequence[float], outcomes: Sequence[float]) -> np.ndarray:
    """Return the log posterior weights, (g, 1), after these measurements."""
    each = zip(times, outcomes, strict=True)
    total = sum((model.log_likelihood(THETA, {"xi": xi}, {"y": y}) for xi, y in each), np.zeros(VALUES.shape[1]))
    return total[:, None]


def posterior(times: Sequence[float], outcomes: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and sd of (a, b) after these measurements."""
    return oracle.moments(oracle.normalised(log_weights(times, outcomes)), VALUES)


def gains(times: Sequence[float] = (), outcomes: Sequence[float] = ()) -> np.ndarray:
    """Return the expected gain [nats] at each of TIMES after these measurements."""
    belief = oracle.normalised(log_weights(times, outcomes))
    return np.array([oracle.gain(belief, means, NOISE) for means in MEANS])


def measure(xi: float, rng: np.random.Generator) -> float:
    """Let nature answer."""
    return float(model.simulate(TRUTH, {"xi": xi}, rng)["y"])


def loop(rounds: int, seed: int, chosen: bool) -> tuple[list[float], list[float]]:
    """Return times and outcomes of one campaign, its times chosen by exact gain or at random."""
    rng = np.random.default_rng(seed)
    times, outcomes = [], []
    for _ in range(rounds):
        times.append(float(TIMES[gains(times, outcomes).argmax()] if chosen else rng.uniform(0, 10)))
        outcomes.append(measure(times[-1], rng))
    return times, outcomes


if __name__ == "__main__":
    prior_gains = gains()
    print("expected gain [nats] of the first measurement:")
    print("  " + "  ".join(f"xi={xi:g}: {gain:.3f}" for xi, gain in zip(TIMES[::4], prior_gains[::4], strict=True)))
    print(f"  the largest is {prior_gains.max():.3f} at xi = {TIMES[prior_gains.argmax()]:g}")
    for label, chosen, seeds in (("chosen", True, 20), ("random", False, 200)):
        sds = np.array([posterior(*loop(4, seed, chosen))[1] for seed in range(seeds)])
        print(f"median sds of (a, b) after 4 {label} times: {np.median(sds, 0).round(4)}")
    print("times chosen with seed 0:", loop(4, 0, True)[0])
