"""What the model says: the user's simulator, run so that whatever it does ends in a result."""

from typing import TYPE_CHECKING

from .base import Simulator
from .blocks import blocks
from .command import CommandSimulator
from .function import FunctionSimulator
from .source import sources_below

if TYPE_CHECKING:
    from activesci.study import Study

__all__ = [
    "CommandSimulator",
    "FunctionSimulator",
    "Simulator",
    "blocks",
    "nature_for",
    "simulator_for",
    "sources_below",
]


def simulator_for(study: "Study") -> Simulator:
    """Return the study's simulator; nothing is loaded yet."""
    if study.simulator.kind == "function":
        return FunctionSimulator(study)
    if study.simulator.kind == "command":
        return CommandSimulator(study)
    from .workflow import WorkflowSimulator

    return WorkflowSimulator(study)


def nature_for(study: "Study") -> CommandSimulator | None:
    """Return the program that measures, in a study whose experiment is one."""
    return CommandSimulator(study, "experiment") if study.experiment.kind == "command" else None
