"""A workflow compiled to a graph of tasks, and what doing one task is: whoever runs the graph need know no more."""

from .cache import Cache
from .graph import Graph, StepTask, compiled
from .record import Record, reasons, recorded, step_of
from .simulator import WorkflowSimulator
from .steps import Steps

__all__ = [
    "Cache",
    "Graph",
    "Record",
    "StepTask",
    "Steps",
    "WorkflowSimulator",
    "compiled",
    "reasons",
    "recorded",
    "step_of",
]
