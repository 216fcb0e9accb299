"""The client makes studies and campaigns, and waits for their end."""

import pytest

from activesci.errors import CampaignError, DesignError
from activesci.service.client import Client
from activesci.service.tokens import Scope

from .test_writing import SHIPPED


@pytest.fixture
def client(house, asks):
    http = asks(Scope.OWNER)
    return Client("http://lab:8642", http.headers["authorization"].split()[1], http=http)


def test_a_folder_becomes_a_study_and_a_campaign(client, house, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "study.yaml").write_text(SHIPPED[0].read_text(encoding="utf-8"), encoding="utf-8")
    version = client.keep("mine", folder)
    assert house.store.study("mine", version) is not None
    client.begin("first", "mine", version, seed=4, settings={"stop": {"rounds": 2}})
    wish = house.workers.wishes.of("first")
    assert (wish.state, wish.seed, dict(wish.settings)) == ("running", 4, {"stop": {"rounds": 2}})
    with pytest.raises(CampaignError, match="has not stopped after 0 s"):
        client.wait("first", 0)
    house.workers.wishes.put("first", "failed", "its worker ended")
    with pytest.raises(CampaignError, match="is failed: its worker ended"):
        client.wait("first")
    (folder / "study.yaml").write_text("study: 3", encoding="utf-8")
    with pytest.raises(DesignError, match="study.yaml:1: study: found 3"):
        client.keep("mine", folder)


def test_a_campaign_is_ended_and_waited_for(client, house):
    assert client.stop("asked", "the lamp broke")["wished"] == "stopping"
    with pytest.raises(CampaignError, match="has not stopped after 0 s"):
        client.wait("asked", 0)
    with pytest.raises(CampaignError, match="has stopped"):
        client.stop("done", "again")


def test_a_campaign_that_has_stopped_is_not_waited_for(client, house):
    house.workers.wishes.put("done", "done")
    assert client.wait("done")["summary"]["status"] == "stopped"
