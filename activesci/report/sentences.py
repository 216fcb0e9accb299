"""What an event says to a person, in one line."""

from collections.abc import Callable, Mapping
from typing import Any

from activesci.ledger.events import Event, Kind
from activesci.ledger.history import History, RoundRecord

from .forecast import forecast_text, latest_forecast
from .numbers import clean, number, rounded

LONGEST = 4
"""Numbers of a list that are written out; the rest is counted."""


def sentence(event: Event) -> str | None:
    """Return the line that an event is worth, or None for one that a person need not see."""
    say = _SENTENCES.get(event.kind)
    text = say(event) if say else None
    return " ".join(clean(text).split()) if text else None


def standing(history: History) -> str:
    """Return where a campaign stands: what was asked, and whether it runs, waits or has stopped."""
    asked = sentence(history.started) if history.started else None
    alarms = [f"round {alarm['round']}: alarm: {alarm['message']}" for alarm in history.alarms]
    current = history.current
    asks = [waiting(current)] if current and current.unmeasured and history.status != "stopped" else []
    said = latest_forecast(history)
    asks += [f"forecast: {forecast_text(said)}"] if said else []
    ends = f"{history.status}: {history.reason}" if history.reason else "running, or killed: resume goes on"
    if history.started is None and history.registration is not None:
        ends = "registered, and not begun: resume begins it"
    return "\n".join(" ".join(clean(line).split()) for line in [asked, *alarms, *asks, ends] if line)


def waiting(record: RoundRecord) -> str:
    """Return which proposals of a round are not measured yet."""
    said = [f"proposal {one['id']}: {named(one['design']) or 'the data'}" for one in record.unmeasured]
    return f"waiting for {'; '.join(said)}"


def named(design: Mapping[str, Any]) -> str:
    """Return named values on one line.

    Example:
        >>> named({"sqrt_s": 57.77, "kind": "muon", "y": [1.0, 2.0, 3.5, 4.0, 5.0]})
        'sqrt_s = 57.77, kind = muon, y = [1, 2, 3.5, 4, ... 5 values]'
    """
    return ", ".join(f"{name} = {value_text(value)}" for name, value in design.items())


def value_text(value: Any) -> str:  # noqa: ANN401 - a value of a study
    """Return one value, a list by its first few."""
    if isinstance(value, list):
        shown = [value_text(item) for item in value[:LONGEST]]
        return f"[{', '.join(shown)}{f', ... {len(value)} values' if len(value) > LONGEST else ''}]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return str(value)


def posterior_text(posterior: Mapping[str, Mapping[str, float]]) -> str:
    """Return means and standard deviations on one line.

    Example:
        >>> posterior_text({"g_f": {"mean": 1.21712, "sd": 0.0512}})
        'g_f = 1.217(51)'
    """
    return ", ".join(f"{name} = {rounded(said['mean'], said['sd'])}" for name, said in posterior.items())


def _started(event: Event) -> str:
    said = event.payload
    study = said["study"].get("study", "study")
    return f"study {study}, seed {said['seed']}: {said['surrogate']} surrogate ({said['reason']})"


def _chosen(event: Event) -> str:
    proposals = event.payload["proposals"]
    return f"round {event.round}: next " + "; ".join(_proposal(proposal) for proposal in proposals)


def _proposal(proposal: Mapping[str, Any]) -> str:
    name = named(proposal["design"]) or "the data"
    if proposal.get("gain") is None:
        return name
    error = proposal.get("error")
    return f"{name} (gain {rounded(proposal['gain'], error) if error else number(proposal['gain'])} nats)"


def _measured(event: Event) -> str:
    said = event.payload
    if said["status"] != "ok":
        return f"round {event.round}: measurement failed ({named(said['design'])}): {said['reason']}"
    return f"round {event.round}: measured {named(said['outcome'] or {}) or 'what is hidden'}"


def _simulated(event: Event) -> str | None:
    if not event.payload["failed"]:
        return None
    reasons = [f"{reason} ({count} of them)" for reason, count in event.payload.get("reasons", {}).items()]
    return f"round {event.round}: failed simulations: {', '.join(reasons)}"


def _inferred(event: Event) -> str:
    name = "prior" if event.round == 0 else "posterior"
    said = f"round {event.round}: {name} {posterior_text(event.payload['posterior'])}"
    said += " (blind)" if event.payload.get("blind") else ""
    if event.payload.get("again"):
        return f"{said}; simulates again: {event.payload['doubt']}"
    return f"{said}; {doubt}" if (doubt := untrusted(event)) else said


def untrusted(event: Event) -> str | None:
    """Return why a posterior is not trusted, if it is not."""
    wider = ", which has made it wider" if event.payload.get("widened") else ""
    return f"not trusted: {doubt}{wider}" if (doubt := event.payload.get("doubt")) else None


def _branched(event: Event) -> str:
    return f"{_started(event)}; branched off after round {event.payload['at']}"


_SENTENCES: dict[Kind, Callable[[Event], str | None]] = {
    Kind.STARTED: _started,
    Kind.BRANCHED: _branched,
    Kind.SIMULATED: _simulated,
    Kind.INFERRED: _inferred,
    Kind.CHOSEN: _chosen,
    Kind.MEASURED: _measured,
    Kind.ALARM: lambda event: f"round {event.round}: alarm: {event.payload['message']}",
    Kind.PAUSED: lambda event: f"paused: {event.payload['reason']}",
    Kind.RESUMED: lambda event: "resumed",
    Kind.STOPPED: lambda event: f"stopped: {event.payload['reason']}",
}
