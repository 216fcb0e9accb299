"""Laws that hold for every executor."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import CampaignError
from activesci.execute import SerialExecutor, executor_for
from activesci.rng import Purpose, generator
from activesci.simulate import CommandSimulator, FunctionSimulator, blocks
from activesci.study import Study

MODEL = """
import os
import signal
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def simulate(theta, design, rng):
    if theta["a"] > 0.9:
        raise ValueError("too large")
    return {"y": theta["a"] + design["x"] + rng.standard_normal()}


def batch(theta, design, rng):
    y = theta["a"] + design["x"] + rng.standard_normal(len(theta["a"]))
    return {"y": np.where(theta["a"] > 0.9, np.nan, y)}


def deadly(theta, design, rng):
    if theta["a"] > 0.9:
        os.kill(os.getpid(), signal.SIGKILL)
    return simulate(theta, design, rng)


def dies_once(theta, design, rng):
    marker = HERE / "died"
    if theta["a"] > 0.9 and not marker.exists():
        marker.touch()
        os._exit(1)
    return {"y": theta["a"] + design["x"] + rng.standard_normal()}


def immortal(theta, design, rng):
    return {"y": theta["a"] + design["x"] + rng.standard_normal()}


def threads(theta, design, rng):
    return {"y": float(os.environ["OMP_NUM_THREADS"])}


def where(theta, design, rng):
    theta["a"] = design["x"] = 0.0
    return {"y": float(os.getpid())}


def stuck(theta, design, rng):
    if theta["a"] > 0.9:
        import subprocess
        import sys
        import time

        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen([sys.executable, "-S", "-c", (HERE / "nap").read_text()])
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
    return immortal(theta, design, rng)


def slow(theta, design, rng):
    import time

    time.sleep(0.02)
    return {"y": float(os.getpid())}
