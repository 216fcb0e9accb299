"""The files of a study: what somebody else needs beside study.yaml to run it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from activesci.errors import LedgerError
from activesci.loop.candidates import nature_of, rivals_digest, simulators_of
from activesci.simulate import nature_for, simulator_for
from activesci.simulate.source import load_source

from .base import Run


def sources(run: Run) -> tuple[dict[str, Path], list[str]]:
    """Return the study's files by their path from its folder, and the names of those that lie elsewhere, plug-ins too.

    Raises:
        LedgerError: If the code or the data are not what the run was made with.
    """
    study, folder = run.study, run.study.folder.resolve()
    _require_same(run)
    nature = nature_for(study)
    found = [*simulator_for(study).files, *(nature.files if nature else ()), *_modules(study.mapping(), folder)]
    if study.experiment.recorded is not None:
        found.append(folder / study.experiment.recorded)
    paths = [path.absolute() for path in dict.fromkeys(found)]
    beside = {path.relative_to(folder).as_posix(): path for path in paths if path.is_relative_to(folder)}
    elsewhere = [str(path) for path in paths if not path.is_relative_to(folder)]
    return beside, [*elsewhere, *_plugins(run)]


def _plugins(run: Run) -> list[str]:
    """Return the packages that offered the run's designer or surrogate, which whoever reruns it has to install."""
    found = (run.begun.get(f"{part}_plugin") for part in ("designer", "surrogate"))
    named = (
        f"{said['package']}=={said['version']} (a plug-in: install it where activesci is)" for said in found if said
    )
    return list(dict.fromkeys(named))


def _require_same(run: Run) -> None:
    """Refuse to hand on other code or data than those of the run."""
    simulator = simulator_for(run.study)
    simulator.load()
    now = {
        "simulator_digest": ("simulator's code", simulator.digest),
        "data_digest": ("data", getattr(nature_of(run.study, simulator), "digest", None)),
        "rivals_digest": ("code of a hypothesis' own simulator", rivals_digest(simulators_of(run.study))),
    }
    for key, (what, digest) in now.items():
        if run.begun.get(key) != digest:
            raise LedgerError(
                f"{run.study.folder}: the study's {what} is not what the run was made with: put it back as it was, "
                "then export"
            )


def _modules(value: Any, folder: Path) -> Iterator[Path]:  # noqa: ANN401 - anything a study may hold
    """Yield the files of every module beside the study that it names as `module:function`."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _modules(item, folder)
    elif isinstance(value, str) and ":" in value:
        module = value.partition(":")[0]
        if module.replace(".", "").isidentifier() and folder.joinpath(*module.split(".")).with_suffix(".py").is_file():
            yield from load_source(module, folder).files
