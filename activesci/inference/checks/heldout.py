"""Are new simulations near the posterior distributed as the surrogate says? Asked of those it has not learned from."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import kstest

from activesci.inference.base import Surrogate, mixed, simulated
from activesci.ledger.bank import Bank
from activesci.study.outcomes import OutcomeSpace
from activesci.study.parameters import ParameterSpace
from activesci.types import BoolArray, FloatArray, IntArray

EVERY = 10
"""Of the simulations after the first measurement one in so many is kept from every fit."""
MOST, FEWEST, DRAWS = 200, 20, 99
"""The latest simulations that are looked at, and how often the surrogate draws at each."""
REACH = 3.0
"""Simulations count as near the posterior up to so many of its sd, root mean square over its axes."""
COLUMNS = 20
"""Numbers of an outcome that are looked at each on its own; of more of them, as many evenly spaced."""
WHOLE = {"density": "the outcome as a whole", "valid": "how often they fail"}
WIDTH = "width of "
ALARM = 0.001
"""A p-value below this raises the alarm: once in a thousand refits of a right surrogate."""


def kept_from_fits(bank: Bank) -> BoolArray:
    """Return which simulations no surrogate learns from, (n,): every tenth of those after the first measurement."""
    return np.asarray((bank.round > 0) & (bank.index % EVERY == EVERY - 1))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Where simulated outcomes lie among those that the surrogate draws; every rank uniform in [0, 1] if it is right.

    Attributes:
        count: How many simulations were looked at.
        ranks: By what was ranked, (m,) each: the numbers of the outcome, `density` for the surrogate's own log
            density of the whole outcome, and `valid` where simulations or draws fail.
    """

    count: int
    ranks: dict[str, FloatArray]

    def p_values(self) -> dict[str, float]:
        """Return Kolmogorov-Smirnov p-values: of uniform ranks, and of their distances from the middle (width).

        The second is what a surrogate that is too narrow or too wide fails first.
        """
        found = {name: _p_value(ranks) for name, ranks in self.ranks.items()}
        numbers = [name for name in self.ranks if name not in WHOLE]
        return found | {f"{WIDTH}{name}": _p_value(np.abs(2 * self.ranks[name] - 1)) for name in numbers}

    @property
    def p_value(self) -> float:
        """The smallest of them times their number (Bonferroni), at most one."""
        found = self.p_values()
        return min(1.0, len(found) * min(found.values()))

    @property
    def doubt(self) -> str | None:
        """In words what the surrogate is wrong about; None if nothing of it shows at the level ALARM."""
        if self.p_value >= ALARM:
            return None
        return (
            f"{self.count} simulations near the posterior that it has not learned from are not distributed as the "
            f"surrogate says: {self._worst()} (p = {self.p_value:.2g})"
        )

    def _worst(self) -> str:
        """Say what is wrong: a number of the outcome, if there is one that fails by itself."""
        found = self.p_values()
        failing = sorted((p, name) for name, p in found.items() if p * len(found) < ALARM)
        name = next((name for _, name in failing if name not in WHOLE), failing[0][1])
        if not name.startswith(WIDTH):
            return WHOLE.get(name, f"{name} is shifted")
        narrow = float(np.abs(2 * self.ranks[name.removeprefix(WIDTH)] - 1).mean()) > 0.5
        return f"its {name.removeprefix(WIDTH)} is too {'narrow' if narrow else 'wide'}"


def _p_value(ranks: FloatArray) -> float:
    return float(kstest(ranks, "uniform").pvalue)


def near(space: ParameterSpace, posterior: FloatArray, theta: FloatArray) -> BoolArray:
    """Return which parameters (n, d) lie where the posterior samples (m, d) do, (n,), judged in the unit cube."""
    samples, u = space.to_cube(posterior), space.to_cube(theta)
    centre = samples.mean(axis=0)
    factor = np.linalg.cholesky(np.cov(samples.T).reshape(space.dim, space.dim) + 1e-24 * np.eye(space.dim))
    axes = np.linalg.solve(factor, (u - centre).T)
    return np.asarray((axes**2).mean(axis=0) <= REACH**2)


