"""What the ledger says of a study's hypotheses: how each predicted an outcome, and how they stand after a round."""

from collections.abc import Collection, Mapping
from typing import Any, cast

import numpy as np

from activesci.inference.base import Surrogate, predicting
from activesci.inference.members import in_step
from activesci.inference.posterior import as_arrays
from activesci.inference.predictive import surprise
from activesci.inference.whichever import Whichever
from activesci.integrity.averaging import averaged
from activesci.integrity.claims import Claim, Standing, claim, contradicts
from activesci.integrity.limits import limits
from activesci.integrity.rivals import Rival
from activesci.integrity.weighing import Weighed
from activesci.integrity.widths import probed, stretched
from activesci.ledger import History
from activesci.loop import round as rounds
from activesci.loop.round import Belief
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.types import FloatArray

PREDICTING, LIMITING = 2**20, 2**19
"""Keep the random numbers of predictions and of limits under hypotheses apart from those of passes."""
WIDTHS = {"half": 0.5, "double": 2.0}
"""How many times as wide priors are made, to see what a Bayes factor owes to their width."""


def rivals_described(study: Study, round: int, history: History, belief: Belief) -> dict[str, Any]:
    """Return the hypotheses in plain numbers, parameters averaged over them, and what may be claimed.

    Nothing in a study without hypotheses.
    """
    if not belief.rivals:
        return {}
    found, against = rounds.weighed(belief), contradicted(study, history)
    each = {one.hypothesis.name: _described(belief, found, k) for k, one in enumerate(belief.rivals)}
    for k, one in enumerate(belief.rivals):
        each[one.hypothesis.name]["contradicted"] = one.hypothesis.name in against
        each[one.hypothesis.name]["limits"] = _limits(study, round, belief, k)
    names = [study.parameter_space.names[i] for i in study.parameter_space.interest]
    said = {"hypotheses": each, "averaged": averaged(belief.rivals, found.probability, names)}
    claimed = claim(_standings(found, against), study.stop) if len(belief.data) else None
    return said if claimed is None else {**said, "claim": _said(claimed)}


def _said(claimed: Claim) -> dict[str, str]:
    return {"verdict": str(claimed.verdict), "hypothesis": claimed.hypothesis, "text": str(claimed)}


def rivals_as_arrays(belief: Belief) -> dict[str, FloatArray]:
    """Return what a later round needs to go on from the beliefs under the hypotheses, bit for bit."""
    stored = [as_arrays(one.posterior) for one in belief.rivals]
    return {f"{name}_{k}": array for k, arrays in enumerate(stored) for name, array in arrays.items()}


def predicted(
    study: Study, round: int, proposal: int, belief: Belief, xi: FloatArray, y: FloatArray
) -> dict[str, Any]:
    """Return how surprising an outcome is under each hypothesis, before it is used; nothing in a study without.

    Args:
        study: The study.
        round: The round.
        proposal: What the outcome answers.
        belief: What is believed.
        xi: The design, (k,).
        y: The flat outcome, (width,).
    """
    found = {}
    for k, one in enumerate(belief.rivals):
        rng = generator(study.seed, round, Purpose.HYPOTHESIS, PREDICTING + proposal * rounds.STREAMS + k)
        said = surprise(belief.seen(one), one.posterior.theta, xi, y, rng)
        found[one.hypothesis.name] = {"surprise": said.tail, "rank": said.rank}
    return {"hypotheses": found} if found else {}


def prediction(belief: Belief, rng: np.random.Generator) -> tuple[Surrogate, FloatArray]:
    """Return what outcomes are predicted from: density and parameters, of whichever hypothesis if there are some."""
    if not belief.rivals:
        return predicting(belief.surrogate), belief.posterior.theta
    seen = in_step([belief.seen(one) for one in belief.rivals])
    thetas = [one.posterior.theta for one in belief.rivals]
    mixture = Whichever(seen, thetas, rounds.weighed(belief).probability)
    return cast(Surrogate, mixture), mixture.rows(len(belief.posterior.theta), rng)


