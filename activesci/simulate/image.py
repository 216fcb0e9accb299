"""A container image: on this machine before any program is to run in it, so that fetching counts in nobody's time."""

import os
from functools import cache

from activesci.errors import SimulatorError

from .process import Order, run
from .scratch import scratch
from .surroundings import inherited

LONGEST_LOOK = 60.0
"""Seconds in which an engine has to say whether it has an image."""
LONGEST_FETCH = 3600.0
"""Seconds that an image may take to be fetched."""


@cache
def have(program: str, image: str) -> None:
    """See that an engine, docker or podman, has an image; it is fetched if it is not there.

    Args:
        program: The engine's program.
        image: The image by its digest.

    Raises:
        SimulatorError: If it cannot be had, with what the engine said of it.
    """
    if _said([program, "image", "inspect", image], LONGEST_LOOK):
        why = _said([program, "pull", "--quiet", image], LONGEST_FETCH)
        if why:
            raise SimulatorError(why)


def _said(command: list[str], longest: float) -> str:
    """Return why an engine did not do what it was asked, or nothing if it did."""
    with scratch() as folder:
        order = Order(command, folder, {"TMPDIR": os.environ.get("TMPDIR", "/var/tmp"), **inherited()}, longest)
        try:
            ended = run(order)
        except OSError as error:
            return str(error)
        return "" if ended.ok else ended.reason(order)
