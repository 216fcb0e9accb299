"""A participant's process: answers what the judge asks, a line of JSON to a line of JSON.

It is given a study without its truth, and what was measured; the truth is in another process. A designer or a
surrogate plays a campaign of activesci that somebody else measures; a program is handed the lines as they are.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from activesci.errors import ActiveSciError

SAMPLES = 4000
"""Samples of a posterior that are handed over."""


class Player(Protocol):
    """Answers questions."""

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer to a line of the judge."""
        ...


class Own:
    """Plays as a campaign of activesci.

    Args:
        study: The study file.
        settings: Of the study: the rules' and the participant's.
        run: The run folder.
    """

    def __init__(self, study: Path, settings: Mapping[str, Any], run: Path) -> None:
        from activesci.loop.controller import Campaign
        from activesci.study import Study

        self._campaign = Campaign(Study.load(study).with_settings(settings), run)

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a design, that an outcome is taken, or samples of the posterior."""
        if "ask" in question:
            return {"design": self._campaign.proposals(1)[0]["design"]}
        for one in question.get("infer", [question.get("tell")]):
            self._campaign.tell(one["design"], one["outcome"])
        if "infer" not in question:
            return {"ok": True}
        drawn = self._campaign.posterior.sample(SAMPLES)
        return {"posterior": {name: [float(one) for one in values] for name, values in drawn.items()}}


class Program:
    """Plays as a program that reads and writes lines.

    Args:
        command: The program and its arguments.
        study: The study file, which it is told of.
    """

    def __init__(self, command: list[str], study: Path) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=Path.cwd())
        self.answer({"begin": {"study": str(study)}})

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the program answers."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: PT018 - pipes
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ValueError(f"the program has ended with code {self._process.wait()}")
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError(f"the program said {line[:80]!r}, expected an object of JSON")  # noqa: TRY004
        return found


def player(given: Mapping[str, Any]) -> Player:
    """Return who plays, as the judge's first line says."""
    entry, study = given["entry"], Path(given["study"])
    if entry.get("command") is not None:
        return Program(entry["command"], study)
    own = {"designer": entry["designer"]} if entry.get("designer") else {"inference.surrogate": entry["surrogate"]}
    return Own(study, {**given["settings"], **own}, Path("run"))


def main() -> None:
    """Answer until nobody asks any more."""
    answers = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    one: Player | None = None
    for line in sys.stdin:
        question = json.loads(line)
        said: Mapping[str, Any] = {"ok": True}
        try:
            if one is None:
                one = player(question["begin"])
            else:
                said = one.answer(question)
        except (ActiveSciError, ValueError, OSError) as error:
            said = {"failed": f"{type(error).__name__}: {error}"[:1000]}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
