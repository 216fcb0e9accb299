"""A campaign that keeps few of its rounds at hand goes on as one that keeps all, also when it is resumed."""

from activesci.ledger import Ledger, fold, history
from activesci.ledger.past import Rounds
from activesci.loop.controller import Campaign

from .worlds import LEARNED, PLAIN, finished, world

FEW = {**LEARNED, "simulations": 60, "per_round": 10, "ensemble": 1, "particles": 64}


def few_at_once(rounds, place, plain=Rounds.__getitem__):
    past = len(rounds) - len(rounds._recent)
    assert not isinstance(place, slice) or place.start >= past, "all of a long past is in memory together"
    return plain(rounds, place)


def test_a_campaign_that_forgets_its_past_comes_to_the_same(tmp_path, monkeypatch):
    study = world(tmp_path, model=PLAIN, inference=FEW, stop={"rounds": 4})
    finished(study, tmp_path / "whole")
    monkeypatch.setattr(history, "RECENT", 1)
    monkeypatch.setattr(Rounds, "__getitem__", few_at_once)
    with Campaign(study, tmp_path / "few") as campaign:
        for state in campaign:
            if state.round == 3:
                break
    with Campaign(study, tmp_path / "few") as campaign:
        campaign.run()
        assert isinstance(campaign.history.rounds, Rounds)
        told = [dict(one.design) for one in campaign.history.measured()]
    assert (tmp_path / "few" / "posterior.csv").read_bytes() == (tmp_path / "whole" / "posterior.csv").read_bytes()
    with Ledger.read_only(tmp_path / "whole") as ledger:
        assert told == [dict(one.design) for one in fold(ledger.events()).measured()]
