"""A store copied while it is in use is whole, and is served again."""

import shutil
import threading

import pytest

from activesci.errors import CampaignError, LedgerError
from activesci.ledger import Ledger
from activesci.loop.controller import Campaign
from activesci.service.backup import backup
from activesci.service.house import House
from activesci.service.tokens import Scope


@pytest.fixture
def to(tmp_path_factory):
    return tmp_path_factory.mktemp("backup") / "copy"


def events(folder):
    with Ledger.read_only(folder) as ledger:
        return [event.digest for event in ledger.check()]


def test_a_copy_made_while_campaign_and_service_write_is_whole_and_goes_on(house, tmp_path, to):
    secret = house.tokens.create("kept", Scope.VIEWER)[1]
    done = threading.Event()

    def writes():
        while not done.wait(0.02):
            house.tokens.create("more", Scope.VIEWER)

    writing = threading.Thread(target=writes)
    writing.start()
    try:
        with Campaign.open(tmp_path / "asked") as campaign:  # its writer has the lock
            copied = backup(tmp_path, to)
            before = events(to / "asked")
            design = campaign.proposals()[0]["design"]
            campaign.tell(design, {"y": 0.5})
            again = backup(tmp_path, to)
    finally:
        done.set()
        writing.join()
    assert copied.campaigns == again.campaigns == 2
    assert again.events > copied.events
    for name in ("done", "asked"):
        assert events(to / name) == events(tmp_path / name)
    assert events(to / "asked")[: len(before)] == before
    shutil.rmtree(tmp_path / "asked")
    with Ledger.open(to / "asked") as ledger:  # it can be written: nobody holds the lock of the copy
        assert ledger.events()[-1].digest == events(to / "asked")[-1]
    other = House.of(to, limit=1)
    try:
        assert other.tokens.principal(secret).label == "kept"
        assert other.reader.campaign("done").history.status == "stopped"
    finally:
        other.desk.close()


def test_what_does_not_hold_is_no_backup(house, tmp_path, to):
    artifact = sorted((tmp_path / "done" / "artifacts").iterdir())[0]
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"x")
    with pytest.raises(LedgerError, match="does not hold"):
        backup(tmp_path, to)


def test_a_backup_into_the_store_is_refused(tmp_path, house):
    with pytest.raises(CampaignError, match="expected one elsewhere"):
        backup(tmp_path, tmp_path / "copy")
