"""The names that other people's programs rest on, and what importing them costs."""

import resource
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import activesci

NAMES = {
    "ActiveSciError",
    "ActiveSciWarning",
    "Campaign",
    "CampaignError",
    "Client",
    "DataError",
    "DesignError",
    "LedgerError",
    "OutcomeError",
    "SimulatorError",
    "Study",
    "StudyError",
    "WorkersLost",
    "__version__",
}
HEAVY = {"torch", "ray", "skopt", "sklearn", "matplotlib", "fastapi", "httpx2"}
HELP_SECONDS = 0.5  # of CPU, the contract's own figure


def cpu_seconds(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def heavy_after(statement):
    code = f"import sys; {statement}; print(' '.join(sorted({{n.partition('.')[0] for n in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return HEAVY & set(done.stdout.split())


def test_public_names_are_exactly_these():
    assert set(activesci.__all__) == NAMES
    assert set(dir(activesci)) == NAMES


def test_every_public_name_is_there():
    assert all(getattr(activesci, name) is not None for name in NAMES)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Campain'"):
        _ = activesci.Campain


def test_every_error_is_exported():
    from activesci import errors

    assert {name for name in vars(errors) if name[0].isupper()} <= NAMES


@pytest.mark.parametrize(
    "statement",
    [
        "import activesci",
        "import activesci.cli",
        "import activesci; activesci.Study",
        "import activesci.ledger",
        "import activesci.simulate",
        "import activesci.measure",
        "import activesci.execute",
        "import activesci.report",
    ],
)
def test_importing_takes_no_heavy_library(statement):
    assert heavy_after(statement) == set()


def test_importing_activesci_takes_not_even_numpy():
    code = "import sys, activesci; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_help_takes_less_than_half_a_second_of_cpu():
    help_ = (sys.executable, "-m", "activesci.cli", "--help")
    assert min(cpu_seconds(*help_) for _ in range(3)) < HELP_SECONDS


def test_every_pinned_package_runs_on_the_oldest_python_that_we_name():
    lines = (Path(__file__).parents[1] / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    found = {
        one.metadata["Name"].lower().replace("_", "-"): one.metadata["Requires-Python"] for one in distributions()
    }
    asked = {name: python for name, python in found.items() if name in pinned and python}
    assert len(asked) > 50
    assert {name: python for name, python in asked.items() if "3.11.0" not in SpecifierSet(python)} == {}