"""

MAPPING = {
    "study": "line",
    "seed": 5,
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}},
    "design": {"x": {"real": [0, 1]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate"},
    "experiment": {"manual": True},
    "stop": {"rounds": 1},
}
KINDS = ["serial", pytest.param("ray", marks=pytest.mark.ray)]


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)

    def study_with(function="simulate", **settings):
        return Study(**MAPPING).with_settings({"simulator.function": f"model:{function}"} | settings)

    return study_with


@pytest.fixture
def executor(request, make):
    """An executor of the kind that the test asks for."""
    if request.param == "ray":
        request.getfixturevalue("ray_of_two")
    with executor_for(make(executor={request.param: {}})) as made:
        yield made


def plan(study, n=40, purpose=Purpose.SIMULATE):
    """Return theta (n, 1), evenly spread so that one in ten is larger than 0.9 whatever n is, and its blocks."""
    rng = generator(1, 0, Purpose.PROPOSE)
    theta, xi = rng.permuted(np.linspace(0.04, 0.96, n))[:, None], study.design_space.sample(n, rng)
    return theta, blocks(study, 0, purpose, theta, xi)


def run(executor, study, n=40):
    """Return theta (n, 1), y (n, 1) and failures by row of the plan."""
    theta, planned = plan(study, n)
    executor.submit(FunctionSimulator(study).run, planned)
    results = sorted(executor.gather(), key=lambda result: result.first)
    assert [result.first for result in results] == [block.first for block in planned]
    failures = {result.first + row: why for result in results for row, why in result.failures.items()}
    return theta, np.concatenate([result.y for result in results]), failures


@pytest.mark.parametrize("executor", KINDS, indirect=True)
@pytest.mark.parametrize(("function", "batch"), [("simulate", False), ("batch", 8), ("batch", True)])
def test_results_are_bit_equal_to_those_of_a_plain_loop(executor, make, function, batch):
    study = make(function, **{"simulator.batch": batch})
    _, planned = plan(study)
    simulate = FunctionSimulator(study).run
    expected = [simulate(block) for block in planned]
    _, y, failures = run(executor, study)
    np.testing.assert_array_equal(y, np.concatenate([result.y for result in expected]))
    assert failures == {r.first + row: why for r in expected for row, why in r.failures.items()}
    assert failures


@pytest.mark.parametrize("executor", KINDS, indirect=True)
def test_several_plans_can_wait_together(executor, make):
    study = make()
    simulate = FunctionSimulator(study).run
    for purpose in Purpose.SIMULATE, Purpose.PILOT:
        executor.submit(simulate, plan(study, 5, purpose)[1])
    assert sorted(result.first for result in executor.gather()) == sorted([*range(5), *range(5)])
    assert list(executor.gather()) == []


@pytest.mark.parametrize("executor", KINDS, indirect=True)
def test_an_executor_is_used_again_and_closed_twice(executor, make):
    study = make()
    np.testing.assert_array_equal(run(executor, study)[1], run(executor, study)[1])
    executor.submit(FunctionSimulator(study).run, plan(study)[1])
    executor.close()
    executor.close()


@pytest.mark.parametrize("executor", KINDS, indirect=True)
def test_arguments_may_be_written_to_wherever_it_runs(executor, make):
    assert run(executor, make("where"), 4)[2] == {}


def test_nothing_runs_after_close(make):
    executor = SerialExecutor()
    executor.submit(FunctionSimulator(make()).run, plan(make())[1])
    executor.close()
    assert list(executor.gather()) == []


@pytest.mark.ray
@pytest.mark.parametrize("executor", ["ray"], indirect=True)
class TestRay:
    def test_both_workers_work(self, executor, make):
        _, y, _ = run(executor, make("slow"), 40)
        assert len(np.unique(y)) == 2

    def test_a_worker_has_one_thread(self, executor, make):
        assert (run(executor, make("threads"), 2)[1] == 1.0).all()

    def test_a_simulation_that_kills_its_worker_fails_alone(self, executor, make):
        theta, y, failures = run(executor, make("deadly"))
        lost = np.flatnonzero(theta[:, 0] > 0.9)
        assert 0 < len(lost) < 10
        assert failures == dict.fromkeys(lost.tolist(), "its worker died 3 times")
        expected = run(SerialExecutor(), make("immortal"))[1]
        expected[lost] = np.nan
        np.testing.assert_array_equal(y, expected)

    def test_a_worker_that_died_once_costs_nothing(self, executor, make):
        _, y, failures = run(executor, make("dies_once"))
        assert failures == {}
        np.testing.assert_array_equal(y, run(SerialExecutor(), make("immortal"))[1])

    def test_lost_workers_are_attempts_with_their_numbers(self, executor, make):
        study = make("deadly")
        theta, planned = plan(study, 12)
        executor.submit(FunctionSimulator(study).run, planned)
        results = {result.first: result for result in executor.gather()}
        lost = np.flatnonzero(theta[:, 0] > 0.9)
        assert len(lost) > 0
        for first in lost.tolist():
            found = [(one.attempt, one.reason) for one in results[first].attempts]
            assert found == [(1, "its worker died"), (2, "its worker died"), (3, "its worker died")]

    def test_no_more_workers_are_lost_than_the_study_allows(self, executor, make):
        study = make("deadly", **{"simulator.retries": 0, "executor": {"ray": {}}})
        with executor_for(study) as strict:
            theta, y, failures = run(strict, study, 8)
        lost = np.flatnonzero(np.isnan(y[:, 0]))
        assert set(np.flatnonzero(theta[:, 0] > 0.9)) <= set(lost)
        assert set(failures.values()) <= {"its worker died once"}

    def test_a_program_killed_with_its_worker_leaves_nothing(self, executor, make, tmp_path):
        nap = f"import time; time.sleep({40 + os.getpid() / 1e6})"
        nest = f"import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', {nap!r}]); {nap}"
        study = make(**{"simulator": {"command": ["{python}", "-S", "-c", nest]}, "executor": {"ray": {}}})
        with executor_for(study) as other:
            other.submit(CommandSimulator(study).run, plan(study, 2)[1])
            wait_for(lambda: len(running(nap)) >= 4)
        wait_for(lambda: running(nap) == [])

    def test_a_simulation_that_takes_too_long_fails_in_its_worker(self, executor, make):
        failures = run(executor, make("slow", **{"simulator.timeout": 0.005}), 2)[2]
        assert failures == dict.fromkeys(range(2), "timed out after 0.005 s")

    @pytest.mark.slow
    def test_a_simulation_that_cannot_be_stopped_is_killed_with_its_offspring(self, executor, make, tmp_path):
        nap = f"import time; time.sleep({50 + os.getpid() / 1e6})"
        (tmp_path / "nap").write_text(nap)
        study = make("stuck", **{"simulator.timeout": 0.5, "executor": {"ray": {}}})
        start = time.monotonic()
        with executor_for(study) as other:
            theta, y, failures = run(other, study, 10)
        assert time.monotonic() - start < 4 * 10.0 + 10.0  # it may take its whole chunk with it once
        stuck = np.flatnonzero(theta[:, 0] > 0.9)
        assert len(stuck) == 1
        why = "timed out after 0.5 s and did not stop, so its worker was killed"
        assert failures == dict.fromkeys(stuck.tolist(), why)
        expected = run(SerialExecutor(), make("immortal"), 10)[1]
        expected[stuck] = np.nan
        np.testing.assert_array_equal(y, expected)
        wait_for(lambda: running(nap) == [])

    def test_what_this_ray_has_not_is_refused(self, executor, make):
        study = make(**{"simulator.gpus": 1, "executor": {"ray": {}}})
        with pytest.raises(CampaignError, match="asks for 1 num_gpus, this Ray has 0"):
            executor_for(study)

    def test_a_cluster_is_joined_with_its_token(self, executor, make, tmp_path):
        import ray

        address = ray.get_runtime_context().gcs_address
        done = alone(tmp_path, JOIN, address)
        assert (done.returncode, done.stdout.split()) == (0, ["20"]), done.stderr[-2000:]

    @pytest.mark.slow
    def test_a_cluster_is_not_joined_without_its_token(self, executor, make, tmp_path):
        import ray

        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
        done = alone(tmp_path, JOIN, ray.get_runtime_context().gcs_address, environment)
        assert "CampaignError: executor.ray: cannot join" in done.stderr


def running(source):
    """Return the processes whose last argument ends in a source."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes().endswith(source.encode() + b"\0"):
                found.append(entry.parent.name)
        except OSError:
            continue
    return found


