"""The kinds of export, each loaded when it is asked for."""

from importlib import import_module
from pathlib import Path

from .base import Exporter, Run

KINDS = {
    "arviz": "an ArviZ InferenceData, netCDF",
    "crate": "an RO-Crate (Workflow Run) that reruns the study with one command, a folder or a .zip",
    "csv": "tables as CSV, a folder",
    "graph": "the experiment graph as a picture, SVG",
    "mlflow": "MLflow runs, a folder",
    "parquet": "tables as Parquet, a folder",
    "prov": "W3C PROV, PROV-JSON",
}
"""What each kind writes."""


def export(kind: str, folder: Path, to: Path) -> Path:
    """Write the run in a folder in a form of somebody else's, and return the path of what was written.

    Args:
        kind: One of KINDS.
        folder: The run folder.
        to: Where to write it; nothing is overwritten.

    Raises:
        LedgerError: If the run does not hold.
        CampaignError: If the package that the kind needs is missing, or there is something at `to` already.
    """
    module = import_module(f"activesci.export.{'picture' if kind == 'graph' else kind}")
    write: Exporter = module.write
    with Run.opened(folder) as run:
        return write(run, to)
