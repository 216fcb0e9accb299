"""The scratch folder of one attempt: empty at first, gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "activesci-"


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a new folder that only this user can read, and remove it with all that is in it.

    Raises:
        OSError: If there is no room for one.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder; what a program has made unreadable is made readable first. What stays fails no simulation."""
    shutil.rmtree(folder, ignore_errors=True)
    for place, _, _ in os.walk(folder):  # follows no links; a folder is opened before what is in it is listed
        with suppress(OSError):
            Path(place).chmod(0o700)
            for inside in os.scandir(place):
                if inside.is_dir(follow_symlinks=False):
                    Path(inside.path).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
