"""Designers and surrogates of other packages: found by their entry points, loaded, and told apart by their code."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from activesci.design import Designer, designer_for
from activesci.errors import StudyError
from activesci.inference.base import Surrogate
from activesci.simulate import sources_below
from activesci.simulate.source import digest_of_files
from activesci.study import Study
from activesci.study.installed import DESIGNERS, SURROGATES, in_words, offered


@dataclass(frozen=True, slots=True)
class Plugin:
    """What an entry point leads to, and what a record has to say of it.

    Attributes:
        name: Its name in the study file.
        target: What it leads to, `module:object`.
        package: The package that offers it.
        version: That package's version.
        digest: The sha256 (hex) over the sources of the top module that it is in.
        make: What makes the designer or the surrogate.
    """

    name: str
    target: str
    package: str
    version: str
    digest: str
    make: Callable[..., Any] = field(repr=False)

    @classmethod
    def find(cls, group: str, name: str, where: str) -> "Plugin":
        """Load the plug-in of a name.

        Args:
            group: The group of entry points.
            name: The name in the study file.
            where: The place in the study file, for what is said of errors.

        Raises:
            StudyError: If no package offers it, or two do, or it cannot be loaded.
        """
        entry = _only(offered(group, name), group, where)
        try:
            make = entry.load()
        except Exception as error:
            raise StudyError(
                f"{where}: {entry.value} of {_package(entry)} cannot be loaded ({type(error).__name__}: {error}); "
                "mend the package, or install it again"
            ) from error
        return cls(name, entry.value, *_release(entry), digest_of(entry.module), make)

    def said(self) -> dict[str, str]:
        """Return what a ledger says of it."""
        names = ("name", "target", "package", "version", "digest")
        return {name: getattr(self, name) for name in names}


def _only(found: tuple[EntryPoint, ...], group: str, where: str) -> EntryPoint:
    if len(found) == 1:
        return found[0]
    if not found:
        raise StudyError(
            f"{where}: found a name that nothing is installed under, expected one that is{in_words(group)}"
        )
    packages = " and ".join(sorted(_package(one) for one in found))
    raise StudyError(f"{where}: found a name that {packages} offer both, expected it of one: uninstall the other")


def _release(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("unknown", "unknown")


def _package(entry: EntryPoint) -> str:
    return " ".join(_release(entry))


def digest_of(module: str) -> str:
    """Return the sha256 (hex) over the sources of a module or, of one inside a package, of the whole package."""
    top = import_module(module.partition(".")[0])
    folders = sorted(getattr(top, "__path__", ()))
    if not folders:
        return digest_of_files((Path(str(top.__file__)),))
    total = hashlib.sha256()
    for path, content in (one for folder in folders for one in sources_below(Path(folder))):
        total.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()


def designer_of(study: Study) -> tuple[Designer, dict[str, str] | None]:
    """Return the study's designer, and what a ledger says of it if an installed package offers it.

    Raises:
        StudyError: If it cannot be loaded, or refuses its settings.
    """
    part = study.designer
    if not part.plugged:
        return designer_for(part), None
    where = f"designer.{part.kind}"
    plugin = Plugin.find(DESIGNERS, part.kind, where)
    return _made(plugin, "choose", where, **part.settings), plugin.said()


def plugged_surrogate(study: Study) -> tuple[Surrogate, dict[str, str]]:
    """Return the surrogate of the name in the study that an installed package offers, and what a ledger says of it.

    Raises:
        StudyError: If it cannot be loaded, or cannot serve the study.
    """
    where = "inference.surrogate"
    plugin = Plugin.find(SURROGATES, study.inference.surrogate, where)
    return _made(plugin, "log_prob", where, study), plugin.said()


def _made(plugin: Plugin, method: str, where: str, *arguments: object, **settings: object) -> Any:  # noqa: ANN401
    try:
        made = plugin.make(*arguments, **settings)
    except (TypeError, ValueError) as error:
        raise StudyError(f"{where}: {plugin.target} of {plugin.package} {plugin.version} says: {error}") from error
    if not callable(getattr(made, method, None)):
        raise StudyError(
            f"{where}: {plugin.target} gave a {type(made).__name__} without the method {method}, expected what "
            "activesci.testing describes"
        )
    return made


def said_of_designer(study: Study) -> Mapping[str, Any]:
    """Return what a ledger says of the study's designer; nothing of activesci's own."""
    said = designer_of(study)[1]
    return {} if said is None else {"designer_plugin": said}
