"""The looks after 10, 20, 40 measurements: a background and too small a noise are told once, a right simulator not."""

import numpy as np
import pytest

from activesci.loop.controller import Campaign
from activesci.loop.looking import due

from .worlds import finished, world


def data(noise=0.1, background=0.0, rows=11):
    """Return a recorded line of slope 0.5 with a background, whose model says a noise of 0.1 and no background."""
    rng = np.random.default_rng(4)
    x = np.repeat([0.5, 1.0, 1.5, 2.0], 3)[:rows]
    return "x,y\n" + "".join(f"{a},{0.5 * a + background + noise * rng.standard_normal()}\n" for a in x)


def campaign(folder, data):
    settings = {"surrogate": "exact", "particles": 256}
    return finished(world(folder, data=data, inference=settings, stop=None), folder / "run")


def told(campaign, what):
    return [alarm for alarm in campaign.history.alarms if alarm["what"] == what]


def said(campaign, what):
    return {one.number: one.inferred.payload[what] for one in campaign.history.rounds if what in one.inferred.payload}


def test_a_background_is_told_once_at_the_look_after_ten_measurements(tmp_path):
    found = campaign(tmp_path, data(background=0.4))
    [alarm] = told(found, "missing")
    assert alarm["round"] == 10
    assert said(found, "missing").keys() == {10}
    size, error = (said(found, "missing")[10][name] for name in ("size", "error"))
    assert abs(size - 4.0) < 4 * error
    with Campaign.open(tmp_path / "run") as again:
        again.run()
        assert told(again, "missing") == [alarm]


def test_too_small_a_noise_is_told_at_the_look_and_the_right_one_is_not(tmp_path):
    wrong, right = (campaign(tmp_path / name, data(noise)) for name, noise in (("wrong", 0.3), ("right", 0.1)))
    assert [alarm["round"] for alarm in told(wrong, "scatter")] == [10]
    assert said(wrong, "scatter")[10] < 0.005 < said(right, "scatter")[10]
    assert told(right, "scatter") == told(right, "missing") == []
    assert said(right, "missing")[10]["p_value"] > 0.015


def test_counts_scatter_but_have_no_constant(tmp_path):
    model = """
import numpy as np
from scipy.stats import poisson
def simulate(theta, design, rng):
    return {"y": rng.poisson(np.exp(theta["slope"] * design["x"]))}
def log_likelihood(theta, design, outcome):
    return poisson.logpmf(outcome["y"], np.exp(theta["slope"] * design["x"]))
"""
    counts = "x,y\n" + "".join(
        f"{x},{y}\n" for x, y in zip([0.5, 1.0] * 5, [1, 2, 0, 2, 1, 1, 2, 3, 1, 0], strict=True)
    )
    settings = {"surrogate": "exact", "particles": 256}
    study = world(tmp_path, model=model, data=counts, inference=settings, outcome={"y": {"count": []}}, stop=None)
    found = finished(study, tmp_path / "run")
    assert said(found, "scatter").keys() == {10}
    assert said(found, "missing") == {}


@pytest.mark.parametrize("batch", [1, 3, 7])
def test_every_doubling_is_looked_at_once_however_measurements_come(batch):
    counts = list(range(0, 200, batch))
    looked = [now for before, now in zip(counts, counts[1:], strict=False) if due(before, now)]
    assert len(looked) == 5
    assert all(0 <= now - 10 * 2**k < batch for k, now in enumerate(looked))
