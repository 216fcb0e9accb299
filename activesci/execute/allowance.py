"""How much a block may cost before it counts as failed: workers, machines, time."""

from collections.abc import Sequence
from dataclasses import dataclass

DEATHS = 3
"""How often a block may lose its worker, if the study says nothing of retries."""
MACHINES = 10
"""How often it may lose the machine that its worker was on: that is seldom the simulation's fault."""
GRACE = 5.0
"""Time after the study's timeout in which a simulation may still stop by itself [s]; then its worker is killed."""
DIED, MEMORY, MACHINE = "its worker died", "its worker ran out of memory", "its worker's machine was lost"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is allowed.

    Attributes:
        deaths: Attempts at a block that loses its worker.
        timeouts: Attempts at a block that takes too long.
        timeout: The longest that one call may take [s]; None is as long as it likes.
    """

    deaths: int = DEATHS
    timeouts: int = 1
    timeout: float | None = None

    @property
    def limit(self) -> float | None:
        """How long a worker may be at one block before it is killed [s]; None is as long as it likes.

        The simulation stops itself at its timeout, and is tried again as often as the study says, within that time.
        """
        return None if self.timeout is None else (self.timeout + GRACE) * self.timeouts

    @property
    def late(self) -> str:
        """The reason of a block whose worker was killed as it did not stop."""
        return f"timed out after {self.timeout:g} s and did not stop, so its worker was killed"

    def used_up(self, lost: Sequence[str]) -> bool:
        """Say whether attempts that were lost for these reasons are all that a block has.

        Example:
            >>> Allowance().used_up([DIED, DIED]), Allowance().used_up([DIED] * 3), Allowance().used_up([MACHINE] * 9)
            (False, True, False)
        """
        own = [why for why in lost if why != MACHINE]
        late = sum(why.startswith("timed out") for why in own)
        return len(own) >= self.deaths or late >= self.timeouts or len(lost) >= MACHINES

    def verdict(self, lost: Sequence[str]) -> str:
        """Return in words why a block has failed, given why each attempt came to nothing."""
        last, times = lost[-1], lost.count(lost[-1])
        if last.startswith("timed out"):
            return last
        return f"{last} {times} times" if times > 1 else f"{last} once"
