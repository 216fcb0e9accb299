import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
THEIR_NAMES = ("model", "reference", "oracle", "generator", "analysis", "digits", "networks")


@pytest.fixture
def load() -> Iterator[Callable[[str, str], ModuleType]]:
    """Import an experiment's `model` or `reference`; every experiment has modules of the same names."""
    path = sys.path[:]

    def from_folder(experiment: str, name: str) -> ModuleType:
        for other in THEIR_NAMES:
            sys.modules.pop(other, None)
        sys.path.insert(0, str(EXPERIMENTS / experiment))
        return import_module(name)

    yield from_folder
    sys.path[:] = path
    for name in THEIR_NAMES:
        sys.modules.pop(name, None)
