"""The studies that the tests of this room start from."""

from pathlib import Path
from typing import Any

from activesci.study import Study

GOOD = sorted((Path(__file__).parent / "good").glob("*.yaml"))
BAD = sorted((Path(__file__).parents[1] / "bad" / "studies").glob("*.yaml"))


def study(**changes: Any) -> Study:
    mapping: dict[str, Any] = {
        "study": "example",
        "parameters": {"a": {"prior": {"uniform": [0, 2]}}, "b": {"prior": {"normal": [0, 1]}}},
        "design": {"t": {"real": [0, 5]}},
        "outcome": {"y": {"real": []}},
        "simulator": {"function": "model:simulate"},
        "experiment": {"manual": True},
        "stop": {"rounds": 3},
    }
    return Study(**{key: value for key, value in {**mapping, **changes}.items() if value is not None})
