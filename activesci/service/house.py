"""All that requests are answered with, put together once."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from fastapi import Depends, HTTPException, Request
from fastapi import Path as InPath

from .boards.arena import Arena
from .boards.boards import Boards
from .bodies import Name
from .catalogue import Catalogue
from .desk import Desk
from .instruments import Instruments
from .jobs import Jobs
from .limits import Limits
from .reader import Campaign, Reader
from .store import Store
from .tokens import Principal, Tokens
from .workers import Workers


@dataclass(frozen=True, slots=True)
class House:
    """Who takes part in a service.

    Attributes:
        store: Where campaigns and studies are.
        desk: What the service remembers.
        tokens: Who may ask.
        reader: Reads ledgers.
        workers: Run campaigns.
        instruments: Hand out designs and take answers.
        jobs: Do what takes long.
        catalogue: Published analyses, and what is asked of them.
        boards: Challenges, and who does best.
        arena: Has their games played.
    """

    store: Store
    desk: Desk
    tokens: Tokens
    reader: Reader
    workers: Workers
    instruments: Instruments
    jobs: Jobs
    catalogue: Catalogue
    boards: Boards
    arena: Arena

    @classmethod
    def of(cls, root: Path, limit: int, limits: Limits | None = None) -> Self:
        """Return the house of a store, with at most `limit` campaigns running at a time, and limits for each study."""
        store = Store(root, limits)
        desk = Desk(store.private)
        reader, workers = Reader(store), Workers(store, desk, limit)
        instruments = Instruments(reader, desk, workers)
        jobs = Jobs(desk, store.private / "jobs")
        catalogue = Catalogue(store, desk, jobs)
        boards = Boards(store, desk)
        arena = Arena(boards, store.private / "arena")
        return cls(store, desk, Tokens(desk), reader, workers, instruments, jobs, catalogue, boards, arena)

    def begin(self) -> None:
        """Take up the work where it was left."""
        self.workers.begin()
        self.catalogue.begin()
        looking = threading.Thread(target=self.reader.rows, name="first look", daemon=True)
        looking.start()  # so that whoever comes first need not wait for it
        self.jobs.begin()
        self.arena.begin()

    def close(self) -> None:
        """Pause all work, and give back what is held."""
        self.arena.close()
        self.jobs.close()
        self.workers.close()
        self.desk.close()


async def house(request: Request) -> House:
    """Return the house that a request has come to."""
    found: House = request.app.state.house
    return found


async def principal(request: Request) -> Principal:
    """Return who asks; the gate has let nobody else in."""
    found: Principal = request.state.principal
    return found


TheHouse = Annotated[House, Depends(house)]
Who = Annotated[Principal, Depends(principal)]


def existing(campaign: Annotated[Name, InPath()], house: TheHouse) -> Campaign:
    """Return the campaign that a path names."""
    found = house.reader.campaign(campaign)
    if found is None:
        raise HTTPException(404, "found no such campaign")
    return found


TheCampaign = Annotated[Campaign, Depends(existing)]
