"""The folder of a workflow that is run on its own: its cache, what came of each task, and what it publishes."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from activesci.errors import LedgerError
from activesci.types import TaskResult

from .cache import Cache
from .graph import Graph
from .slots import Absent, Found, Kept, resolved

STATE = "workflow.json"


@dataclass(slots=True)
class Record:
    """What came of the tasks of one run of a workflow; written after each of them, so that it can be watched.

    Attributes:
        folder: The folder.
        said: What the run was asked: the workflow, its parameters and its seed.
        tasks: What came of each task so far.
    """

    folder: Path
    said: Mapping[str, Any]
    tasks: dict[str, TaskResult] = field(default_factory=dict)

    @property
    def cache(self) -> Cache:
        """What was done before."""
        return Cache(self.folder.resolve() / "cache")

    def note(self, result: TaskResult) -> None:
        """Take what came of a task."""
        self.tasks[result.name] = result
        self.write()

    def write(self) -> None:
        """Write it down; the file is complete at any moment."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tasks = {name: _plain(result) for name, result in self.tasks.items()}
        aside = self.folder / f".{STATE}.tmp"
        aside.write_text(json.dumps({**self.said, "tasks": tasks}, indent=1), encoding="utf-8")
        aside.replace(self.folder / STATE)

    def publish(self, graph: Graph) -> dict[str, str]:
        """Copy the published outputs, and the outcome, to `outputs/`, and return why those that are missing are."""
        wanted = {**graph.publishes, **({"outcome": graph.outcome} if graph.outcome else {})}
        target = self.folder / "outputs"
        shutil.rmtree(target, ignore_errors=True)
        missing = {}
        for name, slot in wanted.items():
            found = resolved(slot, self.tasks)
            if isinstance(found, Absent):
                missing[name] = found.reason
            else:
                self._copy(found, target / name)
        return missing

    def _copy(self, found: Found, place: Path) -> None:
        place.mkdir(parents=True)
        for number, one in enumerate(found) if isinstance(found, list) else [(None, found)]:
            name = one.name if number is None else f"{number}-{one.name}"
            shutil.copyfile(self.cache.path(one) if isinstance(one, Kept) else one, place / name)


def _plain(result: TaskResult) -> dict[str, Any]:
    return {key: value for key, value in asdict(result).items() if key != "name" and value not in ("", (), {})}


def recorded(folder: Path) -> dict[str, Any]:
    """Return what is recorded of the workflow that was run in a folder.

    Raises:
        LedgerError: If there was none.
    """
    try:
        found: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LedgerError(f"{folder}: found no {STATE}, expected the folder of `activesci workflow run`") from error
    for name in Cache(folder / "cache").running():
        found["tasks"].setdefault(name, {"status": "running"})
    return found


def reasons(folder: Path) -> dict[str, dict[str, int]]:
    """Return what came of each task and why, and how often.

    Args:
        folder: That of a workflow that was run on its own, or the cache that the simulations of a study share.

    Raises:
        LedgerError: If it is neither.
    """
    found: dict[str, Counter[str]] = {}
    shared = Cache(folder).remembered()
    named = shared or recorded(folder)["tasks"]
    for name, one in named.items():
        said = "; ".join(filter(None, [one.get("why", ""), one.get("reason", "")]))
        found.setdefault(name.rpartition("/")[2], Counter())[f"{one['status']}: {said}"] += 1
    return {name: dict(counts) for name, counts in found.items()}


def step_of(task: str) -> str:
    """Return the step that a task is a run of.

    Example:
        >>> step_of("reco[3].select[0]")
        'reco.select'
    """
    return re.sub(r"\[\d+\]", "", task)
