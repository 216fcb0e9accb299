"""Calls functions of workflow steps in a Python with packages of its own; a program on that Python and numpy alone.

It reads a request in JSON from each line of stdin, calls the function, and answers a line of JSON, `{}` or
`{"error": reason}`, into the pipe whose number it was given. A module stays loaded from one call to the next.
"""

import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = str(Path(__file__).parents[1] / "rng.py")


def main() -> None:
    """Answer until nobody asks any more."""
    with os.fdopen(os.dup(0)) as asked, os.fdopen(int(sys.argv[1]), "w") as answers:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what functions read is not what we are asked
        os.dup2(2, 1)
        os.set_inheritable(answers.fileno(), False)
        loaded: dict[str, ModuleType] = {}
        for line in asked:
            answers.write(json.dumps(_answer(json.loads(line), loaded)) + "\n")
            answers.flush()


def _answer(request: dict[str, Any], loaded: dict[str, ModuleType]) -> dict[str, str]:
    if request["folder"] not in sys.path:
        sys.path.insert(0, request["folder"])
    try:
        _call(request, loaded)
    except BaseException as error:  # noqa: BLE001 (SystemExit too)
        return {"error": _reason(error, request["file"])}
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return {}


def _call(request: dict[str, Any], loaded: dict[str, ModuleType]) -> None:
    import numpy as np

    generator = _loaded(OURS, loaded).generator
    module = _loaded(request["file"], loaded)
    function, rng = getattr(module, request["function"]), generator(request["seed"], *request["key"])
    inputs = {name: _paths(given) for name, given in request["inputs"].items()}
    outputs = {name: Path(given) for name, given in request["outputs"].items()}
    with np.errstate(all="ignore"):
        function(request["parameters"], inputs, outputs, rng)


def _paths(given: Any) -> Any:  # noqa: ANN401 (a path or a list of them)
    return [Path(one) for one in given] if isinstance(given, list) else Path(given)


def _loaded(file: str, loaded: dict[str, ModuleType]) -> ModuleType:
    """Return the module of a file; `rng.py` of this package needs nothing but numpy, so that it is loaded too."""
    if file not in loaded:
        name = Path(file).stem if file != OURS else "activesci_rng"
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None  # it ends in .py
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        loaded[file] = module
    return loaded[file]


def _reason(error: BaseException, file: str) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return " ".join(text.split()) + (f" ({Path(file).name}:{frames[-1].lineno})" if frames else "")


if __name__ == "__main__":
    main()
