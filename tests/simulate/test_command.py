"""A program as a simulator: what it is told, what it leaves, and that whatever it does ends in a result."""

import json
import pickle
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import SimulatorError
from activesci.simulate import CommandSimulator, simulator_for
from activesci.simulate.command import SEEDS
from activesci.types import FailedAttempt

from .programs import GOOD, gathered, plan, study_of


@pytest.fixture(autouse=True)
def scratch_here(tmp_path, monkeypatch):
    """Have scratch folders made where the test can see that they are gone."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    assert list(place.iterdir()) == []


def run(study, n=6):
    simulator = CommandSimulator(study)
    return gathered(simulator.run(block) for block in plan(study, n))


def test_a_program_is_told_all_and_its_outcome_is_read(tmp_path):
    study = study_of(tmp_path, GOOD)
    planned = plan(study)
    y, failures = run(study)
    assert failures == {}
    assert isinstance(simulator_for(study), CommandSimulator)
    seeds = [given_to(study, block)["seed"] for block in planned]
    assert len(set(seeds)) == 6
    assert all(0 <= seed < SEEDS for seed in seeds)
    for block, seed, found in zip(planned, seeds, y[:, 0], strict=True):
        expected = 2 * block.theta[0, 0] + block.xi[0, 0] + random.Random(seed).gauss(0, 1)
        assert found == (expected if block.xi[0, 2] == 0 else -expected)


def given_to(study, block):
    """Return what the program is told of a block's first simulation."""
    return CommandSimulator(study)._given(block, 0)


def test_arguments_are_filled_and_no_shell_sees_them(tmp_path):
    echo = (
        "import json, sys; json.dump({'y': 1}, open(sys.argv[-1], 'w')); open(sys.argv[1], 'w').write(repr(sys.argv))"
    )
    places = [
        "{parameters.a}",
        "{design.x}",
        "{design.n}",
        "{design.way}",
        "{seed}",
        "{input}",
        "{{x}}",
        "$HOME; `id`",
    ]
    command = ["{python}", "-S", "{folder}/sim.py", str(tmp_path / "said"), *places, "{output}"]
    study = study_of(tmp_path, echo, command=command)
    [block] = plan(study, 1)
    assert CommandSimulator(study).run(block).failures == {}
    given = given_to(study, block)
    a, x, n, way, seed, path, brace, shell, output = eval((tmp_path / "said").read_text())[2:]
    assert (float(a), float(x)) == (block.theta[0, 0], block.xi[0, 0])  # bit for bit
    assert (n, way, seed) == (str(given["design"]["n"]), given["design"]["way"], str(given["seed"]))
    assert (Path(path).name, brace, shell, Path(output).name) == ("input.json", "{x}", "$HOME; `id`", "output.json")


def test_a_simulation_does_not_depend_on_its_company_or_its_process(tmp_path):
    study = study_of(tmp_path, GOOD)
    copy = pickle.loads(pickle.dumps(CommandSimulator(study)))
    backwards = gathered(copy.run(block) for block in reversed(plan(study)))
    np.testing.assert_array_equal(backwards[0], run(study)[0])


def test_it_runs_in_an_empty_folder_of_its_own(tmp_path):
    source = "import os, json; json.dump({'y': len(os.listdir())}, open('output.json', 'w')); open('litter', 'w')"
    assert run(study_of(tmp_path, source))[0].ravel().tolist() == [1.0] * 6  # input.json


def test_a_folder_that_is_made_unreadable_is_removed(tmp_path):
    source = "import os; os.makedirs('a/b'); os.chmod('a/b', 0); os.chmod('a', 0)\n" + GOOD
    assert run(study_of(tmp_path, source), 1)[1] == {}


