"""The report: one self-contained page, nothing loaded from anywhere, every word from outside escaped."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from activesci.errors import LedgerError
from activesci.ledger.history import Arrays, History
from activesci.ledger.store import Ledger

from . import words
from .forecast import forecasts
from .numbers import clean
from .sentences import untrusted
from .summary import write

if TYPE_CHECKING:
    from activesci.study import Study

    from .sections.base import Reading

REPORT = "report.html"
HERE = Path(__file__).parent


def write_report(study: "Study", ledger: Ledger, history: History, folder: str | Path) -> Path:
    """Write `report.html`, complete or not at all, and return its path.

    Args:
        study: The question.
        ledger: Where the arrays are.
        history: What happened, finished or not.
        folder: Where the page goes.
    """
    return write(Path(folder) / REPORT, report_html(study, history, ledger.arrays))


def report_html(study: "Study", history: History, arrays: Arrays) -> str:
    """Return the page as text.

    Args:
        study: The question.
        history: What happened, finished or not.
        arrays: Loads an event's arrays: `Ledger.arrays`.

    Raises:
        LedgerError: If the history is of another study, or of this one with its names in another order.
    """
    if history.started is not None and history.study_digest != study.digest:
        raise LedgerError(
            "report: found a study that is not the one of this ledger (or has its names in another order, so that "
            "every column would be mislabelled), expected the run's own study.yaml: load that"
        )
    from .sections.base import Reading

    return rendered("report.html", page=content(Reading.of(study, history, arrays)))


def rendered(template: str, **values: Any) -> str:  # noqa: ANN401 (a template's values)
    """Return one of our templates filled in, with everything escaped that is not marked as ours."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(template).render(**values)


def content(reading: "Reading") -> dict[str, Any]:
    """Return all that the template says and shows, section by section."""
    return {**_question(reading), **_answer(reading), **_pictures(reading), **_record(reading)}


def _question(reading: "Reading") -> dict[str, Any]:
    from markupsafe import Markup

    mapping = reading.study.mapping()
    return {
        "css": Markup((HERE / "report.css").read_text(encoding="utf-8")),
        "study": clean(reading.study.study, 80),
        "description": clean(mapping.get("description") or "", 300),
        "sentence": question_sentence(mapping),
        "parameters": words.parameter_rows(mapping),
        "designs": words.design_rows(mapping),
        "outcomes": words.outcome_rows(mapping),
        "how": how(mapping, reading.study.designer.kind),
        "truth": reading.truth,
    }


def _answer(reading: "Reading") -> dict[str, Any]:
    from .sections.answer import answers, expected, facts
    from .sections.blind import blindness
    from .sections.rests import rests
    from .sections.rivals import contest
    from .sections.variation import variation, verdict

    history = reading.history
    return {
        "status": history.status,
        "ending": ending(history),
        "by_hand": by_hand(history),
        "doubt": clean(untrusted(history.inferred) or "", 600) if history.inferred else "",
        "forecasts": [clean(line, 600) for line in forecasts(history)],
        "blind": blindness(reading),
        "variation": (sources := variation(reading)),
        "verdict": verdict(sources),
        "answers": answers(reading),
        "facts": facts(reading),
        "measured": len(history.measured()),
        "expectations": expected(reading),
        "contest": contest(reading),
        "rests": rests(reading),
        "alarms": [
            {"round": a["round"], "what": clean(a.get("what"), 200), "message": clean(a.get("message", ""), 1000)}
            for a in history.alarms
        ],
    }


