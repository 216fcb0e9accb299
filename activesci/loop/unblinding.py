"""Opens a blind campaign, once and for all, if every check is green."""

from pathlib import Path
from typing import Any

from activesci.errors import LedgerError
from activesci.integrity.blinding import Door, Shift
from activesci.integrity.salting import SALTED
from activesci.integrity.shuffling import Shuffle
from activesci.integrity.unblinding import Light, lights
from activesci.ledger import Event, Kind, Ledger
from activesci.ledger.sealing import UNBLINDED, Key, drop_key, kept_key
from activesci.loop.expecting import expect
from activesci.loop.journal import Journal, Nobody
from activesci.loop.recorded import recorded_study
from activesci.loop.registering import who
from activesci.study import Study


def unblind(folder: Path, by: str | None = None) -> Event:
    """Publish the key of the campaign in a folder, and return the event that did; one that is open stays as it is.

    Raises:
        LedgerError: If a check is not green, each that is not named; if the campaign never was blind, its ledger does
            not hold, or its key is missing.
    """
    study = recorded_study(folder)
    with Ledger.open(folder) as ledger:
        ledger.check()
        journal = Journal(ledger, Nobody())
        if (event := journal.history.unblinding) is not None:
            return event
        if (event := journal.history.blinding) is None:
            raise LedgerError(f"{folder}: found a campaign that is not blind, expected one that is: nothing is hidden")
        key = kept_key(folder, event.payload["commitment"])
        found = _open(journal, study, key, by or who())
        expect(study, journal, folder)
        drop_key(folder, key.commitment)
    return found


def _open(journal: Journal, study: Study, key: Key, by: str) -> Event:
    door = Door(study, key)
    waiting = frozenset(one.text for one in study.expectations if door.waits(one.text))
    assert study.blind is not None  # its campaign is
    green = lights(journal.history, study.blind.until, waiting)
    _refuse_red(green, journal.ledger.folder)
    said = {
        "by": by,
        "checks": [{"check": "ledger", "found": "every event and artifact holds"}]
        + [{"check": one.check, "found": one.found} for one in green],
        "shifts": {
            name: {"offset": s.offset, "factor": s.factor} for name, s in door.shifts.items() if isinstance(s, Shift)
        },
        **_told(journal, study, key),
        "key": key.secret.hex(),
    }
    return journal.append(Kind.NOTE, max(len(journal.history.rounds) - 1, 0), {"what": UNBLINDED, **said})


def _told(journal: Journal, study: Study, key: Key) -> dict[str, Any]:
    """Return how much was shown that nobody measured, and under which name each label was shown."""
    events = [event for record in journal.history.rounds for event in record.measured]
    salt = sum(bool(event.payload.get(SALTED)) for event in events)
    salted = study.blind is not None and study.blind.salt is not None
    counted = {"salt": {"synthetic": salt, "of": len(journal.history.measured())}} if salted else {}
    labels = Shuffle.of(study, key).named()
    return counted | ({"labels": labels} if labels else {})


def _refuse_red(found: tuple[Light, ...], folder: Path) -> None:
    red = [one for one in found if not one.green]
    if red:
        listed = "".join(f"\n  {one}" for one in red)
        raise LedgerError(
            f"{folder}: found {len(red)} of {len(found)} checks not green, expected all; it stays blind:{listed}"
        )