def test_its_surroundings_are_the_studys(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    source = """
import json, os
assert os.environ["DETECTOR"] == "A" and os.environ["RUNS"] == "3" and "RAY_AUTH_TOKEN" not in os.environ
assert os.environ["TMPDIR"] == os.getcwd() and os.environ["PYTHONHASHSEED"] == "0" and os.environ["PATH"]
json.dump({"y": int(os.environ["OMP_NUM_THREADS"])}, open("output.json", "w"))
"""
    variables = {"variables": {"DETECTOR": "A", "RUNS": 3}}
    assert run(study_of(tmp_path, source, environment=variables), 1)[0] == 1
    assert run(study_of(tmp_path, source, environment=variables, cpus=2), 1)[0] == 2


ENDINGS = {
    "raises": ("raise RuntimeError('no beam')", "exit code 1: RuntimeError: no beam"),
    "exits": ("import sys; sys.exit(3)", "exit code 3"),
    "base": ("class Odd(BaseException): pass\nraise Odd('x')", "Odd: x"),
    "segfault": ("import os; os.kill(os.getpid(), 11)", "killed by SIGSEGV"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL, as the system does when memory runs out"),
    "hangs": ("import time; time.sleep(60)", "timed out after 1 s"),
    "hungry": (
        "a = bytearray(200 * 2**20); import time; time.sleep(60)",
        "ran out of memory: used more than 100000000",
    ),
    "nothing": ("", "output.json: found no such file"),
    "folder": ("import os; os.mkdir('output.json')", "output.json: found something that is no plain file"),
    "pipe": ("import os; os.mkfifo('output.json')", "output.json: found something that is no plain file"),
    "link": ("import os; os.symlink('/etc/passwd', 'output.json')", "output.json: found no such file"),
    "gigabyte": ("open('output.json', 'wb').truncate(10**9)", "found 1000000000 bytes, expected at most 16777216"),
    "half": ("open('output.json', 'w').write('{\"y\": 1')", "output.json: found no JSON"),
    "noise": ("open('output.json', 'wb').write(bytes(range(256)))", "output.json: found no JSON"),
    "deep": ("open('output.json', 'w').write('[' * 10**5)", "output.json: found no JSON"),
    "twice": ('open("output.json", "w").write(\'{"y": 1, "y": 2}\')', "output.json: y: found 2 times, expected once"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_bad_end_is_a_failed_attempt_with_its_reason(tmp_path, ending):
    source, reason = ENDINGS[ending]
    study = study_of(tmp_path, "import sys; print('a word', file=sys.stderr)\n" + source, timeout=1.0, memory=1e8)
    [block] = plan(study, 1)
    result = CommandSimulator(study).run(block)
    assert np.isnan(result.y).all()
    assert reason in result.failures[0]
    [attempt] = result.attempts
    assert (attempt.row, attempt.attempt, attempt.reason) == (0, 1, result.failures[0])
    assert attempt.stderr.startswith("a word")


VALUES = {
    "nan": ("NaN", "nan"), "infinity": ("-Infinity", "inf"), "text": ('"a"', "'a'"), "list": ("[1, 2]", r"shape|list"),
    "empty": ("[]", "shape|list"), "boolean": ("true", "bool|True"), "null": ("null", "None"),
    "object": ("{}", "dict|{}"), "enormous": ("1" + "0" * 400, "no JSON|finite|number"),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_what_is_no_outcome_is_refused(tmp_path, name):
    text, reason = VALUES[name]
    study = study_of(tmp_path, f"open('output.json', 'w').write('{{\"y\": ' + {text!r} + '}}')")
    y, failures = run(study, 1)
    assert np.isnan(y).all()
    assert __import__("re").search(reason, failures[0]), failures


def test_a_wrong_name_is_refused(tmp_path):
    study = study_of(tmp_path, "open('output.json', 'w').write('{\"z\": 1}')")
    assert "unknown name 'z'" in run(study, 1)[1][0]


FLAKY = """
import json, os, pathlib, sys
given = json.load(open("input.json"))
marks = pathlib.Path(os.environ["MARKS"]); marks.mkdir(exist_ok=True)
tries = len(list(marks.glob(f"{given['seed']}-*")))
(marks / f"{given['seed']}-{tries}").touch()
if tries < int(os.environ["FAILS"]):
    sys.exit(f"try {tries + 1}")
json.dump({"y": given["seed"]}, open("output.json", "w"))
"""


def test_what_failed_is_tried_again_with_the_same_seed(tmp_path):
    variables = {"MARKS": str(tmp_path / "marks"), "FAILS": 2}
    study = study_of(tmp_path, FLAKY, retries=2, environment={"variables": variables})
    [block] = plan(study, 1)
    result = CommandSimulator(study).run(block)
    assert result.failures == {}
    assert result.y[0, 0] == given_to(study, block)["seed"]
    assert result.attempts == [FailedAttempt(0, i, f"exit code 1: try {i}", f"try {i}") for i in (1, 2)]


@pytest.mark.parametrize(("retries", "attempt", "made"), [(2, 1, [1, 2, 3]), (2, 3, [3]), (0, 1, [1]), (None, 1, [1])])
def test_no_more_attempts_are_made_than_the_study_allows(tmp_path, retries, attempt, made):
    from dataclasses import replace

    settings = {} if retries is None else {"retries": retries}
    study = study_of(tmp_path, "import sys; sys.exit(1)", **settings)
    result = CommandSimulator(study).run(replace(plan(study, 1)[0], attempt=attempt))
    assert [one.attempt for one in result.attempts] == made
    assert set(result.failures) == {0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"command": ["./nothing"]}, r"simulator.command\[0\]: found no file .*nothing"),
        ({"command": ["no-such-program-anywhere"]}, "found no program 'no-such-program-anywhere' on PATH"),
        ({"command": ["./sim.py"]}, "is no program yet: try `chmod"),
        ({"command": ["{design.way}"]}, "expected a program that is always the same"),
        ({"files": ["helper.py"]}, "simulator.files: found no file 'helper.py' beside the study"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_runs(tmp_path, changes, message):
    with pytest.raises(SimulatorError, match=message):
        CommandSimulator(study_of(tmp_path, GOOD, **changes)).load()


def test_its_digest_is_of_all_that_it_consists_of(tmp_path):
    (tmp_path / "helper.py").write_text("x = 1")

    def digest(source=GOOD, **changes):
        return CommandSimulator(study_of(tmp_path, source, **changes)).digest

    before = digest()
    assert digest() == before
    assert digest(GOOD + "\n") != before
    assert digest(command=["/bin/true", "{folder}/sim.py"]) != before
    with_helper = digest(files=["helper.py"])
    (tmp_path / "helper.py").write_text("x = 2")
    assert len({before, with_helper, digest(files=["helper.py"])}) == 3


def test_a_program_that_changes_while_a_campaign_runs_fails(tmp_path):
    study = study_of(tmp_path, GOOD)
    simulator = CommandSimulator(study)
    assert simulator.run(plan(study)[0]).failures == {}
    (tmp_path / "sim.py").write_text(GOOD + "\n# another one\n")
    assert "its files were changed" in simulator.run(plan(study)[1]).failures[0]
    copy = pickle.loads(pickle.dumps(simulator))  # what a worker gets
    assert "found other files here" in copy.run(plan(study)[2]).failures[0]
    assert CommandSimulator(study).run(plan(study)[1]).failures == {}


def test_a_full_disk_is_a_failure(tmp_path, monkeypatch):
    study = study_of(tmp_path, GOOD)

    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    assert run(study, 1)[1] == {0: "cannot be run: [Errno 28] No space left on device"}


def test_ctrl_c_goes_through(tmp_path):
    study = study_of(tmp_path, "import os, signal; os.kill(os.getppid(), signal.SIGINT); import time; time.sleep(60)")
    with pytest.raises(KeyboardInterrupt):
        run(study, 1)


def test_a_cost_may_be_a_function_of_a_module(tmp_path):
    (tmp_path / "prices.py").write_text("def price(design):\n    return 1.0 + design['x']\n")
    study = study_of(tmp_path, GOOD).with_settings({"cost": "prices:price"})
    xi = plan(study, 1)[0].xi
    np.testing.assert_array_equal(CommandSimulator(study).cost(xi), 1 + xi[:, 0])


def test_the_input_says_what_the_documentation_says(tmp_path):
    source = (
        "import json; json.dump({'y': 1}, open('output.json', 'w')); open(%r, 'w').write(open('input.json').read())"
    )
    study = study_of(tmp_path, source % str(tmp_path / "seen"))
    run(study, 1)
    given = json.loads((tmp_path / "seen").read_text())
    assert sorted(given) == ["design", "output", "parameters", "seed"]
    assert given["parameters"]["c"] == 2.0
    assert given["output"] == "output.json"
