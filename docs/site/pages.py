"""Makes the pages that are not written: from the README, the schema, the command line, the errors and the notebook."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parents[2]


def pages() -> dict[str, str]:
    """Return every page that is made, as Markdown, by its path in the site."""
    return {
        "index.md": (ROOT / "README.md").read_text(encoding="utf-8"),
        "contributing.md": (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
        "examples.md": (ROOT / "examples" / "README.md").read_text(encoding="utf-8"),
        "schema.md": schema_page(),
        "command_line.md": command_page(),
        "errors.md": error_page(),
        "notebook.md": notebook_page(),
    }


def schema_page() -> str:
    """Return the reference of the study file, a table a part, as the model has it."""
    from activesci.study.schema import schema

    lines = [
        "# The schema of study.yaml",
        "",
        "Made from the model that checks a study: every key, its type and its default. What they mean is in "
        "[the study file](study.md). `activesci schema` prints the same as JSON Schema for editors.",
        "",
    ]
    for name, part in {"study.yaml": schema(), **parts()}.items():
        for table in _keyed(part):
            lines += [f"## {name}" if table is part else f"### in {name}", "", table.get("description", ""), ""]
            lines += [*_table(table), ""]
    return "\n".join(lines)


@cache
def parts() -> dict[str, Any]:
    """Return the schema's parts by name."""
    from activesci.study.schema import schema

    found: dict[str, Any] = schema()["$defs"]
    return found


def _keyed(part: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 (a JSON Schema)
    """Yield every mapping with keys of its own within a part: itself, and those that stand in it without a name."""
    if isinstance(part, list):
        for one in part:
            yield from _keyed(one)
    elif isinstance(part, dict):
        if isinstance(part.get("properties"), dict):
            yield part
        for key, one in part.items():
            yield from _keyed(one if key != "$defs" else {})


def _table(part: Mapping[str, Any]) -> Iterator[str]:
    required = part.get("required", ())
    yield from ("| key | type | default |", "|---|---|---|")
    for key, value in part["properties"].items():
        default = "required" if key in required else _default(value)
        yield f"| `{key}` | {_type(value)} | {default} |"


def _default(value: Mapping[str, Any]) -> str:
    return f"`{json.dumps(value['default'])}`" if "default" in value else ""


def _type(value: Any) -> str:  # noqa: ANN401 (a JSON Schema)
    """Return a schema in words."""
    if value is True or value == {}:
        return "anything"
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        part = parts()[name]
        return f"[{name}](#{name.lower()})" if "properties" in part else _type(part)
    for key in ("anyOf", "oneOf"):
        if key in value:
            return " or ".join(dict.fromkeys(_type(one) for one in value[key]))
    if "enum" in value:
        return ", ".join(f"`{json.dumps(one)}`" for one in value["enum"])
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if value.get("type") == "array":
        inner = value.get("items") or (value.get("prefixItems") or [{}])[0]
        return f"a list of {_type(inner)}"
    if value.get("type") == "object":
        inner = next(iter(value.get("patternProperties", {}).values()), value.get("additionalProperties", {}))
        return f"a mapping of names to {_type(inner)}" if isinstance(inner, dict) and inner else "a mapping"
    return f"{value.get('type', 'anything')}{_limits(value)}"


def _limits(value: Mapping[str, Any]) -> str:
    words = {"exclusiveMinimum": "above", "minimum": "at least", "exclusiveMaximum": "below", "maximum": "at most"}
    said = [f"{word} {value[key]:g}" for key, word in words.items() if key in value and abs(value[key]) < 1e15]
    return f" ({', '.join(said)})" if said else ""


def command_page() -> str:
    """Return the reference of the command line."""
    from activesci.cli import main

    lines = ["# The command line", "", "Made from the commands themselves: what `activesci COMMAND --help` says.", ""]
    lines += ["Exit codes are in [the README](index.md#the-command-line).", ""]
    for command, names in _commands(main, ("activesci",)):
        lines += [*_command(command, names), ""]
    return "\n".join(lines)


def _commands(group: click.Group, names: tuple[str, ...]) -> Iterator[tuple[click.Command, tuple[str, ...]]]:
    with click.Context(group, info_name=names[-1]) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None  # it is listed
            yield command, (*names, name)
            if isinstance(command, click.Group):
                yield from _commands(command, (*names, name))


def _command(command: click.Command, names: tuple[str, ...]) -> list[str]:
    context = click.Context(command, info_name=names[-1])
    usage = " ".join([*names, *command.collect_usage_pieces(context)])
    # \b marks a paragraph that click leaves as it is
    text = cleandoc(command.help or "").replace("\b\n", "").replace("\f", "")
    options = [record for param in command.params if (record := param.get_help_record(context))]
    table = ["| option | |", "|---|---|", *(f"| `{name}` | {_cell(said)} |" for name, said in options)]
    return [f"## {' '.join(names[1:])}", "", f"    {usage}", "", text, "", *(table if options else [])]


def _cell(text: str) -> str:
    return escape(" ".join(text.split()), quote=False).replace("|", "\\|")


def error_page() -> str:
    """Return the tree of errors, and what each says."""
    from activesci import errors

    assert errors.__doc__ is not None
    summary, _, rest = errors.__doc__.partition("\n\n")
    tree, _, after = rest.partition("\n\nAn error is")
    lines = ["# Errors", "", summary, "", "```text", tree, "```", "", f"An error is{after}"]
    for name, error in vars(errors).items():
        if isinstance(error, type) and issubclass(error, Exception | Warning) and error.__module__ == errors.__name__:
            lines += [f"## {name}", "", _dedented(error.__doc__ or ""), ""]
    return "\n".join(lines)


def _dedented(text: str) -> str:
    return re.sub(r"\n +", "\n", text)


def notebook_page() -> str:
    """Return the notebook's text and code; its pictures are those that it draws where it runs."""
    path = ROOT / "examples" / "scientific_method.ipynb"
    if not path.is_file():
        return "# The scientific method, live\n"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    note = "!!! note\n    This is the notebook as it is read; run `examples/scientific_method.ipynb` to see it live.\n"
    made = [_cell_of(cell) for cell in cells]
    return "\n\n".join([made[0], note, *made[1:]])


def _cell_of(cell: Mapping[str, Any]) -> str:
    source = "".join(cell["source"])
    return source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"
