"""A campaign varied: same data by other random numbers, parts of the data, other seeds and simulators."""

import pytest

from activesci.errors import CampaignError, LedgerError, StudyError
from activesci.ledger import Ledger, fold
from activesci.loop.varying import Varying, asked_for

from .worlds import MODEL, POOL, finished, world

OTHERS = """
def steeper(theta, design, rng):
    return {"y": rng.normal(3 * theta["slope"] * design["x"], 0.1)}

def same(theta, design, rng):
    return simulate(theta, design, rng)
"""


def told(folder):
    with Ledger.read_only(folder) as ledger:
        return fold(ledger.events()).noted("variation")["sources"]


@pytest.fixture
def run(tmp_path):
    finished(world(tmp_path / "study", stop={"rounds": 3}, designer={"random": {}}), tmp_path / "run")
    return tmp_path / "run"


def test_an_answer_that_does_not_hang_on_random_numbers_generalises(run):
    Varying(run).run(["init"], 5)
    Varying(run).run(["seed"], 3)
    found = told(run)
    assert found["init"]["verdict"] == "generalises"
    assert found["init"]["effects"]["slope"]["between"] < 0.3 * found["init"]["effects"]["slope"]["within"]
    assert len({one["posterior"]["slope"]["mean"] for one in found["init"]["runs"]}) == 5
    assert {one["measurements"] for one in found["init"]["runs"]} == {3}
    assert found["seed"]["effects"]["slope"]["heterogeneity"] is not None
    assert found["seed"]["verdict"] != "fails"
    before = {path: path.stat().st_mtime_ns for path in run.glob("vary/init/*/artifacts/*")}
    assert before
    Varying(run).run(["init"], 5)
    assert {path: path.stat().st_mtime_ns for path in run.glob("vary/init/*/artifacts/*")} == before


def test_parts_of_data_that_contradict_each_other_fail(tmp_path):
    data = "x,y\n" + "".join(f"1.0,{value}\n" for value in (0.0, 0.5, 1.5, 3.5, 7.5, 15.5))
    finished(world(tmp_path / "study", data=data, stop={"rounds": 6}), tmp_path / "run")
    found = Varying(tmp_path / "run").run(["split"], 3)["sources"]["split"]
    assert found["verdict"] == "fails"
    assert sorted(one["measurements"] for one in found["runs"]) == [2, 2, 2]
    assert found["effects"]["slope"]["p_value"] < 1e-6


def test_what_was_not_done_is_not_tested(tmp_path):
    finished(world(tmp_path / "study", data=POOL), tmp_path / "run")
    found = Varying(tmp_path / "run").run(["split", "simulator_version", "init"], 2)["sources"]
    assert {name: one["verdict"] for name, one in found.items()} == dict.fromkeys(found, "not tested")
    assert found["split"]["why"] == "2 measurements cannot be split into 2 parts of two"
    assert found["init"]["why"] == "2 runs tell nothing, at least 3 are needed"


def test_another_simulator_gives_another_answer(tmp_path):
    model = MODEL.replace("\ndef log_likelihood", OTHERS + "\ndef _log_likelihood")
    inference = {"surrogate": "likelihood", "simulations": 100, "per_round": 20, "ensemble": 1, "particles": 128}
    study = world(tmp_path / "study", model, inference={**inference, "passes": 1}, stop={"rounds": 1})
    finished(study, tmp_path / "run")
    found = Varying(tmp_path / "run", ["model:steeper", "model:same"]).run(["simulator_version"], 3)["sources"]
    assert found["simulator_version"]["verdict"] != "generalises"
    means = [one["posterior"]["slope"]["mean"] for one in found["simulator_version"]["runs"]]
    assert means[1] < 0.7 * means[0]


def test_a_blind_or_empty_campaign_is_not_varied_and_sources_are_known(tmp_path):
    finished(world(tmp_path / "study", blind={}, stop={"rounds": 1}), tmp_path / "run")
    with pytest.raises(LedgerError, match="its variation would show what is hidden"):
        Varying(tmp_path / "run")
    finished(world(tmp_path / "study", experiment={"manual": True}), tmp_path / "empty")
    with pytest.raises(CampaignError, match="without measurements"):
        Varying(tmp_path / "empty")
    with pytest.raises(StudyError, match="found 'weather', expected some of seed, init"):
        asked_for("seed,weather")
