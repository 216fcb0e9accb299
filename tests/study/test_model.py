import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import StudyError
from activesci.study import Study
from activesci.study.load import parse

from .studies import GOOD, study


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_study_is_the_same_as_its_mapping(path):
    loaded = Study.load(path)
    again = Study(**loaded.mapping())
    assert again == loaded
    assert again.digest == loaded.digest
    assert again.mapping() == loaded.mapping()
    assert parse(again.source_text)[0] == loaded.mapping()


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_study_can_be_pickled(path):
    loaded = Study.load(path)
    loaded.design_space.sample(8, np.random.default_rng(0))
    again = pickle.loads(pickle.dumps(loaded))
    assert again == loaded
    assert (again.folder, again.source_text) == (loaded.folder, loaded.source_text)
    assert again.outcome_space == loaded.outcome_space
    assert again.stop == loaded.stop


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_study_has_designs_and_parameters(path):
    loaded = Study.load(path)
    rng = np.random.default_rng(0)
    xi = loaded.design_space.sample(100, rng)
    assert loaded.design_space.feasible(xi).all()
    theta = loaded.parameter_space.from_cube(rng.random((100, loaded.parameter_space.dim)))
    assert np.isfinite(loaded.parameter_space.log_prior(theta)).all()
    assert loaded.outcome_space.width > 0


def test_the_study_knows_where_it_came_from():
    path = GOOD[0]
    loaded = Study.load(str(path))
    assert loaded.folder == path.parent
    assert loaded.source_text == path.read_text(encoding="utf-8-sig")
    assert study().folder == Path.cwd()


def test_a_study_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        study().seed = 3
    mapping = study().mapping()
    made = Study(**mapping)
    mapping["parameters"]["a"]["prior"] = None
    made.mapping()["parameters"].clear()
    assert made.mapping()["parameters"]["a"] == {"prior": {"uniform": [0, 2]}}


def test_the_digest_is_that_of_the_content_and_the_order():
    first, second = ({"prior": {"uniform": [0, 1]}}, {"prior": {"uniform": [0, 2]}})
    same = study(parameters={"a": first, "b": second})
    assert same.digest == study(parameters={"a": first, "b": second}).digest
    assert same.digest != study(parameters={"b": second, "a": first}).digest
    assert same.digest != study(parameters={"a": first, "b": first}).digest
    assert len({same, study(parameters={"a": first, "b": second})}) == 1
    assert Study(**dict(reversed(same.mapping().items()))).digest == same.digest


def test_a_mapping_that_is_wrong_has_a_path_and_no_line():
    with pytest.raises(StudyError) as caught:
        study(parameters={"a": {"prior": {"uniform": [2, 0]}}})
    assert str(caught.value) == "study: parameters.a.prior.uniform: found [2, 0], expected lo below hi"


def test_defaults():
    made = study()
    assert (made.seed, made.description, made.constraints) == (0, "", ())
    assert (made.designer.kind, made.designer.settings.evaluations, made.designer.batch) == ("bayesopt", 40, 1)
    assert made.executor.kind == "serial"
    assert made.inference.model_dump() == {
        "surrogate": "auto",
        "embedding": "auto",
        "simulations": 4000,
        "per_round": 500,
        "passes": 4,
        "ensemble": 4,
        "particles": 4096,
        "device": "auto",
        "max_failures": 0.5,
    }
    assert (made.simulator.batch, made.simulator.timeout) == (0, None)
    assert made.cost(np.zeros((3, 1))) is None


def test_a_target_is_a_function_of_the_parameters_fixed_ones_included():
    parameters = {"a": {"prior": {"uniform": [0, 2]}}, "b": {"prior": {"fixed": 3.0}}}
    made = study(parameters=parameters, designer={"bayesopt": {}, "target": "a / b"})
    theta = np.array([[0.3], [1.5]])
    np.testing.assert_allclose(made.target(made.parameter_space.columns(theta), 2), [0.1, 0.5])
    assert study().target is None


