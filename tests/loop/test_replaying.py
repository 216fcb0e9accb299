"""A campaign computed again from its ledger is the same, and what is not the same is named."""

import pytest

from activesci.errors import LedgerError
from activesci.loop.controller import Campaign
from activesci.loop.differences import first_difference
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying
from tests.loop.worlds import LEARNED, PLAIN, POOL, world

WORLDS = {
    "exact": {},
    "batch": {"designer": {"grid": {"points": 5}, "batch": 2}},
    "pool": {"data": POOL, "stop": None},
    "learned": {"model": PLAIN, "inference": LEARNED},
    "tuning": {"model": PLAIN.replace('* design["x"]', ""), "inference": LEARNED, "design": None, "designer": None},
}


def replay(folder, to, tolerance=0.0):
    return Replaying(folder, to, tolerance, Nobody()).run()


def ran(tmp_path, **changes):
    with Campaign(world(tmp_path / "study", **changes), tmp_path / "run") as campaign:
        campaign.run()
    return tmp_path / "run"


@pytest.mark.parametrize("name", WORLDS)
def test_a_replay_is_the_same_bit_for_bit(tmp_path, name):
    assert replay(ran(tmp_path, **WORLDS[name]), tmp_path / "again") is None


def test_a_replay_takes_told_and_volunteered_outcomes_as_they_are(tmp_path):
    with Campaign(world(tmp_path / "study", experiment={"manual": True}), tmp_path / "run") as campaign:
        campaign.tell({"x": 1.25}, {"y": 0.6})
        proposed = campaign.proposals(1)[0]
        campaign.tell({"x": 0.3}, {"y": 0.1}, proposal=proposed["id"])
    replaying = Replaying(tmp_path / "run", tmp_path / "again", 0.0, Nobody())
    assert replaying.run() is None
    assert replaying.rounds == 3


def test_a_changed_simulator_is_said_and_its_first_difference_named(tmp_path):
    run = ran(tmp_path, model=PLAIN, inference=LEARNED)
    model = tmp_path / "study" / "model.py"
    model.write_text(model.read_text().replace("0.1)", "0.11)"))
    replaying = Replaying(run, tmp_path / "again", 0.0, Nobody())
    assert replaying.surroundings() == ["the simulator's code is not what it was"]
    assert "round 0, simulations: y" in str(replaying.run())


def test_a_sampler_that_draws_otherwise_is_found_in_the_posterior(tmp_path, monkeypatch):
    run = ran(tmp_path)
    monkeypatch.setattr("activesci.loop.round.generator", _other_generator())
    assert "round 0, posterior" in str(replay(run, tmp_path / "again"))


def _other_generator():
    from activesci.rng import generator

    return lambda seed, *key: generator(seed + 1, *key)


def test_a_small_difference_counts_only_beyond_the_tolerance():
    before, again = {"sd": 0.5}, {"sd": 0.5 + 1e-9}
    assert first_difference("", before, again, 1e-6) is None
    assert first_difference("", before, again) is not None


def test_a_folder_that_is_not_new_is_refused(tmp_path):
    run = ran(tmp_path)
    with pytest.raises(LedgerError, match="expected a new folder"):
        Replaying(run, run, 0.0, Nobody())
