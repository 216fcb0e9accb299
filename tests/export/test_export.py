"""What is exported is opened again by the library that it is for, and says what the run says."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tomllib
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from activesci.cli import main
from activesci.cli.exits import Wrong
from activesci.cli.export import KINDS as OFFERED
from activesci.errors import CampaignError, LedgerError
from activesci.export import KINDS, export
from activesci.ledger import Ledger, fold
from activesci.ledger.graph import Graph
from activesci.loop.branching import branch
from activesci.loop.controller import Campaign
from activesci.loop.recorded import recorded_study
from tests.loop.worlds import LEARNED, PLAIN, finished, world

TINY = {**LEARNED, "simulations": 64, "per_round": 16, "ensemble": 1, "particles": 128}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run whose likelihood is learned."""
    folder = tmp_path_factory.mktemp("exported")
    finished(world(folder / "study", model=PLAIN, inference=TINY), folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def told(run):
    """What the run's own ledger says: measurements, particles, bank."""
    with Ledger.read_only(run) as ledger:
        history = fold(ledger.events())
        return history, history.particles(ledger.arrays), history.bank(ledger.arrays)


def test_every_kind_is_on_the_command_line_and_documented():
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text()
    assert set(OFFERED) == set(KINDS)
    assert all(f"| `{kind}` |" in page for kind in KINDS)


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_tables_as_csv_read_back_to_the_same_bits(run, told, tmp_path):
    history, theta, bank = told
    folder = export("csv", run, tmp_path / "tables")
    assert [float(row["parameter.slope"]) for row in read_csv(folder / "posterior.csv")] == theta[:, 0].tolist()
    measured = read_csv(folder / "measurements.csv")
    expected = [(one.design["x"], one.outcome["y"]) for one in history.measured()]
    assert [(float(row["design.x"]), float(row["outcome.y"])) for row in measured] == expected
    assert all(float(row["expected.gain"]) > 0 for row in measured)
    assert [float(row["outcome.y"]) for row in read_csv(folder / "simulations.csv")] == bank.y[:, 0].tolist()
    assert len(read_csv(folder / "gains.csv")) == 2 * 5  # two choices, each among five designs
    assert [int(row["simulations"]) for row in read_csv(folder / "rounds.csv")] == [64, 16, 16]


def test_tables_as_parquet_are_those_as_csv(run, told, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = export("parquet", run, tmp_path / "tables")
    assert {path.stem for path in folder.iterdir()} >= {"rounds", "measurements", "simulations", "posterior"}
    table = parquet.read_table(folder / "posterior.parquet")
    assert table["parameter.slope"].to_pylist() == told[1][:, 0].tolist()
    assert parquet.read_table(folder / "simulations.parquet")["valid"].to_pylist() == told[2].valid.tolist()


def test_arviz_reads_posterior_prior_data_and_predictions(run, told, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        arviz = pytest.importorskip("arviz")
    data = arviz.from_netcdf(export("arviz", run, tmp_path / "run.nc"), engine="h5netcdf")
    assert (data.posterior["slope"].values[0] == told[1][:, 0]).all()
    assert data.prior["slope"].std() > data.posterior["slope"].std()
    assert data.observed_data["y"].values.tolist() == [one.outcome["y"] for one in told[0].measured()]
    assert data.predictions["y"].shape[::2] == (1, 2)
    assert float(arviz.summary(data)["mean"]["slope"]) == pytest.approx(told[1].mean(), abs=1e-3)


def test_prov_has_every_state_with_what_it_was_made_of(run, tmp_path):
    model = pytest.importorskip("prov.model")
    document = model.ProvDocument.deserialize(str(export("prov", run, tmp_path / "run.json")), format="json")
    graph = Graph.read(run)
    assert {one.identifier.localpart for one in document.get_records(model.ProvEntity)} == set(graph.states)
    assert len(list(document.get_records(model.ProvUsage))) == len(graph.edges)
    assert len(list(document.get_records(model.ProvActivity))) == len(graph)


@pytest.mark.filterwarnings("ignore")  # MLflow's and SQLAlchemy's own
def test_mlflow_has_the_campaign_and_in_it_its_rounds(run, told, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    folder = export("mlflow", run, tmp_path / "mlflow")
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    place = client.get_experiment_by_name("line").experiment_id
    found = client.search_runs([place])
    inside = [one for one in found if "mlflow.parentRunId" in one.data.tags]
    (whole,) = [one for one in found if one not in inside]
    assert {one.data.tags["mlflow.parentRunId"] for one in inside} == {whole.info.run_id}
    assert sorted(one.info.run_name for one in inside) == ["round 0", "round 1", "round 2"]
    believed = told[0].inferred.payload["posterior"]["slope"]["sd"]
    assert whole.data.metrics["parameter.slope.sd"] == believed
    assert whole.data.params["stop.rounds"] == "2"
    assert "posterior.csv" in {one.path for one in client.list_artifacts(whole.info.run_id)}


def test_a_picture_of_the_graph_is_written(run, tmp_path):
    assert export("graph", run, tmp_path / "graph.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("kind", ["csv", "graph"])
def test_nothing_is_overwritten(run, tmp_path, kind):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("mine")
    with pytest.raises(CampaignError, match="expected a new"):
        export(kind, run, tmp_path / "there" / ("file" if kind == "graph" else ""))
    assert (tmp_path / "there" / "file").read_text() == "mine"


def test_a_run_that_does_not_hold_is_not_handed_on(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    first = next((tmp_path / "run" / "artifacts").iterdir())
    first.write_bytes(first.read_bytes()[:-1])
    with pytest.raises(LedgerError, match="does not hold"):
        export("csv", tmp_path / "run", tmp_path / "tables")
    assert not (tmp_path / "tables").exists()


def test_a_missing_package_is_named_with_how_to_get_it(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prov", None)
    monkeypatch.setitem(sys.modules, "prov.model", None)
    with pytest.raises(CampaignError, match=r"pip install 'activesci\[prov\]'"):
        export("prov", run, tmp_path / "run.json")


def rerun(crate, **environment):
    """Run the one command of an unpacked crate, with the activesci that is being tested."""
    root = Path(__file__).parents[2]
    installed = {"ACTIVESCI": str(Path(sys.executable).with_name("activesci")), "PYTHONPATH": str(root)}
    ours = {**os.environ, **installed, **environment}
    return subprocess.run(["sh", "rerun.sh"], cwd=crate, env=ours, capture_output=True, text=True)


def test_a_crate_unpacked_elsewhere_reruns_to_the_same_posterior_where_run_and_study_have_gone(tmp_path):
    pytest.importorskip("rocrate")
    data = "x,y\n" + "".join(f"{x},{0.5 * x}\n" for x in (0.5, 1.0, 2.0))
    finished(world(tmp_path / "here" / "study", data=data), tmp_path / "here" / "origin")
    branch(tmp_path / "here" / "origin", 1, tmp_path / "here" / "run", {"seed": 5})  # a crate of a branch is whole too
    with Campaign.open(tmp_path / "here" / "run") as campaign:
        campaign.run()
        theta = campaign.posterior.theta
    export("crate", tmp_path / "here" / "run", tmp_path / "sent.zip")
    shutil.rmtree(tmp_path / "here")
    with zipfile.ZipFile(tmp_path / "sent.zip") as archive:
        archive.extractall(tmp_path / "elsewhere")
    done = rerun(tmp_path / "elsewhere")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every number came out as recorded" in done.stdout
    with Ledger.read_only(tmp_path / "elsewhere" / "again") as ledger:
        assert (fold(ledger.events()).particles(ledger.arrays) == theta).all()
    (tmp_path / "elsewhere" / "study" / "model.py").write_text(PLAIN + "\ndef log_likelihood(*_):\n    return 0.0\n")
    command = ["replay", str(tmp_path / "elsewhere" / "run"), "--study", str(tmp_path / "elsewhere" / "study")]
    with pytest.raises(Wrong, match="another simulator's code"):  # the mutant: other code is not taken for the same
        main.main(command, standalone_mode=False)


def test_a_crate_says_in_ro_crate_what_ran(run, tmp_path):
    crates = pytest.importorskip("rocrate.rocrate")
    folder = export("crate", run, tmp_path / "crate")
    crate = crates.ROCrate(folder)
    assert crate.mainEntity.id == "study/study.yaml"
    (action,) = [one for one in crate.get_entities() if one.type == "CreateAction"]
    assert action["instrument"].id == "study/study.yaml"
    assert {"run/posterior.csv", "run/ledger.sqlite"} <= {one.id for one in action["result"]}
    assert {one.id for one in action["object"]} >= {"study/model.py", "#value-slope"}
    listed = {one["@id"] for one in json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]}
    loose = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert [name for name in loose if name not in listed and "artifacts/" not in name] == []


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["workflow-run-crate", "ro-crate-1.1"])
def test_a_crate_fulfils_its_profile(run, tmp_path, profile):
    """The second half is its own mutant: without `instrument`, or a date, no crate may pass."""
    pytest.importorskip("rocrate")
    validator = pytest.importorskip("rocrate_validator")
    folder = export("crate", run, tmp_path / "crate")
    assert issues(validator, folder, profile) == []
    path = folder / "ro-crate-metadata.json"
    said = json.loads(path.read_text())
    for one in said["@graph"]:
        one.pop("instrument" if profile == "workflow-run-crate" else "datePublished", None)
    path.write_text(json.dumps(said))
    assert issues(validator, folder, profile)


def issues(validator, folder, profile):
    """Return what a profile requires and a crate does not fulfil."""
    from rocrate_validator import services

    asked = {"rocrate_uri": str(folder), "profile_identifier": profile, "offline": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the validator's own libraries
        found = services.validate(asked)
    told = [f"{one.check.name}: {one.message}" for one in found.get_issues()]
    if any("JSON-LD context" in line for line in told):
        pytest.skip("the validator cannot fetch the JSON-LD context of RO-Crate, without which it checks nothing")
    return told


def test_the_wheel_of_a_crate_holds_the_package_and_is_named_in_the_command(run, tmp_path):
    pytest.importorskip("rocrate")
    folder = export("crate", run, tmp_path / "crate")
    (wheel,) = folder.glob("*.whl")
    assert wheel.name in (folder / "rerun.sh").read_text()
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith("METADATA")]
    needed = [line.partition(": ")[2] for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert needed == project["dependencies"]  # and not what a checkout needed when it was installed
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); import activesci; print(activesci.__file__)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert wheel.name in done.stdout, done.stderr
    pins = (folder / "constraints.txt").read_text()
    assert f"numpy=={np.__version__}" in pins


def test_code_that_was_changed_since_is_not_handed_on_as_that_of_the_run(tmp_path):
    pytest.importorskip("rocrate")
    finished(world(tmp_path / "study"), tmp_path / "run")
    model = recorded_study(tmp_path / "run").folder / "model.py"
    model.write_text(model.read_text() + "\n# changed\n")
    with pytest.raises(LedgerError, match="simulator's code is not what the run was made with"):
        export("crate", tmp_path / "run", tmp_path / "crate")
