"""The experiment graph as a picture."""

from pathlib import Path

from activesci.ledger.graph import Graph

from .base import Run, new_file


def write(run: Run, to: Path) -> Path:
    """Write the graph of a run as SVG."""
    Graph.of(run.ledger).draw(new_file(to))
    return to
