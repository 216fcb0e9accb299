"""Tables as CSV: floats by their shortest text that reads back to the same bits, nothing for what is not there."""

import csv
from pathlib import Path

from .base import Run, new_folder
from .tables import Table, tables


def write(run: Run, to: Path) -> Path:
    """Write a file a table into a new folder."""
    folder = new_folder(to)
    for name, table in tables(run).items():
        _write(folder / f"{name}.csv", table)
    return folder


def _write(path: Path, table: Table) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(table)
        lines.writerows(zip(*table.values(), strict=True))
