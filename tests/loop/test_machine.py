"""Whatever happens to a campaign, in whatever order, its ledger holds; and the machine that says so can say no."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from activesci.errors import LedgerError
from activesci.ledger import Kind, Ledger, store
from activesci.loop.controller import Campaign

from .machine import Machine


def play(runs, steps):
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_ledger_holds_whatever_happens():
    play(6, 50)


def test_a_machine_whose_ledger_says_too_early_that_it_has_a_result_is_caught(monkeypatch):
    """The mutant: a measurement's row is written with the row after it."""
    write, late = store.write, {}

    def lazily(connection, event, text, may=None):
        late.setdefault(connection, []).append((event, text))
        if event.kind is not Kind.MEASURED:
            for one in late.pop(connection):
                write(connection, *one, may)

    monkeypatch.setattr(store, "write", lazily)
    with pytest.raises((AssertionError, LedgerError, ExceptionGroup)):
        play(30, 50)


def test_a_machine_that_counts_a_proposal_twice_is_caught(monkeypatch):
    """The mutant: neither the ledger nor the campaign looks whether a proposal has its result."""
    answered = Campaign._answered

    def anything(campaign, xi, proposal):
        known = [one for one in campaign.history.proposals if one["id"] == proposal]
        return dict(known[0]) if known else answered(campaign, xi, proposal)

    monkeypatch.setattr(Ledger, "_refuse_second", lambda *_: None)
    monkeypatch.setattr(Campaign, "_answered", anything)
    with pytest.raises((AssertionError, ExceptionGroup)):
        play(30, 50)
