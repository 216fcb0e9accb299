"""A campaign driven through gest-api: its words, its errors, and libEnsemble's loop."""

import numpy as np
import pytest

pytest.importorskip("gest_api")

from gest_api.generator import Generator
from gest_api.vocs import VOCS

from activesci.gest import CampaignGenerator, vocs_of
from activesci.study import Study

MODEL = """
import numpy as np

def mean(theta, design):
    return theta["height"] * np.exp(-design["x"]) * np.where(design["filter"] == "open", 2, 1)

def simulate(theta, design, rng):
    n = len(design["x"])
    pair = theta["height"][:, None] + rng.standard_normal((n, 2))
    return {"y": mean(theta, design) + 0.1 * rng.standard_normal(n), "pair": pair}

def log_likelihood(theta, design, outcome):
    apart = ((outcome["pair"] - theta["height"][:, None]) ** 2).sum(axis=1)
    return -50 * (outcome["y"] - mean(theta, design)) ** 2 - 0.5 * apart
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "study.yaml").write_text(
        "study: driven\nparameters: {height: {prior: {uniform: [0, 2]}}}\n"
        "design: {x: {real: [0, 3]}, filter: {choice: [open, shut]}, shots: {integer: [1, 3]}}\n"
        "outcome: {y: {real: []}, pair: {real: [2]}}\n"
        "simulator: {function: 'model:simulate', batch: true}\nexperiment: {manual: true}\n"
        "inference: {particles: 256}\ndesigner: {random: {}, batch: 2}\nstop: {rounds: 20}\n"
    )
    return Study.load(tmp_path / "study.yaml")


@pytest.fixture
def generator(study, tmp_path):
    made = CampaignGenerator(vocs_of(study), study, tmp_path / "run")
    yield made
    made.campaign.close()


def measured(point):
    return point | {"y": np.float64(1.2 * np.exp(-point["x"])), "pair": np.array([1.1, 1.3])}


def test_the_words_are_those_of_the_study(study):
    vocs = vocs_of(study)
    assert vocs.variables["x"].domain == [0, 3]
    assert vocs.variables["filter"].values == {"open", "shut"}
    assert vocs.variables["shots"].values == {1, 2, 3}
    assert vocs.objectives["pair"].dtype == (float, (2,))


def test_what_was_suggested_is_learned_from_when_all_of_it_is_measured(generator):
    assert isinstance(generator, Generator)
    points = generator.suggest()
    assert [point["_id"] for point in points] == [0, 1]
    with pytest.raises(ValueError, match="have not been measured"):
        generator.suggest(1)
    before = generator.campaign.posterior.sd()["height"]
    generator.ingest([measured(points[1])])
    assert generator.campaign.posterior.sd()["height"] == before
    generator.ingest([measured(points[0])])
    assert generator.campaign.posterior.sd()["height"] < 0.7 * before
    assert [point["_id"] for point in generator.suggest(3)] == [2, 3, 4]


def test_another_generator_hands_out_again_what_was_not_measured(study, tmp_path, generator):
    points = generator.suggest(3)
    generator.ingest([measured(points[0])])
    generator.finalize()
    again = CampaignGenerator(vocs_of(study), study, tmp_path / "run")
    assert again.suggest(2) == points[1:]
    again.ingest([measured(point) for point in points[1:]])
    assert len(again.campaign.history.measured()) == 3
    again.finalize()
    assert (tmp_path / "run" / "report.html").exists()


def test_a_measurement_that_nobody_asked_for_is_taken_while_none_is_waited_for(generator):
    other = measured({"x": 0.5, "filter": "open", "shots": 2})
    generator.ingest([other])
    assert generator.campaign.history.measured()[0].design["x"] == 0.5
    points = generator.suggest(1)
    with pytest.raises(ValueError, match="without _id"):
        generator.ingest([other])
    with pytest.raises(ValueError, match="_id 7"):
        generator.ingest([measured(points[0]) | {"_id": 7}])
    generator.ingest([other, measured(points[0])])
    assert len(generator.campaign.history.measured()) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [({"y": float("nan")}, "y"), ({"x": 9.0}, "expected a number from 0 to 3"), ({"pair": [1.0]}, "pair")],
)
def test_results_are_all_looked_at_before_one_is_recorded(generator, change, message):
    points = [measured(point) for point in generator.suggest(2)]
    with pytest.raises(ValueError, match=message):
        generator.ingest([points[0], points[1] | change])
    assert generator.campaign.history.measured() == []


def test_a_vocs_that_is_not_the_studys_is_refused(study, tmp_path):
    whole = vocs_of(study)
    narrower = VOCS(variables=dict(whole.variables) | {"x": [0.0, 1.0]}, objectives=whole.objectives)
    limited = VOCS(variables=whole.variables, objectives=whole.objectives, constraints={"c": ["LESS_THAN", 1.0]})
    for vocs, message in ((narrower, "vocs.variables"), (limited, "outputs")):
        with pytest.raises(ValueError, match=message):
            CampaignGenerator(vocs, study, tmp_path / "run")
    simulated = study.with_settings({"experiment": {"truth": {"height": 1.0}}})
    with pytest.raises(ValueError, match="manual"):
        CampaignGenerator(whole, simulated, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def nature(point):
    rng = np.random.default_rng(int(point["shots"]))
    mean = 1.2 * np.exp(-point["x"]) * (2 if point["filter"] == "open" else 1)
    return {"y": mean + 0.1 * rng.standard_normal(), "pair": 1.2 + rng.standard_normal(2)}


@pytest.mark.slow  # the example that does it is among the quick tests
def test_libensemble_drives_a_campaign(study, tmp_path, monkeypatch):
    pytest.importorskip("libensemble")
    from libensemble import Ensemble
    from libensemble.alloc_funcs.start_only_persistent import only_persistent_gens
    from libensemble.specs import AllocSpecs, ExitCriteria, GenSpecs, LibeSpecs, SimSpecs

    monkeypatch.chdir(tmp_path)
    vocs = vocs_of(study)
    generator = CampaignGenerator(vocs, study, tmp_path / "run")
    ensemble = Ensemble(
        libE_specs=LibeSpecs(comms="threads", nworkers=2, gen_on_manager=True, disable_log_files=True),
        sim_specs=SimSpecs(simulator=nature, vocs=vocs),
        gen_specs=GenSpecs(generator=generator, initial_batch_size=2, batch_size=2, vocs=vocs),
        alloc_specs=AllocSpecs(alloc_f=only_persistent_gens),
        exit_criteria=ExitCriteria(sim_max=6),
    )
    history, _, flag = ensemble.run()
    assert flag == 0
    known = {one.proposal: one for one in generator.campaign.history.measured()}
    assert len(known) >= 4
    for row in history[history["sim_ended"] & np.isin(history["_id"], list(known))]:
        assert known[int(row["_id"])].design["x"] == row["x"]
    assert generator.campaign.posterior.mean()["height"] == pytest.approx(1.2, abs=0.3)
    generator.finalize()
