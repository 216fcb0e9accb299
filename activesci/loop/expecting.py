"""A campaign's expectations, checked when it has stopped, and recorded."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import logsumexp

from activesci.inference.checks.misfit import log_evidence
from activesci.integrity.expecting import Checked, Facts, checked
from activesci.ledger import History, Kind
from activesci.loop.journal import Journal
from activesci.study import Study
from activesci.study.hypotheses import Hypothesis

WHAT = "expectations"


def expect(study: Study, journal: Journal, folder: Path) -> bool:
    """Check a stopped campaign's expectations, and record what is not recorded yet; say whether anything was.

    Args:
        study: The study, with its `expect:`.
        journal: The campaign's.
        folder: Its folder, with its files written.
    """
    history = journal.history
    if not (study.expectations or any(one.expect for one in study.rivals)) or history.status != "stopped":
        return False
    known = facts(history, folder)
    said: dict[str, Any] = {"what": WHAT, "checked": [_said(one) for one in checked(study.expectations, known)]}
    if study.rivals:
        said["hypotheses"] = {one.name: _predicted(one, known, history) for one in study.rivals}
    if history.noted(WHAT) == said:
        return False
    journal.append(Kind.NOTE, max(len(history.rounds) - 1, 0), said)
    return True


def _predicted(hypothesis: Hypothesis, known: Facts, history: History) -> list[dict[str, object]]:
    """Return what became of the sentences of a hypothesis, of what is believed under it."""
    said = history.inferred.payload.get("hypotheses", {}) if history.inferred else {}
    under = replace(known, posterior=said.get(hypothesis.name, {}).get("posterior", {}))
    return [_said(one) for one in checked(hypothesis.expect, under)]


def unmet(history: History) -> list[str]:
    """Return, a line each, the expectations of a campaign that do not hold."""
    found = history.noted(WHAT).get("checked", [])
    return [f"{one['text']}: {one['found']}" for one in found if one["held"] is False]  # None: not to be told yet


def facts(history: History, folder: Path) -> Facts:
    """Return what a campaign's ledger, and the names of its files, say."""
    inferred = history.inferred.payload if history.inferred else {}
    coverage = history.noted("calibration").get("coverage", {})
    totals = {
        "rounds": max(len(history.rounds) - 1, 0),
        "measurements": len(history.measured()),
        "simulations": history.simulations,
        "seconds": history.seconds,
        "alarms": len(history.alarms),
        **({} if (p := misfit_p_value(history)) is None else {"misfit": p}),
        **({} if (log := inferred.get("log_evidence")) is None else {"log evidence": float(log)}),
    }
    levels = {name: {float(level): share for level, share in one.items()} for name, one in coverage.items()}
    files = frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset[str]()
    return Facts(inferred.get("posterior", {}), levels, totals, files, _weights(inferred))


def _weights(inferred: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return what is known of each hypothesis; a Bayes factor that is infinite is none in the ledger."""
    said = inferred.get("hypotheses", {})
    found = {
        name: {"probability": one["probability"], "log bayes factor": one["log_bayes_factor"]}
        for name, one in said.items()
    }
    return {name: {what: value for what, value in one.items() if value is not None} for name, one in found.items()}


def misfit_p_value(history: History) -> float | None:
    """Return the probability, at most, that a right model is ever contradicted by its outcomes as much as here.

    The inverse of the most that was ever won by betting against the model; see `log_evidence`. None while nothing is
    measured.
    """
    ranks = [record.ranks for record in history.rounds]
    if not any(ranks):
        return None
    won = logsumexp(log_evidence([found for found in ranks if found]), axis=1).max()
    return float(np.exp(-max(won, 0.0)))


def _said(one: Checked) -> dict[str, object]:
    return {"text": one.text, "held": one.held, "found": one.found}
