"""The reference executor: one block after another, here."""

from collections import deque
from collections.abc import Iterator, Sequence

from activesci.types import Block, BlockResult, Closes, Simulate


class SerialExecutor(Closes):
    """Runs blocks in this process, in the order in which they were submitted.

    Example:
        >>> executor = SerialExecutor()
        >>> executor.submit(simulate, blocks)  # doctest: +SKIP
        >>> results = list(executor.gather())
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Simulate, Block]] = deque()

    def submit(self, simulate: Simulate, blocks: Sequence[Block]) -> None:
        """Take the blocks to be run; nothing runs before `gather`."""
        self._waiting.extend((simulate, block) for block in blocks)

    def gather(self) -> Iterator[BlockResult]:
        """Run every submitted block and yield its result."""
        while self._waiting:
            simulate, block = self._waiting.popleft()
            yield simulate(block)

    def close(self) -> None:
        """Drop what has not run."""
        self._waiting.clear()
