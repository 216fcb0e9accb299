import pickle
import signal
import sys
import threading
import time

import numpy as np
import pytest

from activesci.errors import SimulatorError
from activesci.rng import Purpose, generator
from activesci.simulate import FunctionSimulator, blocks
from activesci.study import Study

MAPPING = {
    "study": "line",
    "seed": 5,
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}, "c": {"prior": {"fixed": 2.0}}},
    "design": {"x": {"real": [0, 1]}, "way": {"choice": ["up", "down"]}},
    "outcome": {"y": {"real": []}, "v": {"real": [2]}},
    "simulator": {"function": "model:simulate"},
    "experiment": {"manual": True},
    "stop": {"rounds": 1},
}

SCALAR = """
import numpy as np

def simulate(theta, design, rng):
    assert set(theta) == {"a", "c"} and design["way"] in ("up", "down"), (theta, design)
    y = theta["a"] * theta["c"] + rng.standard_normal()
    return {"y": y if design["way"] == "up" else -y, "v": [y, design["x"]]}

def log_likelihood(theta, design, outcome):
    return -0.5 * (abs(outcome["y"]) - theta["a"] * theta["c"]) ** 2 - outcome["v"].sum()

def price(design):
    return 1.0 + design["x"]
"""

BATCH = """
import numpy as np

def simulate(theta, design, rng):
    y = theta["a"] * theta["c"] + rng.standard_normal(len(theta["a"]))
    y = np.where(design["way"] == "up", y, -y)
    return {"y": y, "v": np.stack([y, design["x"]], axis=1)}

def log_likelihood(theta, design, outcome):
    return -0.5 * (abs(outcome["y"]) - theta["a"] * theta["c"]) ** 2 - outcome["v"].sum(axis=1)

def price(design):
    return 1.0 + design["x"]
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def study_with(source, **settings):
        (tmp_path / "model.py").write_text(source)
        return Study(**MAPPING).with_settings(settings)

    return study_with


def plan(study, n=10, size=None):
    rng = generator(1, 0, Purpose.PROPOSE)
    theta, xi = study.parameter_space.from_cube(rng.random((n, 1))), study.design_space.sample(n, rng)
    return theta, xi, blocks(study, 3, Purpose.SIMULATE, theta, xi)


def test_a_scalar_simulator_gets_names_and_gives_flat_rows(make):
    study = make(SCALAR)
    theta, xi, planned = plan(study)
    results = [FunctionSimulator(study).run(block) for block in planned]
    assert [result.failures for result in results] == [{}] * 10
    y = np.concatenate([result.y for result in results])
    noise = [generator(5, 3, Purpose.SIMULATE, i).standard_normal() for i in range(10)]
    expected = np.where(xi[:, 1] == 0, 1, -1) * (2 * theta[:, 0] + noise)
    np.testing.assert_array_equal(y[:, 0], expected)
    np.testing.assert_array_equal(y[:, 2], xi[:, 0])


def test_a_vectorised_simulator_gets_one_stream_a_block(make):
    study = make(BATCH, **{"simulator.batch": 4})
    theta, xi, planned = plan(study)
    assert [(block.first, len(block.theta)) for block in planned] == [(0, 4), (4, 4), (8, 2)]
    y = np.concatenate([FunctionSimulator(study).run(block).y for block in planned])
    noise = np.concatenate(
        [generator(5, 3, Purpose.SIMULATE, at).standard_normal(min(4, 10 - at)) for at in (0, 4, 8)]
    )
    np.testing.assert_array_equal(y[:, 0], np.where(xi[:, 1] == 0, 1, -1) * (2 * theta[:, 0] + noise))


def test_batch_true_is_blocks_of_256(make):
    study = make(BATCH, **{"simulator.batch": True})
    assert [len(block.theta) for block in plan(study, 600)[2]] == [256, 256, 88]


def test_a_simulation_does_not_depend_on_its_company(make):
    study = make(SCALAR)
    theta, xi, planned = plan(study)
    simulator = FunctionSimulator(study)
    alone = [simulator.run(block).y for block in reversed(planned)]
    np.testing.assert_array_equal(np.concatenate(alone[::-1]), np.concatenate([simulator.run(b).y for b in planned]))


@pytest.mark.parametrize(("source", "batch"), [(SCALAR, False), (BATCH, 4)])
def test_log_likelihood_and_cost_are_had_a_row(make, source, batch):
    study = make(source, **{"simulator.batch": batch, "cost": "price"})
    simulator = FunctionSimulator(study)
    theta, xi, planned = plan(study)
    y = np.concatenate([simulator.run(block).y for block in planned])
    expected = -0.5 * (abs(y[:, 0]) - 2 * theta[:, 0]) ** 2 - y[:, 1] - y[:, 2]
    assert simulator.has_log_likelihood
    np.testing.assert_allclose(simulator.log_likelihood(theta, xi, y), expected)
    np.testing.assert_array_equal(simulator.cost(xi), 1 + xi[:, 0])
    np.testing.assert_array_equal(xi, plan(study)[1])


def test_a_module_without_log_likelihood_gives_none(make):
    study = make(SCALAR.replace("def log_likelihood", "def other"))
    simulator = FunctionSimulator(study)
    assert not simulator.has_log_likelihood
    assert simulator.log_likelihood(*[np.zeros((1, 1))] * 3) is None
    assert simulator.cost(np.zeros((1, 2))) is None


def test_a_cost_by_expression_or_number_is_the_studys(make):
    np.testing.assert_array_equal(FunctionSimulator(make(SCALAR, cost="2 * x + 1")).cost(np.full((2, 2), 0.5)), [2, 2])
    np.testing.assert_array_equal(FunctionSimulator(make(SCALAR, cost=3.0)).cost(np.zeros((2, 2))), [3, 3])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("return float('nan')", r"gave nan at a=0\.\d+, expected a number or -inf"),
        ("return float('inf')", "gave inf at"),
        ("return [1.0, 2.0]", r"gave shape \(10, 2\), expected \(10,\)"),
        ("return 'x'", "log_likelihood failed: ValueError"),
        ("raise KeyError('b')", r"log_likelihood failed: KeyError: 'b' \(model\.py:\d+\)"),
        ("raise SystemExit", "log_likelihood failed: SystemExit"),
    ],
)
def test_a_bad_log_likelihood_is_a_simulator_error(make, line, reason):
    study = make(SCALAR.replace("    return -0.5", f"    {line}\n    return -0.5"))
    theta, xi, _ = plan(study)
    with pytest.raises(SimulatorError, match=reason):
        FunctionSimulator(study).log_likelihood(theta, xi, np.zeros((10, 3)))


def test_minus_infinity_is_a_log_likelihood(make):
    study = make(SCALAR.replace("    return -0.5", "    return float('-inf')\n    return -0.5"))
    theta, xi, _ = plan(study)
    assert (FunctionSimulator(study).log_likelihood(theta, xi, np.zeros((10, 3))) == -np.inf).all()


@pytest.mark.parametrize(
    ("line", "reason"), [("return 0.0", r"price gave 0\.0 at .*'x'"), ("1 / 0", "price failed: Zero")]
)
def test_a_bad_cost_is_a_simulator_error(make, line, reason):
    study = make(SCALAR.replace("    return 1.0", f"    {line}\n    return 1.0"), cost="price")
    with pytest.raises(SimulatorError, match=reason):
        FunctionSimulator(study).cost(np.zeros((2, 2)))


def test_a_cost_function_that_is_not_there_is_a_simulator_error(make):
    with pytest.raises(SimulatorError, match="no function 'prize' in it: did you mean 'price'"):
        FunctionSimulator(make(SCALAR, cost="prize")).cost(np.zeros((2, 2)))


def test_a_pickled_simulator_is_small_and_runs_the_same(make):
    study = make(SCALAR)
    simulator = FunctionSimulator(study)
    _, _, planned = plan(study)
    expected = simulator.run(planned[0]).y
    text = pickle.dumps(simulator.run)
    assert len(text) < 20_000
    np.testing.assert_array_equal(pickle.loads(text)(planned[0]).y, expected)


def test_a_source_changed_under_a_running_campaign_fails_and_says_so(make, tmp_path):
    study = make(SCALAR)
    simulator = FunctionSimulator(study)
    simulator.load()
    text = pickle.dumps(simulator)
    (tmp_path / "model.py").write_text(SCALAR + "\n# changed\n")
    result = pickle.loads(text).run(plan(study)[2][0])
    assert "its source was changed" in result.failures[0]


def test_the_digest_follows_the_source_and_what_it_imports(make, tmp_path):
    (tmp_path / "part.py").write_text("K = 1.0\n")
    source = "import part\n" + SCALAR.replace("theta['a']", "part.K")
    digests = [FunctionSimulator(make(SCALAR)).digest, FunctionSimulator(make(source)).digest]
    digests.append(FunctionSimulator(make(source)).digest)
    (tmp_path / "part.py").write_text("K = 2.0\n")
    digests.append(FunctionSimulator(make(source)).digest)
    assert digests[1] == digests[2]
    assert len(set(digests)) == 3
    assert "part" not in sys.modules


def test_an_edited_module_is_loaded_anew(make, tmp_path):
    (tmp_path / "part.py").write_text("K = 1.0\n")
    source = "import part\ndef simulate(theta, design, rng):\n    return {'y': part.K, 'v': [0, 0]}\n"
    study = make(source)
    assert FunctionSimulator(study).run(plan(study)[2][0]).y[0, 0] == 1.0
    (tmp_path / "part.py").write_text("K = 22.0\n")
    assert FunctionSimulator(study).run(plan(study)[2][0]).y[0, 0] == 22.0


def test_what_was_loaded_is_used_again_by_the_process(make):
    study = make("LOADED = []\n" + SCALAR)
    first, second = FunctionSimulator(study), FunctionSimulator(study)
    assert first._code.source() is second._code.source()


def test_a_module_beside_the_study_wins_over_an_installed_one(make, tmp_path):
    (tmp_path / "json.py").write_text(SCALAR)
    study = make(SCALAR, **{"simulator.function": "json:simulate"})
    assert FunctionSimulator(study).run(plan(study)[2][0]).failures == {}
    assert hasattr(sys.modules["json"], "dumps")


def test_an_installed_module_is_found_too(make, tmp_path, monkeypatch):
    (tmp_path / "site" / "package").mkdir(parents=True)
    (tmp_path / "site" / "package" / "__init__.py").write_text("")
    (tmp_path / "site" / "package" / "model.py").write_text(SCALAR)
    monkeypatch.syspath_prepend(tmp_path / "site")
    study = make(SCALAR, **{"simulator.function": "package.model:simulate"})
    assert FunctionSimulator(study).run(plan(study)[2][0]).failures == {}


def test_a_sibling_imported_late_is_found(make, tmp_path):
    (tmp_path / "late.py").write_text("K = 1.0\n")
    study = make("def simulate(theta, design, rng):\n    import late\n    return {'y': late.K, 'v': [0, 0]}\n")
    path = list(sys.path)
    assert FunctionSimulator(study).run(plan(study)[2][0]).failures == {}
    assert sys.path == path
    sys.modules.pop("late")


SLEEPY = """
import time
def simulate(theta, design, rng):
    while True:
        try:
            time.sleep(60)
        except Exception:
            pass
