"""Closed-loop science: measure, simulate, infer, and choose the most informative next experiment.

Example:
    >>> import activesci as asci
    >>> sorted(asci.__all__)[:2]
    ['ActiveSciError', 'ActiveSciWarning']

Nothing heavy is imported until it is used: `Study`, `Campaign` and `Client` are found on first access.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    ActiveSciError,
    ActiveSciWarning,
    CampaignError,
    DataError,
    DesignError,
    LedgerError,
    OutcomeError,
    SimulatorError,
    StudyError,
    WorkersLost,
)

if TYPE_CHECKING:
    from .loop.controller import Campaign
    from .service.client import Client
    from .study import Study

    __version__: str

__all__ = [
    "ActiveSciError",
    "ActiveSciWarning",
    "Campaign",
    "CampaignError",
    "Client",
    "DataError",
    "DesignError",
    "LedgerError",
    "OutcomeError",
    "SimulatorError",
    "Study",
    "StudyError",
    "WorkersLost",
    "__version__",
]

_ROOMS = {"Study": "activesci.study", "Campaign": "activesci.loop.controller", "Client": "activesci.service.client"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attribute may be anything
    if name in _ROOMS:
        return getattr(import_module(_ROOMS[name]), name)
    if name == "__version__":
        return import_module("importlib.metadata").version("activesci")
    raise AttributeError(f"module 'activesci' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
