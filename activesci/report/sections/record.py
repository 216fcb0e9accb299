"""The table of rounds, and where everything comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from activesci.ledger.history import Measurement, RoundRecord
from activesci.report.numbers import clean, duration, number, rounded
from activesci.report.summary import entries
from activesci.report.thinning import left_out, listed
from activesci.report.words import design_point, in_order, outcome_point

from .base import Reading


@dataclass(frozen=True, slots=True)
class Line:
    """One design and its measurement in the table of rounds.

    Attributes:
        design: The design.
        outcome: What was measured, or why not.
        gain: The gain expected of it.
        surprise: The predictive tail probability.
    """

    design: str
    outcome: str
    gain: str
    surprise: str


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round in the table.

    Attributes:
        number: From 0.
        lines: Its designs; one empty line if there are none.
        beliefs: Each shown parameter as value(uncertainty), or a dash.
        simulations: Simulations done, with the failed ones.
        time: Time spent.
        alarmed: Whether it raised an alarm.
    """

    number: int
    lines: list[Line]
    beliefs: list[str]
    simulations: str
    time: str
    alarmed: bool


def round_rows(reading: Reading) -> list[RoundRow]:
    """Return the table of rounds; of many, the first and the last ones."""
    warned = {alarm["round"] for alarm in reading.history.alarms}
    return [_row(reading, record, record.number in warned) for record in listed(reading.history.rounds)]


def rounds_note(reading: Reading) -> str:
    """Return which rounds have no line in the table; nothing if all have one."""
    return left_out(len(reading.history.rounds))


def _row(reading: Reading, record: RoundRecord, alarmed: bool) -> RoundRow:
    said = (record.inferred.payload.get("posterior") or {}) if record.inferred else {}
    names = [reading.study.parameter_space.names[i] for i in reading.shown]
    return RoundRow(
        number=record.number,
        lines=_lines(reading, record) or [Line("–", "–", "–", "–")],
        beliefs=[rounded(said[n]["mean"], said[n]["sd"]) if n in said else "–" for n in names],
        simulations=f"{record.simulations}" + (f" ({record.failed} failed)" if record.failed else ""),
        time=duration(record.seconds),
        alarmed=alarmed,
    )


def _lines(reading: Reading, record: RoundRecord) -> list[Line]:
    units, names = reading.study.design_space.units, reading.study.outcome_space.names
    return [
        Line(
            design=design_point(proposal.get("design"), units),
            outcome=_outcome(measured, names) if measured else _why_not(record, proposal.get("id")),
            gain=_gain(proposal.get("gain"), proposal.get("error")),
            surprise=number(measured.surprise, 2) if measured else "–",
        )
        for proposal, measured in entries(record)
    ]


def _outcome(measured: Measurement, names: tuple[str, ...]) -> str:
    return outcome_point(in_order(measured.outcome, names)) if measured.outcome else "hidden"


def _gain(gain: float | None, error: float | None) -> str:
    return "–" if gain is None else rounded(gain, error or 0.0)


def _why_not(record: RoundRecord, proposal: int | None) -> str:
    tried = [e for e in record.measured if e.payload.get("proposal") == proposal]
    return clean(f"failed: {tried[-1].payload.get('reason')}", 120) if tried else "not measured yet"


def provenance(reading: Reading) -> list[tuple[str, str]]:
    """Return what a reader needs to check or repeat the campaign: (name, value)."""
    history = reading.history
    said = history.started.payload if history.started else {}
    found = [
        ("seed", str(history.seed)),
        ("surrogate", " – ".join(str(t) for t in (history.surrogate, history.surrogate_reason) if t)),
        ("started", _moment(history.started.time) if history.started else ""),
        ("last event", f"{history.last.seq}, {_moment(history.last.time)}" if history.last else ""),
        ("study, sha256", history.study_digest),
        ("where", str(said.get("folder") or "")),
        ("machine", _machine(said.get("machine"))),
        ("commit", str((said.get("code") or {}).get("commit") or "")),
        ("not committed", ", ".join(one.strip() for one in (said.get("code") or {}).get("uncommitted", []))),
        ("simulator, sha256", str(said.get("simulator_digest") or "")),
        ("data, sha256", str(said.get("data_digest") or "")),
        ("activesci, sha256", str(said.get("program_digest") or "")),
        *((f"{part}, a plug-in", _plugin(said.get(f"{part}_plugin"))) for part in ("surrogate", "designer")),
        ("ledger, sha256", history.last.digest if history.last else ""),
    ]
    return [(name, clean(value, 300)) for name, value in found if value]


def _machine(said: Mapping[str, Any] | None) -> str:
    return "" if said is None else f"{said['cpus']} CPUs, {said['cpu']}"


def ran(reading: Reading) -> str:
    """Return in a sentence what the answer was computed by: when, on what, and from which code."""
    begun = reading.history.started
    if begun is None or "program_digest" not in begun.payload:
        return ""  # a ledger of before these were recorded
    said = begun.payload
    return clean(
        f"Computed {begun.time[:10]} on {_machine(said['machine'])}, by activesci {said['versions'].get('activesci')} "
        f"({said['program_digest'][:12]}), {_code(said)}.",
        400,
    )


def _code(said: Mapping[str, Any]) -> str:
    """Return of which code the study's files are."""
    if (code := said.get("code")) is None:
        return f"from files in no repository, the simulator's {str(said.get('simulator_digest'))[:12]}"
    count = len(code["uncommitted"])
    changed = f"with {count} file{'s' * (count > 1)} not committed" if count else "with nothing left uncommitted"
    return f"from the study's commit {code['commit'][:12]}, {changed}"


def difference(reading: Reading) -> str:
    """Return what differed from the commit that ran, as a patch; nothing where nothing did."""
    begun = reading.history.started
    found = reading.arrays(begun).get("uncommitted") if begun is not None else None
    return "" if found is None else clean(found.tobytes().decode("utf-8", "replace"), 100_000)


def packages(reading: Reading) -> str:
    """Return every package that was installed, in one line."""
    said = reading.history.started.payload if reading.history.started else {}
    return clean(", ".join(f"{name} {version}" for name, version in said.get("packages", {}).items()), 50_000)


def _plugin(said: Mapping[str, str] | None) -> str:
    return "" if said is None else f"{said['target']} of {said['package']} {said['version']}, sha256 {said['digest']}"


def registered(reading: Reading) -> tuple[str, list[tuple[str, str, str, str]]]:
    """Return in a sentence whether the plan was registered, and every deviation from it: what, then, now, why."""
    event, found = reading.history.registration, reading.history.deviations
    if event is None:
        return "Exploratory: no plan was registered before the data.", []
    kept = f"{len(found)} deviation{'s' * (len(found) > 1)} from it" if found else "kept to"
    by = f"registered before the data by {event.payload['by']}, {_moment(event.time)}, and {kept}"
    rows = [
        (clean(d["what"], 200), clean(d["registered"], 200), clean(d["now"], 200), clean(d["reason"], 300))
        for d in found
    ]
    return clean(f"{reading.study.claim.capitalize()}: its plan was {by}.", 300), rows


def versions(reading: Reading) -> list[tuple[str, str]]:
    """Return the packages that ran and their versions."""
    return [(clean(name, 60), clean(version, 60)) for name, version in reading.history.versions.items()]


def _moment(time: str) -> str:
    return time[:19].replace("T", " ") + " UTC"
