"""A campaign's belief as an ArviZ InferenceData: prior, posterior, data and what was predicted of them."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.ledger import Event

from .base import Run, needed, new_file


def write(run: Run, to: Path) -> Path:
    """Write netCDF.

    Groups: `posterior` and `prior` (one chain of equally weighted samples; sequential Monte Carlo has no chains, so
    R-hat means nothing), `observed_data`, `constant_data` (the designs), `predictions` (what was predicted of each
    measurement before it was used).

    Raises:
        CampaignError: If ArviZ or h5netcdf is not installed, or there is no posterior yet.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # ArviZ 0.23 announces ArviZ 1.0
        arviz = needed("arviz", "arviz")
    needed("h5netcdf", "arviz")
    data = arviz.from_dict(**_groups(run), attrs=_about(run))
    data.to_netcdf(str(new_file(to)), engine="h5netcdf")
    return to


def _groups(run: Run) -> dict[str, dict[str, NDArray[Any]]]:
    inferred = [record.inferred for record in run.history.rounds if record.inferred is not None]
    groups = {"posterior": _chain(run, inferred[-1]), "prior": _chain(run, inferred[0])} if inferred else {}
    measured = run.history.measured()
    if not measured or run.history.blinding:  # outcomes and predictions are hidden then
        return groups
    space, designs = run.study.outcome_space, run.study.design_space
    xi = np.array([designs.encode(one.design) for one in measured]).reshape(len(measured), designs.dim)
    predicted = [run.arrays(one.event)["predicted"] for one in measured]
    draws = min(len(part) for part in predicted)
    each = [space.columns(part[:draws]) for part in predicted]
    groups["observed_data"] = _storable(dict(space.columns(run.history.measured_y(run.arrays))))
    groups["constant_data"] = _storable(dict(designs.columns(xi)))
    groups["predictions"] = _storable({name: np.stack([one[name] for one in each], 1)[None] for name in space.names})
    return {name: group for name, group in groups.items() if group}


def _chain(run: Run, event: Event) -> dict[str, NDArray[Any]]:
    columns = run.study.parameter_space.columns(run.arrays(event)["theta"])
    return {name: column[None] for name, column in columns.items()}


def _storable(columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return columns of types that netCDF has; labels are text."""
    return {name: column.astype(str) if column.dtype == object else column for name, column in columns.items()}


def _about(run: Run) -> dict[str, Any]:
    said = run.history.inferred.payload if run.history.inferred else {}
    evidence = {} if said.get("log_evidence") is None else {"log_evidence": said["log_evidence"]}
    return {
        "study": run.study.study,
        "study_digest": run.history.study_digest,
        "seed": run.history.seed,
        "status": run.history.status,
        "inference_library": "activesci",
        "inference_library_version": run.history.versions.get("activesci", ""),
        **evidence,
    }
