"""The ledger and the history it tells, kept in step: everything a campaign does goes through here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from activesci.errors import LedgerError
from activesci.integrity.blinding import Door
from activesci.ledger import Event, Folding, History, Kind, Ledger, fold
from activesci.loop.blinding import door_of, go_blind
from activesci.loop.recorded import STUDY
from activesci.loop.registering import plan_of, refusal, said_of, unrecorded, unregistered, who
from activesci.loop.surroundings import commit, surroundings, versions
from activesci.study import Study


class Observer(Protocol):
    """Somebody who watches a campaign; it can change nothing."""

    def event(self, event: Event) -> None:
        """Take an event that has just been recorded."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Take how far a stage of the round has come."""


class Nobody:
    """The observer of a campaign that nobody watches."""

    def event(self, event: Event) -> None:
        """Do nothing."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Do nothing."""


class Journal:
    """A campaign's ledger, opened for writing, and the history folded from it.

    Args:
        ledger: The ledger.
        observer: Who is told of every event.
    """

    def __init__(self, ledger: Ledger, observer: Observer) -> None:
        self.ledger, self.observer = ledger, observer
        self._folding = Folding(ledger.each(), lambda first, last: ledger.each(first=first, last=last))
        self.history: History = self._folding.history()
        self.door: Door | None = None
        self._told: Folding | None = None

    @classmethod
    def of(
        cls,
        study: Study,
        folder: Path,
        said: Mapping[str, Any],
        observer: Observer,
        deviate: str | None = None,
        blind: bool = True,
    ) -> "Journal":
        """Open the journal of a study's campaign in a folder, or start it there.

        Args:
            study: The study.
            folder: The run folder.
            said: What the first event says besides the study: simulator, surrogate and so on.
            observer: Who watches.
            deviate: Why the campaign departs from its registered plan, where it does.
            blind: Whether a campaign that begins is blind, if its study says so.

        Raises:
            LedgerError: If the folder holds the campaign of another study or of another simulator, or cannot be used;
                if the campaign departs from its plan and nobody says why.
        """
        if study.claim == "confirmatory" and not Ledger.exists(folder):
            raise unregistered(folder)
        journal = cls(Ledger.open(folder) if Ledger.exists(folder) else Ledger.create(folder), observer)
        try:
            journal._hold_to_the_plan(study, said, deviate)
            journal._close_the_door(study)
            journal._begin(study, said, blind)
        except BaseException:
            journal.close()  # or the folder would be locked for as long as this process lives
            raise
        return journal

    def _begin(self, study: Study, said: Mapping[str, Any], blind: bool) -> None:
        """Record what is asked or, if that is recorded, see that it is the same."""
        if self.history.started is not None:
            self._require(study, said)
            return
        self.ledger.keep(STUDY, study.source_text)
        if blind and study.blind is not None and self.history.blinding is None:
            go_blind(self, study)
        self._close_the_door(study)
        code, changes = commit(study.folder)
        self.append(Kind.STARTED, 0, {**content_of(study), **surroundings(), **code, **said}, changes)

    def _close_the_door(self, study: Study) -> None:
        """From here on, show of a blind campaign what may be shown."""
        found = None if self.door else door_of(study, self.ledger, self.history)
        if found is not None:
            self.door, key = found
            self.ledger.blind(self.door, key)
            self._told = Folding(self.ledger.shown(), self.ledger.shown)

    @property
    def shown(self) -> History:
        """The history as it may be shown: that of a blind campaign without what is hidden."""
        return self.history if self._told is None else self._told.history()

    def whole(self) -> History:
        """Return the same with every round at hand, for who looks at all of them again and again."""
        return fold(self.ledger.shown()) if len(self.history.past) else self.shown

    def _hold_to_the_plan(self, study: Study, said: Mapping[str, Any], deviate: str | None) -> None:
        """Record, or refuse, what is not as it was registered."""
        if study.claim == "confirmatory" and self.history.registration is None:
            raise unregistered(self.ledger.folder)
        found = unrecorded(self.history, plan_of(study, {**content_of(study), **said}))
        if found and self.history.started is not None:
            self._require(study, said)  # what cannot be changed half way, whatever the reason
        if found and not deviate:
            raise refusal(self.ledger.folder, found)
        if found and deviate:
            self.append(Kind.NOTE, 0, said_of(found, deviate, who()))

    def _require(self, study: Study, said: Mapping[str, Any]) -> None:
        """Refuse to go on with what would be another campaign."""
        recorded = self.history.started.payload if self.history.started else {}
        now = {"study_digest": study.digest, **said}
        for key, what in (
            ("study_digest", "study"),
            ("simulator_digest", "simulator's code"),
            ("data_digest", "data"),
            ("embedding_digest", "embedding's code"),
            ("surrogate_plugin", "surrogate's plug-in"),
            ("designer_plugin", "designer's plug-in"),
            ("rivals_digest", "code of a hypothesis' own simulator"),
        ):
            if recorded.get(key) != now.get(key):
                if key == "study_digest":
                    what += differing(recorded["study"], study.mapping())
                raise LedgerError(
                    f"{self.ledger.folder}: this campaign was begun with another {what}; results of the two would not "
                    "be comparable: put it back as it was, or start a new campaign in another folder"
                )

    def append(
        self, kind: Kind, round: int, payload: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> Event:
        """Record what happened, and tell the observer."""
        event = self.ledger.append(kind, round, payload, arrays)
        self._folding.take(event)
        self.history = self._folding.history()
        told = event if self._told is None else self.ledger.shown_event(event)
        if self._told is not None:
            self._told.take(told)
        self.observer.event(told)
        return event

    def alarm(self, round: int, what: str, message: str, **more: object) -> None:
        """Record an alarm, which is part of the result, unless it is recorded already."""
        said = {"what": what, "message": message, **more}
        if {"round": round, **said} not in self.history.alarms:
            self.append(Kind.ALARM, round, said)

    def arrays(self, event: Event) -> dict[str, NDArray[Any]]:
        """Return an event's arrays by name."""
        return self.ledger.arrays(event)

    def close(self) -> None:
        """Give back the ledger; may be called twice."""
        self.ledger.close()


def content_of(study: Study) -> dict[str, Any]:
    """Return what a ledger says of a study, where its files are, and what runs."""
    content = {"study": study.mapping(), "study_digest": study.digest, "source_text": study.source_text}
    return {**content, "folder": str(study.folder.resolve()), "seed": study.seed, "versions": versions()}


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return in which of their parts two studies differ, in words."""
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return f" (another {', another '.join(names)})" if names else " (another order of its names)"
