"""The contract of a surrogate."""

from collections.abc import Callable

import numpy as np

from activesci.inference.base import Surrogate
from activesci.ledger.bank import Bank
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.types import FloatArray

from .base import equal, frozen, must
from .worlds import line, simulated

GRID, DRAWN = 4001, 2000
MISSING, APART = 0.02, 0.05
"""How much of a density's mass may be missing, and by how much samples' distribution may miss it: 2000 draws stay
within 0.05 in all but one of ten thousand cases (Kolmogorov and Smirnov)."""


def check_surrogate(make: Callable[[Study], Surrogate], study: Study | None = None, simulations: int = 400) -> None:
    """Hold a surrogate to its contract, on simulations of a study.

    It fits without changing itself, and the same simulations and random numbers give the same fit; failed simulations
    do not stop it; log densities have their shape, are numbers, and of a pair do not depend on what else is asked;
    samples of equal designs are equal and follow the density, which integrates to one; and what is stored and
    restored answers as before, bit for bit.

    Args:
        make: What the plug-in's entry point names: called with the study, it gives a surrogate with nothing fitted.
        study: What to fit to; by default a straight line through Gaussian noise, see `line`.
        simulations: How many simulations to fit to.

    Raises:
        AssertionError: What is broken.
    """
    question = study or line()
    bank = simulated(question, simulations, failing=0.05)
    for name in ("theta", "xi", "y", "valid"):
        frozen(getattr(bank, name))
    fitted = _fits(make(question), bank)
    probe = _Probe.of(question, bank)
    _log_prob(fitted, probe)
    _apart(fitted, probe)
    _samples(fitted, probe)
    _restored(make(question), fitted, probe)
    _trust(fitted, probe)
    _refits(fitted, bank, probe)
    if _is_scalar(question) and getattr(fitted, "normalised", True):
        _density(fitted, probe)


