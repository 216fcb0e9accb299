"""How many more measurements a campaign will take, in words."""

from collections.abc import Mapping
from typing import Any

from activesci.ledger.history import History

from .numbers import number


def latest_forecast(history: History) -> Mapping[str, Any] | None:
    """Return the forecast made with the latest choice, with its round; None where there is none, or all is done.

    It counts the measurements of that round, measured or not, among those to come.
    """
    if history.status == "stopped":
        return None
    made = [record for record in history.rounds if record.chosen and record.chosen.payload.get("forecast")]
    if not made or made[-1].chosen is None:
        return None
    return {"round": made[-1].number, **made[-1].chosen.payload["forecast"]}


def forecast_text(said: Mapping[str, Any]) -> str:
    """Return a forecast in one sentence.

    Example:
        >>> forecast_text({"round": 2, "goal": "sd of a <= 0.1", "limit": 10, "within": 0.97,
        ...                "measurements": {"median": 7.0, "low": 6.0, "high": 9.0}})
        'from round 2 on about 7 measurements (6 to 9) until sd of a <= 0.1; the limit leaves 10, enough in 97 of 100'
    """
    text = f"from round {said['round']} on about {_range(said['measurements'])} until {said['goal']}"
    if said.get("cost"):
        text += f", at a cost of {_range(said['cost'], '')}"
    if said.get("limit") is not None:
        text += f"; the limit leaves {said['limit']}, enough in {round(100 * said['within'])} of 100"
    return text


def forecasts(history: History) -> list[str]:
    """Return what was forecast before the first measurement, with how many it took so far, and what is now."""
    made = [record for record in history.rounds if record.chosen and record.chosen.payload.get("forecast")]
    if not made or made[0].chosen is None:
        return []
    first, taken = made[0].chosen.payload["forecast"], len(history.measured())
    before = sum(len(record.measurements) for record in history.rounds if record.number < made[0].number)
    since = "the first measurement" if before == 0 else f"round {made[0].number}"
    verb = "it took" if history.status == "stopped" else "so far there are"
    said = [f"Forecast before {since}: {forecast_text({**first, 'round': made[0].number})}; {verb} {taken - before}."]
    now = latest_forecast(history)
    return said if now is None or now["round"] == made[0].number else [*said, f"Now: {forecast_text(now)}."]


def _range(said: Mapping[str, float | None], what: str = " measurements") -> str:
    median, low, high = (
        "endless" if said[name] is None else number(said[name], 3) for name in ("median", "low", "high")
    )
    what = what.removesuffix("s") if median == "1" else what
    return f"{median}{what}" + (f" ({low} to {high})" if low != high else "")
