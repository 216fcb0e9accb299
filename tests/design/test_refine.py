"""A walk uphill, on surfaces whose top is known."""

import numpy as np
import pytest

from activesci.design.refine import refined

from .surfaces import ONE, Surface, question

BOX = {f"x{i}": {"real": [0, 1]} for i in range(4)}


def hill(xi):
    """Return a hill with its top at 0.3, four times as steep along the first variable."""
    away = (xi - 0.3) * np.array([2.0, 1.0, 1.0, 1.0])[: xi.shape[1]]
    return 1.0 - (away**2).sum(axis=1)


def walked(asked, start):
    """Walk from a design whose gain has been found."""
    return refined(asked, start, asked.gain(start[None]))


def test_the_top_of_a_parabola_is_found():
    start = np.full(4, 0.37)
    end, gain = walked(question(BOX, Surface(hill)), start)
    assert np.abs(end - 0.3).max() < 0.005
    assert gain.value[0] > hill(start[None])[0]


def test_walls_and_constraints_hold():
    end, _ = walked(question({"x": {"real": [0.4, 1]}}, Surface(hill)), np.array([0.45]))
    assert end[0] == pytest.approx(0.4)
    surface = Surface(hill)
    end, _ = walked(question(BOX, surface, ["x0 >= 0.35"]), np.full(4, 0.36))
    assert (surface.rows[:, 0] >= 0.35).all()
    assert np.abs(end[1:] - 0.3).max() < 0.03


@pytest.mark.parametrize(("start", "top"), [(0.97, 1.03), (0.03, -0.03), (0.9, 1.0)])
def test_a_walk_on_a_periodic_variable_crosses_its_seam(start, top):
    def circle(xi):
        return 1.0 + np.cos(2 * np.pi * (xi[:, 0] - top))

    surface = Surface(circle)
    end, gain = walked(question({"x": {"real": [0, 1], "periodic": True}}, surface), np.array([start]))
    assert abs((end[0] - top + 0.5) % 1.0 - 0.5) < 0.002
    assert gain.value[0] > circle(np.array([[start]]))[0]
    assert ((surface.rows >= 0) & (surface.rows < 1)).all()
    stuck, _ = walked(question({"x": {"real": [0, 1]}}, Surface(circle)), np.array([0.97]))
    assert stuck[0] <= 1.0


def test_nothing_moves_where_nothing_is_gained():
    flat = question(ONE, Surface(lambda xi: np.zeros(len(xi))))
    assert walked(flat, np.array([4.0]))[0] == pytest.approx(4.0)
    rows = np.array([[1.0], [2.0]])
    assert walked(question(ONE, Surface(hill), pool=rows), rows[1])[0] == pytest.approx(2.0)
