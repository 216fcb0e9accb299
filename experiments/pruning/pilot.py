"""What unpruned networks are like, and how noisy pruned ones: the constants of `model.py`.

    python experiments/pruning/pilot.py [--networks 200]

Exploratory: its networks have seeds that the study does not choose from.
"""

import argparse
import itertools

import numpy as np
from digits import COUNTS, SEEDS, representation
from networks import GLOBAL, TECHNIQUES, accuracies
from scipy.optimize import minimize_scalar
from scipy.special import logit
from scipy.stats import multivariate_t

AMOUNTS = (0.3, 0.85)


def designs(count: int) -> list[dict]:
    """Return designs of all kinds with seeds that the study does not have."""
    ways = list(
        itertools.product((*TECHNIQUES, GLOBAL), ("one_shot", "iterative"), ("finetuned", "rewound", "reinitialised"))
    )
    rng, names = np.random.default_rng(1), ("technique", "schedule", "treatment")
    return [
        {**dict(zip(names, ways[i % len(ways)], strict=True)), "amount": rng.uniform(*AMOUNTS), "seed": SEEDS + i}
        for i in range(count)
    ]


def measured(asked: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Return log odds before and after pruning, (n, 10) each."""
    found = [accuracies(one) for one in asked]
    return tuple(logit(np.array([one[name] for one in found])) for name in ("unpruned", "pruned"))


def freedom(residuals: np.ndarray) -> float:
    """Return the degrees of freedom of the multivariate t that describes residuals (n, 10) best."""
    covariance = np.cov(residuals.T)

    def misfit(nu: float) -> float:
        return -multivariate_t.logpdf(residuals, shape=covariance * (nu - 2) / nu, df=nu).sum()

    return float(minimize_scalar(misfit, bounds=(2.1, 100), method="bounded").x)


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", type=int, default=200)
    asked = designs(parser.parse_args().networks)
    before, after = measured(asked)
    x = np.stack([np.log(representation(one["seed"])) for one in asked])
    x = (x - np.log(COUNTS).mean()) / np.log(COUNTS).std()
    typical = before.mean(axis=0)
    slope = (x * (before - typical)).sum() / (x**2).sum()
    off = before - typical - slope * x
    nu = freedom(off)
    own = np.sqrt((nu - 2) / nu)
    print("typical log odds ", typical.round(2).tolist())
    together = own * off.mean(axis=1).std()
    print(f"rise with representation {slope:.2f}, common to a network {together:.2f}, freedom {nu:.1f}")
    print("spread", (own * (off - off.mean(axis=1, keepdims=True)).std(axis=0)).round(2).tolist())
    print("after pruning: freedom", round(freedom(_left(asked, before, after, x)), 1))


def _left(asked: list[dict], before: np.ndarray, after: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return what a linear model leaves of the log odds after pruning, (n, 10)."""
    keys = ("technique", "schedule", "treatment")
    ways = sorted({tuple(one[key] for key in keys) for one in asked})
    which = np.array([ways.index(tuple(one[key] for key in keys)) for one in asked])
    sparsity = -np.log10(1 - np.array([one["amount"] for one in asked]))
    units = np.array(["units" in one["technique"] for one in asked])
    each = np.concatenate([np.eye(len(ways))[which], sparsity[:, None], (units * sparsity)[:, None]], axis=1)
    rows = [
        np.repeat(each, 10, axis=0),
        before.reshape(-1, 1),
        x.reshape(-1, 1),
        np.tile(np.eye(10)[:, 1:], (len(asked), 1)),
    ]
    matrix = np.concatenate(rows, axis=1)
    return (after.ravel() - matrix @ np.linalg.lstsq(matrix, after.ravel(), rcond=None)[0]).reshape(after.shape)


if __name__ == "__main__":
    main()
