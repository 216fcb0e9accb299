"""A store with two campaigns that were made beside the service, and the application around it, without any process."""

import shutil

import pytest
from starlette.testclient import TestClient

from activesci.loop.controller import Campaign
from activesci.service.app import application, routed
from activesci.service.house import House
from activesci.service.pages import drawing
from activesci.service.tokens import Scope
from tests.loop.worlds import finished, world

HOST = "lab:8642"
NASTY = "<script>alert('x')</script>"
MANUAL = {"experiment": {"manual": True}, "stop": {"rounds": 3}}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Two run folders: `done`, with nasty words in it, and `asked`, whose first design waits."""
    root = tmp_path_factory.mktemp("made")
    finished(world(root / "studies/done", description=NASTY), root / "done")
    with Campaign(world(root / "studies/asked", **MANUAL), root / "asked") as campaign:
        campaign.ask()
    return root


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Pages wait for their drawings, however busy the machine is."""
    monkeypatch.setattr(drawing, "PATIENCE", 60.0)


@pytest.fixture
def house(made, tmp_path):
    """A service whose workers are never started: what they would be given waits in the queue."""
    for name in ("done", "asked"):
        shutil.copytree(made / name, tmp_path / name, ignore=shutil.ignore_patterns("*.lock"))  # it names us
    opened = House.of(tmp_path, limit=1)
    yield opened
    opened.desk.close()


@pytest.fixture
def asks(house):
    """A browser or program of a scope: `asks(Scope.VIEWER)`, or of nobody."""
    gated = application(house, [HOST])

    def made(scope=None, campaign=None, secret=None):
        if scope is not None:
            secret = house.tokens.create("test", scope, campaign)[1]
        headers = {"host": HOST} | ({"authorization": f"Bearer {secret}"} if secret else {})
        return TestClient(gated, base_url=f"http://{HOST}", headers=headers, follow_redirects=False)

    return made


@pytest.fixture
def owner(asks):
    return asks(Scope.OWNER)


@pytest.fixture
def ungated(house):
    return routed(house)
