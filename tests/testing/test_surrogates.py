"""activesci's own surrogates keep the contract, and a surrogate that breaks it is found out."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from activesci.inference.base import FitInfo
from activesci.inference.emulator import EmulatorSurrogate
from activesci.inference.likelihood import LikelihoodSurrogate, ZoomedSurrogate
from activesci.inference.ratio import RatioSurrogate
from activesci.testing import check_surrogate, line, simulated


def spaces(study):
    return study.parameter_space, study.design_space, study.outcome_space


MAKERS = {
    "likelihood": lambda study: ZoomedSurrogate(LikelihoodSurrogate(*spaces(study), members=2)),
    "emulator": lambda study: EmulatorSurrogate(*spaces(study)),
    "ratio": lambda study: RatioSurrogate(*spaces(study), members=2),
}


@pytest.mark.parametrize("name", ["likelihood", "emulator", pytest.param("ratio", marks=pytest.mark.slow)])
def test_our_surrogates_keep_the_contract(name):
    check_surrogate(MAKERS[name], simulations=100 if name == "emulator" else 400)


@dataclass(frozen=True)
class Straight:
    """Least squares on (1, a, b, x, bx) with Gaussian residuals, of one member; or with one thing wrong."""

    fault: str = "none"
    weights: np.ndarray = field(default_factory=lambda: np.zeros(6))
    members: int = 1

    @staticmethod
    def rows(theta, xi):
        return np.stack([np.ones(len(theta)), *theta.T, xi[:, 0], theta[:, 1] * xi[:, 0]], axis=1)

    def fit(self, bank, fresh, focus, rng):
        good = bank.where(bank.valid)
        rows = self.rows(good.theta, good.xi)
        weights = np.linalg.lstsq(rows, good.y[:, 0], rcond=None)[0]
        sd = np.std(good.y[:, 0] - rows @ weights)
        if self.fault == "not repeatable":
            weights = weights + 1e-9 * np.random.default_rng().random(5)
        if self.fault == "fits itself":
            self.weights[:] = 1.0
        return replace(self, weights=np.append(weights, sd)), FitInfo(0.0, 0.0, 1, warm=False)

    def means(self, theta, xi):
        return np.stack([self.rows(theta, np.tile(one, (len(theta), 1))) @ self.weights[:5] for one in xi])

    def trusted(self, theta):
        return np.ones(len(theta), dtype=bool)

    def resolves(self, theta):
        return True

    def log_prob(self, theta, xi, y):
        sd = self.weights[5]
        pull = (y[:, :1, :, :1].transpose(0, 1, 2, 3) - self.means(theta, xi)[:, None, None]) / sd
        found = np.where(np.isnan(pull), 0.0, -0.5 * pull**2 - np.log(sd * np.sqrt(2 * np.pi)))
        if self.fault == "unnormalised":
            found = found + 0.5
        if self.fault == "depends on company":
            found = found - found.max()
        return found[:, 0] if self.fault == "wrong shape" else found

    def sample(self, theta, xi, rng):
        noise = rng.standard_normal((len(xi) if self.fault == "own numbers" else 1, len(theta)))
        wider = 2.0 if self.fault == "too wide" else 1.0
        return (self.means(theta, xi) + wider * self.weights[5] * noise)[..., None]

    def state(self):
        return {"weights": self.weights.astype(np.float32) if self.fault == "rounds" else self.weights}

    def restore(self, state):
        return replace(self, weights=state["weights"])


def test_a_surrogate_without_a_fault_passes():
    check_surrogate(lambda study: Straight())


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("not repeatable", "two fits"),
        ("fits itself", "leave self as it was"),
        ("unnormalised", "integrate to"),
        ("depends on company", "each pair by itself"),
        ("wrong shape", "shape"),
        ("own numbers", "same random numbers for every design"),
        ("too wide", "distribution"),
        ("rounds", "bit for bit"),
    ],
)
def test_a_broken_surrogate_is_found_out(fault, said):
    with pytest.raises(AssertionError, match=said):
        check_surrogate(lambda study: Straight(fault))


def test_the_line_is_the_line_it_says():
    bank = simulated(line(), 4000, failing=0.1)
    rows = np.stack([bank.theta[:, 0], bank.theta[:, 1] * bank.xi[:, 0]], axis=1)[bank.valid]
    residual = bank.y[bank.valid, 0] - rows.sum(axis=1)
    assert abs(residual.std() - 0.3) < 5 * 0.3 / np.sqrt(2 * len(residual))
    assert 0.07 < 1 - bank.valid.mean() < 0.13
