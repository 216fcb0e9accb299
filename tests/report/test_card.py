import pytest

from activesci.report import campaign_card, study_card

from .campaigns import ALL
from .reading import Page


@pytest.mark.parametrize("name", list(ALL))
def test_a_card_says_what_is_asked_and_nothing_can_run(campaign, name):
    made = campaign(name)
    for text in (study_card(made.study), campaign_card(made.study, made.history)):
        card = Page(text)
        assert "What " in card.text("")
        assert not {"script", "style", "img"} & set(card.tags)
        assert not [a for _, a, _ in card.attributes if a.startswith("on")]


def test_a_campaigns_card_shows_status_belief_and_how_it_sharpened(campaign):
    made = campaign("weinberg")
    card = Page(campaign_card(made.study, made.history))
    assert "stopped" in card.text("")
    assert "× 10⁻⁵ GeV⁻²" in card.text("")
    points = next(value for tag, name, value in card.attributes if (tag, name) == ("polyline", "points"))
    assert len(points.split()) == 7


def test_alarms_are_on_the_card(campaign):
    made = campaign("troubled")
    assert "Alarm in round 2: misfit" in Page(campaign_card(made.study, made.history)).text("")


def test_a_study_shows_itself_as_a_card(campaign):
    study = campaign("weinberg").study
    assert study._repr_html_() == study_card(study)
