"""Training and choice on a worker: the same bits, in another process."""

import os

import numpy as np
import pytest
import torch

from activesci.errors import CampaignError
from activesci.execute import resources_of
from activesci.execute.resources import Resources
from activesci.inference.candidates import Candidates
from activesci.ledger import Kind, Ledger
from activesci.loop.surrogates import surrogate_for
from activesci.loop.workplace import Costs, Stored, Workplace
from activesci.simulate import simulator_for

from .worlds import LEARNED, PLAIN, finished, world

AWAY = {"ray": {"workers": 1, "learning": {"cpus": 1}}}


def learned(folder, **changes):
    few = {**LEARNED, "simulations": 60, "per_round": 30, "ensemble": 1, "particles": 64}
    return world(folder, PLAIN, inference=few, stop={"rounds": 1}, **changes)


def content(folder):
    """Return the artifacts of all that was planned, learned and chosen."""
    with Ledger.read_only(folder) as ledger:
        kinds = (Kind.PLANNED, Kind.FITTED, Kind.CHOSEN, Kind.INFERRED)
        return [(event.kind, event.artifact) for event in ledger.events() if event.kind in kinds]


@pytest.mark.ray
def test_a_campaign_that_trains_and_chooses_on_a_worker_has_the_same_bits(tmp_path):
    study = learned(tmp_path, cost="1 + x")
    finished(study, tmp_path / "here")
    finished(study.with_settings({"executor": AWAY}), tmp_path / "there")
    assert content(tmp_path / "there") == content(tmp_path / "here")


@pytest.mark.ray
def test_a_function_is_called_on_a_worker_and_its_errors_come_here(tmp_path):
    study = learned(tmp_path).with_settings({"executor": AWAY})
    workplace = Workplace(study, Candidates(surrogate_for(study, simulator_for(study)).surrogate))
    try:
        call, one = workplace.executor.call, Resources(cpus=1)
        assert call(os.getpid, (), one) not in (os.getpid(), None)
        with pytest.raises(ValueError, match="invalid literal"):
            call(int, ("many",), one)
        with pytest.raises(CampaignError, match="training asks for 99 num_gpus"):
            call(os.getpid, (), Resources(gpus=99))
        assert call(abs, (-1,), one) == 1  # neither has ended the work
    finally:
        workplace.release()


def test_nothing_is_asked_for_where_the_study_does_not(tmp_path):
    assert resources_of(learned(tmp_path)) is None
    assert resources_of(learned(tmp_path, executor={"ray": {}})) is None
    asked = resources_of(learned(tmp_path, executor={"ray": {"learning": {"gpus": 0.5}}}))
    assert asked.options() == {"num_cpus": 1, "num_gpus": 0.5}


def test_what_was_learned_is_unpacked_on_the_device_that_the_study_asks_for(tmp_path, monkeypatch):
    campaign = finished(learned(tmp_path), tmp_path / "run")
    empty, found = campaign._setup.candidates.main, campaign._memory.belief().surrogate
    theta, xi, y = np.zeros((2, 1)), np.ones((1, 1)), np.zeros((1, 1, 3, 1))
    again = Stored(empty, found.state(), "auto").unpacked()
    assert np.array_equal(again.log_prob(theta, xi, y), found.log_prob(theta, xi, y))
    assert Stored(empty, None, "cpu").unpacked().whole.learned is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="torch sees no GPU"):
        Stored(empty, found.state(), "cuda").unpacked()


def test_costs_travel_without_the_campaign(tmp_path):
    study = learned(tmp_path, cost="1 + x")
    costs = Costs(simulator_for(study))
    assert costs(study.design_space.sample(3, np.random.default_rng(1))).min() >= 1.0
    assert len(costs(study.design_space.sample(0, None))) == 0
