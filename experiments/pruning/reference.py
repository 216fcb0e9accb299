"""The same posterior without activesci: a Gibbs sampler of the hierarchical model, many data sets at a time.

    python experiments/pruning/reference.py runs/pruning       # holds posterior and Bayes factors of a run against it

Given the three spreads and how noisy each network is, all coefficients and class effects together are normal. So
whether one of them is nothing needs no evidence: the Bayes factor against it is its posterior density at zero,
averaged over what is given, over the prior's.

References:
    Dickey, 1971, doi:10.1214/aoms/1177693507; Gelfand and Smith, 1990, doi:10.1080/01621459.1990.10476213.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from digits import CLASSES, entropies
from model import ASKED, CENTRE, FREEDOM, RANDOM, UNITS, standard, x_representation, x_sparsity
from scipy.special import logit

FIXED = (*ASKED, "level", "units", "units_sparsity", "random", "globally", "iterative", "rewound", "reinitialised")
PRIOR_MEAN = np.array([2.0 if name == "level" else 0.0 for name in FIXED])
PRIOR_SD = np.array([1.0 if name == "level" else 0.5 for name in FIXED])
SPREADS = {"between_classes": (-1.5, 0.7), "between_networks": (-2.0, 0.7), "noise": (-1.5, 0.5)}
"""Mean and sd of the logarithm of each, as the study's priors have them."""
STEP = 0.25
"""Of the random walk of the logarithms of the spreads."""


@dataclass(frozen=True, slots=True)
class Table:
    """Networks and their classes as a regression sees them.

    Attributes:
        x: What each coefficient is multiplied with, (networks, classes, coefficients).
        z: Log odds after pruning, (networks, classes).
    """

    x: np.ndarray
    z: np.ndarray

    def with_columns(self, more: np.ndarray, effect: float) -> "Table":
        """Return the table with columns more, (networks, classes, columns), and an effect of each of them."""
        return Table(np.concatenate([self.x, more], axis=2), self.z + effect * more.sum(axis=2))


