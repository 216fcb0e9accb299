"""A state, a node of the experiment graph, and the recipe that made it, the edges that lead to it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..events import Event

StateKind = Literal["bank", "surrogate", "posterior", "design", "outcome"]
Action = Literal["simulate", "fit", "infer", "choose", "measure"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a state was made of others.

    Attributes:
        action: What was done.
        kind: By which class of it: the designer `grid`, say.
        parameters: What it was told: sections of the study, the seed, the round and the place in it.
        code: The digest of the code that did it, or its version; None where a person did.
        inputs: The identities of the states it was made of.
    """

    action: Action
    kind: str
    parameters: Mapping[str, Any]
    code: str | None
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """One state of a campaign, without its arrays.

    Attributes:
        id: Its identity, sha256 (hex): of its kind, its whole recipe and what came out.
        kind: What it is.
        round: The round it belongs to.
        recipe: How it was made.
        distance: The fewest recipes that lead to it from a state that was made of none.
        tags: Its labels; two states that differ in nothing else are one.
        said: What the ledger says of it.
        run: The run folder that it was read from.
        events: The events that hold it.
        before: The bank that this one adds to; None for all else.
    """

    id: str
    kind: StateKind
    round: int
    recipe: Recipe
    distance: int
    tags: frozenset[str] = frozenset()
    said: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    run: Path = field(default=Path(), repr=False, compare=False)
    events: tuple[Event, ...] = field(default=(), repr=False, compare=False)
    before: "State | None" = field(default=None, repr=False, compare=False)


def identity(kind: str, recipe: Recipe, content: object) -> str:
    """Return the identity of a state: equal for equal content made in the same way of the same, and only then.

    Example:
        >>> one = Recipe("choose", "grid", {"points": 0.1}, "a")
        >>> other = Recipe("choose", "grid", {"points": 0.1 + 1e-16}, "a")
        >>> identity("design", one, 1.0) == identity("design", other, 1.0)
        False
    """
    told = (kind, recipe.action, recipe.kind, recipe.parameters, recipe.code, recipe.inputs, content)
    return hashlib.sha256(json.dumps(_exactly(told)).encode()).hexdigest()


def _exactly(value: object) -> object:
    """Return a value as JSON in which nothing is rounded, shortened or taken for something of another type."""
    if isinstance(value, Mapping):
        return {"mapping": [[str(key), _exactly(value[key])] for key in sorted(value, key=str)]}
    if isinstance(value, list | tuple):
        return [_exactly(item) for item in value]
    if isinstance(value, np.ndarray):
        bits = np.ascontiguousarray(value).tobytes()
        return {"array": [value.dtype.str, list(value.shape), hashlib.sha256(bits).hexdigest()]}
    if isinstance(value, np.generic):
        return _exactly(value.item())
    if isinstance(value, float):
        return {"float": value.hex()}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"a {type(value).__name__} has no exact form: plain types, mappings, lists and arrays do")
