import pytest

from activesci.errors import CampaignError
from activesci.execute.resources import Resources

CLUSTER = {"CPU": 7.0, "GPU": 1.0, "memory": 4e9}


@pytest.mark.parametrize(
    ("asked", "room"),
    [({}, 7), ({"cpus": 2}, 3), ({"gpus": 0.5}, 2), ({"memory": 3e9}, 1), ({"cpus": 8}, 0), ({"cpus": 0}, 1)],
)
def test_the_scarcest_says_how_many_run_at_once(asked, room):
    assert Resources(**asked).room(CLUSTER) == room


def test_what_is_not_there_is_refused_by_name():
    with pytest.raises(CampaignError, match="asks for 2 num_gpus, this Ray has 1"):
        Resources(gpus=2).at_once(CLUSTER)