def wait_for(holds, seconds=20.0):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


JOIN = """
import sys
from pathlib import Path
from activesci.study import Study
from activesci.simulate import FunctionSimulator, blocks
from activesci.execute import executor_for
import numpy as np
sys.stdout.flush()
settings = {"executor": {"ray": {"address": sys.argv[1]}}}
study = Study.load("study.yaml").with_settings(settings)
with executor_for(study) as executor:
    executor.submit(FunctionSimulator(study).run, blocks(study, 0, 1, np.full((20, 1), 0.5), np.full((20, 1), 0.5)))
    print(sum(not result.failures for result in executor.gather()))
"""

OWN = """
import sys
from activesci.study import Study
from activesci.simulate import FunctionSimulator, blocks
from activesci.execute import executor_for
import numpy as np
settings = {"executor": {"ray": {"workers": 1}}, "simulator.function": "model:slow"}
study = Study.load("study.yaml").with_settings(settings)
try:
    with executor_for(study) as executor:
        executor.submit(FunctionSimulator(study).run, blocks(study, 0, 1, *[np.full((5000, 1), 0.5)] * 2))
        for number, result in enumerate(executor.gather()):
            if number == 0:
                print("running", flush=True)
except KeyboardInterrupt:
    print("stopped", flush=True)
    sys.exit(3)
"""


def alone(folder, script, argument="", environment=None):
    write_study(folder)
    command = [sys.executable, "-W", "error", "-c", script, argument]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def write_study(folder):
    import yaml

    (folder / "study.yaml").write_text(yaml.safe_dump(MAPPING, sort_keys=False))


def processes_in(group):
    """Return the names of the processes of a process group that are not zombies."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        state, _, its_group, its_session = rest.split()[:4]
        if its_session == str(group) and state != "Z":
            found.append(name)
    return found


@pytest.mark.ray
def test_ctrl_c_stops_all_and_leaves_no_process(make, tmp_path):
    write_study(tmp_path)
    command = [sys.executable, "-W", "error", "-c", OWN]
    child = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True)
    with child:
        assert child.stdout.readline() == "running\n"
        assert processes_in(child.pid) != []
        os.killpg(child.pid, signal.SIGINT)
        assert child.stdout.readline() == "stopped\n"
        assert child.wait(timeout=30) == 3
    for _ in range(50):
        if not processes_in(child.pid):
            return
        time.sleep(0.1)
    raise AssertionError(processes_in(child.pid))


SIGTERM = """
import os, signal, sys
from activesci.execute.ray import RayExecutor
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
if __name__ == "__main__":
    with RayExecutor(workers=1):
        os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.ray
def test_sigterm_means_what_it_did_before_ray(tmp_path):
    done = subprocess.run([sys.executable, "-c", SIGTERM], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (7, "")
