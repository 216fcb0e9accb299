"""What simulations have cost whose numbers of events were chosen."""

from activesci.ledger.history import History


def spent(history: History) -> dict[str, float] | None:
    """Return the events of all simulations that were planned, and their cost in events; None where none are chosen."""
    plans = [one.planned.payload for record in history.rounds for one in record.passes if one.planned]
    chosen = [plan for plan in plans if "cost" in plan]
    return {name: sum(plan[name] for plan in chosen) for name in ("events", "cost")} if chosen else None
