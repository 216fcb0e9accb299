"""A run as tables: rounds, measurements, gains, simulations, attempts that failed, and the posterior."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.ledger import Event, Kind, RoundRecord, unpack_attempts
from activesci.types import FloatArray

from .base import Run

Table = dict[str, list[Any]]
"""Columns by name, all of one length."""


def tables(run: Run) -> dict[str, Table]:
    """Return all tables by name; what a run does not have yet is a table without rows."""
    return {
        "rounds": rounds(run),
        "measurements": measurements(run),
        "gains": gains(run),
        "simulations": simulations(run),
        "failed_attempts": failed_attempts(run),
        "posterior": posterior(run),
    }


def rounds(run: Run) -> Table:
    """Return a row a round: what it cost, and what is believed after it."""
    return _columns([_round(record) for record in run.history.rounds])


def _round(record: RoundRecord) -> dict[str, Any]:
    said = record.inferred.payload if record.inferred else {}
    fitted = record.fitted.payload if record.fitted else {}
    beliefs = {
        f"parameter.{name}.{moment}": value
        for name, moments in (said.get("posterior") or {}).items()
        for moment, value in moments.items()
    }
    return {
        "round": record.number,
        "simulations": record.simulations,
        "failed": record.failed,
        "seconds": record.seconds,
        "loss": fitted.get("loss"),
        "held_out": fitted.get("held_out"),
        "calibration": (said.get("checked") or {}).get("p_value"),
        "log_evidence": said.get("log_evidence"),
        "ess": said.get("ess"),
        **beliefs,
    }


def measurements(run: Run) -> Table:
    """Return a row an attempt at a measurement, with what was expected of it."""
    expected = {proposal["id"]: proposal for proposal in run.history.proposals}
    events = [event for record in run.history.rounds for event in record.measured]
    return _columns([_measurement(run, event, expected.get(event.payload["proposal"], {})) for event in events])


def _measurement(run: Run, event: Event, expected: Mapping[str, Any]) -> dict[str, Any]:
    said = event.payload
    plain = {key: said.get(key) for key in ("proposal", "attempt", "status", "reason", "row", "surprise", "rank")}
    gain = {f"expected.{key}": expected.get(key) for key in ("gain", "error", "lower", "upper")}
    outcome = dict.fromkeys(_outcome_names(run))
    if said["status"] == "ok" and "y" in (arrays := run.arrays(event)):  # hidden while the campaign is blind
        outcome = dict(zip(outcome, arrays["y"][0].tolist(), strict=True))
    return {"round": event.round, "time": event.time, **plain, **_named("design", said["design"]), **outcome, **gain}


def gains(run: Run) -> Table:
    """Return a row an evaluation of the gain that led to a choice."""
    chosen = [record.chosen for record in run.history.rounds if record.chosen is not None]
    parts = [_evaluations(run, event) for event in chosen]
    empty = _listed("design", run.study.design_space.columns(np.empty((0, run.study.design_space.dim))))
    names = ["round", *empty, *EVALUATED]
    return {name: [value for part in parts for value in part.get(name, [])] for name in names}


EVALUATED = ("place", "samples", "gain", "error", "lower", "upper", "ignorance")
SAMPLES = ("all", "fewer", "fewest")


def _evaluations(run: Run, event: Event) -> Table:
    """Return what a choice has looked at; older ledgers have only the surface on which the first design was found."""
    if not (arrays := run.arrays(event)):
        return {}
    every = {name.removeprefix("looked."): array for name, array in arrays.items() if name.startswith("looked.")}
    found = every or arrays
    n, costs = len(found["gain"]), arrays.get("ignorance", np.empty(0))
    known = {xi.tobytes(): cost for xi, cost in zip(arrays["xi"], costs.tolist(), strict=False)}
    numbers = {name: found[name].tolist() if name in found else [None] * n for name in EVALUATED[2:-1]}
    return {
        "round": [event.round] * n,
        **_listed("design", run.study.design_space.columns(found["xi"])),
        "place": every["place"].tolist() if every else [0] * n,
        "samples": [SAMPLES[min(i, 2)] for i in every["fineness"]] if every else [None] * n,
        **numbers,
        "ignorance": [known.get(xi.tobytes()) for xi in found["xi"]],
    }


def simulations(run: Run) -> Table:
    """Return a row a simulation, in the order in which they were planned."""
    bank = None if run.history.blinding else run.history.bank(run.arrays)
    if bank is None or not len(bank):
        return {"round": [], "index": [], "valid": []}
    study = run.study
    outcome = zip(_outcome_names(run), bank.y.T, strict=True)
    return {
        **{name: getattr(bank, name).tolist() for name in ("round", "index", "valid")},
        **_listed("parameter", study.parameter_space.columns(bank.theta)),
        **_listed("design", study.design_space.columns(bank.xi)),
        **({} if bank.events is None else {"events": bank.events.tolist()}),
        **{name: column.tolist() for name, column in outcome},
    }


def failed_attempts(run: Run) -> Table:
    """Return a row an attempt at a simulation that failed, with what its program complained."""
    keys = ("round", "index", "attempt", "reason", "stderr")
    found = [
        (event.round, one.row, one.attempt, one.reason, one.stderr)
        for event in run.ledger.events()
        if event.kind is Kind.SIMULATED
        for one in unpack_attempts(run.arrays(event))
    ]
    return {key: [row[i] for row in found] for i, key in enumerate(keys)}


def posterior(run: Run) -> Table:
    """Return a row a sample of the latest posterior; fixed parameters are there too."""
    theta = run.history.particles(run.arrays)
    empty: FloatArray = np.empty((0, run.study.parameter_space.dim))
    return _listed("parameter", run.study.parameter_space.columns(empty if theta is None else theta))


def _outcome_names(run: Run) -> list[str]:
    """Return the columns of a flat outcome: y, or y[0] to y[k-1]."""
    space = run.study.outcome_space
    names = [""] * space.width
    for name in space.names:
        places = space.places(name)
        for i, place in enumerate(places.ravel().tolist()):
            names[place] = f"outcome.{name}" if places.size == 1 else f"outcome.{name}[{i}]"
    return names


def _named(what: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{what}.{name}": value for name, value in values.items()}


def _listed(what: str, columns: Mapping[str, NDArray[Any]]) -> Table:
    return {f"{what}.{name}": column.tolist() for name, column in columns.items()}


def _columns(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return rows as columns; what a row does not have is None in it."""
    names = list(dict.fromkeys(_names(rows)))
    return {name: [row.get(name) for row in rows] for name in names}


def _names(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield from row