"""


@pytest.mark.parametrize("batch", [False, 4])
def test_a_call_that_takes_too_long_is_a_failed_attempt(make, batch):
    study = make(SLEEPY, **{"simulator.timeout": 0.2, "simulator.batch": batch})
    before = signal.getsignal(signal.SIGALRM)
    start = time.monotonic()
    result = FunctionSimulator(study).run(plan(study)[2][0])
    assert time.monotonic() - start < 30.0  # it sleeps for a minute
    assert set(result.failures.values()) == {"timed out after 0.2 s"}
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_call_in_time_is_left_alone(make):
    study = make(SCALAR, **{"simulator.timeout": 5.0})
    assert FunctionSimulator(study).run(plan(study)[2][0]).failures == {}


def test_off_the_main_thread_there_is_no_limit_and_no_error(make):
    study = make(SCALAR, **{"simulator.timeout": 5.0})
    found = []
    thread = threading.Thread(target=lambda: found.append(FunctionSimulator(study).run(plan(study)[2][0]).failures))
    thread.start()
    thread.join()
    assert found == [{}]


def test_ctrl_c_goes_through(make):
    study = make("import os, signal\ndef simulate(theta, design, rng):\n    os.kill(os.getpid(), signal.SIGINT)\n")
    with pytest.raises(KeyboardInterrupt):
        FunctionSimulator(study).run(plan(study)[2][0])


def test_stdout_is_left_alone(make, capfd):
    study = make("import os\n" + SCALAR.replace("    assert", "    os.write(1, b'hello')\n    assert"))
    FunctionSimulator(study).run(plan(study)[2][0])
    assert capfd.readouterr().out == "hello"
