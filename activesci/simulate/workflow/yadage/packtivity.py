"""One step of a yadage workflow, a packtivity: its command with our places, and what it publishes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from activesci.simulate.workflow.slots import Given, One, Slot
from activesci.study.parts import listed
from activesci.study.workflows import FILE_NAME
from activesci.study.yadage import Piece

from .paths import FOLDER, GIVEN, Several, below, folder_of, leaves, replaced

PLACE = re.compile("\x02([^\x02]*)\x02")
"""The mark of one of our places in a command, with its name in it."""


@dataclass(slots=True)
class Packtivity:
    """A step while it is translated.

    Attributes:
        task: Its task's name.
        spec: The step in the file.
        parameters: Its parameters, with marks for folders.
        known: The outputs of every task so far: names by paths.
        inputs: Where each of its inputs comes from.
        values: Its constants by name, as they stand in the command.
    """

    task: str
    spec: Piece
    parameters: Mapping[str, Any]
    known: dict[str, dict[str, str]]
    inputs: dict[str, Slot] = field(default_factory=dict)
    values: dict[str, str | int | float | bool] = field(default_factory=dict)

    def command(self) -> list[str]:
        """Return the command with our places.

        Raises:
            StudyError: If the process or the environment is not supported.
        """
        self.spec.only("process", "publisher", "environment", "name")
        environment = self.spec.need("environment")
        environment.need("environment_type").one_of("localproc-env")
        environment.only("environment_type")
        process = self.spec.need("process")
        kind = process.need("process_type").one_of("string-interpolated-cmd", "interpolated-script-cmd")
        if kind == "string-interpolated-cmd":
            process.only("process_type", "cmd")
            return ["sh", "-c", self._filled(process.need("cmd"))]
        process.only("process_type", "script", "interpreter")
        interpreter = process.get("interpreter")
        run = 'printf "%s" "$1" | ' + (interpreter.text() if interpreter is not None else "sh")
        return ["sh", "-c", run.replace("{", "{{").replace("}", "}}"), "sh", self._filled(process.need("script"))]

    def _filled(self, template: Piece) -> str:
        """Return a template with our places: what it is filled with is known when the step runs."""
        shown = {name: _Shown(self, name, value) for name, value in self.parameters.items()}
        try:
            text = template.text().format(**shown)
        except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
            known = listed(list(self.parameters)) if self.parameters else "nothing"
            raise template.refused(f"a place that cannot be filled: {error}", f"those of {known}") from None
        return PLACE.sub(r"{\1}", text.replace("{", "{{").replace("}", "}}"))

    def shown(self, name: str, value: Any) -> str:  # noqa: ANN401 (plain data)
        """Return a parameter as it stands in the command, a list with blanks between its entries, as yadage does."""
        if isinstance(value, list):
            return " ".join(self.shown(f"{name}_{i}", one) for i, one in enumerate(value))
        if isinstance(value, Several):
            return self._input(name, One(value.task, self._output(value.task, value.pattern)))
        text = str(value)
        if not FOLDER.search(text) and not GIVEN.search(text):
            self.values[name] = value if isinstance(value, int | float) else text
            return f"\x02parameters.{name}\x02"
        text = GIVEN.sub(lambda mark: self._input(name, Given(Path(mark[1]))), text)
        text = text.replace(folder_of(self.task), "\x02scratch\x02")
        for task in dict.fromkeys(FOLDER.findall(text)):
            text = self._with_inputs(name, text, task)
        return text

    def _with_inputs(self, name: str, text: str, task: str) -> str:
        """Replace the files of another task, the longest paths first."""
        for path, output in sorted(self.known[task].items(), key=lambda pair: -len(pair[0])):
            mark = f"{folder_of(task)}/{path}"
            if mark in text:
                text = text.replace(mark, self._input(name, One(task, output)))
        if folder_of(task) in text:
            raise self.spec.refused(f"{name}: a folder of the step {task}", "files that it publishes: no folders")
        return text

    def _input(self, name: str, slot: Slot) -> str:
        clean = re.sub(r"\W", "_", name)
        free = clean
        while self.inputs.setdefault(free, slot) != slot:
            free += "_"
        return f"\x02inputs.{free}\x02"

    def _output(self, task: str, path: str) -> str:
        """Return the name of an output of a task; a file of its own that it publishes becomes one."""
        outputs = self.known[task]
        return outputs.setdefault(path, re.sub(r"\W", "_", path))

    def published(self) -> Any:  # noqa: ANN401 (plain data)
        """Return what the step publishes, and note which files of its own are among that.

        Raises:
            StudyError: If the publisher is not supported.
        """
        publisher = self.spec.need("publisher")
        kinds = {
            "frompar-pub": self._from_parameters,
            "interpolated-pub": self._interpolated,
            "fromglob-pub": self._from_glob,
            "constant-pub": self._constant,
        }
        result = kinds[publisher.need("publisher_type").one_of(*kinds)](publisher)
        for _, leaf in leaves(result):
            path = leaf.pattern if isinstance(leaf, Several) and leaf.task == self.task else None
            if isinstance(leaf, str):
                path = below(leaf, self.task)
            if path is not None:
                self._check_name(publisher, path)
                self._output(self.task, path)
        return result

    def _check_name(self, publisher: Piece, path: str) -> None:
        if not re.fullmatch(FILE_NAME, path):
            raise publisher.refused(f"the file {path!r}", "letters, digits, and . _ - * in the names of files")

    def _from_parameters(self, publisher: Piece) -> Any:  # noqa: ANN401 (plain data)
        publisher.only("publisher_type", "outputmap")
        outputs = publisher.need("outputmap")
        for _, name in leaves(outputs.value):
            if name not in self.parameters:
                raise outputs.refused(f"{name!r}, which is no parameter", f"one of {listed(list(self.parameters))}")
        return replaced(outputs.value, lambda name: self.parameters[name])

    def _interpolated(self, publisher: Piece) -> Any:  # noqa: ANN401 (plain data)
        publisher.only("publisher_type", "publish", "glob", "relative_paths")
        glob, relative = (publisher.get(key) for key in ("glob", "relative_paths"))
        published = publisher.need("publish")
        here = {**self.parameters, "workdir": folder_of(self.task)}

        def told(leaf: Any) -> Any:  # noqa: ANN401 (plain data)
            if not isinstance(leaf, str):
                return leaf
            try:
                text = leaf.format(**here)
            except (KeyError, IndexError, ValueError, AttributeError) as error:
                raise published.refused(f"a place that cannot be filled: {error}", listed(list(here))) from None
            own = FOLDER.search(text) or text.startswith("/")
            if relative is not None and relative.value and not own:
                text = f"{folder_of(self.task)}/{text}"
            path = below(text, self.task)
            if path is None or glob is None or not glob.value:
                return text
            return Several(self.task, path) if "*" in path else [text]

        return replaced(published.value, told)

    def _from_glob(self, publisher: Piece) -> Any:  # noqa: ANN401 (plain data)
        publisher.only("publisher_type", "globexpression", "outputkey")
        pattern = publisher.need("globexpression").text()
        found = Several(self.task, pattern) if "*" in pattern else [f"{folder_of(self.task)}/{pattern}"]
        return {publisher.need("outputkey").text(): found}

    def _constant(self, publisher: Piece) -> Any:  # noqa: ANN401 (plain data)
        publisher.only("publisher_type", "publish")
        return publisher.need("publish").value


class _Shown:
    """A parameter in a template: as it stands in the command, or as a format says."""

    def __init__(self, step: Packtivity, name: str, value: Any) -> None:  # noqa: ANN401 (plain data)
        self._step, self._name, self._value = step, name, value

    def __format__(self, form: str) -> str:
        return format(self._value, form) if form else self._step.shown(self._name, self._value)

    def __str__(self) -> str:
        return self._step.shown(self._name, self._value)

    def __getitem__(self, key: str | int) -> "_Shown":
        return _Shown(self._step, f"{self._name}_{key}", self._value[key])
