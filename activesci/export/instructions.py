"""What an exported study says to whoever gets it: how to run it again, and with which packages."""

from collections.abc import Mapping, Sequence

from .base import Run

RERUN, README = "rerun.sh", "README.md"


def rerun(wheel: str) -> str:
    """Return the script that reruns the study; `ACTIVESCI=path` takes one that is installed already."""
    return f"""#!/bin/sh
# Runs the study again and holds every number against the record; the new run is in again/.
# ACTIVESCI=/path/to/activesci uses one that is installed, PYTHON=/path/to/python3 another Python.
set -eu
cd "$(dirname "$0")"
if [ -z "${{ACTIVESCI:-}}" ]; then
    ACTIVESCI=.venv/bin/activesci
    if [ ! -x "$ACTIVESCI" ]; then
        "${{PYTHON:-python3}}" -m venv .venv
        .venv/bin/python -m pip install --quiet -c constraints.txt ./{wheel}
    fi
fi
exec "$ACTIVESCI" replay run --study study --to again "$@"
"""


def constraints(packages: Mapping[str, str]) -> str:
    """Return the versions of a run's packages as pip reads them; none are known of a run of an older activesci.

    A local suffix (such as +cpu) names a build that another index may not have, so it is left out.
    """
    lines = [f"{name}=={version.partition('+')[0]}" for name, version in packages.items() if name != "activesci"]
    return "\n".join(["# The versions of the packages with which the run was made.", *lines, ""])


def readme(run: Run, elsewhere: Sequence[str]) -> str:
    """Return what this is, in words.

    Args:
        run: The run.
        elsewhere: Files that the study needs and that are not beside it.
    """
    history = run.history
    needs = "".join(f"\n- `{name}`" for name in elsewhere)
    more = f"\n\nThe study also needs what does not lie beside it:\n{needs}" if elsewhere else ""
    python = history.versions.get("python", "3.11").rpartition(".")[0]
    said = run.study.description or "A closed-loop study"
    ended = f"{history.status}, {history.reason}" if history.reason else history.status
    return f"""# {run.study.study}

{said}, run with activesci {history.versions.get("activesci", "")}: {ended}.

    sh {RERUN}

computes everything again (Python {python}; it makes `.venv` with the packages of the run). Designs are chosen,
simulations run and posteriors sampled anew; only the measurements are taken as recorded. It says whether every number
is as recorded, or names the first that is not; on another kind of machine `sh {RERUN} --tolerance 1e-6` may help.

| here | is |
|---|---|
| `study/` | the question: study.yaml, its code and its data |
| `run/` | the run: ledger, artifacts, results; `run/report.html` is the answer |
| `ro-crate-metadata.json` | all of this for programs (RO-Crate, Workflow Run) |{more}
"""
