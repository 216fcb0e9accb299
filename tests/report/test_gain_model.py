"""What is said of the gain between the designs that were looked at."""

import numpy as np
import pytest

from activesci.report.gain_model import FEWEST, GainModel
from activesci.report.surface import GainSurface
from activesci.study.designs import DesignSpace
from activesci.study.variables import DesignPart

PARTS = {"a": {"real": [0, 1]}, "b": {"real": [0.1, 10], "log": True}, "c": {"choice": ["x", "y"]}}
SPACE = DesignSpace.of({name: DesignPart(**part) for name, part in PARTS.items()})


def hill(xi):
    return np.exp(-8 * (xi[:, 0] - 0.6) ** 2) + 0.02 * np.log(xi[:, 1]) + 0.3 * xi[:, 2]


def model(n=40):
    rng = np.random.default_rng(0)
    xi = SPACE.sample(n, rng)
    gain, error = hill(xi) + 0.01 * rng.standard_normal(n), np.full(n, 0.01)
    return GainModel.of(SPACE, GainSurface(xi, gain, gain, gain, error, gain == gain.max()))


def test_slices_follow_the_surface_within_their_band():
    found = model()
    for column in range(3):
        xi = found.slice(column)
        mean, sd = found.at(xi)
        assert np.abs(mean - hill(xi)).max() < 0.1
        assert np.mean(np.abs(mean - hill(xi)) < 2 * sd + 0.01) > 0.8


def test_what_is_drawn_over_an_angle_closes_at_its_ends():
    space = DesignSpace.of({"angle": DesignPart(real=(0, 6), periodic=True)})
    xi = space.sample(30, np.random.default_rng(1))
    gain = 1.0 + np.cos(2 * np.pi * (xi[:, 0] - 0.4) / 6.0)
    error = np.full(30, 0.01)
    found = GainModel.of(space, GainSurface(xi, gain, gain, gain, error, gain == gain.max()))
    drawn = found.slice(0)
    assert drawn[[0, -1], 0].tolist() == [0.0, 6.0]
    mean, _ = found.at(drawn)
    assert mean[0] == pytest.approx(mean[-1], abs=1e-9)
    assert np.abs(mean - 1.0 - np.cos(2 * np.pi * (drawn[:, 0] - 0.4) / 6.0)).max() < 0.05


def test_a_plane_has_the_other_variables_where_the_pick_has_them():
    found = model()
    across, up, mean = found.plane(0, 1)
    i, j = 7, 11
    xi = found.centre.copy()
    xi[[0, 1]] = across[i], up[j]
    assert mean[j, i] == pytest.approx(found.at(xi[None])[0][0])


def test_the_most_telling_variables_are_those_along_which_the_gain_varies():
    assert model().most_telling(2) == [0, 2]


def test_nothing_is_said_of_a_few_designs():
    assert model(FEWEST - 1) is None