def standings(history: History, study: Study) -> dict[str, Standing]:
    """Return how the hypotheses stand after the last round that has its posterior; nothing in a study without."""
    said = history.inferred.payload.get("hypotheses", {}) if history.inferred else {}
    return {
        one.name: Standing(
            one.probability,
            said[one.name]["probability"],
            _number(said[one.name]["against_rest"], said[one.name]["probability"]),
            said[one.name]["against_rest_error"],
            said[one.name]["contradicted"],
        )
        for one in study.rivals
        if one.name in said
    }


def _number(value: float | None, probability: float) -> float:
    """Return a number that a ledger has; one that is not finite is none there."""
    return float(value) if value is not None else (np.inf if probability > 0.5 else -np.inf)


def _standings(found: Weighed, against: Collection[str]) -> dict[str, Standing]:
    rest, error = found.log_against_rest.tolist(), found.log_against_rest_error.tolist()
    rows = zip(found.names, found.prior.tolist(), found.probability.tolist(), rest, error, strict=True)
    return {name: Standing(prior, p, factor, wide, name in against) for name, prior, p, factor, wide in rows}


def contradicted(study: Study, history: History) -> set[str]:
    """Return the hypotheses that the outcomes contradict by themselves."""
    measured = [[one.event.payload.get("hypotheses") for one in record.measurements] for record in history.rounds]
    known = [said for said in ([one for one in found if one] for found in measured) if said]
    return {one.name for one in study.rivals if _contradicted(one.name, known)}


def _contradicted(name: str, found: list[list[dict[str, Any]]]) -> bool:
    tails = [said[name]["surprise"] for round in found for said in round]
    return contradicts(tails, [[said[name]["rank"] for said in round] for round in found])


def _described(belief: Belief, found: Weighed, k: int) -> dict[str, Any]:
    rival = belief.rivals[k]
    return {
        "probability": found.probability[k],
        "probability_error": found.probability_error[k],
        "log_evidence": found.log_evidence[k],
        "log_evidence_error": found.error[k],
        "log_bayes_factor": found.log_bayes_factor[k],
        "log_bayes_factor_error": found.log_bayes_factor_error[k],
        "against_rest": found.log_against_rest[k],
        "against_rest_error": found.log_against_rest_error[k],
        "posterior": rival.posterior.summary(),
        "fixed": dict(rival.hypothesis.space.fixed),
        "widths": _widths(rival, belief.rivals[0], found, k) if len(belief.data) else {},
    }


def _widths(rival: Rival, null: Rival, found: Weighed, k: int) -> dict[str, Mapping[str, Any]]:
    """Return the log Bayes factor against the null with priors half and twice as wide, and what is stretched."""
    about = probed(rival.hypothesis, null.hypothesis) if k else {}
    if not about or rival.impossible or null.impossible:
        return {}
    changes = {name: stretched(rival, about, factor) for name, factor in WIDTHS.items()}
    return {
        name: {
            "log_bayes_factor": found.log_bayes_factor[k] + change,
            "error": float(np.hypot(found.log_bayes_factor_error[k], error)),
            "parameters": list(about),
        }
        for name, (change, error) in changes.items()
    }


def _limits(study: Study, round: int, belief: Belief, k: int) -> dict[str, Any]:
    """Return the upper limits that are asked for, once there are data."""
    rival, found = belief.rivals[k], {}
    for i, (name, level) in enumerate(rival.hypothesis.limit.items() if len(belief.data) else ()):
        if not rival.impossible:
            rng = generator(study.seed, round, Purpose.HYPOTHESIS, LIMITING + i * rounds.STREAMS + k)
            said = limits(rival, belief.seen(rival), belief.data, name, level, rng)
            found[name] = {"level": level, "credible": said.credible, "likelihood": said.likelihood}
    return found
