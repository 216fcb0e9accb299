"""The example of a plug-in: installed as a user would, it keeps its contract and carries a study."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plugin"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The environment of a process in which the example is installed."""
    built = tmp_path_factory.mktemp("built")
    for path in EXAMPLE.rglob("*"):  # the build writes beside its sources
        if path.suffix in (".py", ".toml"):
            copied = built / path.relative_to(EXAMPLE)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(path.read_bytes())
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--target", str(built / "site")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(built)], check=True)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(built / "site"), str(ROOT)])}


def done(environment, *arguments):
    found = subprocess.run([sys.executable, "-m", *arguments], env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    return found.stdout


@pytest.mark.slow
def test_a_study_runs_on_the_plugin(environment, tmp_path):
    said = done(
        environment, "activesci.cli", "run", str(EXAMPLE / "study.yaml"), "--to", str(tmp_path / "run"), "--json"
    )
    found = json.loads(said)
    assert found["posterior"]["compliance"]["sd"] <= 0.03
    assert abs(found["posterior"]["compliance"]["mean"] - 1.3) < 4 * found["posterior"]["compliance"]["sd"]
    assert "frugal_lab.designer:Frugal of frugal-lab 0.1.0" in done(
        environment, "activesci.cli", "verify", str(tmp_path / "run")
    )


def test_the_plugins_own_tests_pass(environment):
    assert "3 passed" in done(environment, "pytest", "-q", "--rootdir", str(EXAMPLE), str(EXAMPLE))
