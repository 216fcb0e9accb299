"""What the observer shows of a campaign's events."""

import io

import pytest
from rich.console import Console

from activesci.cli.rounds import Rounds
from activesci.cli.screen import Lines, Screen, observer
from activesci.ledger.events import Event, Kind
from activesci.ledger.history import fold
from activesci.report.sentences import named, sentence, standing

BELIEF = {"rate": {"mean": 0.71, "sd": 0.04, "q05": 0.6, "q50": 0.7, "q95": 0.8}}


def event(kind, round=0, **payload):
    return Event(1, kind, round, payload, None, "2020-06-17T00:00:00Z", "", "")


STORY = [
    event(Kind.STARTED, study={"study": "decay"}, seed=1, surrogate="likelihood", reason="no log_likelihood"),
    event(Kind.PLANNED, count=2000, purpose="prior"),
    event(Kind.SIMULATED, failed=0, reasons={}, seconds=1.5),
    event(Kind.INFERRED, posterior=BELIEF, seconds=0.25),
    event(Kind.CHOSEN, 1, proposals=[{"id": 0, "design": {"time": 1.25}, "gain": 0.41, "error": 0.02}], seconds=2.0),
    event(Kind.MEASURED, 1, status="ok", design={"time": 1.25}, outcome={"signal": 4.5}, proposal=0, seconds=0.0),
    event(Kind.BRANCHED, 0, study={"study": "decay"}, seed=2, surrogate="exact", reason="asked for", at=0),
    event(Kind.PLANNED, 1, count=250, purpose="posterior"),
    event(Kind.SIMULATED, 1, failed=3, reasons={"ValueError: negative (model.py:9)": 3}, seconds=0.5),
    event(Kind.ALARM, 1, what="misfit", message="the outcome is outside\nthe prediction"),
    event(Kind.INFERRED, 1, posterior=BELIEF, seconds=0.25),
    event(Kind.STOPPED, 1, reason="sd of rate is below 0.05", rule="sd"),
]


def lines():
    out = io.StringIO()
    with Lines(Console(file=out, width=200)) as shown:
        for said in STORY:
            shown.event(said)
            shown.progress("simulate", 1, 2)
    return out.getvalue().splitlines()


def test_every_event_that_matters_is_one_plain_line():
    assert lines() == [
        "study decay, seed 1: likelihood surrogate (no log_likelihood)",
        "round 0: prior rate = 0.710(40)",
        "round 1: next time = 1.25 (gain 0.410(20) nats)",
        "round 1: measured signal = 4.5",
        "study decay, seed 2: exact surrogate (asked for); branched off after round 0",
        "round 1: failed simulations: ValueError: negative (model.py:9) (3 of them)",
        "round 1: alarm: the outcome is outside the prediction",
        "round 1: posterior rate = 0.710(40)",
        "stopped: sd of rate is below 0.05",
    ]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_event_is_shown_or_left_out_on_purpose(kind):
    said = [told for told in STORY if told.kind is kind]
    assert said or kind in {Kind.FITTED, Kind.PAUSED, Kind.RESUMED, Kind.NOTE}
    assert all(told.kind is Kind.PLANNED or told.payload.get("failed") == 0 or sentence(told) for told in said)


def test_text_from_outside_cannot_steer_the_terminal():
    evil = event(Kind.PAUSED, reason="\x1b[2Jgone [red]x[/red]\nfake line")
    out = io.StringIO()
    Lines(Console(file=out, force_terminal=True, width=200)).event(evil)
    assert "\x1b[2J" not in out.getvalue()
    assert "[red]x[/red] fake line" in out.getvalue()


def test_lists_are_shortened():
    assert named({"y": [0.5, 1.0, 1.5, 2.0, 2.5]}) == "y = [0.5, 1, 1.5, 2, ... 5 values]"


def drawn(table):
    out = io.StringIO()
    Console(file=out, width=160).print(table)
    return out.getvalue()


def test_the_table_has_a_row_a_round_with_what_was_believed_then():
    head, first, second = drawn(Rounds(STORY).table()).splitlines()
    assert head.split() == ["round", "design", "outcome", "gain", "[nats]", "rate", "simulations", "time"]
    assert first.split() == ["0", "0.710(40)", "2000", "1.8", "s"]
    assert second.split() == ["1", "time", "=", "1.25", "signal", "=", "4.5", "0.41", "0.710(40)", "250", "2.8", "s"]


def test_the_table_can_be_cut_to_the_last_rounds():
    assert len(drawn(Rounds(STORY).table(last=1)).splitlines()) == 2


def test_a_terminal_gets_a_live_table_and_bars():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=160, height=30)
    with Screen(console) as shown:
        for said in STORY[:-2]:
            shown.event(said)
        shown.progress("fit the surrogate", 3, 8)
        assert "fit the surrogate" in drawn(shown.picture())
        shown.event(STORY[-2])
        assert "fit the surrogate" not in drawn(shown.picture())  # a round's end takes its bars away
        shown.event(STORY[-1])
    assert "stopped: sd of rate is below 0.05" in out.getvalue()
    assert "time = 1.25" in out.getvalue()


def test_what_is_no_terminal_gets_lines():
    assert isinstance(observer(stderr=False), Lines)


@pytest.mark.parametrize(
    ("story", "last"),
    [
        (STORY, "stopped: sd of rate is below 0.05"),
        (STORY[:-1], "running, or killed: resume goes on"),
        ([*STORY[:-1], event(Kind.PAUSED, reason="interrupted")], "paused: interrupted"),
        ([*STORY[:-1], event(Kind.PAUSED, reason="no"), event(Kind.RESUMED)], "running, or killed: resume goes on"),
    ],
)
def test_standing_says_how_it_is_now(story, last):
    said = standing(fold(story)).splitlines()
    assert said[0].startswith("study decay")
    assert said[-1] == last
