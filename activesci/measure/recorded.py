"""Recorded measurements: a pool of rows, each usable once."""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from activesci.errors import DataError, DesignError, OutcomeError
from activesci.types import FloatArray

from .base import Attempt, PoolRows
from .lines import read_json_lines
from .records import Record
from .table import read_csv

if TYPE_CHECKING:
    from activesci.study import Study


class RecordedExperiment:
    """Nature as a file of measurements that were taken before: CSV or JSON Lines.

    Args:
        study: The study; the file lies beside it.

    Attributes:
        digest: The sha256 (hex) of the file.

    Raises:
        DataError: If the file is missing or any row of it is wrong.
    """

    def __init__(self, study: "Study") -> None:
        path = study.folder / str(study.experiment.recorded)
        content = _content(path)
        self.digest = hashlib.sha256(content).hexdigest()
        self._pool = read_pool(study, path.name, content)

    def measure(self, xi: FloatArray, round: int, proposal: int, attempt: int, used: Collection[int] = ()) -> Attempt:
        """Return the first row with this design that is not used up.

        Raises:
            DesignError: If there is no such row.
        """
        left = self._pool.remaining(used)
        fits = left[(self._pool.xi[left] == xi).all(axis=1)]
        if not len(fits):
            raise DesignError(f"design: found {np.asarray(xi).tolist()}, expected that of an unused row of the pool")
        row = int(fits[0])
        return Attempt("ok", self._pool.y[row], row=row)

    def pool(self) -> PoolRows:
        """Return all rows."""
        return self._pool


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name}: found no file that can be read ({error.strerror}), expected {path}") from error


def read_pool(study: "Study", name: str, content: bytes) -> PoolRows:
    """Return the rows of a file of recorded measurements.

    Args:
        study: The study, whose designs and outcomes the file has.
        name: The file's name; it says of which kind it is.
        content: What is in it.

    Raises:
        DataError: What is wrong with it and in which line.
    """
    text = _text(name, content)
    read = read_csv if name.lower().endswith(".csv") else read_json_lines
    rows = [_row(study, name, record) for record in read(study, name, text)]
    if not rows:
        raise DataError(f"{name}: found no measurements, expected at least one")
    return PoolRows(np.stack([xi for xi, _ in rows]), np.stack([y for _, y in rows]))


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")  # spreadsheets put a byte order mark in front
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{name}:{line}: found a byte that is no UTF-8, expected text in UTF-8") from error


def _row(study: "Study", name: str, record: Record) -> tuple[FloatArray, FloatArray]:
    try:
        xi = study.design_space.encode(record.design)
        y = study.outcome_space.flatten(record.outcome, record.design)
    except (DesignError, OutcomeError) as error:
        place = str(error).removeprefix("design.").removeprefix("outcome.")
        raise DataError(f"{name}:{record.line}: {place}") from error
    if not study.design_space.feasible(xi[None, :])[0]:
        raise DataError(
            f"{name}:{record.line}: design: found {dict(record.design)}, expected one within the constraints"
        )
    return xi, y