def held_out(
    surrogate: Surrogate,
    spaces: tuple[ParameterSpace, OutcomeSpace],
    bank: Bank,
    posterior: FloatArray,
    rng: np.random.Generator,
) -> HeldOut | None:
    """Return the ranks of the latest simulations near the posterior that the surrogate has not learned from.

    Only the surrogate's draws are needed, and its log density as one more number to rank them by, so that any kind of
    surrogate can be looked at. Ties are broken at random.

    Args:
        surrogate: The surrogate.
        spaces: Parameters and outcomes.
        bank: Simulations that it was not fitted to; see `kept_from_fits`.
        posterior: Posterior samples, (m, d).
        rng: Random numbers.

    Returns:
        None if fewer than FEWEST are near enough.

    References:
        Dawid, Statistical theory: the prequential approach, 1984, doi:10.2307/2981683; Zhao et al., Diagnostics for
        conditional density models and Bayesian inference algorithms, 2021, arXiv:2102.10473 (local PIT).

    Fails when:
        what is wrong is small: with 200 ranks, an sd that is off by a fifth is hardly seen. Numbers of an outcome are
        looked at one by one and as a whole, not pair by pair.
    """
    close = bank.where(near(spaces[0], posterior, bank.theta)) if len(bank) else bank
    if len(close) < FEWEST:
        return None
    latest = range(max(0, len(close) - MOST), len(close))
    place, names = looked_at(spaces[1])
    values = np.stack([_values(surrogate, close, row, place, rng) for row in latest])
    found = {name: _ranks(values[:, :, [n == name for n in names]], rng) for name in dict.fromkeys(names)}
    if values[:, :, -1].all():
        found.pop("valid")
    return HeldOut(len(latest), {name: ranks for name, ranks in found.items() if len(ranks) >= FEWEST})


def looked_at(outcomes: OutcomeSpace) -> tuple[IntArray, list[str]]:
    """Return the places in a flat outcome that are ranked, and their names; behind them `density` and `valid`.

    Exchangeable events share the names of their numbers, and so their ranks are pooled.
    """
    names = [column.name for group in outcomes.groups for _ in range(group.events) for column in group.columns]
    place = np.unique(np.linspace(0, len(names) - 1, min(COLUMNS, len(names))).round().astype(np.int64))
    return place, [*(names[i] for i in place), "density", "valid"]


def _values(surrogate: Surrogate, bank: Bank, row: int, place: IntArray, rng: np.random.Generator) -> FloatArray:
    """Return what is ranked of one simulation, in the first row, and of draws in its stead, (1 + DRAWS, numbers)."""
    theta, xi, surrogate = bank.theta[row : row + 1], bank.xi[row : row + 1], simulated(surrogate, bank, row)
    drawn = surrogate.sample(theta.repeat(DRAWS, axis=0), xi, rng)[0]
    y = np.concatenate([bank.y[row : row + 1], drawn])
    valid = ~np.isnan(y).all(axis=1)
    density = np.full(len(y), np.nan)
    density[valid] = mixed(surrogate.log_prob(theta, xi, y[valid][None, None])[0, :, :, 0])
    return np.column_stack([y[:, place], density, valid])


def _ranks(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the ranks of simulations among their draws, from (n, 1 + DRAWS, numbers); NaN has none."""
    real, drawn = values[:, :1], values[:, 1:]
    below, ties, count = ((drawn < real).sum(1), (drawn == real).sum(1), (~np.isnan(drawn)).sum(1))
    ranks = (below + rng.random(below.shape) * (1 + ties)) / (1 + count)
    return np.asarray(ranks[~np.isnan(real[:, 0])])
