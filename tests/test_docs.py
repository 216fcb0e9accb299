"""What can be written or typed is documented."""

import re
from pathlib import Path

import click
import pytest

from activesci.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STUDY = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")


def keys(schema):
    """Yield every property name anywhere in a JSON Schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {}) if isinstance(schema.get("properties"), dict) else ()
        for part in schema.values():
            yield from keys(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from keys(part)


def test_every_key_of_the_study_file_is_documented():
    from activesci.study.schema import schema

    found = set(keys(schema()))
    assert {"parameters", "prior", "uniform", "evaluations", "address", "rounds"} <= found
    assert sorted(key for key in found if f"`{key}`" not in STUDY) == []


@pytest.mark.parametrize("name", main.commands)
def test_every_command_and_each_of_its_options_is_documented(name):
    line = next((line for line in README.splitlines() if line.startswith(f"| `activesci {name}")), "")
    options = [param for param in main.commands[name].params if isinstance(param, click.Option)]
    assert line
    assert [option.name for option in options if option.opts[-1] not in line] == []


def test_every_exit_code_is_documented():
    assert re.search(r"0 stopped.*2 the input is wrong.*3 paused.*1 a fault", README, re.DOTALL)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_to_a_file(link):
    assert (ROOT / link).exists()
