"""The environment variables of a program: those there are, less our secrets, and what makes a run repeatable."""

import os
from collections.abc import Mapping
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
OURS = ("RAY_", "PYTHONBREAKPOINT", "PYTHONUNBUFFERED")
"""What Ray sets for its workers, its token among it: a program must neither know it nor run differently for it."""


def surroundings(variables: Mapping[str, str], folder: Path, cpus: float | None) -> dict[str, str]:
    """Return the environment of a program.

    Args:
        variables: What the study sets; it has the last word.
        folder: The scratch folder, where its temporary files go.
        cpus: The CPUs that it may use, one by default: as many threads are asked of numerical libraries.
    """
    return {**inherited(), **fixed(folder, cpus), **variables}


def inherited() -> dict[str, str]:
    """Return the variables that there are, less our secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def fixed(folder: Path, cpus: float | None) -> dict[str, str]:
    """Return the variables that make a run repeatable."""
    threads = str(max(1, int(cpus or 1)))
    return {**dict.fromkeys(THREADS, threads), "PYTHONHASHSEED": "0", "TMPDIR": str(folder)}
