"""What a worker does with a simulation that does not stop: it ends itself."""

import faulthandler

from activesci.types import Block, BlockResult, Simulate

STDERR = 2


def in_time(simulate: Simulate, block: Block, seconds: float | None) -> BlockResult:
    """Run a block; if it is not through in time, this process ends, whatever it is in the middle of.

    Args:
        simulate: What runs it.
        block: The block.
        seconds: Time that it may take [s]; None is as long as it likes.
    """
    if seconds is None:
        return simulate(block)
    # a thread of C, which no signal handler and no lock of Python's holds up
    faulthandler.dump_traceback_later(seconds, exit=True, file=STDERR)
    try:
        return simulate(block)
    finally:
        faulthandler.cancel_dump_traceback_later()
