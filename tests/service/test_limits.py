"""What a study may ask of a store is refused where it comes in."""

import pytest
import yaml

from activesci.errors import StudyError
from activesci.service.limits import Limits
from tests.loop.worlds import LINE, MODEL, world

HUGE = {"inference": {"simulations": 10**9}}


def files(**changes):
    return {"study.yaml": yaml.safe_dump(LINE | changes, sort_keys=False), "model.py": MODEL}


def test_a_billion_simulations_are_refused_before_anything_is_kept(owner, house):
    for path, body in (
        ("/api/studies", {"name": "huge", "files": files(**HUGE)}),
        ("/api/studies", {"name": "huge", "files": files(inference={"per_round": 10**8, "simulations": 100})}),
    ):
        refused = owner.post(path, json=body)
        assert (refused.status_code, "the limit of this store" in refused.text) == (422, True)
    assert house.store.versions() == []
    checked = owner.post("/api/studies/validate", json={"files": files(**HUGE)}).json()
    assert (checked["valid"], "inference.simulations: found 1e+09" in checked["message"]) == (False, True)


def test_settings_are_held_against_it_too(owner, house):
    assert owner.post("/api/studies", json={"name": "line", "files": files()}).status_code == 201
    body = {"name": "one", "study": "line", "settings": {"inference.simulations": 10**9}}
    assert owner.post("/api/campaigns", json=body).status_code == 422
    assert house.workers.wishes.listed() == []
    branched = {"name": "two", "at": 0, "settings": {"inference.per_round": 10**9}}
    assert owner.post("/api/campaigns/done/branch", json=branched).status_code == 422
    assert house.jobs.listed(10) == []


@pytest.mark.parametrize(("most", "fits"), [(1400, True), (1399, False)])
def test_what_a_stop_rule_allows_in_all_is_counted(tmp_path, most, fits):
    """1000, and two rounds of twice 100 simulations."""
    inference = {"surrogate": "likelihood", "simulations": 1000, "per_round": 100, "passes": 2}
    study = world(tmp_path, inference=inference, stop={"rounds": 2})
    if fits:
        assert Limits(most).require(study) is study
    else:
        with pytest.raises(StudyError, match="stop: found 1400 simulations, expected at most 1399"):
            Limits(most).require(study)
