"""Whether a blind campaign may be opened: what its author listed has to be green first."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from activesci.ledger import History


@dataclass(frozen=True, slots=True)
class Light:
    """One check that a campaign has to pass before it is opened.

    Attributes:
        check: Its name.
        green: Whether it is passed; what cannot be told is not.
        found: What was found, in words.
    """

    check: str
    green: bool
    found: str

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.check}: {self.found}"


def lights(history: History, until: Iterable[str], waiting: frozenset[str]) -> tuple[Light, ...]:
    """Return what became of each check; a registered campaign's plan is always among them.

    Args:
        history: The whole history of the campaign.
        until: The checks that its study lists.
        waiting: The expectations that cannot be answered without telling what is hidden.
    """
    listed = dict.fromkeys([*until, *(["registration"] if history.registration else [])])
    return tuple(Light(name, *CHECKS[name](history, waiting)) for name in listed)


def _stopped(history: History, waiting: frozenset[str]) -> tuple[bool, str]:
    return history.status == "stopped", f"the campaign is {history.status}: {history.reason}".rstrip(": ")


def _expectations(history: History, waiting: frozenset[str]) -> tuple[bool, str]:
    found = history.noted("expectations").get("checked")
    if found is None:
        return not history.study_mapping.get("expect"), "none is listed, or none was checked yet"
    told = [one for one in found if one["text"] not in waiting]
    failed = [one["text"] for one in told if not one["held"]]
    left = f", {len(found) - len(told)} told by the answer alone" if len(told) < len(found) else ""
    return not failed, f"not held: {'; '.join(failed)}" if failed else f"{len(told)} held{left}"


def _registration(history: History, waiting: frozenset[str]) -> tuple[bool, str]:
    event, departed, ended = history.registration, history.deviations, history.by_hand
    if event is None:
        return False, "no plan was registered before the data"
    if blindly := ended is not None and ended["blind"]:  # the last of them; the answer had no part in it
        departed = departed[:-1]
    what = ", ".join(dict.fromkeys(one["what"] for one in departed))
    but = " but for its end, by hand while it was blind" if blindly else ""
    return not departed, f"departed from: {what}" if departed else f"kept to the plan of {event.time[:10]}{but}"


def _calibration(history: History, waiting: frozenset[str]) -> tuple[bool, str]:
    said = history.noted("calibration")
    if not said:
        return False, "it was not calibrated: run activesci calibrate"
    doubts = said["under_covered"]
    return not doubts, "; ".join(doubts) or f"no interval covers less than it says, of {said['repetitions']} truths"


def _alarms(history: History, waiting: frozenset[str]) -> tuple[bool, str]:
    count = len(history.alarms)
    return not count, f"{count} alarm{'s' * (count > 1)}" if count else "none"


CHECKS: Mapping[str, Callable[[History, frozenset[str]], tuple[bool, str]]] = {
    "stopped": _stopped,
    "expectations": _expectations,
    "registration": _registration,
    "calibration": _calibration,
    "alarms": _alarms,
}
