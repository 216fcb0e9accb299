"""The tasks as studies: nothing to choose, one recorded outcome."""

import json
import tempfile
from pathlib import Path

from model import named

import activesci as asci

HERE = Path(__file__).resolve().parent


def study(task, seed=0, **more):
    """Return a task's study, its outcome to be told or, with `experiment=...`, recorded.

    Args:
        task: The task.
        seed: The seed.
        more: Other parts of the study, `inference`, `experiment`, `stop`.
    """
    mapping = {
        "study": task.name.replace("_", "-"),
        "seed": seed,
        "parameters": task.parameters,
        "outcome": dict(task.outcome),
        "simulator": {"function": f"model:{task.name}", "batch": True},
        "experiment": {"manual": True},
        "stop": {"rounds": 1},
    } | more
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.yaml"
        file.write_text(json.dumps(mapping))  # JSON is YAML
        return asci.Study.load(file, HERE)


def recorded(task, y, file):
    """Write one outcome (width,) as a recorded pool, and return the study's `experiment:`."""
    outcome = {name: value[0].tolist() for name, value in named(task, y[None]).items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"design": {}, "outcome": outcome}) + "\n")
    return {"recorded": str(file)}
