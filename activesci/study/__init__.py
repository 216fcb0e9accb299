"""What is asked: the model of study.yaml, its spaces, its priors, and a loader that says on which line it is wrong."""

from .model import Study

__all__ = ["Study"]
