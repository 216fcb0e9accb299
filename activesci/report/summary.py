"""What a program reads of a campaign: `summary.json` and `posterior.csv`."""

import csv
import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activesci.ledger.artifacts import write_durably
from activesci.ledger.events import Event, plain
from activesci.ledger.faults import in_plain_words
from activesci.ledger.history import History, Measurement, RoundRecord
from activesci.types import FloatArray

from .forecast import latest_forecast
from .spent import spent
from .words import in_order

if TYPE_CHECKING:
    from activesci.study import Study

SUMMARY, POSTERIOR = "summary.json", "posterior.csv"
MOMENTS = ("mean", "sd", "q05", "q50", "q95")


def summary(study: "Study", history: History) -> dict[str, Any]:
    """Return the campaign in plain JSON types, DESIGN's contract of `summary.json`.

    `rounds` starts at round 1, the first that has a design; round 0, the prior's, counts only towards `simulations`.
    In a study with `batch: q` each of a round's `design`, `outcome`, `gain`, `gain_error` and `surprise` is a list
    of q. What has not happened yet is None. `expectations` is there where the study has some: text, held, found;
    `by_hand` where somebody ended it before its stop rule held: why, by, unused (measurements that could not be
    learned from), time, blind (whether the answer was hidden then); `registration` where it was registered: claim,
    time, by, digest, deviations; `hypotheses` where there are some, see
    `contest_summary`, and in each round their probabilities; `blind` where it is or was: hidden, the parameters that
    are still shifted, and once opened time, by, checks and shifts; `forecast`, how many
    more measurements it will take, while the campaign goes on and has a goal; `tuning` where the data have errors of
    their own: best, sets, correlation, directions, variations, and default, against_default, and simulated, the events
    of all simulations and their cost, where these were chosen, or before the data are used `reach`, by data set the
    numbers of bins that the simulator cannot reach; `doubt` where the last posterior is not trusted: why,
    and whether it was made wider by what is not known of the surrogate.
    """
    listed = study.designer.batch > 1 or any(len(entries(record)) > 1 for record in history.rounds)
    return {
        "study": study.study,
        "status": history.status,
        "stop_reason": history.reason or None,
        "seed": history.seed,
        "rounds": [round_summary(study, record, listed) for record in history.rounds if record.number > 0],
        **_belief(study, history.inferred),
        "simulations": history.simulations,
        "alarms": plain(history.alarms),
        **({} if (ended := history.by_hand) is None else {"by_hand": ended}),
        **({"expectations": _expectations(history)} if study.expectations else {}),
        **({"registration": _registration(study, history)} if history.registration else {}),
        **({"hypotheses": contest_summary(study, history)} if study.rivals else {}),
        **({} if (hidden := _blindness(history)) is None else {"blind": hidden}),
        **({} if (said := latest_forecast(history)) is None else {"forecast": plain(said)}),
        **({} if (tuned := _tuning(history)) is None else {"tuning": tuned}),
        **({} if (doubt := _doubt(history)) is None else {"doubt": doubt}),
    }


def _doubt(history: History) -> dict[str, Any] | None:
    """Return why the last posterior is not trusted; None if it is."""
    said = history.inferred.payload if history.inferred else {}
    why = said.get("doubt")
    return {"why": why, "widened": bool(said.get("widened"))} if why else None


def _tuning(history: History) -> dict[str, Any] | None:
    """Return what a tuner asks for, where the data have errors of their own and are known."""
    said = history.inferred.payload.get("tuning") if history.inferred else None
    paid = spent(history)
    return plain({**said, **({} if paid is None else {"simulated": paid})}) if said else None


def _expectations(history: History) -> list[dict[str, Any]] | None:
    checked = history.noted("expectations").get("checked")
    return None if checked is None else [in_order(one, ("text", "held", "found")) for one in checked]


def _registration(study: "Study", history: History) -> dict[str, Any]:
    assert (event := history.registration) is not None  # asked only of a registered campaign
    order = ("what", "registered", "now", "reason", "by", "time")
    return {
        "claim": study.claim,
        "time": event.time,
        "by": event.payload["by"],
        "digest": event.digest,
        "deviations": [in_order(one, order) for one in history.deviations],
    }


BLIND_IN = ("region", "designs", "salt", "labels")
"""What a blind campaign may hide beside where its parameters are."""


def _blindness(history: History) -> dict[str, Any] | None:
    """Return what is hidden, or how it was opened; None for a campaign that never was blind."""
    if (event := history.blinding) is not None:
        more: dict[str, Any] = {key: event.payload[key] for key in BLIND_IN if key in event.payload}
        return {"hidden": event.payload["parameters"], **more}
    if (event := history.unblinding) is None:
        return None
    told = [key for key in ("salt", "labels") if key in event.payload]
    return {"hidden": [], "time": event.time, **in_order(event.payload, ("by", "checks", "shifts", *told))}


