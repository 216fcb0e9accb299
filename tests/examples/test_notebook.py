"""The notebook runs from top to bottom and finds what is true; what is committed of it has no outputs."""

import json
import re
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "scientific_method.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]
ROUND = re.compile(r"^\s*\d+: measured at +([\d.]+) GeV", re.MULTILINE)


def test_it_is_committed_as_it_is_before_it_is_run():
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CELLS if "outputs" in cell)


def test_every_cell_is_python_and_some_are_the_readers():
    for source in CODE:
        compile(source.replace("%matplotlib inline", ""), "cell", "exec")
    assert sum(source.startswith("# YOURS") for source in CODE) >= 3


def test_it_runs_and_finds_what_is_true(socket_enabled):
    """Three quarters of a minute, which every change pays. The kernel talks through sockets of this machine."""
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")

    notebook = nbformat.read(NOTEBOOK, 4)
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    client.NotebookClient(notebook, timeout=1200, kernel_name="python3", resources=where).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    text = "".join(output["text"] for output in shown if output.output_type == "stream")
    boards = [html for output in shown if (html := output.get("data", {}).get("text/html", "")) and "<svg" in html]
    measured = [float(energy) for energy in ROUND.findall(text)]
    assert len(measured) >= 2
    assert any(80 < energy < 105 for energy in measured)  # the mixing angle shows near the Z
    assert any(not 80 < energy < 105 for energy in measured)  # the Fermi constant elsewhere
    assert len(boards) >= 2
    assert "Stopped" in boards[-1]
    assert re.search(r"1: pole at +91.2 GeV, error 0.0023", text)
    assert re.search(r"2: born at +57.8 GeV", text)
    probability = float(re.search(r"universal +([\d.]+) \+-", text)[1])
    assert 0.8 < probability < 0.97
    assert str(Path.home()) not in text
