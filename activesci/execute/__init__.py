"""Where simulations run: in this process, or on Ray's workers. The results are the same, bit for bit."""

from typing import TYPE_CHECKING

from activesci.types import Executor

from .serial import SerialExecutor

if TYPE_CHECKING:
    from activesci.study import Study

__all__ = ["SerialExecutor", "executor_for"]


def executor_for(study: "Study") -> Executor:
    """Return the study's executor; Ray is imported and started only if the study asks for it.

    Raises:
        CampaignError: If Ray cannot be started or joined, or has not what one simulation asks for.
    """
    if study.executor.kind == "serial":
        return SerialExecutor()
    from .ray import ATTEMPTS, RayExecutor, Resources

    asked, settings = study.simulator, study.executor.settings
    resources = Resources(cpus=asked.cpus, gpus=asked.gpus, memory=asked.memory)
    attempts = ATTEMPTS if asked.retries is None else asked.retries + 1
    return RayExecutor(
        settings.address,
        settings.workers,
        resources,
        width=study.outcome_space.width,
        folder=study.folder,
        attempts=attempts,
    )
