"""Every bad simulator of the corpus ends in a reason, never in an exception."""

import re
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import SimulatorError
from activesci.rng import Purpose, generator
from activesci.simulate import FunctionSimulator, blocks
from activesci.study import Study

CORPUS = Path(__file__).parents[1] / "bad" / "simulators"
ROWS = 16
BAD = sorted(path.stem for path in CORPUS.glob("*.py") if path.stem not in ("conftest", "good"))
UNLOADABLE = sorted((CORPUS / "unloadable").iterdir(), key=lambda path: path.name)


def said(path, what, default):
    found = re.search(rf"^# {what}: (.*)$", path.read_bytes().decode(errors="replace"), re.MULTILINE)
    return found[1] if found else default


def study_of(name):
    batch = name.startswith("batch_") or name == "good_batch"
    function = {"good_batch": "good:simulate_batch"}.get(name, f"{name}:simulate")
    settings = {"simulator.function": function, "simulator.batch": ROWS if batch else False}
    return Study.load(CORPUS / "study.yaml").with_settings(settings)


def plan(study):
    rng = generator(1, 0, Purpose.PROPOSE)
    theta = study.parameter_space.from_cube(rng.random((ROWS, 2)))
    return blocks(study, 0, Purpose.SIMULATE, theta, study.design_space.sample(ROWS, rng))


def run(name):
    """Return y (ROWS, width) and the failures by row of the plan."""
    study = study_of(name)
    simulator = FunctionSimulator(study)
    results = [simulator.run(block) for block in plan(study)]
    failures = {result.first + row: reason for result in results for row, reason in result.failures.items()}
    return np.concatenate([result.y for result in results]), failures


def test_the_corpus_is_large():
    assert len(BAD) + len(UNLOADABLE) >= 40


@pytest.mark.parametrize("name", ["good", "good_batch"])
def test_the_good_simulator_has_nothing_wrong(name):
    y, failures = run(name)
    assert failures == {}
    assert not np.isnan(y).all(axis=1).any()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_simulator_fails_with_its_reason_and_raises_nothing(name):
    reason, rows = said(CORPUS / f"{name}.py", "reason", None), said(CORPUS / f"{name}.py", "rows", "all")
    y, failures = run(name)
    np.testing.assert_array_equal(np.isnan(y).all(axis=1), [row in failures for row in range(ROWS)])
    if reason == "none":
        assert failures == {}
        return
    for found in failures.values():
        assert re.match(reason, found)
        assert len(found) < 400
        assert "\n" not in found
    if rows == "some":
        assert 0 < len(failures) < ROWS
    else:
        assert set(failures) == (set(range(ROWS)) if rows == "all" else {int(rows)})


@pytest.mark.parametrize(
    ("spoiled", "good"), [("mutates_its_inputs", "good"), ("batch_mutates_its_inputs", "good_batch")]
)
def test_a_simulator_that_writes_into_its_inputs_harms_nobody(spoiled, good):
    study = study_of(spoiled)
    simulator, planned = FunctionSimulator(study), plan(study)
    before = [(block.theta.copy(), block.xi.copy()) for block in planned]
    found = np.concatenate([simulator.run(block).y for block in planned])
    for block, (theta, xi) in zip(planned, before, strict=True):
        np.testing.assert_array_equal(block.theta, theta)
        np.testing.assert_array_equal(block.xi, xi)
    np.testing.assert_array_equal(found, run(good)[0])


@pytest.mark.parametrize("path", UNLOADABLE, ids=lambda path: path.name.partition(".")[0])
def test_a_module_that_cannot_be_loaded_is_a_simulator_error(tmp_path, path):
    (tmp_path / "module.py").write_bytes(path.read_bytes())
    (tmp_path / "study.yaml").write_text((CORPUS / "study.yaml").read_text().replace("good:", "module:"))
    study = Study.load(tmp_path / "study.yaml")
    with pytest.raises(SimulatorError, match=said(path, "reason", None)):
        FunctionSimulator(study).load()
    result = FunctionSimulator(study).run(plan(study)[0])
    assert np.isnan(result.y).all()
    assert re.search(said(path, "reason", None), result.failures[0])


def test_a_module_that_is_nowhere_is_a_simulator_error():
    with pytest.raises(
        SimulatorError, match=r"no module 'nowhere': neither nowhere\.py beside the study .* nor an ins"
    ):
        FunctionSimulator(study_of("nowhere")).load()