class _Probe:
    """Where a surrogate is asked: parameters, designs and outcomes of simulations that succeeded.

    Args:
        theta: Parameters, (m, d).
        xi: Designs, (t, k).
        y: Outcomes of each design, (t, 1, n, width).
    """

    def __init__(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> None:
        self.theta, self.xi, self.y = theta, xi, y
        frozen(theta, xi, y)

    @classmethod
    def of(cls, study: Study, bank: Bank) -> "_Probe":
        good = bank.where(bank.valid)
        xi = good.xi[:3].copy()
        return cls(good.theta[:7].copy(), xi, np.stack([good.y[i : i + 5] for i in range(len(xi))])[:, None])


def _rng(index: int = 0) -> np.random.Generator:
    return generator(1, 0, Purpose.FIT, index)


def _fits(surrogate: Surrogate, bank: Bank) -> Surrogate:
    """Fit twice, and see that both are the same."""
    (one, info), (other, _) = (surrogate.fit(bank, len(bank), None, _rng()) for _ in range(2))
    same = equal(*([fit.state()[key] for key in sorted(fit.state())] for fit in (one, other)))
    must(same, "two fits to the same simulations and random numbers that differ", "equal ones")
    must(bool(np.isfinite(info.loss)), f"a loss of {info.loss}", "a finite one")
    return one


def _log_prob(surrogate: Surrogate, probe: _Probe) -> None:
    found = surrogate.log_prob(probe.theta, probe.xi, probe.y)
    shape = (len(probe.xi), surrogate.members, probe.y.shape[2], len(probe.theta))
    must(found.shape == shape, f"log densities of shape {found.shape}", f"{shape}: designs, members, outcomes, thetas")
    must(found.dtype == np.float64, f"log densities of type {found.dtype}", "float64")
    must(bool((np.isfinite(found) | (found == -np.inf)).all()), "log densities of NaN or inf", "numbers or -inf")
    nothing = np.full_like(probe.y[:, :, :1], np.nan)
    failed = surrogate.log_prob(probe.theta, probe.xi, nothing)
    must(not np.isnan(failed).any(), "NaN for an outcome that is a failure (a row of NaN)", "its log probability")
    same = equal([found], [surrogate.log_prob(probe.theta, probe.xi, probe.y)])
    must(same, "other log densities when asked again", "the same")


def _apart(surrogate: Surrogate, probe: _Probe) -> None:
    """See that a pair's log density does not depend on the company it is asked in."""
    whole = surrogate.log_prob(probe.theta, probe.xi, probe.y)
    part = surrogate.log_prob(probe.theta[2:4], probe.xi[1:2], probe.y[1:2, :, 1:3])
    close = np.allclose(part, whole[1:2, :, 1:3, 2:4], rtol=1e-4, atol=1e-4)
    must(close, "log densities of some pairs that differ from those among all", "each pair by itself")
    each = np.repeat(probe.y, surrogate.members, axis=1)
    close = np.allclose(surrogate.log_prob(probe.theta, probe.xi, each), whole, rtol=1e-4, atol=1e-4)
    must(close, "other log densities where each member has its own outcomes, and these are equal", "the same")


def _samples(surrogate: Surrogate, probe: _Probe) -> None:
    twice = np.concatenate([probe.xi, probe.xi[:1]])
    one, other = (surrogate.sample(probe.theta, twice, _rng(1)) for _ in range(2))
    shape = (len(twice), len(probe.theta), probe.y.shape[3])
    must(one.shape == shape, f"samples of shape {one.shape}", f"{shape}: designs, thetas, numbers")
    must(equal([one], [other]), "samples that differ with the same random numbers", "equal ones")
    same = np.allclose(one[0], one[-1], rtol=1e-6, atol=1e-6, equal_nan=True)
    must(same, "samples of equal designs that differ", "the same random numbers for every design")


def _restored(empty: Surrogate, fitted: Surrogate, probe: _Probe) -> None:
    state = fitted.state()
    kinds = {key: array.dtype for key, array in state.items() if not hasattr(array, "dtype") or array.dtype == object}
    must(not kinds, f"state of objects ({', '.join(kinds)})", "arrays of numbers: it is stored without pickle")
    again = empty.restore({key: np.array(array) for key, array in state.items()})
    both = (one.log_prob(probe.theta, probe.xi, probe.y) for one in (fitted, again))
    must(equal([next(both)], [next(both)]), "other log densities after state and restore", "the same, bit for bit")
    both = (one.sample(probe.theta, probe.xi, _rng(2)) for one in (fitted, again))
    must(equal([next(both)], [next(both)]), "other samples after state and restore", "the same, bit for bit")


def _trust(surrogate: Surrogate, probe: _Probe) -> None:
    trusted = surrogate.trusted(probe.theta)
    right = trusted.shape == (len(probe.theta),) and trusted.dtype == np.bool_
    must(right, f"trusted of shape {trusted.shape} and type {trusted.dtype}", f"({len(probe.theta)},) and bool")
    resolves = surrogate.resolves(probe.theta)
    must(isinstance(resolves, bool | np.bool_), f"resolves of type {type(resolves).__name__}", "bool")


def _refits(surrogate: Surrogate, bank: Bank, probe: _Probe) -> None:
    """See that a fitted surrogate can go on with more simulations and a posterior to be right around."""
    more = Bank.join([bank, bank.where(np.arange(len(bank)) < len(bank) // 4)])
    before = {key: array.copy() for key, array in surrogate.state().items()}
    refitted, _ = surrogate.fit(more, len(more) - len(bank), bank.theta[:64], _rng(3))
    same = equal(before.values(), [surrogate.state()[key] for key in before])
    must(same, "another state of the surrogate after its fit", "fit to return a new one and leave self as it was")
    _log_prob(refitted, probe)


def _is_scalar(study: Study) -> bool:
    space = study.outcome_space
    columns = [column for group in space.groups for column in group.columns]
    return space.width == 1 and [column.kind for column in columns] == ["real"]


def _density(surrogate: Surrogate, probe: _Probe) -> None:
    """See that densities integrate to the chance of an outcome, and that samples follow them."""
    drawn = surrogate.sample(np.tile(probe.theta[:1], (DRAWN, 1)), probe.xi[:1], _rng(4))[0, :, 0]
    drawn = drawn[~np.isnan(drawn)]
    wide, failed = np.ptp(drawn), 1 - len(drawn) / DRAWN
    grid = np.linspace(drawn.min() - 2 * wide, drawn.max() + 2 * wide, GRID)
    density = np.exp(surrogate.log_prob(probe.theta[:1], probe.xi[:1], grid[None, None, :, None])[0, :, :, 0])
    mass = density.sum(axis=1) * (grid[1] - grid[0])
    least, most = 1 - failed - MISSING - 3 * np.sqrt(failed * (1 - failed) / DRAWN), 1 + MISSING
    must(
        bool(((mass > least) & (mass < most)).all()),
        f"densities that integrate to {np.round(mass, 3).tolist()} by member",
        f"{least:.2f} to {most:.2f}: one, or one less the chance of a failure",
    )
    mixture = np.cumsum(density.mean(axis=0))
    below = np.interp(np.sort(drawn), grid, mixture / mixture[-1])
    apart = np.abs(below - (np.arange(len(drawn)) + 0.5) / len(drawn)).max()
    must(bool(apart < APART), f"samples whose distribution is {apart:.2f} from the density's", f"at most {APART}")
