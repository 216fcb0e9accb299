"""Boards: challenges, what is submitted to them, who does best."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import Field

from activesci.service import bodies
from activesci.service.boards.boards import Challenge
from activesci.service.boards.rules import Entry, Rules
from activesci.service.gate import open_to
from activesci.service.house import TheHouse, Who
from activesci.service.tokens import Scope

router = APIRouter(prefix="/api/challenges", tags=["boards"], responses=bodies.refusals(409))


class ChallengeSaid(bodies.Said):
    """A challenge."""

    name: str
    rules: Rules
    digest: str = Field(description="Of the rules; what was played under others is not on the board.")
    created: str
    changed: str


class StandingSaid(bodies.Said):
    """A participant on a board."""

    name: str
    rank: int | None = Field(description="None while fewer than five seeds are played on every problem.")
    tied: bool = Field(description="Whether it cannot be told apart from the others of its rank.")
    mean: float | None
    half: float | None = Field(description="Half the width of the mean's 95 % interval over seeds.")
    problems: dict[str, float | None]
    seeds: int
    played: int
    failed: int
    wanted: int
    seconds: float | None
    why: str = Field(description="Why the last game that failed did.")


class Board(bodies.Said):
    """A board, the best first."""

    challenge: ChallengeSaid
    standings: list[StandingSaid]
    broken: list[str] = Field(description="Why games could not be played through no fault of a participant.")


class Submission(Entry):
    """Somebody takes part."""

    name: bodies.Name


def existing(challenge: Annotated[bodies.Name, Path()], house: TheHouse) -> Challenge:
    """Return the challenge that a path names."""
    found = house.boards.challenge(challenge)
    if found is None:
        raise HTTPException(404, "found no such challenge")
    return found


TheChallenge = Annotated[Challenge, Depends(existing)]


@router.get("", **open_to(Scope.VIEWER))
def challenges(house: TheHouse) -> list[ChallengeSaid]:
    """List the challenges."""
    return [_said(one) for one in house.boards.challenges()]


@router.put("/{challenge}", **open_to(Scope.OWNER))
def put(house: TheHouse, challenge: bodies.Name, body: Rules) -> ChallengeSaid:
    """Make a challenge, or change its rules; under other rules all is played again."""
    made = house.boards.put(challenge, body)
    house.arena.nudge()
    return _said(made)


@router.get("/{challenge}", **open_to(Scope.VIEWER))
def board(house: TheHouse, challenge: TheChallenge) -> Board:
    """Say who does best, as far as has been played."""
    standings = [StandingSaid(**asdict(one)) for one in house.boards.board(challenge)]
    return Board(challenge=_said(challenge), standings=standings, broken=house.boards.broken(challenge))


@router.post("/{challenge}/entries", status_code=201, **open_to(Scope.OWNER))
def submit(house: TheHouse, challenge: TheChallenge, body: Submission, who: Who) -> Board:
    """Take part: what is submitted is run as the user of this service."""
    entry = Entry(**body.model_dump(exclude={"name"}))
    house.boards.submit(challenge, body.name, entry, who.label)
    house.arena.nudge()
    return board(house, challenge)


@router.delete("/{challenge}/entries/{entry}", status_code=204, **open_to(Scope.OWNER))
def withdraw(house: TheHouse, challenge: TheChallenge, entry: bodies.Name) -> None:
    """Take a participant off a board; what it has played is kept."""
    if not house.boards.withdraw(challenge.name, entry):
        raise HTTPException(404, "found no such participant")


def _said(challenge: Challenge) -> ChallengeSaid:
    return ChallengeSaid(**asdict(challenge) | {"rules": challenge.rules})
