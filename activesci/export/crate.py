"""A run as an RO-Crate of the Workflow Run profile, from which a stranger reruns the study with one command.

References:
    Leo et al. 2024, Recording provenance of workflow runs with RO-Crate, PLoS ONE 19(9), arXiv:2312.07852.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from activesci.errors import CampaignError
from activesci.ledger.lock import NAME as LOCK

from .base import Run, needed, new_file, new_folder
from .instructions import README, RERUN, constraints, readme, rerun
from .sources import sources
from .wheel import write_wheel

PROFILES = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
RESULTS = {
    "summary.json": "What came out, for programs",
    "posterior.csv": "Samples of the posterior, a row a sample",
    "report.html": "The report",
}
FORMATS = {
    ".md": "text/markdown",
    ".html": "text/html",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".py": "text/x-python",
    ".sh": "application/x-sh",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".sqlite": "application/vnd.sqlite3",
    ".whl": "application/zip",
}
LICENCE = "No licence is stated: ask whose study it is."


def write(run: Run, to: Path) -> Path:
    """Write the crate into a new folder, or into a file if its name ends in `.zip`.

    Raises:
        CampaignError: If rocrate is not installed, or the run was killed before it began.
        LedgerError: If code, data, events or artifacts are not what the run was made with.
    """
    rocrate = needed("rocrate.rocrate", "crate")
    if run.history.started is None:
        raise CampaignError(f"{run.folder}: found an empty ledger, expected a run that has begun")
    if to.suffix != ".zip":
        _fill(run, new_folder(to), rocrate)
        return to
    new_file(to)
    with tempfile.TemporaryDirectory(prefix="activesci-") as room:
        folder = Path(room) / to.stem
        folder.mkdir()
        _fill(run, folder, rocrate)
        shutil.make_archive(str(to.with_suffix("")), "zip", folder)
    return to


def _fill(run: Run, folder: Path, rocrate: Any) -> None:  # noqa: ANN401 - the module of a package that may be missing
    """Copy everything into the folder, and describe it."""
    beside, elsewhere = sources(run)
    for name, path in beside.items():
        (folder / "study" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / "study" / name)
    text = str(run.begun["source_text"])
    (folder / "study").mkdir(exist_ok=True)
    (folder / "study" / "study.yaml").write_text(text, encoding="utf-8")
    run.ledger.copy(folder / "run")
    (folder / "run" / LOCK).unlink()
    (folder / "run" / "study.yaml").write_text(text, encoding="utf-8")
    for name in RESULTS:
        if (run.folder / name).is_file():
            shutil.copy(run.folder / name, folder / "run" / name)
    wheel = write_wheel(folder)
    (folder / "constraints.txt").write_text(constraints(run.begun.get("packages", {})), encoding="utf-8")
    (folder / RERUN).write_text(rerun(wheel.name), encoding="utf-8")
    (folder / README).write_text(readme(run, elsewhere), encoding="utf-8")
    _Describing(run, folder, rocrate).run(wheel.name)


class _Describing:
    """Writes `ro-crate-metadata.json` about what is in the folder."""

    def __init__(self, run: Run, folder: Path, rocrate: Any) -> None:  # noqa: ANN401
        self._run, self._folder = run, folder
        self._crate = rocrate.ROCrate(version="1.1")
        self._entity = needed("rocrate.model.contextentity", "crate").ContextEntity

    def run(self, wheel: str) -> None:
        about, study = self._crate.root_dataset, self._run.study
        about["name"], about["license"] = f"activesci run of the study {study.study}", LICENCE
        about["description"] = study.description or f"A closed-loop study, {study.study}, and how to run it again"
        profiles = [self._add(uri, "CreativeWork", name=uri.split("/")[-2], version=uri[-3:]) for uri in PROFILES]
        about["conformsTo"] = profiles
        self._describe(self._workflow(), wheel)
        self._crate.write(self._folder)

    def _add(self, key: str, kind: str, /, **said: Any) -> Any:  # noqa: ANN401 - an entity of rocrate's
        return self._crate.add(self._entity(self._crate, key, properties={"@type": kind, **said}))

    def _workflow(self) -> Any:  # noqa: ANN401 - an entity of rocrate's
        study = self._run.study
        about = {
            "name": "activesci study",
            "alternateName": "activesci",
            "version": self._run.history.versions.get("activesci", ""),
            "identifier": "https://pypi.org/project/activesci/",
            "url": "https://pypi.org/project/activesci/",
        }
        kind = needed("rocrate.model.computerlanguage", "crate").ComputerLanguage
        language = self._crate.add(kind(self._crate, identifier="#activesci", properties=about))
        made = self._crate.add_workflow(
            self._folder / "study" / "study.yaml", "study/study.yaml", main=True, lang=language
        )
        made["name"], made["description"] = study.study, study.description or f"The study {study.study}"
        made["license"], made["sha256"] = LICENCE, self._run.history.study_digest
        made["input"] = [self._parameter(f"#input-{one}", one, "PropertyValue") for one in study.parameters]
        made["output"] = [self._parameter(f"#output-{name}", name, "File") for name in RESULTS]
        return made

    def _parameter(self, name: str, said: str, kind: str) -> Any:  # noqa: ANN401
        profile = {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"}
        return self._add(name, "FormalParameter", name=said, additionalType=kind, conformsTo=profile)

    def _describe(self, workflow: Any, wheel: str) -> None:  # noqa: ANN401
        """Say what every file is, and that running the workflow made the results of the inputs."""
        results = [self._file(f"run/{name}", what, f"#output-{name}") for name, what in RESULTS.items()]
        made = [result for result in results if result is not None]
        given = [
            self._file(path.relative_to(self._folder).as_posix(), "Code or data of the study")
            for path in sorted((self._folder / "study").rglob("*"))
            if path.is_file() and path.name != "study.yaml"
        ]
        ledger = self._file("run/ledger.sqlite", "Everything that happened, a chain of events")
        self._crate.add_dataset(self._folder / "run" / "artifacts", "run/artifacts")
        self._file("run/study.yaml", "The study as the run has it")
        for name, what in (
            (wheel, "The activesci that made the run"),
            ("constraints.txt", "The versions of all packages of the run"),
            (RERUN, "The command that runs the study again"),
            (README, "What this is"),
        ):
            self._file(name, what)
        self._action(workflow, [*given, *self._truths()], [*made, ledger])

    def _file(self, name: str, what: str, example_of: str | None = None) -> Any:  # noqa: ANN401
        path = self._folder / name
        if not path.is_file():
            return None
        said = {"name": name.rpartition("/")[2], "description": what, "contentSize": str(path.stat().st_size)}
        said["encodingFormat"] = FORMATS.get(path.suffix, "application/octet-stream")
        example = {"exampleOfWork": {"@id": example_of}} if example_of else {}
        about = {"about": {"@id": "./"}} if name == README else {}
        return self._crate.add_file(path, name, properties={**said, **example, **about})

    def _truths(self) -> list[Any]:
        """Return the priors that the run was given, as values of the workflow's inputs."""
        parameters = self._run.study.mapping()["parameters"]
        return [
            self._add(
                f"#value-{name}", "PropertyValue", name=name, value=str(part), exampleOfWork={"@id": f"#input-{name}"}
            )
            for name, part in parameters.items()
        ]

    def _action(self, workflow: Any, given: list[Any], made: list[Any]) -> None:  # noqa: ANN401
        events, history = self._run.ledger.events(), self._run.history
        agent = self._add("#somebody", "Person", name="Whoever ran it")
        status = "CompletedActionStatus" if history.status == "stopped" else "PotentialActionStatus"
        action = self._add(
            f"#run-{events[-1].digest[:12]}",
            "CreateAction",
            name=f"Run of {self._run.study.study}: {history.status}",
            description=history.reason or "not ended",
            startTime=events[0].time,
            endTime=events[-1].time,
            actionStatus={"@id": f"http://schema.org/{status}"},
        )
        action["instrument"], action["agent"], action["object"], action["result"] = workflow, agent, given, made
        self._crate.root_dataset["mentions"] = action
