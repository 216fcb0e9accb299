"""`init`, `validate` and `schema`."""

import json

import jsonschema
import pytest
import yaml

from activesci.cli.pilot import Pilot
from activesci.study.stopping import StopRule


def test_init_writes_a_study_that_is_valid(cli, tmp_path):
    said = cli("init", tmp_path / "mine").stdout
    assert f"activesci run {tmp_path / 'mine' / 'study.yaml'}" in said
    assert "is valid" in cli("validate", tmp_path / "mine" / "study.yaml").stdout


def test_init_explains_every_section_it_writes(cli, tmp_path):
    cli("init", tmp_path)
    lines = (tmp_path / "study.yaml").read_text().splitlines()
    tops = [number for number, line in enumerate(lines) if line[:1].isalpha()]
    bare = [lines[at] for at in tops if not lines[at - 1].startswith("#") and "#" not in lines[at]]
    assert [line.partition(":")[0] for line in bare] == ["study", "description"]


def test_init_says_here_if_told_nowhere(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cli("init")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.py", "study.yaml"]


@pytest.mark.parametrize("name", ["study.yaml", "model.py"])
def test_init_overwrites_nothing(cli, tmp_path, name):
    (tmp_path / name).write_text("mine")
    assert name in cli("init", tmp_path, code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_init_where_nothing_can_be_written_is_the_users_error(cli, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "name a path" in cli("init", tmp_path / "file" / "mine", code=2).stderr


def test_validate_says_how_many_simulations_and_how_long(cli, study):
    assert "log-likelihood is used: no simulations are needed" in cli("validate", study).stdout
    study.write_text(study.read_text().replace("surrogate: exact", "surrogate: likelihood"))
    said = cli("validate", study).stdout
    assert "study line is valid" in said
    assert "simulations: 64 at first and 64 to 256 a round, at most 576\n" in said
    assert "1 worker = " in said
    study.write_text(study.read_text().replace("stop: {rounds: 2}", "stop: {any: [{gain: 0.01}, {simulations: 200}]}"))
    assert "a round, at most 200\n" in cli("validate", study).stdout
    study.write_text(study.read_text().replace(", {simulations: 200}", ""))
    assert "a round, at most 320 for one round, for no rule bounds them\n" in cli("validate", study).stdout


@pytest.mark.parametrize("noise", ["rng.normal()", "1e-12 * np.random.default_rng().normal()"])
def test_validate_says_if_the_same_seed_gives_another_outcome(cli, study, noise):
    model = study.with_name("model.py")
    model.write_text(model.read_text().replace("0.1)}", f"0.1) * (1 + {noise})}}"))
    said = cli("validate", study).stdout
    assert ("the same seed gave another outcome" in said) is ("default_rng" in noise)


def test_validate_leaves_nothing_behind(cli, study):
    cli("validate", study)
    assert {path.name for path in study.parent.iterdir()} - {"__pycache__"} == {"study.yaml", "model.py"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("rounds: 2", "round: 2", "study.yaml:13"),
        ("[0.0, 2.0]", "[2.0, 0.0]", "study.yaml:6"),
        ("model:simulate", "model:simulat", "did you mean 'simulate'"),
        ("model:simulate", "models:simulate", "no module 'models'"),
        ("truth: {slope: 0.5}}\n", "recorded: none.csv}\n", "none.csv: found no file"),
    ],
)
def test_validate_says_in_one_line_what_is_wrong(cli, study, old, new, expected):
    study.write_text(study.read_text().replace(old, new))
    result = cli("validate", study, code=2)
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_validate_looks_for_the_data(cli, study):
    text = (
        study.read_text().replace("truth: {slope: 0.5}", "recorded: none.csv").replace("grid: {points: 5}", "pool: {}")
    )
    study.write_text(text)
    assert cli("validate", study, code=2).stderr.startswith("activesci: none.csv: found no file that can be read")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("rng.normal", "rng.abnormal", "AttributeError"),
        ('{"y": rng', '{"z": rng', "z"),
        ("import numpy as np", "import numpy as np\nraise ValueError('no licence')", "no licence"),
        ("import numpy as np", "import numpy as np\n)", "not valid Python"),
        ("return -0.5 *", "return 1 / 0 *", "ZeroDivisionError"),
    ],
)
def test_validate_finds_a_broken_simulator(cli, study, old, new, expected):
    model = study.with_name("model.py")
    model.write_text(model.read_text().replace(old, new))
    result = cli("validate", study, code=2)
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


def test_validate_of_no_file_is_the_users_error(cli, tmp_path):
    assert "nowhere.yaml" in cli("validate", tmp_path / "nowhere.yaml", code=2).stderr


def test_schema_accepts_what_init_writes(cli, tmp_path):
    cli("init", tmp_path)
    schema = json.loads(cli("schema").stdout)
    jsonschema.validate(yaml.safe_load((tmp_path / "study.yaml").read_text()), schema)


@pytest.mark.parametrize(
    ("rule", "rounds"),
    [
        ({"rounds": 7}, 7),
        ({"sd": {"a": 0.1}}, None),
        ({"any": [{"rounds": 7}, {"sd": {"a": 0.1}}, {"rounds": 5}]}, 5),
        ({"all": [{"rounds": 7}, {"rounds": 5}]}, 7),
        ({"all": [{"rounds": 7}, {"gain": 0.1}]}, None),
        ({"any": [{"all": [{"rounds": 7}, {"rounds": 5}]}, {"rounds": 9}]}, 7),
    ],
)
def test_the_most_rounds_that_a_rule_allows(rule, rounds):
    assert StopRule.model_validate(rule).most("rounds") == rounds


def test_the_time_is_simulations_times_seconds_over_workers():
    pilot = Pilot(seconds=0.5, repeatable=True, exact=False, first=100, per_round=20, passes=1, most=200, workers=4)
    assert pilot.simulations == 200
    assert pilot.total == 25.0


def test_where_numbers_of_events_are_chosen_the_time_is_that_of_usual_simulations(cli, study):
    model = (
        "def simulate(theta, design, rng):\n    return {'y': rng.normal(theta['a'], 1 / design['events'] ** 0.5)}\n"
    )
    (study.parent / "counted.py").write_text(model)
    study.write_text(
        "study: counted\nparameters: {a: {prior: {uniform: [0, 1]}}}\noutcome: {y: {real: []}}\n"
        "simulator: {function: 'counted:simulate'}\nexperiment: {manual: true}\n"
        "inference: {simulations: 40, per_round: 10, passes: 1}\nstop: {rounds: 3}\n"
        "tuning: {data: {y: {errors: 1}}, events: {range: [10, 1000], usual: 100, overhead: 50}}\n"
    )
    said = cli("validate", study).stdout
    assert "at most 70, of the usual number of events or others that cost as much" in said
