"""What is compared in a study, and that it spares simulations, against a signal whose density is known."""

import numpy as np
import pytest

from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.inference.networks.comparisons import MOST, Comparison, Comparisons, compared
from activesci.ledger.bank import Bank
from activesci.study import Study

NORMAL = {"normal": [0, 1]}


def study(parameters, design):
    return Study(
        study="compared",
        parameters={name: {"prior": prior, "unit": unit} for name, (prior, unit) in parameters.items()},
        design={name: {"real": [-4, 4], "unit": "m"} | more for name, more in design.items()},
        outcome={"signal": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )


def parts(parameters, design):
    one = study(parameters, design)
    return compared(one.parameter_space, one.design_space)


def test_parameters_are_compared_with_designs_of_their_unit_alone():
    found = parts({"at": (NORMAL, "m"), "free": (NORMAL, ""), "rate": (NORMAL, "1/m")}, {"x": {}, "t": {"unit": "s"}})
    assert found == (Comparison((0,), (0,)),)


def test_coordinates_are_found_by_their_names():
    found = parts({name: (NORMAL, "m") for name in ("y1", "x1", "width", "x2", "y2")}, {"x": {}, "y": {}})
    places = (Comparison((1, 0), (0, 1)), Comparison((3, 4), (0, 1)))
    assert set(found) == {*places, Comparison((2,), (0,)), Comparison((2,), (1,))}


def test_scales_in_logs_are_compared_by_their_ratio_and_angles_by_sine_and_cosine():
    decades = {"real": [0.1, 10], "log": True}
    assert parts({"k": ({"loguniform": [0.1, 10]}, "m")}, {"x": decades}) == (Comparison((0,), (0,), log=True),)
    turned = {"real": [0, 90], "unit": "deg"}
    (angle,) = parts({"axis": ({"uniform": [0, 360]}, "deg")}, {"polariser": turned})
    assert angle.turn == 360.0
    once, again = (np.stack(angle(np.array([[at]]), np.array([[30.0]]), 1.0)) for at in (10.0, 370.0))
    np.testing.assert_allclose(once, again, atol=1e-12)


def test_what_is_compared_with_a_periodic_design_is_so_by_its_period():
    turned = {"real": [0, 180], "unit": "deg", "periodic": True}
    (angle,) = parts({"axis": ({"uniform": [0, 360]}, "deg")}, {"polariser": turned})
    assert angle.turn == 180.0
    ring = {"real": [0, 12], "periodic": True}
    assert parts({"at": (NORMAL, "m")}, {"x": ring}) == (Comparison((0,), (0,), turn=12.0),)
    assert all(one.turn is None or one.turn == 12.0 for one in parts({"x1": (NORMAL, "m")}, {"x": ring, "y": {}}))


def test_of_too_many_comparisons_none_are_made():
    parameters = {f"p{i}": (NORMAL, "m") for i in range(MOST + 1)}
    assert parts(parameters, {"x": {}}) == ()
    assert len(parts(dict(list(parameters.items())[:MOST]), {"x": {}})) == MOST


SIGMA = 0.5


def signals(theta, xi, rng):
    squares = (theta[:, 0] - xi[:, 0]) ** 2 + (theta[:, 1] - xi[:, 1]) ** 2
    return -np.log(1e-3 + squares) + SIGMA * rng.standard_normal(len(theta)), -np.log(1e-3 + squares)


def excess(unit, simulations=1000, seed=0):
    """How much worse than the true density a fit is at designs near the source, and its standard error [nats]."""
    one = study({"x1": (NORMAL, unit), "y1": (NORMAL, unit)}, {"x": {}, "y": {}})
    rng = np.random.default_rng(seed)
    theta, xi = rng.standard_normal((simulations, 2)), one.design_space.sample(simulations, rng)
    y = signals(theta, xi, rng)[0][:, None]
    bank = Bank(theta, xi, y, np.ones(len(y), dtype=bool), np.zeros(len(y), dtype=np.int64), np.arange(len(y)))
    blank = LikelihoodSurrogate(one.parameter_space, one.design_space, one.outcome_space, members=1)
    fitted = blank.restore(blank.fit(bank, 0, None, rng)[0].state())
    theta = rng.standard_normal((400, 2))
    xi = theta + 0.3 * rng.standard_normal((400, 2))
    y, mean = signals(theta, xi, rng)
    true = -0.5 * ((y - mean) / SIGMA) ** 2 - np.log(SIGMA * np.sqrt(2 * np.pi))
    rows = zip(theta[:, None], xi[:, None], y[:, None, None, None, None], strict=True)
    lost = true - np.array([fitted.log_prob(*row)[0, 0, 0, 0] for row in rows])
    return lost.mean(), lost.std() / np.sqrt(len(lost))


def test_a_source_is_found_from_a_fraction_of_the_simulations():
    with_units, error = excess("m")
    without, _ = excess("")
    assert with_units < 0.03 + 3 * error
    assert without > with_units + 0.2


def test_a_state_without_comparisons_is_restored_without_them():
    one = study({"at": (NORMAL, "m")}, {"x": {}})
    assert Comparisons.restore(one.parameter_space, one.design_space, {}).parts == ()
    rows = np.linspace(-1, 1, 5)[:, None]
    found = Comparisons.of(one.parameter_space, one.design_space, rows, rows[::-1])
    same = Comparisons.restore(one.parameter_space, one.design_space, found.state())
    mine, theirs = found.of_theta(rows), found.of_xi(rows[::-1])
    np.testing.assert_array_equal(found(mine, theirs), same(mine, theirs))
    assert found(mine, theirs).std(axis=0) == pytest.approx(1.0)
