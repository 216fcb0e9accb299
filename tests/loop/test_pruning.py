"""A finished run without what can be computed again: the same answer, and all of it back on demand."""

import shutil

import pytest

from activesci.errors import CampaignError, LedgerError
from activesci.ledger import Kind, Ledger, fold
from activesci.loop.branching import branch
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.pruning import prune
from activesci.loop.recorded import recorded_study
from activesci.loop.replaying import Replaying
from activesci.report.page import report_html
from activesci.report.summary import summary

from .worlds import LEARNED, PLAIN, finished, world


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    finished(world(root / "study", model=PLAIN, inference=LEARNED), root / "run")
    return root


@pytest.fixture
def run(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "whole")
    return tmp_path / "whole" / "run"


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / "artifacts").iterdir()}


def shown(folder, study):
    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.events())
        return summary(study, history), report_html(study, history, ledger.arrays)


def test_the_answer_stays_and_all_of_it_comes_back_to_the_last_bit(run):
    study = recorded_study(run)
    before, said_before = contents(run), shown(run, study)[0]
    said = prune(run, "ada")
    left = contents(run)
    assert {name.removesuffix(".npz") for name in set(before) - set(left)} == set(said["artifacts"])
    assert said["bytes"] == sum(len(before[name]) for name in set(before) - set(left)) > 0
    with Ledger.read_only(run) as ledger:
        events = ledger.check()  # it holds: what is missing is missing on purpose
        kinds = {event.kind for event in events if event.artifact and f"{event.artifact}.npz" not in left}
        assert {Kind.PLANNED, Kind.SIMULATED} <= kinds <= {Kind.PLANNED, Kind.SIMULATED, Kind.FITTED}
        gone = next(event for event in events if event.artifact in said["artifacts"])
        with pytest.raises(LedgerError, match="were pruned.*--mend"):
            ledger.arrays(gone)
        assert "theta" in ledger.arrays(fold(events).inferred)
    assert shown(run, study)[0] == said_before
    assert "<svg" in shown(run, study)[1]
    replaying = Replaying(run, run.parent / "again", 0.0, Nobody())
    assert replaying.run() is None
    assert replaying.mend() == []
    assert contents(run) == before


def test_pruned_again_there_is_nothing_left_to_take(run):
    prune(run)
    with Ledger.read_only(run) as ledger:
        count = len(ledger.events())
    assert prune(run)["bytes"] == 0
    with Ledger.read_only(run) as ledger:
        assert len(ledger.events()) == count  # nothing happened, and nothing is said


def test_what_is_missing_otherwise_is_still_named(run):
    prune(run)
    with Ledger.read_only(run) as ledger:
        inferred = fold(ledger.events()).inferred
    (run / "artifacts" / f"{inferred.artifact}.npz").unlink()
    with Ledger.read_only(run) as ledger, pytest.raises(LedgerError, match="does not hold"):
        ledger.check()


def test_what_is_damaged_is_not_pruned(run):
    artifact = sorted((run / "artifacts").iterdir())[0]
    artifact.write_bytes(b"x")
    before = contents(run)
    with pytest.raises(LedgerError, match="does not hold"):
        prune(run)
    assert contents(run) == before


def test_a_run_that_goes_on_is_not_pruned(tmp_path):
    with Campaign(world(tmp_path, experiment={"manual": True}), tmp_path / "run") as campaign:
        campaign.ask()
    with pytest.raises(CampaignError, match="expected one that has stopped"):
        prune(tmp_path / "run")


def test_a_branch_of_a_pruned_run_says_what_is_missing(run):
    prune(run)
    branch(run, 0, run.parent / "other", {})
    with (
        Campaign.open(run.parent / "other") as campaign,
        pytest.raises(LedgerError, match=r"pruned|does not hold|cannot be read"),
    ):
        campaign.run()
