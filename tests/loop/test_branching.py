"""A branch shares history without copying it, and goes on by itself."""

import shutil

import pytest

from activesci.errors import LedgerError, StudyError
from activesci.ledger import Ledger
from activesci.loop.branching import branch
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying
from tests.loop.worlds import LEARNED, PLAIN, world


def ran(tmp_path, **changes):
    with Campaign(world(tmp_path / "study", **changes), tmp_path / "run") as campaign:
        campaign.run()
    return tmp_path / "run"


def gone_on(folder):
    with Campaign.open(folder) as campaign:
        campaign.run()
        return campaign.history, campaign.posterior.theta


@pytest.mark.parametrize("changes", [{}, {"model": PLAIN, "inference": LEARNED}], ids=["exact", "learned"])
def test_a_branch_with_nothing_changed_ends_as_its_origin(tmp_path, changes):
    run = ran(tmp_path, **changes)
    branch(run, 1, tmp_path / "branch", {})
    history, theta = gone_on(tmp_path / "branch")
    with Campaign.open(run) as origin:
        assert (theta == origin.posterior.theta).all()
        assert [one.design for one in history.measured()] == [one.design for one in origin.history.measured()]


def test_a_branch_goes_on_differently_and_copies_nothing(tmp_path):
    run = ran(tmp_path)
    before = sorted(path.name for path in (run / "artifacts").iterdir())
    branch(run, 1, tmp_path / "branch", {"designer": {"random": {}}, "stop": {"rounds": 4}})
    assert not list((tmp_path / "branch" / "artifacts").iterdir())
    history, _ = gone_on(tmp_path / "branch")
    assert len(history.measured()) == 4
    with Ledger.read_only(run) as ledger, Ledger.read_only(tmp_path / "branch") as own:
        assert fold_first(ledger) == history.measured()[0]
        own.check()
    assert before == sorted(path.name for path in (run / "artifacts").iterdir())


def fold_first(ledger):
    from activesci.ledger import fold

    return fold(ledger.events()).measured()[0]


def test_a_branch_of_a_branch_holds_and_replays(tmp_path):
    run = ran(tmp_path)
    branch(run, 1, tmp_path / "one", {"stop": {"rounds": 3}})
    gone_on(tmp_path / "one")
    branch(tmp_path / "one", 2, tmp_path / "two", {"designer": {"random": {}}})
    gone_on(tmp_path / "two")
    replaying = Replaying(tmp_path / "two", tmp_path / "again", 0.0, Nobody())
    assert replaying.run() is None
    assert replaying.rounds == 1


def test_a_moved_pair_holds_and_a_branch_without_its_origin_says_where_it_was(tmp_path):
    run = ran(tmp_path)
    branch(run, 0, tmp_path / "branch", {})
    (tmp_path / "moved").mkdir()
    for name in ("run", "branch"):
        shutil.move(tmp_path / name, tmp_path / "moved" / name)
    with Ledger.read_only(tmp_path / "moved" / "branch") as ledger:
        ledger.check()
    shutil.rmtree(tmp_path / "moved" / "run")
    with pytest.raises(LedgerError, match=r"moved/run"):
        Ledger.read_only(tmp_path / "moved" / "branch")


def test_another_origin_in_the_same_place_is_refused(tmp_path):
    run = ran(tmp_path)
    branch(run, 1, tmp_path / "branch", {})
    shutil.rmtree(run)
    with Campaign(world(tmp_path / "study", seed=4), run) as campaign:
        campaign.run()
    with Ledger.read_only(tmp_path / "branch") as ledger, pytest.raises(LedgerError, match="branched off event"):
        ledger.check()


@pytest.mark.parametrize(
    "settings",
    [{"parameters": {"slope": {"prior": {"normal": [0.0, 2.0]}}}}, {"inference.particles": 128}],
    ids=["prior", "particles"],
)
def test_what_the_shared_rounds_rest_on_cannot_be_changed(tmp_path, settings):
    run = ran(tmp_path)
    with pytest.raises(StudyError, match="the rounds that are shared rest on it"):
        branch(run, 1, tmp_path / "branch", settings)
    assert not (tmp_path / "branch").exists()


def test_a_round_that_is_not_there_and_a_folder_that_is_are_refused(tmp_path):
    run = ran(tmp_path)
    with pytest.raises(LedgerError, match="expected one from 0 to 2"):
        branch(run, 7, tmp_path / "branch", {})
    with pytest.raises(LedgerError, match="branch into another folder"):
        branch(run, 1, run, {})
