"""Laws: each simulator draws from the density that its log_likelihood states."""

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid, trapezoid
from scipy.special import entr
from scipy.stats import kstest

DRAWS = 20_000
CRITICAL = 1.95  # of sqrt(n) times the Kolmogorov-Smirnov distance: exceeded once in a thousand seeds

SCALAR = {
    "born": ("weinberg", {"g_f": 1.3}, {"sqrt_s": 57.77, "error": 0.017}),
    "pole": ("weinberg", {"g_f": 1.3, "sin2theta_eff": 0.22}, {"kind": "pole", "sqrt_s": 91.2, "error": 0.0023}),
    "above": ("weinberg", {"g_f": 0.9}, {"kind": "born", "sqrt_s": 189.0, "error": 0.021}),
    "enzyme": ("puromycin", {"v_max": 212.7, "k_m": 0.064, "noise_sd": 11.0}, {"concentration": 0.11}),
    "decay": ("decay", {"a": 1.0, "b": 0.5}, {"xi": 1.5}),
}
KNOWN = {"weinberg": {"m_z": 91.1875, "gamma_z": 2.4952, "sin2theta_eff": 0.23153}}
OUTCOMES = {"weinberg": "a_fb", "puromycin": "rate", "decay": "y", "gaussian_cosine": "x", "weinberg_toy": "cos_angle"}
EVENTS = {
    "gaussian": ("gaussian_cosine", {"theta": -0.7}, {"phi": 2.0}, (-15, 15)),
    "gentle": ("weinberg_toy", {"theta": 1.0}, {"phi": 43.0}, (-1, 1)),
    "cut off": ("weinberg_toy", {"theta": 1.45}, {"phi": 40.0}, (-1, 1)),  # A = -2.3: a part of the range is forbidden
    "mirrored": ("weinberg_toy", {"theta": 1.45}, {"phi": 50.0}, (-1, 1)),
}


def repeated(columns, n):
    return {name: np.full(n, value) for name, value in columns.items()}


def check_follows(drawn, of_drawn, grid, of_grid):
    """Hold draws against a log density on a grid: their places (Kolmogorov-Smirnov) and the density they have there.

    The first is blind to a spread that is a few per cent wrong; the mean log density sees one of two.
    """
    density = np.exp(of_grid)
    total = cumulative_trapezoid(density, grid, initial=0)
    assert total[-1] == pytest.approx(1, abs=1e-4)
    statistic = kstest(drawn, lambda value: np.interp(value, grid, total)).statistic
    assert statistic * np.sqrt(len(drawn)) < CRITICAL
    expected = -trapezoid(entr(density), grid)
    assert of_drawn.mean() == pytest.approx(expected, abs=4 * of_drawn.std() / np.sqrt(len(drawn)))


@pytest.mark.parametrize("case", SCALAR)
def test_scalar_outcomes_follow_the_stated_density(load, case):
    experiment, theta, design = SCALAR[case]
    model, name = load(experiment, "model"), OUTCOMES[experiment]
    theta = KNOWN.get(experiment, {}) | theta
    drawn = model.simulate(repeated(theta, DRAWS), repeated(design, DRAWS), np.random.default_rng(1))[name]
    assert drawn.shape == (DRAWS,)
    grid = np.linspace(drawn.mean() - 8 * drawn.std(), drawn.mean() + 8 * drawn.std(), 2001)
    of_drawn = model.log_likelihood(repeated(theta, DRAWS), repeated(design, DRAWS), {name: drawn})
    of_grid = model.log_likelihood(repeated(theta, 2001), repeated(design, 2001), {name: grid})
    assert of_drawn.shape == (DRAWS,)
    check_follows(drawn, of_drawn, grid, of_grid)


@pytest.mark.parametrize("case", EVENTS)
def test_events_follow_the_stated_density(load, case):
    experiment, theta, design, ends = EVENTS[case]
    model, name = load(experiment, "model"), OUTCOMES[experiment]
    rows = DRAWS // model.EVENTS
    drawn = model.simulate(repeated(theta, rows), repeated(design, rows), np.random.default_rng(2))[name]
    assert drawn.shape == (rows, model.EVENTS)
    grid = np.linspace(*ends, 4001)

    def of_one(places):  # every event of an experiment at one place: the sum is EVENTS times one term
        events = {name: np.repeat(places[:, None], model.EVENTS, axis=1)}
        return model.log_likelihood(repeated(theta, len(places)), repeated(design, len(places)), events) / model.EVENTS

    check_follows(drawn.ravel(), of_one(drawn.ravel()), grid, of_one(grid))
    each = [of_one(column) for column in drawn.T]
    together = model.log_likelihood(repeated(theta, rows), repeated(design, rows), {name: drawn})
    assert together == pytest.approx(np.sum(each, axis=0))


@pytest.mark.parametrize("case", EVENTS)
def test_events_of_an_experiment_are_independent(load, case):
    experiment, theta, design, _ = EVENTS[case]
    model, name = load(experiment, "model"), OUTCOMES[experiment]
    drawn = model.simulate(repeated(theta, 2000), repeated(design, 2000), np.random.default_rng(3))[name]
    ratio = drawn.mean(axis=1).var() * model.EVENTS / drawn.var()
    assert ratio == pytest.approx(1, abs=4 * np.sqrt(2 / 2000))  # four standard errors of a variance


def test_impossible_event_has_no_likelihood(load):
    model = load("weinberg_toy", "model")
    events = np.full((1, model.EVENTS), -0.9)
    events[0, -1] = 0.95  # where A = -2.3 allows none
    theta, design = {"theta": np.array([1.45])}, {"phi": np.array([40.0])}
    assert model.log_likelihood(theta, design, {"cos_angle": events})[0] == -np.inf


def test_scalar_numbers_are_accepted_beside_arrays(load):
    model = load("decay", "model")
    drawn = model.simulate({"a": 1.0, "b": 0.5}, {"xi": 2.0}, np.random.default_rng(1))
    assert np.shape(drawn["y"]) == ()
