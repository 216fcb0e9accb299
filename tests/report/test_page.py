import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from activesci.errors import LedgerError
from activesci.ledger import fold
from activesci.report import report_html, summary, write_report
from activesci.report.numbers import rounded
from activesci.report.thinning import FIRST, LINES, POINTS
from activesci.study import Study

from .campaigns import ALL, HOSTILE, decay

SECTIONS = ["question", "answer", "study", "posterior", "trajectory"]
SECTIONS += ["gain", "predicted", "rounds", "effort", "provenance"]
FINISHED = ["decay", "weinberg", "angles", "kinetics", "many", "plane", "tuning"]
every = pytest.mark.parametrize("name", list(ALL))
finished = pytest.mark.parametrize("name", FINISHED)


@every
def test_every_section_is_there_and_says_something(page, name):
    assert all(len(page(name).text(section)) > 10 for section in SECTIONS)


@finished
def test_a_finished_campaign_has_pictures_wherever_there_is_something_to_see(page, name):
    drawn = {section for section in page(name).drawings if page(name).drawings[section]}
    nothing_to_choose = {"gain"} if name == "tuning" else set()
    assert drawn == {"posterior", "trajectory", "gain", "predicted", "effort"} - nothing_to_choose


@finished
def test_the_answer_is_that_of_the_summary(campaign, page, name):
    made = campaign(name)
    said = summary(made.study, made.history)
    space = made.study.parameter_space
    for index in space.interest:
        belief = said["posterior"][space.names[index]]
        assert rounded(belief["mean"], belief["sd"]) in page(name).text("answer")
    assert said["stop_reason"] in page(name).text("answer")


@finished
def test_every_round_of_the_summary_is_a_line_of_the_table(campaign, page, name):
    table = page(name).text("rounds")
    names = campaign(name).study.parameter_space.names
    for record in summary(campaign(name).study, campaign(name).history)["rounds"]:
        belief = record["posterior"][names[0]]
        assert rounded(belief["mean"], belief["sd"]) in table


@every
def test_nothing_is_loaded_from_anywhere(page, name):
    for _, attribute, value in page(name).attributes:
        if attribute in ("href", "xlink:href", "src"):
            assert value.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", page(name).source)


@every
def test_nothing_can_run(page, name):
    assert not {"script", "iframe", "object", "embed", "form", "link", "base"} & set(page(name).tags)
    assert not [attribute for _, attribute, _ in page(name).attributes if attribute.startswith("on")]
    policy = next(v for _, a, v in page(name).attributes if a == "content" and "default-src" in v)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")


def test_hostile_words_are_shown_as_words(page):
    shown = HOSTILE.replace("\x1b", "�").replace("\u202e", "�")
    for section in ("question", "answer", "effort", "rounds"):
        assert shown[:24] in page("troubled").text(section)
    assert "49" not in page("troubled").text("question")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", page("troubled").source)


def test_alarms_are_prominent_or_none(page):
    assert "Round 2: misfit." in page("troubled").text("answer")
    assert "alarms none" in page("decay").text("answer")


def test_a_posterior_that_is_not_trusted_says_why(page):
    assert "This posterior is not trusted: the members disagree" in page("troubled").text("answer")
    assert "not trusted" not in page("decay").text("answer")


def test_failures_are_told_with_their_reasons(page):
    told = page("troubled").text("effort")
    assert "timed out after 5 s" in told
    assert "the detector was off" in told
    assert "simulation 17 0, 1, 2" in told


def test_a_paused_campaign_says_why(page):
    assert "Paused: more than 50 % of the simulations fail" in page("troubled").text("answer")


def test_a_prior_is_not_sold_as_an_answer(page):
    assert "Nothing has been measured yet" in page("begun").text("answer")
    assert "No posterior yet" in page("empty").text("answer")


def test_the_study_and_its_origin_are_on_the_page(campaign, page):
    told = page("weinberg").text("provenance")
    assert campaign("weinberg").history.study_digest in told
    assert "torch 2.9.0" in told
    assert "uniform(0.8, 1.6) 10⁻⁵ GeV⁻²" in page("weinberg").text("study")
    assert "until the sd of g_f is at most 0.056 × 10⁻⁵ GeV⁻²" in page("weinberg").text("question")


def test_every_prefix_of_a_ledger_renders(campaign):
    made = campaign("troubled")
    events = made.ledger.events()
    for length in range(len(events) + 1):
        history = type(made.history).fold(events[:length])
        assert "</html>" in report_html(made.study, history, made.ledger.arrays)


def test_a_page_is_the_same_for_the_same_ledger(campaign):
    made = campaign("weinberg")
    first, second = (report_html(made.study, made.history, made.ledger.arrays) for _ in range(2))
    assert first == second


def test_long_campaigns_get_a_page_of_bounded_size(tmp_path):
    made = decay(tmp_path / "long", rounds=40)
    text = report_html(made.study, made.history, made.ledger.arrays)
    made.ledger.close()
    assert len(text) < 1_500_000
    assert "are not drawn" in text


def prolonged(events, rounds):
    """Return the history of a campaign whose second round came again and again."""
    again = [event for event in events if event.round == 2]
    told = [replace(event, round=number) for number in range(3, rounds) for event in again]
    return fold([event for event in events if event.round <= 2] + told)


def test_the_page_of_a_very_long_campaign_is_bounded_and_says_what_it_leaves_out(campaign):
    made, loaded, rounds = campaign("decay"), [], 1500

    def load(event):
        loaded.append(event)
        return made.ledger.arrays(event)

    text = report_html(made.study, prolonged(made.ledger.events(), rounds), load)
    assert text.count('<th scope="rowgroup"') == LINES
    assert f"Rounds {FIRST} to {rounds - 1 - LINES + FIRST} have no line here" in text
    assert all(said in text for said in ("A dot is the least of 13", "A bar is the mean of 25", "One round in"))
    assert len(loaded) < 3 * POINTS
    assert len(text) < 800_000


def test_a_study_with_its_names_in_another_order_is_refused(campaign):
    made = campaign("decay")
    mapping = made.study.mapping()
    turned = Study(**{**mapping, "parameters": dict(reversed(mapping["parameters"].items()))})
    with pytest.raises(LedgerError, match="another order"):
        report_html(turned, made.history, made.ledger.arrays)


def test_the_page_is_written_whole(campaign, tmp_path):
    made = campaign("decay")
    path = write_report(made.study, made.ledger, made.history, tmp_path)
    assert path == tmp_path / "report.html"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_posterior_at_one_point_can_be_drawn(tmp_path):
    made = decay(tmp_path / "point", rounds=1)
    made.infer(2, np.tile([[1.2, 0.8]], (50, 1)))
    assert "1.2" in report_html(made.study, made.history, made.ledger.arrays)
    made.ledger.close()


def test_importing_the_report_loads_no_matplotlib():
    code = "import sys, activesci.report; print({'matplotlib', 'jinja2', 'torch'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
