"""What the world gets wrong is recorded, biases nothing, and is tried again when the world is mended."""

import numpy as np
import pytest

from activesci.ledger import Kind, Ledger
from activesci.loop import simulating
from activesci.loop.controller import Campaign

from .worlds import LEARNED, MODEL, PLAIN, designs, finished, reason, world

BREAKABLE = """\
from pathlib import Path

BROKEN = Path(__file__).with_name("broken")

def simulate(theta, design, rng):
    if BROKEN.exists() and theta["slope"] > float(BROKEN.read_text()):
        raise RuntimeError("the detector is off")
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}
"""


def of_kind(folder, kind):
    with Ledger.read_only(folder) as ledger:
        return [(event, ledger.arrays(event)) for event in ledger.events() if event.kind is kind]


@pytest.mark.parametrize(
    ("level", "batch", "flush"), [(-9.0, False, 1.0), (-0.4, False, 1.0), (-0.4, False, 0.01), (-9.0, 64, 0.0)]
)
def test_too_many_failures_pause_and_a_mended_world_goes_on(tmp_path, monkeypatch, level, batch, flush):
    monkeypatch.setattr(simulating, "FLUSH_SECONDS", flush)
    model = BREAKABLE if not batch else BREAKABLE.replace("> float(BROKEN.read_text())", ".max() > -9.0")
    study = world(tmp_path, model, inference=LEARNED, simulator={"function": "model:simulate", "batch": batch},
                  stop={"rounds": 1})  # fmt: skip
    whole = finished(study, tmp_path / "whole")
    (tmp_path / "broken").write_text(str(level))
    paused = finished(study, tmp_path / "run")
    status, why = reason(paused)
    assert status == "paused"
    assert "more than the share 0.5" in why
    assert "RuntimeError: the detector is off (model.py:7)" in why
    again = finished(study, tmp_path / "run").history  # still off: the same ones fail, and are counted once
    assert again.simulations >= again.failed > 0.5 * again.simulations
    assert (again.status, again.rounds[0].repeated > 0) == ("paused", True)
    (tmp_path / "broken").unlink()
    mended = finished(study, tmp_path / "run")
    assert reason(mended) == ("stopped", "rounds 1 >= 1")
    assert designs(mended) == designs(whole)
    assert mended.summary()["posterior"] == whole.summary()["posterior"]
    assert (mended.history.simulations, mended.history.failed) == (350, 0)


def test_only_the_failed_simulations_run_again(tmp_path):
    study = world(tmp_path, BREAKABLE, inference=LEARNED, simulator={"function": "model:simulate"}, stop={"rounds": 1})
    (tmp_path / "broken").write_text("-0.4")
    finished(study, tmp_path / "run")
    (tmp_path / "broken").unlink()
    finished(study, tmp_path / "run")
    first, second, *_ = of_kind(tmp_path / "run", Kind.SIMULATED)
    failed = first[1]["index"][np.isnan(first[1]["y"]).all(axis=1)]
    assert 150 < len(failed) < 300
    assert sorted(second[1]["index"]) == sorted(failed)


def test_a_share_of_failures_is_recorded_and_does_not_stop_anything(tmp_path):
    study = world(tmp_path, BREAKABLE, inference=LEARNED, simulator={"function": "model:simulate"}, stop={"rounds": 1})
    (tmp_path / "broken").write_text("1.0")
    campaign = finished(study, tmp_path / "run")
    assert reason(campaign) == ("stopped", "rounds 1 >= 1")
    assert 30 < campaign.history.failed < 80
    assert campaign.history.simulations == 350
    assert "the detector is off" in next(iter(campaign.history.rounds[0].failure_reasons))


def test_failures_that_depend_on_theta_do_not_bias(tmp_path):
    """One y = 0 of N(slope, 1), where an outcome comes with probability 1 / (1 + exp(-3 slope)).

    Without that probability the posterior's mean is 0, with it that of slope^2 + ... summed below.
    """
    model = """\
import numpy as np

def simulate(theta, design, rng):
    y = rng.normal(theta["slope"], 1.0)
    return {"y": np.where(rng.random(len(y)) < 1 / (1 + np.exp(-3 * theta["slope"])), y, np.nan)}
"""
    inference = {**LEARNED, "simulations": 2000, "per_round": 0, "max_failures": 0.8, "particles": 1024}
    study = world(tmp_path, model, "y\n0.0\n", design=None, stop={"rounds": 1}, inference=inference)
    campaign = finished(study, tmp_path / "run")
    slope = np.linspace(-5, 5, 2001)
    density = np.exp(-0.5 * slope**2 - 0.5 * slope**2) / (1 + np.exp(-3 * slope))
    mean = (slope * density).sum() / density.sum()
    assert mean > 0.35
    assert campaign.posterior.mean()["slope"] == pytest.approx(mean, abs=0.1)


ELUSIVE = MODEL.replace(
    "def simulate(theta, design, rng):\n",
    """\
from pathlib import Path

def simulate(theta, design, rng):
    if len(theta["slope"]) == 1 and Path(__file__).with_name("broken").exists():
        raise RuntimeError(f"no signal {rng.random()}")
""",
)


def test_a_measurement_that_fails_is_tried_again_with_other_noise_and_then_pauses(tmp_path):
    study = world(tmp_path, ELUSIVE)
    (tmp_path / "broken").touch()
    paused = finished(study, tmp_path / "run")
    assert paused.history.status == "paused"
    assert "the measurement failed repeatedly" in paused.history.reason
    assert "no signal" in paused.history.reason
    finished(study, tmp_path / "run")
    (tmp_path / "broken").unlink()
    mended = finished(study, tmp_path / "run")
    assert reason(mended) == ("stopped", "rounds 2 >= 2")
    attempts = [event.payload for event, _ in of_kind(tmp_path / "run", Kind.MEASURED) if event.round == 1]
    assert [attempt["attempt"] for attempt in attempts] == list(range(7))
    assert [attempt["status"] for attempt in attempts] == ["failed"] * 6 + ["ok"]
    assert len({attempt["reason"] for attempt in attempts}) == 7  # each had noise of its own
    assert len(mended.summary()["rounds"]) == 2


def test_too_few_valid_simulations_pause_in_words(tmp_path):
    model = 'def simulate(theta, design, rng):\n    raise ValueError("never")\n'
    inference = {**LEARNED, "max_failures": 1.0}
    study = world(tmp_path, model, simulator={"function": "model:simulate"}, inference=inference)
    with Campaign(study, tmp_path / "run") as campaign:
        result = campaign.run()
    assert result.status == "paused"
    assert "valid" in result.reason


def test_an_interrupt_pauses_and_resume_gives_the_same(tmp_path):
    model = PLAIN.replace("def simulate", "CALLS = []\n\ndef simulate").replace(
        "    return", "    CALLS.append(1)\n    if len(CALLS) == 3:\n        raise KeyboardInterrupt\n    return"
    )
    study = world(tmp_path, model, inference=LEARNED, stop={"rounds": 1})
    paused = finished(study, tmp_path / "run")
    assert reason(paused) == ("paused", "interrupted; `activesci resume` goes on")
    assert (tmp_path / "run" / "report.html").exists()
    again = finished(study, tmp_path / "run")
    whole = finished(study, tmp_path / "whole")  # by now the model has been called too often to stop
    assert reason(again) == reason(whole) == ("stopped", "rounds 1 >= 1")
    assert again.summary()["posterior"] == whole.summary()["posterior"]
