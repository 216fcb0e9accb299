"""An image is fetched before anything runs in it, once, by an engine that can."""

import pytest

from activesci.errors import SimulatorError
from activesci.simulate.container import Container

from .environments import engine
from .test_environment import IMAGE


def asked(told):
    return told.with_name("told.json.fetching").read_text().split()


def test_an_image_that_is_there_is_not_fetched_and_one_that_is_not_is_fetched_once(tmp_path, monkeypatch):
    told = engine(tmp_path / "a", "docker", monkeypatch)
    assert Container.of(IMAGE, None) == Container.of(IMAGE, "docker")
    assert asked(told) == ["image"]
    told = engine(tmp_path / "b", "docker", monkeypatch, image=1, pull=0)
    assert Container.of(IMAGE, None) == Container.of(IMAGE, None)
    assert asked(told) == ["image", "pull"]


def test_an_engine_that_cannot_have_the_image_is_left_for_the_next(tmp_path, monkeypatch):
    engine(tmp_path, "docker", monkeypatch, image=1)
    with pytest.raises(SimulatorError, match=f"{IMAGE} cannot be had: docker: exit code 1: no such pull"):
        Container.of(IMAGE, None)
    engine(tmp_path, "podman", monkeypatch)
    assert Container.of(IMAGE, None).engine == "podman"
    with pytest.raises(SimulatorError, match="docker: exit code 1"):
        Container.of(IMAGE, "docker")
