"""The log: a line of JSON each, no secret in any of them."""

import json
import logging

import pytest
from starlette.testclient import TestClient

from activesci.service.app import application
from activesci.service.logbook import LOGGER, Lines, Logged
from activesci.service.tokens import Scope

from .conftest import HOST


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, LOGGER.name)
    return lambda: [json.loads(Lines().format(record)) for record in caplog.records if record.name == LOGGER.name]


def test_every_request_is_a_line_with_its_status_and_who_and_no_secret(house, lines):
    name, secret = house.tokens.create("reader", Scope.VIEWER)
    client = TestClient(Logged(application(house, [HOST])), base_url=f"http://{HOST}")
    client.get("/api/campaigns?search=hidden", headers={"authorization": f"Bearer {secret}"})
    client.get("/api/tokens", headers={"authorization": f"Bearer {secret}"})
    client.get("/api/campaigns", headers={"authorization": "Bearer asci_guessed"})
    found = [one for one in lines() if one["message"] == "request"]
    assert [(one["path"], one["status"], one["token"]) for one in found] == [
        ("/api/campaigns", 200, name),
        ("/api/tokens", 403, None),
        ("/api/campaigns", 401, None),
    ]
    assert all(one["ms"] >= 0 for one in found)
    text = json.dumps(lines())
    assert not any(word in text for word in (secret, "asci_guessed", "hidden"))
    assert [one["token"] for one in lines() if one["message"] == "token made"] == [name]


def test_nothing_is_written_down_where_only_faults_are_asked_for(house, lines, caplog):
    caplog.set_level(logging.WARNING, LOGGER.name)
    client = TestClient(Logged(application(house, [HOST])), base_url=f"http://{HOST}")
    assert client.get("/healthz").status_code == 200
    assert lines() == []
