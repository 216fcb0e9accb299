"""The documentation as a site: built strictly and without a network, and everything is in it."""

import re
import warnings
from pathlib import Path

import click
import pytest

from activesci import errors
from activesci.cli import main
from activesci.study.installed import GROUPS
from activesci.study.schema import schema

ROOT = Path(__file__).parents[1]
OUTSIDE = re.compile(r"""(?:src|href)=["']?(?:https?:)?//|url\(["']?https?:|@import""")
"""What makes a browser load something from elsewhere, where it is not the link of an <a>."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site's pages by name, built with all sockets closed; a warning fails the build."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of mkdocs' dependencies
        build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}


def properties(part):
    if isinstance(part, dict):
        found = part.get("properties")
        yield from found if isinstance(found, dict) else ()
        for value in part.values():
            yield from properties(value)
    elif isinstance(part, list):
        for value in part:
            yield from properties(value)


def test_every_setting_is_in_the_reference_and_in_the_schema(site):
    found = set(properties(schema()))
    assert len(found) > 60
    for page in ("schema.html", "study.html"):
        assert sorted(key for key in found if f"<code>{key}</code>" not in site[page]) == []


def commands(group, names=()):
    for name, command in group.commands.items():
        yield " ".join((*names, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*names, name))


def test_every_command_and_option_is_there(site):
    every = dict(commands(main))
    assert {"run", "workflow graph"} <= set(every)
    page = site["command_line.html"]
    sections = dict(re.findall(r'<h2 id="([\w-]+)">(.*?)(?=<h2|</article)', page, re.DOTALL))
    for name, command in every.items():
        section = sections[name.replace(" ", "-")]
        options = [option for param in command.params if isinstance(param, click.Option) for option in param.opts]
        assert [option for option in options if option not in section] == []


def test_every_error_and_every_group_of_entry_points_is_there(site):
    every = [
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    assert len(every) > 8
    assert [name for name in every if f'id="{name.lower()}"' not in site["errors.html"]] == []
    assert [group for group in GROUPS if group not in site["plugins.html"]] == []


def test_nothing_is_loaded_from_elsewhere(site):
    loads = {name: re.sub(r"<a [^>]*>", "", page) for name, page in site.items()}
    assert [name for name, page in loads.items() if OUTSIDE.search(page)] == []


def test_equations_are_drawn_without_a_script(site):
    page = site["concepts.html"]
    assert page.count("<math") > 20
    assert "arithmatex" not in page
    assert not re.search(r"<mi>\\|<mtext>\\", page)  # a command that the converter does not know stays as it was


def test_pages_link_to_each_other_and_not_out_of_the_site(site):
    targets = {found for page in site.values() for found in re.findall(r'<a [^>]*href="([\w./-]+\.\w+)[#"]', page)}
    assert {"study.html", "plugins.html"} <= targets
    assert sorted(target for target in targets if target.endswith((".md", ".yaml", ".py"))) == []
