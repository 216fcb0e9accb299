"""The store: a folder of run folders, and of the studies that were written through the service."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from activesci.errors import CampaignError, StudyError
from activesci.ledger.faults import in_plain_words
from activesci.ledger.store import DATABASE
from activesci.study import Study

from .holes import FILE as TEMPLATE
from .holes import Template
from .limits import Limits

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
"""What the folder of a campaign may be called to be seen: plain letters, so that no two look the same."""
FILE = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
VERSION = r"[0-9a-f]{16}"
STUDY = "study.yaml"


class Store:
    """Finds campaigns and studies by name; a name that it did not list itself never becomes a path.

    Args:
        root: The folder; made if it is not there.
        limits: What a study may ask of it.
    """

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        self.root, self.limits = root.absolute(), limits or Limits()
        with in_plain_words(self.root):
            self.studies.mkdir(parents=True, exist_ok=True)
            self.private.mkdir(exist_ok=True, mode=0o700)

    @property
    def studies(self) -> Path:
        """Where studies are: a folder a name, in it a folder a version."""
        return self.root / ".studies"

    @property
    def private(self) -> Path:
        """Where the service keeps what is its own."""
        return self.root / ".service"

    def campaigns(self) -> list[str]:
        """Return the names of all run folders directly in the store, sorted."""
        names = (path.name for path in self.root.iterdir() if re.fullmatch(NAME, path.name) and _is_run(path))
        return sorted(names)

    def folder(self, name: str) -> Path | None:
        """Return the run folder of a campaign, or None if there is no such campaign."""
        path = self.root / name
        return path if re.fullmatch(NAME, name) and _is_run(path) else None

    def new(self, name: str) -> Path:
        """Return where a new campaign of a name goes.

        Raises:
            CampaignError: If the name cannot be used, or is.
        """
        if not re.fullmatch(NAME, name):
            raise CampaignError(f"found the name {name!r}, expected up to 64 plain letters, digits, - and _")
        if any(path.name.casefold() == name.casefold() for path in self.root.iterdir()):
            raise CampaignError(
                f"found {name} in the store already, expected a new name (upper and lower case are one)"
            )
        return self.root / name

    def keep(self, name: str, files: Mapping[str, str]) -> tuple[str, bool]:
        """Keep a study's files as a version named by their content; return it, and whether it is new.

        Args:
            name: The study's name here.
            files: The text of each file by its name; one is study.yaml.

        Raises:
            StudyError: If a name cannot be used, or study.yaml is no study.
        """
        self._refuse_names(name, files)
        version = hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()[:16]
        place = self.studies / name / version
        if place.is_dir():
            return version, False
        with in_plain_words(self.studies), tempfile.TemporaryDirectory(dir=self.private) as aside:
            written = _written(Path(aside) / version, files)
            self.limits.require(_checked(written))
            place.parent.mkdir(exist_ok=True)
            shutil.copytree(written, place.with_name(f".{version}.new"), dirs_exist_ok=True)
            place.with_name(f".{version}.new").rename(place)
        return version, True

    def check(self, files: Mapping[str, str]) -> Study:
        """Return the study that files are, without keeping or running any of them.

        Raises:
            StudyError: If they are none.
        """
        self._refuse_names("study", files)
        with tempfile.TemporaryDirectory(dir=self.private) as aside:
            return self.limits.require(_checked(_written(Path(aside) / "study", files)))

    @staticmethod
    def _refuse_names(name: str, files: Mapping[str, str]) -> None:
        if not re.fullmatch(NAME, name):
            raise StudyError(f"found the name {name!r}, expected up to 64 plain letters, digits, - and _")
        if wrong := [one for one in files if not re.fullmatch(FILE, one)]:
            raise StudyError(
                f"found a file named {wrong[0]!r}, expected plain names without folders, such as model.py"
            )
        if STUDY not in files:
            raise StudyError(f"found {sorted(files)}, expected {STUDY} among them")

    def versions(self) -> list[dict[str, Any]]:
        """Return every version of every study: name, version, kept (its time), template, oldest first."""
        found = [path for path in self.studies.glob("*/*") if re.fullmatch(VERSION, path.name)]
        told = [
            {
                "name": path.parent.name,
                "version": path.name,
                "kept": path.stat().st_mtime,
                "template": (path / TEMPLATE).is_file(),
            }
            for path in found
        ]
        return sorted(told, key=lambda one: (one["name"], one["kept"], one["version"]))

    def study(self, name: str, version: str | None = None) -> Path | None:
        """Return the study.yaml of a study, by default of its latest version, or None if there is none."""
        known = [one["version"] for one in self.versions() if one["name"] == name]
        chosen = known[-1] if known and version is None else version
        return self.studies / name / chosen / STUDY if chosen is not None and chosen in known else None


def _is_run(path: Path) -> bool:
    """Say whether a folder, no link to one elsewhere, holds the file of a ledger."""
    return path.is_dir() and not path.is_symlink() and (path / DATABASE).is_file()


def _checked(folder: Path) -> Study:
    """Return the study of a folder; with a template beside it, that has to be one too."""
    study = Study.load(folder / STUDY)
    if (folder / TEMPLATE).is_file():
        Template.of((folder / TEMPLATE).read_text(encoding="utf-8"), study)
    return study


def _written(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
