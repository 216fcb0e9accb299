"""An event: one line of the ledger, and the digest that chains it to the line before."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

GENESIS = "0" * 64
"""What stands for the previous digest in the first event."""


class Kind(StrEnum):
    """What an event says happened. The values are part of every ledger: never rename, only add."""

    STARTED = "started"
    PLANNED = "planned"
    SIMULATED = "simulated"
    FITTED = "fitted"
    INFERRED = "inferred"
    CHOSEN = "chosen"
    MEASURED = "measured"
    ALARM = "alarm"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    NOTE = "note"
    BRANCHED = "branched"


BY_HAND = "HAND"
"""What an event that says `stopped` names as the rule where somebody has ended the campaign."""
KINDS = {kind.value: kind for kind in Kind}
"""A kind by its value."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ledger.

    Attributes:
        seq: Its number, from 1 and without a gap.
        kind: What happened.
        round: The round it happened in; 0 is the prior's.
        payload: What is said about it, plain JSON; a number that is not finite is None.
        artifact: The sha256 (hex) of the `.npz` file with its arrays, or None.
        time: When it was written, ISO 8601 in UTC; for people only, order is `seq`.
        previous: The digest of the event before.
        digest: The sha256 (hex) over all of the above.
    """

    seq: int
    kind: Kind
    round: int
    payload: dict[str, Any]
    artifact: str | None
    time: str
    previous: str
    digest: str


def plain(value: object) -> Any:  # noqa: ANN401 (JSON is what it is)
    """Return the value as plain JSON types: numpy unpacked, tuples as lists, what is not finite as None.

    Raises:
        TypeError: If a value has no JSON form.

    Example:
        >>> plain({"sd": np.float64(0.5), "n": (np.int64(2), float("nan"))})
        {'sd': 0.5, 'n': [2, None]}
    """
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no place in an event's payload: plain JSON types do")


def payloads(texts: Sequence[str]) -> Iterator[Any]:
    """Yield what canonical texts say: parsed together, equal names are one object, which is faster and smaller.

    Raises:
        ValueError: At a text that is no JSON.
    """
    try:
        found = json.loads(f"[{','.join(texts)}]")
    except ValueError:
        found = []
    yield from found if len(found) == len(texts) else map(json.loads, texts)


def canonical(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no blanks, floats by repr."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(
    seq: int, kind: str, round: int, payload_text: str, artifact: str | None, time: str, previous: str
) -> str:
    """Return the sha256 (hex) of an event's content, the previous digest included.

    The payload enters as its canonical text, so that a stored text is checked as it stands.
    """
    content = json.dumps([seq, str(kind), round, payload_text, artifact, time, previous])
    return hashlib.sha256(content.encode()).hexdigest()
