"""Designers and surrogates of other packages: named in the study, loaded, recorded, and held to what was recorded."""

import sys

import pytest

from activesci.cli.pilot import fly
from activesci.errors import LedgerError, StudyError
from activesci.export import Run
from activesci.export.sources import sources
from activesci.ledger.graph import Graph
from activesci.loop.branching import branch
from activesci.loop.controller import Campaign
from activesci.study.installed import DESIGNERS, SURROGATES

from .worlds import designs, finished, reason, world

CODE = """\
from dataclasses import dataclass
import numpy as np
from activesci.design import Choice

@dataclass(frozen=True)
class Highest:
    below: float = 2.0

    def __post_init__(self):
        if self.below <= 0:
            raise ValueError(f"below: found {self.below}, expected a positive number")

    def choose(self, question, rng):
        xi = np.array([[self.below]])
        gain = question.gain(xi)
        return Choice(xi[0], gain, None, xi, gain)

def known(study):
    from activesci.inference.exact import ExactSurrogate
    from activesci.simulate import simulator_for
    return ExactSurrogate(simulator_for(study))

def nothing(**settings):
    return object()
"""
OFFERED = """\
[activesci.designers]
highest = a_plugin:Highest
hollow = a_plugin:nothing
broken = a_plugin:absent
[activesci.surrogates]
known = a_plugin:known
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that is installed for one test, with entry points."""
    place = tmp_path / "site"
    install(place, "a-plugin")
    (place / "a_plugin.py").write_text(CODE)
    monkeypatch.syspath_prepend(place)
    yield place
    sys.modules.pop("a_plugin", None)


def install(place, name):
    about = place / f"{name.replace('-', '_')}-0.3.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.3\n")
    (about / "entry_points.txt").write_text(OFFERED)


PLUGGED = {"designer": {"highest": {"below": 1.5}}, "inference": {"surrogate": "known", "particles": 256}}


def test_a_campaign_rests_on_plugins_and_records_them(package, tmp_path):
    campaign = finished(world(tmp_path, **PLUGGED), tmp_path / "run")
    assert reason(campaign) == ("stopped", "rounds 2 >= 2")
    assert designs(campaign) == [{"x": 1.5}, {"x": 1.5}]
    said = campaign.history.started.payload
    assert said["designer_plugin"] == {
        "name": "highest",
        "target": "a_plugin:Highest",
        "package": "a-plugin",
        "version": "0.3",
        "digest": said["surrogate_plugin"]["digest"],
    }
    assert (campaign.history.surrogate, campaign.history.surrogate_reason) == ("known", "asked for, of a-plugin 0.3")
    recipes = [state.recipe for state in Graph.read(tmp_path / "run") if state.kind in ("design", "surrogate")]
    assert len(recipes) == 5
    assert all(said["designer_plugin"]["digest"] in recipe.code for recipe in recipes)
    assert "a_plugin:Highest of a-plugin 0.3" in (tmp_path / "run" / "report.html").read_text()
    with Run.opened(tmp_path / "run") as run:  # a crate says what it does not hold
        assert sources(run)[1] == ["a-plugin==0.3 (a plug-in: install it where activesci is)"]


def test_a_plugin_whose_code_has_changed_is_another_campaign(package, tmp_path):
    study = world(tmp_path, **PLUGGED)
    with Campaign(study, tmp_path / "run") as campaign:
        next(iter(campaign))
    (package / "a_plugin.py").write_text(CODE + "\n# mended\n")
    with pytest.raises(LedgerError, match="begun with another surrogate's plug-in"):
        Campaign(study, tmp_path / "run")


def test_a_branch_may_take_a_plugin_and_leave_it_again(package, tmp_path):
    finished(world(tmp_path), tmp_path / "run")
    with Campaign(
        branch(tmp_path / "run", 1, tmp_path / "other", {"designer": {"highest": {"below": 0.7}}}),
        tmp_path / "other",
    ) as campaign:
        campaign.run()
    assert designs(campaign) == [{"x": 2.0}, {"x": 0.7}]
    branch(tmp_path / "other", 1, tmp_path / "back", {"designer": {"grid": {"points": 5}}})
    with Campaign.open(tmp_path / "back") as back:
        back.run()
    assert "designer_plugin" not in back.history.started.payload


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"designer": {"highst": {}}}, r"designer.highst: .*plug-ins that are installed: broken, highest, hollow"),
        ({"designer": {"highest": {}, "grid": {}}}, "designer.highest: found grid and highest, expected exactly one"),
        ({"designer": {"highest": 3}}, "designer.highest: found 3, expected a mapping"),
        ({"inference": {"surrogate": "unknown"}}, "inference.surrogate: .*installed: known"),
    ],
)
def test_a_study_that_names_what_is_not_there_says_what_is(package, tmp_path, changes, said):
    with pytest.raises(StudyError, match=said):
        world(tmp_path, **changes)


@pytest.mark.parametrize(
    ("designer", "said"),
    [
        ({"highest": {"below": -1}}, "designer.highest: a_plugin:Highest of a-plugin 0.3 says: below: found -1"),
        ({"highest": {"above": 1}}, "designer.highest: .*unexpected keyword argument 'above'"),
        ({"hollow": {}}, "gave a object without the method choose"),
        ({"broken": {}}, "designer.broken: a_plugin:absent of a-plugin 0.3 cannot be loaded"),
    ],
)
def test_a_plugin_that_cannot_serve_is_the_callers_error(package, tmp_path, designer, said):
    with pytest.raises(StudyError, match=said):
        Campaign(world(tmp_path, designer=designer), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(StudyError, match=said):
        fly(world(tmp_path, designer=designer))  # `activesci validate` says the same


def test_a_name_that_two_packages_offer_is_refused(package, tmp_path):
    install(package, "b-plugin")
    with pytest.raises(StudyError, match=r"a-plugin 0.3 and b-plugin 0.3 offer both"):
        Campaign(world(tmp_path, **PLUGGED), tmp_path / "run")


def test_the_groups_are_what_is_documented():
    assert (DESIGNERS, SURROGATES) == ("activesci.designers", "activesci.surrogates")