@dataclass(frozen=True, slots=True)
class Found:
    """Draws of coefficients and what they are conditional on.

    Attributes:
        mean: Of every coefficient given the rest, (draws, data sets, coefficients).
        sd: Likewise.
        drawn: The coefficients, likewise.
    """

    mean: np.ndarray
    sd: np.ndarray
    drawn: np.ndarray

    def log_factor(self, at: int, prior_sd: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
        """Return the log Bayes factor for a coefficient that is not zero, of each data set, and its error."""
        logs = -0.5 * (self.mean[:, :, at] / self.sd[:, :, at]) ** 2 - np.log(self.sd[:, :, at]) + np.log(prior_sd)
        top = logs.max(axis=0)
        blocks = np.exp(logs - top).reshape(20, -1, logs.shape[1]).mean(axis=1)
        return -(top + np.log(blocks.mean(axis=0))), blocks.std(axis=0, ddof=1) / np.sqrt(20) / blocks.mean(axis=0)


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return measurements, each with its `design` and `outcome`, as a table."""
    design = {name: np.array([row["design"][name] for row in rows]) for name in rows[0]["design"]}
    before, after = (logit(np.array([row["outcome"][name] for row in rows])) for name in ("unpruned", "pruned"))
    sparsity, units = x_sparsity(design["amount"]), np.isin(design["technique"], UNITS)
    whole = {
        "sparsity": sparsity,
        "level": np.ones(len(rows)),
        "units": units,
        "units_sparsity": (units - 0.5) * sparsity,
        "random": np.isin(design["technique"], RANDOM),
        "globally": design["technique"] == "l1_global",
        "iterative": design["schedule"] == "iterative",
        "rewound": design["treatment"] == "rewound",
        "reinitialised": design["treatment"] == "reinitialised",
    }
    columns = {name: np.repeat(np.asarray(one, np.float64)[:, None], CLASSES, axis=1) for name, one in whole.items()}
    columns["accuracy"] = before - CENTRE
    columns["representation"] = x_representation(design["seed"])
    columns["entropy"] = np.tile(standard(entropies()), (len(rows), 1))
    return Table(np.stack([columns[name] for name in FIXED], axis=2), after)


def sampled(tables: Sequence[Table], draws: int, rng: np.random.Generator, warm: int = 300) -> Found:
    """Draw from the posterior of data sets of the same size.

    Args:
        tables: The data sets; columns beyond those of the study have its prior of normal(0, 0.5).
        draws: Draws that are kept, a multiple of 20.
        rng: Random numbers.
        warm: Draws that are not.
    """
    chain, kept = _Chain(tables, rng), []
    for step in range(warm + draws):
        found = chain.step()
        if step >= warm:
            kept.append(found)
    return Found(*(np.stack(parts) for parts in zip(*kept, strict=True)))


class _Chain:
    def __init__(self, tables: Sequence[Table], rng: np.random.Generator) -> None:
        effects = np.broadcast_to(np.eye(CLASSES), (len(tables), *tables[0].z.shape, CLASSES))
        self.x = np.concatenate([np.stack([one.x for one in tables]), effects], axis=3)
        self.z, self.rng = np.stack([one.z for one in tables]), rng
        self.square = np.einsum("tmck,tmcl->tmkl", self.x, self.x)
        self.total, self.both = self.x.sum(axis=2), np.einsum("tmck,tmc->tmk", self.x, self.z)
        more = tables[0].x.shape[2] - len(FIXED)
        self.prior_mean = np.concatenate([PRIOR_MEAN, np.zeros(more + CLASSES)])
        self.prior_sd = np.concatenate([PRIOR_SD, np.full(more, 0.5)])
        self.log_spread = np.tile([mean for mean, _ in SPREADS.values()], (len(tables), 1))
        self.precise = np.ones(self.z.shape[:2])

    def step(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        mean, cholesky = self._normal()
        drawn = mean + np.linalg.solve(cholesky.swapaxes(1, 2), self.rng.standard_normal((*mean.shape, 1)))[..., 0]
        variance = (np.linalg.inv(cholesky) ** 2).sum(axis=1)
        off = self.z - np.einsum("tmck,tk->tmc", self.x, drawn)
        squares, sums = (off**2).sum(axis=2), off.sum(axis=2) ** 2
        for which in range(3):
            self._walk(which, drawn[:, -CLASSES:], squares, sums)
        distance = _quadratic(self.log_spread, squares, sums)
        self.precise = self.rng.gamma((FREEDOM + CLASSES) / 2, 2 / (FREEDOM + distance))
        return mean[:, :-CLASSES], np.sqrt(variance[:, :-CLASSES]), drawn[:, :-CLASSES]

    def _normal(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean of all coefficients given the rest, and the Cholesky factor of their precision."""
        spread = np.exp(self.log_spread)
        sd = np.concatenate([np.tile(self.prior_sd, (len(spread), 1)), np.repeat(spread[:, :1], CLASSES, 1)], axis=1)
        one = self.precise / spread[:, 2:] ** 2
        shared = one * (spread[:, 1] ** 2 / (spread[:, 2] ** 2 + CLASSES * spread[:, 1] ** 2))[:, None]
        whole = np.einsum("tm,tmkl->tkl", one, self.square)
        whole -= np.einsum("tm,tmk,tml->tkl", shared, self.total, self.total, optimize=True)
        whole += np.eye(sd.shape[1]) / sd[:, :, None] ** 2
        right = np.einsum("tm,tmk->tk", one, self.both) + self.prior_mean / sd**2
        right -= np.einsum("tm,tmk->tk", shared * self.z.sum(axis=2), self.total)
        return np.linalg.solve(whole, right[..., None])[..., 0], np.linalg.cholesky(whole)

    def _walk(self, which: int, effects: np.ndarray, squares: np.ndarray, sums: np.ndarray) -> None:
        moved = self.log_spread.copy()
        moved[:, which] += STEP * self.rng.standard_normal(len(moved)) * (2 if which < 2 else 1)
        gain = self._log_density(moved, effects, squares, sums)
        gain -= self._log_density(self.log_spread, effects, squares, sums)
        yes = np.log(self.rng.random(len(moved))) < gain
        self.log_spread[yes] = moved[yes]

    def _log_density(
        self, log_spread: np.ndarray, effects: np.ndarray, squares: np.ndarray, sums: np.ndarray
    ) -> np.ndarray:
        means, sds = np.array(list(SPREADS.values())).T
        found = -0.5 * (((log_spread - means) / sds) ** 2).sum(axis=1)
        found -= CLASSES * log_spread[:, 0] + 0.5 * (effects**2).sum(axis=1) * np.exp(-2 * log_spread[:, 0])
        networks, together = squares.shape[1], np.exp(2 * (log_spread[:, 1] - log_spread[:, 2]))
        found -= networks * (CLASSES * log_spread[:, 2] + 0.5 * np.log1p(CLASSES * together))
        return found - 0.5 * (self.precise * _quadratic(log_spread, squares, sums)).sum(axis=1)


def _quadratic(log_spread: np.ndarray, squares: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return residuals in units of the noise, squared, of each network, (data sets, networks)."""
    spread = np.exp(log_spread)
    share = spread[:, 1] ** 2 / (spread[:, 2] ** 2 + CLASSES * spread[:, 1] ** 2)
    return (squares - share[:, None] * sums) / spread[:, 2:] ** 2


def measured(folder: Path) -> list[Mapping[str, Any]]:
    """Return what a run has measured, as its summary has it."""
    return [
        {"design": one, "outcome": other}
        for row in json.loads((folder / "summary.json").read_text())["rounds"]
        for one, other in _pairs(row)
    ]


def _pairs(row: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    if isinstance(row["design"], Mapping):
        yield row["design"], row["outcome"]
    else:
        yield from zip(row["design"], row["outcome"], strict=True)


def compared(folder: Path, draws: int = 6000) -> Iterator[str]:
    """Yield a line for each coefficient: the run's posterior and Bayes factor, and those of the Gibbs sampler."""
    said = json.loads((folder / "summary.json").read_text())
    found = sampled([table(measured(folder))], draws, np.random.default_rng(1))
    rivals = {one["name"]: one for one in said["hypotheses"]["each"]}
    yield "| coefficient | activesci | Gibbs | log Bayes factor for it, activesci | Gibbs |"
    yield "|---|---|---|---|---|"
    for at, name in enumerate(ASKED):
        one, known = said["posterior"][f"b_{name}"], rivals[f"no_{name}"]
        factor, error = (float(value[0]) for value in found.log_factor(at))
        own = found.drawn[:, 0, at]
        yield (
            f"| {name} | {one['mean']:.3f} +- {one['sd']:.3f} | {own.mean():.3f} +- {own.std():.3f} | "
            f"{-known['log_bayes_factor']:.2f} +- {known['log_bayes_factor_error']:.2f} | "
            f"{factor:.2f} +- {error:.2f} |"
        )


if __name__ == "__main__":
    for line in compared(Path(sys.argv[1])):
        print(line)
