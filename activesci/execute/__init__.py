"""Where simulations run: in this process, or on Ray's workers. The results are the same, bit for bit."""

import sys
from typing import TYPE_CHECKING, Any

from activesci.types import Executor

from .resources import Resources
from .serial import SerialExecutor

if TYPE_CHECKING:
    from activesci.study import Study

__all__ = ["SerialExecutor", "executor_for", "resources_of"]


def resources_of(study: "Study") -> Resources | None:
    """Return what training and choice ask of a worker; None where they are done by the controller."""
    asked = getattr(study.executor.settings, "learning", None)
    return None if asked is None else Resources(asked.cpus, asked.gpus, asked.memory)


def executor_for(study: "Study") -> Executor:
    """Return the study's executor; Ray is imported and started only if the study asks for it.

    Raises:
        CampaignError: If Ray cannot be started or joined, or has not what one simulation asks for.
    """
    if study.executor.kind == "serial":
        return SerialExecutor()
    from .allowance import DEATHS, Allowance

    asked, settings = study.simulator, study.executor.settings
    resources = Resources(cpus=asked.cpus, gpus=asked.gpus, memory=asked.memory)
    retries = asked.retries
    deaths, timeouts = (DEATHS, 1) if retries is None else (retries + 1, retries + 1)
    timeout = None if asked.kind == "workflow" else asked.timeout  # there it is each step's own
    told: dict[str, Any] = {
        "address": settings.address,
        "workers": settings.workers,
        "resources": resources,
        "width": study.outcome_space.width,
        "folder": study.folder,
        "allowance": Allowance(deaths, timeouts, timeout),
        "overlap": settings.overlap,
    }
    if "ray" in sys.modules and sys.modules["ray"].is_initialized():  # what this process drives already is used
        from .ray import RayExecutor

        return RayExecutor(**told)
    from .driver import Driver

    return Driver(**told)
