"""Nature's answers on their way from whoever measured to the worker that takes them in."""

import json
import time
from collections.abc import Mapping
from typing import Any

from .desk import Desk
from .running import Running


class Answers:
    """The answers in the desk's file, as far as workers are concerned.

    Args:
        desk: The file.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def feed(self, campaign: str, worker: Running, held: bool = True) -> None:
        """Give a waiting worker the answers that have come in, in their order; those that are held back not yet."""
        if worker.state != "waiting" or worker.pausing:
            return
        query = "SELECT * FROM answers WHERE campaign = ? AND state = 'received' AND held <= ? ORDER BY id"
        for found in self._desk.rows(query, campaign, time.time() if held else float("inf")):
            if found["id"] not in worker.sent:
                parts = {key: None if found[key] is None else json.loads(found[key]) for key in ("design", "outcome")}
                worker.sent.add(found["id"])
                worker.order({"do": "answer", **{k: found[k] for k in ("id", "proposal", "failed")}, **parts})

    def settle(self, campaign: str, said: Mapping[str, Any]) -> None:
        """Note what became of an answer; whoever had its design need not measure it any more."""
        with self._desk.change() as connection:
            connection.execute(
                "UPDATE answers SET state = ?, why = ? WHERE id = ?", (said["state"], said["why"], said["answer"])
            )
            connection.execute(
                "DELETE FROM leases WHERE campaign = ? AND proposal = (SELECT proposal FROM answers WHERE id = ?)",
                (campaign, said["answer"]),
            )

    def withdraw(self, campaign: str, number: int) -> bool:
        """Take back an answer that is not settled; say whether there was one."""
        query = "UPDATE answers SET state = 'undone' WHERE id = ? AND campaign = ? AND state = 'received'"
        return bool(self._desk.do(query, number, campaign))

    def left(self, campaign: str) -> bool:
        """Say whether something has come in for a campaign whose worker made room for another."""
        query = "SELECT id FROM answers WHERE campaign = ? AND state = 'received'"
        return self._desk.row(query, campaign) is not None
