"""Attempts at simulations that failed, as arrays: every one of them, with the end of what its program complained."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.types import FailedAttempt

NAMES = ("attempt_index", "attempt_number", "attempt_end", "attempt_text")


def pack_attempts(attempts: Sequence[FailedAttempt]) -> dict[str, NDArray[Any]]:
    """Return attempts as arrays; nothing for none.

    Args:
        attempts: The attempts; the row of each is the simulation's place in the plan.

    Example:
        >>> kept = pack_attempts([FailedAttempt(7, 1, "exit code 3", "no beam")])
        >>> unpack_attempts(kept)
        [FailedAttempt(row=7, attempt=1, reason='exit code 3', stderr='no beam')]
    """
    if not attempts:
        return {}
    texts = [f"{one.reason}\n{one.stderr}".encode() for one in attempts]
    return {
        "attempt_index": np.array([one.row for one in attempts], dtype=np.int64),
        "attempt_number": np.array([one.attempt for one in attempts], dtype=np.int64),
        "attempt_end": np.cumsum([len(text) for text in texts], dtype=np.int64),
        "attempt_text": np.frombuffer(b"".join(texts), dtype=np.uint8),
    }


def unpack_attempts(arrays: Mapping[str, NDArray[Any]]) -> list[FailedAttempt]:
    """Return the attempts that an event's arrays hold."""
    if "attempt_index" not in arrays:
        return []
    index, number, end, text = (arrays[name] for name in NAMES)
    pieces = np.split(text, end[:-1])
    parts = (piece.tobytes().decode("utf-8", "replace").partition("\n") for piece in pieces)
    found = zip(index.tolist(), number.tolist(), parts, strict=True)
    return [FailedAttempt(row, attempt, reason, stderr) for row, attempt, (reason, _, stderr) in found]
