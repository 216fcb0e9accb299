"""A real design variable: the walks on it, and that a periodic one has no ends."""

import numpy as np
import pytest

from activesci.errors import DesignError, StudyError
from activesci.study.real import PeriodicVariable, RealVariable, turns_whole

from .studies import study

ANGLE = PeriodicVariable("angle", -90.0, 90.0, unit="deg")
DECADES = RealVariable("rate", 0.1, 10.0, log=True)


def test_both_ends_of_a_period_are_one_design():
    space = study(design={"angle": {"real": [-90, 90], "periodic": True}}).design_space
    low, high = (space.encode({"angle": end}) for end in (-90, 90))
    assert low.tobytes() == high.tobytes()
    assert space.decode(np.array([90.0])) == {"angle": -90.0}
    xi = space.sample(256, np.random.default_rng(0))
    assert np.array_equal(space.towards_ends(xi), xi)
    assert ((xi >= -90) & (xi < 90)).all()
    with pytest.raises(DesignError, match="a number from -90 to 90"):
        space.encode({"angle": 90.1})


def test_what_networks_are_given_goes_round_once_and_does_not_jump():
    values = ANGLE.axis(37)
    points = ANGLE.features(values) - 0.5
    np.testing.assert_allclose(np.hypot(*points.T), 0.5)
    np.testing.assert_allclose(points[0], points[-1], atol=1e-12)
    steps = np.hypot(*np.diff(points, axis=0).T)
    np.testing.assert_allclose(steps, steps[0])
    assert len(np.unique(points.round(9), axis=0)) == 36
    np.testing.assert_allclose(np.arctan2(*points[:, ::-1].T)[1] / (2 * np.pi), 5 / 180)


@pytest.mark.parametrize("u", [1.0, -1e-17, 1 - 1e-17, 0.3, 7.3, -0.7, np.nextafter(1.0, 0.0)])
def test_shares_beyond_an_end_come_in_at_the_other(u):
    value = ANGLE.from_cube(ANGLE.held(np.array([u])))
    assert ANGLE.lo <= value[0] < ANGLE.hi
    expected, found = (np.stack([np.cos(at), np.sin(at)]) for at in (2 * np.pi * np.array([u]), turn_of(value)))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def turn_of(values):
    return 2 * np.pi * (values - ANGLE.lo) / ANGLE.period


def test_ways_lead_round_the_shorter_side():
    values, others = np.array([80.0, -85.0, 10.0]), np.array([-80.0, 85.0, 30.0])
    moved = ANGLE.between(values, others, np.array([0.75, 0.75, 0.5]))
    np.testing.assert_allclose(moved, [-85.0, 87.5, 20.0])
    np.testing.assert_allclose(DECADES.between(values[2:], np.array([0.1]), np.array([1.0])), 0.1)


def test_a_grid_has_the_seam_once():
    assert ANGLE.grid(4).tolist() == [-90.0, -45.0, 0.0, 45.0]
    assert ANGLE.grid_size(4) == 4
    assert DECADES.grid(3).tolist() == pytest.approx([0.1, 1.0, 10.0])


def test_a_range_in_units_of_angles_has_to_be_whole_turns():
    assert [turns_whole(period, "deg") for period in (90, 180, 360, 720, 100, 359)] == [True] * 4 + [False] * 2
    assert turns_whole(6.2832, "rad")
    assert turns_whole(359.0, "mm")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"choice": [1, 2]}, "it with real only"),
        ({"integer": [0, 7]}, "it with real only"),
        ({"real": [1, 10], "log": True}, "periodic without log"),
        ({"real": [0, 359], "unit": "deg"}, "a whole turn"),
    ],
)
def test_only_plain_real_numbers_are_periodic(part, expected):
    with pytest.raises(StudyError, match=expected):
        study(design={"t": part | {"periodic": True}})
