"""Is what is nothing called something, and what is something found? On the networks that a run has really measured.

    python experiments/pruning/check.py runs/pruning [--sets 200]

Every coefficient gets a sham beside it: what it is multiplied with, but shuffled, so that it has nothing to do with
the networks: representations among the classes of each network, accuracies before pruning (less the mean of their
class) among networks, entropies among classes, sparsities among networks. All else stays as it is, the noise of real
networks included. Counted is how often the central 95 % of the posterior leave zero out, and how often a Bayes factor
of 20 says that the sham matters. Then an effect of each sham is added to the measured log odds, and counted is how
often it is found.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from digits import entropies
from model import ASKED, standard
from reference import FIXED, Found, Table, measured, sampled, table

EFFECT, DECIDED, DRAWS = 0.15, 20.0, 1000
SPREADS = 0.5
"""How wide the prior of a sham is, as of the coefficients themselves."""


def shams(known: Table, rng: np.random.Generator) -> np.ndarray:
    """Return what shams of the four coefficients are multiplied with, (networks, classes, 4)."""
    networks, classes = known.z.shape
    accuracy, representation, _, sparsity = (known.x[:, :, at] for at in range(len(ASKED)))
    columns = (
        rng.permuted(accuracy - accuracy.mean(axis=0), axis=0),
        rng.permuted(representation, axis=1),
        np.broadcast_to(rng.permutation(standard(entropies())), (networks, classes)),
        rng.permutation(sparsity),
    )
    return np.stack(columns, axis=2)


def tested(known: Table, effect: float, sets: int, seed: int) -> Found:
    """Return the posteriors of data sets, each with shams of its own that have this effect."""
    rng = np.random.default_rng(seed)
    return sampled([known.with_columns(shams(known, rng), effect) for _ in range(sets)], DRAWS, rng)


def rows(found: Found, effect: float) -> Iterator[str]:
    """Yield a line for each sham."""
    for at, name in enumerate(ASKED, len(FIXED)):
        low, high = np.quantile(found.drawn[:, :, at], (0.025, 0.975), axis=0)
        inner, outer = np.quantile(found.drawn[:, :, at], (0.05, 0.95), axis=0)
        factor = found.log_factor(at, SPREADS)[0]
        cells = [
            name,
            f"{effect:g}",
            share((low > 0) | (high < 0)),
            share(factor > np.log(DECIDED)),
            share(factor < -np.log(DECIDED)),
            share((inner < effect) & (effect < outer)),
            f"{found.drawn[:, :, at].mean():.3f}",
        ]
        yield f"| {' | '.join(cells)} |"


def share(yes: np.ndarray) -> str:
    """Return a share in per cent with its binomial error."""
    near = (yes.sum() + 1) / (len(yes) + 2)
    return f"{100 * yes.mean():.1f} +- {100 * np.sqrt(near * (1 - near) / len(yes)):.1f}"


def main() -> None:
    """Shuffle, sample and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--sets", type=int, default=200)
    asked = parser.parse_args()
    known = table(measured(asked.run))
    print(
        "| sham of | effect | 95 % without zero [%] | said to matter [%] | said not to [%] | 90 % hold it [%] | mean |"
    )
    print("|---|---|---|---|---|---|---|")
    for effect in (0.0, EFFECT):
        for line in rows(tested(known, effect, asked.sets, seed=round(1000 * effect)), effect):
            print(line, flush=True)


if __name__ == "__main__":
    main()
