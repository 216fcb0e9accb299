"""What nature says: a simulated truth, a pool of recorded measurements, a program, or somebody who tells."""

from typing import TYPE_CHECKING, Protocol

from activesci.types import Block, BlockResult, Simulate

from .base import Attempt, Experiment, PoolRows
from .command import CommandExperiment
from .manual import ManualExperiment
from .recorded import RecordedExperiment
from .truth import TruthExperiment

if TYPE_CHECKING:
    from activesci.study import Study

__all__ = [
    "Attempt",
    "CommandExperiment",
    "Experiment",
    "ManualExperiment",
    "PoolRows",
    "RecordedExperiment",
    "TruthExperiment",
    "experiment_for",
]


class Performer(Protocol):
    """A program that measures."""

    @property
    def digest(self) -> str:
        """The sha256 (hex) of the program and its files."""

    def run(self, block: Block) -> BlockResult:
        """Measure at the designs of a block."""


def experiment_for(study: "Study", simulate: Simulate, performer: Performer | None = None) -> Experiment:
    """Return the study's experiment.

    Args:
        study: The study.
        simulate: The study's simulator, which a simulated truth asks.
        performer: The program that measures, if the study has one.

    Raises:
        DataError: If the file of a recorded pool is wrong.
        SimulatorError: If the program that measures is not there.
    """
    if performer is not None:
        return CommandExperiment(performer.run, performer.digest)
    if study.experiment.kind == "recorded":
        return RecordedExperiment(study)
    if study.experiment.kind == "truth":
        return TruthExperiment(study, simulate)
    return ManualExperiment()
