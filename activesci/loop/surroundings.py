"""What a campaign runs in: Python, packages, machine, activesci's own code, and the commit of the study's."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, distributions, version
from os import cpu_count
from pathlib import Path
from platform import machine, platform, processor, python_version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci import simulate
from activesci.simulate.repository import repository

PACKAGES = ("activesci", "numpy", "scipy", "torch", "scikit-optimize", "ray", "pydantic")


def surroundings() -> dict[str, Any]:
    """Return what is recorded of what runs, less the study's code."""
    return {
        "versions": versions(),
        "packages": dict(packages()),
        "machine": {"cpu": processor() or machine(), "cpus": cpu_count()},
        "program_digest": program_digest(),
    }


def versions() -> dict[str, str]:
    """Return the versions of what matters most."""
    found = {"python": python_version(), "platform": platform()}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


@cache
def packages() -> Mapping[str, str]:
    """Return every installed package with its version."""
    found = {str(one.metadata["Name"]): one.version for one in distributions() if one.metadata["Name"]}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


@cache
def program_digest() -> str:
    """Return the sha256 (hex) over the names and contents of activesci's own sources."""
    root, total = Path(simulate.__file__).parents[1], hashlib.sha256()
    for path, content in simulate.sources_below(root):
        total.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()


def commit(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]] | None]:
    """Return the commit of the study's folder with the files that differ from it, and the differences as arrays.

    Nothing is said of a folder that is in no git repository.
    """
    found = repository(folder)
    if found is None:
        return {}, None
    said = {"commit": found.commit, "uncommitted": list(found.changed)}
    if not found.difference:
        return {"code": said}, None
    return {"code": said}, {"uncommitted": np.frombuffer(found.difference, dtype=np.uint8)}
