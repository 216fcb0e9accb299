"""Trial 0: the reference study of the reliability trials, run three times, is the same to the last bit."""

import pytest

from activesci.loop.controller import Campaign

from .worlds import MODEL, world

REFERENCE = {"designer": {"grid": {"points": 9}, "batch": 4}, "stop": {"rounds": 20}}
FORGETFUL = MODEL.replace("rng.normal(", "np.random.default_rng().normal(")
"""A nature that draws random numbers of its own."""


def came_out(study, folder):
    """Return every design and posterior of a run, and its last particles."""
    with Campaign(study, folder) as campaign:
        assert len(list(campaign)) == 21
        rounds = [{**one, "seconds": 0} for one in campaign.summary()["rounds"]]
        return rounds, campaign.posterior.theta.tobytes()


@pytest.mark.slow
def test_three_runs_of_the_reference_study_are_the_same(tmp_path):
    study = world(tmp_path / "study", **REFERENCE)
    first, *others = [came_out(study, tmp_path / str(i)) for i in range(3)]
    assert len(first[0]) == 20
    assert all(len(one["design"]) == 4 for one in first[0])
    assert others == [first, first]


@pytest.mark.slow
def test_runs_of_a_nature_that_is_not_seeded_are_seen_to_differ(tmp_path):
    study = world(tmp_path / "study", FORGETFUL, **REFERENCE)
    assert came_out(study, tmp_path / "0") != came_out(study, tmp_path / "1")
