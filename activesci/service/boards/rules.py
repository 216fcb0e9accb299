"""The rules of a challenge and what is submitted to it; a digest of each is what results are kept under."""

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from activesci.service.bodies import Body, FileName, Mapping, Name, Version

FEWEST = 5
"""Seeds below which nobody is ranked."""
Argument = Annotated[str, Field(max_length=1000)]
Kind = Literal["designer", "surrogate"]


class Problem(Body):
    """A study of the store, whose truth is drawn anew from its prior for every seed."""

    study: Name
    version: Version
    rounds: Annotated[int, Field(ge=1, le=100)] = Field(3, description="Measurements of a game.")


class Rules(Body):
    """What is played, how often, within what limits."""

    description: Annotated[str, Field(max_length=1000)] = ""
    takes: Kind = Field("designer", description="What is submitted.")
    problems: Annotated[dict[Name, Problem], Field(min_length=1, max_length=20)]
    seeds: Annotated[int, Field(ge=FEWEST, le=200)] = Field(FEWEST, description="Games of each problem.")
    settings: Mapping = Field(default_factory=dict, description="Of the studies, for all: paths to values.")
    seconds: Annotated[float, Field(gt=0, le=3600)] = Field(300.0, description="For one game, on the clock.")
    memory: Annotated[float, Field(gt=0)] = Field(4e9, description="Of one participant [bytes].")


class Entry(Body):
    """A participant: a designer or a surrogate of activesci or of an installed package, or a program."""

    designer: Mapping | None = Field(None, description="As `designer:` of a study.")
    surrogate: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    command: Annotated[list[Argument], Field(min_length=1, max_length=50)] | None = Field(
        None, description="A program that answers lines of JSON; see docs/boards.md."
    )
    files: dict[FileName, Annotated[str, Field(max_length=1_000_000)]] = Field(
        default_factory=dict, max_length=20, description="With command: files of its own, put where it runs."
    )
    note: Annotated[str, Field(max_length=200)] = Field("", description="For people.")

    @model_validator(mode="after")
    def one_of_three(self) -> Self:
        """Take exactly one of the three; files with a program only."""
        given = [one for one in (self.designer, self.surrogate, self.command) if one is not None]
        if len(given) != 1 or (self.files and self.command is None):
            raise ValueError("found not exactly one of designer, surrogate and command (and files with command only)")
        return self

    @property
    def kind(self) -> str:
        """Which of the three it is."""
        return next(name for name in ("designer", "surrogate", "command") if getattr(self, name) is not None)


def digest(model: BaseModel, *left_out: str) -> str:
    """Return the sha256 of what a model says, but for what is for people only."""
    said: dict[str, Any] = model.model_dump(mode="json", exclude={"description", "note", *left_out})
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
