"""Attempts at a block: what failed is run again, with the same random numbers, as often as the study allows.

New random numbers would bias: among draws that fail for some outcomes only, those that succeed would be picked.
"""

from collections.abc import Callable
from dataclasses import replace

from activesci.types import Block, BlockResult, FailedAttempt


def tried(once: Callable[[Block], BlockResult], block: Block, retries: int) -> BlockResult:
    """Run a block until nothing of it fails, or all its attempts are used up.

    Args:
        once: Makes one attempt.
        block: The block, and the attempt that is to be its first.
        retries: Attempts after the first.

    Returns:
        The result, with every attempt that failed.
    """
    result = _explained(once(block), block.attempt)
    for attempt in range(block.attempt + 1, retries + 2):
        if not result.failures:
            break
        result = _mended(result, _explained(once(replace(block, attempt=attempt)), attempt))
    return result


def _explained(result: BlockResult, attempt: int) -> BlockResult:
    """Return the result with an account of the attempt, unless it has one."""
    if result.attempts:
        return result
    return replace(result, attempts=[FailedAttempt(row, attempt, why) for row, why in result.failures.items()])


def _mended(before: BlockResult, again: BlockResult) -> BlockResult:
    """Return a result whose failed rows are those of another attempt; what had succeeded stays."""
    rows = list(before.failures)
    y = before.y.copy()
    y[rows] = again.y[rows]
    failures = {row: again.failures[row] for row in rows if row in again.failures}
    attempts = [*before.attempts, *(failed for failed in again.attempts if failed.row in before.failures)]
    return BlockResult(before.first, y, failures, before.seconds + again.seconds, attempts)
