"""Yadage workflows, read and run as they are: translated into our graph of tasks."""

from .translation import parameters_of_yadage, translated

__all__ = ["parameters_of_yadage", "translated"]
