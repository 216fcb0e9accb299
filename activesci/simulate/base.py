"""What a simulator is: something that turns blocks of parameters and designs into outcomes."""

from pathlib import Path
from typing import Any, Protocol

from activesci.types import Block, BlockResult, FloatArray


class Simulator(Protocol):
    """The study's model of the experiment; small to pickle, as workers get it."""

    @property
    def digest(self) -> str:
        """The sha256 (hex) of everything it consists of."""

    @property
    def ran(self) -> dict[str, Any]:
        """What it runs in, as it is recorded: versions, the digest of an image."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it consists of, those beside the study and those of the machine."""

    @property
    def has_log_likelihood(self) -> bool:
        """Whether its likelihood is known."""

    def load(self) -> None:
        """See that it can be run.

        Raises:
            SimulatorError: If it cannot.
        """

    def run(self, block: Block) -> BlockResult:
        """Run a block; whatever the user's code does, it ends in a result."""

    def log_likelihood(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray | None:
        """Return the log-likelihood of each row, (n,) [nats], or None if it is not known."""

    def cost(self, xi: FloatArray) -> FloatArray | None:
        """Return the cost (n,) of designs (n, k), or None where nothing costs."""