def test_a_recorded_pool_is_chosen_from_until_it_is_used_up():
    recorded = study(experiment={"recorded": "data.csv"}, stop=None)
    assert recorded.designer.kind == "pool"
    assert recorded.stop is None
    assert study(experiment={"recorded": "data.csv"}, design=None).designer.kind == "bayesopt"
    assert study(experiment={"recorded": "data.csv"}, designer={"random": {}}).designer.kind == "random"


@pytest.mark.parametrize(("batch", "size"), [(True, 256), (False, 0), (64, 64), (1, 1)])
def test_a_batch_is_a_number(batch, size):
    assert study(simulator={"function": "model:simulate", "batch": batch}).simulator.batch == size


def test_stop_rules_are_a_tree():
    rule = study(stop={"any": [{"all": [{"sd": {"a": 0.1}}, {"gain": 0.01}]}, {"rounds": 12}]}).stop
    assert rule is not None
    assert rule.kind == "any"
    inner, rounds = rule.settings
    assert (rounds.kind, rounds.settings, rounds.rounds) == ("rounds", 12, 12)
    assert [one.kind for one in inner.settings] == ["sd", "gain"]
    assert inner.settings[0].settings == {"a": 0.1}


@pytest.mark.parametrize("name", ["nobody", "fixed"])
def test_a_stop_rule_is_on_a_free_parameter(name):
    parameters = {"a": {"prior": {"uniform": [0, 2]}}, "fixed": {"prior": {"fixed": 1}}}
    with pytest.raises(StudyError, match=rf"stop\.width\.{name}: found an unknown free parameter, expected a"):
        study(parameters=parameters, stop={"width": {name: 1.0}})


def test_settings_can_be_changed():
    changed = study(stop={"any": [{"rounds": 3}, {"seconds": 9}]}).with_settings(
        {"stop.any.0.rounds": 5, "inference.simulations": 200, "seed": 7, "executor": {"ray": {}}}
    )
    assert changed.stop.any[0].rounds == 5
    assert (changed.inference.simulations, changed.seed, changed.executor.kind) == (200, 7, "ray")
    assert parse(changed.source_text)[0] == changed.mapping()


def test_settings_keep_the_folder():
    loaded = Study.load(GOOD[0])
    assert loaded.with_settings({"seed": 3}).folder == loaded.folder


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("inference.simulation", "inference.simulation: found an unknown key, .*did you mean 'simulations'"),
        ("stopp", "stopp: found an unknown key"),
        ("seed.x", "seed.x: found no mapping or list"),
        ("stop.any.7.rounds", "found no entry '7'"),
        ("stop.any.x", "found no entry 'x'"),
        ("stop.any.\u00b2", "found no entry '\u00b2'"),
        ("stop.any." + "9" * 5000, "found no entry '9"),
        ("", "an unknown key"),
    ],
)
def test_a_setting_that_is_nowhere_is_refused(path, words):
    with pytest.raises(StudyError, match=words):
        study(seed=1, stop={"any": [{"rounds": 3}]}).with_settings({path: 5})


def test_costs():
    xi = np.array([[1.0], [2.0]])
    assert study(cost=2).cost(xi).tolist() == [2.0, 2.0]
    assert study(cost="1 + t").cost(xi).tolist() == [2.0, 3.0]
    assert study(cost="1 + t").cost_spec.kind == "expression"
    price = study(cost="price")
    assert (price.cost_spec.kind, price.cost_spec.function) == ("function", "price")
    with pytest.raises(ValueError, match="ask the simulator"):
        price.cost(xi)
    assert study(design={"t": {"real": [1, 5]}}, cost="t").cost(xi).tolist() == [1.0, 2.0]


def test_a_grid_nobody_measured_fits_the_limit():
    design = {f"x{i}": {"real": [0, 1]} for i in range(3)}
    made = study(design=design, designer={"grid": {}})
    assert made.designer.settings.points == 27
    assert len(made.design_space.grid(27)) <= 20_000
    assert study(designer={"grid": {}}).designer.settings.points == 41


def test_importing_a_study_is_light():
    code = (
        "import sys, time; from activesci.study import Study; seconds = time.process_time();"
        "heavy = {'torch', 'ray', 'skopt', 'scipy', 'matplotlib', 'pandas'} & set(sys.modules);"
        "assert not heavy, heavy; assert seconds < 2, seconds"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