def _pictures(reading: "Reading") -> dict[str, Any]:
    from .sections.effort import seconds_picture, simulations_picture
    from .sections.gain import best_gain_picture, gain_pictures
    from .sections.policy import training
    from .sections.posterior import corner_picture, trajectory_pictures
    from .sections.predicted import predicted_note, predicted_pictures, surprise_picture
    from .sections.tuning import tuning

    gains, note = gain_pictures(reading)
    return {
        "corner": corner_picture(reading),
        "tuning": tuning(reading),
        "trajectories": trajectory_pictures(reading),
        "gains": gains,
        "gain_note": note,
        "best_gain": best_gain_picture(reading),
        "policy": training(reading),
        "predicted": predicted_pictures(reading),
        "predicted_note": predicted_note(reading),
        "surprise": surprise_picture(reading),
        "simulations": simulations_picture(reading),
        "seconds": seconds_picture(reading),
    }


def _record(reading: "Reading") -> dict[str, Any]:
    from .figures.effort import STAGES
    from .sections.calibration import calibrated, checked, held_out_said, widened
    from .sections.effort import failures
    from .sections.record import difference, packages, provenance, ran, registered, round_rows, rounds_note, versions

    started = reading.history.started
    return {
        "shown": [reading.study.parameter_space.names[i] for i in reading.shown],
        "calibration": calibrated(reading),
        "held_out": held_out_said(reading),
        "checked": checked(reading),
        "widened": widened(reading),
        "rounds": round_rows(reading),
        "rounds_note": rounds_note(reading),
        "stages": list(STAGES.items()),
        "failures": failures(reading),
        "provenance": provenance(reading),
        "registered": registered(reading),
        "ran": ran(reading),
        "difference": difference(reading),
        "packages": packages(reading),
        "versions": versions(reading),
        "source": clean((started.payload.get("source_text") if started else None) or "", 100_000),
    }


def question_sentence(mapping: dict[str, Any]) -> str:
    """Return what is asked in one sentence."""
    free = {n: p for n, p in mapping.get("parameters", {}).items() if "fixed" not in p["prior"]}
    asked = [n for n, p in free.items() if p.get("role", "interest") == "interest"]
    chosen = list(mapping.get("design") or {})
    units = {n: p.get("unit") or "" for n, p in mapping.get("parameters", {}).items()}
    how = f"choosing {_and(chosen)}" if chosen else "choosing which simulations to run"
    verb = "are" if len(asked) > 1 else "is"
    which, end = _which(list(mapping.get("hypotheses") or {})), words.stop_text(mapping.get("stop"), units)
    return clean(f"{which}What {verb} {_and(asked)}? By {how}, until {end}.", 600)


def _which(rivals: list[str]) -> str:
    return f"Which is true: {', '.join(rivals[:-1])} or {rivals[-1]}? " if rivals else ""


def how(mapping: dict[str, Any], designer: str) -> list[tuple[str, str]]:
    """Return how the study goes about it: (name, value)."""
    found = [(n, words.how_text(mapping[n])) for n in ("simulator", "experiment", "inference", "cost") if n in mapping]
    constraints = [("constraint", clean(c, 200)) for c in mapping.get("constraints") or []]
    looked = words.how_text(mapping.get("designer") or {designer: {}})
    return [*found, *([("designer", looked)] if mapping.get("design") else []), *constraints]


def ending(history: History) -> str:
    """Return in one sentence why it stopped, or that it has not."""
    reason = clean(history.reason, 500).rstrip(".")
    if history.status == "stopped":
        return f"Stopped: {reason}." if reason else "Stopped."
    if history.status == "paused":
        return f"Paused: {reason}. It can be resumed." if reason else "Paused. It can be resumed."
    return f"Still running: this is what is known in round {history.rounds[-1].number if history.rounds else 0}."


SEEN = (
    "Whoever ended it could see what was believed by then. A posterior does not depend on what made the measurements "
    "end; how often such campaigns are wrong at a given truth does: error rates foreseen for its rule do not hold."
)
UNSEEN = "The answer was hidden then: whoever ended it could not see it."


def by_hand(history: History) -> str:
    """Return what it means for the answer that somebody ended the campaign; nothing if it came to its own end."""
    ended = history.by_hand
    return "" if ended is None else UNSEEN if ended["blind"] else SEEN


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "nothing"
