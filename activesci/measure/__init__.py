"""What nature says: a simulated truth, a pool of recorded measurements, or somebody who measures and tells."""

from typing import TYPE_CHECKING

from activesci.types import Simulate

from .base import Attempt, Experiment, PoolRows
from .manual import ManualExperiment
from .recorded import RecordedExperiment
from .truth import TruthExperiment

if TYPE_CHECKING:
    from activesci.study import Study

__all__ = [
    "Attempt",
    "Experiment",
    "ManualExperiment",
    "PoolRows",
    "RecordedExperiment",
    "TruthExperiment",
    "experiment_for",
]


def experiment_for(study: "Study", simulate: Simulate) -> Experiment:
    """Return the study's experiment.

    Args:
        study: The study.
        simulate: The study's simulator, which a simulated truth asks.

    Raises:
        DataError: If the file of a recorded pool is wrong.
    """
    if study.experiment.kind == "recorded":
        return RecordedExperiment(study)
    if study.experiment.kind == "truth":
        return TruthExperiment(study, simulate)
    return ManualExperiment()
