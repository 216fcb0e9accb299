"""What other packages offer under an entry point: kinds of a study file that activesci doesn't bring itself."""

from importlib.metadata import EntryPoint, entry_points

DESIGNERS = "activesci.designers"
"""Entry points that `designer: {name: {settings}}` may name: each is called with the settings and gives a designer."""
SURROGATES = "activesci.surrogates"
"""Entry points that `inference: {surrogate: name}` may name: each is called with the study and gives a surrogate."""
GROUPS = (DESIGNERS, SURROGATES)


def installed(group: str) -> tuple[str, ...]:
    """Return the names that installed packages offer in a group of entry points, each once, in order."""
    return tuple(sorted({found.name for found in entry_points(group=group)}))


def offered(group: str, name: str) -> tuple[EntryPoint, ...]:
    """Return every different entry point of a name: one, unless two packages offer it."""
    found = {(one.value, one.dist.name if one.dist else ""): one for one in entry_points(group=group, name=name)}
    return tuple(found.values())


def in_words(group: str) -> str:
    """Return what is installed in a group, as the end of what was expected.

    Example:
        >>> in_words("activesci.nothing")
        ' (plug-ins that are installed: none)'
    """
    return f" (plug-ins that are installed: {', '.join(installed(group)) or 'none'})"