def round_summary(study: "Study", record: RoundRecord, listed: bool = False) -> dict[str, Any]:
    """Return one round as an entry of `summary.json`.

    Args:
        study: The study.
        record: The round.
        listed: Whether a round has several designs, so that what belongs to a design is a list.
    """
    found = [_entry(study, proposal, measured) for proposal, measured in entries(record)]
    keys = ("design", "outcome", "gain", "gain_error", "surprise")
    single = found[0] if found else dict.fromkeys(keys)
    said = {key: [entry[key] for entry in found] for key in keys} if listed else single
    surprise = said.pop("surprise")
    return {
        "round": record.number,
        **said,
        "simulations": record.simulations,
        "seconds": record.seconds,
        "posterior": _belief(study, record.inferred)["posterior"],
        "surprise": surprise,
        **({"hypotheses": _probabilities(study, record.inferred)} if study.rivals else {}),
    }


def _probabilities(study: "Study", inferred: Event | None) -> dict[str, float] | None:
    said = (inferred.payload if inferred else {}).get("hypotheses")
    return None if said is None else {one.name: said[one.name]["probability"] for one in study.rivals}


def contest_summary(study: "Study", history: History) -> dict[str, Any] | None:
    """Return how the hypotheses stand: what may be claimed, each one in numbers, and parameters whichever is true.

    Beside it, what was to be expected before the first measurement (`foreseen`). None before the first
    posterior. Log Bayes factors [nats] are against the first hypothesis (`log_bayes_factor`) and
    against the others together (`against_rest`); one that is not finite is None.
    """
    said = history.inferred.payload if history.inferred else {}
    if "hypotheses" not in said:
        return None
    checked = history.noted("expectations").get("hypotheses", {})
    each = [
        {
            "name": one.name,
            "statement": one.statement,
            "prior": one.probability,
            **in_order(said["hypotheses"][one.name], ("probability", "probability_error", "log_bayes_factor")),
            "expectations": [in_order(found, ("text", "held", "found")) for found in checked.get(one.name, [])],
        }
        for one in study.rivals
    ]
    first = history.rounds[0].inferred
    foreseen = first.payload.get("foreseen") if first else None
    return {"claim": said.get("claim"), "each": each, "averaged": said["averaged"], "foreseen": foreseen}


def entries(record: RoundRecord) -> list[tuple[Mapping[str, Any], Measurement | None]]:
    """Return a round's proposals, each with the measurement that answered it, and the design that was measured.

    Recorded data that are used without a choice (simulator tuning) are proposals that nobody had to make.
    """
    answers = {measurement.proposal: measurement for measurement in record.measurements}
    made: dict[int, Mapping[str, Any]] = {proposal["id"]: proposal for proposal in record.proposals}
    given = {number: {"design": answer.design} for number, answer in answers.items() if number not in made}
    return [(_measured(one, answers.get(number)), answers.get(number)) for number, one in {**made, **given}.items()]


def _measured(proposal: Mapping[str, Any], answer: Measurement | None) -> Mapping[str, Any]:
    """Return a proposal with the design that was measured in its place, as far as that is shown."""
    return proposal if answer is None or not answer.design else {**proposal, "design": answer.design}


def _entry(study: "Study", proposal: Mapping[str, Any], measured: Measurement | None) -> dict[str, Any]:
    return {
        "design": in_order(proposal.get("design") or {}, study.design_space.names),
        "outcome": in_order(measured.outcome, study.outcome_space.names) if measured and measured.outcome else None,
        "gain": proposal.get("gain"),
        "gain_error": proposal.get("error"),
        "surprise": measured.surprise if measured else None,
    }


def _belief(study: "Study", inferred: Event | None) -> dict[str, Any]:
    said = inferred.payload if inferred else {}
    moments = in_order(said.get("posterior") or {}, study.parameter_space.names)
    ordered = {name: in_order(values, MOMENTS) for name, values in moments.items()}
    return {"posterior": ordered or None, "log_evidence": said.get("log_evidence")}


def summary_text(study: "Study", history: History) -> str:
    """Return the text of `summary.json`."""
    return json.dumps(summary(study, history), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def posterior_text(study: "Study", theta: FloatArray) -> str:
    """Return the text of `posterior.csv`: one row a sample, a column a parameter, fixed ones included.

    Args:
        study: The study.
        theta: Samples of the free parameters, (n, d).
    """
    columns = study.parameter_space.columns(theta)
    buffer = StringIO()
    lines = csv.writer(buffer, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return buffer.getvalue()


def write_summary(study: "Study", history: History, folder: str | Path) -> Path:
    """Write `summary.json`, complete or not at all, and return its path."""
    return write(Path(folder) / SUMMARY, summary_text(study, history))


def write_posterior(study: "Study", theta: FloatArray, folder: str | Path) -> Path:
    """Write `posterior.csv`, complete or not at all, and return its path."""
    return write(Path(folder) / POSTERIOR, posterior_text(study, theta))


def write(path: Path, text: str) -> Path:
    """Write a text file, complete or not at all.

    Raises:
        LedgerError: If the disk is full or the folder cannot be written.
    """
    with in_plain_words(path.parent):
        write_durably(path, text.encode())
    return path
