"""Instruments and benches: designs are leased, answers are taken once, late ones are kept and not counted."""

import json
import sqlite3
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from activesci.errors import CampaignError, DesignError, OutcomeError
from activesci.ledger.lock import boot
from activesci.simulate.reasons import shortened

from .desk import Desk
from .reader import Campaign, Reader
from .workers import Workers

INSERT = """
INSERT INTO answers (campaign, key, proposal, design, outcome, failed, instrument, token, time, state, why, held)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Instruments:
    """Hands out designs of campaigns that somebody else measures, and takes what came out.

    A lease says that somebody is measuring a design, so that nobody else is given it meanwhile. An answer is durable
    when `tell` returns, and counts when the campaign's worker has put it into the ledger, which refuses a second one.

    Args:
        reader: Reads campaigns.
        desk: Keeps leases and answers.
        workers: Choose designs, and learn from answers.
    """

    def __init__(self, reader: Reader, desk: Desk, workers: Workers) -> None:
        self._reader, self._desk, self._workers = reader, desk, workers

    def ask(self, campaign: Campaign, instrument: str, token: str, count: int, seconds: float) -> dict[str, Any]:
        """Lease designs to an instrument: those that it has already, then those that wait, then others beside them.

        Args:
            campaign: The campaign.
            instrument: What it calls itself; asked again under this name, the same designs come back.
            token: The public id of its token.
            count: How many designs.
            seconds: How long nobody else is given them [s].

        Returns:
            `state` ('ready', 'computing', 'stopped' or 'paused'), `reason`, and `leases`, fewer than asked for where
            more are being computed: ask again then.

        Raises:
            CampaignError: If the campaign measures by itself.
        """
        require_manual(campaign)
        leases = self._leased(campaign, instrument, token, count, seconds)
        state, reason = "ready", ""
        if len(leases) < count:
            state, reason = self._want_more(campaign, count - len(leases))
        return {"state": "ready" if leases else state, "reason": reason, "leases": leases}

    def _leased(
        self, campaign: Campaign, instrument: str, token: str, count: int, seconds: float
    ) -> list[dict[str, Any]]:
        name, until = campaign.name, time.monotonic() + seconds
        with self._desk.change() as connection:
            taken = {one["proposal"]: one["instrument"] for one in self.leases(name) if one["left"] > 0}
            waiting = self.waiting(campaign)
            own = [one for one in waiting if taken.get(one["id"]) == instrument]
            free = [one for one in waiting if one["id"] not in taken]
            chosen = [*own, *free][:count]
            connection.executemany(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)",
                [(name, one["id"], instrument, token, boot(), until) for one in chosen],
            )
        return [_lease(one, instrument, seconds) for one in chosen]

    def _want_more(self, campaign: Campaign, count: int) -> tuple[str, str]:
        """Have designs computed beside those that are taken, and say what is going on."""
        history = campaign.history
        with self._desk.look():
            wish, waiting = self._workers.wishes.of(campaign.name), self.waiting(campaign)
            query = "SELECT id FROM answers WHERE campaign = ? AND state = 'received'"
            answered = self._desk.row(query, campaign.name)
        if history.status == "stopped":
            return "stopped", history.reason
        if wish is None or wish.state != "running":
            return "paused", (wish.why if wish else "") or history.reason or "nobody has started it here"
        done = not waiting or answered is not None or campaign.study.design_space.dim == 0
        if done or not self._workers.more(campaign.name, count):
            self._workers.nudge(campaign.name)
        return "computing", "the next designs are being computed"

    def waiting(self, campaign: Campaign) -> list[dict[str, Any]]:
        """Return the proposals that are neither measured nor answered by somebody whose answer is on its way."""
        current = campaign.history.current
        query = "SELECT proposal FROM answers WHERE campaign = ? AND state = 'received' AND failed IS NULL"
        answered = {one["proposal"] for one in self._desk.rows(query, campaign.name)}
        found = current.unmeasured if current is not None and campaign.history.status != "stopped" else ()
        return [dict(one) for one in found if one["id"] not in answered]

    def leases(self, campaign: str) -> list[dict[str, Any]]:
        """Return a campaign's leases: proposal, instrument, and how long they last [s]; below 0 they have run out."""
        found = self._desk.rows("SELECT * FROM leases WHERE campaign = ? ORDER BY proposal", campaign)
        return [
            {"proposal": one["proposal"], "instrument": one["instrument"], "left": _left(one["until"], one["boot"])}
            for one in found
        ]

    def tell(self, campaign: Campaign, told: Mapping[str, Any], token: str, hold: float = 0.0) -> dict[str, Any]:
        """Take an answer, once; return it with its state.

        Args:
            campaign: The campaign.
            told: key, instrument, proposal, and outcome or failed; perhaps the design that was measured in its place;
                partial, whether fewer events may be there than were asked for.
            token: The public id of the token it came with.
            hold: How long it can be taken back before a worker is given it [s].

        Returns:
            The answer: id, key, proposal, design, outcome, failed, instrument, time, state, why. Its state is
            'received', and later 'counted', 'failed', 'late' (recorded, and not counted), 'refused' or 'undone'.

        Raises:
            DesignError, OutcomeError: If it does not fit the study; nothing is kept then.
            CampaignError: If the key came before with something else, or the campaign measures by itself.
        """
        require_manual(campaign)
        wrong: DesignError | OutcomeError | None = None
        parts: tuple[str, str | None] = "", None
        try:
            parts = self._checked(campaign, told)
        except (DesignError, OutcomeError) as error:
            wrong = error
        with self._desk.change() as connection:
            if (before := self._same_key(campaign, told)) is not None:
                return before
            if wrong is not None:
                raise wrong
            answer = self._kept(connection, campaign, told, (*parts, token, hold))
        if answer["state"] == "received":
            self._workers.nudge(campaign.name)
        return answer

    def _kept(
        self,
        connection: sqlite3.Connection,
        campaign: Campaign,
        told: Mapping[str, Any],
        rest: tuple[str, str | None, str, float],
    ) -> dict[str, Any]:
        """Keep an answer that fits the study, and return it; `rest` is its design and outcome, its token, its hold."""
        design, outcome, token, hold = rest
        failed = None if told["failed"] is None else shortened(told["failed"])
        state, why = self._state(campaign, int(told["proposal"]), failed is not None)
        row = (campaign.name, told["key"], told["proposal"], design, outcome, failed, told["instrument"], token)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        number = connection.execute(INSERT, (*row, now, state, why, time.time() + hold)).lastrowid
        answer = self.answer(campaign.name, int(number or 0))
        assert answer is not None  # it has just been kept
        return answer

    def _same_key(self, campaign: Campaign, told: Mapping[str, Any]) -> dict[str, Any] | None:
        found = self._desk.row("SELECT * FROM answers WHERE campaign = ? AND key = ?", campaign.name, told["key"])
        if found is None:
            return None
        before = _answer(found)
        failed = None if told["failed"] is None else shortened(told["failed"])
        if (before["proposal"], before["outcome"], before["failed"]) != (told["proposal"], told["outcome"], failed):
            raise CampaignError(f"found the key {told['key']!r} with another answer before, expected a key of its own")
        return before

    def _checked(self, campaign: Campaign, told: Mapping[str, Any]) -> tuple[str, str | None]:
        """Return design and outcome as JSON, if they fit the study."""
        known = {one["id"]: one["design"] for one in campaign.history.proposals}
        if told["proposal"] not in known:
            raise DesignError(f"found proposal {told['proposal']}, expected one that was asked for")
        design = dict(known[told["proposal"]] if told["design"] is None else told["design"])
        if told["partial"]:
            design = campaign.study.outcome_space.counted(told["outcome"], design)
        space = campaign.study.design_space
        xi = space.encode(design)
        if not space.feasible(xi[None])[0]:
            raise DesignError(f"design: found {design}, expected one that fulfils the study's constraints")
        if told["outcome"] is not None:
            campaign.study.outcome_space.flatten(told["outcome"], design)
        return _json(design), None if told["outcome"] is None else _json(told["outcome"])

    def _state(self, campaign: Campaign, proposal: int, failed: bool) -> tuple[str, str]:
        """Return whether a new answer is received or comes too late, and why."""
        now = self._reader.campaign(campaign.name) or campaign  # inside the transaction: no answer comes in between
        if any(one.proposal == proposal for one in now.history.measured()):
            return "late", "this design is measured already: recorded, not counted"
        if now.history.status == "stopped":
            return "late", f"the campaign has stopped ({now.history.reason}): recorded, not counted"
        if proposal not in {one["id"] for one in self.waiting(now)}:
            return "late", "another answer for this design came before: recorded, not counted"
        return "received", ""

    def answer(self, campaign: str, number: int) -> dict[str, Any] | None:
        """Return an answer by its number, or None."""
        found = self._desk.row("SELECT * FROM answers WHERE campaign = ? AND id = ?", campaign, number)
        return None if found is None else self._shown(campaign, found)

    def answers(self, campaign: str, limit: int) -> list[dict[str, Any]]:
        """Return the latest answers of a campaign, the latest first."""
        query = "SELECT * FROM answers WHERE campaign = ? ORDER BY id DESC LIMIT ?"
        return [self._shown(campaign, one) for one in self._desk.rows(query, campaign, limit)]

    def _shown(self, campaign: str, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return an answer, without what it says while the campaign is blind."""
        now = self._reader.campaign(campaign)
        hidden = now is None or now.history.blinding is not None
        return _answer(found) | ({"outcome": None, "failed": None} if hidden else {})


def require_manual(campaign: Campaign) -> None:
    """Refuse a campaign that measures by itself.

    Raises:
        CampaignError: If it is one.
    """
    if not campaign.manual:
        raise CampaignError(
            f"{campaign.name}: found a campaign that measures by itself, expected one whose study says "
            "`experiment: {manual: true}`"
        )


def _lease(proposal: Mapping[str, Any], instrument: str, seconds: float) -> dict[str, Any]:
    keys = ("id", "design", "gain", "error")
    number, design, gain, error = (proposal.get(key) for key in keys)
    return {
        "proposal": number,
        "design": design,
        "gain": gain,
        "gain_error": error,
        "instrument": instrument,
        "seconds": seconds,
    }


def _left(until: float, on: str) -> float:
    """Return how many seconds a lease lasts; one of another boot of the machine has run out."""
    return until - time.monotonic() if on == boot() else -1.0


def _answer(found: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("id", "key", "proposal", "failed", "instrument", "time", "state", "why")
    parts = {key: None if found[key] is None else json.loads(found[key]) for key in ("design", "outcome")}
    return {**{key: found[key] for key in keys}, **parts}


def _json(value: Any) -> str:  # noqa: ANN401 - JSON is what it is
    return json.dumps(value, allow_nan=False)
