"""A study while it is being written: the texts of its fields, its other files, and what can be done to them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

from activesci.errors import StudyError
from activesci.service.form import Form, Node, Problems, Sent
from activesci.service.form.base import numbered, text_of
from activesci.service.store import STUDY, Store
from activesci.study.load import dump, parse
from activesci.study.schema import schema
from activesci.study.source import Problem, complaint

ROOT = "study"
"""What the names of a study's fields begin with."""
PLACE = re.compile(r"^study(?:\.yaml)?(?::\d+)?: (?P<path>\S+): (?P<why>found .*)$", re.DOTALL)
"""How a StudyError tells where."""
MOST_FIELDS = 20_000
INSIDE = ("", *"!~.#[?+")
"""What follows the name of a row in the names of its fields."""


@cache
def study_form() -> Form:
    """Return the form of study.yaml."""
    return Form.of(schema(), ROOT)


@dataclass(frozen=True)
class Draft:
    """A study that is being written.

    Attributes:
        fields: The texts of its fields.
        files: The files beside study.yaml, as (name, text).
        base: The version in the store that it began with, `NAME/VERSION`, or nothing.
        text: The study as YAML, where that is being edited instead of the fields.
    """

    fields: Sent = field(default_factory=dict)
    files: tuple[tuple[str, str], ...] = ()
    base: str = ""
    text: str | None = None

    @classmethod
    def of_files(cls, files: Mapping[str, str], base: str = "") -> Self:
        """Return the draft that begins with the files of a study; one that no form can say is shown as YAML."""
        others = tuple((name, text) for name, text in files.items() if name != STUDY)
        try:
            return cls(study_form().write(parsed(files[STUDY])), others, base)
        except StudyError:
            return cls({}, others, base, files[STUDY])

    @classmethod
    def of_sent(cls, sent: Mapping[str, Any]) -> Self:
        """Return the draft that a browser has sent."""
        texts: Sent = {name: str(value) for name, value in list(sent.items())[:MOST_FIELDS]}
        rows = [(texts[f"file#{i}!"].strip(), text_of(texts, f"file#{i}")) for i in numbered(texts, "file#", "!")]
        fields = {name: text for name, text in texts.items() if name.startswith((f"{ROOT}.", f"{ROOT}+"))}
        text = text_of(texts, "yaml") if "yaml" in texts else None
        return cls(fields, tuple(row for row in rows if row != ("", "")), texts.get("base", ""), text)

    def read(self, store: Store) -> tuple[dict[str, str], Problems]:
        """Return the files of the study that is written, and what is wrong where; the files are empty then."""
        problems: Problems = {}
        data: dict[str, Any] = {}
        if self.text is None:
            data, problems = study_form().read(self.fields)
        names = [name for name, _ in self.files]
        for i, name in enumerate(names):
            if not name or name == STUDY or names.count(name) > 1:
                problems[f"file#{i}!"] = f"found {name!r}, expected a name of its own, such as model.py"
        if problems:
            return {}, problems
        files = {STUDY: self.text if self.text is not None else self._text(store, data), **dict(self.files)}
        try:
            store.check(files)
        except StudyError as error:
            return {}, placed(str(error))
        return files, {}

    def _text(self, store: Store, data: dict[str, Any]) -> str:
        """Return the YAML of what the fields say, with the comments of what it began with if that is the same."""
        text = dump(data)
        if (path := base_of(store, self.base)) is None:
            return text
        before = path.read_text(encoding="utf-8")
        return before if text == dump(study_form().read(study_form().write(parsed(before)))[0]) else text

    def shown(self, problems: Mapping[str, str]) -> tuple[Node, dict[str, str]]:
        """Return how the fields are shown, and the problems by the name or path at which they are shown."""
        open_ones = dict(problems)
        while True:
            node, seen = study_form().show(self.fields, open_ones)
            lost = [key for key in open_ones if key not in seen and key and not key.startswith("file#")]
            if not lost:
                return node, open_ones
            for key in lost:
                why, above = open_ones.pop(key), key[: max(key.rfind("."), key.rfind("["), 0)]
                open_ones.setdefault(above, why if above else f"{key}: {why}")

    def as_yaml(self, store: Store) -> tuple[Self, Problems]:
        """Return the draft as YAML, if its fields can be read."""
        if self.text is not None:
            return self, {}
        data, problems = study_form().read(self.fields)
        return (self, problems) if problems else (replace(self, text=self._text(store, data)), {})

    def as_fields(self) -> tuple[Self, Problems]:
        """Return the draft as fields, if its YAML can be read."""
        try:
            data = parsed(self.text or "")
            return replace(self, fields=study_form().write(data), text=None), {}
        except StudyError as error:
            return self, {"": str(error)}

    def with_one_more(self, rows: str) -> tuple[Self, str]:
        """Return the draft with another empty row, and the row's name.

        Args:
            rows: What the names of the rows begin with, up to their number: `study.parameters#`, `study.stop.any[`.
        """
        if rows == "file#":
            return replace(self, files=(*self.files, ("", "\n"))), f"file#{len(self.files)}"
        end = "]!" if rows.endswith("[") else "!"
        following = max(numbered(self.fields, rows, end), default=-1) + 1
        key = f"{rows}{following}{end}"
        return replace(self, fields={**self.fields, key: "" if end == "!" else "on"}), key[:-1]

    def without(self, name: str) -> Self:
        """Return the draft without a row."""
        if found := re.fullmatch(r"file#(\d{1,5})", name):
            return replace(self, files=tuple(row for i, row in enumerate(self.files) if i != int(found[1])))
        gone = {key for key in self.fields if key.startswith(name) and key[len(name) : len(name) + 1] in INSIDE}
        return replace(self, fields={key: text for key, text in self.fields.items() if key not in gone})


def parsed(text: str) -> dict[str, Any]:
    """Return the data of a YAML text.

    Raises:
        StudyError: If it is none.
    """
    try:
        return parse(text)[0]
    except Problem as problem:
        where = f"{STUDY}:{problem.line}" if problem.line else STUDY
        raise StudyError(complaint(where, problem)) from None


def placed(message: str) -> Problems:
    """Return what a StudyError says by the path that it names.

    Example:
        >>> placed("study.yaml:3: stop.any[0].rounds: found 0, expected a number of 1 or more")
        {'stop.any[0].rounds': 'found 0, expected a number of 1 or more'}
    """
    found = PLACE.match(message)
    return {found["path"]: found["why"]} if found else {"": message}


def base_of(store: Store, base: str) -> Path | None:
    """Return the study file of `NAME/VERSION`, or None if there is none."""
    name, _, version = base.partition("/")
    return store.study(name, version) if version else None
