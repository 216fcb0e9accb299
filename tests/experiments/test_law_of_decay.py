"""The study law_of_decay: its simulators draw from what they state, and the law that nature follows is found."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest, norm

from activesci.loop.controller import Campaign
from activesci.study import Study

STUDY = Path(__file__).parents[2] / "experiments" / "law_of_decay" / "study.yaml"
LAWS = {"exponential": {"amplitude": 0.9, "rate": 0.5}, "power_law": {"amplitude": 0.9, "power": 1.5}}


@pytest.mark.parametrize("law", LAWS)
def test_a_simulator_draws_from_the_density_that_it_states(load, law):
    model, n = load("law_of_decay", law), 20_000
    theta, design = {name: np.full(n, value) for name, value in LAWS[law].items()}, {"t": np.full(n, 2.0)}
    y = model.simulate(theta, design, np.random.default_rng(1))["y"]
    mean = 0.9 * np.exp(-1.0) if law == "exponential" else 0.9 / 3**1.5
    assert kstest(y, norm(mean, 0.05).cdf).pvalue > 1e-3
    stated = model.log_likelihood(theta, design, {"y": y})
    assert stated == pytest.approx(norm.logpdf(y, mean, 0.05))


def test_the_registered_blind_study_finds_the_law_that_nature_follows(tmp_path):
    study = Study.load(STUDY)
    Campaign.register(study, tmp_path / "run")
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.run()
        assert campaign.summary()["hypotheses"] is None
    Campaign.unblind(tmp_path / "run")
    said = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert said["hypotheses"]["claim"]["verdict"] == "claimed"
    assert said["hypotheses"]["claim"]["hypothesis"] == "power_law"
    assert said["registration"]["claim"] == "confirmatory"
    assert said["registration"]["deviations"] == []
    assert all(one["held"] for one in said["expectations"])
    assert len(said["rounds"]) < 20
