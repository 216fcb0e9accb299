"""A campaign as MLflow runs: one for the campaign, and inside it one a round."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from activesci.ledger import RoundRecord

from .base import Run, needed, new_folder
from .tables import rounds

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"
LONGEST = 500
"""Characters of a parameter's value; MLflow refuses more than 6000."""
RESULTS = ("study.yaml", "summary.json", "posterior.csv", "report.html")


def write(run: Run, to: Path) -> Path:
    """Write a folder that `mlflow ui --backend-store-uri sqlite:///DIR/mlflow.db` shows.

    Raises:
        CampaignError: If MLflow is not installed.
    """
    mlflow = needed("mlflow", "mlflow")
    needed("sqlalchemy", "mlflow")
    needed("alembic", "mlflow")
    folder = new_folder(to).resolve()
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder / DATABASE}")
    place = client.create_experiment(run.study.study, artifact_location=(folder / ARTIFACTS).as_uri())
    _Writing(run, client, place).run()
    return to


class _Writing:
    """Writes a campaign and its rounds into an experiment of MLflow's."""

    def __init__(self, run: Run, client: Any, place: str) -> None:  # noqa: ANN401 - an MlflowClient
        self._run, self._client, self._place = run, client, place

    def run(self) -> None:
        history, events = self._run.history, self._run.ledger.events()
        about = {"study_digest": history.study_digest, "seed": str(history.seed), "status": history.status}
        whole = self._begun(self._run.folder.resolve().name, events[0].time, {**about, "reason": history.reason})
        for name, value in leaves(self._run.study.mapping()):
            self._client.log_param(whole, name, value[:LONGEST])
        told = rounds(self._run)
        for i, record in enumerate(history.rounds):
            said = {name: column[i] for name, column in told.items()}
            self._round(whole, record, said)
            self._log(whole, said, record.number)
        for name in RESULTS:
            if (self._run.folder / name).is_file():
                self._client.log_artifact(whole, str(self._run.folder / name))
        self._client.set_terminated(whole, "FINISHED", milliseconds(events[-1].time))

    def _round(self, whole: str, record: RoundRecord, said: Mapping[str, Any]) -> None:
        if not record.events:
            return
        tags = {"mlflow.parentRunId": whole, "round": str(record.number)}
        own = self._begun(f"round {record.number}", record.events[0].time, tags)
        for one in record.proposals:
            for name, value in one["design"].items():
                self._client.log_param(own, f"design.{one['id']}.{name}", value)
        self._log(own, said, record.number)
        self._client.set_terminated(own, "FINISHED", milliseconds(record.events[-1].time))

    def _begun(self, name: str, time: str, tags: Mapping[str, str]) -> str:
        made = self._client.create_run(self._place, start_time=milliseconds(time), tags=dict(tags), run_name=name)
        return str(made.info.run_id)

    def _log(self, own: str, said: Mapping[str, Any], step: int) -> None:
        for name, value in said.items():
            if name != "round" and value is not None:
                self._client.log_metric(own, name, float(value), step=step)


def leaves(value: Any, where: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - anything JSON may hold
    """Yield every leaf of a nested mapping with its path.

    Example:
        >>> list(leaves({"stop": {"rounds": 3}}))
        [('stop.rounds', '3')]
    """
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from leaves(item, f"{where}.{name}" if where else str(name))
    else:
        yield where, str(value)


def milliseconds(time: str) -> int:
    """Return a time of the ledger's in milliseconds since 1970, as MLflow has it."""
    return round(datetime.fromisoformat(time).timestamp() * 1000)
