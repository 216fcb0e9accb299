"""Many small surprises: the alarm comes once, when the evidence is complete, and is there after a reopening."""

import numpy as np

from activesci.inference.checks.misfit import RATE, misfit
from activesci.ledger import Event, Kind, Measurement
from activesci.loop.controller import Campaign

from .worlds import finished, world


def data(noise, rows=14, seed=4):
    """Return a recorded line of slope 0.5, whose model says a noise of 0.1."""
    rng = np.random.default_rng(seed)
    x = np.repeat([0.5, 1.0, 1.5, 2.0], 4)[:rows]
    return "x,y\n" + "".join(f"{a},{0.5 * a + noise * rng.standard_normal()}\n" for a in x)


def told(campaign):
    return [alarm for alarm in campaign.history.alarms if alarm["what"] == "misfits"]


def test_three_times_the_noise_is_told_once_and_the_right_noise_is_not(tmp_path):
    settings = {"surrogate": "exact", "particles": 256}
    wrong, right = (
        finished(world(tmp_path / name, data=data(noise), inference=settings, stop=None), tmp_path / name / "run")
        for name, noise in (("wrong", 0.3), ("right", 0.1))
    )
    assert told(right) == []
    [alarm] = told(wrong)
    ranks = [[one.rank for one in record.measurements] for record in wrong.history.rounds[1:]]
    found = misfit(ranks)
    assert alarm["round"] == found.place + 1
    assert found.evidence >= 1 / RATE
    assert "noise is too small" in alarm["message"]
    with Campaign.open(tmp_path / "wrong" / "run") as again:
        again.run()
        assert told(again) == [alarm]


def test_a_batch_is_judged_when_all_of_it_is_measured(tmp_path):
    study = world(tmp_path, data=data(0.5, rows=16), stop=None, designer={"pool": {}, "batch": 4})
    campaign = finished(study, tmp_path / "run")
    ranks = [[one.rank for one in record.measurements] for record in campaign.history.rounds[1:]]
    assert [len(each) for each in ranks] == [4, 4, 4, 4]
    found = misfit(ranks)
    assert found is not None
    assert [alarm["round"] for alarm in told(campaign)] == [found.place + 1]


def test_a_measurement_of_an_older_ledger_has_no_rank():
    said = {"proposal": 0, "attempt": 0, "status": "ok", "design": {}, "outcome": {}, "surprise": 0.3, "row": None}
    event = Event(1, Kind.MEASURED, 1, said, None, "", "", "")
    assert Measurement.of(event).rank is None
