"""What is wished of campaigns: which are to run, also after a restart, and of which study a new one is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .desk import Desk

PUT = """
INSERT INTO wishes (campaign, state, why, created) VALUES (?, ?, ?, ?)
ON CONFLICT (campaign) DO UPDATE SET state = excluded.state, why = excluded.why
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished of a campaign.

    Attributes:
        campaign: Its name in the store.
        state: 'running', 'paused', 'stopping' for good, 'done' as it has stopped, or 'failed' as its worker could not.
        why: Why, in words, where it is not by wish.
        study: The study file of one made here, from the store's root; None for one made on the command line.
        seed: A seed instead of the study's.
        settings: Settings instead of the study's.
        created: When it was first wished for.
    """

    campaign: str
    state: str
    why: str
    study: str | None
    seed: int | None
    settings: Mapping[str, Any]
    created: str


class Wishes:
    """The wishes in the desk's file.

    Args:
        desk: The file.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def of(self, campaign: str) -> Wish | None:
        """Return what is wished of a campaign, or None if nothing ever was."""
        return next((one for one in self.listed() if one.campaign == campaign), None)

    def listed(self) -> list[Wish]:
        """Return all wishes, the oldest first."""
        found = self._desk.rows("SELECT * FROM wishes ORDER BY created, campaign")
        return [Wish(**{**one, "settings": json.loads(one["settings"])}) for one in found]

    def put(self, campaign: str, state: str, why: str = "") -> None:
        """Note what is wished of a campaign from now on."""
        self._desk.do(PUT, campaign, state, why, _now())

    def stop(self, campaign: str, by: str, why: str) -> None:
        """Note that a campaign is to be ended for good, who says so and why."""
        with self._desk.change() as connection:
            connection.execute("INSERT OR REPLACE INTO stops VALUES (?, ?, ?, ?)", (campaign, by, why, _now()))
            connection.execute(PUT, (campaign, "stopping", "", _now()))

    def stopping(self, campaign: str) -> dict[str, str] | None:
        """Return who is ending a campaign and why: `by` and `why`; None if nobody is."""
        query = "SELECT stops.by, stops.why FROM stops JOIN wishes USING (campaign)"
        return self._desk.row(f"{query} WHERE campaign = ? AND state = 'stopping'", campaign)

    def make(self, campaign: str, study: str, seed: int | None, settings: Mapping[str, Any], state: str) -> None:
        """Note that a campaign of a study is to be there."""
        self._desk.do(
            "INSERT INTO wishes VALUES (?, ?, '', ?, ?, ?, ?)",
            *(campaign, state, study, seed, json.dumps(dict(settings)), _now()),
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
