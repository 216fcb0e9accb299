"""Which run another one branched off, and up to which event the two have one history."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from activesci.errors import LedgerError

from .events import Event


@dataclass(frozen=True, slots=True)
class Parent:
    """The run that a ledger's first events are read from.

    Attributes:
        folder: Its folder, relative to that of the branch, so that both can be moved together.
        seq: The last event that the two share.
        digest: That event's digest: whatever comes before it cannot be exchanged.
    """

    folder: str
    seq: int
    digest: str

    @classmethod
    def of(cls, origin: Path, folder: Path, last: Event) -> Self:
        """Return the parent of a branch in `folder` that shares the events of `origin` up to `last`."""
        return cls(os.path.relpath(origin.resolve(), folder.resolve()), last.seq, last.digest)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the parent that a ledger's file says it has; None if it has none."""
        return cls(**json.loads(text)) if text else None

    def facts(self) -> tuple[str, str]:
        """Return the digest that the branch's first event is chained to, and what its file says of the parent."""
        return self.digest, json.dumps({"folder": self.folder, "seq": self.seq, "digest": self.digest})

    def place(self, folder: Path) -> Path:
        """Return where the parent of the branch in `folder` is."""
        return Path(os.path.normpath(folder.resolve() / self.folder))

    def shared(self, events: Sequence[Event], folder: Path) -> list[Event]:
        """Return those of the parent's events that the branch in `folder` shares.

        Raises:
            LedgerError: If they are not there any more, or not the same.
        """
        if len(events) < self.seq or events[self.seq - 1].digest != self.digest:
            raise LedgerError(
                f"{folder}: this run branched off event {self.seq} of {self.place(folder)}, and no such event is "
                "there: put that run back as it was"
            )
        return list(events[: self.seq])
